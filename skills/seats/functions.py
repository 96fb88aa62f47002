"""What the seats skill can do: heating, cooling, massage, position, the steering wheel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from skills.api import Area, Context, Implied, Result, SkillError, Value, function
from skills.zones import SEAT_LEVELS, Acted, act, clamp, cushion, moved_level, present, stepped
from vehicle_bus.seats import Seat

WHEEL = "Vehicle.Chassis.SteeringWheel.HeatingCooling"

_SIGNED_LEVELS = (*(-level for level in reversed(SEAT_LEVELS[1:])), *SEAT_LEVELS)


class Direction(StrEnum):
    """How a seat moves."""

    FORWARD = "forward"
    BACKWARD = "backward"
    UP = "up"
    DOWN = "down"
    RECLINE = "recline"
    UPRIGHT = "upright"


# direction: (leaf, change of one step, lower and upper limit). VSS counts the position in mm
# from the front, the height in mm from the bottom and the backrest in degrees from upright.
_MOVES: dict[Direction, tuple[str, int, float, float]] = {
    Direction.FORWARD: ("Position", -20, 0, 1000),
    Direction.BACKWARD: ("Position", 20, 0, 1000),
    Direction.UP: ("Height", 10, 0, 500),
    Direction.DOWN: ("Height", -10, 0, 500),
    Direction.RECLINE: ("Backrest.Recline", 5, -10, 90),
    Direction.UPRIGHT: ("Backrest.Recline", -5, -10, 90),
}


class SeatTopic(StrEnum):
    """What a question about a seat is about."""

    CLIMATE = "climate"
    MASSAGE = "massage"
    WHEEL = "wheel"


OwnSeat = Annotated[
    Area | None,
    Field(description="Whose seat; the speaker's own where none is named."),
    Implied(Area.MINE),
]
Level = Annotated[int, Field(description="Level; 0 is off, 3 the strongest.", ge=0, le=3)]
Levels = Annotated[int, Field(description="Levels; negative for less.", ge=-3, le=3)]


@dataclass(frozen=True)
class SeatState(Result):
    """Heating (positive), cooling (negative) or massage in percent by seat, or the wheel's.

    Attributes:
        wheel: steering wheel heating in percent; None where it was not asked about.
    """

    topic: SeatTopic
    speaker: Seat
    seats: dict[Seat, float]
    wheel: float | None = None


@dataclass(frozen=True)
class SeatMoved(Acted):
    """A seat was moved in a direction."""

    direction: Direction


@function()
async def set_heating(ctx: Context, level: Level = 2, where: OwnSeat = None) -> Acted:
    """Set the seat heating to a level; level 2 where none is named."""
    return await _set_seat_climate(ctx, SEAT_LEVELS[level], where)


@function()
async def change_heating(ctx: Context, by: Levels, where: OwnSeat = None) -> Acted:
    """Turn the seat heating up or down by some levels."""
    paths = [cushion(seat, "HeatingCooling") for seat in ctx.seats(where)]

    # More heat for a seat that is being cooled means less cooling first.
    def step(now: float) -> Value:
        moved = moved_level(now, by, _SIGNED_LEVELS)
        return moved if now < 0 or by > 0 else max(0, moved)

    return await act(ctx, stepped(ctx, paths, step))


@function()
async def set_cooling(ctx: Context, level: Level = 2, where: OwnSeat = None) -> Acted:
    """Set the seat cooling (ventilation) to a level; level 2 where none is named."""
    return await _set_seat_climate(ctx, -SEAT_LEVELS[level], where)


@function()
async def change_cooling(ctx: Context, by: Levels, where: OwnSeat = None) -> Acted:
    """Turn the seat cooling (ventilation) up or down by some levels."""
    paths = [cushion(seat, "HeatingCooling") for seat in ctx.seats(where)]

    def step(now: float) -> Value:
        moved = moved_level(now, -by, _SIGNED_LEVELS)
        return moved if now > 0 or by > 0 else min(0, moved)

    return await act(ctx, stepped(ctx, paths, step))


async def _set_seat_climate(ctx: Context, percent: int, where: Area | None) -> Acted:
    paths = present(ctx, [cushion(seat, "HeatingCooling") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, percent))


@function()
async def set_massage(ctx: Context, level: Level = 2, where: OwnSeat = None) -> Acted:
    """Set the seat massage to a level; level 2 where none is named."""
    paths = present(ctx, [cushion(seat, "Massage.Level") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, SEAT_LEVELS[level]))


@function()
async def change_massage(ctx: Context, by: Levels, where: OwnSeat = None) -> Acted:
    """Make the seat massage stronger or gentler by some levels."""
    paths = [cushion(seat, "Massage.Level") for seat in ctx.seats(where)]
    return await act(ctx, stepped(ctx, paths, lambda now: moved_level(now, by)))


@function()
async def set_wheel_heating(ctx: Context, level: Level = 2) -> Acted:
    """Set the steering wheel heating to a level; level 2 where none is named."""
    return await act(ctx, {WHEEL: SEAT_LEVELS[level]})


@function()
async def change_wheel_heating(ctx: Context, by: Levels) -> Acted:
    """Turn the steering wheel heating up or down by some levels."""
    return await act(ctx, stepped(ctx, [WHEEL], lambda now: moved_level(now, by)))


@function()
async def move_seat(
    ctx: Context,
    direction: Annotated[Direction, Field(description="Which way the seat or backrest moves.")],
    steps: Annotated[int, Field(description="How many small steps.", ge=1, le=10)] = 2,
    where: OwnSeat = None,
) -> SeatMoved:
    """Move a front seat forward, back, up or down, or tilt its backrest."""
    leaf, step, low, high = _MOVES[direction]
    seats = [seat for seat in ctx.seats(where) if seat.row == 1]
    if not seats:
        raise SkillError("The rear seats can't be moved by voice.")
    writes = stepped(
        ctx,
        [cushion(seat, leaf) for seat in seats],
        lambda now: int(clamp(now + steps * step, low, high)),
    )
    return SeatMoved(await ctx.vehicle.apply(writes), speaker=ctx.seat, direction=direction)


@function(question=True)
async def seat_state(
    ctx: Context,
    topic: Annotated[
        SeatTopic, Field(description="Seat heating or cooling, massage, or steering wheel heating.")
    ] = SeatTopic.CLIMATE,
    where: OwnSeat = None,
) -> SeatState:
    """Tell the level of seat heating or cooling, massage or steering wheel heating."""
    if topic is SeatTopic.WHEEL:
        return SeatState(topic, ctx.seat, {}, wheel=ctx.vehicle.number(WHEEL))
    leaf = "Massage.Level" if topic is SeatTopic.MASSAGE else "HeatingCooling"
    seats = {cushion(seat, leaf): seat for seat in ctx.seats(where)}
    levels = {seats[path]: ctx.vehicle.number(path) for path in present(ctx, seats)}
    return SeatState(topic, ctx.seat, levels)


FUNCTIONS = (
    set_heating,
    change_heating,
    set_cooling,
    change_cooling,
    set_massage,
    change_massage,
    set_wheel_heating,
    change_wheel_heating,
    move_seat,
    seat_state,
)
