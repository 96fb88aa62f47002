"""The session's event stream: what happened, in order, for whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance
from vehicle_bus.records import Failure
from vehicle_bus.seats import Seat


@dataclass(frozen=True, slots=True)
class UtteranceHeard:
    """Final text of an utterance, before it is planned.

    Attributes:
        at: when its turn began, on the clock of the event loop; None where nobody says.
    """

    utterance: Utterance
    at: float | None = None


@dataclass(frozen=True, slots=True)
class PlanMade:
    """A planner decided; ``milliseconds`` is how long it took."""

    plan: Plan
    milliseconds: float


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call is about to run; ``at`` is when, on the clock of the event loop."""

    call: Call
    at: float | None = None


@dataclass(frozen=True, slots=True)
class CallFinished:
    """A call ended."""

    outcome: Outcome
    milliseconds: float


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The reply is known."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class CommandFailedLater:
    """A signal that was on its way did not arrive, e.g. a window that jammed."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class EngineChanged:
    """A supervised engine started, crashed or came back."""

    engine: str
    state: str
    detail: Mapping[str, Any]


class Listening(StrEnum):
    """What the live conversation is doing."""

    ASLEEP = "asleep"  # waits for a wake word or the button
    AWAKE = "awake"  # waits for somebody to speak
    HEARING = "hearing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    FOLLOW_UP = "follow-up"  # after an answer, listens without a wake word


@dataclass(frozen=True, slots=True)
class ListeningChanged:
    """The live conversation does something else now; ``seat`` is whose turn it is, if anybody's."""

    state: Listening
    seat: Seat | None = None


@dataclass(frozen=True, slots=True)
class WakeWordHeard:
    """Somebody called the car."""

    word: str
    seat: Seat


@dataclass(frozen=True, slots=True)
class CaptionChanged:
    """What somebody seems to be saying; it may still change."""

    text: str
    seat: Seat


@dataclass(frozen=True, slots=True)
class UtteranceIgnored:
    """Somebody spoke, and nothing is done about it; ``why`` says for what reason."""

    utterance: Utterance
    why: str


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The first sound of a reply goes out."""

    text: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """A reply was spoken, or cut off: ``heard`` is the part that was heard."""

    text: str
    heard: str
    fault: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all of it was heard."""
        return self.heard == self.text


@dataclass(frozen=True, slots=True)
class LevelMeasured:
    """Loudness of each zone, about ten times a second; dB of full scale."""

    levels: Mapping[Seat, float]
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class TurnTimed:
    """When the stages of a spoken turn were reached, in milliseconds after the last word.

    Attributes:
        last_word: when it ended, on the clock of the event loop, as the endpointer saw it.
        stages: ``pause`` (recognition starts ahead), ``text``, ``plan``, ``endpoint``, ``reply``
            and ``first audio``, as far as there were any.
    """

    last_word: float
    stages: Mapping[str, float]


type Event = (
    UtteranceHeard
    | PlanMade
    | CallStarted
    | CallFinished
    | TurnFinished
    | CommandFailedLater
    | EngineChanged
    | ListeningChanged
    | WakeWordHeard
    | CaptionChanged
    | UtteranceIgnored
    | ReplyStarted
    | ReplyEnded
    | LevelMeasured
    | TurnTimed
)


class EventStream:
    """Fan-out of events to any number of watchers, each with a bounded queue.

    A watcher that does not keep up loses its oldest events; nobody else waits for it.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._watchers: set[asyncio.Queue[Event]] = set()

    def publish(self, event: Event) -> None:
        """Hand the event to every watcher; never blocks."""
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    def of_engine(self, engine: str) -> Callable[[str, Mapping[str, Any]], None]:
        """What to tell a state and its details of an engine, so that they are published."""
        return lambda state, detail: self.publish(EngineChanged(engine, state, detail))

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[Event]]:
        """A queue that receives every event from now on."""
        queue: asyncio.Queue[Event] = asyncio.Queue(self._capacity)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)
