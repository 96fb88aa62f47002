"""A vehicle bus in a dict, for tests of what stands between the skills and the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skills.api import Value
from tests.fakes.vehicle import start_state
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.client import Ack
from vehicle_bus.errors import BusError, BusUnreachable, SignalAbsent, SignalStale
from vehicle_bus.records import Failure


@dataclass
class FakeBus:
    """Every command is done at once, unless a test says otherwise.

    Attributes:
        state: value of every signal by path.
        errors: what ``set`` raises, by path.
        moving: paths whose commands are accepted while the value stays where it is.
        offline: paths whose ECU is offline.
        reachable: False while the broker is away.
        held: ``set`` waits for this event.
        sent: commands in the order they were sent.
        done: commands in the order they were answered.
    """

    state: dict[str, Value] = field(default_factory=start_state)
    errors: dict[str, BusError] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)
    offline: set[str] = field(default_factory=set)
    reachable: bool = True
    held: asyncio.Event | None = None
    sent: list[tuple[str, object]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    documents: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue.default)
    failure_hooks: list[Callable[[Failure], None]] = field(default_factory=list)

    def on_failure(self, hook: Callable[[Failure], None]) -> None:
        self.failure_hooks.append(hook)

    def fail(self, path: str, value: Value, reason: str) -> None:
        """What was on its way to ``value`` does not arrive."""
        for hook in self.failure_hooks:
            hook(Failure(path, value, reason))

    async def regain(self, patience: float) -> None:
        """Nothing was lost a moment ago."""

    def get(self, path: str) -> Value:
        if not self.reachable:
            raise BusUnreachable("I can't reach the vehicle right now.")
        if path in self.offline:
            raise SignalStale("The unit is offline.")
        if path not in self.state:
            raise SignalAbsent("This vehicle has no such thing.")
        return self.state[path]

    async def set(self, path: str, value: Any) -> Ack:
        self.get(path)
        self.sent.append((path, value))
        if self.held is not None:
            await self.held.wait()
        await asyncio.sleep(0)
        if path in self.errors:
            raise self.errors[path]
        self.done.append(path)
        if path in self.moving:
            return Ack("accepted", self.state[path])
        self.state[path] = value
        return Ack("done", value)

    async def publish_document(self, subtopic: str, payload: Mapping[str, Any] | None) -> None:
        self.documents[subtopic] = payload
