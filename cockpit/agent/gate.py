"""The one way from a skill to the vehicle: checked reads, and writes that pass the policies.

Calls of one turn that run at the same time hand in their writes together: ``TurnWrites`` waits
until every running call has handed in its writes or ended, and only then are the policies asked
about all of them at once. So "close the sunshade and the sunroof", "air conditioning on and the
fan to four" come out the same in whatever order they are said, and no policy adds what the same
sentence asks otherwise. A call that is busy with something else holds the others up for
``GRACE`` seconds at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol

from cockpit.agent.policies import PACK, Ask, Judgement, Policy, Refuse, judge, same
from skills.api import AnswerNeeded, Change, Refused, SkillError, Status, Value
from skills.api.context import Revert
from skills.phrasing import name
from vehicle_bus.client import VehicleBus
from vehicle_bus.errors import (
    BusError,
    CommandRejected,
    SignalAbsent,
    SignalStale,
    SignalUnknown,
    ValueInvalid,
)
from vehicle_bus.records import Failure

GRACE = 0.03
"""Seconds that handed-in writes wait for the other calls of the turn."""
PATIENCE = 2.0
"""Seconds that a turn waits for a vehicle that was lost a moment ago."""
MOMENTARY = frozenset(("Vehicle.Body.Horn.IsActive",))
"""Signals that are over once they were sent; bringing them back would do it again."""
ON_ITS_WAY = 15.0
"""Seconds that a signal which was accepted to move counts as being at its target."""


class CallJournal:
    """How to take back what one call did; implements ``skills.api.Journal``.

    Attributes:
        before: what the signals were that it changed.
    """

    def __init__(self) -> None:
        self._reverts: list[Revert] = []
        self.before: dict[str, Value] = {}

    def __bool__(self) -> bool:
        return bool(self._reverts)

    def record(self, revert: Revert) -> None:
        """Call ``revert`` if the speaker says "undo"."""
        self._reverts.append(revert)

    async def revert(self) -> None:
        """Take everything back, the latest first.

        Raises:
            CockpitError: a step could not be taken back; the earlier ones are not tried.
        """
        while self._reverts:
            await self._reverts[-1]()
            self._reverts.pop()


class Holder(Protocol):
    """Keeps a signal away from its value for a moment, as ducking does with the volume.

    Nobody who asks, or asks for a change, shall notice.
    """

    def real(self, path: str, reported: Value) -> Value:
        """What the signal would be otherwise, given what it reports."""
        ...

    def writing(self, path: str) -> AbstractAsyncContextManager[None]:
        """Around a write of a signal; it is the writer's from then on, if that succeeds."""
        ...


class Gate:
    """Reads and writes of one session's vehicle.

    Attributes:
        changed: value by path of everything that was changed since it was last emptied.
        holder: what keeps a signal away from its value at times; None for nothing.

    Args:
        bus: the connected bus.
        policies: the vehicle's rules.
        monotonic: seconds that only grow, for the time a signal may be on its way.
    """

    def __init__(
        self,
        bus: VehicleBus,
        policies: tuple[Policy, ...] = PACK,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bus = bus
        self._policies = policies
        self._monotonic = monotonic
        self._targets: dict[str, tuple[Value, float]] = {}
        self._failures: dict[str, Failure] = {}
        self._hooks: list[Callable[[Failure], None]] = []
        self.changed: dict[str, Value] = {}
        self.holder: Holder | None = None
        bus.on_failure(self._failed)

    def current(self, path: str) -> Value | None:
        """What policies take for the current value: the target of a signal on its way.

        None where this vehicle has no trusted value.
        """
        value = self.reported(path)
        target = self._targets.get(path)
        if value is None or target is None:
            return value
        arrived = same(value, target[0])
        if arrived:
            del self._targets[path]
        return value if arrived or self._monotonic() > target[1] else target[0]

    def reported(self, path: str) -> Value | None:
        """What a signal says itself; None where this vehicle has no trusted value."""
        try:
            return self._real(path)
        except BusError:
            return None

    def _real(self, path: str) -> Value:
        value = self.bus.get(path)
        return value if self.holder is None else self.holder.real(path, value)

    def forget(self) -> None:
        """Take every signal for what it reports, on its way or not."""
        self._targets.clear()
        self._failures.clear()
        self.changed.clear()

    # What went wrong later.

    def on_failure(self, hook: Callable[[Failure], None]) -> None:
        """Have ``hook`` called when something that was on its way does not arrive."""
        self._hooks.append(hook)

    def _failed(self, failure: Failure) -> None:
        target = self._targets.get(failure.path)
        if target is None or not same(target[0], failure.value):
            return  # another session's, or it does not matter any more
        del self._targets[failure.path]
        self._failures[failure.path] = failure
        for hook in self._hooks:
            hook(failure)

    def untold(self) -> tuple[Failure, ...]:
        """What was on its way and did not arrive, and nobody has been told of yet."""
        for path, failure in tuple(self._failures.items()):
            if same(self.reported(path), failure.value):
                del self._failures[path]  # somebody has seen to it
        return tuple(self._failures.values())

    def told(self) -> None:
        """The speaker knows of all of ``untold``."""
        self._failures.clear()

    async def regain(self) -> None:
        """Wait a moment for a vehicle that was lost a moment ago."""
        await self.bus.regain(PATIENCE)

    def get(self, path: str) -> Value:
        """The current value; what the vehicle lacks is named as a person would.

        Raises:
            BusError: as ``VehicleBus.get``.
        """
        try:
            return self._real(path)
        except SignalAbsent as error:
            raise SignalAbsent(f"This car doesn't have {name(path)}.") from error
        except SignalStale as error:
            why = error.reason.removesuffix(".")
            raise SignalStale(f"{why}, so I don't know {name(path)}.", error.reason) from error

    def judge(
        self, asked: Mapping[str, Value], confirmed: Mapping[str, frozenset[str]]
    ) -> Judgement:
        """Ask the policies about writes."""
        return judge(asked, self.current, confirmed, self._policies, self.reported)

    def checked(self, path: str, value: Value) -> Change | Value:
        """The normalised value to write, or the Change that says why it can't be written."""
        try:
            value = self.bus.catalogue.check(path, value)
            self.get(path)
        except BusError as error:
            return Change(path, None, value, _status(error), _why(error))
        return value

    async def send(self, judgement: Judgement) -> dict[str, Change]:
        """Send writes, those that depend on others after them; each becomes a Change."""
        done: dict[str, asyncio.Task[Change]] = {}
        async with asyncio.TaskGroup() as group:
            for path in _ordered(judgement):
                done[path] = group.create_task(
                    self._send_after(path, judgement, done), name=f"write {path}"
                )
        return {path: task.result() for path, task in done.items()}

    async def _send_after(
        self, path: str, judgement: Judgement, done: Mapping[str, asyncio.Task[Change]]
    ) -> Change:
        value, added = judgement.writes[path], judgement.because.get(path)
        because = added.because if added else None
        for needed in judgement.needs.get(path, ()):
            if needed in done and not (change := await asyncio.shield(done[needed])).status.ok:
                before = self.current(path)
                return Change(path, before, value, Status.FAILED, change.reason, because)
        return replace(await self._send(path, value), because=because)

    async def _send(self, path: str, value: Value) -> Change:
        try:
            before = self.get(path)
        except BusError as error:
            return Change(path, None, value, _status(error), _why(error))
        moving_to = self.current(path)
        if same(before, value) and same(moving_to, value):
            return Change(path, before, value, Status.ALREADY)
        earlier = self._targets.pop(path, None)
        self._failures.pop(path, None)
        try:
            async with nullcontext() if self.holder is None else self.holder.writing(path):
                ack = await self.bus.set(path, value)
        except BusError as error:
            if earlier is not None and isinstance(error, CommandRejected):
                self._targets[path] = earlier  # it goes on as it was told before
            return Change(path, moving_to, value, _status(error), _why(error))
        self.changed[path] = value
        if ack.status == "done":
            return Change(path, moving_to, value, Status.DONE)
        self._targets[path] = (value, self._monotonic() + ON_ITS_WAY)
        return Change(path, moving_to, value, Status.MOVING)

    async def restore(self, values: Mapping[str, Value]) -> tuple[Change, ...]:
        """Bring signals back to earlier values: nothing is added or asked, refusals hold.

        Raises:
            Refused: it is not safe now.
            SkillError: a signal could not be brought back; the reason is the vehicle's.
        """
        judgement = self.judge(values, {})
        for stop in judgement.stops:
            if isinstance(stop, Refuse):
                raise Refused(stop.sentence)
        changes = await self.send(replace(judgement, writes=values, because={}))
        for change in changes.values():
            if not change.status.ok:
                raise SkillError(change.reason or "I couldn't take everything back.")
        return tuple(changes.values())


def _status(error: BusError) -> Status:
    if isinstance(error, CommandRejected):
        return Status.REJECTED
    if isinstance(error, SignalAbsent | SignalUnknown):
        return Status.ABSENT
    return Status.FAILED


def _why(error: BusError) -> str:
    """Why a change did not happen, without saying again what was to be changed."""
    return error.reason if isinstance(error, SignalStale) else error.spoken


def _ordered(judgement: Judgement) -> Iterable[str]:
    """Paths such that what a write needs comes before it; circles are cut anywhere."""
    placed: dict[str, None] = {}

    def place(path: str, above: frozenset[str]) -> None:
        for needed in sorted(judgement.needs.get(path, frozenset()) - above):
            if needed in judgement.writes and needed not in placed:
                place(needed, above | {path})
        placed[path] = None

    for path in judgement.writes:
        if path not in placed:
            place(path, frozenset())
    return placed


class ReadTooEarly(Exception):
    """An earlier call of the turn changes what this one started from: it is to run again."""


@dataclass
class _Entry:
    """The writes of one call that wait for the others; ``read`` is what it started from."""

    index: int
    asked: dict[str, Value]
    failed: dict[str, Change]
    order: tuple[str, ...]
    confirmed: frozenset[str]
    journal: CallJournal
    read: frozenset[str] = frozenset()
    answer: asyncio.Future[tuple[Change, ...]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def fail(self, error: Exception) -> None:
        """Raise ``error`` in the call."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # the call may be gone, then nobody else looks


class TurnWrites:
    """Collects what the running calls of one turn write, and decides about it together."""

    def __init__(self, gate: Gate, grace: float = GRACE) -> None:
        self._gate = gate
        self._grace = grace
        self._running: set[int] = set()
        self._waiting: list[_Entry] = []
        self._asked: dict[str, Value] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flushes: set[asyncio.Task[None]] = set()

    def join(self, index: int) -> None:
        """A call runs now: the others wait for what it writes."""
        self._running.add(index)

    def leave(self, index: int) -> None:
        """A call has ended."""
        self._running.discard(index)
        self._flush_if_complete()

    async def apply(
        self,
        index: int,
        writes: Mapping[str, Value],
        confirmed: frozenset[str],
        journal: CallJournal,
        read: frozenset[str] = frozenset(),
    ) -> tuple[Change, ...]:
        """``skills.api.Vehicle.apply`` of one call; ``read`` is what the writes depend on.

        Raises:
            ReadTooEarly: nothing was written, because an earlier call writes what was read.
        """
        asked: dict[str, Value] = {}
        failed: dict[str, Change] = {}
        for path, wanted in writes.items():
            value = self._gate.checked(path, wanted)
            if isinstance(value, Change):
                failed[path] = value
            else:
                asked[path] = value
        if not asked:
            return tuple(failed.values())
        entry = _Entry(index, asked, failed, tuple(writes), confirmed, journal, read)
        self._waiting.append(entry)
        if not self._flush_if_complete() and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._grace, self._flush)
        # A turn that is cancelled leaves sent commands to finish and to be recorded.
        return await asyncio.shield(entry.answer)

    async def finish(self) -> None:
        """Wait until everything that was handed in has been answered."""
        while self._flushes:
            await asyncio.wait(self._flushes)

    def _flush_if_complete(self) -> bool:
        if self._waiting and self._running <= {entry.index for entry in self._waiting}:
            self._flush()
            return True
        return False

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        entries = sorted(self._waiting, key=lambda entry: entry.index)
        self._waiting = []
        if entries:
            task = asyncio.create_task(self._decide(entries), name="vehicle writes")
            self._flushes.add(task)
            task.add_done_callback(self._flushes.discard)

    async def _decide(self, entries: list[_Entry]) -> None:
        try:
            await self._judge_and_send(entries)
        except Exception as error:  # a fault of a policy or of ours: each call reports it
            for entry in entries:
                entry.fail(error)
        except asyncio.CancelledError:
            for entry in entries:
                entry.answer.cancel()
            raise

    async def _judge_and_send(self, entries: list[_Entry]) -> None:
        taken: set[str] = set()
        for entry in tuple(entries):
            if taken & entry.read & entry.asked.keys():
                entries.remove(entry)
                entry.fail(ReadTooEarly())
            taken |= entry.asked.keys()
        while entries:
            owner = {path: entry for entry in entries for path in entry.asked}
            asked = {path: entry.asked[path] for path, entry in owner.items()}
            confirmed = {path: entry.confirmed for path, entry in owner.items()}
            # What earlier calls of the turn wrote counts as asked for: no policy undoes it.
            judgement = self._gate.judge(self._asked | asked, confirmed)
            stop = next((s for s in judgement.stops if _root(s.trigger, judgement) in owner), None)
            if stop is None:
                break
            stopped = owner[_root(stop.trigger, judgement)]
            entries.remove(stopped)
            stopped.fail(_error(stop))
        else:
            return
        writes = {
            path: value
            for path, value in judgement.writes.items()
            if path in asked or path in judgement.because
        }
        changes = await self._gate.send(replace(judgement, writes=writes))
        for path, change in changes.items():
            if change.status.ok and path in asked:
                self._asked[path] = change.value
        for entry in entries:
            mine = [entry.failed.get(path) or changes[path] for path in entry.order]
            mine += [
                changes[path]
                for path in judgement.because
                if owner.get(_root(path, judgement)) is entry
                and changes[path].status is not Status.ALREADY
            ]
            self._record(entry, mine, owner)
            if not entry.answer.done():
                entry.answer.set_result(tuple(mine))

    def _record(
        self, entry: _Entry, changes: Iterable[Change], owner: Mapping[str, _Entry]
    ) -> None:
        before = {
            change.path: change.before
            for change in changes
            if change.status in (Status.DONE, Status.MOVING)
            and change.before is not None
            and change.path not in MOMENTARY
            and owner.get(change.path, entry) is entry
        }
        if before:
            entry.journal.before = {**before, **entry.journal.before}
            entry.journal.record(lambda: self._restored(before))

    async def _restored(self, before: Mapping[str, Value]) -> None:
        await self._gate.restore(before)


def _root(path: str, judgement: Judgement) -> str:
    """The write that was asked for and brought ``path`` along."""
    seen = {path}
    while (added := judgement.because.get(path)) and added.trigger not in seen:
        path = added.trigger
        seen.add(path)
    return path


def _error(stop: Refuse | Ask) -> SkillError:
    if isinstance(stop, Refuse):
        return Refused(stop.sentence)
    return AnswerNeeded(stop.question, key=stop.key)


class CallVehicle:
    """The vehicle as one call sees it; implements ``skills.api.Vehicle``."""

    def __init__(
        self,
        gate: Gate,
        turn: TurnWrites,
        index: int,
        confirmed: frozenset[str],
        journal: CallJournal,
    ) -> None:
        self._gate = gate
        self._turn = turn
        self._index = index
        self._confirmed = confirmed
        self._journal = journal
        self._read: set[str] = set()
        self._repeatable = True

    def has(self, path: str) -> bool:
        """See ``skills.api.Vehicle``."""
        try:
            self._gate.bus.get(path)
        except (SignalAbsent, SignalUnknown, SignalStale):
            return False
        return True

    def read(self, path: str) -> Value:
        """See ``skills.api.Vehicle``."""
        self._read.add(path)
        return self._gate.get(path)

    def number(self, path: str) -> float:
        """See ``skills.api.Vehicle``.

        Raises:
            ValueInvalid: the signal is not a number.
        """
        value = self.read(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueInvalid(f"{path} is not a number.")
        return float(value)

    async def apply(self, writes: Mapping[str, Value]) -> tuple[Change, ...]:
        """See ``skills.api.Vehicle``."""
        # Only a call that has done nothing yet can be run again.
        read = frozenset(self._read) if self._repeatable else frozenset()
        self._repeatable = False
        return await self._turn.apply(self._index, writes, self._confirmed, self._journal, read)

    async def publish(self, subtopic: str, payload: Mapping[str, object] | None) -> None:
        """See ``skills.api.Vehicle``."""
        self._repeatable = False
        await self._gate.bus.publish_document(subtopic, payload)
