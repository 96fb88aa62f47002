"""What counts as said."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.agent.llm.grounding import ungrounded
from cockpit.agent.plan import Call
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
