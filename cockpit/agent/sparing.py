""" "Not mine", "except the rear ones": a part of what was just changed is put back as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from skills.api import Value
from skills.api.arguments import Area
from skills.phrasing import seat_of
from vehicle_bus.seats import Seat

_WHOSE: Final[Mapping[str, Area]] = {
    r"mine|me|my(?: own)?": Area.MINE,
    r"(?:the )?driver(?:'?s)?": Area.DRIVER,
    r"(?:the )?passenger(?:'?s)?": Area.PASSENGER,
    r"(?:the )?(?:rear|back) left": Area.REAR_LEFT,
    r"(?:the )?(?:rear|back) right": Area.REAR_RIGHT,
    r"the (?:rear|back)": Area.REAR,
    r"the front": Area.FRONT,
}
# What is named beside the seat, and what its signals have in their names.
_THINGS: Final[Mapping[str, str]] = {
    "window": ".Window.",
    "door": ".Door.",
    "light": "Light",
    "seat heating": "HeatingCooling",
    "": "",
}
_WORDS: Final = re.compile(
    r"\W*(?:(?:oh|uh|um|er|no|nope|sorry|wait|and|okay|ok|please|just|well|actually)\b[\s,.]*)*"
    r"(?:but not|not|except(?: for)?|but|apart from|other than|excluding|without|leave out|"
    r"(?:do not|don'?t|not) (?:do|change|touch|include))\s+"
    r"(?:(?:for|on|at|in|to)\s+)?"
    rf"(?P<whose>{'|'.join(_WHOSE)})"
    r"(?:\s+(?:(?P<thing>window|door|light|seat heating)s?|seat|seats|side|zone|one|ones))?"
    r"(?:[\s,]+(?:please|though|thanks|thank you|of course|now))*\W*",
    re.IGNORECASE,
)


def spared(text: str) -> tuple[Area, str] | None:
    """The part that a text takes out of what was done, and the thing it names there.

    None where it takes nothing out; the thing is a part of signals' paths and may be empty.
    """
    found = _WORDS.fullmatch(text)
    if found is None:
        return None
    whose = found["whose"].lower()
    if whose in ("my", "my own") and text.lower().rstrip(" .!").endswith(whose):
        return None  # "not my"
    area = next(area for words, area in _WHOSE.items() if re.fullmatch(words, whose))
    return area, _THINGS[(found["thing"] or "").lower()]


def part(before: Mapping[str, Value], seats: Iterable[Seat], thing: str) -> dict[str, Value]:
    """Of earlier values, those of the signals that belong to some seats."""
    wanted = frozenset(seats)
    return {
        path: value for path, value in before.items() if seat_of(path) in wanted and thing in path
    }
