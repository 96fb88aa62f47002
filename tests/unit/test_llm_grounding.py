"""What counts as said."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.agent.llm.grounding import implausible, ungrounded
from cockpit.agent.llm.notation import Notation
from cockpit.agent.plan import Call
from skills.api import SkillSet
from tests.fakes.skills import SKILLS


def reason(said: str, function: str, **arguments: Any) -> str | None:
    return ungrounded(said, [Call(function, arguments)], SKILLS)


@pytest.mark.parametrize(
    ("said", "temperature"),
    [
        ("make it 21", 21),
        ("twenty one degrees please", 21),
        ("twenty-two and a half", 22.5),
        ("22.5 for the rear", 22.5),
        ("as warm as it goes, full blast", 28),
        ("the coldest setting", 16),
    ],
)
def test_number_that_was_said_is_grounded(said: str, temperature: float) -> None:
    assert reason(said, "climate.set_temperature", temperature=temperature) is None


@pytest.mark.parametrize(
    ("said", "where"),
    [("21 for my side", "mine"), ("21 in the back", "rear"), ("21 for everyone", "all")],
)
def test_area_that_was_said_is_grounded(said: str, where: str) -> None:
    assert reason(said, "climate.set_temperature", temperature=21, where=where) is None


def test_area_that_nobody_said_is_invented() -> None:
    assert reason("set it to 21", "climate.set_temperature", temperature=21, where="all") == (
        "climate.set_temperature: nobody said the where 'all'"
    )


def test_number_that_gets_lost_is_noticed() -> None:
    bread = [{"name": "loaves of bread"}]
    assert reason("two loaves of bread", "shopping.add", items=bread) == (
        "the 2 that was said is in no call"
    )
    assert (
        reason("two loaves of bread", "shopping.add", items=[{**bread[0], "quantity": 2}]) is None
    )
    assert reason("find platform 9", "route.find", query="platform 9") is None
    assert reason("find platform nine", "route.find", query="platform nine") is None


def test_words_of_a_long_number_do_not_count_alone() -> None:
    said = "twenty two and a half"
    assert reason(said, "climate.set_temperature", temperature=22.5) is None
    assert reason(said, "climate.change_temperature", by=12) is not None
    assert reason(said, "climate.set_fan", percent=50) is not None


@pytest.mark.parametrize(
    ("said", "temperature"), [("make it warmer", 24), ("make it 21", 22), ("too warm", 22)]
)
def test_number_that_nobody_said_is_invented(said: str, temperature: float) -> None:
    assert reason(said, "climate.set_temperature", temperature=temperature) == (
        f"climate.set_temperature: nobody said the temperature {temperature}"
    )


def test_small_change_needs_no_number_and_a_large_one_does() -> None:
    assert reason("a bit warmer", "climate.change_temperature", by=2) is None
    assert reason("a bit warmer", "climate.change_temperature", by=9) is not None
    assert reason("three degrees down", "climate.change_temperature", by=-3) is None


@pytest.mark.parametrize(
    ("said", "percent"), [("open it half", 50), ("a quarter", 25), ("fan off", 0), ("full", 100)]
)
def test_vague_word_that_means_a_number_grounds_it(said: str, percent: int) -> None:
    assert reason(said, "climate.set_fan", percent=percent) is None


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ("where is the nearest pharmacy", "pharmacy"),
        ("find the Café Engel", "café engel"),
        ("are there any pharmacies", "pharmacy"),
        ("take me to the museum of modern art", "the museum of modern art"),
        ("Bob’s house", "bob's house"),
    ],
)
def test_text_that_was_said_is_grounded(said: str, query: str) -> None:
    assert reason(said, "route.find", query=query) is None


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ("where can I eat", "Pizza Hut"),
        ("the museum and some modern art", "modern museum"),
        ("anything", "!"),
    ],
)
def test_text_that_nobody_said_is_invented(said: str, query: str) -> None:
    assert reason(said, "route.find", query=query) is not None


def test_items_of_a_list_are_checked_one_by_one() -> None:
    items = [{"name": "milk", "quantity": 2}, {"name": "bread", "quantity": 1}]
    assert reason("two milk and bread", "shopping.add", items=items) is None
    assert reason("two milk", "shopping.add", items=items) is not None
    items[0]["quantity"] = 7
    assert reason("two milk and bread", "shopping.add", items=items) is not None


def test_enums_switches_references_and_codes_need_not_be_said() -> None:
    assert reason("cold feet", "climate.set_fan", percent=0, air="feet") is not None
    assert reason("clear it up", "climate.set_defrost", on=True) is None
    assert reason("make it red", "climate.set_color", color="#FF0000") is None
    assert reason("and go there", "route.start", place="$1.location") is None


INSTALLED = SkillSet.installed()


def doubt(said: str, plan: str, last: str = "") -> str | None:
    notation = Notation(INSTALLED)
    before = notation.parse(last)[1] if last else ()
    return implausible(said, notation.parse(plan)[1], before, INSTALLED)


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ("it's an oven in here", "climate.change_temperature -2 mine"),
        ("her side 21", "climate.set_temperature 21 passenger"),
        ("as cold as it gets", "climate.set_temperature 16"),
        ("air out the back", "windows.set_window 100 rear"),
        ("two thirds open", "windows.set_window 67 mine"),
        ("heat it if it's cold outside", "if outside < 10: seats.set_heating"),
        ("if the battery is below 30 take me to a charger",
         'if battery < 30: navigation.go_to "charger" nearest'),
        ("where can i eat", 'navigation.search "restaurant"'),
        ("seat heating two", "seats.set_heating"),
        ("from 27 to 18", "climate.set_temperature 18"),
        ("17 no 18", "climate.set_temperature 18"),
    ],
)  # fmt: skip
def test_what_a_trained_model_knows_is_plausible(said: str, plan: str) -> None:
    assert doubt(said, plan) is None


@pytest.mark.parametrize(
    ("said", "plan", "reason"),
    [
        ("make it cosy", "climate.set_temperature 23", "nobody said 23"),
        ("volume up", "media.set_volume 47", "nobody said 47"),
        ("charge it", "charging.set_limit 85", "nobody said 85"),
        ("fan on three", "climate.set_fan 2", "the 3 that was said"),
        ("take me to the museum", 'navigation.go_to "opera"', "nobody said 'opera'"),
        ("milk please", 'shopping.add "milk", "bread"', "nobody said 'bread'"),
        ("carbonara for 4", 'shopping.add_recipe dish="carbonara" 6', "nobody said 6"),
    ],
)
def test_what_a_trained_model_miscopied_is_not(said: str, plan: str, reason: str) -> None:
    assert reason in str(doubt(said, plan))


def test_values_of_the_turn_before_may_come_again() -> None:
    last = 'climate.set_temperature 23.5 driver; navigation.go_to "opera"'
    assert doubt("the passenger too", "climate.set_temperature 23.5 passenger", last) is None
    assert doubt("how far is it", 'navigation.travel_to "opera"', last) is None
    assert doubt("the passenger too", "climate.set_temperature 23.5 passenger") is not None
