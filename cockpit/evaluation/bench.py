"""Measures the budgets of DESIGN §11 on this machine."""

from __future__ import annotations

import asyncio
import json
import math
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

import psutil
import yaml
from rich.table import Table

from cockpit.agent.plan import Utterance
from cockpit.evaluation.mosquitto import find_mosquitto, run_mosquitto
from cockpit.session import Session, open_session
from cockpit.settings import PlannerChoice, Settings
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.piper import PiperVoice
from cockpit.voice import VoicePipeline
from sim.vehicle import SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import Message
from vehicle_bus.errors import CockpitError
from vehicle_bus.latency import measure_round_trip
from vehicle_bus.seats import Seat
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


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table.

    Attributes:
        measure: what was measured.
        unit: of p50, p95 and budget.
        n: how many values.
        p50: median.
        p95: 95th percentile (nearest rank).
        budget: of DESIGN §11, for the median; None where it names none.
        budget_p95: of DESIGN §11, for the 95th percentile; None where it names none.
    """

    measure: str
    unit: str
    n: int
    p50: float
    p95: float
    budget: float | None = None
    budget_p95: float | None = None

    @property
    def ok(self) -> bool | None:
        """Whether median and 95th percentile keep their budgets; None without any."""
        kept = [
            value <= budget
            for value, budget in ((self.p50, self.budget), (self.p95, self.budget_p95))
            if budget is not None
        ]
        return all(kept) if kept else None

    def to_json(self) -> dict[str, Any]:
        """An entry of the list that ``bench --json`` writes (DESIGN §11)."""
        return {
            "measure": self.measure,
            "unit": self.unit,
            "n": self.n,
            "p50": round(self.p50, 3),
            "p95": round(self.p95, 3),
            "budget": self.budget,
            "ok": self.ok,
        }


def summarize(
    name: str,
    unit: str,
    values: Sequence[float],
    budget: float | None = None,
    budget_p95: float | None = None,
) -> Measurement:
    """Median and 95th percentile of values.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError(f"nothing was measured for {name}")
    ordered = sorted(values)

    def rank(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Measurement(name, unit, len(ordered), rank(0.5), rank(0.95), budget, budget_p95)


type Say = Callable[[str], None]


async def measure(settings: Settings, part: Part, say: Say) -> list[Measurement]:
    """Measure a part, or all of them one after another.

    Args:
        settings: which engines and models.
        part: what to measure.
        say: told what is measured now, and what could not be.

    Raises:
        CockpitError: a part cannot be started.
    """
    parts: dict[Part, Callable[[Settings, Say], Awaitable[list[Measurement]]]] = {
        Part.BUS: _bus,
        Part.PLANNER: _planner,
        Part.SPEECH: _speech,
    }
    found: list[Measurement] = []
    for name, run in parts.items():
        if part in (name, Part.ALL):
            say(f"Measuring {name} …")
            found += await run(settings, say)
    if part is Part.ALL:
        say("Measuring start, memory and idle load …")
        found += await _whole(settings)
    return found


@asynccontextmanager
async def bench_session(
    settings: Settings, planner: PlannerChoice
) -> AsyncIterator[tuple[SimulatedVehicle, Session]]:
    """A session with a simulated car on the embedded broker; the user's data are not touched."""
    with tempfile.TemporaryDirectory(prefix="cockpit-bench-") as folder:
        agent = settings.agent.model_copy(update={"planner": planner})
        own = settings.model_copy(update={"data_dir": Path(folder), "agent": agent})
        map_dir = settings.maps.root / settings.maps.name
        async with (
            EmbeddedBroker(settings.bus) as broker,
            SimulatedVehicle(broker.settings, map_dir=map_dir) as car,
            open_session(own, broker.settings) as session,
        ):
            yield car, session


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


async def _speech(settings: Settings, say: Say) -> list[Measurement]:
    first_command: list[float] = []
    first_audio: list[float] = []
    factors: list[float] = []
    async with (
        bench_session(settings, PlannerChoice.AUTO) as (car, session),
        VoicePipeline.open(settings, session.agent) as pipeline,
    ):
        await session.ready()  # the language model's loading must not disturb
        sentences = sentences_of("speech")
        recordings = [await recording(pipeline.voice, sentence) for sentence in sentences]
        await pipeline.hear(recordings[0], Seat.DRIVER)  # warm
        for sentence, audio in zip(sentences, recordings, strict=True):
            await car.reset()
            await session.restart()
            await car.shown_on(session.bus)
            async with session.bus.traffic() as traffic:
                began = time.monotonic()
                spoken = await pipeline.hear(audio, Seat.DRIVER)
                sent = await _first_target(traffic, session)
            factors.append(spoken.transcript.real_time_factor)
            timings = spoken.to_json()["timings_ms"]
            if "first_audio" in timings:
                first_audio.append(
                    sum(timings[name] for name in ("recognize", "total", "first_audio"))
                )
            if sent is None:
                say(f"  no command came of: {sentence} (heard: {spoken.transcript.text})")
            else:
                first_command.append((sent - began) * 1000)
    found = [summarize("recognition, real-time factor", "", factors)]
    if first_audio:
        found.insert(0, summarize("utterance recorded → first reply audio", "ms", first_audio, 900))
    if first_command:
        name = "utterance recorded → first command on the bus"
        found.insert(0, summarize(name, "ms", first_command, 700))
    return found


async def _first_target(traffic: AsyncIterator[Message], session: Session) -> float | None:
    """Monotonic time of the first command in what has passed so far; None without one."""
    topics = Topics(session.bus.settings.vin)
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLING):
            async for message in traffic:
                if topics.parse(message.topic).kind is TopicKind.TARGET:
                    return message.received
    return None


async def recording(voice: PiperVoice, sentence: str) -> Audio:
    """A sentence as a recogniser wants it."""
    return (await voice.synthesize(sentence)).resampled(RATE)


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
        summarize("start to ready, all engines loaded", "s", [values["start"]], 6),
        summarize("resident memory of all processes", "GB", [values["memory"]], 1.2),
        summarize("idle load, share of a core", "%", [values["idle"]], 5),
    ]


def sentences_of(group: str) -> list[str]:
    """The benchmark's sentences: ``template``, ``lm`` or ``speech``."""
    text = files("cockpit.evaluation").joinpath("bench.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text)[group])


def machine() -> str:
    """One line about this machine, for the head of the table."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}"
    )


def table(measurements: Sequence[Measurement]) -> Table:
    """The figures beside their budgets."""
    shown = Table(box=None, pad_edge=False, title=machine(), title_justify="left")
    shown.add_column("measure")
    for heading in ("unit", "n", "p50", "p95", "budget p50", "p95", ""):
        shown.add_column(heading, justify="left" if heading in ("unit", "") else "right")
    for entry in measurements:
        mark = {None: "", True: "[green]ok[/]", False: "[red]over[/]"}[entry.ok]
        budgets = ("" if b is None else f"{b:.3g}" for b in (entry.budget, entry.budget_p95))
        shown.add_row(
            entry.measure, entry.unit, str(entry.n), f"{entry.p50:.3g}", f"{entry.p95:.3g}",
            *budgets, mark,
        )  # fmt: skip
    return shown
