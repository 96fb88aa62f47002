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
_BESIDES: Final = re.compile(
    r"\b(?:also|too|as well|and|can you|could you|would you|will you|please)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be done instead.

    Attributes:
        plan: the corrected calls.
        replaces: functions of the last turn whose calls are taken back first.
    """

    plan: Plan
    replaces: frozenset[str]


async def correction(
    utterance: Utterance, last: Sequence[Call], template: Planner
) -> Correction | None:
    """Read an utterance as a correction of the last turn's calls; None where it is none.

    It is one where it begins as corrections do and, in the light of those calls, plans calls of
    the same functions; after "I meant", calls of the same skill will do.
    """
    lead = _LEAD.match(utterance.text)
    answer = answers(utterance.text)
    sorry = _SORRY.search(utterance.text) and not _BESIDES.search(utterance.text)
    if not last or not (lead or sorry or (answer.yes is False and answer.rest)):
        return None
    plan = await template.plan(utterance, DialogueContext(tuple(last)))
    if plan is None or plan.verdict is not Verdict.ACT or not plan.calls:
        return None
    wanted = {call.function for call in plan.calls}
    replaces = {call.function for call in last} & wanted
    if not replaces and lead and lead["other"]:
        skills = {_skill(name) for name in wanted}
        replaces = {call.function for call in last if _skill(call.function) in skills}
    return Correction(plan, frozenset(replaces)) if replaces else None


def _skill(function: str) -> str:
    return function.partition(".")[0]
