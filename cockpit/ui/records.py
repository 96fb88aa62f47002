"""What the dashboard knows about: turns, notes, engines, topics, figures; plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance
from vehicle_bus.records import Failure, Message, OwnerState
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Signal

RATE_OVER: Final = 5.0
"""Seconds over which the rate of a topic is averaged."""

type Value = bool | int | float | str | list[str]


class Section(StrEnum):
    """Parts of the state that change apart from each other; a panel names those it shows."""

    BOOT = "boot"  # what is still loading, what failed
    CONVERSATION = "conversation"  # turns, notes, captions
    LISTENING = "listening"  # state, levels
    ENGINES = "engines"
    TRAFFIC = "traffic"  # topics and messages of the bus
    VEHICLE = "vehicle"  # values, ECUs, connection
    LOG = "log"
    MACHINE = "machine"  # memory, CPU, queues
    CLOCK = "clock"  # once a second, for ages


@dataclass(slots=True)
class CallRecord:
    """A call of a turn; times are those of ``State.clock``, in seconds.

    Attributes:
        outcome: None while it runs.
        milliseconds: how long it took; None while it runs.
    """

    call: Call
    began: float
    outcome: Outcome | None = None
    milliseconds: float | None = None


@dataclass(slots=True)
class ReplyRecord:
    """A reply as it is spoken.

    Attributes:
        began: when its first sound went out; None before.
        ended: when it ended; None before.
        heard: the part that was heard; None while it is being spoken.
        fault: why it is not whole, if the voice failed.
    """

    text: str
    began: float | None = None
    ended: float | None = None
    heard: str | None = None
    fault: str | None = None

    @property
    def cut_off(self) -> bool:
        """Whether a part of it was not heard."""
        return self.heard is not None and self.heard != self.text


@dataclass(frozen=True, slots=True)
class Kept:
    """What the skills keep that a request may change.

    Attributes:
        shopping: items as people say them.
        items: their bare names.
        places: saved places: latitude and longitude by name.
    """

    shopping: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Before:
    """What was so when a turn began; a scenario of it starts there.

    Attributes:
        values: of the vehicle.
        guided: a route was active.
    """

    values: Mapping[str, Value]
    kept: Kept
    guided: bool


@dataclass(slots=True)
class TurnRecord:
    """A turn with everything that was told of it; times are those of ``State.clock``.

    Attributes:
        number: 1 for the first since the start.
        at: local time at which it began.
        began: the same on the clock.
        plan: None where nobody made one (yet).
        plan_ms: how long planning took.
        calls: in the order in which they began.
        turn: None while it runs.
        ended: when it was finished.
        reply: as it is spoken; None where nothing was said aloud.
        stages: of a spoken turn, milliseconds after the last word; see ``TurnTimed``.
        last_word: when that was; None where it is not known.
        failures: what came to nothing afterwards, e.g. a window that jammed.
        before: what was so when it began.
    """

    number: int
    utterance: Utterance
    at: datetime
    began: float
    plan: Plan | None = None
    plan_ms: float | None = None
    calls: list[CallRecord] = field(default_factory=list)
    turn: Turn | None = None
    ended: float | None = None
    reply: ReplyRecord | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    last_word: float | None = None
    failures: list[Failure] = field(default_factory=list)
    before: Before | None = None

    @property
    def reply_text(self) -> str:
        """What is answered; empty before."""
        return self.turn.reply if self.turn is not None else ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Somebody spoke, and nothing is done about it."""

    utterance: Utterance
    why: str
    at: datetime


class NoteKind(StrEnum):
    """How much a note matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence beside the conversation, e.g. about what is missing."""

    text: str
    kind: NoteKind
    at: datetime


type Entry = TurnRecord | Ignored | Note


@dataclass(frozen=True, slots=True)
class Caption:
    """What somebody seems to be saying."""

    text: str
    seat: Seat


@dataclass(slots=True)
class EngineRecord:
    """An engine as it last told of itself.

    Attributes:
        since: when it told, on the state's clock.
        starts: how often it came up.
        troubles: how often it crashed, hung or failed.
    """

    name: str
    state: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    since: float = 0.0
    starts: int = 0
    troubles: int = 0

    @property
    def restarts(self) -> int:
        """How often it came up again."""
        return max(0, self.starts - 1)


@dataclass(slots=True)
class TopicRecord:
    """A topic of the bus.

    Attributes:
        count: messages since the start.
        last: the last message.
    """

    name: str
    count: int
    last: Message
    _rate: float = 0.0

    def add(self, message: Message) -> None:
        """Take the next message."""
        self._rate = self.rate(message.received) + 1 / RATE_OVER
        self.count += 1
        self.last = message

    def rate(self, now: float) -> float:
        """Messages a second, averaged over the last seconds before ``now`` (monotonic)."""
        return self._rate * math.exp(-max(0.0, now - self.last.received) / RATE_OVER)


class StepState(StrEnum):
    """Of a step of starting up."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Step:
    """Something that is opened or loaded at the start.

    Attributes:
        title: what, for people: "language model".
        detail: the fault's sentence where it failed.
        began: on the state's clock; None before.
        ended: likewise.
    """

    title: str
    state: StepState = StepState.WAITING
    detail: str = ""
    began: float | None = None
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A record of the log; ``level`` is that of ``logging``."""

    level: int
    name: str
    text: str
    at: datetime


@dataclass(slots=True)
class VehicleState:
    """What the bus tells of the vehicle.

    Attributes:
        values: by path; only what can be trusted now.
        unknown: why a path of the catalogue has no value: its ECU is offline, ...
        owners: ECUs by name.
        title: which car it is, for people: "simulated car".
        connected: the bus is there.
        fault: why it is not; empty where it is.
        documents: retained documents that the panels use, by subtopic (``nav/route``).
        catalogue: all signals that the vehicle may have; empty until the bus is there.
    """

    values: dict[str, Value] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    owners: dict[str, OwnerState] = field(default_factory=dict)
    title: str = "vehicle"
    connected: bool = False
    fault: str = ""
    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    catalogue: Mapping[str, Signal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanSpeed:
    """How fast the language model was in one turn.

    Attributes:
        prompt_tokens: read, that were not read before.
        prompt_ms: how long that took.
        output_tokens: written.
        output_ms: how long that took.
    """

    prompt_tokens: int
    prompt_ms: float
    output_tokens: int
    output_ms: float

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> PlanSpeed | None:
        """From a plan's detail; None where no language model planned."""
        try:
            return cls(
                int(detail["prompt_tokens"]),
                float(detail["prompt_ms"]),
                int(detail["output_tokens"]),
                float(detail["output_ms"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Recognition:
    """How long the recogniser took for the words of one turn.

    Attributes:
        milliseconds: from the pause on, at which it began, to the text.
        seconds: of speech up to then; None where nobody saw it begin.
    """

    milliseconds: float
    seconds: float | None = None

    @property
    def factor(self) -> float | None:
        """The real-time factor: below 1 it is faster than people speak."""
        return self.milliseconds / 1000 / self.seconds if self.seconds else None


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """One of our processes: what it is, resident bytes, share of a core (1.0 is a whole one)."""

    pid: int
    title: str
    memory: int
    cpu: float


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """What everything costs, measured once a second while somebody looks.

    Attributes:
        processes: this one and all its children.
        cores: how many the machine has.
        total_memory: of the machine, bytes.
        queues: what waits where: name to (waiting, capacity or None).
        counters: what was lost or could not be read since the start, by name.
        lags: the event loop's last lags in seconds, oldest first.
    """

    processes: tuple[ProcessFigures, ...] = ()
    cores: int = 1
    total_memory: int = 0
    queues: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    lags: tuple[float, ...] = ()
