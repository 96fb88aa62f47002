"""Doors and trunk: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Area, Status
from skills.doors import SKILL
from skills.doors import functions as doors
from skills.doors.functions import DoorTopic, Lid
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context
from vehicle_bus.errors import SignalAbsent
from vehicle_bus.seats import Seat

TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"


def lock_of(seat: Seat) -> str:
    return f"Vehicle.Cabin.Door.{seat.position}.IsLocked"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("lock up", "lock", {}),
        ("lock the car", "lock", {}),
        ("lock all doors", "lock", {}),
        ("secure the rear doors", "lock", {"where": Area.REAR}),
        ("turn on the central locking", "lock", {}),
        ("unlock the passenger door", "unlock", {"where": Area.PASSENGER}),
        ("unlock everything", "unlock", {}),
        ("release the door locks", "unlock", {}),
        ("open my door", "open_door", {"where": Area.MINE}),
        ("open the back doors", "open_door", {"where": Area.REAR}),
        ("close all the doors", "close_door", {"where": Area.ALL}),
        ("shut the driver's door", "close_door", {"where": Area.DRIVER}),
        ("pop the boot", "open_trunk", {}),
        ("release the hood", "open_trunk", {"which": Lid.HOOD}),
        ("open the frunk", "open_trunk", {"which": Lid.FRONT_TRUNK}),
        ("shut the tailgate", "close_trunk", {}),
        ("put the trunk lid down", "close_trunk", {}),
        ("is the rear left door open", "door_state", {"where": Area.REAR_LEFT}),
        ("are the doors locked", "door_state", {"topic": DoorTopic.LOCKED}),
        ("did i lock the car", "door_state", {"topic": DoorTopic.LOCKED}),
        ("is the child lock on", "door_state", {"topic": DoorTopic.CHILD_LOCK}),
        ("did i leave the boot open", "trunk_state", {}),
        ("is the bonnet closed", "trunk_state", {"which": Lid.HOOD}),
    ],
)
def test_doors_sentence_means_one_call(text: str, name: str, arguments: dict[str, object]) -> None:
    found = readings(SKILL, text)
    assert (f"doors.{name}", arguments) in found
    # What else it may mean differs only in saying the default.
    assert {function for function, _ in found} == {f"doors.{name}"}
    default = Area.MINE if name == "open_door" else Area.ALL
    assert {told.get("where") or default for _, told in found} == {
        arguments.get("where") or default
    }


async def test_doors_lock_means_all_doors() -> None:
    vehicle = FakeVehicle()
    result = await doors.lock(make_context(vehicle))
    assert all(vehicle.state[lock_of(seat)] for seat in Seat)
    assert SKILL.replies[type(result)](result) == "All doors are now locked."


async def test_doors_rejected_door_gives_the_reason() -> None:
    vehicle = FakeVehicle()
    path = "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen"
    vehicle.outcomes[path] = (Status.REJECTED, "The car is moving.")
    result = await doors.open_door(make_context(vehicle))
    assert result.status is Status.REJECTED
    assert SKILL.replies[type(result)](result) == "I can't open your door: the car is moving."


async def test_doors_trunk_opens_and_says_so_while_it_moves() -> None:
    vehicle = FakeVehicle()
    vehicle.outcomes[TRUNK] = (Status.MOVING, None)
    result = await doors.open_trunk(make_context(vehicle))
    assert vehicle.sent == [(TRUNK, True)]
    assert SKILL.replies[type(result)](result) == "Opening the trunk."


async def test_doors_absent_front_trunk_is_an_error() -> None:
    with pytest.raises(SignalAbsent):
        await doors.open_trunk(make_context(FakeVehicle().without("Trunk.Front")), Lid.FRONT_TRUNK)


async def test_doors_answer_names_what_stands_out() -> None:
    vehicle = FakeVehicle()
    for seat in (Seat.DRIVER, Seat.PASSENGER, Seat.REAR_LEFT):
        vehicle.state[lock_of(seat)] = True
    state = await doors.door_state(make_context(vehicle), DoorTopic.LOCKED)
    assert SKILL.replies[type(state)](state) == (
        "The rear right door is unlocked, the others are locked."
    )


@pytest.mark.parametrize(
    ("topic", "answer"),
    [
        (DoorTopic.OPEN, "All doors are closed."),
        (DoorTopic.LOCKED, "All doors are unlocked."),
        (DoorTopic.CHILD_LOCK, "The child lock is off."),
    ],
)
async def test_doors_answer_of_the_parked_car(topic: DoorTopic, answer: str) -> None:
    state = await doors.door_state(make_context(), topic)
    assert SKILL.replies[type(state)](state) == answer


async def test_doors_answer_of_the_trunk() -> None:
    vehicle = FakeVehicle()
    vehicle.state[TRUNK] = True
    state = await doors.trunk_state(make_context(vehicle))
    assert SKILL.replies[type(state)](state) == "The trunk is open."
