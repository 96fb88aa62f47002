"""Measures the budgets of DESIGN §11 on this machine."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cockpit.agent.plan import Utterance
from cockpit.evaluation.measurement import Measurement, Say, Tell, single, summarize
from cockpit.evaluation.mosquitto import find_mosquitto, run_mosquitto
from cockpit.evaluation.speech import BRIEF, WHOLE, measure_speech
from cockpit.evaluation.stand import bench_session, sentences_of
from cockpit.session import Session
from cockpit.settings import PlannerChoice, Settings
from sim.vehicle import SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import Message
from vehicle_bus.errors import CockpitError
from vehicle_bus.latency import measure_round_trip
from vehicle_bus.topics import TopicKind, Topics

ROUNDS = 200
REPEATS = 3
SETTLING = 0.05
"""Seconds in which what passed the broker during a turn has reached us."""


class Part(StrEnum):
    """What to measure."""

    PLANNER = "planner"
    BUS = "bus"
    SPEECH = "speech"
    ALL = "all"  # of these; not the models, which take long
    MODELS = "models"  # cockpit.evaluation.comparison


@dataclass(slots=True)
class Findings:
    """What was measured.

    Attributes:
        measurements: lines of the table.
        turn: the stages of the middle spoken turn, in milliseconds after the last word; empty
            where none was measured.
        turns: how many turns that is made of.
    """

    measurements: list[Measurement] = field(default_factory=list)
    turn: dict[str, float] = field(default_factory=dict)
    turns: int = 0


async def measure(
    settings: Settings, part: Part, say: Say, tell: Tell, audio: Path | None = None
) -> Findings:
    """Measure a part, or all of them one after another.

    Args:
        settings: which engines and models.
        part: what to measure.
        say: told what is measured now, and what could not be.
        tell: told how far a long step has come.
        audio: folder of recordings for the speech part, see ``recordings.Recordings``.

    Raises:
        CockpitError: a part cannot be started.
    """
    found = Findings()
    parts: dict[Part, Callable[[Settings, Say], Awaitable[list[Measurement]]]] = {
        Part.BUS: _bus,
        Part.PLANNER: _planner,
    }
    for name, run in parts.items():
        if part in (name, Part.ALL):
            say(f"Measuring {name} …")
            found.measurements += await run(settings, say)
    if part in (Part.SPEECH, Part.ALL):
        say("Measuring start, memory and idle listening …")
        whole = await _whole(settings)
        say("Measuring speech …")
        extent = WHOLE if part is Part.SPEECH else BRIEF
        speech = await measure_speech(settings, extent, audio, say, tell)
        found.measurements += [*speech.measurements, *whole]
        found.turn, found.turns = speech.turn, speech.turns
    return found


async def _bus(settings: Settings, say: Say) -> list[Measurement]:
    async with EmbeddedBroker(settings.bus) as broker:
        values = await measure_round_trip(broker.settings, ROUNDS)
        found = [summarize("command → acknowledgement, amqtt", "ms", values, 3)]
    if find_mosquitto() is None:
        say("  mosquitto is not installed and left out.")
        return found
    async with run_mosquitto(settings.bus) as external:
        values = await measure_round_trip(external, ROUNDS)
    return [*found, summarize("command → acknowledgement, mosquitto", "ms", values, 3)]


async def _planner(settings: Settings, say: Say) -> list[Measurement]:
    found = []
    async with bench_session(settings, PlannerChoice.TEMPLATE) as (car, session):
        await session.agent.turn(Utterance("what is the battery level"))  # warm
        acknowledged, _ = await _turns(car, session, sentences_of("template"), REPEATS, say)
        if acknowledged:
            name = "text → last command acknowledged, templates"
            found.append(summarize(name, "ms", acknowledged, 15))
    async with bench_session(settings, PlannerChoice.LM) as (car, session):
        await session.agent.turn(Utterance("hello there"))  # warm
        sentences = [*sentences_of("lm"), *sentences_of("template")]
        acknowledged, planned = await _turns(car, session, sentences, 1, say)
        if acknowledged:
            name = "text → last command acknowledged, language model"
            found.append(summarize(name, "ms", acknowledged, 400, 900))
        found.append(summarize("text → plan, language model", "ms", planned))
    return found


async def _turns(
    car: SimulatedVehicle, session: Session, sentences: Sequence[str], repeats: int, say: Say
) -> tuple[list[float], list[float]]:
    """Milliseconds until the last command was acknowledged, and until the plan was made.

    A sentence that led to no command is left out of the first, and said so.
    """
    acknowledged: list[float] = []
    planned: list[float] = []
    silent: list[str] = []
    for sentence in sentences:
        for _ in range(repeats):
            await car.reset()
            await session.restart()
            await car.shown_on(session.bus)
            async with session.bus.traffic() as traffic:
                began = time.monotonic()
                turn = await session.agent.turn(Utterance(sentence))
                moments = await _acknowledged(traffic, session)
            planned.append(turn.timings_ms["plan"])
            if moments:
                acknowledged.append((max(moments) - began) * 1000)
            else:
                silent.append(sentence)
    if silent:
        left_out = list(dict.fromkeys(silent))
        more = " …" if len(left_out) > 3 else ""
        say(
            f"  {len(left_out)} of {len(sentences)} sentences led to no command and are left "
            f"out: {'; '.join(left_out[:3])}{more}"
        )
    return acknowledged, planned


async def _acknowledged(traffic: AsyncIterator[Message], session: Session) -> list[float]:
    """Monotonic times of the first acknowledgement of every command in what has passed so far.

    Where a command moves something slowly, this is when it was accepted, not when it is done.
    """
    topics = Topics(session.bus.settings.vin)
    first: dict[str, float] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLING):
            async for message in traffic:
                if topics.parse(message.topic).kind is TopicKind.ACK:
                    first.setdefault(json.loads(message.payload)["id"], message.received)
    return list(first.values())


async def _whole(settings: Settings) -> list[Measurement]:
    """Start, memory and idle load of a process of its own, in which nothing else was measured.

    Raises:
        CockpitError: it failed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cockpit.evaluation.whole",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        # A password is not in the JSON, nor needed: the embedded broker is used.
        own = settings.model_dump_json(exclude_unset=True)
        answer, _ = await process.communicate(own.encode())
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise CockpitError("The whole could not be measured; run `cockpit doctor`.")
    values = json.loads(answer)
    return [
        single("start to ready, all engines loaded", "s", values["start"], budget=6),
        single("resident memory of all processes", "GB", values["memory"], budget=1.2),
        single(
            "idle listening in noise, processor seconds a minute", "s",
            values["idle"], budget=3,
        ),
    ]  # fmt: skip
