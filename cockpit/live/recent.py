"""The last half minute of every channel, to cut utterances out of."""

from __future__ import annotations

from collections import deque

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS
from cockpit.live.ears import Heard
from cockpit.speech.audio import Audio, Samples, rms


class Recent:
    """A bounded memory of frames.

    Args:
        seconds: how far it goes back.
    """

    def __init__(self, seconds: float) -> None:
        self._frames: deque[Heard] = deque(maxlen=round(seconds / FRAME_SECONDS))

    def add(self, heard: Heard) -> None:
        """The next frame; the oldest is forgotten."""
        self._frames.append(heard)

    def cut(self, channel: int, since: float, until: float) -> Audio:
        """One channel between two times in seconds of the source."""
        parts = [
            frame.samples[channel]
            for frame in self._frames
            if since < frame.at and frame.at - FRAME_SECONDS < until
        ]
        return Audio.join([Audio(part) for part in parts])

    def quietest(self, channel: int, since: float, until: float) -> float:
        """When the quietest frame between two times ended: the likeliest gap between two words."""
        later = [frame for frame in self._frames if since < frame.at <= until]
        if not later:
            return since

        def loudness(frame: Heard) -> float:
            samples: Samples = np.ascontiguousarray(frame.samples[channel])
            return rms(samples)

        return min(later, key=loudness).at
