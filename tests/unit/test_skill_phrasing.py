"""Shared wording: names of signals, numbers, and what became of changes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import vehicle_bus
from skills import phrasing
from skills.api import Change, Status
from vehicle_bus.seats import ALL_SEATS, FRONT, Seat

FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"
WINDOW = "Vehicle.Cabin.Door.{}.Window.Position"


@pytest.mark.parametrize(
    ("seats", "plural", "said"),
    [
        ((Seat.DRIVER,), "windows", "your window"),
        ((Seat.PASSENGER,), "windows", "the passenger's window"),
        ((Seat.REAR_LEFT,), "windows", "the rear left window"),
        (FRONT, "windows", "both front windows"),
        (ALL_SEATS, "windows", "all windows"),
        ((Seat.DRIVER, Seat.REAR_RIGHT), "windows", "your window and the rear right window"),
        (FRONT, "", "the window in the front"),
        ((Seat.DRIVER, Seat.REAR_RIGHT), "", "the window for you and the rear right seat"),
    ],
)
def test_phrasing_names_what_belongs_to_seats(
    seats: tuple[Seat, ...], plural: str, said: str
) -> None:
    assert phrasing.of_seats("window", seats, Seat.DRIVER, plural) == said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (phrasing.degrees(22.5), "22.5 degrees"),
        (phrasing.degrees(1), "1 degree"),
        (phrasing.degrees(-0.04), "0 degrees"),
        (phrasing.distance(248_000), "248 kilometres"),
        (phrasing.distance(1_000), "1 kilometre"),
        (phrasing.distance(340), "340 metres"),
        (phrasing.duration(3_660), "1 hour and 1 minute"),
        (phrasing.duration(20), "less than a minute"),
        (phrasing.fan(45), "at 45 percent"),
        (phrasing.seat_level(-67), "at level 2"),
        (phrasing.openness(50), "half open"),
        (phrasing.color("#008000"), "green"),
        (phrasing.color("#123456"), "a custom colour"),
        (phrasing.join(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_phrasing_reads_numbers_well_aloud(said: str, expected: str) -> None:
    assert said == expected


def change(path: str, value: object, status: Status, **more: object) -> Change:
    return Change(path, 0, value, status, **more)  # type: ignore[arg-type]


def test_phrasing_puts_done_and_already_together() -> None:
    paths = [WINDOW.format(seat.position) for seat in ALL_SEATS]
    changes = [change(paths[0], 0, Status.DONE)]
    changes += [change(path, 0, Status.ALREADY) for path in paths[1:]]
    assert phrasing.say_changes(changes, Seat.DRIVER) == "All windows are now closed."


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (Status.FAILED, None, "I couldn't set the driver's fan to level 3."),
        (Status.REJECTED, "I am busy.", "I can't set the driver's fan to level 3: I am busy."),
        (
            Status.FAILED,
            "The driver's fan is stuck.",
            "I couldn't set the driver's fan to level 3: it is stuck.",
        ),
        (Status.ABSENT, None, "This car doesn't have a driver's fan."),
        (Status.ALREADY, None, "The driver's fan is already at level 3."),
    ],
)
def test_phrasing_tells_what_did_not_happen(status: Status, reason: str | None, said: str) -> None:
    assert phrasing.say_changes([change(FAN, 60, status, reason=reason)]) == said


def test_phrasing_joins_what_one_policy_added() -> None:
    because = "because the front defroster needs it"
    changes = [
        change("Vehicle.Cabin.HVAC.IsFrontDefrosterActive", True, Status.DONE),
        change(FAN, 40, Status.DONE, because=because),
        change("Vehicle.Cabin.HVAC.IsAirConditioningActive", True, Status.DONE, because=because),
    ]
    assert phrasing.say_changes(changes, Seat.DRIVER) == (
        "The front defroster is now on. I've also set your fan to level 2 "
        "and turned the air conditioning on because the front defroster needs it."
    )


def test_phrasing_failed_addition_is_no_success() -> None:
    low = "Vehicle.Body.Lights.Beam.Low.IsOn"
    because = "because fog lights need the low beam"
    said = phrasing.say_changes([change(low, True, Status.FAILED, because=because)])
    assert said == "I couldn't turn the low beam on."


def test_phrasing_has_a_name_for_every_actuator() -> None:
    table = Path(vehicle_bus.__file__).with_name("vss.csv")
    with table.open(newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file) if row["type"] == "actuator"]
    for path in paths:
        name = phrasing.name(path, Seat.DRIVER)
        assert name and "Vehicle" not in name and "  " not in name, path
