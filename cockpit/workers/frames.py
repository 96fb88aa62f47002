"""The pipe between the cockpit and a process that runs an engine.

A frame is one line of JSON, and after it as many raw bytes as its ``bytes`` field says.

To the worker:
    ``{"type": "open", "bytes": N}`` and N bytes of JSON, the engine's options; once, first
    ``{"type": "say", "id": 3, …}``, a request; the types are the engine's own
    ``{"type": "cancel", "id": 3}``
    ``{"type": "ping"}``
From the worker:
    ``{"type": "ready", …}`` or ``{"type": "unavailable", "reason": "…", "spoken": "…"}``, once
    ``{"type": "audio", "id": 3, "bytes": N}`` and N bytes: an answer; the types are the engine's
    ``{"type": "working"}``: it is getting on with whatever it does, at most once a second
    ``{"type": "done", "id": 3}`` or ``{"type": "failed", "id": 3, "reason": "…", "spoken": "…"}``
    ``{"type": "pong"}``

Every request is ended by ``done`` or ``failed``, a cancelled one, too. Requests are answered in
order. The worker ends when its standard input ends. This module needs the standard library only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, BinaryIO

MAX_HEADER = 64 * 1024
MAX_PAYLOAD = 256 * 1024 * 1024
"""Bytes; an hour of sound is 230 MB."""


class ProtocolError(Exception):
    """The other side sent something that is not a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: its type, further fields of the header, and raw bytes."""

    type: str
    fields: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    @property
    def id(self) -> int:
        """Which request it belongs to; -1 for frames without one."""
        return int(self.fields.get("id", -1))

    def encode(self) -> bytes:
        """Header line and payload."""
        header: dict[str, Any] = {"type": self.type, **self.fields}
        if self.payload:
            header["bytes"] = len(self.payload)
        return json.dumps(header).encode() + b"\n" + self.payload

    def json(self) -> Any:
        """The payload, read as JSON.

        Raises:
            ProtocolError: it is none.
        """
        try:
            return json.loads(self.payload)
        except ValueError as error:
            raise ProtocolError(f"not JSON: {self.payload[:80]!r}") from error


def json_frame(kind: str, body: Any, **fields: Any) -> Frame:
    """A frame whose payload is JSON of any length."""
    return Frame(kind, fields, json.dumps(body).encode())


def decode_header(line: bytes) -> tuple[Frame, int]:
    """The frame without its payload, and the payload's length in bytes.

    Raises:
        ProtocolError: the line is no header.
    """
    try:
        header = json.loads(line)
        kind = header.pop("type")
        length = int(header.pop("bytes", 0))
        int(header.get("id", -1))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(f"not a frame: {line[:80]!r}") from error
    if not isinstance(kind, str) or not 0 <= length <= MAX_PAYLOAD:
        raise ProtocolError(f"not a frame: {line[:80]!r}")
    return Frame(kind, header), length


def read_frame_blocking(stream: BinaryIO) -> Frame | None:
    """The next frame, in the worker; None when the host is gone, also in the middle of a frame.

    Raises:
        ProtocolError: what came is not a frame.
    """
    line = stream.readline(MAX_HEADER)
    if not line.endswith(b"\n"):
        return None
    frame, length = decode_header(line)
    payload = stream.read(length) if length else b""
    return Frame(frame.type, frame.fields, payload) if len(payload) == length else None
