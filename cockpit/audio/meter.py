"""How loud each channel is, and what is wrong with it: clipping, or no sound at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.speech.audio import Samples, decibels, rms

INTEGRATION = 0.3
"""Seconds in which the RMS value follows a step by 63 %; as sluggish as a VU meter."""

FALL = 20 / 1.7
"""Decibels a second by which the peak falls: a peak programme meter's (IEC 60268-10, type I)."""

HOLD = 1.5
"""Seconds that the highest peak stays."""

_FLOOR = -120.0
_FULL = 0.999  # 16-bit full scale is 32767/32768, and some devices stop a step below
_CLIPPED = 3  # samples of a frame; one alone may be a true peak
_STILL = 1.5 / 32768  # a 16-bit device that is alive moves by more than one step


@dataclass(frozen=True, slots=True)
class Level:
    """One channel, in dB of full scale; -120 for silence.

    Attributes:
        rms: mean over the last third of a second. A full-scale sine has -3.
        peak: rises at once, falls slowly.
        held: the highest peak of the last second and a half.
    """

    rms: float
    peak: float
    held: float


class Trouble(StrEnum):
    """What a meter notices."""

    CLIPPING = "clipping"  # too loud: full scale is reached again and again
    DEAD = "dead"  # digital silence: muted, unplugged or switched off
    ALIVE = "alive"  # sound again after DEAD


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that somebody should know; told once an episode.

    Attributes:
        trouble: what.
        channel: which one, from 0.
        at: when, in seconds of the source.
    """

    trouble: Trouble
    channel: int
    at: float


class LevelMeter:
    """Levels and notices of all channels of a source."""

    def __init__(self, channels: int, *, dead_after: float = 5.0, calm: float = 3.0) -> None:
        """Begins at silence.

        Args:
            channels: of every frame.
            dead_after: seconds of digital silence that mean a dead microphone.
            calm: seconds without clipping that end an episode.
        """
        self._channels = [_Channel(dead_after, calm) for _ in range(channels)]

    @property
    def levels(self) -> tuple[Level, ...]:
        """Of each channel now."""
        return tuple(channel.level for channel in self._channels)

    def feed(self, frame: SoundFrame) -> list[Notice]:
        """Take the next frame; returns what began or ended with it, mostly nothing."""
        return [
            Notice(trouble, number, frame.at)
            for number, (channel, samples) in enumerate(
                zip(self._channels, frame.samples, strict=True)
            )
            for trouble in channel.feed(samples)
        ]


class _Channel:
    def __init__(self, dead_after: float, calm: float) -> None:
        self._dead_after = dead_after
        self._calm = calm
        self._power = 0.0
        self._peak = _FLOOR
        self._held = _FLOOR
        self._held_for = 0.0
        self._unclipped = math.inf  # seconds
        self._still = 0.0  # seconds
        self._dead = False

    @property
    def level(self) -> Level:
        return Level(decibels(math.sqrt(self._power)), self._peak, self._held)

    def feed(self, samples: Samples) -> list[Trouble]:
        low, high = float(samples.min()), float(samples.max())
        peak = decibels(max(-low, high))
        power = rms(samples) ** 2
        self._power += (power - self._power) * (1 - math.exp(-FRAME_SECONDS / INTEGRATION))
        self._peak = max(peak, self._peak - FALL * FRAME_SECONDS, _FLOOR)
        self._held_for += FRAME_SECONDS
        if peak >= self._held or self._held_for > HOLD:
            self._held, self._held_for = self._peak, 0.0
        return [*self._clipping(samples, max(-low, high)), *self._life(high - low)]

    def _clipping(self, samples: Samples, peak: float) -> list[Trouble]:
        if peak < _FULL or np.count_nonzero(np.abs(samples) >= _FULL) < _CLIPPED:
            self._unclipped += FRAME_SECONDS
            return []
        begins = self._unclipped >= self._calm
        self._unclipped = 0.0
        return [Trouble.CLIPPING] if begins else []

    def _life(self, span: float) -> list[Trouble]:
        # A constant offset is as dead as zeros.
        self._still = self._still + FRAME_SECONDS if span < _STILL else 0.0
        if self._dead and not self._still:
            self._dead = False
            return [Trouble.ALIVE]
        if not self._dead and self._still >= self._dead_after:
            self._dead = True
            return [Trouble.DEAD]
        return []
