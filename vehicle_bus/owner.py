"""The ECU's side of the vehicle bus: own signals, take targets, answer them (DESIGN §3)."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, TracebackType
from typing import Self

import aiomqtt

from vehicle_bus.catalogue import Catalogue, Value
from vehicle_bus.config import BusSettings
from vehicle_bus.connection import Connection
from vehicle_bus.errors import (
    BusUnreachable,
    NotWritable,
    PayloadInvalid,
    SignalUnknown,
    ValueInvalid,
)
from vehicle_bus.payloads import (
    AckPayload,
    AckStatus,
    EcuState,
    StatePayload,
    TargetPayload,
    ValuePayload,
)
from vehicle_bus.seldom import Seldom
from vehicle_bus.topics import TopicKind, Topics

log = logging.getLogger(__name__)

REMEMBERED_IDS = 1000
ECHO_TIMEOUT = 2.0
"""Seconds to wait for our own state to come back from the broker."""
AT_ONCE = 64
"""Targets that are worked on at the same time; more are refused."""


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody wants a signal to become; already checked against the catalogue.

    Attributes:
        id: of this command.
        path: an actuator of this owner.
        value: in the signal's own type and range.
        source: who wants it.
        expires: when the wish ends, UTC.
    """

    id: str
    path: str
    value: Value
    source: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What the ECU made of a target.

    Attributes:
        status: as acknowledged.
        reason: a sentence that a person understands, where it was not done.
        value: what the signal is now; the target's value for ``done`` if None.
        later: for ``accepted``: ends with how it turned out, which is acknowledged, too.
    """

    status: AckStatus
    reason: str | None = None
    value: Value | None = None
    later: Awaitable[Decision] | None = None

    @classmethod
    def done(cls, value: Value | None = None) -> Decision:
        """It is so; the value is published, unless it already was, before the answer."""
        return cls(AckStatus.DONE, value=value)

    @classmethod
    def accepted(cls, later: Awaitable[Decision] | None = None) -> Decision:
        """It is on its way. Publish the values as they move."""
        return cls(AckStatus.ACCEPTED, later=later)

    @classmethod
    def rejected(cls, reason: str) -> Decision:
        """It was not tried."""
        return cls(AckStatus.REJECTED, reason)

    @classmethod
    def failed(cls, reason: str) -> Decision:
        """It was tried in vain."""
        return cls(AckStatus.FAILED, reason)


type TargetHandler = Callable[[Target], Awaitable[Decision]]


class SignalOwner:
    """An ECU: an MQTT client with a last will, which owns some branches.

    Entering starts to connect in the background, ``ready`` waits for it. After every connection
    the values are published first, then the state ``online``; so whoever sees the state has the
    values. Leaving publishes ``offline``.

    Args:
        settings: where the broker is, and which vehicle.
        name: of the ECU, e.g. ``climate``.
        owns: branches, single paths or globs.
        catalogue: signals of the vehicle; what the settings ask for by default.
        on_target: decides on targets, each in its own task, started in the order of arrival;
            without one every target is rejected.
        values: first values of signals.
        clock: current time, timezone-aware.
        connect: makes the connection; the simulator puts faults in here.

    Attributes:
        dropped: how many targets were dropped: expired, seen before, malformed.
    """

    def __init__(
        self,
        settings: BusSettings,
        name: str,
        owns: Sequence[str],
        *,
        catalogue: Catalogue | None = None,
        on_target: TargetHandler | None = None,
        values: Mapping[str, Value] = MappingProxyType({}),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        connect: Callable[..., Connection] = Connection,
    ) -> None:
        self.name = name
        self.owns = tuple(owns)
        self.catalogue = Catalogue.load(settings) if catalogue is None else catalogue
        self.dropped = 0
        self._on_target = on_target
        self._clock = clock
        self._topics = Topics(settings.vin)
        self._owned = {s.path for branch in owns for s in self.catalogue.branch(branch)}
        if not self._owned:
            raise SignalUnknown(f"The {name} unit owns no signal of the catalogue.")
        self._values: dict[str, tuple[Value, bytes]] = {}
        self._cleared: set[str] = set()
        self._seen: OrderedDict[str, AckPayload | None] = OrderedDict()
        self._announced = asyncio.Event()
        self._leaving = False
        self._warned = Seldom()
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults: list[Exception] = []
        self._connection = connect(
            settings,
            name,
            on_open=self._on_open,
            on_message=self._on_message,
            on_lost=lambda: None,
            will=aiomqtt.Will(
                self._topics.state(name), self._state(EcuState.OFFLINE), qos=1, retain=True
            ),
        )
        for path, value in values.items():
            self._store(path, value)

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop work, say ``offline``, disconnect.

        Raises:
            ExceptionGroup: what a handler of targets raised in the meantime.
        """
        self._leaving = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self.connected:
            try:
                await self._connection.publish(
                    self._topics.state(self.name), self._state(EcuState.OFFLINE), retain=True
                )
            except BusUnreachable:
                log.debug("%s: left to the last will", self.name)
        await self._connection.__aexit__(kind, error, trace)
        if self._faults and error is None:
            raise ExceptionGroup(f"faults of the {self.name} unit", self._faults)

    @property
    def connected(self) -> bool:
        """True while it is on the bus and has announced itself."""
        return self._connection.ready

    @property
    def values(self) -> Mapping[str, Value]:
        """What it has published, or will as soon as it is connected."""
        return {path: value for path, (value, _) in self._values.items()}

    async def ready(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until it is on the bus.

        Raises:
            BusUnreachable: not within ``timeout`` seconds, or the broker refuses us.
        """
        await self._connection.ready_within(timeout)

    async def publish(self, path: str, value: Value) -> None:
        """Publish what a signal is now, retained; returns when the broker has it.

        While disconnected the value is kept and published at the next connection.

        Raises:
            SignalUnknown: it is not one of the owned signals.
            ValueInvalid: the value does not fit the signal.
        """
        await self.publish_all({path: value})

    async def publish_all(self, values: Mapping[str, Value]) -> None:
        """Publish several values in one go; raises as ``publish``, and then publishes none."""
        checked = {path: self._check(path, value) for path, value in values.items()}
        for path, value in checked.items():
            self._store(path, value)
        await self._flush([(self._topics.value(path), self._values[path][1]) for path in checked])

    async def clear(self, path: str) -> None:
        """Take a signal's value away: the vehicle lacks it from now on.

        Raises:
            SignalUnknown: it is not one of the owned signals.
        """
        self._own(path)
        self._values.pop(path, None)
        self._cleared.add(path)
        await self._flush([(self._topics.value(path), b"")])

    async def finish(self, target: Target, decision: Decision) -> None:
        """Acknowledge how an accepted target turned out, where ``Decision.later`` does not fit."""
        self._answer(target, decision)

    # Connection

    async def _on_open(self) -> None:
        state = self._topics.state(self.name)
        self._announced = asyncio.Event()
        await self._connection.subscribe([state, *sorted(map(self._topics.target, self._owned))])
        for path in self._cleared:
            self._connection.post(self._topics.value(path), b"", retain=True)
        for path, (_, data) in self._values.items():
            self._connection.post(self._topics.value(path), data, retain=True)
        self._connection.post(state, self._state(EcuState.ONLINE), retain=True)
        # A broker may confirm a message before it handles it. Once ours comes back, whoever
        # connects from now on sees it.
        try:
            async with asyncio.timeout(ECHO_TIMEOUT):
                await self._announced.wait()
        except TimeoutError:
            log.warning("%s: the broker did not return its state", self.name)

    def _on_own_state(self, online: bool) -> None:
        if online:
            self._announced.set()
        elif self.connected and not self._leaving:
            # The last will of a connection of ours that the broker gave up only now.
            self._post(self._topics.state(self.name), self._state(EcuState.ONLINE), True)

    async def _flush(self, messages: Sequence[tuple[str, bytes]]) -> None:
        try:
            sent = [self._connection.post(t, data, retain=True) for t, data in messages]
        except BusUnreachable:
            return  # the next _on_open publishes all there is
        if sent:
            await asyncio.wait(sent)

    def _state(self, state: EcuState) -> bytes:
        return StatePayload(state=state, owns=self.owns).encode()

    # Values

    def _own(self, path: str) -> None:
        if path not in self._owned:
            self.catalogue.signal(path)
            raise SignalUnknown(f"The {self.name} unit does not own {path}.")

    def _check(self, path: str, value: object) -> Value:
        self._own(path)
        return self.catalogue.check(path, value)

    def _store(self, path: str, value: object) -> None:
        checked = self._check(path, value)
        payload = ValuePayload(value=checked, ts=self._clock())
        self._values[path] = (checked, payload.encode())
        self._cleared.discard(path)

    # Targets

    def _on_message(self, message: aiomqtt.Message) -> None:
        topic = str(message.topic)
        try:
            parsed = self._topics.parse(topic)
            if parsed.kind is TopicKind.STATE and not message.retain:
                self._on_own_state(message.payload == self._state(EcuState.ONLINE))
            if parsed.kind is not TopicKind.TARGET or parsed.name not in self._owned:
                return
            assert isinstance(message.payload, bytes | bytearray)
            payload = TargetPayload.decode(bytes(message.payload))
        except PayloadInvalid as error:
            self.dropped += 1
            self._warned.warn(log, topic, f"{self.name} dropped a message on {topic}: {error}")
            return
        if payload.id in self._seen:
            self.dropped += 1
            log.info("%s: %s was sent twice", self.name, payload.id)
            last = self._seen[payload.id]
            if last is not None:  # perhaps the answer was lost
                self._send_ack(parsed.name, last)
            return
        expires = payload.ts + timedelta(milliseconds=payload.ttl_ms)
        if self._clock() > expires or message.retain:
            self.dropped += 1
            log.warning("%s dropped a target of %s that had expired", self.name, parsed.name)
            return
        self._seen[payload.id] = None
        while len(self._seen) > REMEMBERED_IDS:
            self._seen.popitem(last=False)
        self._take(parsed.name, payload, expires)

    def _take(self, path: str, payload: TargetPayload, expires: datetime) -> None:
        target = Target(payload.id, path, payload.value, payload.source, expires)
        try:
            value = self.catalogue.actuator(path).check(payload.value)
        except (NotWritable, ValueInvalid) as error:
            self._answer(target, Decision.rejected(error.spoken))
            return
        if self._on_target is None:
            self._answer(target, Decision.rejected(f"The {self.name} unit takes no commands."))
            return
        if len(self._tasks) >= AT_ONCE:
            self._answer(target, Decision.rejected(f"The {self.name} unit is too busy."))
            return
        target = Target(payload.id, path, value, payload.source, expires)
        task = asyncio.create_task(
            self._work(target, self._on_target), name=f"{self.name} works on {path}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, target: Target, handler: TargetHandler) -> None:
        try:
            decision = await handler(target)
            self._answer(target, decision)
            if decision.later is not None:
                self._answer(target, await decision.later)
        except Exception as error:
            # A fault in the handler: whoever asked must hear of it now, and our owner at exit.
            log.exception("%s: fault while working on %s", self.name, target.path)
            self._faults.append(error)
            reason = f"The {self.name} unit has an internal fault."
            self._answer(target, Decision.failed(reason))

    def _answer(self, target: Target, decision: Decision) -> None:
        """Publish the value where it is done, then the acknowledgement."""
        value = decision.value
        if decision.status is AckStatus.DONE:
            value = self._check(target.path, target.value if value is None else value)
            known = self._values.get(target.path)
            if known is None or known[0] != value:
                self._store(target.path, value)
                self._post(self._topics.value(target.path), self._values[target.path][1], True)
        elif value is None and target.path in self._values:
            value = self._values[target.path][0]
        ack = AckPayload(id=target.id, status=decision.status, reason=decision.reason, value=value)
        if target.id in self._seen:
            self._seen[target.id] = ack
        self._send_ack(target.path, ack)

    def _send_ack(self, path: str, ack: AckPayload) -> None:
        self._post(self._topics.ack(path), ack.encode(), False)

    def _post(self, topic: str, data: bytes, retain: bool) -> None:
        try:
            self._connection.post(topic, data, retain=retain)
        except BusUnreachable:
            # Values go out at the next connection; an answer nobody can hear is lost.
            log.debug("%s: not connected, %s not sent", self.name, topic)
