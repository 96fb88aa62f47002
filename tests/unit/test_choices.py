"""Which option an answer means."""

from __future__ import annotations

import pytest

from cockpit.agent.choices import chosen

PLACES = ("Café Ursula", "Restaurant Savoy", "Ravintola Elite at the park")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("the second one", 1),
        ("second", 1),
        ("number three please", 2),
        ("take me to the first one", 0),
        ("one", 0),
        ("the last one", 2),
        ("Savoy", 1),
        ("I'd like the Savoy", 1),
        ("the one at the park", 2),
        ("cafe Ursula", 0),
        ("restaurant Savoi", 1),
    ],
)
def test_chosen_by_place_number_or_name(text: str, place: int) -> None:
    assert chosen(text, PLACES) == place


@pytest.mark.parametrize(
    "text", ["open the window", "the fourth one", "", "yes", "no", "set it to 22 degrees"]
)
def test_chosen_is_none_for_anything_else(text: str) -> None:
    assert chosen(text, PLACES) is None


def test_chosen_is_none_where_two_fit() -> None:
    assert chosen("the pharmacy", ("Pharmacy North", "Pharmacy South")) is None
    assert chosen("the south pharmacy", ("Pharmacy North", "Pharmacy South")) == 1
