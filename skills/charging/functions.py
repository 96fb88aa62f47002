"""What the charging skill can do: charge limit, start and stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from skills.api import Context, Result, function
from skills.zones import Acted, act, clamp, stepped

_BATTERY = "Vehicle.Powertrain.TractionBattery"
_CHARGING = f"{_BATTERY}.Charging"
LIMIT = f"{_CHARGING}.ChargeLimit"
START_STOP = f"{_CHARGING}.StartStopCharging"
CABLE = f"{_CHARGING}.ChargingPort.AnyPosition.IsChargingCableConnected"
LOWEST = 20
"""Lowest charge limit in percent that makes sense to ask for."""


@dataclass(frozen=True)
class ChargingState(Result):
    """How charging stands; None for what this vehicle does not tell.

    Attributes:
        charging: energy is flowing in.
        cable: a cable is plugged in.
        level: state of charge in percent.
        limit: charge limit in percent.
        seconds_left: until the limit is reached.
        kilowatts: charging power.
    """

    charging: bool
    cable: bool | None
    level: float
    limit: float | None
    seconds_left: float | None
    kilowatts: float | None


@function()
async def set_limit(
    ctx: Context,
    percent: Annotated[
        int, Field(description="State of charge to stop at, in percent.", ge=LOWEST, le=100)
    ],
) -> Acted:
    """Set how far the battery is charged."""
    return await act(ctx, {LIMIT: percent})


@function()
async def change_limit(
    ctx: Context,
    by: Annotated[int, Field(description="Percent; negative for lower.", ge=-80, le=80)],
) -> Acted:
    """Raise or lower the charge limit."""
    return await act(ctx, stepped(ctx, [LIMIT], lambda now: int(clamp(now + by, LOWEST, 100))))


@function()
async def start(ctx: Context) -> Acted:
    """Start charging."""
    return await act(ctx, {START_STOP: "START"})


@function()
async def stop(ctx: Context) -> Acted:
    """Stop charging."""
    return await act(ctx, {START_STOP: "STOP"})


@function(question=True)
async def charging_state(ctx: Context) -> ChargingState:
    """Tell whether the car is charging, how far, and how long it takes."""

    def maybe(path: str) -> float | None:
        return ctx.vehicle.number(path) if ctx.vehicle.has(path) else None

    return ChargingState(
        charging=ctx.vehicle.read(f"{_CHARGING}.IsCharging") is True,
        cable=ctx.vehicle.read(CABLE) is True if ctx.vehicle.has(CABLE) else None,
        level=ctx.vehicle.number(f"{_BATTERY}.StateOfCharge.Current"),
        limit=maybe(LIMIT),
        seconds_left=maybe(f"{_CHARGING}.TimeToComplete"),
        kilowatts=maybe(f"{_CHARGING}.AveragePower"),
    )


FUNCTIONS = (set_limit, change_limit, start, stop, charging_state)
