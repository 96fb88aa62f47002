"""What breaks is named, costs little, and works again by itself (DESIGN §12)."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.agent.llm.errors import PlanLost
from cockpit.agent.plan import Call
from cockpit.agent.policies import WINDOWS
from cockpit.assets.store import AssetStore
from cockpit.evaluation import drills
from cockpit.evaluation.mosquitto import MosquittoBroker, find_mosquitto
from cockpit.events import CommandFailedLater, Event
from cockpit.settings import Settings
from cockpit.speech.hearing import LOST
from skills.api import Status
from tests.fakes.parked import given, parked, write
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import VehicleBus
from vehicle_bus.errors import CommandFailed
from vehicle_bus.owner import Decision, SignalOwner, Target
from vehicle_bus.payloads import AckPayload, AckStatus, ValuePayload
from vehicle_bus.records import Failure

WINDOW = WINDOWS[0]
JAMMED = "The driver's window is jammed."
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"


# --- the drills, with real sentences --------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"maps": {"root": tmp_path}})


@pytest.fixture(params=["amqtt", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def broker(request: pytest.FixtureRequest, settings: Settings) -> drills.Broker:
    if request.param == "amqtt":
        return EmbeddedBroker(settings.bus)
    if find_mosquitto() is None:
        pytest.skip("the mosquitto broker is not installed (Debian: apt-get install mosquitto)")
    return MosquittoBroker(settings.bus)


async def test_broker_killed_in_a_turn_is_told_and_the_next_turns_work(
    broker: drills.Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drills, "OUTAGE", 0.3)
    drill = await drills.kill_broker(broker, settings, "test")
    in_flight, in_the_outage, after = drill.said
    assert "the connection to the vehicle broke before it answered" in in_flight
    assert "I can't reach the vehicle right now" in in_the_outage
    assert after == "Your temperature is now set to 24 degrees."
    assert drill.told_s is not None
    assert drill.told_s < 1
    assert drill.recovery_s < 5


async def test_climate_unit_unplugged_is_told_and_works_once_it_is_back(
    broker: drills.Broker, settings: Settings
) -> None:
    drill = await drills.unplug_climate(broker, settings, "test")
    command, question, after = drill.said
    assert command == (
        "I couldn't set your temperature to 23 degrees: the climate unit isn't answering right now."
    )
    assert question.startswith("The climate unit isn't answering right now, so I don't know")
    assert after == "Your temperature is now set to 23 degrees."
    assert drill.recovery_s < 3


@pytest.mark.models
async def test_voice_killed_in_a_sentence_loses_none(settings: Settings) -> None:
    store = AssetStore.from_settings(settings.assets)
    if not store.has(settings.speech.voice):
        pytest.skip("the voice is not there; `cockpit models pull` gets it")
    in_a_sentence, between = await drills.kill_voice(settings)
    assert "no sentence lost" in in_a_sentence.worked
    assert max(in_a_sentence.recovery_s, between.recovery_s) < 30


@pytest.mark.models
@pytest.mark.parametrize("how", ["killed", "hung"])
async def test_recogniser_that_breaks_in_an_utterance_says_so_and_hears_the_next(
    settings: Settings, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AssetStore.from_settings(settings.assets)
    for name in (settings.speech.voice, settings.speech.whisper_model):
        if not store.has(name):
            pytest.skip(f"{name} is not there; `cockpit models pull` gets it")
    monkeypatch.setattr("cockpit.speech.hearing.PATIENCE", 60.0)
    drill = await drills.break_hearing(settings, how)
    assert drill.said == (LOST, "Your temperature is now set to 23 degrees.")
    assert drill.told_s is not None
    assert (drill.told_s > 5) == (how == "hung")


@pytest.mark.models
@pytest.mark.parametrize("how", ["killed", "hung"])
async def test_language_model_that_breaks_in_a_turn_says_so_and_plans_again(
    settings: Settings, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AssetStore.from_settings(settings.assets)
    if not store.has(settings.agent.model):
        pytest.skip(f"{settings.agent.model} is not there; `cockpit models pull` gets it")
    monkeypatch.setattr("cockpit.session.PATIENCE", 60.0)
    drill = await drills.break_model(settings, how)
    lost, meanwhile, after = drill.said
    assert lost == PlanLost().spoken
    assert meanwhile == "Your temperature is now set to 23 degrees."
    assert after
    assert drill.told_s is not None
    assert (drill.told_s > 5) == (how == "hung")


# --- the broker -----------------------------------------------------------------------------


async def test_turn_right_after_an_outage_waits_for_the_units() -> None:
    async with parked(**given({VOLUME: 30})) as car:
        await car.broker.stop()
        await car.broker.start()
        turn = await car.say(write(VOLUME, 40), write(TEMPERATURE, 23))
        assert [outcome.status for outcome in turn.outcomes] == [Status.DONE, Status.DONE]


async def test_turn_in_a_long_outage_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehicle_bus.client.REGAINED_WITHIN", 0.0)
    async with parked() as car:
        await car.broker.stop()
        async with asyncio.timeout(0.5):
            turn = await car.say(write(HAZARD, True))
        assert "can't reach the vehicle" in turn.reply


async def test_units_that_are_gone_after_an_outage_are_called_by_name() -> None:
    async with parked() as car:
        await car.vehicle.inject("offline:lights")
        await car.broker.stop()
        await car.broker.start()  # it has forgotten that there is such a unit
        await car.bus.ready()
        turn = await car.say(write(HAZARD, True))
        assert "the light unit isn't answering right now" in turn.reply


# --- commands that fail later ---------------------------------------------------------------


async def failed_later(queue: asyncio.Queue[Event]) -> Failure:
    async with asyncio.timeout(5):
        while not isinstance(event := await queue.get(), CommandFailedLater):
            pass
    return event.failure


async def test_window_that_jams_later_is_told_once_in_the_next_reply() -> None:
    async with parked(time_scale=20) as car, car.events.watch() as queue:
        await car.vehicle.inject(f"jam:{WINDOW}")
        first = await car.say(write(WINDOW, 100))
        assert "jammed" not in first.reply
        assert await failed_later(queue) == Failure(WINDOW, 100, JAMMED)
        at = car.vehicle.snapshot()[WINDOW]
        second = await car.say(write(VOLUME, 40))
        assert second.reply == (
            "The volume is now at 40 percent. By the way, the driver's window is jammed. "
            f"It is {'half' if at == 50 else f'{at} percent'} open."
        )
        third = await car.say(write(VOLUME, 50))
        assert "jammed" not in third.reply


async def test_window_that_was_told_to_go_elsewhere_is_no_news() -> None:
    async with parked(time_scale=10) as car:
        assert "open" in (await car.say(write(WINDOW, 100))).reply.lower()
        await car.say(write(WINDOW, 0))
        assert (await car.settled())[WINDOW] == 0
        assert (await car.say(write(VOLUME, 40))).reply == "The volume is now at 40 percent."


async def test_failure_does_not_follow_a_question() -> None:
    async with parked(time_scale=20) as car, car.events.watch() as queue:
        await car.vehicle.inject(f"jam:{WINDOW}")
        await car.say(write(WINDOW, 100))
        await failed_later(queue)
        asked = await car.say(write("Vehicle.Body.Trunk.Rear.IsOpen", True))
        assert asked.asks
        assert "jammed" not in asked.reply
        assert "jammed" in (await car.say(Call("test.read", {"path": VOLUME}))).reply


async def test_bus_tells_what_fails_after_it_was_accepted() -> None:
    outcome: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
    failures: asyncio.Queue[Failure] = asyncio.Queue()

    async def begin(target: Target) -> Decision:
        await owner.publish(WINDOW, 10)
        return Decision.accepted(outcome)

    async with EmbeddedBroker() as broker:
        owner = SignalOwner(broker.settings, "body", [WINDOW], on_target=begin, values={WINDOW: 0})
        async with owner, VehicleBus(broker.settings) as bus:
            await owner.ready()
            await bus.ready()
            bus.on_failure(failures.put_nowait)
            assert (await bus.set(WINDOW, 100)).status == "accepted"
            outcome.set_result(Decision.failed(JAMMED))
            async with asyncio.timeout(2):
                assert await failures.get() == Failure(WINDOW, 100, JAMMED)


async def test_bus_does_not_tell_of_a_command_that_a_later_one_replaced() -> None:
    begun: list[asyncio.Future[Decision]] = []

    async def begin(target: Target) -> Decision:
        await owner.publish(WINDOW, 10 * (len(begun) + 1))
        begun.append(asyncio.get_running_loop().create_future())
        return Decision.accepted(begun[-1])

    async with EmbeddedBroker() as broker:
        owner = SignalOwner(broker.settings, "body", [WINDOW], on_target=begin, values={WINDOW: 0})
        async with owner, VehicleBus(broker.settings) as bus:
            await owner.ready()
            await bus.ready()
            failures: asyncio.Queue[Failure] = asyncio.Queue()
            bus.on_failure(failures.put_nowait)
            await bus.set(WINDOW, 100)
            await bus.set(WINDOW, 50)
            begun[0].set_result(Decision.failed("It was told to go elsewhere."))
            begun[1].set_result(Decision.failed(JAMMED))
            async with asyncio.timeout(2):
                assert await failures.get() == Failure(WINDOW, 50, JAMMED)


async def test_set_fails_when_the_failure_comes_with_the_acceptance() -> None:
    targets: asyncio.Queue[Target] = asyncio.Queue()

    async def think(target: Target) -> Decision:
        targets.put_nowait(target)
        return await asyncio.Future()

    async with EmbeddedBroker() as broker:
        owner = SignalOwner(broker.settings, "body", [WINDOW], on_target=think, values={WINDOW: 0})
        async with owner, VehicleBus(broker.settings) as bus:
            await owner.ready()
            await bus.ready()
            told: list[Failure] = []
            bus.on_failure(told.append)
            command = asyncio.create_task(bus.set(WINDOW, 100))
            target = await targets.get()
            # All in one packet: whoever waits for the answer has not run in between.
            bus._on_value(WINDOW, ValuePayload(value=10, ts=datetime.now(UTC)).encode(), False)
            for status in (AckStatus.ACCEPTED, AckStatus.FAILED):
                ack = AckPayload(id=target.id, status=status, reason=JAMMED)
                bus._on_ack(WINDOW, ack.encode())
            with pytest.raises(CommandFailed, match=JAMMED):
                await command
            assert told == []


# --- the log --------------------------------------------------------------------------------


async def test_malformed_messages_are_logged_once_a_topic(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with parked() as car:
        topic = f"vehicle/{car.bus.settings.vin}/vss/{HAZARD.replace('.', '/')}/value"
        async with VehicleBus(car.bus.settings) as other:
            await other.ready()
            for _ in range(5):
                await other._connection.publish(topic, json.dumps([]).encode())
            async with asyncio.timeout(5):
                while car.bus.malformed < 5:  # noqa: ASYNC110  (a counter has no event)
                    await asyncio.sleep(0.01)
        sources = [record for record in caplog.records if "dropped a message" in record.message]
        # The cockpit, the simulator's own client and the other one warn once each.
        assert len(sources) == 3
