"""What the wipers skill can do: wipers, mirrors and the horn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from skills.api import Context, Result, Status, Value, VehicleResult, function
from skills.zones import Acted, act, clamp, present, stepped

FRONT_WIPERS = "Vehicle.Body.Windshield.Front.Wiping.Mode"
REAR_WIPER = "Vehicle.Body.Windshield.Rear.Wiping.Mode"
HORN = "Vehicle.Body.Horn.IsActive"
HONK_SECONDS = 0.4
MIRROR_STEP = 10
"""Percent of a mirror's travel in one step."""


class Wiping(StrEnum):
    """How the wipers work."""

    OFF = "off"
    INTERVAL = "interval"
    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"
    AUTOMATIC = "automatic"

    @property
    def value_on_bus(self) -> str:
        """The VSS mode."""
        return "RAIN_SENSOR" if self is Wiping.AUTOMATIC else self.value.upper()


_SPEEDS = ("OFF", "INTERVAL", "SLOW", "MEDIUM", "FAST")


class Glass(StrEnum):
    """Which window is wiped."""

    FRONT = "front"
    REAR = "rear"

    @property
    def path(self) -> str:
        """The mode's signal."""
        return FRONT_WIPERS if self is Glass.FRONT else REAR_WIPER


class Mirror(StrEnum):
    """An outside mirror of a left-hand-drive car."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"

    def paths(self, leaf: str) -> tuple[str, ...]:
        """Signals of the mirror or mirrors."""
        sides = {"left": ("DriverSide",), "right": ("PassengerSide",)}.get(
            self.value, ("DriverSide", "PassengerSide")
        )
        return tuple(f"Vehicle.Body.Mirrors.{side}.{leaf}" for side in sides)


class Tilt(StrEnum):
    """Which way a mirror's glass turns."""

    UP = "up"
    DOWN = "down"
    IN = "in"
    OUT = "out"


Which = Annotated[Glass, Field(description="Windscreen or rear window.")]
WhichMirror = Annotated[Mirror, Field(description="Left, right or both mirrors.")]


@dataclass(frozen=True)
class Honked(VehicleResult):
    """The horn sounded, or did not."""


@dataclass(frozen=True)
class WiperState(Result):
    """A wiper's VSS mode."""

    glass: Glass
    mode: str


@dataclass(frozen=True)
class MirrorState(Result):
    """Whether the mirrors are folded and heated, by side ``left`` and ``right``."""

    folded: dict[str, bool]
    heated: dict[str, bool]


@function()
async def set_wipers(
    ctx: Context,
    mode: Annotated[Wiping, Field(description="How they shall wipe; automatic is by rain sensor.")],
    which: Which = Glass.FRONT,
) -> Acted:
    """Set the wipers to a mode."""
    return await act(ctx, {which.path: mode.value_on_bus})


@function()
async def change_wipers(
    ctx: Context,
    by: Annotated[int, Field(description="Speeds; negative for slower.", ge=-4, le=4)],
    which: Which = Glass.FRONT,
) -> Acted:
    """Make the wipers faster or slower."""
    mode = str(ctx.vehicle.read(which.path))
    # Automatic wiping lies nowhere on the scale; medium is where a correction starts from.
    start = _SPEEDS.index(mode) if mode in _SPEEDS else _SPEEDS.index("MEDIUM")
    index = int(clamp(start + by, 0, len(_SPEEDS) - 1))
    return await act(ctx, {which.path: _SPEEDS[index]})


@function()
async def fold_mirrors(ctx: Context, which: WhichMirror = Mirror.BOTH) -> Acted:
    """Fold the outside mirrors in."""
    return await act(ctx, dict.fromkeys(present(ctx, which.paths("IsFolded")), True))


@function()
async def unfold_mirrors(ctx: Context, which: WhichMirror = Mirror.BOTH) -> Acted:
    """Fold the outside mirrors out."""
    return await act(ctx, dict.fromkeys(present(ctx, which.paths("IsFolded")), False))


@function()
async def set_mirror_heating(
    ctx: Context,
    on: Annotated[bool, Field(description="True to switch it on, false to switch it off.")],
    which: WhichMirror = Mirror.BOTH,
) -> Acted:
    """Switch the heating of the outside mirrors on or off."""
    return await act(ctx, dict.fromkeys(present(ctx, which.paths("IsHeatingOn")), on))


@function()
async def adjust_mirror(
    ctx: Context,
    direction: Annotated[Tilt, Field(description="Which way the glass turns.")],
    which: WhichMirror,
    steps: Annotated[int, Field(description="How many small steps.", ge=1, le=10)] = 1,
) -> Acted:
    """Turn the glass of an outside mirror up, down, in or out."""
    leaf = "Tilt" if direction in (Tilt.UP, Tilt.DOWN) else "Yaw"
    sign = 1 if direction in (Tilt.UP, Tilt.OUT) else -1
    shift = sign * steps * MIRROR_STEP
    writes = stepped(ctx, which.paths(leaf), lambda now: int(clamp(now + shift, -100, 100)))
    return await act(ctx, writes)


@function()
async def honk(ctx: Context) -> Honked:
    """Sound the horn briefly."""
    on: dict[str, Value] = {HORN: True}
    changes = await ctx.vehicle.apply(on)
    if all(change.status is Status.REJECTED for change in changes):
        return Honked(changes)
    # Switched off even where switching on looked like a failure: a stuck horn is worse.
    try:
        await asyncio.sleep(HONK_SECONDS)
    finally:
        await ctx.vehicle.apply({HORN: False})
    return Honked(changes)


@function(question=True)
async def wiper_state(ctx: Context, which: Which = Glass.FRONT) -> WiperState:
    """Tell what the wipers do."""
    return WiperState(which, str(ctx.vehicle.read(which.path)))


@function(question=True)
async def mirror_state(ctx: Context) -> MirrorState:
    """Tell whether the outside mirrors are folded and heated."""

    def both(leaf: str) -> dict[str, bool]:
        sides = (Mirror.LEFT, Mirror.RIGHT)
        return {one.value: ctx.vehicle.read(one.paths(leaf)[0]) is True for one in sides}

    return MirrorState(both("IsFolded"), both("IsHeatingOn"))


FUNCTIONS = (
    set_wipers,
    change_wipers,
    fold_mirrors,
    unfold_mirrors,
    set_mirror_heating,
    adjust_mirror,
    honk,
    wiper_state,
    mirror_state,
)
