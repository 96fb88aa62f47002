"""What the lights skill can do: exterior lights, reading lights and ambient light.

Indicators are missing on purpose: a driver signals by hand, not by voice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from skills.api import Area, Context, Implied, Result, Value, function
from skills.colors import color_value
from skills.zones import Acted, act, clamp, present, stepped
from vehicle_bus.seats import Seat

_LIGHTS = "Vehicle.Body.Lights"
LOW_BEAM = f"{_LIGHTS}.Beam.Low.IsOn"
HIGH_BEAM = f"{_LIGHTS}.Beam.High.IsOn"
FRONT_FOG = f"{_LIGHTS}.Fog.Front.IsOn"
REAR_FOG = f"{_LIGHTS}.Fog.Rear.IsOn"
HAZARDS = f"{_LIGHTS}.Hazard.IsSignaling"
PARKING = f"{_LIGHTS}.Parking.IsOn"
DOME = "Vehicle.Cabin.Light.IsDomeOn"

BRIGHTNESS_STEP = 20
"""Percent of brightness in one step of "a bit brighter"."""


class Beam(StrEnum):
    """Headlights."""

    LOW = "low"
    HIGH = "high"


class Fog(StrEnum):
    """Fog lights."""

    FRONT = "front"
    REAR = "rear"
    ALL = "all"

    @property
    def paths(self) -> tuple[str, ...]:
        """Their signals."""
        match self:
            case Fog.FRONT:
                return (FRONT_FOG,)
            case Fog.REAR:
                return (REAR_FOG,)
            case Fog.ALL:
                return (FRONT_FOG, REAR_FOG)


class Light(StrEnum):
    """What a question about the lights is about."""

    LOW_BEAM = "low_beam"
    HIGH_BEAM = "high_beam"
    FOG = "fog"
    HAZARDS = "hazards"
    PARKING = "parking"
    READING = "reading"
    AMBIENT = "ambient"
    DOME = "dome"
    ALL = "all"


On = Annotated[bool, Field(description="True to switch on, false to switch off.")]
OwnLight = Annotated[
    Area | None,
    Field(description="Whose light; the speaker's own where none is named."),
    Implied(Area.MINE),
]
AnyLight = Annotated[
    Area | None, Field(description="Whose light; all where none is named."), Implied(Area.ALL)
]


@dataclass(frozen=True)
class LightState(Result):
    """Which lights are on, by signal path; colour of the ambient lights that are on.

    Attributes:
        light: what was asked.
        on: on or off by path.
        colors: ``#RRGGBB`` of ambient lights that are on.
    """

    light: Light
    speaker: Seat
    on: dict[str, bool]
    colors: tuple[str, ...] = ()


def _light(kind: str, seat: Seat, leaf: str) -> str:
    return f"Vehicle.Cabin.Light.{kind}.{seat.position}.{leaf}"


@function()
async def set_headlights(
    ctx: Context,
    on: On,
    beam: Annotated[
        Beam | None,
        Field(description="Low or high beam; low, or when switching off both."),
    ] = None,
) -> Acted:
    """Switch the low or high beam on or off."""
    if beam is None and not on:
        paths: tuple[str, ...] = (LOW_BEAM, HIGH_BEAM)
    else:
        paths = (HIGH_BEAM if beam is Beam.HIGH else LOW_BEAM,)
    return await act(ctx, dict.fromkeys(present(ctx, paths), on))


@function()
async def set_fog_lights(
    ctx: Context,
    on: On,
    which: Annotated[
        Fog | None, Field(description="Front, rear or all; front, or when switching off all.")
    ] = None,
) -> Acted:
    """Switch fog lights on or off."""
    fog = which or (Fog.FRONT if on else Fog.ALL)
    return await act(ctx, dict.fromkeys(present(ctx, fog.paths), on))


@function()
async def set_hazards(ctx: Context, on: On) -> Acted:
    """Switch the hazard warning lights on or off."""
    return await act(ctx, {HAZARDS: on})


@function()
async def set_parking_lights(ctx: Context, on: On) -> Acted:
    """Switch the parking lights on or off."""
    return await act(ctx, {PARKING: on})


@function()
async def set_reading_light(ctx: Context, on: On, where: OwnLight = None) -> Acted:
    """Switch a reading light on or off."""
    paths = present(ctx, [_light("Spotlight", seat, "IsLightOn") for seat in ctx.seats(where)])
    return await act(ctx, dict.fromkeys(paths, on))


@function()
async def set_reading_brightness(
    ctx: Context,
    percent: Annotated[int, Field(description="Brightness in percent.", ge=1, le=100)],
    where: OwnLight = None,
) -> Acted:
    """Set a reading light's brightness, switching it on."""
    return await _brightness(ctx, "Spotlight", ctx.seats(where), percent)


@function()
async def set_interior_lights(ctx: Context, on: On) -> Acted:
    """Switch the lights in the cabin on, or all of them off."""
    seats = ctx.seats(Area.ALL)
    paths = [_light("Spotlight", seat, "IsLightOn") for seat in seats]
    if ctx.vehicle.has(DOME):
        paths.append(DOME)
    if not on:
        paths += [_light("AmbientLight", seat, "IsLightOn") for seat in seats]
    return await act(ctx, dict.fromkeys(present(ctx, paths), on))


@function()
async def set_ambient_light(ctx: Context, on: On, where: AnyLight = None) -> Acted:
    """Switch the ambient light on or off."""
    seats = ctx.seats(where, Area.ALL)
    paths = present(ctx, [_light("AmbientLight", seat, "IsLightOn") for seat in seats])
    return await act(ctx, dict.fromkeys(paths, on))


@function()
async def set_ambient_color(
    ctx: Context,
    color: Annotated[
        str,
        Field(description="Colour as #RRGGBB, e.g. #FF0000 for red.", pattern="^#[0-9A-F]{6}$"),
        BeforeValidator(color_value),
    ],
    where: AnyLight = None,
) -> Acted:
    """Set the colour of the ambient light, switching it on."""
    writes: dict[str, Value] = {}
    seats = ctx.seats(where, Area.ALL)
    for path in present(ctx, [_light("AmbientLight", seat, "Color") for seat in seats]):
        writes[path] = color
        writes[path.removesuffix("Color") + "IsLightOn"] = True
    return await act(ctx, writes)


@function()
async def set_ambient_brightness(
    ctx: Context,
    percent: Annotated[int, Field(description="Brightness in percent.", ge=1, le=100)],
    where: AnyLight = None,
) -> Acted:
    """Set the brightness of the ambient light, switching it on."""
    return await _brightness(ctx, "AmbientLight", ctx.seats(where, Area.ALL), percent)


@function()
async def change_ambient_brightness(
    ctx: Context,
    by: Annotated[int, Field(description="Steps; negative for darker.", ge=-5, le=5)],
    where: AnyLight = None,
) -> Acted:
    """Make the ambient light brighter or darker by some steps."""
    paths = [_light("AmbientLight", seat, "Intensity") for seat in ctx.seats(where, Area.ALL)]
    return await act(
        ctx, stepped(ctx, paths, lambda now: int(clamp(now + by * BRIGHTNESS_STEP, 1, 100)))
    )


async def _brightness(ctx: Context, kind: str, seats: tuple[Seat, ...], percent: int) -> Acted:
    writes: dict[str, Value] = {}
    for path in present(ctx, [_light(kind, seat, "Intensity") for seat in seats]):
        writes[path] = percent
        writes[path.removesuffix("Intensity") + "IsLightOn"] = True
    return await act(ctx, writes)


@function(question=True)
async def light_state(
    ctx: Context,
    light: Annotated[Light, Field(description="Which light is asked about.")] = Light.ALL,
    where: AnyLight = None,
) -> LightState:
    """Tell which lights are on."""
    seats = ctx.seats(where, Area.ALL)
    reading = [_light("Spotlight", seat, "IsLightOn") for seat in seats]
    ambient = [_light("AmbientLight", seat, "IsLightOn") for seat in seats]
    outside = [LOW_BEAM, HIGH_BEAM, FRONT_FOG, REAR_FOG, HAZARDS, PARKING]
    paths = {
        Light.LOW_BEAM: [LOW_BEAM],
        Light.HIGH_BEAM: [HIGH_BEAM],
        Light.FOG: [FRONT_FOG, REAR_FOG],
        Light.HAZARDS: [HAZARDS],
        Light.PARKING: [PARKING],
        Light.READING: reading,
        Light.AMBIENT: ambient,
        Light.DOME: [DOME],
        Light.ALL: [*outside, *reading, *ambient, DOME],
    }[light]
    on = {path: ctx.vehicle.read(path) is True for path in present(ctx, paths)}
    shades = [path.removesuffix("IsLightOn") + "Color" for path in ambient if on.get(path)]
    colors = [str(ctx.vehicle.read(path)) for path in shades if ctx.vehicle.has(path)]
    return LightState(light, ctx.seat, on, tuple(dict.fromkeys(colors)))


FUNCTIONS = (
    set_headlights,
    set_fog_lights,
    set_hazards,
    set_parking_lights,
    set_reading_light,
    set_reading_brightness,
    set_interior_lights,
    set_ambient_light,
    set_ambient_color,
    set_ambient_brightness,
    change_ambient_brightness,
    light_state,
)
