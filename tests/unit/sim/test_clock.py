"""The vehicle's clock at a pace that changes."""

from __future__ import annotations

import pytest

from sim import clock
from sim.clock import ScaledClock


class Wall:
    """Stands in for ``time``."""

    def __init__(self) -> None:
        self.now = 500.0

    def monotonic(self) -> float:
        return self.now


def test_scaled_clock_keeps_its_time_when_the_pace_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall()
    monkeypatch.setattr(clock, "time", wall)
    scaled = ScaledClock(2.0)
    before = scaled.now()
    wall.now += 3
    assert scaled.now() - before == pytest.approx(6)
    scaled.run_at(10.0)
    assert scaled.now() - before == pytest.approx(6)
    wall.now += 1
    assert scaled.now() - before == pytest.approx(16)
    assert scaled.scale == 10.0


def test_scaled_clock_refuses_to_stand_still() -> None:
    scaled = ScaledClock()
    with pytest.raises(ValueError, match="positive"):
        scaled.run_at(0)
