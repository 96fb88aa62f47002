""" "Take me there": to the place that was spoken of, or offered."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import pytest

from cockpit.agent.dialogue import Conversation, Resume
from cockpit.agent.executor import Pending
from cockpit.agent.fastpath.going import WHICH_PLACE
from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.plan import Call, DialogueContext, Plan
from skills.api import AnswerNeeded, Choice, SkillSet
from vehicle_bus.seats import Seat

GOING = [
    "take me there",
    "drive there",
    "let's go there",
    "navigate to it",
    "can you take me there please",
    "okay drive me there",
    "set it as my destination",
    "that's where i want to go",
]


@cache
def _planner() -> TemplatePlanner:
    return TemplatePlanner(SkillSet.installed())


def read(text: str, *last: Call) -> Plan | None:
    return _planner().read(text, DialogueContext(last))


@pytest.mark.parametrize("text", [*GOING, "start the route"])
@pytest.mark.parametrize(
    ("before", "arguments"),
    [
        (Call("navigation.travel_to", {"place": "kiasma"}), {"place": "kiasma"}),
        (
            Call("navigation.travel_to", {"place": "pharmacy", "nearest": True}),
            {"place": "pharmacy", "nearest": True},
        ),
        (
            Call("navigation.search", {"query": "pharmacy", "near": "railway station"}),
            {"place": "pharmacy", "near": "railway station"},
        ),
    ],
    ids=lambda value: value.function if isinstance(value, Call) else "",
)
def test_going_there_is_to_the_place_of_the_last_turn(
    text: str, before: Call, arguments: dict[str, object]
) -> None:
    plan = read(text, before)
    assert plan is not None
    assert plan.calls == (Call("navigation.go_to", arguments),)


@pytest.mark.parametrize("text", GOING)
def test_going_there_without_a_place_is_told_so(text: str) -> None:
    plan = read(text, Call("media.set_volume", {"percent": 40}))
    assert plan is not None
    assert (plan.calls, plan.reply) == ((), WHICH_PLACE)


@pytest.mark.parametrize(
    ("text", "place"), [("take me to the railway station", "railway station"), ("go home", "home")]
)
def test_going_to_another_place_is_not_going_there(text: str, place: str) -> None:
    plan = read(text, Call("navigation.travel_to", {"place": "kiasma"}))
    assert plan is not None
    assert [call.arguments for call in plan.calls] == [{"place": place}]


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 6, 1, 8, 30)


def _asked(function: str, *places: str) -> Conversation:
    """A conversation in which a function has just offered places."""
    choices = tuple(Choice(name, {"query": name.lower()}) for name in places)
    question = AnswerNeeded("Which one?", key="navigation.which", choices=choices)
    call = Call(function, {"query": "cafe"})
    talk = Conversation(SkillSet.installed(), _Clock(), 20.0)
    talk.ask([Pending(0, (call,), {}, question)], Seat.DRIVER)
    return talk


@pytest.mark.parametrize("text", [*GOING, "start the route", "go to the first one"])
@pytest.mark.parametrize("places", [("Ursula",), ("Ursula", "Regatta")])
def test_going_there_is_a_yes_to_the_place_that_was_offered(
    text: str, places: tuple[str, ...]
) -> None:
    answer = _asked("navigation.search", *places).answer(text, Seat.DRIVER)
    assert isinstance(answer, Resume)
    assert answer.pending.calls[0].arguments == {"query": "ursula"}
    assert answer.rest == ""


def test_going_there_names_another_of_the_places_that_were_offered() -> None:
    talk = _asked("navigation.search", "Ursula", "Regatta")
    answer = talk.answer("go to the second one", Seat.DRIVER)
    assert isinstance(answer, Resume)
    assert answer.pending.calls[0].arguments == {"query": "regatta"}


def test_going_there_is_no_answer_to_what_leads_nowhere() -> None:
    talk = _asked("navigation.save_place", "Ursula", "Regatta")
    assert talk.answer("take me there", Seat.DRIVER) is None
