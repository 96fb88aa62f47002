"""What the climate skill can do: temperature, fan, air, defrosters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from skills.api import Area, Context, Implied, Result, SkillError, Unit, Value, function
from skills.zones import FAN_STEP, Acted, act, clamp, cushion, present, station, stepped
from vehicle_bus.seats import Seat

COLDEST, WARMEST = 16, 28
"""Limits of the climate stations in °C."""

_HVAC = "Vehicle.Cabin.HVAC"
AIR_CONDITIONING = f"{_HVAC}.IsAirConditioningActive"
RECIRCULATION = f"{_HVAC}.IsRecirculationActive"
FRONT_DEFROSTER = f"{_HVAC}.IsFrontDefrosterActive"
REAR_DEFROSTER = f"{_HVAC}.IsRearDefrosterActive"
INSIDE = f"{_HVAC}.AmbientAirTemperature"
OUTSIDE = "Vehicle.Exterior.AirTemperature"


class Direction(StrEnum):
    """Where the air of a station goes."""

    WINDSCREEN = "windscreen"
    FACE = "face"
    FEET = "feet"

    @property
    def value_on_bus(self) -> str:
        """``UP``, ``MIDDLE`` or ``DOWN``."""
        return {"windscreen": "UP", "face": "MIDDLE", "feet": "DOWN"}[self.value]


class Screen(StrEnum):
    """Which window a defroster clears."""

    FRONT = "front"
    REAR = "rear"
    ALL = "all"

    @property
    def defrosters(self) -> tuple[str, ...]:
        """Their signals."""
        match self:
            case Screen.FRONT:
                return (FRONT_DEFROSTER,)
            case Screen.REAR:
                return (REAR_DEFROSTER,)
            case Screen.ALL:
                return (FRONT_DEFROSTER, REAR_DEFROSTER)


class Match(StrEnum):
    """What is copied from one zone to another."""

    TEMPERATURE = "temperature"
    SEAT_HEATING = "seat_heating"
    BOTH = "both"


class Topic(StrEnum):
    """What a question about the climate is about."""

    TEMPERATURE = "temperature"
    FAN = "fan"
    AIRFLOW = "airflow"
    AIR_CONDITIONING = "air_conditioning"
    RECIRCULATION = "recirculation"
    DEFROST = "defrost"
    EVERYTHING = "everything"


class Place(StrEnum):
    """Where a temperature is measured."""

    INSIDE = "inside"
    OUTSIDE = "outside"


Zone = Annotated[
    Area | None,
    Field(description="Whose zone; the speaker's own where none is named."),
    Implied(Area.MINE),
]
AnyZone = Annotated[
    Area | None,
    Field(description="Which zones; the whole car where none named."),
    Implied(Area.ALL),
]
On = Annotated[bool, Field(description="True to switch it on, false to switch it off.")]


@dataclass(frozen=True)
class ClimateState(Result):
    """What the climate control is set to.

    Attributes:
        topic: what was asked.
        speaker: seat of the one who asked.
        temperatures: set temperature in °C by seat.
        fans: fan speed in percent by seat.
        airflow: UP, MIDDLE or DOWN by seat.
        switches: on or off by signal path.
    """

    topic: Topic
    speaker: Seat
    temperatures: dict[Seat, float]
    fans: dict[Seat, float]
    airflow: dict[Seat, str]
    switches: dict[str, bool]


@dataclass(frozen=True)
class AirTemperature(Result):
    """A measured temperature in °C."""

    place: Place
    celsius: float


@function()
async def set_temperature(
    ctx: Context,
    temperature: Annotated[
        float,
        Field(description="Temperature in degrees Celsius.", ge=COLDEST, le=WARMEST),
        Unit("degrees"),
    ],
    where: Zone = None,
) -> Acted:
    """Set the temperature of a zone."""
    paths = present(ctx, [station(seat, "Temperature") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, temperature))


@function()
async def change_temperature(
    ctx: Context,
    by: Annotated[
        float,
        Field(description="Degrees Celsius; negative for colder.", ge=-12, le=12),
        Unit("degrees"),
    ],
    where: Zone = None,
) -> Acted:
    """Make a zone warmer or colder by some degrees."""
    paths = [station(seat, "Temperature") for seat in ctx.seats(where)]
    writes = stepped(ctx, paths, lambda now: clamp(now + by, COLDEST, WARMEST))
    return await act(ctx, writes)


@function()
async def set_fan(
    ctx: Context,
    level: Annotated[int, Field(description="Fan level; 0 is off.", ge=0, le=5)],
    where: AnyZone = None,
) -> Acted:
    """Set the fan to a level."""
    paths = present(ctx, [station(seat, "FanSpeed") for seat in ctx.seats(where, Area.ALL)])
    return await act(ctx, dict.fromkeys(paths, level * FAN_STEP))


@function()
async def set_fan_percent(
    ctx: Context,
    percent: Annotated[int, Field(description="Fan speed in percent.", ge=0, le=100)],
    where: AnyZone = None,
) -> Acted:
    """Set the fan to a speed in percent."""
    paths = present(ctx, [station(seat, "FanSpeed") for seat in ctx.seats(where, Area.ALL)])
    return await act(ctx, dict.fromkeys(paths, percent))


@function()
async def change_fan(
    ctx: Context,
    by: Annotated[int, Field(description="Fan levels; negative for slower.", ge=-5, le=5)],
    where: AnyZone = None,
) -> Acted:
    """Turn the fan up or down by some levels."""
    paths = [station(seat, "FanSpeed") for seat in ctx.seats(where, Area.ALL)]
    writes = stepped(ctx, paths, lambda now: int(clamp(now + by * FAN_STEP, 0, 100)))
    return await act(ctx, writes)


@function()
async def set_airflow(
    ctx: Context,
    direction: Annotated[Direction, Field(description="Where the air shall blow.")],
    where: AnyZone = None,
) -> Acted:
    """Direct the air to the windscreen, the face or the feet."""
    seats = ctx.seats(where, Area.ALL)
    paths = present(ctx, [station(seat, "AirDistribution") for seat in seats])
    return await act(ctx, dict.fromkeys(paths, direction.value_on_bus))


@function()
async def set_air_conditioning(ctx: Context, on: On) -> Acted:
    """Switch the air conditioning on or off."""
    return await act(ctx, {AIR_CONDITIONING: on})


@function()
async def set_recirculation(
    ctx: Context,
    on: Annotated[bool, Field(description="True to recirculate, false for fresh air.")],
) -> Acted:
    """Recirculate the cabin air, or let fresh air in."""
    return await act(ctx, {RECIRCULATION: on})


@function()
async def set_defrost(
    ctx: Context,
    on: On,
    which: Annotated[
        Screen | None,
        Field(description="Which window; the front one, or when switching off both."),
    ] = None,
) -> Acted:
    """Switch a window defroster on or off."""
    screen = which or (Screen.FRONT if on else Screen.ALL)
    return await act(ctx, dict.fromkeys(present(ctx, screen.defrosters), on))


@function()
async def set_climate(ctx: Context, on: On) -> Acted:
    """Switch the whole climate control on or off: fan and air conditioning."""
    fans = present(ctx, [station(seat, "FanSpeed") for seat in ctx.seats(Area.ALL)])
    writes: dict[str, Value] = {AIR_CONDITIONING: on}
    if not on:
        writes |= dict.fromkeys(fans, 0)
    elif all(ctx.vehicle.number(path) == 0 for path in fans):
        writes |= dict.fromkeys(fans, 2 * FAN_STEP)
    return await act(ctx, writes)


@function()
async def match_zones(
    ctx: Context,
    source: Annotated[Area, Field(description="Zone whose settings are taken.")],
    target: Annotated[
        Area | None,
        Field(description="Zones that get them; all where none is named."),
        Implied(Area.ALL),
    ] = None,
    what: Annotated[Match, Field(description="Which settings.")] = Match.TEMPERATURE,
) -> Acted:
    """Give one zone the same temperature or seat heating as another."""
    giver = ctx.seats(source)[0] if ctx.seats(source) else ctx.seat
    takers = [seat for seat in ctx.seats(target, Area.ALL) if seat is not giver]
    if not takers:
        raise SkillError("Tell me two different seats to match.")
    writes: dict[str, Value] = {}
    if what is not Match.SEAT_HEATING:
        value = ctx.vehicle.number(station(giver, "Temperature"))
        paths = present(ctx, [station(seat, "Temperature") for seat in takers])
        writes |= dict.fromkeys(paths, value)
    if what is not Match.TEMPERATURE:
        heat = int(ctx.vehicle.number(cushion(giver, "HeatingCooling")))
        paths = present(ctx, [cushion(seat, "HeatingCooling") for seat in takers])
        writes |= dict.fromkeys(paths, heat)
    return await act(ctx, writes)


@function(question=True)
async def climate_state(
    ctx: Context,
    topic: Annotated[Topic, Field(description="What is asked about.")] = Topic.EVERYTHING,
    where: Annotated[
        Area | None,
        Field(description="Which zones; the speaker's own where none is named."),
        Implied(Area.MINE),
    ] = None,
) -> ClimateState:
    """Tell what the climate control is set to."""
    seats = ctx.seats(where)
    everything = topic is Topic.EVERYTHING
    read = ctx.vehicle.read
    wanted = {
        Topic.AIR_CONDITIONING: (AIR_CONDITIONING,),
        Topic.RECIRCULATION: (RECIRCULATION,),
        Topic.DEFROST: (FRONT_DEFROSTER, REAR_DEFROSTER),
        Topic.EVERYTHING: (AIR_CONDITIONING,),
    }.get(topic, ())

    def numbers(leaf: str, asked: bool) -> dict[Seat, float]:
        if not asked:
            return {}
        paths = {station(seat, leaf): seat for seat in seats}
        return {paths[path]: ctx.vehicle.number(path) for path in present(ctx, paths)}

    return ClimateState(
        topic,
        ctx.seat,
        temperatures=numbers("Temperature", everything or topic is Topic.TEMPERATURE),
        fans=numbers("FanSpeed", everything or topic is Topic.FAN),
        airflow={
            seat: str(read(station(seat, "AirDistribution")))
            for seat in (seats if topic is Topic.AIRFLOW else ())
        },
        switches={path: read(path) is True for path in (present(ctx, wanted) if wanted else ())},
    )


@function(question=True)
async def air_temperature(
    ctx: Context,
    place: Annotated[Place, Field(description="In the cabin or outside the car.")] = Place.INSIDE,
) -> AirTemperature:
    """Tell the measured temperature in the cabin or outside."""
    path = INSIDE if place is Place.INSIDE else OUTSIDE
    return AirTemperature(place, ctx.vehicle.number(path))


FUNCTIONS = (
    set_temperature,
    change_temperature,
    set_fan,
    set_fan_percent,
    change_fan,
    set_airflow,
    set_air_conditioning,
    set_recirculation,
    set_defrost,
    set_climate,
    match_zones,
    climate_state,
    air_temperature,
)
