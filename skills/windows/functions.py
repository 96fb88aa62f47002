"""What the windows skill can do: side windows, sunroof and sunshade."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from skills.api import Area, Context, Implied, Result, Unit, function
from skills.zones import Acted, act, clamp, door, present, stepped
from vehicle_bus.seats import Seat

SUNROOF = "Vehicle.Cabin.Sunroof.Position"
SUNSHADE = "Vehicle.Cabin.Sunroof.Shade.Position"


class RoofPart(StrEnum):
    """What is above the passengers' heads."""

    SUNROOF = "sunroof"
    SUNSHADE = "sunshade"

    @property
    def path(self) -> str:
        """Its position signal."""
        return SUNROOF if self is RoofPart.SUNROOF else SUNSHADE


Position = Annotated[
    int,
    Field(description="Opening in percent: 0 is closed, 100 is fully open.", ge=0, le=100),
    Unit("percent"),
]
Shift = Annotated[
    int,
    Field(description="Percent; positive opens, negative closes.", ge=-100, le=100),
    Unit("percent"),
]
Windows = Annotated[
    Area | None,
    Field(description="Which windows; the speaker's own where none is named."),
    Implied(Area.MINE),
]


@dataclass(frozen=True)
class WindowState(Result):
    """How far windows are open, in percent by seat."""

    speaker: Seat
    positions: dict[Seat, float]


@dataclass(frozen=True)
class RoofState(Result):
    """How far sunroof and sunshade are open, in percent."""

    positions: dict[RoofPart, float]


@function()
async def set_window(ctx: Context, position: Position, where: Windows = None) -> Acted:
    """Open or close windows to a position."""
    paths = present(ctx, [door(seat, "Window.Position") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, position))


@function()
async def close_everything(ctx: Context) -> Acted:
    """Close all windows and the sunroof."""
    windows = [door(seat, "Window.Position") for seat in ctx.seats(Area.ALL)]
    return await act(ctx, dict.fromkeys(present(ctx, [*windows, SUNROOF]), 0))


@function()
async def change_window(ctx: Context, by: Shift, where: Windows = None) -> Acted:
    """Open or close windows a bit further than they are."""
    paths = [door(seat, "Window.Position") for seat in ctx.seats(where)]
    return await act(ctx, stepped(ctx, paths, lambda now: int(clamp(now + by, 0, 100))))


@function()
async def set_sunroof(ctx: Context, position: Position) -> Acted:
    """Open or close the sunroof to a position."""
    return await act(ctx, {SUNROOF: position})


@function()
async def change_sunroof(ctx: Context, by: Shift) -> Acted:
    """Open or close the sunroof a bit further than it is."""
    return await act(ctx, stepped(ctx, [SUNROOF], lambda now: int(clamp(now + by, 0, 100))))


@function()
async def set_sunshade(ctx: Context, position: Position) -> Acted:
    """Open or close the sunshade below the sunroof to a position."""
    return await act(ctx, {SUNSHADE: position})


@function()
async def change_sunshade(ctx: Context, by: Shift) -> Acted:
    """Open or close the sunshade a bit further than it is."""
    return await act(ctx, stepped(ctx, [SUNSHADE], lambda now: int(clamp(now + by, 0, 100))))


@function()
async def match_sunshade(ctx: Context) -> Acted:
    """Bring the sunshade to the sunroof's position."""
    return await act(ctx, {SUNSHADE: int(ctx.vehicle.number(SUNROOF))})


@function(question=True)
async def window_state(
    ctx: Context,
    where: Annotated[
        Area | None, Field(description="Which windows; all where none is named."), Implied(Area.ALL)
    ] = None,
) -> WindowState:
    """Tell which windows are open and how far."""
    seats = {door(seat, "Window.Position"): seat for seat in ctx.seats(where, Area.ALL)}
    return WindowState(
        ctx.seat, {seats[path]: ctx.vehicle.number(path) for path in present(ctx, seats)}
    )


@function(question=True)
async def roof_state(
    ctx: Context,
    part: Annotated[
        RoofPart | None, Field(description="Sunroof or sunshade; both where none is named.")
    ] = None,
) -> RoofState:
    """Tell how far the sunroof and the sunshade are open."""
    parts = {one.path: one for one in ((part,) if part else tuple(RoofPart))}
    return RoofState({parts[path]: ctx.vehicle.number(path) for path in present(ctx, parts)})


FUNCTIONS = (
    set_window,
    close_everything,
    change_window,
    set_sunroof,
    change_sunroof,
    set_sunshade,
    change_sunshade,
    match_sunshade,
    window_state,
    roof_state,
)
