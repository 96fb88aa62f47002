"""What the status skill can tell about the vehicle. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from skills.api import Context, Result, function
from skills.zones import door, present
from vehicle_bus.seats import ALL_SEATS, Seat

_BATTERY = "Vehicle.Powertrain.TractionBattery"
LEVEL = f"{_BATTERY}.StateOfCharge.Current"
RANGE = f"{_BATTERY}.Range"
LOW_KPA, HIGH_KPA = 210, 300
"""Tyre pressures in kPa outside of which a tyre is not fine."""

TYRES = {
    f"Vehicle.Chassis.Axle.Row{row}.Wheel.{side}.Tire": f"{end} {side.lower()}"
    for row, end in ((1, "front"), (2, "rear"))
    for side in ("Left", "Right")
}
_LIDS = {
    "Vehicle.Body.Trunk.Rear.IsOpen": "the trunk",
    "Vehicle.Body.Trunk.Front.IsOpen": "the front trunk",
    "Vehicle.Body.Hood.IsOpen": "the hood",
}
_SUNROOF = "Vehicle.Cabin.Sunroof.Position"


class Trait(StrEnum):
    """A single fact about the vehicle."""

    SPEED = "speed"
    GEAR = "gear"
    ODOMETER = "odometer"
    PARKING_BRAKE = "parking_brake"
    RAIN = "rain"
    FATIGUE = "fatigue"
    HEADING = "heading"

    @property
    def path(self) -> str:
        """Its signal."""
        return {
            "speed": "Vehicle.Speed",
            "gear": "Vehicle.Powertrain.Transmission.SelectedGear",
            "odometer": "Vehicle.TraveledDistance",
            "parking_brake": "Vehicle.Chassis.ParkingBrake.IsEngaged",
            "rain": "Vehicle.Body.Raindetection.Intensity",
            "fatigue": "Vehicle.Driver.FatigueLevel",
            "heading": "Vehicle.CurrentLocation.Heading",
        }[self.value]


@dataclass(frozen=True)
class Battery(Result):
    """State of charge in percent and range in metres; None where the vehicle has no range."""

    level: float
    metres: float | None


@dataclass(frozen=True)
class Range(Result):
    """Range in metres and state of charge in percent."""

    metres: float
    level: float


@dataclass(frozen=True)
class Tyres(Result):
    """Tyre pressures in kPa by name ("front left"), and those that are not fine."""

    pressures: dict[str, float]
    low: tuple[str, ...]
    high: tuple[str, ...]


@dataclass(frozen=True)
class Fact(Result):
    """One value: km/h, gear number, metres, on or off, percent, or degrees from north."""

    trait: Trait
    value: float | bool


@dataclass(frozen=True)
class Position(Result):
    """Where the car is, in degrees north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Occupancy(Result):
    """Seats that somebody sits in, and those of them without a fastened belt."""

    speaker: Seat
    occupied: tuple[Seat, ...]
    unbelted: tuple[Seat, ...]


@dataclass(frozen=True)
class Openings(Result):
    """What is open: doors and windows by seat, lids and roof by name, and what is unlocked."""

    speaker: Seat
    doors: tuple[Seat, ...]
    windows: tuple[Seat, ...]
    others: tuple[str, ...]
    unlocked: tuple[Seat, ...]


@dataclass(frozen=True)
class Overview(Result):
    """The car in short."""

    battery: Battery
    tyres: Tyres
    openings: Openings


def _battery(ctx: Context) -> Battery:
    metres = ctx.vehicle.number(RANGE) if ctx.vehicle.has(RANGE) else None
    return Battery(ctx.vehicle.number(LEVEL), metres)


@function(question=True)
async def battery(ctx: Context) -> Battery:
    """Tell how full the battery is."""
    return _battery(ctx)


@function(question=True)
async def driving_range(ctx: Context) -> Range:
    """Tell how far the car can drive."""
    return Range(ctx.vehicle.number(RANGE), ctx.vehicle.number(LEVEL))


def _tyres(ctx: Context) -> Tyres:
    paths = present(ctx, [f"{tyre}.Pressure" for tyre in TYRES])
    pressures = {TYRES[path.removesuffix(".Pressure")]: ctx.vehicle.number(path) for path in paths}
    warned = {
        name
        for tyre, name in TYRES.items()
        if ctx.vehicle.has(f"{tyre}.IsPressureLow") and ctx.vehicle.read(f"{tyre}.IsPressureLow")
    }
    return Tyres(
        pressures,
        low=tuple(name for name, kpa in pressures.items() if kpa < LOW_KPA or name in warned),
        high=tuple(name for name, kpa in pressures.items() if kpa > HIGH_KPA),
    )


@function(question=True)
async def tyres(ctx: Context) -> Tyres:
    """Tell the tyre pressures and whether they are fine."""
    return _tyres(ctx)


@function(question=True)
async def vehicle_fact(
    ctx: Context,
    fact: Annotated[Trait, Field(description="Which fact about the vehicle or driver.")],
) -> Fact:
    """Tell the speed, gear, mileage, parking brake, rain, the driver's fatigue or the heading."""
    value = ctx.vehicle.read(fact.path)
    return Fact(fact, value if isinstance(value, bool) else ctx.vehicle.number(fact.path))


@function(question=True)
async def position(ctx: Context) -> Position:
    """Tell the car's coordinates."""
    place = "Vehicle.CurrentLocation"
    return Position(
        ctx.vehicle.number(f"{place}.Latitude"), ctx.vehicle.number(f"{place}.Longitude")
    )


@function(question=True)
async def occupancy(ctx: Context) -> Occupancy:
    """Tell which seats are taken and whether everyone is belted."""
    sensors = {f"Vehicle.Cabin.Seat.{seat.position}.OccupancyStatus": seat for seat in ALL_SEATS}
    taken = [
        seat
        for path, seat in sensors.items()
        if path in present(ctx, sensors) and ctx.vehicle.read(path) == "OCCUPIED"
    ]
    unbelted = [
        seat
        for seat in taken
        if ctx.vehicle.has(belt := f"Vehicle.Cabin.Seat.{seat.position}.IsBelted")
        and ctx.vehicle.read(belt) is False
    ]
    return Occupancy(ctx.seat, tuple(taken), tuple(unbelted))


def _openings(ctx: Context) -> Openings:

    def where(leaf: str, wanted: object) -> tuple[Seat, ...]:
        paths = {door(seat, leaf): seat for seat in ALL_SEATS}
        values = {paths[path]: ctx.vehicle.read(path) for path in present(ctx, paths)}
        if wanted == "open":
            return tuple(seat for seat, value in values.items() if value)
        return tuple(seat for seat, value in values.items() if value is wanted)

    others = [
        name
        for path, name in (*_LIDS.items(), (_SUNROOF, "the sunroof"))
        if ctx.vehicle.has(path) and ctx.vehicle.read(path)
    ]
    return Openings(
        ctx.seat,
        doors=where("IsOpen", True),
        windows=where("Window.Position", "open"),
        others=tuple(others),
        unlocked=where("IsLocked", False),
    )


@function(question=True)
async def openings(ctx: Context) -> Openings:
    """Tell whether any door, window, trunk or roof is open, and whether the car is locked."""
    return _openings(ctx)


@function(question=True)
async def overview(ctx: Context) -> Overview:
    """Tell in short how the car is: battery, tyres and what is open."""
    return Overview(_battery(ctx), _tyres(ctx), _openings(ctx))


FUNCTIONS = (
    battery,
    driving_range,
    tyres,
    vehicle_fact,
    position,
    occupancy,
    openings,
    overview,
)
