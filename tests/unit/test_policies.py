"""The policy pack: each rule both ways, chains, and what the speaker says explicitly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.agent.policies import (
    AC,
    DEFROSTER,
    FOG,
    FRONT_AIR,
    FRONT_FANS,
    HIGH_BEAM,
    LOW_BEAM,
    SHADE,
    SPEED,
    SUNROOF,
    TRUNKS,
    UNSAFE_WHILE_MOVING,
    WINDOWS,
    Add,
    Ask,
    Finding,
    Judgement,
    Refuse,
    View,
    ask_before,
    judge,
)
from skills.api import Value
from tests.fakes.vehicle import start_state

DOOR = "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen"
LOCK = "Vehicle.Cabin.Door.Row2.DriverSide.IsLocked"
MIRROR = "Vehicle.Body.Mirrors.DriverSide.IsFolded"


def judged(
    asked: dict[str, Value], confirmed: str | None = None, **state: Value | None
) -> Judgement:
    """Judge writes on the default vehicle, changed by path=value (dots as ``__``)."""
    values: dict[str, Value | None] = {**start_state()}
    values |= {path.replace("__", "."): value for path, value in state.items()}
    keys = {path: frozenset([confirmed]) for path in asked} if confirmed else {}
    return judge(asked, values.get, keys)


def given(values: dict[str, Value | None]) -> dict[str, Value | None]:
    return {path.replace(".", "__"): value for path, value in values.items()}


def added(judgement: Judgement) -> dict[str, Value]:
    return {path: judgement.writes[path] for path in judgement.because}


def refusal(judgement: Judgement) -> str:
    [stop] = judgement.stops
    assert isinstance(stop, Refuse)
    return stop.sentence


@pytest.mark.parametrize(
    ("path", "value", "wish"),
    [
        (DOOR, True, "open the doors"),
        (LOCK, False, "unlock the doors"),
        (TRUNKS[0], True, "open the trunk"),
        (MIRROR, True, "fold the mirrors"),
        ("Vehicle.Body.Hood.IsOpen", True, "open the hood"),
        ("Vehicle.Cabin.Seat.Row1.DriverSide.Backrest.Recline", 60.0, "move the driver's backrest"),
    ],
)
def test_unsafe_write_is_refused_only_while_moving(path: str, value: Value, wish: str) -> None:
    start = {LOCK: True}
    moving = judged({path: value}, "open-trunk", **given({**start, SPEED: 30.0}))
    assert refusal(moving) == f"I can't {wish} while the car is moving."
    assert judged({path: value}, "open-trunk", **given({**start, SPEED: 0.2})).stops == ()


@pytest.mark.parametrize("pattern", [row[0] for row in UNSAFE_WHILE_MOVING])
def test_everything_unsafe_waits_for_the_car_to_stand(pattern: str) -> None:
    _, value, wish = next(row for row in UNSAFE_WHILE_MOVING if row[0] == pattern)
    path = pattern.replace("Door.*", "Door.Row1.DriverSide").replace("Trunk.*", "Trunk.Rear")
    path = path.replace("Mirrors.*", "Mirrors.DriverSide").replace("Port.*", "Port.AnyPosition")
    wanted: Value = 1 if value is None else value
    now: Value = 0 if value is None else not value
    state = {path: now}
    assert wish in refusal(judged({path: wanted}, "open-trunk", **given({**state, SPEED: 9.0})))
    assert judged({path: wanted}, "open-trunk", **given({**state})).stops == ()


@pytest.mark.parametrize(
    "path",
    [
        "Vehicle.Cabin.Seat.Row1.PassengerSide.Position",
        "Vehicle.Cabin.Seat.Row2.PassengerSide.HeatingCooling",
        WINDOWS[0],
        SHADE,
        "Vehicle.Cabin.Infotainment.Media.Volume",
    ],
)
def test_what_is_safe_is_not_refused_while_moving(path: str) -> None:
    assert judged({path: 33}, **given({SPEED: 90.0})).stops == ()


def test_unsafe_write_is_refused_where_the_speed_is_not_known() -> None:
    assert "can't tell whether the car" in refusal(judged({DOOR: True}, **given({SPEED: None})))


@pytest.mark.parametrize(
    ("path", "value", "now"),
    [
        (DOOR, False, True),
        (LOCK, True, False),
        (TRUNKS[0], False, True),
        (MIRROR, False, True),
        (LOW_BEAM, False, True),
        (FOG[0], False, True),
        ("Vehicle.Body.Lights.Hazard.IsSignaling", True, False),
        ("Vehicle.Body.Lights.Hazard.IsSignaling", False, True),
        (DEFROSTER, False, True),
        (AC, False, True),
        ("Vehicle.Cabin.Seat.Row2.DriverSide.HeatingCooling", 0, 100),
    ],
)
def test_shutting_and_turning_off_is_never_stopped(path: str, value: Value, now: Value) -> None:
    judgement = judged({path: value}, **given({path: now, SPEED: 120.0}))
    assert judgement.stops == ()
    assert added(judgement) == {}


def test_trunk_opens_only_after_a_yes() -> None:
    [stop] = judged({TRUNKS[0]: True}).stops
    assert stop == Ask(TRUNKS[0], "Should I open the trunk?", "open-trunk")
    assert judged({TRUNKS[0]: True}, "open-trunk").stops == ()
    assert judged({TRUNKS[0]: True}, "something-else").stops == (stop,)


def test_front_trunk_opens_only_after_a_yes() -> None:
    [stop] = judged({TRUNKS[1]: True}).stops
    assert stop == Ask(TRUNKS[1], "Should I open the front trunk?", "open-trunk")
    assert judged({TRUNKS[1]: True}, "open-trunk").stops == ()


def test_trunk_that_is_open_already_is_not_asked_about() -> None:
    assert judged({TRUNKS[0]: True}, **given({TRUNKS[0]: True})).stops == ()


@pytest.mark.parametrize("function", ["messages.send", "mail.send_reply"])
def test_sending_needs_a_yes(function: str) -> None:
    assert ask_before(function) == Ask(function, "Should I send it?", "send-message")


@pytest.mark.parametrize("function", ["messages.read", "windows.set_window", "lights.sender"])
def test_what_stays_in_the_car_needs_no_yes(function: str) -> None:
    assert ask_before(function) is None


def test_trunk_is_refused_before_it_is_asked_about() -> None:
    assert isinstance(judged({TRUNKS[0]: True}, **given({SPEED: 50.0})).stops[0], Refuse)


@pytest.mark.parametrize("fog", FOG)
def test_fog_lights_bring_low_beam_and_end_high_beam(fog: str) -> None:
    judgement = judged({fog: True}, **given({HIGH_BEAM: True}))
    assert added(judgement) == {LOW_BEAM: True, HIGH_BEAM: False}
    assert judgement.needs[fog] == {LOW_BEAM, HIGH_BEAM}
    assert judgement.because[LOW_BEAM].because.startswith("because ")


def test_fog_lights_add_nothing_that_is_so() -> None:
    assert added(judged({FOG[0]: True}, **given({LOW_BEAM: True}))) == {}


def test_fog_lights_that_are_on_already_change_nothing() -> None:
    state = given({FOG[0]: True, LOW_BEAM: False, HIGH_BEAM: True})
    assert added(judged({FOG[0]: True}, **state)) == {}


def test_high_beam_is_refused_with_fog_lights_on() -> None:
    assert "Turn the fog lights off first" in refusal(
        judged({HIGH_BEAM: True}, **given({FOG[0]: True}))
    )
    assert judged({HIGH_BEAM: True}).stops == ()


def test_high_beam_that_is_on_already_is_not_refused() -> None:
    assert judged({HIGH_BEAM: True}, **given({HIGH_BEAM: True, FOG[1]: True})).stops == ()


def test_high_beam_is_allowed_where_the_same_sentence_ends_the_fog_lights() -> None:
    assert judged({HIGH_BEAM: True, FOG[0]: False}, **given({FOG[0]: True})).stops == ()


def test_sunroof_opens_the_shade_first_and_wholly() -> None:
    judgement = judged({SUNROOF: 50}, **given({SHADE: 20}))
    assert added(judgement) == {SHADE: 100}
    assert judgement.needs == {SUNROOF: {SHADE}}


def test_sunroof_leaves_a_shade_alone_that_is_open_as_far() -> None:
    judgement = judged({SUNROOF: 50}, **given({SHADE: 60}))
    assert added(judgement) == {}
    assert judgement.needs == {}


def test_sunroof_closing_leaves_the_shade_alone() -> None:
    assert added(judged({SUNROOF: 0}, **given({SUNROOF: 80, SHADE: 100}))) == {}


def test_sunroof_further_than_the_asked_shade_is_refused() -> None:
    judgement = judged({SUNROOF: 80, SHADE: 50})
    assert refusal(judgement) == "The sunroof can't be open further than the sunshade."
    assert judgement.writes[SHADE] == 50


def test_shade_stays_open_over_an_open_sunroof() -> None:
    state = given({SUNROOF: 60, SHADE: 100})
    assert "Close the sunroof first" in refusal(judged({SHADE: 0}, **state))
    assert judged({SHADE: 60}, **state).stops == ()


def test_shade_closes_after_the_sunroof_of_the_same_sentence() -> None:
    judgement = judged({SHADE: 0, SUNROOF: 0}, **given({SUNROOF: 60, SHADE: 100}))
    assert judgement.stops == ()
    assert judgement.needs == {SHADE: {SUNROOF}}


def test_vehicle_without_shade_opens_its_sunroof() -> None:
    assert added(judged({SUNROOF: 50}, **given({SHADE: None}))) == {}


def test_defrost_chains_to_air_fan_ac_and_windows() -> None:
    state = {WINDOWS[0]: 100, WINDOWS[2]: 20, WINDOWS[3]: 21, FRONT_FANS[0]: 20, FRONT_FANS[1]: 60}
    assert added(judged({DEFROSTER: True}, **given({**state}))) == {
        FRONT_AIR[0]: "UP",
        FRONT_AIR[1]: "UP",
        FRONT_FANS[0]: 40,
        AC: True,
        WINDOWS[0]: 0,
        WINDOWS[3]: 0,
    }


def test_defrost_with_ac_on_leaves_the_windows() -> None:
    judgement = judged({DEFROSTER: True}, **given({AC: True, WINDOWS[0]: 100}))
    assert WINDOWS[0] not in judgement.writes


@pytest.mark.parametrize(("position", "closed"), [(21, True), (20, False), (0, False)])
def test_ac_closes_windows_that_are_open_wide(position: int, closed: bool) -> None:
    judgement = judged({AC: True}, **given({WINDOWS[1]: position}))
    assert (WINDOWS[1] in judgement.because) is closed


def test_ac_that_is_on_already_closes_nothing() -> None:
    assert added(judged({AC: True}, **given({AC: True, WINDOWS[1]: 100, FRONT_FANS[0]: 0}))) == {}


def test_defroster_of_the_rear_window_brings_nothing_along() -> None:
    rear = "Vehicle.Cabin.HVAC.IsRearDefrosterActive"
    assert added(judged({rear: True}, **given({FRONT_FANS[0]: 0}))) == {}


def test_defroster_leaves_a_faster_fan_alone() -> None:
    state = given({FRONT_FANS[0]: 100, FRONT_FANS[1]: 40})
    assert not set(FRONT_FANS) & set(added(judged({DEFROSTER: True}, **state)))


def test_ac_starts_the_fan_at_level_one_only_where_it_is_off() -> None:
    state = given({FRONT_FANS[0]: 0, FRONT_FANS[1]: 60})
    assert added(judged({AC: True}, **state)) == {FRONT_FANS[0]: 20}


@pytest.mark.parametrize(
    ("explicit", "start"),
    [
        ({DEFROSTER: True, FRONT_AIR[0]: "DOWN"}, {}),
        ({DEFROSTER: True, AC: False}, {AC: False}),
        ({AC: True, FRONT_FANS[0]: 0}, {FRONT_FANS[0]: 0}),
        ({FOG[0]: True, LOW_BEAM: False}, {}),
    ],
)
def test_policy_adds_nothing_that_the_same_sentence_contradicts(
    explicit: dict[str, Value], start: dict[str, Value | None]
) -> None:
    judgement = judged(explicit, **given(start))
    assert {path: judgement.writes[path] for path in explicit} == explicit
    assert not set(explicit) & set(judgement.because)


@pytest.mark.parametrize(
    ("target", "now", "ac", "asks"),
    [
        (50, 0, True, True),
        (26, 25, True, True),
        (25, 0, True, False),
        (50, 80, True, False),
        (100, 0, False, False),
    ],
)
def test_window_opened_wide_with_ac_on_asks(target: int, now: int, ac: bool, asks: bool) -> None:
    state = given({WINDOWS[1]: now, AC: ac})
    assert bool(judged({WINDOWS[1]: target}, **state).stops) is asks
    assert judged({WINDOWS[1]: target}, "window-with-ac", **state).stops == ()


def test_window_does_not_ask_where_the_same_sentence_ends_the_ac() -> None:
    assert judged({WINDOWS[0]: 100, AC: False}, **given({AC: True})).stops == ()


def test_policies_leave_alone_what_the_vehicle_lacks() -> None:
    state = given({AC: None, FRONT_AIR[1]: None})
    assert set(added(judged({DEFROSTER: True}, **state))) == {FRONT_AIR[0]}


def test_judge_ends_where_two_policies_disagree() -> None:
    def left(view: View) -> Iterator[Finding]:
        yield Add("a", "b", 1, "because of left")

    def right(view: View) -> Iterator[Finding]:
        yield Add("a", "b", 2, "because of right")

    assert judge({"a": True}, lambda _: 0, {}, (left, right)).writes["b"] in (1, 2)
