"""How warm the cabin is: a lumped model with two heat capacities.

The air (with what follows it at once) and the mass of the interior exchange heat; the air
loses heat through the envelope and through open windows, and the climate unit blows in air of
another temperature. Each step solves the linear balance exactly, so any step length is stable.
Figures are those of a mid-size car in the literature on cabin models (envelope 40 to 60 W/K,
blower at most about 0.12 kg/s).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

AIR_CAPACITY = 45_000.0  # J/K, air and trim surfaces
MASS_CAPACITY = 220_000.0  # J/K, seats, dashboard, glass
AIR_TO_MASS = 90.0  # W/K
ENVELOPE = 45.0  # W/K, at rest
ENVELOPE_PER_KMH = 0.15  # W/K for each km/h
OPENING = 60.0  # W/K, everything wide open, at rest
OPENING_PER_KMH = 4.0  # W/K for each km/h, everything wide open
BLOWER = 120.0  # W/K, all blowers at full speed
HOTTEST_VENT = 55.0  # °C
COLDEST_VENT = 4.0  # °C, at the evaporator
GAIN = 6.0  # °C of vent temperature for each °C the cabin is off
LONGEST_STEP = 5.0  # s, between two looks of the controller


@dataclass(frozen=True, slots=True)
class Demand:
    """What the climate unit is asked for and what the cabin is exposed to.

    Attributes:
        setpoint: wanted temperature, °C; None where every blower is off.
        fan: share of the full blower flow, 0 to 1.
        cooling: the compressor runs (air conditioning or front defroster).
        recirculation: air is taken from the cabin, not from outside.
        openness: share of all windows and the roof that is open, 0 to 1.
        outside: °C.
        speed: km/h.
    """

    setpoint: float | None
    fan: float
    cooling: bool
    recirculation: bool
    openness: float
    outside: float
    speed: float = 0.0


@dataclass(frozen=True, slots=True)
class Cabin:
    """Temperatures of the two capacities, °C."""

    air: float
    mass: float

    @classmethod
    def at(cls, temperature: float) -> Cabin:
        """A cabin that has had this temperature for long."""
        return cls(temperature, temperature)


def vent_temperature(cabin: Cabin, demand: Demand) -> float:
    """Temperature of the blown air, °C: as the controller wants it, within what is possible.

    Without the compressor nothing gets colder than the air taken in.
    """
    intake = cabin.air if demand.recirculation else demand.outside
    if demand.setpoint is None or demand.fan <= 0:
        return intake
    # What the envelope loses at the setpoint is made up for, so that no error remains.
    held = ENVELOPE * (demand.setpoint - demand.outside) / (BLOWER * demand.fan)
    wanted = demand.setpoint + held + GAIN * (demand.setpoint - cabin.air)
    coldest = COLDEST_VENT if demand.cooling else intake
    return min(max(wanted, min(coldest, HOTTEST_VENT)), HOTTEST_VENT)


def step(cabin: Cabin, demand: Demand, dt: float) -> Cabin:
    """The cabin ``dt`` seconds later."""
    count = max(1, math.ceil(dt / LONGEST_STEP))
    for _ in range(count):
        cabin = _step(cabin, demand, dt / count)
    return cabin


def _step(cabin: Cabin, demand: Demand, dt: float) -> Cabin:
    blown = BLOWER * demand.fan
    loss = (
        ENVELOPE
        + ENVELOPE_PER_KMH * demand.speed
        + demand.openness * (OPENING + OPENING_PER_KMH * demand.speed)
    )
    total = blown + loss + AIR_TO_MASS
    balance = (
        blown * vent_temperature(cabin, demand) + loss * demand.outside + AIR_TO_MASS * cabin.mass
    ) / total
    air = balance + (cabin.air - balance) * math.exp(-total * dt / AIR_CAPACITY)
    mass = air + (cabin.mass - air) * math.exp(-AIR_TO_MASS * dt / MASS_CAPACITY)
    return replace(cabin, air=air, mass=mass)


def hvac_power(cabin: Cabin, demand: Demand) -> float:
    """Electrical power of the climate unit, W: blower, and a heat pump of 2.5 for the rest."""
    if demand.fan <= 0:
        return 0.0
    intake = cabin.air if demand.recirculation else demand.outside
    heat = abs(vent_temperature(cabin, demand) - intake) * BLOWER * demand.fan
    return 250.0 * demand.fan**2 + heat / 2.5
