"""What one turn is made of: utterance, plan, outcomes, turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from skills.api import Result, Status, Value
from skills.api.arguments import Area
from vehicle_bus.seats import Seat


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody said.

    Attributes:
        text: as recognised or typed.
        seat: where it came from.
        confidence: of the recognition, 0 to 1; 1 for typed text.
    """

    text: str
    seat: Seat = Seat.DRIVER
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold of the vehicle when a plan is run; ``str`` gives its written form.

    Attributes:
        quantity: name of a state or a number (``agent.conditions.QUANTITIES``).
        area: whose, where the quantity has several; None for its default.
        operator: ``<``, ``<=``, ``>``, ``>=`` or ``=``; None for a state.
        value: what a number is compared with, in the quantity's own unit.
        negated: a state that must not hold, or "is not equal"; other comparisons are negated
            by their operator.
    """

    quantity: str
    area: Area | None = None
    operator: str | None = None
    value: float | None = None
    negated: bool = False

    def __str__(self) -> str:
        words = ["not"] if self.negated else []
        words.append(self.quantity)
        if self.area is not None:
            words.append(self.area.value)
        if self.operator is not None:
            words += [self.operator, f"{self.value:g}"]
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Call:
    """A planned call of a skill function.

    Attributes:
        function: full name, e.g. ``climate.set_temperature``.
        arguments: JSON-like values; a string ``$N`` or ``$N.field`` stands for the result of
            call N of the same plan (counted from 1) or a field of it.
        when: what must hold for it to be run; all conditions of a plan are read before its
            first call runs.
    """

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    when: Condition | None = None


class Verdict(StrEnum):
    """What a planner thinks of an utterance."""

    ACT = "act"  # calls are to be run
    NOTHING = "nothing"  # not for the car: thanks, chatter, "don't open the window"
    UNKNOWN = "unknown"  # for the car, but it names no skill of ours
    UNSURE = "unsure"  # a plan that is too doubtful to run unasked


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls in the order they were said.

    Attributes:
        calls: independent ones run at once, references wait for what they name.
        planner: ``template`` or ``lm``.
        verdict: what to do with it.
        confidence: 0 to 1.
        reply: a fixed short answer where there is nothing to call ("You're welcome.").
        detail: what the inspector shows: matched templates, raw model output, ...
    """

    calls: tuple[Call, ...]
    planner: str
    verdict: Verdict = Verdict.ACT
    confidence: float = 1.0
    reply: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DialogueContext:
    """What a planner may know of the conversation.

    Attributes:
        last_calls: the calls of the last turn that acted.
        asked: full name of the function whose question is open; None where none is.
    """

    last_calls: tuple[Call, ...] = ()
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a turn would make of an utterance, thought ahead while its end is waited for.

    Attributes:
        utterance: as it seemed to be.
        plan: what would be followed; None where nobody has one, or it answers a question.
        answers: it answers the open question.
        milliseconds: how long it took.
        turns: how many turns the agent had had; after another one it is worth nothing.
    """

    utterance: Utterance
    plan: Plan | None
    answers: bool
    milliseconds: float
    turns: int

    @property
    def confidence(self) -> float:
        """How sure it is that something is to be done, 0 to 1; 0 where nothing is."""
        if self.answers:
            return 1.0
        if self.plan is None or self.plan.verdict is not Verdict.ACT or not self.plan.calls:
            return 0.0
        return self.plan.confidence


class Planner(Protocol):
    """Turns an utterance into a plan."""

    @property
    def name(self) -> str:
        """``template`` or ``lm``."""

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """A plan, or None where this planner has nothing to say about the utterance."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call.

    Attributes:
        reason: why it did not happen, or did not wholly.
        unmet: the condition that kept it from running; the reason is what is so instead.
    """

    call: Call
    status: Status
    reason: str | None = None
    result: Result | None = None
    unmet: Condition | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished turn, as ``say --json`` prints it (DESIGN §9)."""

    utterance: Utterance
    reply: str
    asks: bool
    planner: str
    outcomes: tuple[Outcome, ...]
    signals: Mapping[str, Value]
    timings_ms: Mapping[str, float]
    plan: Plan | None = None

    def to_json(self) -> dict[str, Any]:
        """The object of DESIGN §9."""
        return {
            "text": self.utterance.text,
            "seat": self.utterance.seat.value,
            "reply": self.reply,
            "asks": self.asks,
            "planner": self.planner,
            "plan": [
                {
                    "skill": outcome.call.function,
                    "args": dict(outcome.call.arguments),
                    "status": outcome.status.value,
                    "reason": outcome.reason,
                    **({"when": str(outcome.call.when)} if outcome.call.when else {}),
                }
                for outcome in self.outcomes
            ],
            "signals": dict(self.signals),
            "timings_ms": {name: round(value, 1) for name, value in self.timings_ms.items()},
        }
