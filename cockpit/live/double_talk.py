"""Somebody speaks while the car does, told by loudness before the echo canceller lets it through.

A canceller takes the beginning of what is said into the car's own voice for echo, for up to 150 ms.
By then it has long been louder than any echo: Geigel's test (Duttweiler, A twelve-channel digital
echo canceler, IEEE Transactions on Communications 26, 1978), with the loudest echo learnt.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from cockpit.live.levels import RollingLevels, frames_of

REACH: Final = 0.5
"""Seconds that an echo comes after what was played, at most."""
STRETCH: Final = 0.5
"""Seconds of played sound of which the loudest echo counts."""
MEMORY: Final = 20
"""Such stretches that are remembered."""
LEARNT: Final = 2
"""Such stretches that are needed."""
MARGIN: Final = 6.0
"""Decibels above the loudest echo that two frames need."""
FAINT: Final = 3.0
"""And one, where what is left of the echo may be a voice."""
LIKELY: Final = 0.3
"""Probability of a voice from which on it may; of mere echo hardly a frame has it."""

_SHARE: Final = 0.25  # of the stretches that are no louder; in many of the others somebody spoke
_SOUNDING: Final = -50.0  # dBFS of what is played
_RECENT: Final = 3  # frames


class DoubleTalk:
    """One channel of the microphone, frame by frame."""

    def __init__(self) -> None:
        self._played: deque[float] = deque(maxlen=frames_of(REACH))
        self._stretch: list[float] = []
        self._echoes = RollingLevels(MEMORY)
        self._excess: deque[float] = deque(maxlen=_RECENT)

    def feed(self, heard: float, played: float, probability: float) -> bool:
        """Take the next frame.

        Args:
            heard: level of the microphone in dBFS, echo included.
            played: level of what went to the loudspeaker at the same time.
            probability: that what is left without the echo is a voice.

        Returns:
            Whether it is too loud for an echo. Never, where nothing is played or little of it was
            heard yet.
        """
        self._played.append(played)
        loudest = max(self._played)
        if loudest < _SOUNDING:
            self._excess.clear()
            return False
        ratio = heard - loudest
        echo = self._echoes.quantile(_SHARE)
        self._learn(ratio)
        if echo is None or len(self._echoes) < LEARNT:
            return False
        self._excess.append(ratio - echo)
        if probability >= LIKELY:
            return max(self._excess) > FAINT
        *_, before, now = (-math.inf, *self._excess)
        return min(before, now) > MARGIN

    def _learn(self, ratio: float) -> None:
        self._stretch.append(ratio)
        if len(self._stretch) >= frames_of(STRETCH):
            self._echoes.add(max(self._stretch))
            self._stretch.clear()
