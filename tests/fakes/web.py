"""A web of files that lives in memory, can break off and knows byte ranges."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
from pypi_simple import PYPI_SIMPLE_ENDPOINT


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return out.getvalue()


class _Breaking(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.ReadError("connection reset")


@dataclass
class FakeWeb:
    """Answers httpx; hosts that are not listed cannot be reached.

    Attributes:
        files: content by address.
        break_after: bytes after which each answer for an address breaks off.
        requests: (address, Range header) in the order they came.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    break_after: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    ranges: bool = True

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def add_wheel(
        self, project: str, version: str, members: Mapping[str, bytes], *, html: bool = False
    ) -> bytes:
        """Put a wheel on the default package index, with its page there."""
        name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        url = f"https://files.example/{name}"
        content = self.files[url] = zipped(members)
        page = f"{PYPI_SIMPLE_ENDPOINT}{project}/"
        if html:
            link = f'<a href="{url}#sha256={sha256(content)}">{name}</a>'
            self.files[page] = f"<!DOCTYPE html><html><body>{link}</body></html>".encode()
        else:
            entry = {"filename": name, "url": url, "hashes": {"sha256": sha256(content)}}
            document = {"meta": {"api-version": "1.0"}, "name": project, "files": [entry]}
            self.files[page] = json.dumps(document).encode()
        return content

    def asked_for(self, part: str) -> list[str | None]:
        """Range headers of the requests whose address contains ``part``."""
        return [header for url, header in self.requests if part in url]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        wanted = request.headers.get("range")
        self.requests.append((url, wanted))
        if request.url.host not in {httpx.URL(known).host for known in self.files}:
            raise httpx.ConnectError("no route", request=request)
        content = self.files.get(url)
        if content is None:
            return httpx.Response(404)
        status, headers = 200, {"content-type": _kind(content)}
        if wanted and self.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
            if start >= len(content):
                return httpx.Response(416)
            status = 206
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content = content[start:]
        headers["content-length"] = str(len(content))
        if url in self.break_after:
            stream = _Breaking(content[: self.break_after[url]])
            return httpx.Response(status, headers=headers, stream=stream)
        return httpx.Response(status, headers=headers, content=content)


def _kind(content: bytes) -> str:
    if content.startswith(b"{"):
        return "application/vnd.pypi.simple.v1+json"
    return "text/html" if content.startswith(b"<!DOCTYPE") else "application/octet-stream"
