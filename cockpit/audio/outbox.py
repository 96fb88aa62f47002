"""Between somebody who speaks and a loudspeaker that takes a block at a time."""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import Any

import numpy as np

from cockpit.audio.errors import DeviceRefused
from cockpit.audio.framing import numbers
from cockpit.audio.streams import Monitor
from cockpit.speech.audio import Audio, Samples

logger = logging.getLogger(__name__)

AHEAD = 0.1
"""Seconds still to be heard at which more may be handed over."""

FADE = 0.005
"""Seconds in which the sound fades when it is stopped or held; a hard cut is a click."""

_EXACT = 1e-6  # seconds: less than a sample
_SHORTEST_WAIT = 0.002  # seconds; sound leaves in blocks, so that "now" is often a bit later
_PIECE = 0.1  # seconds resampled at once, so that the device's thread never waits long


class Outbox:
    """Sound that was handed over and not yet taken; any rate goes in, one rate comes out.

    Thread-safe: the event loop puts and cuts, a device's thread takes.
    """

    def __init__(self, rate: int) -> None:
        """Begins empty; ``rate`` is of what is taken, in hertz."""
        self.rate = rate
        self._lock = threading.Lock()
        self._parts: deque[Samples] = deque()
        self._waiting = 0  # samples in _parts
        self._taken = 0
        self._resampler: Any = None
        self._source_rate = rate
        self._inside = 0.0  # seconds that the resampler has and did not give yet
        self._held = False
        self._fade: Samples | None = None  # for the beginning of the next block

    @property
    def pending(self) -> float:
        """Seconds that were put and not yet taken."""
        with self._lock:
            return self._waiting / self.rate + self._inside

    @property
    def taken(self) -> float:
        """Seconds of what was put that have been taken; silence between does not count."""
        return self._taken / self.rate

    def put(self, audio: Audio) -> None:
        """Add sound at the end. What is not a number becomes silence."""
        samples = numbers(audio.samples)
        piece = max(1, round(_PIECE * audio.rate))
        for at in range(0, len(samples), piece):
            with self._lock:
                self._append(samples[at : at + piece], audio.rate)

    def take(self, count: int) -> Samples:
        """The next samples, always this many; silence where nothing is there, or while held."""
        with self._lock:
            fade, self._fade = self._fade, None
            if self._held:
                return np.zeros(count, np.float32) if fade is None else self._faded_out(fade, count)
            block, filled = self._pull(count)
            self._taken += filled
            if fade is not None:
                fade = fade[:count]
                block[: len(fade)] *= fade
            return block

    def hold(self, held: bool) -> None:
        """Give silence for now, or go on where it was held."""
        with self._lock:
            if held is not self._held:
                self._held = held
                ramp = np.linspace(0, 1, round(FADE * self.rate), dtype=np.float32)
                self._fade = ramp[::-1] if held else ramp

    def drop(self, count: int) -> None:
        """Lose the next samples, if they are not held; they do not count as taken."""
        with self._lock:
            if not self._held:
                self._pull(count)

    def cut(self) -> None:
        """Drop what was not taken, but for a few milliseconds in which it fades."""
        with self._lock:
            rest = np.concatenate([*self._parts, np.zeros(0, np.float32)])
            rest = rest[: 0 if self._held else round(FADE * self.rate)]
            self._parts.clear()
            self._parts.append(rest * np.linspace(1, 0, len(rest), dtype=np.float32))
            self._waiting = len(rest)
            self._held, self._fade = False, None
            self._resampler, self._inside = None, 0.0

    def _faded_out(self, fade: Samples, count: int) -> Samples:
        """The beginning of what is held, which is not taken by that."""
        block, filled = self._pull(count)
        if filled:
            self._parts.appendleft(block[:filled].copy())
            self._waiting += filled
        fade = fade[:count]
        block[: len(fade)] *= fade
        block[len(fade) :] = 0
        return block

    def _pull(self, count: int) -> tuple[Samples, int]:
        if self._waiting < count:
            self._flush()
        block = np.zeros(count, np.float32)
        filled = 0
        while filled < count and self._parts:
            part = self._parts.popleft()
            fits = part[: count - filled]
            block[filled : filled + len(fits)] = fits
            filled += len(fits)
            if len(fits) < len(part):
                self._parts.appendleft(part[len(fits) :])
        self._waiting -= filled
        return block, filled

    def _append(self, samples: Samples, rate: int) -> None:
        if rate != self._source_rate:
            self._flush()
            self._source_rate = rate
        if rate == self.rate:
            self._push(samples)
            return
        if self._resampler is None:
            import soxr

            self._resampler = soxr.ResampleStream(rate, self.rate, 1, dtype="float32")
        resampled = np.asarray(self._resampler.resample_chunk(samples), np.float32)
        self._inside += len(samples) / rate - len(resampled) / self.rate
        self._push(resampled)

    def _flush(self) -> None:
        # Nothing follows at once, so what the resampler waits with is the end.
        if self._resampler is None:
            return
        rest = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        self._resampler, self._inside = None, 0.0
        self._push(np.asarray(rest, np.float32))

    def _push(self, samples: Samples) -> None:
        if len(samples):
            self._parts.append(samples)
            self._waiting += len(samples)


class BufferedSink(ABC):
    """What all sinks share: an outbox, waiting until it is empty, and who is told.

    Made and used on the event loop; only ``_next`` may be called from another thread.
    """

    def __init__(self, name: str, rate: int) -> None:
        """Begins silent; ``rate`` is of what goes out, in hertz."""
        self._name = name
        self._outbox = Outbox(rate)
        self._hooks: tuple[Monitor, ...] = ()
        self._stopped = asyncio.Event()

    @property
    def name(self) -> str:
        """For people: a device's or a file's name."""
        return self._name

    @property
    def played(self) -> float:
        """Seconds of what was handed over that have been heard since the sink was opened."""
        return self._outbox.taken

    async def play(self, audio: Audio) -> None:
        """Hand sound over, once at most a tenth of a second is still to be heard.

        Where the sink is stopped meanwhile, it is dropped with the rest.

        Raises:
            SpeechError: the sink is closed, or failed.
        """
        if not self._is_open():
            raise DeviceRefused(f"{self._name} is closed.")
        if await self._until(AHEAD):
            self._outbox.put(audio)
            self._arrived()

    async def drain(self) -> None:
        """Wait until everything handed over was heard, or the sink was stopped or closed.

        Raises:
            SpeechError: the sink failed.
        """
        if self._is_open():
            await self._until(0.0)
            self._is_open()

    def stop(self) -> None:
        """Silence now; what was handed over and not yet heard is dropped."""
        self._outbox.cut()
        self._stopped.set()

    def hold(self, held: bool) -> None:
        """Silence for now, or no longer: then it goes on where it was held. ``stop`` ends it."""
        self._outbox.hold(held)

    def monitor(self, hook: Monitor) -> None:
        """Have ``hook`` told of every block as it goes out, silence between included."""
        self._hooks = (*self._hooks, hook)

    @property
    def _left(self) -> float:
        """Seconds still to be heard."""
        return self._outbox.pending

    @abstractmethod
    def _is_open(self) -> bool:
        """Whether what is handed over will be heard.

        Raises:
            SpeechError: it failed for good.
        """

    @abstractmethod
    def _arrived(self) -> None:
        """Told after sound was handed over."""

    @abstractmethod
    def _duration(self, seconds: float) -> float:
        """How long so much sound takes, in seconds of the event loop."""

    def _next(self, count: int) -> Samples:
        """The block that goes out now; whoever monitors is told."""
        block = self._outbox.take(count)
        self._tell(Audio(block, self._outbox.rate))
        return block

    def _tell(self, audio: Audio) -> None:
        for hook in self._hooks:
            try:
                hook(audio)
            except Exception:  # of somebody else; the sound goes on
                logger.exception("%s no longer hears what %s plays", hook, self._name)
                self._hooks = tuple(other for other in self._hooks if other is not hook)

    async def _until(self, left: float) -> bool:
        """Wait until at most so many seconds are left; False where it was stopped meanwhile."""
        self._stopped.clear()
        while (more := self._left - left) > _EXACT:
            try:
                async with asyncio.timeout(max(_SHORTEST_WAIT, self._duration(more))):
                    await self._stopped.wait()
                return False
            except TimeoutError:
                continue
        return True
