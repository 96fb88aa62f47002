"""From seats and levels to signals: what the functions of the vehicle skills share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skills.api import Context, Value, VehicleResult
from vehicle_bus.errors import BusError, SignalAbsent
from vehicle_bus.seats import Seat

FAN_STEP = 20
"""Percent of fan speed in one of the five levels (DESIGN §3)."""

FAN_LEVELS = tuple(level * FAN_STEP for level in range(6))
SEAT_LEVELS = (0, 33, 67, 100)
"""Percent of heating, cooling and massage levels 0 to 3; cooling is negative (DESIGN §3)."""


@dataclass(frozen=True)
class Acted(VehicleResult):
    """Signals were written.

    Attributes:
        speaker: seat that the reply is worded for ("your window").
    """

    speaker: Seat


async def act(ctx: Context, writes: Mapping[str, Value]) -> Acted:
    """Write signals and return what became of them."""
    return Acted(await ctx.vehicle.apply(writes), speaker=ctx.seat)


def door(seat: Seat, leaf: str) -> str:
    """Signal of a seat's door or window."""
    return f"Vehicle.Cabin.Door.{seat.position}.{leaf}"


def station(seat: Seat, leaf: str) -> str:
    """Signal of a seat's climate station."""
    return f"{seat.station}.{leaf}"


def cushion(seat: Seat, leaf: str) -> str:
    """Signal of a seat itself."""
    return f"Vehicle.Cabin.Seat.{seat.position}.{leaf}"


def present(ctx: Context, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of a group of signals that this vehicle has.

    A signal whose ECU is offline stays in: writing it fails aloud, leaving it out would not.

    Raises:
        SignalAbsent: the vehicle has none of them.
    """
    found: list[str] = []
    absent: SignalAbsent | None = None
    for path in paths:
        try:
            ctx.vehicle.read(path)
        except SignalAbsent as error:
            absent = absent or error
            continue
        except BusError:
            pass
        found.append(path)
    if not found and absent is not None:
        raise absent
    return tuple(found)


def stepped(ctx: Context, paths: Iterable[str], step: Callable[[float], Value]) -> dict[str, Value]:
    """Writes that move every present signal from its own current value.

    Raises:
        SignalAbsent, SignalStale, BusUnreachable: a value to start from is not known.
    """
    return {path: step(ctx.vehicle.number(path)) for path in present(ctx, paths)}


def moved_level(percent: float, by: int, levels: Sequence[int] = SEAT_LEVELS) -> int:
    """The percentage of the level ``by`` levels above the one nearest to ``percent``."""
    nearest = min(range(len(levels)), key=lambda index: abs(levels[index] - percent))
    return levels[max(0, min(len(levels) - 1, nearest + by))]


def clamp(value: float, low: float, high: float) -> float:
    """``value`` brought between ``low`` and ``high``."""
    return max(low, min(high, value))
