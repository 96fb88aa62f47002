"""Conditions: how they are written, negated, looked up and said."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agent.conditions import (
    QUANTITIES,
    Finding,
    Kind,
    condition_grammar,
    condition_sentences,
    condition_slots,
    look_up,
    negate,
    parse_condition,
    say_condition,
    write_condition,
)
from cockpit.agent.fastpath.conditional import Conditionals
from cockpit.agent.fastpath.conversation import Conversation, spelled_out
from cockpit.agent.fastpath.normalise import Normaliser
from cockpit.agent.gate import Gate
from cockpit.agent.plan import Condition
from cockpit.agent.policies import WINDOWS
from cockpit.agent.resources import SessionResources
from skills.api import Environment, Value
from skills.api.arguments import Area
from tests.fakes.bus import FakeBus
from tests.fakes.gbnf import as_pattern
from tests.fakes.vehicle import FakeClock
from vehicle_bus.seats import ALL_SEATS, Seat


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    quantity = draw(st.sampled_from(sorted(QUANTITIES)))
    areas = [None, *Area] if QUANTITIES[quantity].default else [None]
    area = draw(st.sampled_from(areas))
    if QUANTITIES[quantity].kind is Kind.STATE:
        return Condition(quantity, area, negated=draw(st.booleans()))
    operator = draw(st.sampled_from(["<", "<=", ">", ">=", "="]))
    value = draw(st.integers(-80, 2000)) / 2
    return Condition(quantity, area, operator, value, operator == "=" and draw(st.booleans()))


@cache
def _pattern() -> re.Pattern[str]:
    return as_pattern(f"root ::= {condition_grammar()}")


@given(conditions())
def test_written_condition_is_read_again(condition: Condition) -> None:
    text = write_condition(condition)
    assert parse_condition(text) == condition
    assert _pattern().fullmatch(text)


@given(conditions())
def test_negation_of_a_negation_is_the_same(condition: Condition) -> None:
    assert negate(condition) != condition
    assert negate(negate(condition)) == condition


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "snowing",
            "raining mine",
            "raining > 3",
            "battery",
            "battery mine < 3",
            "not battery",
        ),
        *("battery < ", "battery < 2.25", "battery < 1001", "battery < -41", "battery < -0"),
        *("battery == 3", "not battery < 3", "window nowhere > 0", "fan > 3 ", "Raining"),
        *("battery < 1000.5", "battery < 007", "locked  rear", "not  raining", "battery<3"),
    ],
)
def test_what_is_no_condition_is_neither_read_nor_written(text: str) -> None:
    assert not _pattern().fullmatch(text)
    if text == text.strip():
        with pytest.raises(ValueError, match=r"."):
            parse_condition(text)


async def found(text: str, bus: FakeBus | None = None, seat: Seat = Seat.DRIVER) -> Finding:
    environment = Environment(Path("unused"), None, FakeClock())
    async with SessionResources.open(environment) as resources:
        gate = Gate(bus or FakeBus())  # type: ignore[arg-type]
        return await look_up(parse_condition(text), seat, gate.get, resources)


def of(values: Mapping[str, Value]) -> FakeBus:
    bus = FakeBus()
    bus.state |= values
    return bus


@pytest.mark.parametrize(
    ("text", "holds", "fact"),
    [
        ("raining", False, "it isn't raining"),
        ("not raining", True, "it isn't raining"),
        ("moving", False, "the car isn't moving"),
        ("locked", False, "not all of the doors are locked"),
        ("occupied", True, "somebody is sitting in the car"),
        ("occupied rear", False, "nobody is sitting in the back"),
        ("occupied passenger", False, "nobody is sitting in the passenger's seat"),
        ("door_open", False, "the doors aren't open"),
        ("trunk_open", False, "the trunk isn't open"),
        ("air_conditioning", False, "the air conditioning is off"),
        ("recirculation", False, "air recirculation is off"),
        ("charging", False, "the car isn't charging"),
        ("muted", False, "the sound is on"),
        ("low_beam", False, "the low beam is off"),
        ("high_beam", False, "the high beam is off"),
        ("fog_lights", False, "the fog lights are off"),
        ("hazards", False, "the hazard lights are off"),
        ("navigating", False, "no route is active"),
        ("battery < 20", False, "the battery is at 62 percent"),
        ("battery = 62", True, "the battery is at 62 percent"),
        ("not battery = 62", False, "the battery is at 62 percent"),
        ("range > 200", True, "the range is 248 kilometres"),
        ("speed > 50", False, "the car is going 0 kilometres per hour"),
        ("outside < 10", False, "it's 12 degrees outside"),
        ("cabin > 24", False, "it's 19 degrees in here"),
        ("temperature >= 21", True, "your temperature is set to 21 degrees"),
        ("temperature passenger > 22", False, "the passenger's temperature is set to 21 degrees"),
        ("fan = 2", True, "the fan is at level 2"),
        ("volume > 50", False, "the volume is at 30 percent"),
        ("window > 0", False, "your window isn't open"),
        ("window all > 0", False, "the windows aren't open"),
        ("window rear = 0", True, "the rear windows aren't open"),
        ("sunroof > 0", False, "the sunroof isn't open"),
        ("sunshade = 0", True, "the sunshade isn't open"),
        ("seat_heating > 0", False, "your seat heating is off"),
        ("wheel_heating < 1", True, "the steering wheel heating is off"),
    ],
)
async def test_condition_is_looked_up_and_what_is_so_is_said(
    text: str, holds: bool, fact: str
) -> None:
    assert await found(text) == Finding(holds, fact)


@pytest.mark.parametrize(
    ("text", "state", "fact"),
    [
        ("raining", {"Vehicle.Body.Raindetection.Intensity": 7}, "it's raining"),
        ("moving", {"Vehicle.Speed": -3.0}, "the car is moving"),
        ("muted", {"Vehicle.Cabin.Infotainment.Media.Volume": 0}, "the sound is off"),
        ("fog_lights", {"Vehicle.Body.Lights.Fog.Rear.IsOn": True}, "the fog lights are on"),
        (
            "outside < 0",
            {"Vehicle.Exterior.AirTemperature": -3.5},
            "it's minus 3.5 degrees outside",
        ),
        ("window all > 0", {WINDOWS[2]: 30}, "one of the windows is 30 percent open"),
        ("window > 0", {WINDOWS[0]: 100}, "your window is open"),
        ("seat_heating = 2", {"Vehicle.Cabin.Seat.Row1.DriverSide.HeatingCooling": 67}, None),
        ("seat_heating = 0", {"Vehicle.Cabin.Seat.Row1.DriverSide.HeatingCooling": -67}, None),
        ("range < 50", {"Vehicle.Powertrain.TractionBattery.Range": 49_900}, None),
        ("wheel_heating = 3", {"Vehicle.Chassis.SteeringWheel.HeatingCooling": 100}, None),
    ],
)
async def test_condition_holds_where_the_vehicle_says_so(
    text: str, state: Mapping[str, Value], fact: str | None
) -> None:
    finding = await found(text, of(state))
    assert finding.holds is True
    assert fact is None or finding.fact == fact


async def test_doors_are_locked_only_where_all_are() -> None:
    locks = {f"Vehicle.Cabin.Door.{seat.position}.IsLocked": True for seat in ALL_SEATS}
    assert (await found("locked", of({**locks}))).holds is True
    one_open = {**locks, "Vehicle.Cabin.Door.Row2.DriverSide.IsLocked": False}
    assert (await found("locked", of(one_open))).holds is False
    assert (await found("locked front", of(one_open))).holds is True
    assert (await found("not locked rear", of(one_open))).holds is True


async def test_mine_is_the_speakers() -> None:
    bus = of({WINDOWS[3]: 100})
    assert (await found("window mine > 0", bus, Seat.REAR_RIGHT)).holds is True
    assert (await found("window mine > 0", bus, Seat.DRIVER)).holds is False
    assert (await found("window others > 0", bus, Seat.DRIVER)).holds is True
    assert (await found("window occupied > 0", bus, Seat.DRIVER)).holds is False


@pytest.mark.parametrize(
    ("text", "path", "fact"),
    [
        ("raining", "Vehicle.Body.Raindetection.Intensity", "I can't tell whether it's raining"),
        (
            "not raining",
            "Vehicle.Body.Raindetection.Intensity",
            "I can't tell whether it's raining",
        ),
        (
            "battery < 20",
            "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current",
            "I can't tell how full the battery is",
        ),
        ("window = 0", WINDOWS[0], "I can't tell whether your window is open"),
        ("window all > 0", WINDOWS[0], "I can't tell whether the windows are open"),
    ],
)
async def test_unit_that_is_offline_leaves_it_open(text: str, path: str, fact: str) -> None:
    bus = FakeBus(offline={path})
    assert await found(text, bus) == Finding(None, fact)


async def test_signal_that_the_car_lacks_leaves_it_open() -> None:
    bus = FakeBus()
    del bus.state["Vehicle.Body.Raindetection.Intensity"]
    assert (await found("raining", bus)).holds is None
    assert (await found("not raining", bus)).holds is None


async def test_window_that_the_car_lacks_counts_for_nothing() -> None:
    bus = of({WINDOWS[1]: 50})
    del bus.state[WINDOWS[3]]
    assert (await found("window all > 0", bus)).holds is True
    assert (await found("window rear_right > 0", bus)).holds is None


async def test_vehicle_out_of_reach_leaves_everything_open() -> None:
    bus = FakeBus(reachable=False)
    for text in ("raining", "battery < 20", "locked", "window occupied > 0", "occupied rear"):
        assert (await found(text, bus)).holds is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not raining", "it isn't raining"),
        ("battery < 20", "the battery is below 20 percent"),
        ("outside > 25", "it's above 25 degrees outside"),
        ("window mine > 0", "your window is open"),
        ("window all = 0", "the windows are closed"),
        ("sunroof > 30", "the sunroof is above 30 percent open"),
        ("fan > 3", "the fan is above level 3"),
        ("seat_heating > 0", "your seat heating is on"),
        ("temperature passenger >= 22", "the passenger's temperature is at least 22 degrees"),
    ],
)
def test_condition_is_said(text: str, said: str) -> None:
    assert say_condition(parse_condition(text)) == said


@given(conditions())
def test_every_condition_can_be_said(condition: Condition) -> None:
    said = say_condition(condition)
    assert said
    assert "{" not in said


# -- wordings -----------------------------------------------------------------------------

_SLOT = re.compile(r"\{(\w+)\}")


def _example(say: str, when: str, chance: random.Random) -> tuple[str, str]:
    """One way to say it, with values in the slots of both."""
    for name in _SLOT.findall(say):
        slot = condition_slots()[name]
        if "numbers" in slot:
            value = spoken = str(chance.choice([slot["numbers"][0], slot["numbers"][1]]))
        else:
            value = chance.choice(sorted(slot))
            spoken = chance.choice(slot[value])
        say = say.replace("{" + name + "}", spoken)
        when = when.replace("{" + name + "}", value)
    return chance.choice(spelled_out(say)), when


@cache
def _conditionals() -> Conditionals:
    return Conditionals(Normaliser(), Conversation.default())


def test_every_wording_is_understood_as_its_condition() -> None:
    chance, normalise = random.Random(7), Normaliser()
    wrong: list[str] = []
    for sentence in condition_sentences():
        for _ in range(3):
            said, when = _example(sentence.say, sentence.when, chance)
            tokens = normalise(said)
            read = {
                str(condition): cost
                for end, condition, cost in _conditionals().conditions(tokens, 0)
                if end == len(tokens)
            }
            best = min(read, key=lambda text: read[text], default="nothing")
            if best != when:
                wrong.append(f"{said!r} is {when}, read as {best}")
    assert not wrong, "\n".join(wrong)


def test_every_quantity_has_wordings() -> None:
    worded = {parse_condition(_filled(one.when)).quantity for one in condition_sentences()}
    assert worded == set(QUANTITIES)


def test_slots_of_a_condition_are_said() -> None:
    for sentence in condition_sentences():
        assert set(_SLOT.findall(sentence.when)) == set(_SLOT.findall(sentence.say))


def _filled(when: str) -> str:
    def first(slot: re.Match[str]) -> str:
        values = condition_slots()[slot[1]]
        return str(values["numbers"][1]) if "numbers" in values else next(iter(values))

    return _SLOT.sub(first, when)
