"""Traction battery: what driving takes out of it and what a charger puts in."""

from __future__ import annotations

from dataclasses import dataclass

CAPACITY = 64_000.0  # Wh, usable
METRES_PER_PERCENT = 4_000.0  # range at the rated 160 Wh/km
ROLLING = 100.0  # Wh/km, tyres and auxiliaries
AERO = 0.0122  # Wh/km for each (km/h)²
CHARGER = 11_000.0  # W, three-phase AC
CHARGER_EFFICIENCY = 0.92


def driving_power(speed: float) -> float:
    """Electrical power at a steady speed in km/h, W."""
    return speed * (ROLLING + AERO * speed * speed)


def range_left(soc: float) -> float:
    """Range in m for a state of charge in percent."""
    return soc * METRES_PER_PERCENT


@dataclass(frozen=True, slots=True)
class Battery:
    """State of charge in percent."""

    soc: float

    def used(self, power: float, dt: float) -> Battery:
        """After drawing ``power`` W for ``dt`` s; never below empty."""
        return Battery(max(0.0, self.soc - 100 * power * dt / 3600 / CAPACITY))

    def charged(self, limit: float, dt: float) -> Battery:
        """After ``dt`` s at the charger, at most to ``limit`` percent; never discharges."""
        gained = 100 * CHARGER * CHARGER_EFFICIENCY * dt / 3600 / CAPACITY
        return Battery(max(self.soc, min(limit, self.soc + gained)))

    def time_to(self, limit: float) -> float:
        """Seconds of charging until ``limit`` percent."""
        missing = max(0.0, limit - self.soc)
        return missing / 100 * CAPACITY / (CHARGER * CHARGER_EFFICIENCY) * 3600
