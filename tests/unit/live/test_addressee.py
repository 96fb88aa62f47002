"""Who is spoken to without a wake word."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.agent.plan import Call, Plan, Prepared, Utterance, Verdict
from cockpit.live.addressee import objection
from cockpit.settings import Activation, ListenSettings
from cockpit.speech.recognizer import Transcript

WINDOW = Call("windows.set_window", {"position": 100})
HOME = Call("navigation.go_to", {"place": "home"})
PEOPLE = "it is said to somebody else"
UNRELATED = "it has nothing to do with what was said before"


def said(
    text: str,
    call: Call | None = HOME,
    *,
    planner: str = "template",
    heard: float = 0.9,
    sure: float = 0.95,
    answers: bool = False,
    last: tuple[Call, ...] = (),
    **listen: Any,
) -> str | None:
    calls = () if call is None else (call,)
    plan = Plan(calls, planner, Verdict.ACT if calls else Verdict.NOTHING, sure)
    prepared = Prepared(Utterance(text), None if answers else plan, answers, 1.0, 1)
    transcript = Transcript(text, heard, 1.0, 0.1, "fake")
    return objection(transcript, prepared, last, ListenSettings(**listen))


@pytest.mark.parametrize(
    "text", ["Take me home.", "Can we go home?", "Could we have some music?", "Is it cold outside?"]
)
def test_addressee_a_sure_request_is_for_the_car(text: str) -> None:
    assert said(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "We should go home before it gets dark.",
        "Let's get pizza.",
        "Let’s go home.",
        "Why don't we go home?",
        "Maybe we can have lunch at the harbor.",
        "Shall we stop here?",
        "It's really warm today, isn't it?",
        "You can drive, can you?",
    ],
)
def test_addressee_who_speaks_for_all_or_wants_agreement_speaks_to_people(text: str) -> None:
    assert said(text) == PEOPLE


def test_addressee_what_is_no_request_or_not_clear_is_left_alone() -> None:
    assert said("So I told him.", None) == "it is no request"
    assert said("Take me home.", heard=0.5) == "it is not clear enough"
    assert said("Take me home.", sure=0.8) == "it is not clear enough"


def test_addressee_what_only_the_model_knows_has_to_be_about_the_same() -> None:
    tired = "I am so tired of all this."
    assert said(tired, planner="lm") == UNRELATED
    assert said(tired, planner="lm", last=(WINDOW,)) == UNRELATED
    assert said(tired, planner="lm", last=(WINDOW, HOME)) is None
    assert said(tired, planner="lm", activation=Activation.ALWAYS) is None


def test_addressee_an_answer_to_a_question_is_one_in_any_words() -> None:
    assert said("Yes, let's do that.", answers=True) is None
    assert said("Yes, let's do that.", answers=True, heard=0.3) == "it is not clear enough"
