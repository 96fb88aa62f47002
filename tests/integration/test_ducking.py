"""Music is lowered while somebody talks with the car, and nobody can tell but by ear."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from cockpit.agent.plan import Utterance
from cockpit.live import ducking as module
from cockpit.live.ducking import ACTION, VOLUME, Ducking
from cockpit.session import Session, open_session
from cockpit.settings import Settings
from sim.vehicle import SimulatedVehicle
from skills.api import Value
from tests.fakes.brokers import Embedded
from tests.fakes.parked import Car, given, parked, write
from tests.fakes.waiting import until
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.client import VehicleBus

MUSIC: dict[str, Value] = {VOLUME: 30, ACTION: "PLAY"}


@dataclass
class Cabin:
    """A parked car with music, and its ducking."""

    car: Car
    ducking: Ducking

    @property
    def volume(self) -> Value:
        """What really comes out of the loudspeakers."""
        return self.car.vehicle.snapshot()[VOLUME]

    async def is_at(self, volume: int) -> None:
        await until(lambda: self.volume == volume)
        await self.car.vehicle.shown_on(self.car.bus)

    @asynccontextmanager
    async def somebody_else(self) -> AsyncIterator[VehicleBus]:
        """Who turns the knob."""
        async with VehicleBus(self.car.broker.settings, source="knob") as bus:
            await bus.ready()
            await self.car.vehicle.shown_on(bus)
            yield bus


@asynccontextmanager
async def cabin(
    share: float = 0.3, note: Path | None = None, **signals: Value
) -> AsyncIterator[Cabin]:
    async with parked(
        **given({**MUSIC, **{k.replace("__", "."): v for k, v in signals.items()}})
    ) as car:
        ducking = Ducking(car.agent.gate, share, note)
        yield Cabin(car, ducking)
        await ducking.close()


async def test_ducking_lowers_and_brings_back() -> None:
    async with cabin() as here:
        async with here.ducking:
            await here.is_at(9)
            assert here.ducking.lowered
        assert here.volume == 30
        assert not here.ducking.lowered


async def test_ducking_is_over_when_the_last_one_leaves() -> None:
    async with cabin() as here:
        async with here.ducking:
            await here.is_at(9)
            async with here.ducking, here.ducking:
                pass
            assert here.volume == 9
        assert here.volume == 30


async def test_ducking_many_times_in_a_row_ends_where_it_began() -> None:
    async with cabin() as here:
        for wait in (0, 1, 2, 5, 20, 0, 3, 50, 1, 0, 8):
            async with here.ducking:
                for _ in range(wait):
                    await asyncio.sleep(0)
        assert here.volume == 30


@pytest.mark.parametrize(
    ("signals", "share"),
    [
        ({ACTION: "STOP"}, 0.3),
        ({ACTION: "UNKNOWN"}, 0.3),
        ({VOLUME: 0}, 0.3),
        ({VOLUME: 1}, 0.3),
        ({}, 1.0),
    ],
)
async def test_ducking_leaves_silence_alone(signals: dict[str, Value], share: float) -> None:
    async with cabin(share, **given(signals)) as here:
        before = here.volume
        async with here.somebody_else() as other, other.traffic() as traffic:
            async with here.ducking:
                await asyncio.sleep(0.05)
                assert here.volume == before
            assert here.volume == before
            assert not [m for m in list(traffic._items) if m.topic.endswith("Volume/target")]


async def test_ducking_to_nothing_is_silence() -> None:
    async with cabin(0.0) as here:
        async with here.ducking:
            await here.is_at(0)
        assert here.volume == 30


async def test_ducking_catches_music_that_starts_meanwhile() -> None:
    async with cabin(**given({ACTION: "STOP"})) as here:
        async with here.ducking:
            await here.car.bus.set(ACTION, "PLAY")
            await here.is_at(9)
        assert here.volume == 30


async def test_ducking_leaves_what_somebody_else_set() -> None:
    async with cabin() as here, here.somebody_else() as other:
        async with here.ducking:
            await here.is_at(9)
            await other.set(VOLUME, 15)
            await until(lambda: not here.ducking.lowered)
            assert here.car.agent.gate.get(VOLUME) == 15
        assert here.volume == 15
        async with here.ducking:  # the next time it is lowered again, from there
            await here.is_at(4)
        assert here.volume == 15


async def test_ducking_notices_a_knob_that_was_turned_and_turned_back() -> None:
    async with cabin() as here, here.somebody_else() as other:
        async with here.ducking:
            await here.is_at(9)
            await other.set(VOLUME, 15)
            await other.set(VOLUME, 9)
        assert here.volume == 9


async def test_ducking_by_plan_sets_the_real_volume() -> None:
    async with cabin() as here:
        async with here.ducking:
            await here.is_at(9)
            turn = await here.car.say(write(VOLUME, 9))  # just what it was lowered to
            assert turn.signals == {VOLUME: 9}
        assert here.volume == 9


async def test_ducking_that_is_entered_during_a_command_comes_after_it() -> None:
    async with cabin() as here:
        turn = asyncio.create_task(here.car.say(write(VOLUME, 50)))
        async with here.ducking:
            await turn
            assert turn.result().signals == {VOLUME: 50}
        assert here.volume == 50


async def test_ducking_survives_an_error_and_a_cancellation() -> None:
    async with cabin() as here:
        with pytest.raises(ZeroDivisionError):
            async with here.ducking:
                await here.is_at(9)
                raise ZeroDivisionError
        assert here.volume == 30

        async def talk() -> None:
            async with here.ducking:
                await asyncio.Event().wait()

        task = asyncio.create_task(talk())
        await here.is_at(9)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert here.volume == 30


async def test_ducking_without_a_media_player_is_no_trouble() -> None:
    async with cabin() as here:
        await here.car.vehicle.inject("offline:media")
        await until(lambda: here.car.agent.gate.reported(VOLUME) is None)
        async with asyncio.timeout(5), here.ducking:
            assert not here.ducking.lowered


async def test_ducking_refused_is_not_asked_again() -> None:
    async with cabin() as here:
        await here.car.vehicle.inject("reject:media")
        async with here.somebody_else() as other, other.traffic() as traffic:
            async with here.ducking, here.ducking:
                await asyncio.sleep(0.1)
            targets = [m for m in list(traffic._items) if m.topic.endswith("Volume/target")]
        assert len(targets) <= 1
        assert here.volume == 30


async def test_ducking_brings_back_once_the_player_answers_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.02)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    async with cabin() as here:
        async with here.ducking:
            await here.is_at(9)
            await here.car.vehicle.inject("offline:media")
            await until(lambda: here.car.agent.gate.reported(VOLUME) is None)
        assert here.ducking.lowered
        await here.car.vehicle.heal()
        await here.is_at(30)
        await until(lambda: not here.ducking.lowered)


async def test_ducking_brings_back_after_an_outage_of_the_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.02)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    async with cabin() as here:
        async with here.ducking:
            await here.is_at(9)
            await here.car.broker.stop()
        async with here.ducking:  # it still works
            await here.car.broker.start()
            await here.car.bus.ready(20)
        await here.is_at(30)


async def test_ducking_without_the_signals_in_the_catalogue_does_nothing() -> None:
    catalogue = Catalogue.default()
    small = Catalogue(signal for path, signal in catalogue.items() if "Media" not in path)
    broker = Embedded()
    await broker.start()
    try:
        async with VehicleBus(broker.settings, catalogue=small) as bus:
            await bus.ready()
            async with Ducking(module.Gate(bus), 0.3) as ducking:
                assert not ducking.lowered
    finally:
        await broker.stop()


# After the end.

TALKING = """
import asyncio, sys
from cockpit.agent.gate import Gate
from cockpit.live.ducking import Ducking
from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings

async def main():
    async with VehicleBus(BusSettings.model_validate_json(sys.argv[1])) as bus:
        await bus.ready()
        async with Ducking(Gate(bus), 0.3):
            await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_ducking_ends_with_ctrl_c() -> None:
    async with cabin() as here:
        settings = here.car.broker.settings.model_dump_json()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", TALKING, settings, stderr=asyncio.subprocess.DEVNULL
        )
        await until(lambda: here.volume == 9)
        process.send_signal(signal.SIGINT)
        await process.wait()
        assert here.volume == 30


async def test_ducking_leaves_a_note_for_a_crash(tmp_path: Path) -> None:
    note = tmp_path / "state" / "ducked.json"
    async with cabin(note=note) as here:
        async with here.ducking:
            await here.is_at(9)
            assert json.loads(note.read_text())["real"] == 30
            # The process dies here; another one starts.
            after = Ducking(here.car.agent.gate, 0.3, note)
            await after.recover()
            await here.is_at(30)
        await until(lambda: not note.exists())
        assert here.volume == 30


@pytest.mark.parametrize(
    "left",
    [
        '{"vin": "another", "real": 50, "to": 30}',
        '{"vin": "%s", "real": 50, "to": 12}',  # not where it was left
        "{half a no",
        "[1]",
        "",
    ],
)
async def test_ducking_note_that_does_not_fit_changes_nothing(tmp_path: Path, left: str) -> None:
    note = tmp_path / "ducked.json"
    async with cabin(note=note) as here:
        note.write_text(left.replace("%s", here.car.bus.settings.vin))
        await here.ducking.recover()
        async with here.ducking:
            await here.is_at(9)
        assert here.volume == 30
        assert not note.exists()


# With the real sentences.


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[SimulatedVehicle, Session]]:
    """One session for all sentences; opening it takes two seconds."""
    folder = tmp_path_factory.mktemp("ducking")
    settings = Settings.model_validate(
        {"data_dir": folder, "agent": {"planner": "template"}, "maps": {"root": folder}}
    )
    async with (
        EmbeddedBroker(settings.bus) as broker,
        SimulatedVehicle(broker.settings, time_scale=200) as car,
        open_session(settings, broker.settings) as session,
    ):
        yield car, session


@pytest.mark.parametrize(
    ("said", "reply", "volume"),
    [
        ("what's the volume", "The volume is at 30 percent.", 30),
        ("louder", "The volume is now at 40 percent.", 40),
        ("volume 20", "The volume is now at 20 percent.", 20),
        ("volume 9", "The volume is now at 9 percent.", 9),
        ("volume 30", "The volume is already at 30 percent.", 30),
        ("a bit quieter", "The volume is now at 25 percent.", 25),
        ("mute", "The sound is off.", 0),
        ("pause the music", "Paused.", 30),
        ("open my window", "Opening your window.", 30),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_ducking_is_not_what_the_volume_is(
    opened: tuple[SimulatedVehicle, Session], said: str, reply: str, volume: int
) -> None:
    car, session = opened
    await session.restart()
    await car.reset(MUSIC)
    await car.shown_on(session.bus)
    ducking = Ducking(session.agent.gate, session.settings.listen.ducking)
    async with ducking:
        await until(lambda: car.snapshot()[VOLUME] == 9)
        await car.shown_on(session.bus)
        turn = await session.agent.turn(Utterance(said))
    assert turn.reply == reply
    assert car.snapshot()[VOLUME] == volume
    if said == "louder":
        await session.agent.turn(Utterance("undo that"))
        assert car.snapshot()[VOLUME] == 30
