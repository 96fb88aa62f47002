"""Two processes that pull the same asset at once, over real HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fakes.web import sha256

CONTENT = bytes(range(256)) * 8192
PULL = """
import sys
from pathlib import Path
from cockpit.assets.catalog import Catalog
from cockpit.assets.index import PipConfig
from cockpit.assets.store import AssetStore
from cockpit.assets.progress import Lines
shop = AssetStore(Path(sys.argv[1]), Catalog.load(Path(sys.argv[2])), pip=PipConfig())
print(shop.pull("tiny", Lines(sys.stderr)), shop.verify("tiny"))
"""


class Server(ThreadingHTTPServer):
    served = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = threading.Event()
        self.go_on = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.served += 1
        self.server.asked.set()
        self.send_response(200)
        self.send_header("content-length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000])
        self.server.go_on.wait(30)
        self.wfile.write(CONTENT[1000:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_pull_by_two_processes_downloads_once(server: Server, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        f"""
        [assets.tiny]
        title = "Tiny"
        kind = "llm"
        licence = "MIT"
        homepage = ""
        opens = "model.bin"
        files = [{{ name = "model.bin", size = {len(CONTENT)}, sha256 = "{sha256(CONTENT)}" }}]
        [[assets.tiny.sources]]
        kind = "url"
        urls."model.bin" = "http://127.0.0.1:{server.server_port}/model.bin"
        """
    )
    command = [sys.executable, "-c", PULL, str(tmp_path / "store"), str(catalog)]
    with _start(command) as first:
        assert server.asked.wait(30)  # the first one is in the middle of its download
        with _start(command) as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "tiny: another process is fetching it, waiting\n"
            server.go_on.set()
            assert second.communicate(timeout=60)[0].strip() == "False ()"
        assert first.communicate(timeout=60)[0].strip() == "True ()"
    assert server.served == 1


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
