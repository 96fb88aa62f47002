"""Failure drills: what is said when a part dies, and how long until all works again.

``python -m cockpit.evaluation.drills [--json]`` plays them on a simulated vehicle, over the
embedded broker and, where it is installed, over mosquitto.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cockpit.agent.plan import Turn, Utterance
from cockpit.assets.store import AssetStore
from cockpit.cli.exits import run_async
from cockpit.evaluation.mosquitto import MosquittoBroker, find_mosquitto
from cockpit.evaluation.stand import recording
from cockpit.session import Session, open_session
from cockpit.settings import PlannerChoice, Settings, load_settings
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import open_recognizer
from cockpit.voice import VoicePipeline
from sim.vehicle import SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

OUTAGE = 1.0
"""Seconds that the broker is away."""
PATIENCE = 20.0
"""Seconds within which everything must work again."""
COMMAND = "set the temperature to 23 degrees"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
SWITCH_ON = "turn on the hazard lights"
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
ONLY_MODEL = "my back could use some loosening up"
"""What the templates do not understand and the language model does."""
BREAKS = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}
AT_WORK = 0.05
"""Seconds after which an engine works on a request; it takes it three times as long."""
SPEECH = (
    "This is short. The windows are closed and the seats are warm, and the music is as you like "
    "it. This sentence comes last."
)
SHORTEST = 1.0
"""Seconds that its shortest sentence takes, about."""


class DrillFailed(CockpitError):
    """The system did not recover."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Drill:
    """How one drill went.

    Attributes:
        drill: what was broken.
        said: the agent's replies from then on.
        told_s: seconds from the fault, or the request after it, to the first reply.
        recovery_s: seconds from the repair (of an engine: from the fault) until it works.
        worked: what shows that it works.
    """

    drill: str
    said: tuple[str, ...]
    told_s: float | None
    recovery_s: float
    worked: str


type Broker = EmbeddedBroker | MosquittoBroker
"""Leaving its context kills it; entering it again brings it back on the same port."""


@asynccontextmanager
async def car_on(
    broker: Broker, settings: Settings, planner: PlannerChoice = PlannerChoice.TEMPLATE
) -> AsyncIterator[tuple[SimulatedVehicle, Session]]:
    """A parked car and a session on a broker that is started here; with the templates only, where
    nothing else is said.
    """
    await broker.__aenter__()
    try:
        with tempfile.TemporaryDirectory(prefix="cockpit-drills-") as folder:
            own = settings.model_copy(update={"data_dir": Path(folder)})
            async with (
                SimulatedVehicle(broker.settings) as car,
                open_session(own, broker.settings, planner=planner) as session,
            ):
                await car.reset()
                await car.shown_on(session.bus)
                yield car, session
    finally:
        await broker.__aexit__(None, None, None)


async def kill_broker(broker: Broker, settings: Settings, name: str) -> Drill:
    """The broker dies while a command is on its way, and is asked for more while it is away."""
    async with car_on(broker, settings) as (car, session):
        await car.inject("slow:climate=1.5")
        turn = asyncio.create_task(_say(session, COMMAND))
        async with session.bus.traffic() as traffic:
            while not (await anext(traffic)).topic.endswith("/target"):
                pass
        killed = time.perf_counter()
        await broker.__aexit__(None, None, None)
        first = await turn
        told = time.perf_counter() - killed
        second = await _say(session, SWITCH_ON)
        await asyncio.sleep(max(0.0, OUTAGE - (time.perf_counter() - killed)))
        await broker.__aenter__()
        repaired = time.perf_counter()
        await car.heal()
        # Another value than before: the first command may have been done in the meantime.
        last, seconds = await _until_done(
            lambda: _say(session, "set the temperature to 24 degrees"), repaired
        )
        await car.shown_on(session.bus)
        if car.snapshot()[HAZARD]:
            raise DrillFailed("A command of the outage was carried out later.")
        said = (first.reply, second.reply, last.reply)
    return Drill(f"broker killed in a turn ({name})", said, told, seconds, "first command done")


async def unplug_climate(broker: Broker, settings: Settings, name: str) -> Drill:
    """The climate ECU vanishes and comes back."""
    async with car_on(broker, settings) as (car, session):
        await car.inject("offline:climate")
        await _until(lambda: not session.bus.owners["climate"].online)
        asked = time.perf_counter()
        first = await _say(session, COMMAND)
        told = time.perf_counter() - asked
        question = await _say(session, "what is the temperature set to")
        plugged = time.perf_counter()
        healing = asyncio.create_task(car.heal())
        last, seconds = await _until_done(lambda: _say(session, COMMAND), plugged)
        await healing
        if car.snapshot()[TEMPERATURE] != 23:
            raise DrillFailed("The temperature was reported as set, and it is not.")
        said = (first.reply, question.reply, last.reply)
    return Drill(f"climate ECU unplugged ({name})", said, told, seconds, "first command done")


async def kill_voice(settings: Settings) -> list[Drill]:
    """The voice's process is killed in the middle of a sentence, and between two."""
    voice_file = AssetStore.from_settings(settings.assets).path(settings.speech.voice)
    async with PiperVoice(voice_file) as voice:
        # No two renderings are equally long.
        whole = min([(await voice.synthesize(SPEECH)).seconds for _ in range(3)])
        began = time.perf_counter()
        async with aclosing(voice.stream(SPEECH)) as chunks:
            heard = (await anext(chunks)).seconds
            usual = time.perf_counter() - began
            _break(voice.pid, signal.SIGKILL)
            killed = time.perf_counter()
            first: float | None = None
            async for chunk in chunks:
                first = first or time.perf_counter() - killed
                heard += chunk.seconds
        lost = whole - heard
        _break(voice.pid, signal.SIGKILL)
        killed = time.perf_counter()
        async with aclosing(voice.stream("And on it goes.")) as chunks:
            await anext(chunks)
        between = time.perf_counter() - killed
    if first is None or lost > whole / 2:
        raise DrillFailed("The voice did not finish what it was saying.")
    missing = "no sentence lost" if lost < SHORTEST / 2 else f"{lost:.1f} s of speech lost"
    found = f"next audio ({usual:.2f} s without a fault), {missing}"
    return [
        Drill("Piper killed in a sentence", (SPEECH,), None, first, found),
        Drill("Piper killed between sentences", ("And on it goes.",), None, between, "first audio"),
    ]


async def break_hearing(settings: Settings, how: str) -> Drill:
    """The recogniser's process is killed, or stands still, while it hears a command."""
    store = AssetStore.from_settings(settings.assets)
    async with (
        car_on(EmbeddedBroker(settings.bus), settings) as (_, session),
        PiperVoice(store.path(settings.speech.voice)) as voice,
        AsyncExitStack() as stack,
    ):
        told_of: dict[str, Any] = {}
        recognizer = await open_recognizer(
            settings.speech, store, on_state=lambda _, detail: told_of.update(detail)
        )
        stack.push_async_callback(recognizer.close)
        pipeline = VoicePipeline(recognizer, session.agent, voice)
        command = await recording(voice, COMMAND)
        await recognizer.transcribe(command)  # the first time is the slowest
        lost = asyncio.create_task(pipeline.hear(command, Seat.DRIVER))
        await asyncio.sleep(AT_WORK)
        broken = time.perf_counter()
        _break(told_of["pid"], BREAKS[how])
        first = await lost
        told = time.perf_counter() - broken

        async def again() -> Turn | None:
            return (await pipeline.hear(command, Seat.DRIVER)).turn

        last, seconds = await _until_done(again, broken)
    if first.turn is not None or first.fault is None or first.reply is None:
        raise DrillFailed("The utterance was heard, or nothing was said about it.")
    said = (first.fault, last.reply)
    return Drill(f"recogniser {how} in an utterance", said, told, seconds, "next utterance done")


async def break_model(settings: Settings, how: str) -> Drill:
    """The language model's process is killed, or stands still, while it plans."""
    broker = EmbeddedBroker(settings.bus)
    async with car_on(broker, settings, PlannerChoice.AUTO) as (_, session):
        await session.ready()
        if session.model is None or not session.model.ready:
            raise DrillFailed("The language model is not there; run `cockpit models pull`.")
        lost = asyncio.create_task(_say(session, ONLY_MODEL))
        await asyncio.sleep(AT_WORK)
        broken = time.perf_counter()
        _break(session.model.pid, BREAKS[how])
        first = await lost
        told = time.perf_counter() - broken
        # The templates need no model.
        second = await _say(session, COMMAND)

        async def again() -> Turn:
            return await _say(session, ONLY_MODEL)

        last, seconds = await _until_done(again, broken)
    if first.outcomes or not all(outcome.status.ok for outcome in second.outcomes):
        raise DrillFailed("The broken turn did something, or the templates did not.")
    said = (first.reply, second.reply, last.reply)
    return Drill(f"language model {how} in a turn", said, told, seconds, "the same again, done")


def _break(pid: int | None, sent: signal.Signals) -> None:
    if pid is None:
        raise DrillFailed("The process is not running.")
    os.kill(pid, sent)


async def _say(session: Session, text: str) -> Turn:
    return await session.agent.turn(Utterance(text))


async def _until_done(
    ask: Callable[[], Awaitable[Turn | None]], since: float
) -> tuple[Turn, float]:
    """Ask again and again, as a person would, until it is done."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                turn = await ask()
                if turn and turn.outcomes and all(outcome.status.ok for outcome in turn.outcomes):
                    return turn, time.perf_counter() - since
                await asyncio.sleep(0.05)
    raise DrillFailed(f"Nothing works {PATIENCE:.0f} seconds after the repair.")


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  (an ECU's state has no event)
            await asyncio.sleep(0.01)


async def play(settings: Settings) -> list[Drill]:
    """All drills that this machine can play."""
    brokers: dict[str, Callable[[BusSettings], Broker]] = {"amqtt": EmbeddedBroker}
    if find_mosquitto() is not None:
        brokers["mosquitto"] = MosquittoBroker
    drills: tuple[Callable[[Broker, Settings, str], Awaitable[Drill]], ...] = (
        kill_broker,
        unplug_climate,
    )
    found = [
        await drill(make(settings.bus), settings, name)
        for drill in drills
        for name, make in brokers.items()
    ]
    found += await kill_voice(settings)
    for drill_engine in (break_hearing, break_model):
        found += [await drill_engine(settings, how) for how in BREAKS]
    return found


def table(drills: list[Drill]) -> Table:
    """A row a drill."""
    shown = Table(title="Failure drills", title_justify="left", show_lines=True)
    for heading in ("drill", "said", "told after", "works again after", "shown by"):
        shown.add_column(heading)
    for drill in drills:
        told = "" if drill.told_s is None else f"{drill.told_s:.2f} s"
        said = "\n".join(f"“{line}”" for line in drill.said)
        shown.add_row(drill.drill, said, told, f"{drill.recovery_s:.2f} s", drill.worked)
    return shown


def main(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Break a part after the other, and show what is said and when all works again."""
    logging.basicConfig(level=logging.ERROR)
    drills = run_async(play(load_settings(None, [])))
    if as_json:
        rows: list[dict[str, Any]] = [asdict(drill) for drill in drills]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        Console(width=140).print(table(drills))


if __name__ == "__main__":
    typer.run(main)
