"""A cabin in memory: people and noise, a microphone, and the car's own voice fed back into it.

One clock moves both ends: with each frame that the microphone hears, the loudspeaker plays as
much. So echo and delay are exact, at any pace, on any machine. Like a real microphone it waits
for nobody: who takes no frames for two seconds loses the oldest.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import numpy as np

from cockpit.audio.queue import CAPACITY
from cockpit.audio.streams import FRAME_SECONDS, Channels, Monitor, SoundFrame
from cockpit.speech.audio import RATE, Audio, Samples, decibels, rms
from cockpit.speech.segments import FRAME

BUFFER = 0.1
"""Seconds of sound that the loudspeaker takes ahead."""
_FLOOR = 40.0
"""Decibels below a recording's loudest frame under which nobody is heard to speak any more."""


@dataclass(frozen=True, slots=True)
class Echo:
    """How the microphone hears the loudspeaker.

    Attributes:
        gain: in dB, of what is played.
        delay: in seconds.
    """

    gain: float = -10.0
    delay: float = 0.15


class Room:
    """Source and sink of a live conversation at once.

    Args:
        channels: microphones.
        echo: of the loudspeaker in all of them; None for headphones.
        noise: heard all the time in all channels, again and again.
        pace: seconds of sound a second; 0 for as fast as it is taken, and then nothing is lost.
        busy: while it says so and ``pace`` is 0, time stands still.

    Attributes:
        now: seconds of sound since the beginning.
        lost: frames that nobody took in time, so far.
        busy: see above; may be changed.
    """

    name = "a room in memory"

    def __init__(
        self,
        channels: int = 1,
        *,
        echo: Echo | None = None,
        noise: Audio | None = None,
        pace: float = 1.0,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.channels = channels
        self.now = 0.0
        self.lost = 0
        self._echo = echo
        self._noise = noise.resampled(RATE).samples if noise is not None else None
        self._pace = pace
        self.busy = busy
        self._spoken: list[tuple[int, int, Samples]] = []  # first sample, channel, sound
        self._queue: deque[Samples] = deque()
        self._queued = 0  # samples
        self._held = False
        self._handed = 0.0  # seconds handed over and not dropped
        self._hooks: list[Monitor] = []
        self._ticked = asyncio.Event()
        self._began = 0.0
        self._ended = False

    # Source.

    async def frames(self) -> AsyncGenerator[SoundFrame]:
        """Until ``end``."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        air = np.zeros(round(self._echo.delay * RATE) if self._echo else 0, np.float32)
        tick = lost = 0
        while not self._ended:
            late = await self._wait(tick)
            out = self._play_out()
            for hook in self._hooks:
                hook(Audio(out))
            heard = self._people(tick * FRAME)
            if self._echo is not None:
                air = np.concatenate([air, out])
                heard += air[:FRAME] * np.float32(10 ** (self._echo.gain / 20))
                air = air[FRAME:]
            tick += 1
            self.now = tick * FRAME_SECONDS
            self._wake()
            if late > CAPACITY * FRAME_SECONDS:
                lost += 1
                self.lost += 1
                continue
            yield SoundFrame(heard, self.now, lost)
            lost = 0

    async def _wait(self, tick: int) -> float:
        """Wait for the end of a frame; seconds of sound that have gone by since."""
        if self._pace:
            due = self._began + (tick + 1) * FRAME_SECONDS / self._pace
            late = asyncio.get_running_loop().time() - due
            await asyncio.sleep(max(0.0, -late))
            return max(0.0, late * self._pace)
        await asyncio.sleep(0)
        while self.busy():  # noqa: ASYNC110  (time stands still; there is nothing to wait for)
            await asyncio.sleep(0.001)
        return 0.0

    def _people(self, first: int) -> Channels:
        heard = np.zeros((self.channels, FRAME), np.float32)
        if self._noise is not None:
            heard += np.take(self._noise, np.arange(first, first + FRAME), mode="wrap")
        for begin, channel, sound in self._spoken:
            start, stop = max(begin, first), min(begin + len(sound), first + FRAME)
            if start < stop:
                heard[channel, start - first : stop - first] += sound[start - begin : stop - begin]
        self._spoken = [one for one in self._spoken if one[0] + len(one[2]) > first + FRAME]
        return heard

    def say(self, sound: Audio, channel: int = 0, after: float = 0.0) -> tuple[float, float]:
        """Somebody speaks, from the next frame on.

        Args:
            after: seconds to wait before.

        Returns:
            When the first and the last audible frame end, in seconds of the room. They are found
            in the recording itself, as frames less than 40 dB below its loudest.
        """
        samples = sound.resampled(RATE).samples
        first = round((self.now + after) * RATE)
        self._spoken.append((first, channel, samples))
        frames = [samples[at : at + FRAME] for at in range(0, len(samples), FRAME)]
        levels = [decibels(rms(frame)) for frame in frames]
        spoken = [i + 1 for i, level in enumerate(levels) if level > max(levels) - _FLOOR]
        start = first / RATE
        return start + spoken[0] * FRAME_SECONDS, start + spoken[-1] * FRAME_SECONDS

    def wall(self, at: float) -> float:
        """A moment of the room on the event loop's clock, at the pace of real sound."""
        return self._began + at / (self._pace or math.inf)

    async def until(self, at: float) -> None:
        """Wait for a moment of the room."""
        while self.now < at and not self._ended:
            await self._ticked.wait()

    def end(self) -> None:
        """The microphone is switched off."""
        self._ended = True
        self._wake()

    # Sink.

    @property
    def quiet(self) -> bool:
        """Whether the loudspeaker has nothing to play."""
        return not self._queued

    @property
    def played(self) -> float:
        """Seconds heard since the beginning."""
        return self._handed - self._queued / RATE

    async def play(self, audio: Audio) -> None:
        """Hand sound over; waits while more than a tenth of a second is still to be heard."""
        while self._queued > BUFFER * RATE and not self._ended:
            await self._ticked.wait()
        samples = audio.resampled(RATE).samples
        self._queue.append(samples)
        self._queued += len(samples)
        self._handed += len(samples) / RATE

    async def drain(self) -> None:
        """Wait until everything handed over was heard."""
        while self._queued and not self._ended:
            await self._ticked.wait()

    def stop(self) -> None:
        """Silence from the next frame on."""
        self._held = False
        self._handed -= self._queued / RATE
        self._queue.clear()
        self._queued = 0
        self._wake()

    def hold(self, held: bool) -> None:
        """Silence from the next frame on, or no longer; then it goes on where it was held."""
        self._held = held

    def monitor(self, hook: Monitor) -> None:
        """Have ``hook`` told of every frame that goes out."""
        self._hooks.append(hook)

    def _play_out(self) -> Samples:
        out = np.zeros(FRAME, np.float32)
        filled = 0
        while self._queue and filled < FRAME and not self._held:
            part = self._queue.popleft()
            taken = part[: FRAME - filled]
            out[filled : filled + len(taken)] = taken
            filled += len(taken)
            if len(taken) < len(part):
                self._queue.appendleft(part[len(taken) :])
        self._queued -= filled
        return out

    def _wake(self) -> None:
        self._ticked.set()
        self._ticked = asyncio.Event()


def audible(sound: Audio) -> bool:
    """Whether anybody hears it: louder than -60 dB of full scale."""
    return decibels(rms(sound.samples)) > -60.0
