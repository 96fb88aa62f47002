""" "Not mine": which part of what was just changed is put back."""

from __future__ import annotations

import pytest

from cockpit.agent.sparing import part, spared
from skills.api.arguments import Area
from vehicle_bus.seats import REAR, Seat

HEATING = "Vehicle.Cabin.Seat.Row1.DriverSide.HeatingCooling"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
BACK = "Vehicle.Cabin.HVAC.Station.Row2.Passenger.Temperature"
BEFORE = {HEATING: 33, WINDOW: 0, BACK: 21.0, "Vehicle.Cabin.Infotainment.Media.Volume": 30}


@pytest.mark.parametrize(
    ("text", "taken_out"),
    [
        ("not mine", (Area.MINE, "")),
        ("but not mine", (Area.MINE, "")),
        ("Except mine, please.", (Area.MINE, "")),
        ("oh, not for me", (Area.MINE, "")),
        ("not my seat", (Area.MINE, "")),
        ("but not my window", (Area.MINE, ".Window.")),
        ("except the driver's", (Area.DRIVER, "")),
        ("not the rear ones", (Area.REAR, "")),
    ],
)
def test_part_that_is_taken_out(text: str, taken_out: tuple[Area, str]) -> None:
    assert spared(text) == taken_out


@pytest.mark.parametrize(
    "text",
    [
        "not mine, the passenger's",
        "not my",
        "mine",
        "not now",
        "close every window but mine",
        "only mine",
        "not that one",
    ],
)
def test_text_that_takes_no_part_out(text: str) -> None:
    assert spared(text) is None


def test_part_is_what_belongs_to_the_seats_and_the_thing() -> None:
    assert part(BEFORE, (Seat.DRIVER,), "") == {HEATING: 33, WINDOW: 0}
    assert part(BEFORE, (Seat.DRIVER,), ".Window.") == {WINDOW: 0}
    assert part(BEFORE, REAR, "") == {BACK: 21.0}
