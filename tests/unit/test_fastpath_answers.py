"""Yes, no, and what else was said with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agent.fastpath.answers import answers, is_no, is_yes


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes.",
        "yeah sure",
        "yes please",
        "okay then",
        "go ahead",
        "sure, go ahead",
        "yes, do it please",
        "um yes",
        "of course",
        "that's right",
        "sounds good",
    ],
)
def test_yes_is_heard(text: str) -> None:
    assert is_yes(text)
    assert not is_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "nope",
        "no thanks",
        "no, thank you",
        "don't",
        "please don't do that",
        "never mind",
        "rather not",
        "uh no",
        "no no no",
        "not now",
        "leave it",
    ],
)
def test_no_is_heard(text: str) -> None:
    assert is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize(
    ("text", "yes", "rest"),
    [
        ("yes, please close them", True, "close them"),
        ("no, 23", False, "23"),
        ("no make it twenty three", False, "make it 23"),
        ("open the window", None, "open the window"),
        ("", None, ""),
        ("yes and open the window", True, "and open the window"),
    ],
)
def test_answer_keeps_the_rest(text: str, yes: bool | None, rest: str) -> None:
    found = answers(text)
    assert (found.yes, found.rest) == (yes, rest)


def test_yes_with_a_command_is_no_bare_yes() -> None:
    assert not is_yes("yes, and open the window")
    assert not is_no("no, open the window")


@given(st.text(max_size=60))
def test_any_text_never_raises(text: str) -> None:
    assert not (is_yes(text) and is_no(text))
