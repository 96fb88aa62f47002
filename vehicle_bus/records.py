"""What the client of the vehicle bus hands out: readings, updates, messages, answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vehicle_bus.catalogue import Value
from vehicle_bus.payloads import AckPayload


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of a signal.

    Attributes:
        value: in the signal's own unit.
        timestamp: when the owner took it, UTC.
        received: when we got it, ``time.monotonic()`` seconds.
    """

    value: Value
    timestamp: datetime
    received: float


@dataclass(frozen=True, slots=True)
class Update:
    """A signal got a value; ``value`` is None where the owner took the value away."""

    path: str
    value: Value | None
    previous: Value | None
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """Any message on the vehicle's topics, as it came; ``received`` is ``time.monotonic()``."""

    topic: str
    payload: bytes
    retained: bool
    received: float


@dataclass(frozen=True, slots=True)
class OwnerState:
    """An ECU that announced itself, and the branches it owns."""

    name: str
    online: bool
    owns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """An ECU did what it was asked, or began to and the value has moved."""

    status: Literal["done", "accepted"]
    value: Value
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that had been accepted, and whose signal had begun to move, came to nothing.

    Attributes:
        path: of the signal.
        value: its target.
        reason: the ECU's own sentence.
    """

    path: str
    value: Value
    reason: str


@dataclass(slots=True)
class Command:
    """A target under way, for the client itself.

    Attributes:
        path: of the signal.
        value: its target.
        before: what it was.
        answer: resolved by what ``VehicleBus.set`` waits for.
        accepted: the ECU's answer until the value has moved.
        failed: the ECU's answer, if that came after it was accepted.
        moved: the value has changed.
    """

    path: str
    value: Value
    before: Value
    answer: asyncio.Future[AckPayload]
    accepted: AckPayload | None = None
    failed: AckPayload | None = None
    moved: bool = False
