"""Seats: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Area, SkillError
from skills.seats import SKILL
from skills.seats import functions as seats
from skills.seats.functions import WHEEL, Direction, SeatTopic
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context
from vehicle_bus.seats import Seat


def heat(seat: Seat) -> str:
    return f"Vehicle.Cabin.Seat.{seat.position}.HeatingCooling"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("turn on the seat heating", "set_heating", {}),
        (
            "set the passenger's seat heater to level 3",
            "set_heating",
            {"level": 3, "where": Area.PASSENGER},
        ),
        ("bum warmer on low", "set_heating", {"level": 1}),
        ("heated seats on in the back", "set_heating", {"where": Area.REAR}),
        ("warm up the driver seat", "set_heating", {"where": Area.DRIVER}),
        ("switch off all the seat heaters", "set_heating", {"level": 0, "where": Area.ALL}),
        ("my bottom is freezing", "set_heating", {}),
        ("turn the seat heating up a notch", "change_heating", {"by": 1}),
        (
            "reduce the seat heating for the passenger by 2",
            "change_heating",
            {"by": -2, "where": Area.PASSENGER},
        ),
        ("my seat is too hot", "change_heating", {"by": -1, "where": Area.MINE}),
        ("seat ventilation on high", "set_cooling", {"level": 3}),
        ("turn off the ventilated seats", "set_cooling", {"level": 0}),
        ("more seat cooling", "change_cooling", {"by": 1}),
        ("give me a massage", "set_massage", {}),
        ("stop massaging", "set_massage", {"level": 0}),
        ("my shoulders are tense", "set_massage", {}),
        ("make the massage a bit stronger", "change_massage", {"by": 1}),
        ("heat the steering wheel", "set_wheel_heating", {}),
        ("steering wheel heating to level 3", "set_wheel_heating", {"level": 3}),
        ("my fingers are numb", "set_wheel_heating", {}),
        ("turn down the wheel heater", "change_wheel_heating", {"by": -1}),
        (
            "slide my seat back a bit",
            "move_seat",
            {"direction": Direction.BACKWARD, "steps": 1, "where": Area.MINE},
        ),
        ("i want to sit higher", "move_seat", {"direction": Direction.UP}),
        ("put the backrest upright", "move_seat", {"direction": Direction.UPRIGHT}),
        ("is my seat heating on", "seat_state", {"where": Area.MINE}),
        ("how hot is my seat", "seat_state", {"where": Area.MINE}),
        ("is my seat warm", "seat_state", {"where": Area.MINE}),
        ("is my seat cold", "seat_state", {"where": Area.MINE}),
        ("how warm is the seat", "seat_state", {}),
        ("how hot is the passenger seat", "seat_state", {"where": Area.PASSENGER}),
        ("what is the massage level set to", "seat_state", {"topic": SeatTopic.MASSAGE}),
        ("is the steering wheel heated", "seat_state", {"topic": SeatTopic.WHEEL}),
    ],
)
def test_seats_sentence_means_one_call(text: str, name: str, arguments: dict[str, object]) -> None:
    found = readings(SKILL, text)
    assert (f"seats.{name}", arguments) in found
    # "my seat" is the speaker's own, named or not.
    assert all(_without_own(told) == _without_own(arguments) for _, told in found)
    assert {function for function, _ in found} == {f"seats.{name}"}


def _without_own(arguments: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in arguments.items() if value is not Area.MINE}


async def test_seats_heating_without_level_is_level_two() -> None:
    vehicle = FakeVehicle()
    result = await seats.set_heating(make_context(vehicle))
    assert vehicle.sent == [(heat(Seat.DRIVER), 67)]
    assert SKILL.replies[type(result)](result) == "Your seat heating is now at level 2."


async def test_seats_cooling_is_negative() -> None:
    vehicle = FakeVehicle()
    result = await seats.set_cooling(make_context(vehicle), 3, Area.PASSENGER)
    assert vehicle.sent == [(heat(Seat.PASSENGER), -100)]
    assert SKILL.replies[type(result)](result) == "The passenger's seat cooling is now at level 3."


@pytest.mark.parametrize(
    ("before", "by", "after"), [(0, 1, 33), (67, 2, 100), (33, -2, 0), (-67, 1, -33), (50, 1, 67)]
)
async def test_seats_heating_changes_by_levels(before: int, by: int, after: int) -> None:
    vehicle = FakeVehicle()
    vehicle.state[heat(Seat.DRIVER)] = before
    await seats.change_heating(make_context(vehicle), by)
    assert vehicle.state[heat(Seat.DRIVER)] == after


async def test_seats_cooling_turned_down_does_not_start_heating() -> None:
    vehicle = FakeVehicle()
    vehicle.state[heat(Seat.DRIVER)] = -33
    await seats.change_cooling(make_context(vehicle), -3)
    assert vehicle.state[heat(Seat.DRIVER)] == 0


async def test_seats_occupied_means_the_seats_that_are_taken() -> None:
    vehicle = FakeVehicle()
    vehicle.state["Vehicle.Cabin.Seat.Row2.PassengerSide.OccupancyStatus"] = "OCCUPIED"
    await seats.set_heating(make_context(vehicle), 1, Area.OCCUPIED)
    assert vehicle.sent == [(heat(Seat.DRIVER), 33), (heat(Seat.REAR_RIGHT), 33)]


async def test_seats_wheel_heating_off() -> None:
    vehicle = FakeVehicle()
    vehicle.state[WHEEL] = 67
    result = await seats.set_wheel_heating(make_context(vehicle), 0)
    assert SKILL.replies[type(result)](result) == "The steering wheel heating is now off."


async def test_seats_massage_starts_for_the_speaker() -> None:
    vehicle = FakeVehicle()
    result = await seats.set_massage(make_context(vehicle, Seat.REAR_RIGHT))
    assert SKILL.replies[type(result)](result) == "Your seat massage is now at level 2."


async def test_seats_move_is_told_by_direction() -> None:
    vehicle = FakeVehicle()
    result = await seats.move_seat(make_context(vehicle), Direction.FORWARD, 1)
    assert vehicle.sent == [("Vehicle.Cabin.Seat.Row1.DriverSide.Position", 380)]
    assert SKILL.replies[type(result)](result) == "Moving your seat forward."


async def test_seats_move_at_the_end_is_already_there() -> None:
    vehicle = FakeVehicle()
    vehicle.state["Vehicle.Cabin.Seat.Row1.DriverSide.Height"] = 0
    result = await seats.move_seat(make_context(vehicle), Direction.DOWN)
    assert SKILL.replies[type(result)](result) == "Your seat is already as low as it goes."


async def test_seats_rear_bench_does_not_move() -> None:
    with pytest.raises(SkillError, match="rear seats"):
        await seats.move_seat(make_context(), Direction.UP, 1, Area.REAR)


async def test_seats_answer_tells_heating_from_cooling() -> None:
    vehicle = FakeVehicle()
    vehicle.state[heat(Seat.PASSENGER)] = -33
    state = await seats.seat_state(make_context(vehicle), SeatTopic.CLIMATE, Area.FRONT)
    assert SKILL.replies[type(state)](state) == (
        "Your seat heating is off and the passenger's seat cooling is at level 1."
    )
