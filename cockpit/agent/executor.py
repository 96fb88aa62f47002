"""Runs the calls of a plan and says what became of each."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final

from cockpit.agent.conditions import Finding, Settled, look_up
from cockpit.agent.gate import CallJournal, CallVehicle, Gate, ReadTooEarly, TurnWrites
from cockpit.agent.plan import Call, Outcome
from cockpit.agent.policies import ask_before
from cockpit.events import CallFinished, CallStarted, EventStream
from skills.api import (
    AnswerNeeded,
    Clock,
    Context,
    Dialogue,
    Environment,
    Refused,
    Resources,
    Result,
    SkillError,
    SkillSet,
    Status,
)
from vehicle_bus.errors import CockpitError, CommandRejected, SignalAbsent
from vehicle_bus.seats import Seat

log = logging.getLogger(__name__)

CALL_LIMIT = 30.0
"""Seconds after which a call that does not end has failed."""
_REFERENCE: Final = re.compile(r"\$(\d+)((?:\.\w+)*)")
_PLAIN: Final = (bool, int, float, str, type(None))


@dataclass(frozen=True, slots=True)
class Pending:
    """A call that waits for an answer, and all that is needed to go on after it.

    Attributes:
        index: position of the asking call in ``calls``.
        calls: the whole plan.
        outcomes: of the plan's calls so far, by position.
        question: what was asked.
        confirmed: keys of earlier questions of the same call that were answered with yes.
    """

    index: int
    calls: tuple[Call, ...]
    outcomes: Mapping[int, Outcome]
    question: AnswerNeeded
    confirmed: frozenset[str] = frozenset()


@dataclass
class Execution:
    """What running a plan came to.

    Attributes:
        outcomes: in the order of the calls; calls that were given are left out.
        pending: questions, in the order of the calls that asked them.
        journals: how to take each call back.
    """

    outcomes: tuple[Outcome, ...] = ()
    pending: tuple[Pending, ...] = ()
    journals: list[tuple[Call, CallJournal]] = field(default_factory=list)


class Executor:
    """Runs plans against the skills and the vehicle of a session.

    Args:
        skills: all functions.
        gate: the way to the vehicle.
        resources: what skills keep for the session.
        environment: where a session's data live.
        dialogue: the conversation, for skills that talk about it.
        events: told of every call's start and end.
        limit: seconds that a call may take.
    """

    def __init__(
        self,
        skills: SkillSet,
        gate: Gate,
        *,
        resources: Resources,
        environment: Environment,
        dialogue: Dialogue,
        events: EventStream,
        limit: float = CALL_LIMIT,
    ) -> None:
        self.skills = skills
        self._gate = gate
        self._resources = resources
        self._environment = environment
        self._dialogue = dialogue
        self._events = events
        self._limit = limit

    @property
    def clock(self) -> Clock:
        """The session's clock."""
        return self._environment.clock

    @property
    def resources(self) -> Resources:
        """What skills keep for the session."""
        return self._resources

    def check(self, calls: Sequence[Call]) -> None:
        """Check a plan without running it, as far as that is possible before it runs.

        Raises:
            SkillError: a function does not exist or an argument is wrong.
        """
        for index, call in enumerate(calls):
            if not _references(call.arguments, index):
                self._function(call).validate(call.arguments)

    async def run(
        self,
        calls: Sequence[Call],
        seat: Seat,
        *,
        execution: Execution | None = None,
        confirmed: Mapping[int, frozenset[str]] | None = None,
        given: Mapping[int, Outcome] | None = None,
    ) -> Execution:
        """Run calls: independent ones at once, others when what they refer to is there.

        A question runs after the calls before it that act, so that it sees what they did. All
        conditions are looked up before the first call runs, so that no call of the plan decides
        about another.

        Args:
            calls: the plan's calls.
            seat: the speaker's seat.
            execution: filled as the calls run; what was done stays in it if this is cancelled.
            confirmed: by position, keys of questions answered with yes.
            given: by position, outcomes of calls that ran in an earlier turn.
        """
        execution = execution or Execution()
        run = _Run(self, tuple(calls), seat, confirmed or {}, dict(given or {}), execution)
        await run.all()
        return execution

    def _function(self, call: Call) -> Any:
        function = self.skills.get(call.function)
        if function is None:
            raise SkillError("I can't do that.")
        return function

    def is_built_in(self, call: Call) -> bool:
        """True for a function of ours, which the models that were trained know."""
        function = self.skills.get(call.function)
        return function is not None and function.run.__module__.startswith("skills.")

    def is_question(self, call: Call) -> bool:
        """True where the call only reads."""
        function = self.skills.get(call.function)
        return function is not None and function.question


class _Run:
    """One plan under way."""

    def __init__(
        self,
        owner: Executor,
        calls: tuple[Call, ...],
        seat: Seat,
        confirmed: Mapping[int, frozenset[str]],
        given: dict[int, Outcome],
        execution: Execution,
    ) -> None:
        self._owner = owner
        self._calls = calls
        self._seat = seat
        self._confirmed = confirmed
        self._given = frozenset(given)
        self._outcomes = given
        self._execution = execution
        self._questions: dict[int, AnswerNeeded] = {}
        self._ended = [asyncio.Event() for _ in calls]
        self._writes = TurnWrites(owner._gate)
        self._findings: dict[int, Finding] = {}

    async def all(self) -> None:
        """Run every call that was not given and fill the execution."""
        await self._look_up()
        todo = [index for index in range(len(self._calls)) if index not in self._given]
        for index in self._given:
            self._ended[index].set()
        for index in todo:
            if not self._waits_for(index):
                self._writes.join(index)
        try:
            async with asyncio.TaskGroup() as group:
                for index in todo:
                    group.create_task(self._one(index), name=self._calls[index].function)
        finally:
            # Commands that were sent before a cancellation still count and can be undone.
            self._execution.outcomes = tuple(
                self._outcomes[index] for index in todo if index in self._outcomes
            )
        self._execution.pending = tuple(
            Pending(
                index,
                self._settled(),
                dict(self._outcomes),
                self._questions[index],
                self._confirmed.get(index, frozenset()),
            )
            for index in todo
            if index in self._questions
        )

    async def _look_up(self) -> None:
        """Look up all conditions, those of a plan that goes on after an answer not again."""
        for index, call in enumerate(self._calls):
            if call.when is None or index in self._given:
                continue
            if isinstance(call.when, Settled):
                self._findings[index] = call.when.finding
                if not call.when.finding.holds:  # that was said before the question
                    self._outcomes[index] = self._unmet(index, call)
                    self._given |= {index}
                continue
            owner = self._owner
            self._findings[index] = await look_up(
                call.when, self._seat, owner._gate.get, owner._resources
            )

    def _settled(self) -> tuple[Call, ...]:
        """The calls with what was found of their conditions."""
        return tuple(
            dataclasses.replace(call, when=Settled.of(call.when, self._findings[index]))
            if call.when is not None and index in self._findings
            else call
            for index, call in enumerate(self._calls)
        )

    def _unmet(self, index: int, call: Call) -> Outcome:
        return Outcome(call, Status.SKIPPED, self._findings[index].fact, unmet=call.when)

    def _waits_for(self, index: int) -> frozenset[int]:
        """Positions of the calls that end before this one starts."""
        waits = _references(self._calls[index].arguments, index)
        if self._owner.is_question(self._calls[index]):
            waits |= {
                before
                for before in range(index)
                if not self._owner.is_question(self._calls[before])
            }
        return frozenset(waits - self._given)

    async def _one(self, index: int) -> None:
        call = self._calls[index]
        for before in self._waits_for(index):
            await self._ended[before].wait()
        self._writes.join(index)
        started = time.perf_counter()
        now = asyncio.get_running_loop().time()
        self._owner._events.publish(CallStarted(call, now))
        try:
            outcome = await self._outcome(index, call)
            self._outcomes[index] = outcome
        finally:
            self._writes.leave(index)
            self._ended[index].set()
        milliseconds = (time.perf_counter() - started) * 1000
        self._owner._events.publish(CallFinished(outcome, milliseconds))

    async def _outcome(self, index: int, call: Call) -> Outcome:
        if index in self._findings and not self._findings[index].holds:
            return self._unmet(index, call)
        for needed in sorted(_references(call.arguments, index)):
            before = self._outcomes[needed]
            result = before.result
            if result is None or not (result.status.ok or result.status is Status.PARTIAL):
                return Outcome(call, Status.SKIPPED, before.reason, unmet=before.unmet)
        journal = CallJournal()
        self._execution.journals.append((call, journal))
        try:
            try:
                result = await self._result(index, call, journal)
            except ReadTooEarly:
                await self._wait_for_earlier(index)
                result = await self._result(index, call, journal)
            return Outcome(call, result.status, _reason(result), result)
        except AnswerNeeded as question:
            self._questions[index] = question
            return Outcome(call, Status.ASKED, question.question)
        except CockpitError as error:
            return Outcome(call, status_of(error), error.spoken)
        except TimeoutError:
            return Outcome(call, Status.FAILED, "That took too long, so I gave up.")
        except Exception:  # a fault in a skill, which may be anyone's, costs this call only
            log.debug("%s failed", call.function, exc_info=True)
            return Outcome(call, Status.FAILED, "Something went wrong there, and it was not done.")

    async def _result(self, index: int, call: Call, journal: CallJournal) -> Result:
        owner = self._owner
        function = owner._function(call)
        arguments = function.validate(self._resolved(call.arguments, index))
        confirmed = self._confirmed.get(index, frozenset())
        ask = ask_before(call.function)
        if ask is not None and ask.key not in confirmed:
            raise AnswerNeeded(ask.question, key=ask.key)
        context = Context(
            seat=self._seat,
            vehicle=CallVehicle(owner._gate, self._writes, index, confirmed, journal),
            resources=owner._resources,
            clock=owner.clock,
            journal=journal,
            dialogue=owner._dialogue,
            environment=owner._environment,
            confirmed=confirmed,
        )
        async with asyncio.timeout(owner._limit):
            result: Result = await function.run(context, **arguments)
        return result

    async def _wait_for_earlier(self, index: int) -> None:
        """ "Warmer and a bit warmer": the second step starts from where the first one led."""
        self._writes.leave(index)
        for ended in self._ended[:index]:
            await ended.wait()
        self._writes.join(index)

    def _resolved(self, value: Any, index: int) -> Any:
        """Arguments with the references replaced by what they stand for."""
        if isinstance(value, Mapping):
            return {key: self._resolved(item, index) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._resolved(item, index) for item in value]
        reference = _reference(value, index)
        if reference is None:
            if isinstance(value, str) and (match := _REFERENCE.fullmatch(value)) and match[2]:
                raise SkillError("I lost track of what belongs together there.")
            return value
        position, fields = reference
        found: Any = self._outcomes[position].result
        for name in fields:
            if isinstance(found, list | tuple) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            elif not name.startswith("_") and hasattr(found, name):
                found = getattr(found, name)
            else:
                raise SkillError("I couldn't use the first part of that for the second.")
        return plain(found)


def status_of(error: CockpitError) -> Status:
    """The status of a call that ended with one of our errors."""
    match error:
        case Refused():
            return Status.REFUSED
        case CommandRejected():
            return Status.REJECTED
        case SignalAbsent():
            return Status.ABSENT
        case _:
            return Status.FAILED


def plain(value: Any) -> Any:
    """A result's field as a JSON-like argument.

    Raises:
        SkillError: it has no such form.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (entry.name for entry in dataclasses.fields(value))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    raise SkillError("I couldn't use the first part of that for the second.")


def _reference(value: Any, index: int) -> tuple[int, tuple[str, ...]] | None:
    """Position and fields that a value refers to; None where it is no reference.

    "$5" without a field that names no earlier call is text that somebody said.
    """
    if not isinstance(value, str) or not (match := _REFERENCE.fullmatch(value)):
        return None
    position = int(match[1]) - 1
    fields = tuple(match[2].split(".")[1:])
    if 0 <= position < index:
        return position, fields
    return None


def _references(value: Any, index: int) -> set[int]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return set().union(*(_references(item, index) for item in value))
    reference = _reference(value, index)
    return {reference[0]} if reference else set()


def _reason(result: Any) -> str | None:
    """Why a result's changes did not all happen, in the vehicle's words."""
    reasons = [
        change.reason
        for change in getattr(result, "changes", ())
        if change.reason and not change.status.ok
    ]
    return " ".join(dict.fromkeys(reasons)) or None
