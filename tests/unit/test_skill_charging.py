"""Charging: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import SkillError, Status
from skills.charging import SKILL
from skills.charging import functions as charging
from skills.charging.functions import CABLE, LIMIT, START_STOP
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context

CHARGING = "Vehicle.Powertrain.TractionBattery.Charging"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("set the charge limit to 85 percent", "set_limit", {"percent": 85}),
        ("charge the car to 90", "set_limit", {"percent": 90}),
        ("stop charging at 70 percent", "set_limit", {"percent": 70}),
        ("limit charging to 80", "set_limit", {"percent": 80}),
        ("fully charge the battery", "set_limit", {"percent": 100}),
        ("do not charge over 60 percent", "set_limit", {"percent": 60}),
        ("raise the charging limit by 5 percent", "change_limit", {"by": 5}),
        ("lower the charge limit", "change_limit", {"by": -10}),
        ("start charging", "start", {}),
        ("charge the car", "start", {}),
        ("resume the charging session", "start", {}),
        ("stop charging", "stop", {}),
        ("pause the charging", "stop", {}),
        ("are we still charging", "charging_state", {}),
        ("how long until the car is charged", "charging_state", {}),
        ("is the charging cable connected", "charging_state", {}),
        ("what is the charge limit", "charging_state", {}),
    ],
)
def test_charging_sentence_means_one_call(
    text: str, name: str, arguments: dict[str, object]
) -> None:
    assert readings(SKILL, text) == [(f"charging.{name}", arguments)]


def test_charging_limit_out_of_range_says_so() -> None:
    with pytest.raises(SkillError, match="between 20 and 100"):
        readings(SKILL, "charge limit 5 percent")


async def test_charging_limit_is_set() -> None:
    vehicle = FakeVehicle()
    result = await charging.set_limit(make_context(vehicle), 90)
    assert vehicle.sent == [(LIMIT, 90)]
    assert SKILL.replies[type(result)](result) == "The charge limit is now set to 90 percent."


async def test_charging_limit_stops_at_full() -> None:
    vehicle = FakeVehicle()
    await charging.change_limit(make_context(vehicle), 50)
    assert vehicle.state[LIMIT] == 100


async def test_charging_without_cable_gives_the_reason() -> None:
    vehicle = FakeVehicle()
    vehicle.outcomes[START_STOP] = (Status.REJECTED, "The charging cable is not connected.")
    result = await charging.start(make_context(vehicle))
    assert SKILL.replies[type(result)](result) == (
        "I can't start charging: the charging cable is not connected."
    )


async def test_charging_stop_when_it_is_not_charging() -> None:
    result = await charging.stop(make_context())
    assert SKILL.replies[type(result)](result) == "Charging is already off."


async def test_charging_answers() -> None:
    vehicle = FakeVehicle()
    idle = await charging.charging_state(make_context(vehicle))
    assert SKILL.replies[type(idle)](idle) == (
        "It is not charging. The battery is at 62 percent, the limit is 80 percent."
    )
    vehicle.state |= {
        CABLE: True,
        f"{CHARGING}.IsCharging": True,
        f"{CHARGING}.AveragePower": 11.0,
        f"{CHARGING}.TimeToComplete": 4500,
    }
    busy = await charging.charging_state(make_context(vehicle))
    assert SKILL.replies[type(busy)](busy) == (
        "It's charging with 11 kilowatts: the battery is at 62 percent, "
        "the limit is 80 percent, 1 hour and 15 minutes to go."
    )
