"""The dashboard in a browser, as far as it goes without one."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web

from cockpit.ui.web import DashboardServer, command_of, is_ours
from tests.fakes.brokers import free_port

PATIENCE = 120.0


def test_command_of_a_page_is_the_same_without_the_server() -> None:
    asked = ["/bin/cockpit", "--set", "data_dir=/a b", "run", "--web", "--port", "9000", "--text"]
    assert shlex.split(command_of(asked)) == [
        sys.executable, "/bin/cockpit", "--set", "data_dir=/a b", "run", "--text",
    ]  # fmt: skip
    assert shlex.split(command_of(["c", "run", "--port=9000", "--web"]))[1:] == ["c", "run"]


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        (None, "localhost:8000", True),
        ("https://evil.example", "localhost:8000", False),
        ("http://localhost:9999", "localhost:8000", False),
        ("http://evil.example:8000", "evil.example:8000", False),
        (None, "evil.example:8000", False),
    ],
)
def test_is_ours_knows_our_own_page(origin: str | None, host: str, expected: bool) -> None:
    assert is_ours(origin, host) is expected


async def test_page_shows_the_dashboard_takes_a_request_and_ends_with_it(tmp_path: Path) -> None:
    port = free_port()
    command = command_of(
        [
            str(Path(sys.executable).with_name("cockpit")),
            f"--set=data_dir={tmp_path}/data",
            f"--set=assets.root={tmp_path}/models",
            "--set=agent.planner=template",
            "run",
            "--mute",
            "--web",
        ]
    )
    server = DashboardServer(command, port)
    runner = web.AppRunner(await server._make_app())
    await runner.setup()
    await web.TCPSite(runner, "localhost", port).start()
    here = f"http://localhost:{port}"
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
            page = await (await session.get(here)).text()
            assert "Cockpit" in page and f"ws://localhost:{port}/ws" in page
            assert "https://" not in page, "the page needs the network"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{here}/ws", origin="https://evil.example")
            async with session.ws_connect(f"{here}/ws?width=100&height=30", origin=here) as socket:
                await seen(socket, "System")
                await socket.send_json(["stdin", "open my window\r"])
                await seen(socket, "Opening your window.")
                children = psutil.Process().children(recursive=True)
                assert any("--mute" in child.cmdline() for child in children)
            _, alive = await asyncio.to_thread(psutil.wait_procs, children, PATIENCE)
            assert not alive
    finally:
        await runner.cleanup()


async def seen(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    """Until it is on the screen."""
    screen = b""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY:
            screen += message.data
            if text.encode() in screen:
                return
    raise AssertionError(f"it ended before {text!r}: {screen[-500:]!r}")
