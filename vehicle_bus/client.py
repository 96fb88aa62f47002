"""The cockpit's side of the vehicle bus: read, command, watch (DESIGN §3)."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, TracebackType
from typing import Any, Self
from uuid import uuid4

import aiomqtt

from vehicle_bus.catalogue import Catalogue, Value
from vehicle_bus.config import BusSettings
from vehicle_bus.connection import Connection, Pulse, Refused
from vehicle_bus.errors import (
    BusUnreachable,
    CommandFailed,
    CommandRejected,
    CommandTimeout,
    PayloadInvalid,
    SignalAbsent,
    SignalStale,
    SignalUnknown,
    ValueInvalid,
)
from vehicle_bus.feed import Feed
from vehicle_bus.payloads import (
    LONGEST_TTL_MS,
    AckPayload,
    AckStatus,
    EcuState,
    StatePayload,
    TargetPayload,
    ValuePayload,
    decode_document,
    encode_document,
)
from vehicle_bus.records import Ack, Command, Failure, Message, OwnerState, Reading, Update
from vehicle_bus.seldom import Seldom
from vehicle_bus.topics import TopicKind, Topics

__all__ = ["Ack", "Failure", "Message", "OwnerState", "Reading", "Update", "VehicleBus"]

log = logging.getLogger(__name__)

FEED_SIZE = 4096
SYNC_WAIT = 0.25
SYNC_WAITS = 8
"""How often in a row to wait ``SYNC_WAIT`` seconds for the marker that ends the retained messages
while no retained message comes; several short waits, so that one pause of the whole process does
not end them."""
OWNER_GRACE = 1.5
"""Seconds after a connection was made in which an owner may still be connecting, too."""
REGAINED_WITHIN = 5.0
"""Seconds after a loss in which it is worth waiting for what was lost."""
NEWEST = 4000
"""Topics of which the last message is remembered."""
UNDER_WAY = 256
"""Accepted commands whose end is watched for; the oldest is forgotten."""
LATE = timedelta(seconds=60)
"""A value that is older than the known one by less than this arrived late, and is dropped; by
more, the owner's clock was set back."""


class VehicleBus:
    """A connection to the vehicle bus.

    Entering starts to connect in the background; ``ready`` waits for it. Values are read from a
    cache of what the owners published. While the connection is away, and after it came back until
    the broker has sent its retained messages again, nothing in the cache is given out.

    Args:
        settings: where the broker is, and which vehicle.
        catalogue: signals of the vehicle; what the settings ask for by default.
        source: who sends the targets, for the ECUs' and the recorder's information.

    Attributes:
        catalogue: signals of the vehicle.
        settings: as given.
        malformed: how many messages were dropped because they did not have the agreed form.
        late: how many values were dropped because a newer one had come before.
    """

    def __init__(
        self,
        settings: BusSettings,
        *,
        catalogue: Catalogue | None = None,
        source: str = "cockpit",
    ) -> None:
        self.settings = settings
        self.catalogue = Catalogue.load(settings) if catalogue is None else catalogue
        self.malformed = 0
        self.late = 0
        self._retained = 0
        self._source = source
        self._topics = Topics(settings.vin)
        self._readings: dict[str, Reading] = {}
        self._last: dict[str, Reading] = {}  # from the connection before, to find what changed
        self._owners: dict[str, OwnerState] = {}
        self._owner_of: dict[str, OwnerState] | None = None
        self._owner_before: dict[str, OwnerState] = {}
        self._lost_at = float("-inf")
        self._warned = Seldom()
        self._documents: dict[str, Mapping[str, Any]] = {}
        self._seen_documents: set[str] | None = None
        self._own_documents: dict[str, bytes] = {}
        self._commands: dict[str, Command] = {}
        self._under_way: dict[str, Command] = {}
        self._failure_hooks: list[Callable[[Failure], None]] = []
        self._newest: dict[str, Message] = {}
        self._watchers: dict[Feed[Update], frozenset[str] | None] = {}
        self._listeners: set[Feed[Message]] = set()
        self._pulse = Pulse()
        self._synced: asyncio.Event | None = None
        self._ready_at = 0.0
        self._connection = Connection(
            settings,
            source,
            on_open=self._on_open,
            on_message=self._on_message,
            on_lost=self._on_lost,
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._connection)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._stack.aclose()
        finally:
            for watcher in self._watchers:
                watcher.close()
            for listener in self._listeners:
                listener.close()

    @property
    def connected(self) -> bool:
        """True while the connection stands and the retained values have been received."""
        return self._connection.ready

    @property
    def fault(self) -> BusUnreachable | None:
        """Why the bus is not connected, or None."""
        return self._connection.fault

    @property
    def owners(self) -> Mapping[str, OwnerState]:
        """ECUs that have announced themselves, by name; empty while disconnected."""
        return MappingProxyType(self._owners)

    async def ready(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until connected and the retained state is received.

        Raises:
            BusUnreachable: it did not happen within ``timeout`` seconds, or the broker refuses
                us (then at once); the sentence says why and what to check.
        """
        await self._connection.ready_within(timeout)

    def get(self, path: str) -> Value:
        """The current value.

        Raises:
            SignalUnknown: the catalogue has no such path.
            SignalAbsent: the owner is online and has no value of it.
            SignalStale: the owner is offline, or nobody owns it.
            BusUnreachable: not connected.
        """
        return self.reading(path).value

    def reading(self, path: str) -> Reading:
        """The current value with its times; raises as ``get``."""
        signal = self.catalogue.signal(path)
        if not self.connected:
            raise BusUnreachable("I can't reach the vehicle right now.") from self.fault
        owner = self.owner_of(path)
        if owner is None or not owner.online:
            why = self._silence_of(path)
            raise SignalStale(f"{why}, so I don't know the {signal.label}.", f"{why}.")
        reading = self._readings.get(path)
        if reading is None:
            raise SignalAbsent(f"This vehicle has no {signal.label}.")
        return reading

    def _silence_of(self, path: str) -> str:
        owner = self.owner_of(path) or self._owner_before.get(path)
        who = _unit(owner) if owner is not None else "part of the car that looks after that"
        return f"The {who} isn't answering right now"

    def owner_of(self, path: str) -> OwnerState | None:
        """Which ECU owns a signal, online or not; None where none has said so."""
        if self._owner_of is None:
            self._owner_of = self._assign_owners()
        return self._owner_of.get(path)

    async def set(self, path: str, value: object, *, ttl: float | None = None) -> Ack:
        """Bring a signal to a value, and wait for the ECU's answer.

        Args:
            path: an actuator.
            value: its target, in the signal's unit.
            ttl: seconds that the command stays valid, connecting included, at most 60; the
                settings' ``command_ttl`` by default.

        Returns:
            status ``done``, or ``accepted`` once the value has moved.

        Raises:
            SignalUnknown, NotWritable, ValueInvalid: nothing was sent.
            BusUnreachable: no connection within ``ttl``, or it broke before the answer. Nothing
                is sent later.
            SignalAbsent, SignalStale: this vehicle lacks it, or its ECU is offline.
            CommandRejected: the ECU refused.
            CommandFailed: the ECU tried in vain.
            CommandTimeout: no answer, or accepted and nothing moved, within ``ttl``.
        """
        signal = self.catalogue.actuator(path)
        target = signal.check(value)
        ttl = min(self.settings.command_ttl if ttl is None else ttl, LONGEST_TTL_MS / 1000)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ttl
        await self._wait_connected(deadline)
        await self._wait_owner(path, deadline)
        try:
            before = self.reading(path).value
        except SignalStale as error:
            why = error.reason.removesuffix(".")
            raise SignalStale(
                f"{why}, so I can't change the {signal.label}.", error.reason
            ) from error
        left = deadline - loop.time()
        if left <= 0:
            raise BusUnreachable("I could not reach the vehicle in time; nothing was changed.")
        superseded = self._forget_under_way(path)
        with self._command(path, target, before) as (command_id, command):
            payload = TargetPayload(
                id=command_id,
                value=target,
                ts=datetime.now(UTC),
                ttl_ms=max(1, round(left * 1000)),
                source=self._source,
            )
            self._connection.post(self._topics.target(path), payload.encode())
            try:
                async with asyncio.timeout_at(deadline):
                    ack = await command.answer
            except TimeoutError:
                raise self._silence(command) from None
            ack = command.failed or ack
            if ack.status is AckStatus.ACCEPTED:
                self._under_way[command_id] = command
                while len(self._under_way) > UNDER_WAY:
                    del self._under_way[next(iter(self._under_way))]
        match ack.status:
            case AckStatus.REJECTED:
                self._under_way |= superseded  # what was on its way goes on
                raise CommandRejected(ack.reason or f"The {signal.label} cannot be changed now.")
            case AckStatus.FAILED:
                raise CommandFailed(ack.reason or f"The {signal.label} could not be changed.")
            case AckStatus.DONE | AckStatus.ACCEPTED as status:
                done = target if ack.value is None else ack.value
                return Ack("done" if status is AckStatus.DONE else "accepted", done, ack.reason)

    def on_failure(self, hook: Callable[[Failure], None]) -> None:
        """Have ``hook`` called when a command fails after ``set`` has returned ``accepted``.

        Only the last command of a signal counts, and only while the connection lasts: what
        became of it in between is not known.
        """
        self._failure_hooks.append(hook)

    async def regain(self, patience: float) -> None:
        """Wait a moment for the connection and the ECUs that were there a moment ago.

        Returns at once where nothing was lost in the last ``REGAINED_WITHIN`` seconds, and in
        any case after ``patience`` seconds; what is still missing says so when it is used.
        """
        loop = asyncio.get_running_loop()
        if loop.time() - self._lost_at > REGAINED_WITHIN:
            return
        deadline = loop.time() + patience
        with suppress(TimeoutError, BusUnreachable):
            async with asyncio.timeout_at(deadline):
                await self._connection.wait_ready()
            async with asyncio.timeout_at(min(deadline, self._ready_at + OWNER_GRACE)):
                await self._pulse.wait_until(self._owners_are_back)

    def _owners_are_back(self) -> bool:
        before = {owner.name for owner in self._owner_before.values() if owner.online}
        return all(name in self._owners and self._owners[name].online for name in before)

    @asynccontextmanager
    async def watch(self, *patterns: str) -> AsyncIterator[Feed[Update]]:
        """Updates of the signals of branches or globs (see ``Catalogue.branch``); all without one.

        The present values are not repeated. After a reconnection come those that changed in the
        meantime. A slow reader loses the oldest updates (``Feed.dropped``).

        Raises:
            SignalUnknown: a pattern matches no signal.
        """
        wanted: frozenset[str] | None = None
        if patterns:
            for pattern in patterns:
                if not self.catalogue.branch(pattern):
                    raise SignalUnknown(f"The catalogue has no signal {pattern}.")
            wanted = frozenset(
                signal.path for pattern in patterns for signal in self.catalogue.branch(pattern)
            )
        feed = Feed[Update](FEED_SIZE)
        self._watchers[feed] = wanted
        try:
            yield feed
        finally:
            del self._watchers[feed]

    @asynccontextmanager
    async def traffic(self, *, newest: bool = False) -> AsyncIterator[Feed[Message]]:
        """Every message on the vehicle's topics, malformed ones too, as it comes.

        Entered before the bus is ready, it starts with the retained messages.

        Args:
            newest: start with the last message of every topic since the connection was made.
        """
        feed = Feed[Message](FEED_SIZE)
        for message in self._newest.values() if newest else ():
            feed.put(message)
        self._listeners.add(feed)
        try:
            yield feed
        finally:
            self._listeners.discard(feed)

    async def publish_document(self, subtopic: str, payload: Mapping[str, Any] | None) -> None:
        """Publish a retained JSON object below ``vehicle/<vin>/``; None takes it away.

        It is published again after a reconnection.

        Raises:
            PayloadInvalid: it cannot be JSON, or the subtopic belongs to the bus itself.
            BusUnreachable: not connected; it will not be published later.
        """
        topic = self._topics.document(subtopic)
        data = b"" if payload is None else encode_document(payload)
        if not self.connected:
            raise BusUnreachable("I can't reach the vehicle right now.") from self.fault
        await self._connection.publish(topic, data, retain=True)
        if payload is None:
            self._own_documents.pop(subtopic, None)
            self._documents.pop(subtopic, None)
        else:
            self._own_documents[subtopic] = data
            self._documents[subtopic] = MappingProxyType(decode_document(data))

    def document(self, subtopic: str) -> Mapping[str, Any] | None:
        """The retained document of this subtopic, as last received; None where there is none."""
        return self._documents.get(subtopic)

    # Commands

    async def _wait_connected(self, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._connection.wait_ready()
        except (TimeoutError, Refused) as error:
            raise BusUnreachable(
                "I can't reach the vehicle right now, so nothing was changed."
            ) from (self.fault or error)

    async def _wait_owner(self, path: str, deadline: float) -> None:
        """Where everybody is just reconnecting, give the owner a moment to announce itself."""
        grace = min(deadline, self._ready_at + OWNER_GRACE)
        if grace <= asyncio.get_running_loop().time() or self.owner_of(path) is not None:
            return
        try:
            async with asyncio.timeout_at(grace):
                await self._pulse.wait_until(lambda: self.owner_of(path) is not None)
        except TimeoutError:
            return  # reading() says what is missing

    @contextmanager
    def _command(self, path: str, target: Value, before: Value) -> Iterator[tuple[str, Command]]:
        command_id = uuid4().hex
        command = Command(path, target, before, asyncio.get_running_loop().create_future())
        self._commands[command_id] = command
        try:
            yield command_id, command
        finally:
            del self._commands[command_id]
            command.answer.cancel()

    def _forget_under_way(self, path: str) -> dict[str, Command]:
        """A later command takes over: what becomes of the earlier ones is no news."""
        found = {key: each for key, each in self._under_way.items() if each.path == path}
        for key in found:
            del self._under_way[key]
        return found

    def _silence(self, command: Command) -> CommandTimeout:
        label = self.catalogue[command.path].label
        if command.accepted is not None:
            return CommandTimeout(f"The {label} was asked to change, but it has not moved.")
        owner = self.owner_of(command.path)
        who = f"The {_unit(owner)}" if owner is not None else "The vehicle"
        return CommandTimeout(f"{who} did not answer, so the {label} may not have changed.")

    # Connection

    async def _on_open(self) -> None:
        self._synced = asyncio.Event()
        self._seen_documents = set()
        await self._connection.subscribe([self._topics.everything])
        # Brokers send the retained messages before they handle what comes after the
        # subscription. So our own marker comes back when we have them all.
        marker = self._topics.sync(self._connection.identifier)
        self._connection.post(marker, b"{}")
        if not await self._marked(self._synced):
            log.warning("the broker did not return %s; taking the state as complete", marker)
        self._finish_sync()
        for subtopic, data in self._own_documents.items():
            self._connection.post(self._topics.document(subtopic), data, retain=True)
        self._ready_at = asyncio.get_running_loop().time()

    async def _marked(self, synced: asyncio.Event) -> bool:
        """Whether the marker came, before no retained message came for a while."""
        waits = 0
        while waits < SYNC_WAITS:
            before = self._retained
            with suppress(TimeoutError):
                async with asyncio.timeout(SYNC_WAIT):
                    return await synced.wait()
            waits = waits + 1 if self._retained == before else 0
        return False

    def _finish_sync(self) -> None:
        for path in self._last.keys() - self._readings.keys():
            self._tell(Update(path, None, self._last[path].value, datetime.now(UTC)))
        self._last = {}
        assert self._seen_documents is not None
        kept = self._seen_documents | self._own_documents.keys()
        self._documents = {k: v for k, v in self._documents.items() if k in kept}
        self._seen_documents = None

    def _on_lost(self) -> None:
        self._newest.clear()
        # What an interrupted synchronisation did not replace is still the last we know.
        self._last |= self._readings
        self._readings = {}
        if self._owners:
            self._owner_before = self._assign_owners()
            self._lost_at = asyncio.get_running_loop().time()
        self._owners = {}
        self._under_way = {}
        self._owner_of = None
        for command in self._commands.values():
            if not command.answer.done():
                command.answer.set_exception(
                    BusUnreachable(
                        "The connection to the vehicle broke before it answered, so it may have "
                        "been done all the same."
                    )
                )
        self._pulse.beat()

    # Messages

    def _on_message(self, message: aiomqtt.Message) -> None:
        self._retained += message.retain
        topic = str(message.topic)
        data = message.payload
        assert isinstance(data, bytes | bytearray)
        data = bytes(data)
        try:
            parsed = self._topics.parse(topic)
            if parsed.kind is TopicKind.SYNC:
                if parsed.name == self._connection.identifier and self._synced is not None:
                    self._synced.set()
                return
            self._overhear(topic, data, message.retain)
            match parsed.kind:
                case TopicKind.VALUE:
                    self._on_value(parsed.name, data, message.retain)
                case TopicKind.ACK:
                    self._on_ack(parsed.name, data)
                case TopicKind.STATE:
                    self._on_state(parsed.name, data)
                case TopicKind.DOCUMENT:
                    self._on_document(parsed.name, data)
                case TopicKind.TARGET:
                    pass  # for the owners
        except (PayloadInvalid, ValueInvalid) as error:
            self.malformed += 1
            self._warned.warn(log, topic, f"dropped a message on {topic}: {error}")

    def _overhear(self, topic: str, data: bytes, retained: bool) -> None:
        message = Message(topic, data, retained, time.monotonic())
        if topic in self._newest or len(self._newest) < NEWEST:
            self._newest[topic] = message
        for feed in self._listeners:
            feed.put(message)

    def _on_value(self, path: str, data: bytes, retained: bool) -> None:
        if path not in self.catalogue:
            return  # a vehicle may have more signals than our catalogue
        known = self._readings.get(path) or self._last.get(path)
        previous = known.value if known is not None else None
        if not data:
            if self._readings.pop(path, None) is not None:
                self._tell(Update(path, None, previous, datetime.now(UTC)))
            return
        payload = ValuePayload.decode(data)
        value = self.catalogue.check(path, payload.value)
        current = self._readings.get(path)
        if current is not None and timedelta(0) < current.timestamp - payload.ts < LATE:
            self.late += 1
            return
        self._readings[path] = Reading(value, payload.ts, time.monotonic())
        if not retained or value != previous:
            self._tell(Update(path, value, previous, payload.ts))
        for command in self._commands.values():
            if command.path == path and value != command.before:
                command.moved = True
                if command.accepted is not None and not command.answer.done():
                    command.answer.set_result(command.accepted)

    def _tell(self, update: Update) -> None:
        for feed, wanted in self._watchers.items():
            if wanted is None or update.path in wanted:
                feed.put(update)

    def _on_ack(self, path: str, data: bytes) -> None:
        ack = AckPayload.decode(data)
        command = self._commands.get(ack.id) or self._under_way.get(ack.id)
        if command is None or command.path != path:
            return  # somebody else's, or too late
        if command.answer.done():
            self._on_later_ack(command, ack)
            return
        if ack.value is not None:
            ack = ack.model_copy(update={"value": self.catalogue.check(path, ack.value)})
        if ack.status is AckStatus.ACCEPTED and not command.moved:
            command.accepted = ack
        else:
            command.answer.set_result(ack)

    def _on_later_ack(self, command: Command, ack: AckPayload) -> None:
        """How a command turned out that had been accepted."""
        if ack.status is AckStatus.FAILED:
            command.failed = ack  # heard by ``set``, if that has not returned yet
        if self._under_way.pop(ack.id, None) is None or ack.status is not AckStatus.FAILED:
            return
        label = self.catalogue[command.path].label
        reason = ack.reason or f"The {label} could not be changed."
        for hook in self._failure_hooks:
            hook(Failure(command.path, command.value, reason))

    def _on_state(self, name: str, data: bytes) -> None:
        if not data:
            self._owners.pop(name, None)
        else:
            state = StatePayload.decode(data)
            self._owners[name] = OwnerState(name, state.state is EcuState.ONLINE, state.owns)
        self._owner_of = None
        self._pulse.beat()

    def _on_document(self, subtopic: str, data: bytes) -> None:
        if not data:
            self._documents.pop(subtopic, None)
            return
        self._documents[subtopic] = MappingProxyType(decode_document(data))
        if self._seen_documents is not None:
            self._seen_documents.add(subtopic)

    def _assign_owners(self) -> dict[str, OwnerState]:
        """The owner of each path: the most specific branch wins, then who is online."""
        claims = [
            (branch.count("."), owner.online, owner.name, branch)
            for owner in self._owners.values()
            for branch in owner.owns
        ]
        found: dict[str, OwnerState] = {}
        for _, _, name, branch in sorted(claims):
            for signal in self.catalogue.branch(branch):
                found[signal.path] = self._owners[name]
        return found


def _unit(owner: OwnerState) -> str:
    name = owner.name.replace("_", " ").replace("-", " ")
    return f"{re.sub(r'(?<![isu])s$', '', name)} unit"  # the lights' unit is the light unit
