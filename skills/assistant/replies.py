"""How the assistant skill answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from skills.api import Result
from skills.assistant.functions import (
    Cancelled,
    DateTold,
    Helped,
    Repeated,
    Stopped,
    TimeTold,
    Undone,
)
from skills.phrasing import join

EXAMPLES = (
    "“make it warmer on my side”",
    "“take me to the nearest pharmacy”",
    "“add milk and eggs to my shopping list”",
    "“how far can I drive”",
)


def stopped(result: Stopped) -> str:
    """Short: somebody wants quiet."""
    return "Okay."


def cancelled(result: Cancelled) -> str:
    """That nothing is done."""
    return "Okay, I'll leave it." if result.question else "Okay."


def undone(result: Undone) -> str:
    """That it was taken back."""
    return "Okay, I've undone that." if result.what else "There is nothing to undo."


def repeated(result: Repeated) -> str:
    """The last answer."""
    return result.text or "I haven't said anything yet."


def helped(result: Helped) -> str:
    """Skills and examples."""
    abilities = f"I can help with {join(result.abilities)}. " if result.abilities else ""
    return f"{abilities}Try {join(EXAMPLES, 'or')}."


def time_told(result: TimeTold) -> str:
    """``It is 14:05.``"""
    return f"It is {result.time:%H:%M}."


def date_told(result: DateTold) -> str:
    """Day of the week and date."""
    day = f"{result.day:%A}, {result.day.day} {result.day:%B} {result.day.year}"
    match result.days:
        case 0:
            return f"Today is {day}."
        case 1:
            return f"Tomorrow is {day}."
        case -1:
            return f"Yesterday was {day}."
        case days if days > 0:
            return f"In {days} days it is {day}."
        case days:
            return f"{-days} days ago it was {day}."


REPLIES: Mapping[type[Result], Callable[[Any], str]] = {
    Stopped: stopped,
    Cancelled: cancelled,
    Undone: undone,
    Repeated: repeated,
    Helped: helped,
    TimeTold: time_told,
    DateTold: date_told,
}
