"""The pipe between the cockpit and the process that runs Piper.

A frame is one line of JSON, and after it as many raw bytes as its ``bytes`` field says.

To the worker:
    ``{"type": "say", "id": 3, "text": "…"}``
    ``{"type": "cancel", "id": 3}``
From the worker:
    ``{"type": "ready", "rate": 22050}`` or ``{"type": "unavailable", "reason": "…"}``, once
    ``{"type": "audio", "id": 3, "bytes": N}`` and N bytes of signed 16-bit mono PCM
    ``{"type": "done", "id": 3}`` or ``{"type": "failed", "id": 3, "reason": "…"}``

The worker ends when its standard input ends. This module imports neither Piper nor numpy.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, BinaryIO

MAX_HEADER = 64 * 1024
MAX_PAYLOAD = 64 * 1024 * 1024


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


async def read_frame(stream: asyncio.StreamReader) -> Frame | None:
    """The next frame; None when the other side is gone, also in the middle of a frame.

    Raises:
        ProtocolError: what came is not a frame.
    """
    try:
        line = await stream.readuntil(b"\n")
        frame, length = decode_header(line)
        if not length:
            return frame
        return Frame(frame.type, frame.fields, await stream.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise ProtocolError("a header line without end") from error


def read_frame_blocking(stream: BinaryIO) -> Frame | None:
    """The same for a blocking stream, in the worker.

    Raises:
        ProtocolError: what came is not a frame.
    """
    line = stream.readline(MAX_HEADER)
    if not line.endswith(b"\n"):
        return None
    frame, length = decode_header(line)
    payload = stream.read(length) if length else b""
    return Frame(frame.type, frame.fields, payload) if len(payload) == length else None
