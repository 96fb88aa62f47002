"""Corrections of the last turn: "no, 23", "I meant the passenger"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cockpit.agent.fastpath.answers import answers
from cockpit.agent.plan import Call, DialogueContext, Plan, Planner, Utterance, Verdict

_LEAD: Final = re.compile(
    r"^\W*(?:(?:oh|uh|um|er|sorry|wait|oops|hang on|hold on|my mistake|please)\b[\s,.]*)*"
    r"(?:(?P<other>(?:no|nope|sorry|actually)?[\s,.]*(?:i mean|i meant|i said|not)\b)"
    r"|no|nope|wrong|rather|actually|make (?:that|it)|correction|scratch that)\b",
    re.IGNORECASE,
)

# "Sorry, the rear left", "the passenger's I mean": corrections where nothing is asked for besides.
_SORRY: Final = re.compile(
    r"^\W*(?:(?:oh|uh|um|er)\b[\s,.]*)*(?:sorry|oops|whoops|wait|my (?:mistake|bad)|"
    r"hang on|hold on|i misspoke)\b|\bi mean[t]?\W*$",
    re.IGNORECASE,
)
# "Only the left one", "I just meant mine": of an area that was changed, this stays.
_ONLY: Final = re.compile(
    r"^\W*(?:(?:oh|uh|um|er|no|nope|sorry|wait|actually|i (?:only|just)? ?(?:meant?|said|wanted)|"
    r"not all(?: of them)?|not both(?: of them)?|make (?:it|that))\b[\s,.]*)*"
    r"(?:(?:only|just)\b|i (?:only|just) (?:meant?|wanted|said)\b)",
    re.IGNORECASE,
)
_BESIDES: Final = re.compile(
    r"\b(?:also|too|as well|and|can you|could you|would you|will you|please)\b", re.IGNORECASE
)


_AREAS: Final = ("where", "which")
_ONE_SEAT: Final = frozenset(("mine", "driver", "passenger", "rear_left", "rear_right"))
"""Areas of which nothing is left where one part of them is named."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be done instead.

    Attributes:
        plan: the corrected calls.
        replaces: functions of the last turn whose calls are taken back first.
    """

    plan: Plan
    replaces: frozenset[str]


def corrects(text: str) -> bool:
    """True where a text begins, or ends, as a correction does: "no, 23", "sorry, the left one"."""
    answer = answers(text)
    sorry = _SORRY.search(text) and not _BESIDES.search(text)
    return bool(_LEAD.match(text) or sorry or (answer.yes is False and answer.rest))


async def correction(
    utterance: Utterance, last: Sequence[Call], template: Planner
) -> Correction | None:
    """Read an utterance as a correction of the last turn's calls; None where it is none.

    It is one where it begins as corrections do and, in the light of those calls, plans calls of
    the same functions; after "I meant", calls of the same skill will do. After "only", the same
    with a smaller area will: the rest of the area is put back.
    """
    lead, only = _LEAD.match(utterance.text), _ONLY.match(utterance.text)
    if not last or not (only or corrects(utterance.text)):
        return None
    plan = await template.plan(utterance, DialogueContext(tuple(last)))
    if plan is None or plan.verdict is not Verdict.ACT or not plan.calls:
        return None
    if only and (narrower := _narrowed(plan, last)) is not None:
        return narrower
    if not corrects(utterance.text):
        return None
    wanted = {call.function for call in plan.calls}
    replaces = {call.function for call in last} & wanted
    if not replaces and lead and lead["other"]:
        skills = {_skill(name) for name in wanted}
        replaces = {call.function for call in last if _skill(call.function) in skills}
    return Correction(plan, frozenset(replaces)) if replaces else None


def _narrowed(plan: Plan, last: Sequence[Call]) -> Correction | None:
    """The plan of "only the left one", where the calls before did the same to a larger area."""
    for call in plan.calls:
        before = next((one for one in last if one.function == call.function), None)
        if before is None:
            return None
        for area in _AREAS:
            wide, narrow = before.arguments.get(area), call.arguments.get(area)
            rest = {name: value for name, value in call.arguments.items() if name != area}
            same = rest == {name: v for name, v in before.arguments.items() if name != area}
            if same and narrow is not None and narrow != wide and wide not in _ONE_SEAT:
                break
        else:
            return None
    return Correction(plan, frozenset(call.function for call in plan.calls))


def _skill(function: str) -> str:
    return function.partition(".")[0]
