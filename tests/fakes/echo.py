"""An echo canceller that has learnt one distance, and is right or wrong about it."""

from __future__ import annotations

import numpy as np

from cockpit.speech.audio import Samples


class Subtracting:
    """Takes ``gain`` times what was played ``delay`` samples ago from what is heard.

    As late as AEC3: what it returns is what was heard 128 samples ago.
    """

    def __init__(self, delay: int, gain: float) -> None:
        self.blocks = 0
        self._gain = gain
        self._played = np.zeros(delay, np.float32)
        self._late = np.zeros(128, np.float32)

    def process(self, near: Samples, far: Samples) -> Samples:
        self.blocks += 1
        self._played = np.concatenate([self._played, far])
        echo, self._played = self._played[: len(near)], self._played[len(near) :]
        self._late = np.concatenate([self._late, near - self._gain * echo])
        done, self._late = self._late[: len(near)], self._late[len(near) :]
        return np.asarray(done, np.float32)
