"""Whole conversations over the real skills and the simulated vehicle, by templates alone.

What leans on the turn before: follow-ups, pronouns, "more", undo, corrections, open questions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from cockpit.agent.plan import Turn, Utterance
from cockpit.session import Session, open_session
from cockpit.settings import Settings
from sim.vehicle import SimulatedVehicle
from skills.api import Value
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.seats import Seat

pytestmark = pytest.mark.asyncio(loop_scope="module")

HVAC = "Vehicle.Cabin.HVAC.Station.Row1"
DRIVER, PASSENGER = f"{HVAC}.Driver.Temperature", f"{HVAC}.Passenger.Temperature"
HEATING = "Vehicle.Cabin.Seat.Row1.{}Side.HeatingCooling"
VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"
WINDOW = "Vehicle.Cabin.Door.Row{}.{}Side.Window.Position"
SUNROOF = "Vehicle.Cabin.Sunroof.Position"


@dataclass
class Clock:
    """Time that a test moves."""

    time: datetime = field(default_factory=lambda: datetime(2026, 6, 1, 8, 30))

    def now(self) -> datetime:
        return self.time


@dataclass
class Talk:
    """A conversation with the parked car."""

    car: SimulatedVehicle
    session: Session
    clock: Clock

    async def say(self, text: str) -> Turn:
        """One turn; "@passenger me too" comes from that seat."""
        seat = Seat.DRIVER
        if text.startswith("@"):
            name, _, text = text[1:].partition(" ")
            seat = Seat(name)
        turn = await self.session.agent.turn(Utterance(text, seat))
        await self.car.settled()
        return turn

    def state(self, path: str) -> Value:
        """A true value of the vehicle."""
        return self.car.snapshot()[path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    """One session for all conversations; opening it takes two seconds."""
    folder = tmp_path_factory.mktemp("dialogue")
    settings = Settings.model_validate(
        {
            "data_dir": folder / "data",
            "agent": {"planner": "template"},
            "maps": {"root": folder / "maps"},
        }
    )
    clock = Clock()
    async with (
        EmbeddedBroker(settings.bus) as broker,
        SimulatedVehicle(broker.settings, time_scale=200) as car,
        open_session(settings, broker.settings, clock=clock) as session,
    ):
        yield Talk(car, session, clock)


@pytest_asyncio.fixture(loop_scope="module")
async def talk(opened: Talk) -> Talk:
    """A fresh conversation with a fresh car."""
    await opened.session.restart()
    await opened.car.reset()
    await opened.car.shown_on(opened.session.bus)
    return opened


@pytest.mark.parametrize(
    ("turns", "state"),
    [
        # Follow-ups.
        (("set my side to 23 degrees", "and the passenger too"), {DRIVER: 23, PASSENGER: 23}),
        (("set the driver's side to 23", "same for the passenger"), {DRIVER: 23, PASSENGER: 23}),
        (
            ("open the rear left window", "and the right one"),
            {WINDOW.format(2, "Driver"): 100, WINDOW.format(2, "Passenger"): 100},
        ),
        (
            ("turn my seat heating to two", "@passenger mine too"),
            {HEATING.format("Driver"): 67, HEATING.format("Passenger"): 67},
        ),
        # Pronouns.
        (("turn on the hazard lights", "turn them off again"), {HAZARD: False}),
        (("open the passenger window", "close it"), {WINDOW.format(1, "Passenger"): 0}),
        (("set my temperature to 24", "make it 22"), {DRIVER: 22}),
        # More.
        (("set the volume to 40", "louder", "more"), {VOLUME: 60}),
        (("make it two degrees warmer for me", "more"), {DRIVER: 25}),
        (("set the volume to 40", "louder", "again"), {VOLUME: 60}),
        (("set the volume to 60", "a bit quieter"), {VOLUME: 55}),
        # Undo.
        (("turn on the hazard lights", "put it back the way it was"), {HAZARD: False}),
        (("set the volume to 40", "undo that"), {VOLUME: 30}),
        (("set the volume to 40", "set the volume to 50", "undo", "undo"), {VOLUME: 30}),
        (("hazard lights on and set the volume to 40", "undo"), {HAZARD: False, VOLUME: 30}),
        # Corrections inside a sentence.
        (("set my side to 22 no 23",), {DRIVER: 23}),
        (
            ("open the driver's I mean the passenger's window",),
            {WINDOW.format(1, "Driver"): 0, WINDOW.format(1, "Passenger"): 100},
        ),
        (("set the volume to 40, sorry, 50",), {VOLUME: 50}),
        # Corrections after it.
        (("set my temperature to 24", "oh wait 23"), {DRIVER: 23}),
        (("set the volume to 40", "actually make it 35"), {VOLUME: 35}),
        (("set my temperature to 22", "no, 23"), {DRIVER: 23}),
        (
            ("open the driver's window", "no, the passenger's"),
            {WINDOW.format(1, "Driver"): 0, WINDOW.format(1, "Passenger"): 100},
        ),
        (("set the driver's side to 25", "I meant the passenger"), {DRIVER: 21, PASSENGER: 25}),
        (("set the volume to 80", "no, undo that"), {VOLUME: 30}),
        (("set the volume to 80", "no cancel that"), {VOLUME: 30}),
        (("set the volume to 80", "cancel that"), {VOLUME: 30}),
        (("hazard lights on", "set the volume to 80", "forget that last one"), {VOLUME: 30}),
        # Only a part of what was done.
        (
            ("open the rear windows", "just the left one"),
            {WINDOW.format(2, "Driver"): 100, WINDOW.format(2, "Passenger"): 0},
        ),
        (
            ("open all the windows", "no, I only meant mine"),
            {WINDOW.format(1, "Driver"): 100, WINDOW.format(2, "Passenger"): 0},
        ),
        (
            ("open the rear windows", "only the driver's"),
            {
                WINDOW.format(1, "Driver"): 100,
                WINDOW.format(2, "Driver"): 0,
                WINDOW.format(2, "Passenger"): 0,
            },
        ),
        (("set the volume to 40", "louder", "just a bit more"), {VOLUME: 60}),
        # All but a part of what was done.
        (
            ("heat my seat to level 1", "turn on all the seat heaters", "but not mine"),
            {HEATING.format("Driver"): 33, HEATING.format("Passenger"): 67},
        ),
        (
            ("open all the windows", "@rear_left not mine"),
            {WINDOW.format(1, "Driver"): 100, WINDOW.format(2, "Driver"): 0},
        ),
        (
            ("open all the windows", "except mine", "undo that"),
            {WINDOW.format(1, "Driver"): 0, WINDOW.format(2, "Driver"): 0},
        ),
        # A correction belongs to the seat that spoke.
        (("set my temperature to 22", "@passenger no, 23"), {DRIVER: 22}),
        (("set the driver's side to 22", "@passenger I meant 23"), {DRIVER: 22}),
        (
            ("@passenger set my side to 24", "set my side to 22", "@passenger no, 23"),
            {DRIVER: 22, PASSENGER: 23},
        ),
    ],
    ids=lambda value: " / ".join(value) if isinstance(value, tuple) else "",
)
async def test_sentence_that_leans_on_the_turn_before(
    turns: tuple[str, ...], state: dict[str, Any], talk: Talk
) -> None:
    for text in turns:
        await talk.say(text)
    assert {path: talk.state(path) for path in state} == state


# --- questions ---------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module")
async def asked(talk: Talk) -> Talk:
    """The car has just asked whether to open the trunk."""
    turn = await talk.say("open the trunk")
    assert turn.asks
    assert talk.state(TRUNK) is False
    return talk


@pytest.mark.parametrize(("seconds", "opens"), [(0, True), (19.5, True), (20.5, False)])
async def test_question_waits_twenty_seconds(seconds: float, opens: bool, asked: Talk) -> None:
    asked.clock.time += timedelta(seconds=seconds)
    turn = await asked.say("yes")
    assert talk_opened(asked, turn) is opens


def talk_opened(talk: Talk, turn: Turn) -> bool:
    opened = talk.state(TRUNK) is True
    assert bool(turn.outcomes) is opened
    return opened


async def test_question_is_answered_with_no_and_stays_answered(asked: Talk) -> None:
    assert not (await asked.say("no")).asks
    await asked.say("yes")
    assert asked.state(TRUNK) is False


async def test_question_is_repeated_and_still_open(asked: Talk) -> None:
    turn = await asked.say("what did you say")
    assert "trunk" in turn.reply
    await asked.say("yes please")
    assert asked.state(TRUNK) is True


async def test_question_is_dropped_by_another_command(asked: Talk) -> None:
    await asked.say("turn on the hazard lights")
    await asked.say("yes")
    assert (asked.state(HAZARD), asked.state(TRUNK)) == (True, False)


async def test_question_is_for_the_seat_that_was_asked(asked: Talk) -> None:
    await asked.say("@rear_left yes")
    assert asked.state(TRUNK) is False
    await asked.say("yes")
    assert asked.state(TRUNK) is True


async def test_question_is_answered_and_more_is_wanted(asked: Talk) -> None:
    await asked.say("yes and turn on the hazard lights")
    assert (asked.state(TRUNK), asked.state(HAZARD)) == (True, True)


async def test_question_is_declined_for_something_else(asked: Talk) -> None:
    await asked.say("no, turn on the hazard lights")
    assert (asked.state(TRUNK), asked.state(HAZARD)) == (False, True)
