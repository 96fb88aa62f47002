"""Vehicle status: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.status import SKILL
from skills.status import functions as status
from skills.status.functions import Trait
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("how much battery is left", "battery", {}),
        ("what is the state of charge", "battery", {}),
        ("do i need to charge soon", "battery", {}),
        ("how full is the battery", "battery", {}),
        ("how far can we go on this charge", "driving_range", {}),
        ("what is my remaining range", "driving_range", {}),
        ("how many kilometers are left in the battery", "driving_range", {}),
        ("check the tyre pressure", "tyres", {}),
        ("are my tires okay", "tyres", {}),
        ("how much air is in the tires", "tyres", {}),
        ("how fast are we going", "vehicle_fact", {"fact": Trait.SPEED}),
        ("what gear am i in", "vehicle_fact", {"fact": Trait.GEAR}),
        ("how many kilometers has the car driven", "vehicle_fact", {"fact": Trait.ODOMETER}),
        ("is the handbrake on", "vehicle_fact", {"fact": Trait.PARKING_BRAKE}),
        ("is it raining outside", "vehicle_fact", {"fact": Trait.RAIN}),
        ("am i too tired to drive", "vehicle_fact", {"fact": Trait.FATIGUE}),
        ("which direction are we heading", "vehicle_fact", {"fact": Trait.HEADING}),
        ("give me my coordinates", "position", {}),
        ("is everyone buckled up", "occupancy", {}),
        ("which seats are taken", "occupancy", {}),
        ("is anything open", "openings", {}),
        ("is everything closed", "openings", {}),
        ("how is the car doing", "overview", {}),
        ("give me a status report", None, None),
        ("vehicle check", "overview", {}),
    ],
)
def test_status_sentence_means_one_call(
    text: str, name: str | None, arguments: dict[str, object] | None
) -> None:
    expected = [] if name is None else [(f"status.{name}", arguments)]
    assert readings(SKILL, text) == expected


def test_status_only_asks() -> None:
    assert all(function.question for function in SKILL.functions.values())


async def _answer(vehicle: FakeVehicle, name: str, **arguments: object) -> str:
    result = await SKILL.functions[f"status.{name}"].run(make_context(vehicle), **arguments)
    assert vehicle.sent == []
    return SKILL.replies[type(result)](result)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("battery", "The battery is at 62 percent, enough for about 248 kilometres."),
        ("driving_range", "You can drive about 248 kilometres; the battery is at 62 percent."),
        ("tyres", "All tyres are fine at 2.4 bar."),
        ("position", "You're at 60.1708 north, 24.9375 east."),
        ("occupancy", "1 seat taken: driver. The belt is buckled."),
        ("openings", "Everything is closed, and all doors are unlocked."),
    ],
)
async def test_status_of_the_parked_car(name: str, answer: str) -> None:
    assert await _answer(FakeVehicle(), name) == answer


@pytest.mark.parametrize(
    ("fact", "value", "answer"),
    [
        (Trait.SPEED, 0.3, "The car is standing still."),
        (Trait.SPEED, 48.6, "You're driving 49 kilometres an hour."),
        (Trait.GEAR, 126, "The car is in park."),
        (Trait.GEAR, -1, "The car is in reverse."),
        (Trait.ODOMETER, 12_345_000, "The car has driven 12345 kilometres."),
        (Trait.PARKING_BRAKE, False, "The parking brake is off."),
        (Trait.RAIN, 80, "It's raining heavily."),
        (Trait.RAIN, 0, "It isn't raining."),
        (Trait.FATIGUE, 75.0, "The driver's fatigue is at 75 percent. Please take a break soon."),
        (Trait.HEADING, 350.0, "You're heading north."),
    ],
)
async def test_status_fact_is_said(fact: Trait, value: float, answer: str) -> None:
    vehicle = FakeVehicle()
    vehicle.state[fact.path] = value
    assert await _answer(vehicle, "vehicle_fact", fact=fact) == answer


async def test_status_low_tyre_is_named() -> None:
    vehicle = FakeVehicle()
    vehicle.state["Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure"] = 180
    assert await _answer(vehicle, "tyres") == (
        "The rear left tyre is too low with 1.8 bar, the others are fine."
    )


async def test_status_open_things_are_named() -> None:
    vehicle = FakeVehicle()
    vehicle.state["Vehicle.Cabin.Door.Row1.PassengerSide.IsOpen"] = True
    vehicle.state["Vehicle.Body.Trunk.Rear.IsOpen"] = True
    assert await _answer(vehicle, "openings") == (
        "The passenger's door and the trunk are open. All doors are unlocked."
    )


async def test_status_unbelted_passenger_is_named() -> None:
    vehicle = FakeVehicle()
    vehicle.state["Vehicle.Cabin.Seat.Row2.PassengerSide.OccupancyStatus"] = "OCCUPIED"
    assert await _answer(vehicle, "occupancy") == (
        "2 seats taken: driver and rear right. Not belted: rear right."
    )


async def test_status_overview_joins_the_answers() -> None:
    vehicle = FakeVehicle()
    answer = await _answer(vehicle, "overview")
    for name in ("battery", "tyres", "openings"):
        assert await _answer(vehicle, name) in answer


def test_status_of_all_tyres_has_a_signal_each() -> None:
    assert len(status.TYRES) == 4
