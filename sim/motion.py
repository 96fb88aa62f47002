"""Things that take time to move: windows, roof, shades, trunk."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

FULL = 100.0
JAM_AFTER = 0.4  # share of the way after which a jammed thing stops


@dataclass(frozen=True, slots=True)
class Motion:
    """A position on its way.

    Attributes:
        position: where it is, percent.
        target: where it is going, percent.
        rate: percent a second.
        stop: where something blocks it, percent; None where nothing does.
    """

    position: float
    target: float
    rate: float
    stop: float | None = None

    @classmethod
    def towards(cls, position: float, target: float, travel: float, *, jammed: bool) -> Motion:
        """A motion whose full way of 100 percent takes ``travel`` seconds."""
        stop = position + (target - position) * JAM_AFTER if jammed else None
        return cls(position, target, FULL / travel, stop)

    @property
    def end(self) -> float:
        """Where it will come to rest."""
        return self.target if self.stop is None else self.stop

    @property
    def finished(self) -> bool:
        """True once it is at rest."""
        return self.position == self.end

    @property
    def blocked(self) -> bool:
        """True once it is at rest short of its target."""
        return self.finished and self.end != self.target

    @property
    def remaining(self) -> float:
        """Seconds until it is at rest."""
        return abs(self.end - self.position) / self.rate

    def step(self, dt: float) -> Motion:
        """The motion ``dt`` seconds later."""
        if dt >= self.remaining:
            return replace(self, position=self.end)
        way = math.copysign(self.rate * dt, self.end - self.position)
        return replace(self, position=self.position + way)
