"""What a turn says: the calls' replies joined, and questions about a doubtful plan."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any, Final

from cockpit.agent.plan import Call, Outcome
from skills.api import SkillSet, Status, Value
from skills.phrasing import join, number, sentence, standing
from vehicle_bus.records import Failure

log = logging.getLogger(__name__)

# What is said where a reply function of a skill fails; the status is true all the same.
_BARE: Final = {
    Status.DONE: "Done.",
    Status.MOVING: "On its way.",
    Status.ALREADY: "It already is.",
    Status.PARTIAL: "Only a part of that worked.",
}
_QUESTION: Final = re.compile(
    r"^\W*(?:(?:and|so|but|hey|hi|okay|ok|well|um|uh|please|tell me|do you know|i wonder)\b[\s,]*)*"
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|am|was|were|do|does|did|has|have|"
    r"(?:will|would|should|could|can|may|shall)\s+(?:i|you|he|she|it|we|they|the|my|our|your|"
    r"there|this|that|these|those|someone|somebody|anyone|anybody|people|all|any))\b",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(r"^\W*(?:\w+[\s,]+)?(?:can|could|would|will) you\b", re.IGNORECASE)


def is_question(text: str) -> bool:
    """True for a sentence that wants to know something, not have something done."""
    if _REQUEST.match(text) and not re.search(r"\btell me\b", text, re.IGNORECASE):
        return False
    return bool(_QUESTION.match(text)) or text.rstrip().endswith("?")


def render(outcomes: Sequence[Outcome], question: str | None, skills: SkillSet) -> str:
    """The reply to a turn's calls: what was done, then what was not, the open question last.

    Args:
        outcomes: of the calls, in the order they were said.
        question: the question that is open now, if any.
        skills: whose reply functions say the results.
    """
    good: list[str] = []
    bad: list[str] = []
    for outcome in outcomes:
        if outcome.status in (Status.ASKED, Status.SKIPPED):
            continue  # asked: said last; skipped: the call it hangs on says why
        text = _said(outcome, skills)
        if text:
            (good if outcome.status.ok else bad).append(text)
    parts = list(dict.fromkeys([*good, *bad]))
    if question:
        parts = [*(part for part in parts if part != question), question]
    return " ".join(parts)


def _said(outcome: Outcome, skills: SkillSet) -> str:
    if outcome.result is None:
        return sentence(outcome.reason or "That didn't work")
    try:
        return skills.render(outcome.call.function, outcome.result).strip()
    except Exception:  # a fault in a skill's wording must not hide what was done
        log.debug("%s has no reply", outcome.call.function, exc_info=True)
        return outcome.reason or _BARE.get(outcome.status, "That didn't work.")


def afterthought(failure: Failure, now: Value | None, *, just_said: bool) -> str:
    """What became of a command that had been accepted.

    Args:
        failure: as the vehicle told it.
        now: what the signal is, None where that is not known.
        just_said: the reply that this is added to speaks of the command.
    """
    opening = "But" if just_said else "By the way,"
    reason = failure.reason.strip().rstrip(".")
    text = f"{opening} {reason[:1].lower()}{reason[1:]}."
    return text if now is None else f"{text} {standing(failure.path, now)}"


def proposal(calls: Sequence[Call], skills: SkillSet) -> str:
    """A yes-or-no question about a plan: "Do you want me to open the windows: rear?"."""
    wishes = [_wish(call, skills) for call in calls]
    return f"Do you want me to {join(wishes)}?"


def _wish(call: Call, skills: SkillSet) -> str:
    description = skills[call.function].description.split(". ")[0].rstrip(".")
    wish = description[:1].lower() + description[1:]
    values = [_value(value) for value in call.arguments.values() if value is not None]
    return f"{wish} ({', '.join(values)})" if values else wish


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list | tuple):
        return join([_value(item) for item in value])
    if isinstance(value, dict):
        return " ".join(_value(item) for item in value.values() if item is not None)
    return str(value).replace("_", " ")
