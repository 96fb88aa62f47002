"""What was captured and not yet taken: bounded, the oldest goes first."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress

from cockpit.audio.streams import FRAME_SECONDS, Channels, SoundFrame

CAPACITY = 64
"""Frames that wait at most: two seconds."""


class FrameQueue:
    """From the thread that captures to the event loop that listens.

    Where nobody takes frames in time, the oldest are dropped; the next one that is taken says
    how many. Made on the event loop that takes.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._lock = threading.Lock()
        self._frames: deque[tuple[int, Channels]] = deque(maxlen=capacity)
        self._next = 0  # number of the frame that is put next
        self._taken = 0  # number after the last one taken
        self._ended = False
        self._error: BaseException | None = None
        self.dropped = 0
        """Frames that nobody will ever take, so far."""

    def put(self, samples: Channels) -> None:
        """Add a frame, shape (channels, 512); from any thread, never waits."""
        with self._lock:
            if len(self._frames) == self._frames.maxlen:
                self.dropped += 1
            self._frames.append((self._next, samples))
            self._next += 1
        self._wake()

    def skip(self, frames: int) -> None:
        """Say that so many frames were never captured; from any thread."""
        with self._lock:
            self._next += frames
            self.dropped += frames

    def end(self, error: BaseException | None = None) -> None:
        """Nothing comes any more; ``get`` raises the error after the last frame."""
        self._ended = True
        self._error = error
        self._wake()

    async def get(self) -> SoundFrame | None:
        """The oldest frame; None after the last one."""
        while True:
            # Cleared before the look: what arrives after the look sets it again.
            self._arrived.clear()
            with self._lock:
                if self._frames:
                    number, samples = self._frames.popleft()
                    lost, self._taken = number - self._taken, number + 1
                    return SoundFrame(samples, (number + 1) * FRAME_SECONDS, lost)
            if self._ended:
                if self._error is not None:
                    raise self._error
                return None
            await self._arrived.wait()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._arrived.set)
