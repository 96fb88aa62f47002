"""What the dashboard knows, without textual."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance
from cockpit.events import (
    CallFinished,
    CallStarted,
    CaptionChanged,
    CommandFailedLater,
    EngineChanged,
    Listening,
    ListeningChanged,
    PlanMade,
    ReplyEnded,
    ReplyStarted,
    TurnFinished,
    TurnTimed,
    UtteranceHeard,
)
from cockpit.ui.feed import FRAME, Feed
from cockpit.ui.state import (
    ENTRIES,
    MESSAGES,
    TOPICS,
    Note,
    PlanSpeed,
    Recognition,
    Section,
    State,
    StepState,
    TopicRecord,
    TurnRecord,
)
from skills.api import Status
from tests.fakes.clock import virtual_time
from tests.tui.scenes import WINDOW, turn
from vehicle_bus.records import Failure, Message
from vehicle_bus.seats import Seat

FIRST = Call("windows.set_window", {"position": 50})
SECOND = Call("climate.set_fan", {"level": 2})


def finished(reply: str, *outcomes: Outcome) -> TurnFinished:
    utterance = Utterance("anything")
    return TurnFinished(Turn(utterance, reply, False, "template", outcomes, {}, {"total": 1.0}))


def newest(state: State) -> TurnRecord:
    record = state.last_turn
    assert record is not None
    return record


def test_state_calls_that_run_at_once_keep_their_own_outcomes() -> None:
    state = State()
    state.on_event(UtteranceHeard(Utterance("both")))
    state.on_event(PlanMade(Plan((FIRST, SECOND), "template"), 3.0))
    state.on_event(CallStarted(FIRST))
    state.on_event(CallStarted(SECOND))
    state.on_event(CallFinished(Outcome(SECOND, Status.DONE), 20.0))
    state.on_event(CallFinished(Outcome(FIRST, Status.FAILED, "jammed"), 30.0))
    calls = newest(state).calls
    assert [call.call for call in calls] == [FIRST, SECOND]
    assert [call.outcome.status for call in calls if call.outcome] == [Status.FAILED, Status.DONE]
    assert [call.milliseconds for call in calls] == [30.0, 20.0]


def test_state_call_that_never_began_is_shown_all_the_same() -> None:
    state = State()
    state.on_event(UtteranceHeard(Utterance("one")))
    state.on_event(CallFinished(Outcome(FIRST, Status.SKIPPED, "it was not needed"), 0.0))
    assert [call.call for call in newest(state).calls] == [FIRST]


def test_state_reply_that_was_cut_off_remembers_what_was_heard() -> None:
    state = State()
    said = "There are three. One is near."
    for event in turn("find one", said, spoken=said):
        state.on_event(event)
    assert not newest(state).reply.cut_off  # type: ignore[union-attr]
    state.on_event(ReplyStarted(said))
    assert newest(state).reply.heard is None  # type: ignore[union-attr]
    state.on_event(ReplyEnded(said, "There are three."))
    reply = newest(state).reply
    assert reply is not None and reply.cut_off and reply.heard == "There are three."


def test_state_times_belong_to_the_turn_that_was_spoken() -> None:
    state = State()
    for text in ("first", "second"):
        state.on_event(UtteranceHeard(Utterance(text)))
        state.on_event(finished(f"{text} done"))
        state.on_event(ReplyStarted(f"{text} done"))
        state.on_event(TurnTimed(last_word=0.0, stages={"pause": 200.0, "text": 350.0}))
    assert [
        entry.stages.get("text") for entry in state.entries if isinstance(entry, TurnRecord)
    ] == [
        350.0,
        350.0,
    ]
    assert list(state.recognised) == [Recognition(150.0), Recognition(150.0)]
    assert state.recognised[0].factor is None


def test_state_knows_how_long_the_speech_was_that_was_recognised() -> None:
    now = 10.0
    state = State(clock=lambda: now)
    state.on_event(ListeningChanged(Listening.HEARING, Seat.DRIVER))
    now = 13.0  # somebody interrupts the answer before its times are told
    state.on_event(ListeningChanged(Listening.HEARING, Seat.PASSENGER))
    state.on_event(TurnTimed(last_word=11.8, stages={"pause": 200.0, "text": 400.0}))
    (recognition,) = state.recognised
    assert recognition.seconds == pytest.approx(2.0)
    assert recognition.factor == pytest.approx(0.1)
    now = 200.0
    state.on_event(TurnTimed(last_word=199.0, stages={"pause": 200.0, "text": 400.0}))
    assert state.recognised[-1].seconds is None


def test_state_failure_afterwards_belongs_to_the_last_turn_and_is_said() -> None:
    state = State()
    state.on_event(UtteranceHeard(Utterance("open")))
    state.on_event(finished("Opening."))
    failure = Failure(WINDOW, 100, "The window is stuck.")
    state.on_event(CommandFailedLater(failure))
    assert newest(state).failures == [failure]
    note = state.entries[-1]
    assert isinstance(note, Note) and note.text == "The window is stuck."


@pytest.mark.parametrize(
    "event", [UtteranceHeard(Utterance("open")), ListeningChanged(Listening.ASLEEP)]
)
def test_state_caption_goes_with_the_utterance_or_with_sleep(event: UtteranceHeard) -> None:
    state = State()
    state.on_event(CaptionChanged("open", Seat.DRIVER))
    assert state.caption is not None
    state.on_event(event)
    assert state.caption is None


def test_state_counts_restarts_and_failures_of_an_engine() -> None:
    state = State()
    for told in ("started", "crashed", "started", "hung", "started"):
        state.on_event(EngineChanged("voice", told, {}))
    voice = state.engines["voice"]
    assert (voice.state, voice.restarts, voice.troubles) == ("started", 2, 2)


def test_state_step_of_an_engine_ends_when_the_engine_says_so() -> None:
    state = State()
    state.step("language model", StepState.RUNNING)
    state.on_event(EngineChanged("language model", "loading", {}))
    assert [step.title for step in state.loading] == ["language model"]
    state.on_event(EngineChanged("language model", "failed", {"why": "There is no model."}))
    step = state.steps["language model"]
    assert (step.state, step.detail) == (StepState.FAILED, "There is no model.")


def test_state_speed_comes_from_plans_of_the_language_model_only() -> None:
    state = State()
    detail = {"prompt_tokens": 20, "prompt_ms": 100.0, "output_tokens": 10, "output_ms": 200.0}
    state.on_event(UtteranceHeard(Utterance("warm")))
    state.on_event(PlanMade(Plan((), "lm", detail=detail), 300.0))
    state.on_event(PlanMade(Plan((), "template", detail={"text": "warm"}), 3.0))
    assert list(state.speeds) == [PlanSpeed(20, 100.0, 10, 200.0)]


def test_topic_rate_settles_at_the_messages_a_second_and_fades() -> None:
    def message(at: float) -> Message:
        return Message("a/b", b"", False, at)

    topic = TopicRecord("a/b", 0, message(0.0))
    for number in range(1, 601):
        topic.add(message(number / 10))
    assert topic.rate(60.0) == pytest.approx(10, rel=0.05)
    assert topic.rate(90.0) < 0.1


def test_state_forgets_the_oldest() -> None:
    state = State()
    for number in range(TOPICS + MESSAGES):
        state.on_message(Message(f"topic/{number}", b"", False, float(number)))
        if number < ENTRIES + 10:
            state.note(str(number))
    assert len(state.topics) == TOPICS and f"topic/{TOPICS + MESSAGES - 1}" in state.topics
    assert len(state.messages) == MESSAGES
    assert len(state.entries) == ENTRIES


def test_state_tells_which_sections_changed_once() -> None:
    state = State()
    state.note("a")
    state.on_value(WINDOW, 40)
    assert state.take_changes() == {Section.CONVERSATION, Section.VEHICLE}
    assert state.take_changes() == frozenset()


@virtual_time
async def test_feed_draws_at_most_fifteen_times_a_second_and_misses_nothing() -> None:
    drawn: list[tuple[float, frozenset[Section]]] = []
    loop = asyncio.get_running_loop()
    feed = Feed(State(), lambda changes: drawn.append((loop.time(), changes)))
    for _ in range(500):  # in one second
        feed.touch(Section.TRAFFIC)
        await asyncio.sleep(0.002)
    feed.touch(Section.VEHICLE)
    await asyncio.sleep(1)
    times = [at for at, _ in drawn]
    assert 14 <= len(drawn) <= 17
    pairs = itertools.pairwise(times)
    assert all(after - before >= FRAME - 1e-6 for before, after in pairs)
    assert Section.VEHICLE in drawn[-1][1]


@virtual_time
async def test_feed_draws_nothing_while_nothing_happens() -> None:
    drawn: list[frozenset[Section]] = []
    feed = Feed(State(), drawn.append)
    await asyncio.sleep(60)
    assert drawn == []
    feed.touch(Section.LOG)
    await asyncio.sleep(60)
    assert drawn == [frozenset({Section.LOG})]


@virtual_time
async def test_feed_that_is_closed_draws_no_more() -> None:
    drawn: list[frozenset[Section]] = []
    feed = Feed(State(), drawn.append)
    feed.touch(Section.LOG)
    feed.close()
    feed.touch(Section.LOG)
    await asyncio.sleep(1)
    assert drawn == []
