"""Counting in frames, and what is quiet among the last of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from cockpit.audio.streams import FRAME_SECONDS


def frames_of(seconds: float) -> int:
    """How many frames that is, at least one."""
    return max(1, round(seconds / FRAME_SECONDS))


class RollingLevels:
    """The levels of the last frames, and what share of them is quieter than what.

    Args:
        size: how many frames are remembered, at least one.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._order)

    def add(self, level: float) -> None:
        """Take the next frame's level, in dBFS."""
        self._order.append(level)
        insort(self._sorted, level)
        if len(self._order) > self._size:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]

    def quantile(self, share: float) -> float | None:
        """The level that this share (0 to 1) of the frames is below; none without frames."""
        if not self._sorted:
            return None
        return self._sorted[int(share * (len(self._sorted) - 1))]
