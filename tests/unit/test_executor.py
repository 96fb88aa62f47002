"""Running plans: order, references, questions, and every way a call can end."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from cockpit.agent.conditions import parse_condition
from cockpit.agent.executor import Execution, Executor
from cockpit.agent.gate import Gate
from cockpit.agent.plan import Call, Outcome
from cockpit.agent.policies import AC, FRONT_FANS, SHADE, SUNROOF, WINDOWS
from cockpit.agent.resources import SessionResources
from cockpit.events import CallFinished, CallStarted, EventStream
from skills.api import (
    Context,
    Environment,
    SkillError,
    SkillSet,
    Status,
    define_skill,
    function,
)
from tests.fakes.bus import FakeBus
from tests.fakes.skill import Said, all_skills
from tests.fakes.vehicle import FakeClock, FakeDialogue
from tests.fakes.waiting import until
from vehicle_bus.errors import CommandFailed, CommandRejected
from vehicle_bus.seats import Seat

TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"
RAIN = "Vehicle.Body.Raindetection.Intensity"


@pytest.fixture
def bus() -> FakeBus:
    return FakeBus()


@pytest.fixture
def events() -> EventStream:
    return EventStream()


@pytest.fixture
def executor(bus: FakeBus, events: EventStream) -> Executor:
    environment = Environment(Path("unused"), None, FakeClock())
    return Executor(
        all_skills(),
        Gate(bus),  # type: ignore[arg-type]
        resources=SessionResources(environment),
        environment=environment,
        dialogue=FakeDialogue(),
        events=events,
        limit=0.2,
    )


def call(name: str, /, **arguments: Any) -> Call:
    return Call(f"test.{name}", arguments)


async def run(executor: Executor, *calls: Call, **more: Any) -> Execution:
    return await executor.run(calls, Seat.DRIVER, **more)


async def test_call_that_succeeds_is_done(executor: Executor, bus: FakeBus) -> None:
    execution = await run(executor, call("write", path=TEMPERATURE, number=23))
    assert [outcome.status for outcome in execution.outcomes] == [Status.DONE]
    assert bus.state[TEMPERATURE] == 23


async def test_all_calls_of_a_sentence_run(executor: Executor, bus: FakeBus) -> None:
    execution = await run(
        executor,
        call("write", path=TEMPERATURE, number=23),
        call("refuse"),
        call("write", path=VOLUME, number=10),
        call("find", name="Kamppi"),
    )
    statuses = [outcome.status for outcome in execution.outcomes]
    assert statuses == [Status.DONE, Status.REFUSED, Status.DONE, Status.DONE]
    assert (bus.state[TEMPERATURE], bus.state[VOLUME]) == (23, 10)


async def test_steps_of_one_signal_add_up(executor: Executor, bus: FakeBus) -> None:
    execution = await run(
        executor,
        call("nudge", path=TEMPERATURE, by=1),
        call("nudge", path=TEMPERATURE, by=0.5),
        call("nudge", path=VOLUME, by=5),
        call("nudge", path=TEMPERATURE, by=2),
    )
    assert {outcome.status for outcome in execution.outcomes} == {Status.DONE}
    assert bus.state[TEMPERATURE] == 24.5
    assert bus.state[VOLUME] == 35
    for _, journal in reversed(execution.journals):
        await journal.revert()
    assert bus.state[TEMPERATURE] == 21


async def test_last_of_two_values_for_one_signal_holds(executor: Executor, bus: FakeBus) -> None:
    await run(
        executor,
        call("write", path=TEMPERATURE, number=23),
        call("write", path=TEMPERATURE, number=24),
    )
    assert bus.state[TEMPERATURE] == 24
    assert bus.sent == [(TEMPERATURE, 24.0)]


async def test_what_is_already_so_is_not_sent(executor: Executor, bus: FakeBus) -> None:
    execution = await run(executor, call("write", path=TEMPERATURE, number=21))
    assert execution.outcomes[0].status is Status.ALREADY
    assert bus.sent == []
    assert not execution.journals[0][1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"path": TEMPERATURE, "number": 200}, "The number can only be between 0 and 100."),
        ({"number": 3}, "I need to know the path."),
        ({"path": TEMPERATURE, "colour": 3}, "I don't know what to do with the colour."),
    ],
)
async def test_wrong_argument_fails_with_its_sentence(
    executor: Executor, arguments: dict[str, Any], sentence: str
) -> None:
    execution = await run(executor, call("write", **arguments))
    assert execution.outcomes[0].status is Status.FAILED
    assert execution.outcomes[0].reason == sentence


async def test_unknown_function_fails(executor: Executor) -> None:
    execution = await run(executor, Call("test.fly", {}))
    assert execution.outcomes[0].status is Status.FAILED
    with pytest.raises(SkillError):
        executor.check([Call("test.fly", {})])


async def test_reference_takes_a_field_of_an_earlier_result(executor: Executor) -> None:
    execution = await run(
        executor,
        call("find", name="Kamppi"),
        call("go", to="$1.place.name", latitude="$1.place.latitude"),
    )
    assert execution.outcomes[1].result.text == "Going to Kamppi at 60."  # type: ignore[union-attr]


async def test_reference_to_a_missing_field_fails(executor: Executor) -> None:
    execution = await run(
        executor, call("find", name="Kamppi"), call("go", to="$1.place.age", latitude=1)
    )
    assert execution.outcomes[1].status is Status.FAILED


async def test_text_that_looks_like_a_price_is_no_reference(executor: Executor) -> None:
    execution = await run(executor, call("find", name="$5"))
    assert execution.outcomes[0].result.place.name == "$5"  # type: ignore[union-attr]


async def test_call_that_depends_on_a_failed_one_is_skipped(executor: Executor) -> None:
    execution = await run(
        executor,
        call("find", name="nowhere"),
        call("go", to="$1.place.name", latitude=1),
        call("find", name="Kamppi"),
    )
    statuses = [outcome.status for outcome in execution.outcomes]
    assert statuses == [Status.FAILED, Status.SKIPPED, Status.DONE]


async def test_independent_calls_are_sent_together(executor: Executor, bus: FakeBus) -> None:
    bus.held = asyncio.Event()
    task = asyncio.create_task(
        run(
            executor,
            call("write", path=TEMPERATURE, number=23),
            call("write", path=VOLUME, number=10),
        )
    )
    await until(lambda: len(bus.sent) == 2)
    assert bus.done == []
    bus.held.set()
    await task


async def test_call_busy_elsewhere_does_not_hold_up_the_others(
    executor: Executor, bus: FakeBus
) -> None:
    execution = await run(executor, call("hang"), call("write", path=VOLUME, number=10))
    assert [outcome.status for outcome in execution.outcomes] == [Status.FAILED, Status.DONE]
    assert execution.outcomes[0].reason == "That took too long, so I gave up."


async def test_crash_of_a_skill_costs_only_its_call(executor: Executor, bus: FakeBus) -> None:
    execution = await run(executor, call("crash"), call("write", path=VOLUME, number=10))
    assert [outcome.status for outcome in execution.outcomes] == [Status.FAILED, Status.DONE]
    assert "was not done" in (execution.outcomes[0].reason or "")


async def test_question_sees_what_the_calls_before_it_did(executor: Executor) -> None:
    execution = await run(
        executor, call("write", path=VOLUME, number=10), call("read", path=VOLUME)
    )
    assert execution.outcomes[1].result.text == "It is 10."  # type: ignore[union-attr]


async def test_policies_judge_the_whole_sentence_whatever_the_order(
    executor: Executor, bus: FakeBus
) -> None:
    bus.state |= {SUNROOF: 60, SHADE: 100}
    execution = await run(
        executor, call("write", path=SHADE, number=0), call("write", path=SUNROOF, number=0)
    )
    assert [outcome.status for outcome in execution.outcomes] == [Status.DONE, Status.DONE]
    assert bus.done == [SUNROOF, SHADE]


@pytest.mark.parametrize("reverse", [False, True])
async def test_explicit_fan_speed_wins_over_the_one_that_ac_brings(
    executor: Executor, bus: FakeBus, reverse: bool
) -> None:
    bus.state |= dict.fromkeys(FRONT_FANS, 0)
    calls = [call("write", path=AC, on=True), call("write", path=FRONT_FANS[0], number=80)]
    await run(executor, *(reversed(calls) if reverse else calls))
    assert bus.state[FRONT_FANS[0]] == 80
    assert bus.state[FRONT_FANS[1]] == 20
    assert len(bus.sent) == 3


async def test_later_call_wins_over_an_earlier_one(executor: Executor, bus: FakeBus) -> None:
    execution = await run(
        executor,
        call("write", path=VOLUME, number=10),
        call("write", path=VOLUME, number=20),
    )
    assert bus.sent == [(VOLUME, 20)]
    assert [outcome.status for outcome in execution.outcomes] == [Status.DONE, Status.DONE]


async def test_stopped_call_leaves_the_others_alone(executor: Executor, bus: FakeBus) -> None:
    bus.state[AC] = True
    execution = await run(
        executor,
        call("write", path=WINDOWS[0], number=100),
        call("write", path=VOLUME, number=20),
        call("write", path=TRUNK, on=True),
    )
    statuses = [outcome.status for outcome in execution.outcomes]
    assert statuses == [Status.ASKED, Status.DONE, Status.ASKED]
    assert [pending.question.key for pending in execution.pending] == [
        "window-with-ac",
        "open-trunk",
    ]
    assert bus.sent == [(VOLUME, 20)]


async def test_added_write_belongs_to_the_call_that_brought_it(
    executor: Executor, bus: FakeBus
) -> None:
    bus.state[WINDOWS[1]] = 90
    execution = await run(
        executor, call("write", path=VOLUME, number=20), call("write", path=AC, on=True)
    )
    first, second = (outcome.result for outcome in execution.outcomes)
    assert first.added == ()  # type: ignore[union-attr]
    assert [change.path for change in second.added] == [WINDOWS[1]]  # type: ignore[union-attr]


async def test_write_is_not_sent_where_what_it_needs_failed(
    executor: Executor, bus: FakeBus
) -> None:
    bus.errors[SHADE] = CommandFailed("The sunshade is jammed.")
    execution = await run(executor, call("write", path=SUNROOF, number=50))
    assert [path for path, _ in bus.sent] == [SHADE]
    assert execution.outcomes[0].status is Status.FAILED
    assert execution.outcomes[0].reason == "The sunshade is jammed."


async def test_sunroof_is_sent_once_the_shade_is_done(executor: Executor, bus: FakeBus) -> None:
    await run(executor, call("write", path=SUNROOF, number=50))
    assert bus.done == [SHADE, SUNROOF]


async def test_rejection_is_reported_as_the_ecu_said_it(executor: Executor, bus: FakeBus) -> None:
    bus.errors[WINDOWS[2]] = CommandRejected("The child lock is on.")
    execution = await run(executor, call("write", path=WINDOWS[2], number=50))
    outcome = execution.outcomes[0]
    assert (outcome.status, outcome.reason) == (Status.REJECTED, "The child lock is on.")


async def test_broker_that_is_away_fails_with_a_sentence(executor: Executor, bus: FakeBus) -> None:
    bus.reachable = False
    execution = await run(
        executor, call("write", path=VOLUME, number=20), call("read", path=VOLUME)
    )
    for outcome in execution.outcomes:
        assert outcome.status is Status.FAILED
        assert outcome.reason == "I can't reach the vehicle right now."


async def test_signal_that_the_vehicle_lacks_is_absent(executor: Executor, bus: FakeBus) -> None:
    del bus.state[TRUNK], bus.state[VOLUME]
    execution = await run(executor, call("write", path=TRUNK, on=True), call("read", path=VOLUME))
    assert [outcome.status for outcome in execution.outcomes] == [Status.ABSENT, Status.ABSENT]


async def test_moving_signal_is_moving_and_can_be_reversed(
    executor: Executor, bus: FakeBus
) -> None:
    bus.moving.add(WINDOWS[0])
    execution = await run(executor, call("write", path=WINDOWS[0], number=100))
    assert execution.outcomes[0].status is Status.MOVING
    # The window still reports 0, but closing it is not "already so".
    execution = await run(executor, call("write", path=WINDOWS[0], number=0))
    assert bus.sent == [(WINDOWS[0], 100), (WINDOWS[0], 0)]


async def test_signal_on_its_way_is_no_way_round_the_safety_rules(
    executor: Executor, bus: FakeBus
) -> None:
    bus.moving.add(TRUNK)
    yes = {0: frozenset({"open-trunk"})}
    await run(executor, call("write", path=TRUNK, on=True), confirmed=yes)
    bus.state["Vehicle.Speed"] = 50.0
    execution = await run(executor, call("write", path=TRUNK, on=True), confirmed=yes)
    assert execution.outcomes[0].status is Status.REFUSED
    assert len(bus.sent) == 1


async def test_journal_brings_everything_back_added_writes_too(
    executor: Executor, bus: FakeBus
) -> None:
    bus.state |= {WINDOWS[0]: 100, FRONT_FANS[0]: 0}
    before = dict(bus.state)
    execution = await run(executor, call("write", path=AC, on=True))
    assert bus.state != before
    await execution.journals[0][1].revert()
    assert bus.state == before


async def test_journal_never_sounds_the_horn_again(executor: Executor, bus: FakeBus) -> None:
    path = "Vehicle.Body.Horn.IsActive"
    bus.state[path] = True
    execution = await run(executor, call("write", path=path, on=False))
    assert not execution.journals[0][1]
    await execution.journals[0][1].revert()
    assert bus.state[path] is False


async def test_journal_does_not_bring_back_what_is_unsafe_now(
    executor: Executor, bus: FakeBus
) -> None:
    bus.state[TRUNK] = True
    execution = await run(executor, call("write", path=TRUNK, on=False))
    bus.state["Vehicle.Speed"] = 80.0
    with pytest.raises(SkillError, match="while the car is moving"):
        await execution.journals[0][1].revert()
    assert bus.state[TRUNK] is False


async def test_cancelled_turn_leaves_sent_commands_and_can_be_undone(
    executor: Executor, bus: FakeBus
) -> None:
    bus.held = asyncio.Event()
    execution = Execution()
    task = asyncio.create_task(
        run(executor, call("write", path=VOLUME, number=10), execution=execution)
    )
    await until(lambda: bus.sent)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bus.held.set()
    await until(lambda: execution.journals[0][1])
    assert bus.state[VOLUME] == 10
    await execution.journals[0][1].revert()
    assert bus.state[VOLUME] == 30


async def test_events_tell_of_every_call(executor: Executor, events: EventStream) -> None:
    async with events.watch() as queue:
        await run(executor, call("find", name="Kamppi"), call("refuse"))
    seen = [queue.get_nowait() for _ in range(queue.qsize())]
    assert sum(isinstance(event, CallStarted) for event in seen) == 2
    assert [event.outcome.status for event in seen if isinstance(event, CallFinished)] == [
        Status.DONE,
        Status.REFUSED,
    ]


def test_clock_is_the_sessions(executor: Executor) -> None:
    assert executor.clock.now() == datetime(2026, 6, 1, 8, 30)


# -- conditions ---------------------------------------------------------------------------


def when(condition: str, planned: Call) -> Call:
    return Call(planned.function, planned.arguments, parse_condition(condition))


def skipped(execution: Execution) -> list[Outcome]:
    return [outcome for outcome in execution.outcomes if outcome.status is Status.SKIPPED]


async def test_call_runs_where_its_condition_holds(executor: Executor, bus: FakeBus) -> None:
    bus.state[RAIN] = 20
    execution = await run(executor, when("raining", call("write", path=VOLUME, number=10)))
    assert execution.outcomes[0].status is Status.DONE
    assert execution.outcomes[0].call.when == parse_condition("raining")


async def test_call_is_skipped_where_its_condition_does_not_hold(
    executor: Executor, bus: FakeBus
) -> None:
    execution = await run(
        executor,
        when("raining", call("write", path=VOLUME, number=10)),
        when("battery < 20", call("write", path=TEMPERATURE, number=23)),
        call("write", path=AC, on=True),
    )
    assert [outcome.reason for outcome in skipped(execution)] == [
        "it isn't raining",
        "the battery is at 62 percent",
    ]
    assert [outcome.unmet for outcome in skipped(execution)] == [
        parse_condition("raining"),
        parse_condition("battery < 20"),
    ]
    assert bus.sent == [(AC, True)]
    assert len(execution.journals) == 1


@pytest.mark.parametrize("condition", ["raining", "not raining"])
async def test_call_is_not_run_where_nobody_can_tell(
    executor: Executor, bus: FakeBus, condition: str
) -> None:
    bus.offline.add(RAIN)
    execution = await run(executor, when(condition, call("write", path=VOLUME, number=10)))
    assert execution.outcomes[0].reason == "I can't tell whether it's raining"
    assert bus.sent == []


async def test_no_call_of_a_plan_decides_about_another(executor: Executor, bus: FakeBus) -> None:
    execution = await run(
        executor,
        call("write", path=WINDOWS[0], number=100),
        when("window mine = 0", call("write", path=VOLUME, number=10)),
        when("not window mine = 0", call("write", path=VOLUME, number=90)),
    )
    statuses = [outcome.status for outcome in execution.outcomes]
    assert statuses == [Status.DONE, Status.DONE, Status.SKIPPED]
    assert bus.state[VOLUME] == 10


async def test_policies_see_a_conditional_call(executor: Executor, bus: FakeBus) -> None:
    bus.state |= {"Vehicle.Speed": 50.0, SHADE: 0}
    execution = await run(
        executor,
        when("moving", call("write", path="Vehicle.Cabin.Door.Row1.DriverSide.IsOpen", on=True)),
        when("moving", call("write", path=SUNROOF, number=50)),
        when("not moving", call("write", path=TRUNK, on=True)),
    )
    statuses = [outcome.status for outcome in execution.outcomes]
    assert statuses == [Status.REFUSED, Status.DONE, Status.SKIPPED]
    assert bus.done == [SHADE, SUNROOF]


async def test_call_that_refers_to_an_unmet_one_is_unmet_too(executor: Executor) -> None:
    execution = await run(
        executor,
        when("raining", call("find", name="Kamppi")),
        call("go", to="$1.place.name", latitude="$1.place.latitude"),
    )
    assert [outcome.reason for outcome in skipped(execution)] == ["it isn't raining"] * 2
    assert {outcome.unmet for outcome in skipped(execution)} == {parse_condition("raining")}


async def test_conditions_are_not_looked_up_again_after_an_answer(
    executor: Executor, bus: FakeBus
) -> None:
    plan = (
        when("window mine = 0", call("write", path=WINDOWS[0], number=100)),
        when("window mine = 0", call("write", path=TRUNK, on=True)),
        when("not window mine = 0", call("write", path=WINDOWS[0], number=0)),
    )
    first = await run(executor, *plan)
    assert [outcome.status for outcome in first.outcomes] == [
        *(Status.DONE, Status.ASKED, Status.SKIPPED)
    ]
    [pending] = first.pending
    second = await executor.run(
        pending.calls,
        Seat.DRIVER,
        confirmed={1: frozenset({"open-trunk"})},
        given={0: pending.outcomes[0]},
    )
    assert [outcome.status for outcome in second.outcomes] == [Status.DONE]
    assert (bus.state[TRUNK], bus.state[WINDOWS[0]]) == (True, 100)


# -- what leaves the car ------------------------------------------------------------------


@function()
async def send(ctx: Context, text: Annotated[str, Field(description="What is sent.")]) -> Said:
    """Send a message."""
    return Said(f"Sent {text}.")


async def test_nothing_is_sent_without_a_yes(bus: FakeBus, events: EventStream) -> None:
    environment = Environment(Path("unused"), None, FakeClock())
    messages = define_skill(
        "messages", "messages", [send], {Said: lambda said: said.text}, sentences=Path(__file__)
    )
    executor = Executor(
        SkillSet([messages]),
        Gate(bus),  # type: ignore[arg-type]
        resources=SessionResources(environment),
        environment=environment,
        dialogue=FakeDialogue(),
        events=events,
    )
    planned = Call("messages.send", {"text": "hello"})
    [outcome] = (await run(executor, planned)).outcomes
    assert (outcome.status, outcome.reason) == (Status.ASKED, "Should I send it?")
    yes = {0: frozenset({"send-message"})}
    [outcome] = (await run(executor, planned, confirmed=yes)).outcomes
    assert outcome.status is Status.DONE


@pytest.mark.parametrize(("seat", "station"), [(seat, seat.station) for seat in Seat])
async def test_seat_and_zone_are_the_speakers_own(
    bus: FakeBus, events: EventStream, seat: Seat, station: str
) -> None:
    environment = Environment(Path("unused"), None, FakeClock())
    executor = Executor(
        SkillSet.installed(),
        Gate(bus),  # type: ignore[arg-type]
        resources=SessionResources(environment),
        environment=environment,
        dialogue=FakeDialogue(),
        events=events,
    )
    calls = (
        Call("climate.set_temperature", {"temperature": 25}),
        Call("seats.set_heating", {"level": 1}),
        Call("windows.set_window", {"position": 20}),
        Call("climate.set_temperature", {"temperature": 17, "where": "not_driver"}),
    )
    await executor.run(calls[:3], seat)
    assert dict(bus.sent) == {
        f"{station}.Temperature": 25,
        f"Vehicle.Cabin.Seat.{seat.position}.HeatingCooling": 33,
        f"Vehicle.Cabin.Door.{seat.position}.Window.Position": 20,
    }
    bus.sent.clear()
    await executor.run(calls[3:], seat)
    assert len(bus.sent) == 3  # whose was said counts, whoever speaks
