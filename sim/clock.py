"""Time of the simulated vehicle: one clock for every ECU, real, sped up or virtual."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class VehicleClock(Protocol):
    """Seconds as the simulated vehicle lives them."""

    @property
    def scale(self) -> float:
        """Vehicle seconds in one second on the wall."""

    def now(self) -> float:
        """Vehicle seconds since some fixed moment."""

    async def sleep(self, seconds: float) -> None:
        """Wait so many vehicle seconds."""


class ScaledClock:
    """The wall clock, ``scale`` times as fast."""

    def __init__(self, scale: float = 1.0) -> None:
        if scale <= 0:
            raise ValueError("scale must be positive")
        self._scale = scale
        self._since = 0.0  # on the wall, when the scale was set
        self._before = 0.0  # vehicle seconds until then

    @property
    def scale(self) -> float:
        """Vehicle seconds in one second on the wall."""
        return self._scale

    def run_at(self, scale: float) -> None:
        """Go on at another pace; who sleeps already wakes as it would have.

        Raises:
            ValueError: not positive.
        """
        if scale <= 0:
            raise ValueError("scale must be positive")
        self._before, self._since = self.now(), time.monotonic()
        self._scale = scale

    def now(self) -> float:
        """Vehicle seconds since some fixed moment."""
        return self._before + (time.monotonic() - self._since) * self._scale

    async def sleep(self, seconds: float) -> None:
        """Wait so many vehicle seconds."""
        await asyncio.sleep(seconds / self._scale)


class VirtualClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def scale(self) -> float:
        """Virtual time has no relation to the wall; 1."""
        return 1.0

    def now(self) -> float:
        """Vehicle seconds since the clock was made."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until ``advance`` has moved the clock so far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    def sleeping(self, within: float) -> bool:
        """True where somebody wakes within so many seconds."""
        return any(due <= self._now + within for due, _, _ in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Move the clock, waking sleepers in order and letting each run before the next."""
        end = self._now + seconds
        await _let_run()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not future.done():
                future.set_result(None)
            await _let_run()
        self._now = end


async def _let_run() -> None:
    # A woken coroutine may need several steps before it sleeps again.
    for _ in range(10):
        await asyncio.sleep(0)
