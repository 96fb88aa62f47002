"""What the loudspeaker plays, kept until the microphone's sound of the same time is there."""

from __future__ import annotations

import math
import threading
from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cockpit.speech.audio import RATE, Audio, Samples

HOLD = 1.0
"""Seconds after its last sound in which the loudspeaker still counts as sounding."""

SILENT = 1e-4
"""Amplitude up to which a block is silent (-80 dB of full scale)."""

_LIMIT = 3 * RATE  # samples kept; frames of a microphone may wait two seconds to be worked on
_SLACK = RATE // 50  # samples; where more than this is always waiting, that is needless delay,
_SPARE = RATE // 100  # and so much is left
_WATCH = 4 * RATE  # samples taken in which the least that was waiting is looked for


class FarEnd:
    """Two streams side by side: one is pushed in its own blocks, and taken in those of the other.

    Both go on without a gap, so the distance between them settles once and stays: at the least
    delay with which there is always enough. ``push`` may be called from another thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resampler: StreamResampler | None = None
        self._parts: deque[Samples] = deque()
        self._waiting = 0
        self._taken: int | None = None  # None until somebody takes for the first time
        self._loud_until = -RATE * 3600  # in samples taken
        self._least = _LIMIT
        self._watched = 0
        self._shifted = False
        self.shifts = 0
        """How often the distance between the streams was another when there was sound again."""

    @property
    def sounding(self) -> bool:
        """Whether something audible was taken within ``HOLD`` seconds, or is waiting."""
        return self._loud_until > (self._taken or 0) - HOLD * RATE

    def push(self, audio: Audio) -> None:
        """More was played; any rate. 50 µs for 20 ms of sound, 5 µs for silence."""
        with self._lock:
            if self._resampler is None or self._resampler.rate != audio.rate:
                self._resampler = StreamResampler(audio.rate)
            samples = self._resampler.feed(audio.samples)
            if not len(samples):
                return
            self._parts.append(samples)
            self._waiting += len(samples)
            if np.abs(samples).max() > SILENT:
                self._loud_until = (self._taken or 0) + self._waiting
            if self._waiting > _LIMIT:
                self._drop(self._waiting - _LIMIT)

    def take(self, count: int) -> Samples:
        """What was played while the microphone heard its next ``count`` samples.

        Where it is not there yet, silence is given and it comes so much later, from now on.
        """
        with self._lock:
            if self._taken is None:
                self._taken = 0
                self._drop(max(0, self._waiting - count))
            if self._waiting < count:
                self._parts.appendleft(np.zeros(count - self._waiting, np.float32))
                self._waiting = count
                self._shifted = True
            taken = self._pull(count)
            self._taken += count
            if self._shifted and np.abs(taken).max() > SILENT:
                self._shifted = False
                self.shifts += 1
            self._watch(count)
            return taken

    def _watch(self, count: int) -> None:
        self._least = min(self._least, self._waiting)
        self._watched += count
        if self._watched < _WATCH or self._loud_until > (self._taken or 0):
            return  # nothing that sounds is cut
        if self._least > _SLACK:
            self._drop(self._least - _SPARE)
        self._least, self._watched = self._waiting, 0

    def _drop(self, count: int) -> None:
        if count:
            self._pull(count)
            self._loud_until -= count
            self._shifted = True

    def _pull(self, count: int) -> Samples:
        pulled: list[Samples] = []
        wanted = count
        while wanted:
            part = self._parts.popleft()
            if len(part) > wanted:
                self._parts.appendleft(part[wanted:])
                part = part[:wanted]
            pulled.append(part)
            wanted -= len(part)
        self._waiting -= count
        return np.concatenate(pulled) if pulled else np.zeros(0, np.float32)


class StreamResampler:
    """To 16 kHz, block by block, each output as soon as it can be known: 1 ms late.

    soxr is better and gives up to 40 ms at once and late; a canceller cannot wait for it, since
    it needs the origin before the echo.
    """

    _REACH = 0.001  # seconds that the filter looks to both sides

    def __init__(self, rate: int) -> None:
        """``rate`` is of what is fed, in hertz."""
        self.rate = rate
        common = math.gcd(rate, RATE)
        self._up, self._down = RATE // common, rate // common
        self._half = round(self._REACH * max(rate, RATE))
        self._weights = self._windowed_sinc()
        self._held = np.zeros(self._half, np.float32)  # the first output needs a past
        self._next = self._half * self._up  # where it is in _held, in 1/up of an input sample

    def _windowed_sinc(self) -> Samples:
        # One row for each position that an output can have between two inputs.
        taps = np.arange(-self._half + 1, self._half + 1)
        distance = taps - np.arange(self._up)[:, np.newaxis] / self._up
        cutoff = 0.92 * min(1.0, RATE / self.rate)
        window = np.cos(np.pi * distance / (2 * self._half)) ** 2
        weights = np.sinc(cutoff * distance) * window
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)

    def feed(self, samples: Samples) -> Samples:
        """All the output that these samples complete."""
        if self.rate == RATE:
            return samples
        self._held = np.concatenate([self._held, samples])
        at = np.arange(self._next, (len(self._held) - self._half) * self._up, self._down)
        if not len(at):
            return np.zeros(0, np.float32)
        index, phase = np.divmod(at, self._up)
        if self._held.any():
            windows = sliding_window_view(self._held, 2 * self._half)
            windows = windows[index - self._half + 1]
            out = np.asarray(np.einsum("ij,ij->i", windows, self._weights[phase]), np.float32)
        else:
            out = np.zeros(len(at), np.float32)
        following = int(at[-1]) + self._down
        used = max(0, min(following // self._up - self._half + 1, len(self._held)))
        self._held = self._held[used:]
        self._next = following - used * self._up
        return out
