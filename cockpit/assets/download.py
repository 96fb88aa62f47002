"""Downloads that go on where they stopped."""

from __future__ import annotations

import hashlib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from cockpit.assets.errors import (
    DownloadBroken,
    HashMismatch,
    SourceFailed,
    SourceUnreachable,
)
from cockpit.assets.files import file_sha256, writing
from cockpit.assets.progress import Reporter

_CONNECT_TIMEOUT = 5.0  # seconds; a host without a route must not hold up the next source
_READ_TIMEOUT = 60.0  # seconds; a mirror may first have to fetch the file itself
_ATTEMPTS = 3
PAUSE = 0.5  # seconds before the second attempt, doubled for the next


class Downloader:
    """Fetches files over HTTP into a folder of ``.part`` files, and checks their hashes.

    Not for use by several threads at once.
    """

    def __init__(
        self,
        folder: Path,
        progress: Reporter,
        *,
        certificate: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._folder = folder
        self._progress = progress
        self._unreachable: dict[str, SourceUnreachable] = {}
        verify = ssl.create_default_context(cafile=certificate) if certificate else True
        self._client = httpx.Client(
            follow_redirects=True,
            verify=verify,
            transport=transport,
            timeout=httpx.Timeout(_READ_TIMEOUT, connect=_CONNECT_TIMEOUT),
            headers={"User-Agent": "offline-cockpit"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str, *, accept: str) -> httpx.Response:
        """A small page.

        Raises:
            SourceUnreachable: no connection, or it broke.
        """
        with self._reaching(url):
            return self._client.get(url, headers={"Accept": accept})

    def fetch(self, url: str, name: str, sha256: str | None) -> Path:
        """Download to a file named after ``name``, going on from an earlier run's bytes.

        Args:
            sha256: what the file must hash to; None takes it as it comes.

        Raises:
            SourceUnreachable: no connection, or the server does not have the file.
            DownloadBroken: the connection broke several times; the bytes so far are kept.
            HashMismatch: it is another file; it was deleted.
            DiskFull, StoreNotWritable: it could not be written.
        """
        key = (sha256 or hashlib.sha256(url.encode()).hexdigest())[:16]
        done = self._folder / f"{key}-{Path(name).name}"
        part = done.with_name(done.name + ".part")
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not done.is_file():
                resumed = part.is_file() and part.stat().st_size > 0
                try:
                    self._complete(url, name, part, sha256)
                except HashMismatch:
                    if not resumed:
                        raise
                    # The bytes of the earlier run may have been of another version.
                    self._complete(url, name, part, sha256)
                part.replace(done)
        return done

    def _complete(self, url: str, name: str, part: Path, sha256: str | None) -> None:
        for attempt in range(_ATTEMPTS):
            before = part.stat().st_size if part.is_file() else 0
            try:
                self._stream(url, name, part)
                break
            except httpx.TransportError as error:
                arrived = part.stat().st_size if part.is_file() else 0
                if attempt == _ATTEMPTS - 1:
                    raise DownloadBroken(
                        f"the connection to {_host(url)} broke after {arrived / 1e6:.1f} MB of "
                        f"{name}; run the same command again and it goes on from there"
                    ) from error
                if arrived == before:
                    time.sleep(PAUSE * 2**attempt)
        if sha256 is not None and file_sha256(part) != sha256:
            part.unlink()
            raise HashMismatch(f"{name} from {_host(url)} has a wrong hash and was deleted")

    def _stream(self, url: str, name: str, part: Path) -> None:
        have = part.stat().st_size if part.is_file() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        # Compression would make byte ranges mean something else.
        headers["Accept-Encoding"] = "identity"
        with self._reaching(url), self._client.stream("GET", url, headers=headers) as reply:
            if reply.status_code == 416 and have:
                # Nothing after what we have: it is whole, or of another version (hash decides).
                return
            if reply.status_code >= 500:
                raise httpx.RemoteProtocolError(f"answer {reply.status_code}")
            if reply.status_code not in (200, 206):
                raise SourceUnreachable(f"{_host(url)} answered {reply.status_code} for {name}")
            start = _range_start(reply)
            if start not in (0, have):
                raise SourceUnreachable(f"{_host(url)} sent another part of {name} than asked for")
            length = reply.headers.get("content-length")
            total = start + int(length) if length else None
            self._progress.begin(name, start, total)
            try:
                with part.open("ab" if start else "wb") as out:
                    for chunk in reply.iter_bytes():
                        out.write(chunk)
                        self._progress.advance(len(chunk))
            finally:
                self._progress.end()

    @contextmanager
    def _reaching(self, url: str) -> Iterator[None]:
        """Remember hosts that cannot be reached, so that each is waited for once only."""
        host = _host(url)
        if host in self._unreachable:
            raise self._unreachable[host]
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            fault = SourceUnreachable(f"{host} cannot be reached")
            self._unreachable[host] = fault
            raise fault from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise SourceUnreachable(f"{url} is not a web address") from error


def _range_start(reply: httpx.Response) -> int:
    if reply.status_code != 206:
        return 0
    match = re.match(r"bytes (\d+)-", reply.headers.get("content-range", ""))
    if match is None:
        raise SourceFailed(f"{_host(str(reply.url))} sent a range without saying which")
    return int(match[1])


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
