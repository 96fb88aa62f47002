"""Promises of DESIGN §12 that the agent keeps, over a real broker and the simulated vehicle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cockpit.agent.plan import Call
from cockpit.agent.policies import AC, DEFROSTER, FRONT_AIR, FRONT_FANS, SHADE, SUNROOF, WINDOWS
from skills.api import Status
from tests.fakes.parked import given, parked, write

TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"


async def test_what_was_said_to_be_done_is_done() -> None:
    async with parked() as car:
        turn = await car.say(write(TEMPERATURE, 23), write(HAZARD, True))
        assert turn.signals == {TEMPERATURE: 23, HAZARD: True}
        state = await car.settled()
        assert (state[TEMPERATURE], state[HAZARD]) == (23, True)
        assert "is now" in turn.reply


async def test_all_commands_of_a_sentence_run() -> None:
    async with parked() as car:
        turn = await car.say(
            write(TEMPERATURE, 23), write(WINDOWS[0], 50), write(HAZARD, True), write(VOLUME, 70)
        )
        assert all(outcome.status.ok for outcome in turn.outcomes)
        state = await car.settled()
        assert [state[path] for path in (TEMPERATURE, WINDOWS[0], HAZARD, VOLUME)] == [
            23,
            50,
            True,
            70,
        ]


async def test_what_is_already_so_is_said_and_not_redone() -> None:
    async with parked() as car, car.bus.traffic() as traffic:
        turn = await car.say(write(TEMPERATURE, 21), write(HAZARD, False))
        assert turn.outcomes[0].status is turn.outcomes[1].status is Status.ALREADY
        assert "already" in turn.reply
        assert turn.signals == {}
        turn = await car.say(write(HAZARD, True))
        targets = []
        while not targets or not targets[-1].endswith("ack"):
            message = await anext(traffic)
            if message.topic.endswith(("/target", "/ack")):
                targets.append(message.topic)
        assert [topic.rsplit("/", 2)[1:] for topic in targets] == [
            ["IsSignaling", "target"],
            ["IsSignaling", "ack"],
        ]


async def test_nothing_is_claimed_of_an_ecu_that_rejects() -> None:
    async with parked() as car:
        await car.vehicle.inject("reject:climate")
        before = await car.settled()
        turn = await car.say(write(TEMPERATURE, 23), write(HAZARD, True))
        assert [outcome.status for outcome in turn.outcomes] == [Status.REJECTED, Status.DONE]
        assert "I can't set the driver's temperature to 23 degrees" in turn.reply
        assert turn.signals == {HAZARD: True}
        assert await car.settled() == before | {HAZARD: True}


async def test_dead_ecu_is_reported_and_works_again_when_it_is_back() -> None:
    async with parked(ttl=0.5) as car:
        await car.vehicle.inject("offline:climate")
        await _until(lambda: not car.bus.owners["climate"].online)
        turn = await car.say(
            write(TEMPERATURE, 23), write(HAZARD, True), Call("test.read", {"path": TEMPERATURE})
        )
        assert [outcome.status for outcome in turn.outcomes] == [
            Status.FAILED,
            Status.DONE,
            Status.FAILED,
        ]
        assert "the climate unit isn't answering right now" in turn.reply
        assert "21" not in turn.reply  # a stale value is never read as a value
        await car.vehicle.heal()
        await _until(lambda: car.bus.owners["climate"].online)
        turn = await car.say(write(TEMPERATURE, 23))
        assert turn.outcomes[0].status is Status.DONE


async def test_silent_ecu_is_a_failure_that_is_said() -> None:
    async with parked(ttl=0.3) as car:
        await car.vehicle.inject("slow:climate=2")
        turn = await car.say(write(TEMPERATURE, 23))
        assert turn.outcomes[0].status is Status.FAILED
        assert "did not answer" in turn.reply
        assert turn.signals == {}


async def test_dead_broker_is_reported_and_recovers() -> None:
    async with parked(ttl=0.5) as car:
        await car.broker.stop()
        await _until(lambda: not car.bus.connected)
        turn = await car.say(write(HAZARD, True))
        assert turn.outcomes[0].status is Status.FAILED
        assert "can't reach the vehicle" in turn.reply
        await car.broker.start()
        await car.bus.ready(10)
        await car.vehicle.shown_on(car.bus)
        assert car.bus.get(HAZARD) is False  # the command of before did not come late
        turn = await car.say(write(HAZARD, True))
        assert turn.outcomes[0].status is Status.DONE


async def test_broker_that_dies_in_the_middle_of_a_turn_is_reported() -> None:
    async with parked(ttl=3) as car:
        await car.vehicle.inject("slow:climate=2")
        turn = asyncio.create_task(car.say(write(TEMPERATURE, 23)))
        async with car.bus.traffic() as traffic:
            while not (await anext(traffic)).topic.endswith("/target"):
                pass
        await car.broker.stop()
        said = await turn
        assert said.outcomes[0].status is Status.FAILED
        assert "broke before it answered" in said.reply


async def test_question_never_acts() -> None:
    async with parked() as car:
        before = await car.settled()
        turn = await car.say(
            Call("test.read", {"path": TEMPERATURE}), Call("test.read", {"path": TRUNK})
        )
        assert turn.reply == "It is 21.0. It is False."
        assert turn.signals == {}
        turn = await car.say(write(TRUNK, True))
        assert turn.asks
        assert await car.settled() == before


async def test_window_that_jams_on_its_way_is_never_called_open() -> None:
    async with parked() as car:
        await car.vehicle.inject(f"jam:{WINDOWS[0]}")
        turn = await car.say(write(WINDOWS[0], 100))
        assert (await car.settled())[WINDOWS[0]] != 100
        assert "now open" not in turn.reply


async def test_chain_of_policies_comes_true_in_the_vehicle() -> None:
    start = given({WINDOWS[0]: 100, WINDOWS[1]: 15, FRONT_FANS[0]: 0, FRONT_FANS[1]: 0})
    async with parked(**start) as car:
        turn = await car.say(write(DEFROSTER, True))
        state = await car.settled()
        assert [state[path] for path in (DEFROSTER, AC, *FRONT_AIR, *FRONT_FANS)] == [
            True,
            True,
            "UP",
            "UP",
            40,
            40,
        ]
        assert (state[WINDOWS[0]], state[WINDOWS[1]]) == (0, 15)
        assert "because" in turn.reply


async def test_sunroof_and_shade_both_move() -> None:
    async with parked() as car:
        turn = await car.say(write(SUNROOF, 50))
        assert turn.outcomes[0].status is Status.MOVING
        state = await car.settled()
        assert (state[SUNROOF], state[SHADE]) == (50, 100)


async def test_undo_restores_the_vehicle() -> None:
    async with parked(**given({WINDOWS[0]: 80})) as car:
        before = await car.settled()
        await car.say(write(DEFROSTER, True))
        assert await car.settled() != before
        await car.agent.conversation.undo()
        assert await car.settled() == before


async def test_unsafe_request_is_refused_while_moving() -> None:
    async with parked(Vehicle__Speed=80.0) as car:
        before = await car.settled()
        turn = await car.say(write(TRUNK, True))
        assert turn.reply == "I can't open the trunk while the car is moving."
        assert turn.outcomes[0].status is Status.REFUSED
        assert await car.settled() == before


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (the bus has no event for it)
            await asyncio.sleep(0.01)
