"""Commands that hang on two conditions: said to be too much, never done on half of them."""

from __future__ import annotations

import pytest

from cockpit.agent.fastpath.compound import ONE_AT_A_TIME
from cockpit.agent.plan import Verdict
from tests.unit.test_fastpath_conditional import read, written


@pytest.mark.parametrize(
    "text",
    [
        "if it's raining and a window is open, close them",
        "if it's raining and the sunroof is open close it",
        "if the windows are open and it's raining, close the windows",
        "close the windows if it's raining and the sunroof is open",
        "close the windows if it is raining or the car is locked",
        "if it's raining or it's dark turn on the low beam",
        "if it's dark or raining turn on the lights",
        "if it's raining and cold, turn on the heating",
        "unless it's raining and dark, open the sunroof",
        "if it's raining and if the window is open, close it",
        "check if it's raining and the sunroof is open, and if so close it",
        "if it's over 25 degrees and the ac is off, turn it on",
        # One of them is nothing that the car knows.
        "if it's raining and my wife is asleep, close the windows",
        "if it's raining and my wife is asleep close the windows",
        "if my wife is asleep and it's raining, close the windows",
        "close the windows if it's raining and i'm not here",
        "close the windows if i'm asleep and it's raining",
        # Two conditions in one clause.
        "if the windows and the sunroof are open, close them",
        "if the temperature is between 20 and 25 turn on the fan",
    ],
)
def test_command_under_two_conditions_is_said_to_be_too_much(text: str) -> None:
    plan = read(text)
    assert plan is not None
    assert (plan.verdict, plan.calls, plan.reply) == (Verdict.UNKNOWN, (), ONE_AT_A_TIME)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (
            "if it's raining, close the windows and the sunroof",
            [("raining", "windows.set_window"), ("raining", "windows.set_sunroof")],
        ),
        (
            "if it's raining close the windows and if the sunroof is open close it",
            [("raining", "windows.set_window"), ("sunroof > 0", "windows.set_sunroof")],
        ),
        (
            "close the windows and the sunroof if it's raining",
            [("raining", "windows.set_window"), ("raining", "windows.set_sunroof")],
        ),
        ("if you don't mind and it's raining turn on the wipers", [("", "wipers.set_wipers")]),
    ],
)
def test_one_condition_beside_an_and_is_no_second_one(
    text: str, calls: list[tuple[str, str]]
) -> None:
    assert written(read(text)) == calls


@pytest.mark.parametrize(
    "text",
    [
        "close the windows if it's raining and turn on the lights",
        "close my window if it's raining and the passenger's",
        "turn on the low beam if it's dark and if it's raining turn on the wipers",
        "tell me if it's raining and the windows are open",
        "what happens if it's raining and the sunroof is open",
        "is it raining and cold",
    ],
)
def test_what_is_no_command_under_two_conditions_is_left_to_others(text: str) -> None:
    plan = read(text)
    assert plan is None or plan.reply != ONE_AT_A_TIME
