"""What the doors skill can do: doors, locks, trunk and front trunk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from skills.api import Area, Context, Implied, Result, function
from skills.zones import Acted, act, door, present
from vehicle_bus.seats import Seat


class Lid(StrEnum):
    """A lid of the car's body."""

    TRUNK = "trunk"
    FRONT_TRUNK = "front_trunk"
    HOOD = "hood"

    @property
    def path(self) -> str:
        """Its opening signal."""
        return {
            "trunk": "Vehicle.Body.Trunk.Rear.IsOpen",
            "front_trunk": "Vehicle.Body.Trunk.Front.IsOpen",
            "hood": "Vehicle.Body.Hood.IsOpen",
        }[self.value]


class DoorTopic(StrEnum):
    """What a question about the doors is about."""

    OPEN = "open"
    LOCKED = "locked"
    CHILD_LOCK = "child_lock"

    @property
    def leaf(self) -> str:
        """Leaf of the doors' signals."""
        return {"open": "IsOpen", "locked": "IsLocked", "child_lock": "IsChildLockActive"}[
            self.value
        ]


OwnDoor = Annotated[
    Area | None,
    Field(description="Which doors; the speaker's own where none is named."),
    Implied(Area.MINE),
]
AllDoors = Annotated[
    Area | None, Field(description="Which doors; all where none is named."), Implied(Area.ALL)
]
WhichLid = Annotated[Lid, Field(description="Trunk, front trunk or hood.")]


@dataclass(frozen=True)
class DoorState(Result):
    """The doors' answer to ``topic``, by seat."""

    topic: DoorTopic
    speaker: Seat
    doors: dict[Seat, bool]


@dataclass(frozen=True)
class LidState(Result):
    """Whether a lid is open."""

    lid: Lid
    is_open: bool


@function()
async def lock(ctx: Context, where: AllDoors = None) -> Acted:
    """Lock the doors."""
    paths = present(ctx, [door(seat, "IsLocked") for seat in ctx.seats(where, Area.ALL)])
    return await act(ctx, dict.fromkeys(paths, True))


@function()
async def unlock(ctx: Context, where: AllDoors = None) -> Acted:
    """Unlock the doors."""
    paths = present(ctx, [door(seat, "IsLocked") for seat in ctx.seats(where, Area.ALL)])
    return await act(ctx, dict.fromkeys(paths, False))


@function()
async def open_door(ctx: Context, where: OwnDoor = None) -> Acted:
    """Open a door."""
    paths = present(ctx, [door(seat, "IsOpen") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, True))


@function()
async def close_door(ctx: Context, where: OwnDoor = None) -> Acted:
    """Close a door."""
    paths = present(ctx, [door(seat, "IsOpen") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, False))


@function()
async def open_trunk(ctx: Context, which: WhichLid = Lid.TRUNK) -> Acted:
    """Open the trunk, the front trunk or the hood."""
    return await act(ctx, dict.fromkeys(present(ctx, [which.path]), True))


@function()
async def close_trunk(ctx: Context, which: WhichLid = Lid.TRUNK) -> Acted:
    """Close the trunk, the front trunk or the hood."""
    return await act(ctx, dict.fromkeys(present(ctx, [which.path]), False))


@function(question=True)
async def door_state(
    ctx: Context,
    topic: Annotated[
        DoorTopic, Field(description="Whether doors are open, locked or child-locked.")
    ] = DoorTopic.OPEN,
    where: AllDoors = None,
) -> DoorState:
    """Tell whether doors are open, locked or secured by the child lock."""
    seats = {door(seat, topic.leaf): seat for seat in ctx.seats(where, Area.ALL)}
    doors = {seats[path]: ctx.vehicle.read(path) is True for path in present(ctx, seats)}
    return DoorState(topic, ctx.seat, doors)


@function(question=True)
async def trunk_state(ctx: Context, which: WhichLid = Lid.TRUNK) -> LidState:
    """Tell whether the trunk, the front trunk or the hood is open."""
    return LidState(which, ctx.vehicle.read(which.path) is True)


FUNCTIONS = (
    lock,
    unlock,
    open_door,
    close_door,
    open_trunk,
    close_trunk,
    door_state,
    trunk_state,
)
