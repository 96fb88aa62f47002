"""Windows and roof: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Area, Status
from skills.windows import SKILL
from skills.windows import functions as windows
from skills.windows.functions import SUNROOF, SUNSHADE, RoofPart
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context
from vehicle_bus.errors import SignalAbsent
from vehicle_bus.seats import Seat


def window(seat: Seat) -> str:
    return f"Vehicle.Cabin.Door.{seat.position}.Window.Position"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("open the window", "set_window", {"position": 100}),
        ("roll down my window", "set_window", {"position": 100, "where": Area.MINE}),
        ("wind the passenger's window up", "set_window", {"position": 0, "where": Area.PASSENGER}),
        ("windows up", "set_window", {"position": 0, "where": Area.ALL}),
        ("put all four windows down", "set_window", {"position": 100, "where": Area.ALL}),
        (
            "lower the driver window to 40 percent",
            "set_window",
            {"position": 40, "where": Area.DRIVER},
        ),
        ("open the rear windows halfway", "set_window", {"position": 50, "where": Area.REAR}),
        ("crack the window", "set_window", {"position": 15}),
        ("let my window down a little", "set_window", {"position": 15, "where": Area.MINE}),
        ("close the window behind", None, None),
        ("open the window a bit more", "change_window", {"by": 15}),
        ("close the left windows a little", "change_window", {"by": -15, "where": Area.LEFT}),
        ("slide the sunroof open", "set_sunroof", {"position": 100}),
        ("shut the moonroof", "set_sunroof", {"position": 0}),
        ("sunroof to a third", "set_sunroof", {"position": 33}),
        ("tilt the sunroof", "set_sunroof", {"position": 15}),
        ("close every window but mine", "set_window", {"position": 0, "where": Area.OTHERS}),
        (
            "open all the windows except the driver's",
            "set_window",
            {"position": 100, "where": Area.NOT_DRIVER},
        ),
        (
            "put all windows apart from the rear ones to 30 percent",
            "set_window",
            {"position": 30, "where": Area.FRONT},
        ),
        ("close everything", "close_everything", {}),
        ("my window to about 40", "set_window", {"position": 40, "where": Area.MINE}),
        ("a small gap in the rear windows", "set_window", {"position": 15, "where": Area.REAR}),
        ("open the sunroof another 20 percent", "change_sunroof", {"by": 20}),
        ("pull the blind back", "set_sunshade", {"position": 100}),
        ("sunshade to 60 percent", "set_sunshade", {"position": 60}),
        ("the sun is way too bright", "set_sunshade", {"position": 0}),
        ("the sun is blinding", "set_sunshade", {"position": 0}),
        ("close the shade by 30 percent", "change_sunshade", {"by": -30}),
        ("bring the sunshade in line with the sunroof", "match_sunshade", {}),
        ("did i leave a window open", "window_state", {}),
        ("how far is the passenger window open", "window_state", {"where": Area.PASSENGER}),
        ("is the sunroof closed", "roof_state", {"part": RoofPart.SUNROOF}),
        ("how far is the shade open", "roof_state", {"part": RoofPart.SUNSHADE}),
    ],
)
def test_windows_sentence_means_one_call(
    text: str, name: str | None, arguments: dict[str, object] | None
) -> None:
    expected = [] if name is None else [(f"windows.{name}", arguments)]
    assert readings(SKILL, text) == expected


@pytest.mark.parametrize("thing", ["the window", "the rear windows", "the sunroof", "the shade"])
@pytest.mark.parametrize("wholly", ["fully", "completely", "all the way", "totally"])
@pytest.mark.parametrize("form", ["close {0} {1}", "{1} close {0}", "put {0} {1} closed"])
def test_windows_what_is_wholly_closed_is_never_opened(form: str, wholly: str, thing: str) -> None:
    found = readings(SKILL, form.format(thing, wholly))
    assert {arguments["position"] for _, arguments in found} <= {0}


async def test_windows_close_everything_leaves_the_shade_alone() -> None:
    vehicle = FakeVehicle()
    vehicle.state |= {window(Seat.DRIVER): 40, SUNROOF: 60, SUNSHADE: 100}
    await windows.close_everything(make_context(vehicle))
    assert vehicle.state[window(Seat.DRIVER)] == vehicle.state[SUNROOF] == 0
    assert vehicle.state[SUNSHADE] == 100


@pytest.mark.parametrize(
    ("area", "left_out"),
    [
        (Area.OTHERS, Seat.REAR_LEFT),
        (Area.NOT_DRIVER, Seat.DRIVER),
        (Area.NOT_PASSENGER, Seat.PASSENGER),
        (Area.NOT_REAR_LEFT, Seat.REAR_LEFT),
        (Area.NOT_REAR_RIGHT, Seat.REAR_RIGHT),
    ],
)
def test_area_of_all_but_one_leaves_that_one_out(area: Area, left_out: Seat) -> None:
    assert set(area.seats(Seat.REAR_LEFT)) == set(Seat) - {left_out}


async def test_windows_bare_window_is_the_speakers_own() -> None:
    vehicle = FakeVehicle()
    vehicle.outcomes[window(Seat.REAR_LEFT)] = (Status.MOVING, None)
    result = await windows.set_window(make_context(vehicle, Seat.REAR_LEFT), 50)
    assert vehicle.sent == [(window(Seat.REAR_LEFT), 50)]
    assert SKILL.replies[type(result)](result) == "Opening your window halfway."


async def test_windows_jammed_one_is_told_after_those_that_closed() -> None:
    vehicle = FakeVehicle()
    for seat in (Seat.DRIVER, Seat.REAR_LEFT):
        vehicle.state[window(seat)] = 100
    jammed = "The rear left window is jammed."
    vehicle.outcomes[window(Seat.REAR_LEFT)] = (Status.FAILED, jammed)
    result = await windows.set_window(make_context(vehicle), 0, Area.LEFT)
    assert result.status is Status.PARTIAL
    assert SKILL.replies[type(result)](result) == (
        "Your window is now closed. I couldn't close the rear left window: it is jammed."
    )


async def test_windows_already_closed_is_said() -> None:
    result = await windows.set_window(make_context(), 0, Area.ALL)
    assert SKILL.replies[type(result)](result) == "All windows are already closed."


async def test_windows_change_is_relative_and_stops_at_closed() -> None:
    vehicle = FakeVehicle()
    vehicle.state[window(Seat.DRIVER)] = 10
    await windows.change_window(make_context(vehicle), -15)
    assert vehicle.state[window(Seat.DRIVER)] == 0


async def test_windows_sunroof_writes_the_sunroof_only() -> None:
    vehicle = FakeVehicle()
    await windows.set_sunroof(make_context(vehicle), 40)
    assert vehicle.sent == [(SUNROOF, 40)]


async def test_windows_absent_sunroof_says_so() -> None:
    vehicle = FakeVehicle().without("Sunroof")
    with pytest.raises(SignalAbsent):
        await windows.change_sunroof(make_context(vehicle), 10)


async def test_windows_shade_matches_the_sunroof() -> None:
    vehicle = FakeVehicle()
    vehicle.state[SUNROOF] = 35
    await windows.match_sunshade(make_context(vehicle))
    assert vehicle.state[SUNSHADE] == 35


async def test_windows_answer_names_the_open_ones() -> None:
    vehicle = FakeVehicle()
    vehicle.state[window(Seat.PASSENGER)] = 25
    state = await windows.window_state(make_context(vehicle))
    assert SKILL.replies[type(state)](state) == (
        "The passenger's window is 25 percent open and the others are closed."
    )


async def test_windows_answer_of_the_roof() -> None:
    vehicle = FakeVehicle()
    vehicle.state[SUNSHADE] = 100
    state = await windows.roof_state(make_context(vehicle))
    assert SKILL.replies[type(state)](state) == "The sunroof is closed and the sunshade is open."
