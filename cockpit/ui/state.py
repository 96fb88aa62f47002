"""What the dashboard knows, as plain data without textual.

``Feed`` writes it, panels read it. Everything is bounded: a dashboard that stays open all day
must not grow.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cockpit.agent.plan import Outcome, Utterance
from cockpit.events import (
    CallFinished,
    CallStarted,
    CaptionChanged,
    CommandFailedLater,
    EngineChanged,
    Event,
    LevelMeasured,
    Listening,
    ListeningChanged,
    PlanMade,
    ReplyEnded,
    ReplyStarted,
    TurnFinished,
    TurnTimed,
    UtteranceHeard,
    UtteranceIgnored,
    WakeWordHeard,
)
from cockpit.ui.records import (
    Before,
    CallRecord,
    Caption,
    EngineRecord,
    Entry,
    Ignored,
    Kept,
    LogLine,
    MachineFigures,
    Note,
    NoteKind,
    PlanSpeed,
    ProcessFigures,
    Recognition,
    ReplyRecord,
    Section,
    Step,
    StepState,
    TopicRecord,
    TurnRecord,
    Value,
    VehicleState,
)
from vehicle_bus.records import Message
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    pass

__all__ = [
    "ENTRIES",
    "LINES",
    "MESSAGES",
    "SPEEDS",
    "TOPICS",
    "TROUBLE",
    "Before",
    "CallRecord",
    "Caption",
    "EngineRecord",
    "Entry",
    "Ignored",
    "Kept",
    "LogLine",
    "MachineFigures",
    "Note",
    "NoteKind",
    "PlanSpeed",
    "ProcessFigures",
    "Recognition",
    "ReplyRecord",
    "Section",
    "State",
    "Step",
    "StepState",
    "TopicRecord",
    "TurnRecord",
    "Value",
    "VehicleState",
]

ENTRIES: Final = 500
"""Turns and notes of the conversation that are kept."""
TOPICS: Final = 4000
MESSAGES: Final = 1000
LINES: Final = 2000
"""Lines of the log that are kept."""
SPEEDS: Final = 20
"""Turns over which speeds are averaged."""
VOICES: Final = 8
"""Beginnings of speech that are remembered, until the turn is told of that one of them began."""
LONGEST: Final = 60.0
"""Seconds that nobody speaks without a pause."""
TROUBLE: Final = frozenset(
    {"crashed", "hung", "failed", "lost", "overloaded", "missing", "stopped"}
)
"""States of an engine in which it does not do its work."""


class State:
    """Everything that is known; see the attributes.

    Args:
        clock: seconds that only grow; ``time.monotonic`` as messages of the bus carry it.
        now: local time.

    Attributes:
        steps: of starting up, by name.
        ready: requests can be made.
        fault: why the car could not be opened; empty where it was, or still may be.
        entries: the conversation, oldest first.
        turns: how many there were.
        caption: what somebody seems to be saying now.
        typed_because: why nobody listens; empty where somebody does.
        listening: what the live conversation does; None where there is none.
        listening_seat: whose turn it is, if anybody's.
        levels: loudness by zone, dB of full scale.
        clipped: the last levels were cut off at full scale.
        woken: the wake word that was heard last, with its seat.
        engines: by name.
        topics: by full topic.
        messages: the last ones, oldest first.
        messages_total: how many there were.
        vehicle: values and ECUs.
        log: the last lines.
        machine: what it costs.
        speeds: of the language model's last plans.
        recognised: the last recognitions.
        muted: the microphone is switched off.
        kept: tells what the skills keep.
        changed: sections that were written since ``take_changes``.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self.clock = clock
        self.now = now
        self.steps: dict[str, Step] = {}
        self.ready = False
        self.fault = ""
        self.entries: deque[Entry] = deque(maxlen=ENTRIES)
        self.turns = 0
        self.caption: Caption | None = None
        self.typed_because = ""
        self.listening: Listening | None = None
        self.listening_seat: Seat | None = None
        self.levels: Mapping[Seat, float] = {}
        self.clipped = False
        self.woken: tuple[str, Seat] | None = None
        self.engines: dict[str, EngineRecord] = {}
        self.topics: dict[str, TopicRecord] = {}
        self.messages: deque[Message] = deque(maxlen=MESSAGES)
        self.messages_total = 0
        self.vehicle = VehicleState()
        self.log: deque[LogLine] = deque(maxlen=LINES)
        self.machine = MachineFigures()
        self.speeds: deque[PlanSpeed] = deque(maxlen=SPEEDS)
        self.recognised: deque[Recognition] = deque(maxlen=SPEEDS)
        self._voices: deque[float] = deque(maxlen=VOICES)  # when somebody began to speak
        self.muted = False
        self.kept: Callable[[], Kept] = Kept
        self.changed: set[Section] = set()

    def take_changes(self) -> frozenset[Section]:
        """The sections that changed since the last time."""
        taken = frozenset(self.changed)
        self.changed.clear()
        return taken

    # Starting up.

    def step(self, name: str, state: StepState, detail: str = "", *, title: str = "") -> None:
        """A step of starting up began or ended."""
        step = self.steps.setdefault(name, Step(title or name))
        step.state, step.detail = state, detail
        if state is StepState.RUNNING:
            step.began, step.ended = self.clock(), None
        elif state is not StepState.WAITING:
            step.ended = self.clock()
        self.changed.add(Section.BOOT)

    @property
    def loading(self) -> tuple[Step, ...]:
        """What is being loaded now."""
        return tuple(step for step in self.steps.values() if step.state is StepState.RUNNING)

    def note(self, text: str, kind: NoteKind = NoteKind.INFO) -> None:
        """Add a sentence to the conversation."""
        self.entries.append(Note(text, kind, self.now()))
        self.changed.add(Section.CONVERSATION)

    # Events.

    def on_event(self, event: Event) -> None:
        """Take an event of the session."""
        match event:
            case UtteranceHeard(utterance=utterance, at=at):
                self._begin(utterance, self.clock() if at is None else at)
            case PlanMade(plan=plan, milliseconds=milliseconds):
                if (record := self.current) is not None:
                    record.plan, record.plan_ms = plan, milliseconds
                if (speed := PlanSpeed.of(plan.detail)) is not None:
                    self.speeds.append(speed)
            case CallStarted(call=call, at=at):
                if (record := self.current) is not None:
                    record.calls.append(CallRecord(call, self.clock() if at is None else at))
            case CallFinished(outcome=outcome, milliseconds=milliseconds):
                self._on_call_finished(outcome, milliseconds)
            case TurnFinished(turn=turn):
                if (record := self.current) is not None:
                    record.turn, record.ended = turn, self.clock()
                    record.plan = record.plan or turn.plan
            case ReplyStarted() | ReplyEnded() | TurnTimed():
                self._on_speech(event)
            case CommandFailedLater(failure=failure):
                if (record := self.last_turn) is not None:
                    record.failures.append(failure)
                self.note(failure.reason, NoteKind.WARNING)
            case UtteranceIgnored(utterance=utterance, why=why):
                self.caption = None
                self.entries.append(Ignored(utterance, why, self.now()))
            case CaptionChanged(text=text, seat=seat):
                self.caption = Caption(text, seat)
            case EngineChanged(engine=engine, state=state, detail=detail):
                self._on_engine(engine, state, detail)
                return
            case ListeningChanged(state=state, seat=seat):
                self.listening, self.listening_seat = state, seat
                if state is Listening.HEARING:
                    self._voices.append(self.clock())
                if state is Listening.ASLEEP:
                    self.caption = None
                self.changed.add(Section.LISTENING)
            case WakeWordHeard(word=word, seat=seat):
                self.woken = (word, seat)
            case LevelMeasured(levels=levels, clipped=clipped):
                self.levels, self.clipped = levels, clipped
                self.changed.add(Section.LISTENING)
                return
        self.changed.add(Section.CONVERSATION)

    def _begin(self, utterance: Utterance, at: float) -> None:
        self.turns += 1
        self.caption = None
        vehicle = self.vehicle
        before = Before(dict(vehicle.values), self.kept(), "nav/route" in vehicle.documents)
        self.entries.append(TurnRecord(self.turns, utterance, self.now(), at, before=before))

    @property
    def last_turn(self) -> TurnRecord | None:
        """The newest turn, finished or not."""
        return next((e for e in reversed(self.entries) if isinstance(e, TurnRecord)), None)

    @property
    def current(self) -> TurnRecord | None:
        """The turn that runs now."""
        record = self.last_turn
        return record if record is not None and record.turn is None else None

    def _on_call_finished(self, outcome: Outcome, milliseconds: float) -> None:
        record = self.current
        if record is None:
            return
        for call in record.calls:
            if call.outcome is None and call.call == outcome.call:
                call.outcome, call.milliseconds = outcome, milliseconds
                return
        # It never began: skipped, refused, or its arguments were resolved meanwhile.
        call = CallRecord(outcome.call, self.clock() - milliseconds / 1000, outcome, milliseconds)
        record.calls.append(call)

    def _on_speech(self, event: ReplyStarted | ReplyEnded | TurnTimed) -> None:
        if isinstance(event, TurnTimed):
            if (record := self._finished(lambda record: not record.stages)) is not None:
                record.stages, record.last_word = dict(event.stages), event.last_word
            if "pause" in event.stages and "text" in event.stages:
                self.recognised.append(self._recognition(event))
            return
        record = self._finished(lambda record: event.text in record.reply_text)
        if record is None:
            return
        if record.reply is None or isinstance(event, ReplyStarted):
            record.reply = ReplyRecord(event.text, began=self.clock())
        if isinstance(event, ReplyEnded):
            reply = record.reply
            reply.ended, reply.heard, reply.fault = self.clock(), event.heard, event.fault

    def _recognition(self, timed: TurnTimed) -> Recognition:
        pause, text = timed.stages["pause"], timed.stages["text"]
        until = timed.last_word + pause / 1000
        began = next((at for at in reversed(self._voices) if at < timed.last_word), None)
        seconds = until - began if began is not None and until - began < LONGEST else None
        return Recognition(text - pause, seconds)

    def _finished(self, fits: Callable[[TurnRecord], bool]) -> TurnRecord | None:
        """The newest finished turn that fits; only the last few can."""
        seen = 0
        for entry in reversed(self.entries):
            if isinstance(entry, TurnRecord) and entry.turn is not None:
                if fits(entry):
                    return entry
                seen += 1
                if seen == 4:
                    break
        return None

    def _on_engine(self, name: str, state: str, detail: Mapping[str, Any]) -> None:
        record = self.engines.setdefault(name, EngineRecord(name))
        record.state, record.detail, record.since = state, detail, self.clock()
        record.starts += state in ("started", "ready")
        record.troubles += state in TROUBLE - {"stopped", "missing"}
        self.changed.add(Section.ENGINES)
        step = self.steps.get(name)
        if step is not None and step.state is StepState.RUNNING:
            if state in ("started", "ready"):
                self.step(name, StepState.DONE)
            elif state in TROUBLE:
                self.step(name, StepState.FAILED, str(detail.get("why", detail.get("reason", ""))))

    # The bus.

    def on_message(self, message: Message) -> None:
        """Take a message of the bus, as it came."""
        record = self.topics.get(message.topic)
        if record is None:
            if len(self.topics) >= TOPICS:
                oldest = min(self.topics.values(), key=lambda topic: topic.last.received)
                del self.topics[oldest.name]
            record = self.topics[message.topic] = TopicRecord(message.topic, 0, message)
        record.add(message)
        self.messages.append(message)
        self.messages_total += 1
        self.changed.add(Section.TRAFFIC)

    def on_value(self, path: str, value: Value | None) -> None:
        """A signal got a value, or lost it."""
        if value is None:
            self.vehicle.values.pop(path, None)
        else:
            self.vehicle.values[path] = value
            self.vehicle.unknown.pop(path, None)
        self.changed.add(Section.VEHICLE)

    # Machine.

    def on_log(self, line: LogLine) -> None:
        """Take a line of the log."""
        self.log.append(line)
        self.changed.add(Section.LOG)

    def on_machine(self, figures: MachineFigures) -> None:
        """Take a measurement."""
        self.machine = figures
        self.changed.add(Section.MACHINE)
