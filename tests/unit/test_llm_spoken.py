"""How what was said and what is copied from it are spelled."""

from __future__ import annotations

import pytest

from cockpit.agent.llm.spoken import as_said, bare_name, may_be_unsaid, nearest_run, spans


@pytest.mark.parametrize(
    ("text", "said", "wanted"),
    [
        ("main street", "Drive to Main Street, please!", "Main Street"),
        ("2 eggs", "add two eggs", "two eggs"),
        ("22nd street", "to 22nd Street", "22nd Street"),
        ("somewhere else", "go home", "somewhere else"),
    ],
)
def test_copy_is_put_back_as_it_was_said(text: str, said: str, wanted: str) -> None:
    assert as_said(text, said) == wanted


def test_names_lose_their_article_and_amounts_do_not() -> None:
    assert bare_name("The Opera") == "opera"
    assert bare_name("a") == "a"
    assert bare_name(["a Lemon", "the milk", "$1"], listed=True) == ["a lemon", "milk", "$1"]


def test_runs_are_whole_words() -> None:
    assert spans("main street", "to main street 5")
    assert not spans("main street", "to main streets")
    assert not spans("", "anything")


@pytest.mark.parametrize(
    "text", ["restaurant", "charging station", "pharmacies", "toilets", "home", "work"]
)
def test_kinds_of_places_and_home_may_be_meant(text: str) -> None:
    assert may_be_unsaid(text)


@pytest.mark.parametrize("text", ["pizza hut", "central hospital", "main street", "milk", ""])
def test_names_have_to_be_said(text: str) -> None:
    assert not may_be_unsaid(text)


def test_misspelt_copy_is_found_and_another_name_is_not() -> None:
    told = "take me to mannerheimintie 5 now"
    assert nearest_run("manerheimintie 5", told) == "mannerheimintie 5"
    assert nearest_run("kaivokatu 5", told) is None
    assert nearest_run("x", "") is None
