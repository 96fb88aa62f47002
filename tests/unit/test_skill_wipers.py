"""Wipers, mirrors and horn: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Status
from skills.wipers import SKILL
from skills.wipers import functions as wipers
from skills.wipers.functions import FRONT_WIPERS, HORN, REAR_WIPER, Glass, Mirror, Tilt, Wiping
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context

LEFT, RIGHT = "Vehicle.Body.Mirrors.DriverSide", "Vehicle.Body.Mirrors.PassengerSide"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("turn on the wipers", "set_wipers", {"mode": Wiping.MEDIUM}),
        ("wipers to fast", "set_wipers", {"mode": Wiping.FAST}),
        ("set the windshield wipers to intermittent", "set_wipers", {"mode": Wiping.INTERVAL}),
        ("switch on the rain sensor", "set_wipers", {"mode": Wiping.AUTOMATIC}),
        ("wipers off", "set_wipers", {"mode": Wiping.OFF}),
        ("stop wiping", "set_wipers", {"mode": Wiping.OFF}),
        ("clean the rear window", "set_wipers", {"mode": Wiping.MEDIUM, "which": Glass.REAR}),
        ("back wiper off", "set_wipers", {"mode": Wiping.OFF, "which": Glass.REAR}),
        ("it has started to rain", "set_wipers", {"mode": Wiping.AUTOMATIC}),
        ("it has stopped raining", "set_wipers", {"mode": Wiping.OFF}),
        ("wipe faster", "change_wipers", {"by": 1}),
        ("slow down the wipers", "change_wipers", {"by": -1}),
        ("fold in the wing mirrors", "fold_mirrors", {}),
        ("tuck the passenger side mirror in", "fold_mirrors", {"which": Mirror.RIGHT}),
        ("fold the mirrors out", "unfold_mirrors", {}),
        ("unfold the left mirror", "unfold_mirrors", {"which": Mirror.LEFT}),
        ("fold my mirror in", "fold_mirrors", {"which": Mirror.LEFT}),
        ("heat my mirror", "set_mirror_heating", {"on": True, "which": Mirror.LEFT}),
        ("heat the side mirrors", "set_mirror_heating", {"on": True}),
        ("mirror heating off", "set_mirror_heating", {"on": False}),
        ("my mirrors are fogged up", "set_mirror_heating", {"on": True}),
        (
            "tilt the right mirror down a bit",
            "adjust_mirror",
            {"direction": Tilt.DOWN, "which": Mirror.RIGHT, "steps": 1},
        ),
        ("honk at that car", "honk", {}),
        ("sound the horn", "honk", {}),
        ("are the wipers on", "wiper_state", {}),
        ("is the rear wiper running", "wiper_state", {"which": Glass.REAR}),
        ("are the mirrors folded", "mirror_state", {}),
    ],
)
def test_wipers_sentence_means_one_call(text: str, name: str, arguments: dict[str, object]) -> None:
    told = {
        key: value
        for key, value in arguments.items()
        if value != SKILL.functions[f"wipers.{name}"].arguments.model_fields[key].default
    }
    assert readings(SKILL, text) == [(f"wipers.{name}", told)]


async def test_wipers_automatic_is_the_rain_sensor() -> None:
    vehicle = FakeVehicle()
    result = await wipers.set_wipers(make_context(vehicle), Wiping.AUTOMATIC)
    assert vehicle.sent == [(FRONT_WIPERS, "RAIN_SENSOR")]
    assert SKILL.replies[type(result)](result) == "The wipers are now set to automatic."


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        ("OFF", 1, "INTERVAL"),
        ("FAST", -1, "MEDIUM"),
        ("RAIN_SENSOR", 1, "FAST"),
        ("FAST", 3, "FAST"),
    ],
)
async def test_wipers_change_goes_through_the_speeds(before: str, by: int, after: str) -> None:
    vehicle = FakeVehicle()
    vehicle.state[FRONT_WIPERS] = before
    await wipers.change_wipers(make_context(vehicle), by)
    assert vehicle.state[FRONT_WIPERS] == after


async def test_wipers_rear_wiper_has_its_own_mode() -> None:
    vehicle = FakeVehicle()
    result = await wipers.set_wipers(make_context(vehicle), Wiping.OFF, Glass.REAR)
    assert vehicle.state[REAR_WIPER] == "OFF"
    assert SKILL.replies[type(result)](result) == "The rear wiper is already off."


async def test_mirrors_fold_together() -> None:
    vehicle = FakeVehicle()
    result = await wipers.fold_mirrors(make_context(vehicle))
    assert vehicle.state[f"{LEFT}.IsFolded"] is vehicle.state[f"{RIGHT}.IsFolded"] is True
    assert SKILL.replies[type(result)](result) == "Both mirrors are now folded."


async def test_mirrors_heating_is_one_thing() -> None:
    result = await wipers.set_mirror_heating(make_context(), True)
    assert SKILL.replies[type(result)](result) == "The mirror heating is now on."


async def test_mirrors_adjust_one() -> None:
    vehicle = FakeVehicle()
    await wipers.adjust_mirror(make_context(vehicle), Tilt.UP, Mirror.RIGHT, 2)
    assert vehicle.sent == [(f"{RIGHT}.Tilt", 20)]


async def test_horn_sounds_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wipers, "HONK_SECONDS", 0)
    vehicle = FakeVehicle()
    result = await wipers.honk(make_context(vehicle))
    assert vehicle.sent == [(HORN, True), (HORN, False)]
    assert SKILL.replies[type(result)](result) == "Beep!"


async def test_horn_refusal_is_told() -> None:
    vehicle = FakeVehicle()
    vehicle.outcomes[HORN] = (Status.REJECTED, "The horn is not allowed at night.")
    result = await wipers.honk(make_context(vehicle))
    assert vehicle.sent == [(HORN, True)]
    assert SKILL.replies[type(result)](result) == "The horn is not allowed at night."


async def test_wipers_answers() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{LEFT}.IsFolded"] = True
    state = await wipers.wiper_state(make_context(vehicle))
    assert SKILL.replies[type(state)](state) == "The wipers are off."
    mirrors = await wipers.mirror_state(make_context(vehicle))
    assert SKILL.replies[type(mirrors)](mirrors) == (
        "The left mirror is folded and the right mirror is unfolded."
    )
