"""Text to tokens: one canonical form for what people say and what templates hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.agent.fastpath.normalise import Normaliser, plain, template_words
from cockpit.agent.fastpath.numbers import spell

_VERBS = ("open", "close", "set", "turn", "make")


def _keys(text: str) -> str:
    return " ".join(token.key for token in Normaliser(_VERBS)(text))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("twenty two", "22"),
        ("Twenty-two point five degrees", "22.5 degrees"),
        ("ninety nine point seven five", "99.75"),
        ("22 and a half degrees", "22.5 degrees"),
        ("twenty one and a half", "21.5"),
        ("eighteen and a quarter", "18.25"),
        ("one and a half", "1.5"),
        ("one hundred and five", "105"),
        ("a hundred percent", "100 percent"),
        ("two hundred", "200"),
        ("twenty two and eighteen", "22 and 18"),
        ("twenty two eighteen", "22 18"),
        ("minus five degrees", "-5 degrees"),
        ("a dozen eggs", "12 eggs"),
        ("half a dozen eggs", "6 eggs"),
        ("two dozen eggs", "24 eggs"),
        ("half a degree", "0.5 degrees"),
        ("a degree warmer", "1 degrees warmer"),
        ("22,5 grad", "22.5 grad"),
        ("1,000 meters", "1000 meters"),
        ("at 7:30", "at 7:30"),
        ("zero point five", "0.5"),
    ],
)
def test_numbers_become_digits(text: str, keys: str) -> None:
    assert _keys(text) == keys


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("half", "half"),
        ("halfway", "halfway"),
        ("a quarter", "a quarter"),
        ("a second", "a second"),
        ("the first one", "the first one"),
        ("a bit", "a bit"),
        ("that one", "that one"),
        ("the other one", "the other one"),
    ],
)
def test_words_that_are_no_numbers_stay(text: str, kept: str) -> None:
    tokens = Normaliser()(text)
    assert plain(tokens) == kept
    assert all(token.number is None for token in tokens)


def test_fraction_keeps_its_words_as_template_spells_them() -> None:
    assert _keys("three quarters") == " ".join(
        word for part in ("three", "quarters") for word in template_words(part)
    )


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("40%", "40 percent"),
        ("forty per cent", "40 percent"),
        ("22°C", "22 degrees celsius"),
        ("22 °", "22 degrees"),
        ("22c", "22 degrees celsius"),
        ("72 °F", "72 degrees fahrenheit"),
        ("50 km/h", "50 kilometers per hour"),
        ("22 degree", "22 degrees"),
    ],
)
def test_units_have_one_spelling(text: str, keys: str) -> None:
    assert _keys(text) == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("don't", "do not"),
        ("don’t", "do not"),
        ("dont", "do not"),
        ("can't", "can not"),
        ("cannot", "can not"),
        ("won't", "will not"),
        ("it's", "it is"),
        ("what's", "what is"),
        ("whats", "what is"),
        ("I'm", "i am"),
        ("i'd like", "i would like"),
        ("let's", "let us"),
        ("we're", "we are"),
        ("turn 'em on", "turn them on"),
        ("the driver's window", "the driver 's window"),
        ("the drivers window", "the driver 's window"),
        ("the passengers", "the passengers"),
        ("the window's open", "the window is open"),
        ("the windscreen's misting up", "the windscreen is misting up"),
        ("the driver's heating", "the driver 's heating"),
        ("kids' seats", "kids seats"),
    ],
)
def test_contractions_are_written_in_full(text: str, keys: str) -> None:
    assert _keys(text) == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("grey colour", "gray color"),
        ("tyres", "tires"),
        ("the centre", "the center"),
        ("A/C", "ac"),
        ("left-hand side", "left hand side"),
        ("OK", "okay"),
        ("7 p.m.", "7 pm"),
    ],
)
def test_spellings_have_one_form(text: str, keys: str) -> None:
    assert _keys(text) == keys


def test_gerund_after_mind_becomes_the_verb() -> None:
    assert _keys("would you mind opening the window") == "would you mind open the window"
    assert _keys("would you mind closing it") == "would you mind close it"
    assert _keys("how about setting it to 20") == "how about set it to 20"


def test_gerund_elsewhere_stays() -> None:
    assert _keys("turn on the heating") == "turn on the heating"


def test_marks_are_tokens_of_their_own() -> None:
    assert _keys("open it, quickly. now!") == "open it , quickly . now !"


def test_mark_before_please_is_dropped() -> None:
    assert _keys("to the Ateneum, please.") == "to the ateneum please ."


@settings(max_examples=200)
@given(st.text(max_size=80))
def test_any_text_never_raises(text: str) -> None:
    for token in Normaliser(_VERBS)(text):
        assert token.key
        assert token.text


@given(st.integers(min_value=-999, max_value=9999))
def test_spelled_number_reads_back(value: int) -> None:
    (token,) = Normaliser()(spell(value))
    assert token.number == value
