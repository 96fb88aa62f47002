"""States of a car that somebody talked with, for pictures of panels."""

from __future__ import annotations

import logging

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance
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
)
from cockpit.ui.state import (
    LogLine,
    MachineFigures,
    NoteKind,
    ProcessFigures,
    Recognition,
    State,
    StepState,
)
from skills.api import Status
from tests.tui.dashboards import NOW, frozen_state
from vehicle_bus.records import Failure
from vehicle_bus.seats import Seat

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"


def turn(
    text: str,
    reply: str,
    *calls: Call,
    seat: Seat = Seat.DRIVER,
    confidence: float = 1.0,
    planner: str = "template",
    detail: dict[str, object] | None = None,
    spoken: str | None = None,
    heard: str | None = None,
) -> list[Event]:
    """The events of one turn.

    Args:
        spoken: what was said aloud of the reply; nothing by default.
        heard: what was heard of that; all of it by default.
    """
    utterance = Utterance(text, seat, confidence)
    plan = Plan(calls, planner, detail=detail or {})
    outcomes = tuple(Outcome(call, Status.DONE) for call in calls)
    done = Turn(utterance, reply, False, planner, outcomes, {}, {"total": 42.0}, plan)
    events: list[Event] = [UtteranceHeard(utterance), PlanMade(plan, 4.0)]
    for outcome in outcomes:
        events += [CallStarted(outcome.call), CallFinished(outcome, 30.0)]
    events.append(TurnFinished(done))
    if spoken is not None:
        stages = {"pause": 210.0, "text": 390.0, "plan": 400.0, "endpoint": 460.0}
        events += [
            ReplyStarted(spoken),
            TurnTimed(last_word=1.0, stages={**stages, "reply": 480.0, "first audio": 612.0}),
            ReplyEnded(spoken, spoken if heard is None else heard),
        ]
    return events


def talking() -> State:
    """A spoken conversation under way: everything that the conversation can show."""
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    window = Call("windows.set_window", {"position": 50, "where": "mine"})
    warm = Call("climate.set_temperature", {"temperature": 22.0})
    model = {"prompt_tokens": 24, "prompt_ms": 130.0, "output_tokens": 18, "output_ms": 190.0}
    opening = "Opening your window to 50 percent."
    long = (
        "There are three charging stations nearby: Kamppi, 400 metres away, Forum, 600 metres "
        "away, and Stockmann, 900 metres away."
    )
    for event in (
        *turn("open my window halfway", opening, window, confidence=0.93, spoken=opening),
        *turn(
            "I'm freezing, do something about it",
            "I've set your temperature to 22 degrees.",
            warm,
            seat=Seat.PASSENGER,
            confidence=0.71,
            planner="lm",
            detail=model,
            spoken="I've set your temperature to 22 degrees.",
        ),
        UtteranceIgnored(
            Utterance("did you see the game", Seat.REAR_LEFT, 0.44), "it is no request"
        ),
        CommandFailedLater(Failure(WINDOW, 50, "The driver window is stuck at 32 percent.")),
        *turn(
            "find a charging station nearby",
            long,
            Call("navigation.search", {"query": "charging station"}),
            spoken=long,
            heard="There are three charging stations nearby: Kamppi,",
        ),
        EngineChanged("voice", "started", {"pid": 4711}),
        ListeningChanged(Listening.HEARING, Seat.DRIVER),
        LevelMeasured({Seat.DRIVER: -18.0, Seat.PASSENGER: -41.0}),
        CaptionChanged("take me to the first", Seat.DRIVER),
    ):
        state.on_event(event)
    return state


def typed_only() -> State:
    """The car is there, and nobody can listen."""
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    state.typed_because = "No microphone was found. Requests are typed."
    state.note(state.typed_because, NoteKind.WARNING)
    return state


def loading() -> State:
    """Starting up."""
    state = frozen_state()
    state.step("program", StepState.RUNNING)
    state.step("program", StepState.DONE)
    state.step("speech", StepState.RUNNING)
    state.step("vehicle bus", StepState.DONE)
    state.step("sentences", StepState.RUNNING)
    state.step("language model", StepState.RUNNING)
    return state


def busy() -> State:
    """Engines in all states, and what everything costs."""
    state = talking()
    for event in (
        EngineChanged("language model", "loading", {}),
        EngineChanged("language model", "ready", {"milliseconds": 812}),
        EngineChanged("recogniser", "started", {"pid": 4712}),
        EngineChanged("recogniser", "crashed", {"returncode": -11, "reason": "it died: SIGSEGV"}),
        EngineChanged("recogniser", "started", {"pid": 4719}),
        EngineChanged("voice", "hung", {"reason": "it gave no sign of life for 10 s"}),
    ):
        state.on_event(event)
    state.recognised.extend((Recognition(262.0, 2.1), Recognition(231.0, 3.4)))
    state.on_machine(
        MachineFigures(
            processes=(
                ProcessFigures(4700, "cockpit itself", 168 * 2**20, 0.04),
                ProcessFigures(4711, "voice", 266 * 2**20, 0.0),
                ProcessFigures(4719, "recogniser", 228 * 2**20, 0.31),
                ProcessFigures(4713, "language model", 241 * 2**20, 0.0),
            ),
            cores=2,
            total_memory=8 * 2**30,
            queues={"tasks": (61, None), "events": (0, 1000), "messages": (3, 4096)},
            counters={"messages lost": 0, "malformed": 1},
            lags=tuple(0.001 * (1 + at % 23) for at in range(600)),
        )
    )
    for level, name, text in (
        (logging.INFO, "cockpit.ui.app", "first paint after 0.62 s (CPU 0.58 s)"),
        (logging.DEBUG, "output", "ALSA lib pcm.c:2721: Unknown PCM cards.pcm.front"),
        (
            logging.WARNING,
            "cockpit.workers.supervisor",
            "The recogniser crashed: SIGSEGV.",
        ),
        (
            logging.ERROR,
            "cockpit.agent.agent",
            "the turn failed\nTraceback …",
        ),
    ):
        state.on_log(LogLine(level, name, text, NOW))
    return state
