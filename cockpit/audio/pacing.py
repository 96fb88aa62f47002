"""The pace of real sound, for whatever has no clock of its own: files, pipes, silence."""

from __future__ import annotations

import asyncio
import math


class Pace:
    """Waits until so much sound would have passed.

    Every wait ends at a moment counted from the beginning, so that waits which end late do not
    add up. The clock is the event loop's: virtual in tests.
    """

    def __init__(self, factor: float = 1.0, *, slack: float = math.inf) -> None:
        """Begins now.

        Args:
            factor: 1 is real time, 2 twice as fast; 0 does not wait at all.
            slack: seconds. Who is later than this does not hurry to catch up: the beginning
                is moved instead.

        Raises:
            ValueError: the factor is negative or not a number.
        """
        if not factor >= 0:
            raise ValueError("a pace is 0 or more")
        self._factor = factor
        self._slack = slack
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    @property
    def passed(self) -> float:
        """Seconds of sound that have passed since the beginning; 0 where nothing is waited for."""
        return (self._loop.time() - self._began) * self._factor

    async def until(self, seconds: float) -> None:
        """Wait until this many seconds of sound have passed since the beginning.

        Others always get their turn, even where there is nothing to wait for.
        """
        late = 0.0
        if self._factor:
            late = self._loop.time() - (self._began + seconds / self._factor)
        await asyncio.sleep(max(0.0, -late))
        if late > self._slack:
            self._began += late
