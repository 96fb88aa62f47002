"""Sound from another program, by a pipe or standard input."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cockpit.audio.framing import Block, Framer
from cockpit.audio.pacing import Pace
from cockpit.audio.queue import FrameQueue
from cockpit.audio.streams import FRAME_SECONDS, Channels, SoundFrame
from cockpit.speech.audio import RATE
from cockpit.speech.errors import AudioInvalid, AudioMissing

PACE = 1.01
"""A little faster than real time, so that a recorder whose clock is fast is never held back."""

_SLACK = 2.0  # seconds of sound that a recorder may deliver at once after a pause
_READ = 4096  # bytes
_READ_AHEAD = 4  # reads that wait for the event loop
_LONGEST_HEADER = 4096


class PipeSource:
    """16-bit little-endian PCM at 16 kHz, channels interleaved; a WAV header is skipped.

    Any bytes are sound: noise where they are none. A recorder that delivers as it records sets
    the pace itself; of what delivers faster (``cat``) no more is read than real sound would
    give. Where frames are not taken in time the oldest are dropped.
    """

    def __init__(
        self,
        pipe: BinaryIO | Path | None = None,
        *,
        channels: int = 1,
        pace: float = PACE,
    ) -> None:
        """Nothing is read yet.

        Args:
            pipe: an open pipe or file, or the path of a named pipe; None for standard input.
            channels: interleaved in it.
            pace: at most so many times as fast as real time; 0 as fast as frames are taken,
                and nothing is dropped.
        """
        self._pipe = pipe
        self.channels = channels
        self._pace = pace

    @property
    def name(self) -> str:
        """For people."""
        return str(self._pipe) if isinstance(self._pipe, Path) else "standard input"

    async def frames(self) -> AsyncGenerator[SoundFrame]:
        """Until the pipe is closed at the other end; the last frame is filled with silence.

        Raises:
            AudioMissing: it cannot be opened or read.
            AudioInvalid: it begins with a WAV header of another format.
        """
        if not self._pace:
            number = 0
            async with aclosing(self._samples()) as every:
                async for samples in every:
                    number += 1
                    yield SoundFrame(samples, number * FRAME_SECONDS)
            return
        queue = FrameQueue()
        pump = asyncio.create_task(self._pump(queue), name=f"sound of {self.name}")
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            pump.cancel()
            await asyncio.wait([pump])

    async def _pump(self, queue: FrameQueue) -> None:
        pace = Pace(self._pace, slack=_SLACK)
        number = 0
        try:
            async with aclosing(self._samples()) as every:
                async for samples in every:
                    number += 1
                    await pace.until(number * FRAME_SECONDS)
                    queue.put(samples)
        except Exception as error:
            queue.end(error)
        else:
            queue.end()

    async def _samples(self) -> AsyncGenerator[Channels]:
        framer = Framer(self.channels)
        decoder = _Pcm(self.channels, self.name)
        async with aclosing(self._bytes()) as blocks:
            async for data in blocks:
                for frame in framer.feed(decoder.feed(data)):
                    yield frame
        for frame in framer.flush():
            yield frame

    async def _bytes(self) -> AsyncGenerator[bytes]:
        """What is read, by a daemon thread: a read cannot be cancelled, but the program ends."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[bytes | OSError | ValueError] = asyncio.Queue()
        room = threading.Semaphore(_READ_AHEAD)
        given_up = threading.Event()

        def post(data: bytes | OSError | ValueError) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(arrived.put_nowait, data)

        def read() -> None:
            data: bytes = b"."
            try:
                with self._opened() as pipe:
                    while data and room.acquire() and not given_up.is_set():
                        data = _read_some(pipe)
                        post(data)
            except (OSError, ValueError) as error:  # ValueError: closed by somebody else
                post(error)

        threading.Thread(target=read, name="pipe", daemon=True).start()
        try:
            while data := await arrived.get():
                if not isinstance(data, bytes):
                    reason = getattr(data, "strerror", None) or "it is closed"
                    raise AudioMissing(f"I cannot read {self.name}: {reason}.") from data
                yield data
                room.release()
        finally:
            given_up.set()
            room.release()

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        if isinstance(self._pipe, Path):
            return self._pipe.open("rb")
        return nullcontext(sys.stdin.buffer if self._pipe is None else self._pipe)


def _read_some(pipe: BinaryIO) -> bytes:
    """What is there, waiting for at least a byte; nothing at the end."""
    try:
        number = pipe.fileno()
    except io.UnsupportedOperation:
        return pipe.read(_READ)
    while True:
        try:
            return os.read(number, _READ)
        except BlockingIOError:  # somebody who shares the pipe made it non-blocking
            time.sleep(0.01)


class _Pcm:
    """Bytes in pieces of any length become samples."""

    def __init__(self, channels: int, name: str) -> None:
        self._channels = channels
        self._name = name
        self._rest = b""
        self._begins = True

    def feed(self, data: bytes) -> Block:
        data = self._rest + data
        if self._begins:
            body = self._body(data)
            if body is None:
                self._rest = data
                return np.zeros((0, self._channels), np.float32)
            self._begins = False
            data = body
        width = 2 * self._channels
        whole = len(data) - len(data) % width
        self._rest = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32)
        return (samples / np.float32(32768)).reshape(-1, self._channels)

    def _body(self, data: bytes) -> bytes | None:
        """What follows a WAV header; None where it has not all arrived."""
        if data[:4] != b"RIFF"[: len(data)]:
            return data
        end = data.find(b"data", 0, _LONGEST_HEADER)
        if end < 0 or len(data) < end + 8:
            return None if len(data) < _LONGEST_HEADER else data
        form = data.find(b"fmt ", 0, end)
        if 0 <= form <= end - 24:
            channels, rate, bits = (
                int.from_bytes(data[form + at : form + at + size], "little")
                for at, size in ((10, 2), (12, 4), (22, 2))
            )
            if (channels, rate, bits) != (self._channels, RATE, 16):
                raise AudioInvalid(
                    f"The sound in {self._name} has {channels} channels of {rate} Hz and {bits} "
                    f"bits; record {self._channels} of {RATE} Hz and 16 bits."
                )
        return data[end + 8 :]
