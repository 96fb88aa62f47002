"""What a turn says: the calls' replies joined, and questions about a doubtful plan."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any, Final

from cockpit.agent.conditions import negate, say_condition
from cockpit.agent.plan import Call, Outcome
from skills.api import SkillSet, Status, Value
from skills.api.arguments import Area
from skills.phrasing import join, number, of_seats, sentence, standing
from vehicle_bus.records import Failure
from vehicle_bus.seats import Seat

log = logging.getLogger(__name__)

# What is said where a reply function of a skill fails; the status is true all the same.
_BARE: Final = {
    Status.DONE: "Done.",
    Status.MOVING: "On its way.",
    Status.ALREADY: "It already is.",
    Status.PARTIAL: "Only a part of that worked.",
}
# What a call would have changed, by its function.
_THINGS: Final = {
    r"windows\.(set|change)_window": "the window",
    r"windows\.close_everything": "the windows",
    r"windows\.\w+_sunroof": "the sunroof",
    r"windows\.\w+_sunshade": "the sunshade",
    r"climate\.\w+_temperature|climate\.match_zones": "the temperature",
    r"climate\.\w*fan\w*": "the fan",
    r"climate\.set_airflow": "the air",
    r"climate\.set_air_conditioning": "the air conditioning",
    r"climate\.set_recirculation": "the air recirculation",
    r"climate\.set_defrost": "the defroster",
    r"climate\.set_climate": "the climate control",
    r"doors\.(lock|unlock)": "the doors",
    r"doors\.\w+_door": "the door",
    r"doors\.\w+_trunk": "the trunk",
    r"lights\.set_headlights": "the headlights",
    r"lights\.set_fog_lights": "the fog lights",
    r"lights\.set_hazards": "the hazard lights",
    r"lights\.set_parking_lights": "the parking lights",
    r"lights\.set_reading\w+": "the reading light",
    r"lights\.set_interior_lights": "the lights",
    r"lights\.\w+_ambient\w+": "the ambient light",
    r"media\.\w+_volume": "the volume",
    r"media\.(mute|unmute)": "the sound",
    r"media\.(playback|set_source)": "the music",
    r"seats\.\w+_wheel_heating": "the steering wheel heating",
    r"seats\.\w+_heating": "the seat heating",
    r"seats\.\w+_cooling": "the seat cooling",
    r"seats\.\w+_massage": "the massage",
    r"seats\.move_seat": "the seat",
    r"wipers\.\w+_wipers": "the wipers",
    r"wipers\.\w*mirror\w*": "the mirrors",
    r"charging\.\w+_limit": "the charge limit",
    r"charging\.(start|stop)": "the charging",
    r"shopping\.\w+": "the shopping list",
    r"navigation\.\w+": "the route",
}
_OF_SEATS: Final = frozenset(("the window", "the door"))
_PLURAL: Final = frozenset(
    (
        *("the doors", "the headlights", "the fog lights", "the hazard lights"),
        *("the parking lights", "the lights", "the wipers", "the mirrors"),
    )
)
_QUESTION: Final = re.compile(
    r"^\W*(?:(?:and|so|but|hey|hi|okay|ok|well|um|uh|please|tell me|do you know|i wonder)\b[\s,]*)*"
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|am|was|were|do|does|did|has|"
    # "Have the windows been closed", but not "have the window half open".
    r"have\s+(?:i|you|we|they|these|those|any\w*|(?:(?:the|my|our|all)\s+)+\w+\s+(?:\w+\s+)?been)|"
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
            continue  # asked: said last; skipped: said of all together
        text = _said(outcome, skills)
        if text:
            (good if outcome.status.ok else bad).append(text)
    parts = list(dict.fromkeys([*good, *bad, *_left(outcomes, skills)]))
    if question:
        parts = [*(part for part in parts if part != question), question]
    return " ".join(parts)


def _left(outcomes: Sequence[Outcome], skills: SkillSet) -> list[str]:
    """What was not even tried, and why: a condition, or an earlier call that failed."""
    ran = {outcome.call.when for outcome in outcomes if outcome.unmet is None}
    asked = {outcome.reason for outcome in outcomes if outcome.status is Status.ASKED}
    unmet: dict[str, list[Call]] = {}
    failed = False
    for outcome in outcomes:
        if outcome.status is not Status.SKIPPED:
            continue
        if outcome.unmet is None:
            failed = failed or outcome.reason not in asked
        elif negate(outcome.unmet) not in ran:  # else the other branch says what was done
            unmet.setdefault(outcome.reason or "", []).append(outcome.call)
    said = [sentence(f"{reason}{_consequence(calls, skills)}") for reason, calls in unmet.items()]
    return [*said, "So I left the rest of that undone."] if failed else said


def _consequence(calls: Sequence[Call], skills: SkillSet) -> str:
    """ ", so I left the windows as they are"; empty where nothing was to be done."""
    acting = [call for call in calls if not (call.function in skills and _asks(call, skills))]
    things = list(dict.fromkeys(_thing(call) for call in acting))
    if not things:
        return ""
    if "" in things:
        return ", so I left that"
    many = len(things) > 1 or things[0] in _PLURAL or things[0].endswith(("windows", "doors"))
    return f", so I left {join(things)} as {'they are' if many else 'it is'}"


def _asks(call: Call, skills: SkillSet) -> bool:
    return skills[call.function].question


def _thing(call: Call) -> str:
    """What a call would have changed; empty where that has no short name."""
    thing = next(
        (name for pattern, name in _THINGS.items() if re.fullmatch(pattern, call.function)), ""
    )
    where = call.arguments.get("where")
    if thing not in _OF_SEATS or where is None:
        return thing
    noun, area = thing.removeprefix("the "), Area(where)
    if area is Area.MINE:
        return f"your {noun}"
    if area in (Area.OTHERS, Area.OCCUPIED):
        return f"the {'other ' if area is Area.OTHERS else ''}{noun}s"
    seats = area.seats(Seat.DRIVER)
    return f"the {noun}s" if len(seats) == len(Seat) else of_seats(noun, seats, None, f"{noun}s")


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
    wishes = [
        _wish(call, skills) + (f" if {say_condition(call.when)}" if call.when else "")
        for call in calls
    ]
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
