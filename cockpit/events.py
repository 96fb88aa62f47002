"""The session's event stream: what happened, in order, for whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance
from vehicle_bus.records import Failure


@dataclass(frozen=True, slots=True)
class UtteranceHeard:
    """Final text of an utterance, before it is planned."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class PlanMade:
    """A planner decided; ``milliseconds`` is how long it took."""

    plan: Plan
    milliseconds: float


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call is about to run."""

    call: Call


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


type Event = (
    UtteranceHeard
    | PlanMade
    | CallStarted
    | CallFinished
    | TurnFinished
    | CommandFailedLater
    | EngineChanged
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

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[Event]]:
        """A queue that receives every event from now on."""
        queue: asyncio.Queue[Event] = asyncio.Queue(self._capacity)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)
