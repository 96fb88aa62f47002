"""What is the speaker's own: "same here" after somebody else's wish, and "my mirror"."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cockpit.agent.conditions import Finding, Settled, parse_condition
from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.plan import Call, DialogueContext
from skills.api import SkillSet
from vehicle_bus.seats import Seat


@cache
def _planner() -> TemplatePlanner:
    return TemplatePlanner(SkillSet.installed())


def calls(text: str, seat: Seat = Seat.DRIVER, last: tuple[Call, ...] = ()) -> tuple[Call, ...]:
    plan = _planner().read(text, DialogueContext(last), seat)
    return plan.calls if plan is not None else ()


HEATED = Call("seats.set_heating", {"where": "passenger"})
TWENTY = Call("climate.set_temperature", {"where": "driver", "temperature": 20})


@pytest.mark.parametrize(
    "text",
    [
        "same here",
        "the same here please",
        "and the same for me",
        "and same here",
        "oh the same for me please",
        "but same thing here too",
        "and that for me as well",
        "and ditto",
        "and so do i",
        "and can i have that too",
        "me too",
        "for me as well",
        "mine too",
        "here as well",
        "over here too please",
        "can i have that too",
        "i want that too",
        "so do i",
    ],
)
@pytest.mark.parametrize("before", [HEATED, TWENTY])
def test_same_here_is_the_same_for_the_speakers_own_seat(text: str, before: Call) -> None:
    own = Call(before.function, {**before.arguments, "where": "mine"})
    assert calls(text, Seat.REAR_LEFT, (before,)) == (own,)


def test_same_here_takes_over_all_that_was_done_for_a_seat() -> None:
    last = (HEATED, Call("media.set_volume", {"percent": 40}), TWENTY)
    assert [call.function for call in calls("same here", last=last)] == [
        "seats.set_heating",
        "climate.set_temperature",
    ]


def test_same_here_names_the_mirror_on_the_speakers_side() -> None:
    last = (Call("wipers.fold_mirrors", {"which": "right"}),)
    assert calls("mine too", Seat.DRIVER, last)[0].arguments == {"which": "left"}
    assert calls("mine too", Seat.REAR_RIGHT, last)[0].arguments == {"which": "right"}


def test_same_here_stays_under_the_condition() -> None:
    raining = parse_condition("raining")
    when = Settled.of(raining, Finding(False, "it isn't raining"))
    last = (Call("windows.set_window", {"position": 0, "where": "passenger"}, when),)
    assert [call.when for call in calls("same here", last=last)] == [raining]


@pytest.mark.parametrize("last", [(), (Call("media.set_volume", {"percent": 40}),)])
def test_same_here_is_nothing_where_no_seat_is_concerned(last: tuple[Call, ...]) -> None:
    assert calls("same here", last=last) == ()


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("fold my mirror in", "fold_mirrors"),
        ("fold my mirror", "fold_mirrors"),
        ("fold the mirror on my side", "fold_mirrors"),
        ("unfold my wing mirror", "unfold_mirrors"),
        ("heat my mirror", "set_mirror_heating"),
        ("stop heating my side mirror", "set_mirror_heating"),
        ("tilt my mirror up", "adjust_mirror"),
        ("if it's not raining fold my mirror", "fold_mirrors"),
    ],
)
@pytest.mark.parametrize(
    ("seat", "side"),
    [
        (Seat.DRIVER, "left"),
        (Seat.REAR_LEFT, "left"),
        (Seat.PASSENGER, "right"),
        (Seat.REAR_RIGHT, "right"),
    ],
)
def test_my_mirror_is_on_the_speakers_side(text: str, function: str, seat: Seat, side: str) -> None:
    (call,) = calls(text, seat)
    assert (call.function, call.arguments["which"]) == (f"wipers.{function}", side)


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("fold the left mirror", "left"),
        ("fold the driver's mirror", "left"),
        ("fold the mirror", "both"),
        ("fold my mirrors", "both"),
        ("turn on my mirror heating", "both"),
    ],
)
def test_mirror_that_is_not_the_speakers_own_is_the_same_from_every_seat(
    text: str, which: str
) -> None:
    arguments: dict[str, Any] = dict(calls(text, Seat.PASSENGER)[0].arguments)
    assert arguments["which"] == which
