"""Microphone and loudspeaker by PortAudio."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cockpit.audio.framing import Framer
from cockpit.audio.keeping import KeptStream, StateListener
from cockpit.audio.outbox import BufferedSink, Outbox
from cockpit.audio.pacing import Pace
from cockpit.audio.portaudio import Callback, Direction, SoundSystem, Stream, Wanted, sound_system
from cockpit.audio.queue import FrameQueue
from cockpit.audio.streams import FRAME_SECONDS, Channels, SoundFrame
from cockpit.speech.audio import RATE
from cockpit.speech.segments import FRAME

CAPTURE_LATENCY = 0.064
"""Seconds that an input device shall buffer, beside the frame that it fills."""

PLAYBACK_BLOCK = 0.02
PLAYBACK_LATENCY = 0.04
"""Seconds that an output device takes at once, and buffers."""

_CAPTURE_RATES = (RATE, 48_000, 44_100)
_PLAYBACK_RATES = (48_000, 44_100)


class Microphone:
    """An input device, one channel a seat zone.

    While the device is lost there is silence, so that whoever listens sees time pass.
    """

    def __init__(
        self,
        device: str = "",
        *,
        channels: int = 1,
        on_state: StateListener | None = None,
        system: SoundSystem | None = None,
        rates: tuple[int, ...] = _CAPTURE_RATES,
    ) -> None:
        """Nothing is opened yet.

        Args:
            device: part of its name; empty for the system's default.
            channels: of each frame. One of a device that has only more is their average, else
                they are the device's first.
            on_state: told when the device is lost or found.
            system: PortAudio; None for the process's own.
            rates: that the device is asked for, in this order; what is not 16 kHz is resampled.
        """
        self._system = system or sound_system()
        self._device = device
        self.channels = channels
        self._on_state = on_state
        self._rates = rates
        self._name = device or "the default microphone"
        self._queue: FrameQueue | None = None

    @property
    def name(self) -> str:
        """The device's name, once it is known."""
        return self._name

    @property
    def dropped(self) -> int:
        """Frames that were lost so far, because nobody took them or the device was not there."""
        return self._queue.dropped if self._queue is not None else 0

    async def check(self) -> None:
        """Look whether the device is there.

        Raises:
            SpeechError: it is not; the sentence lists what is.
        """
        self._name = (await self._system.find(Direction.INPUT, self._device)).name

    async def frames(self) -> AsyncGenerator[SoundFrame]:
        """Frames until the generator is closed.

        Two seconds wait for whoever takes them; then the oldest are dropped.

        Raises:
            SpeechError: the device is not there at the beginning, or refuses.
        """
        self._queue = queue = FrameQueue()
        wanted = Wanted(
            Direction.INPUT,
            self._device,
            self.channels,
            self._rates,
            FRAME_SECONDS,
            CAPTURE_LATENCY,
        )
        captured = _Captured(queue, self.channels)

        def begin(stream: Stream) -> Callback:
            self._name = stream.device.name
            return captured.begin(stream.rate)

        kept = KeptStream(self._system, wanted, begin, captured.silence, self._on_state)
        try:
            await kept.open()
            keeping = asyncio.create_task(kept.keep(), name="microphone")
            keeping.add_done_callback(lambda task: queue.end(failure(task)))
            try:
                while (frame := await queue.get()) is not None:
                    yield frame
            finally:
                keeping.cancel()
                await asyncio.wait([keeping])
        finally:
            await kept.close()


class _Captured:
    """Puts what a device delivers into a queue, and counts what it does not."""

    def __init__(self, queue: FrameQueue, channels: int) -> None:
        self._queue = queue
        self._channels = channels
        self._loop = asyncio.get_running_loop()
        self._last: float | None = None  # when a frame was put

    def begin(self, rate: int) -> Callback:
        framer = Framer(self._channels, rate, quality="MQ")
        first = True

        def captured(block: NDArray[np.float32], status: Any) -> None:
            nonlocal first
            if status.input_overflow:
                self._queue.skip(1)  # how much is not told, only that something was lost
            for frame in framer.feed(_reduced(block, self._channels)):
                if first:
                    self._count_gap()
                first = False
                self._put(frame)

        return captured

    async def silence(self) -> None:
        """Silence at the pace of real sound."""
        self._count_gap()
        pace = Pace()
        number = 0
        while True:
            number += 1
            await pace.until(number * FRAME_SECONDS)
            self._put(np.zeros((self._channels, FRAME), np.float32))

    def _put(self, frame: Channels) -> None:
        self._queue.put(frame)
        self._last = self._loop.time()

    def _count_gap(self) -> None:
        if self._last is not None:
            gap = self._loop.time() - self._last
            self._queue.skip(max(0, round(gap / FRAME_SECONDS) - 1))


class Loudspeaker(BufferedSink):
    """An output device; all its channels play the same.

    An async context manager that holds the device open, so that sound begins at once. What is
    handed over while the device is lost is not heard, and takes as long as if it were.
    """

    def __init__(
        self,
        device: str = "",
        *,
        on_state: StateListener | None = None,
        system: SoundSystem | None = None,
        rates: tuple[int, ...] = _PLAYBACK_RATES,
    ) -> None:
        """Nothing is opened yet.

        Args:
            device: part of its name; empty for the system's default.
            on_state: told when the device is lost or found.
            system: PortAudio; None for the process's own.
            rates: that the device is asked for, in this order.
        """
        super().__init__(device or "the default loudspeaker", rates[0])
        wanted = Wanted(Direction.OUTPUT, device, 1, rates, PLAYBACK_BLOCK, PLAYBACK_LATENCY)
        self._kept = KeptStream(
            system or sound_system(), wanted, self._begin, self._unheard, on_state
        )
        self._keeping: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        # Sound that the device has taken: when it is heard, seconds heard then.
        self._going: deque[tuple[float, float]] = deque()
        self._heard = 0.0
        self._before = 0.0  # seconds that an outbox of another rate had given
        self.latency = 0.0
        """Seconds that the device buffers, as PortAudio believes."""
        self.underflows = 0
        """How often the device got its block too late, so far."""

    async def __aenter__(self) -> Self:
        """Open the device.

        Raises:
            SpeechError: it is not there, or refuses.
        """
        try:
            await self._kept.open()
        except BaseException:
            await self._kept.close()
            raise
        self._keeping = asyncio.create_task(self._kept.keep(), name="loudspeaker")
        self._keeping.add_done_callback(lambda _: self.stop())
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Silence, and close the device."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self._kept.close()

    @property
    def played(self) -> float:
        """Seconds of what was handed over that have been heard since the sink was opened."""
        now = self._loop.time()
        with self._lock:
            while self._going and self._going[0][0] <= now:
                _, self._heard = self._going.popleft()
            return self._heard

    @property
    def _left(self) -> float:
        return self._outbox.pending + self._before + self._outbox.taken - self.played

    def _is_open(self) -> bool:
        if self._keeping is None or self._keeping.cancelled():
            return False
        if self._keeping.done():
            self._keeping.result()  # whatever broke it
        return True

    def _arrived(self) -> None:
        """The device's thread comes for it."""

    def _duration(self, seconds: float) -> float:
        return seconds

    def _begin(self, stream: Stream) -> Callback:
        self._name = stream.device.name
        if stream.rate != self._outbox.rate:
            self._before += self._outbox.taken
            self._outbox = Outbox(stream.rate)
        self.latency = latency = stream.latency
        outbox = self._outbox

        def render(block: NDArray[np.float32], status: Any) -> None:
            if status.output_underflow:
                self.underflows += 1
            before = outbox.taken
            block[:] = self._next(len(block))[:, np.newaxis]
            if outbox.taken > before:
                with self._lock:
                    self._going.append((self._loop.time() + latency, self._before + outbox.taken))

        return render

    async def _unheard(self) -> None:
        """What is handed over to a lost device is lost, at the pace of real sound."""
        pace = Pace()
        number = 0
        while True:
            number += 1
            await pace.until(number * PLAYBACK_BLOCK)
            self._outbox.drop(round(PLAYBACK_BLOCK * self._outbox.rate))


def failure(task: asyncio.Task[None]) -> BaseException | None:
    """Why a task failed; None where it was cancelled or did its work."""
    return None if task.cancelled() else task.exception()


def _reduced(block: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    if channels == 1 and block.shape[1] > 1:
        return block.mean(axis=1, keepdims=True, dtype=np.float32)
    return block[:, :channels]
