"""Measures the budgets of DESIGN §11 on this machine."""

from __future__ import annotations

import asyncio
import math
import platform
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
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
from vehicle_bus.latency import measure_round_trip
from vehicle_bus.seats import Seat
from vehicle_bus.topics import TopicKind, Topics

ROUNDS = 200
REPEATS = 3
IDLE_SECONDS = 10.0


class Part(StrEnum):
    """What to measure."""

    PLANNER = "planner"
    BUS = "bus"
    SPEECH = "speech"
    ALL = "all"


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
    """

    measure: str
    unit: str
    n: int
    p50: float
    p95: float
    budget: float | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the median keeps the budget; None without one."""
        return None if self.budget is None else self.p50 <= self.budget

    def to_json(self) -> dict[str, Any]:
        """An entry of the list that ``bench --json`` writes."""
        return {**asdict(self), "p50": round(self.p50, 2), "p95": round(self.p95, 2), "ok": self.ok}


def summarize(
    name: str, unit: str, values: Sequence[float], budget: float | None = None
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

    return Measurement(name, unit, len(ordered), rank(0.5), rank(0.95), budget)


async def measure(settings: Settings, part: Part, say: Callable[[str], None]) -> list[Measurement]:
    """Measure a part, or all of them one after another.

    Args:
        say: told what is measured now.
    """
    parts: dict[Part, Callable[[Settings], Awaitable[list[Measurement]]]] = {
        Part.BUS: _bus,
        Part.PLANNER: _planner,
        Part.SPEECH: _speech,
    }
    found: list[Measurement] = []
    for name, run in parts.items():
        if part in (name, Part.ALL):
            say(f"Measuring {name} …")
            found += await run(settings)
    if part is Part.ALL:
        say("Measuring start, memory and idle load …")
        found += await _whole(settings)
    return found


@asynccontextmanager
async def _session(
    settings: Settings, planner: PlannerChoice
) -> AsyncIterator[tuple[SimulatedVehicle, Session]]:
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


async def _bus(settings: Settings) -> list[Measurement]:
    async with EmbeddedBroker(settings.bus) as broker:
        values = await measure_round_trip(broker.settings, ROUNDS)
        found = [summarize("command → acknowledgement, amqtt", "ms", values, 3)]
    if find_mosquitto() is None:
        return found
    async with run_mosquitto(settings.bus) as external:
        values = await measure_round_trip(external, ROUNDS)
    return [*found, summarize("command → acknowledgement, mosquitto", "ms", values, 3)]


async def _planner(settings: Settings) -> list[Measurement]:
    found = []
    async with _session(settings, PlannerChoice.TEMPLATE) as (car, session):
        sentences = sentences_of("template")
        await session.agent.turn(Utterance("what is the battery level"))  # warm
        values = await _turns(car, session, sentences, REPEATS)
        found.append(summarize("text → last command acknowledged, templates", "ms", values, 15))
    async with _session(settings, PlannerChoice.LM) as (car, session):
        sentences = sentences_of("lm")
        await session.agent.turn(Utterance("hello there"))  # loads the model
        values = await _turns(car, session, sentences, 1)
        found.append(
            summarize("text → last command acknowledged, language model", "ms", values, 400)
        )
    return found


async def _turns(
    car: SimulatedVehicle, session: Session, sentences: Sequence[str], repeats: int
) -> list[float]:
    values = []
    for _ in range(repeats):
        for sentence in sentences:
            await car.reset()
            await session.restart()
            turn = await session.agent.turn(Utterance(sentence))
            values.append(turn.timings_ms["total"])
    return values


async def _speech(settings: Settings) -> list[Measurement]:
    first_command: list[float] = []
    first_audio: list[float] = []
    factors: list[float] = []
    async with (
        _session(settings, PlannerChoice.AUTO) as (car, session),
        VoicePipeline.open(settings, session.agent) as pipeline,
    ):
        recordings = await _recordings(pipeline.voice)
        await pipeline.hear(recordings[0], Seat.DRIVER)  # warm
        for recording in recordings:
            await car.reset()
            await session.restart()
            async with session.bus.traffic() as traffic:
                watcher = asyncio.create_task(_first_target(traffic, session.bus.settings.vin))
                began = time.monotonic()
                spoken = await pipeline.hear(recording, Seat.DRIVER)
                factors.append(spoken.transcript.real_time_factor)
                timings = spoken.to_json()["timings_ms"]
                if "first_audio" in timings:
                    parts = (timings[name] for name in ("recognize", "total", "first_audio"))
                    first_audio.append(sum(parts))
                if watcher.done():
                    first_command.append((watcher.result() - began) * 1000)
                watcher.cancel()
    return [
        summarize("utterance recorded → first command on the bus", "ms", first_command, 700),
        summarize("utterance recorded → first reply audio", "ms", first_audio, 900),
        summarize("recognition, real-time factor", "", factors),
    ]


async def _first_target(traffic: AsyncIterator[Message], vin: str) -> float:
    """Monotonic time at which the first command passed the broker."""
    topics = Topics(vin)
    async for message in traffic:
        if topics.parse(message.topic).kind is TopicKind.TARGET:
            return message.received
    return math.inf


async def _recordings(voice: PiperVoice) -> list[Audio]:
    """The benchmark's spoken sentences, as a recogniser wants them."""
    return [
        (await voice.synthesize(sentence)).resampled(RATE) for sentence in sentences_of("speech")
    ]


async def _whole(settings: Settings) -> list[Measurement]:
    began = time.perf_counter()
    async with (
        _session(settings, settings.agent.planner) as (_, session),
        VoicePipeline.open(settings, session.agent) as pipeline,
    ):
        start = time.perf_counter() - began
        recording = (await _recordings(pipeline.voice))[0]
        await pipeline.hear(recording, Seat.DRIVER)
        await session.agent.turn(Utterance(sentences_of("lm")[0]))
        await asyncio.sleep(2)  # let what the turns began come to rest
        before = _cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        idle = 100 * (_cpu_seconds() - before) / IDLE_SECONDS
        memory = _resident_gib()
    return [
        summarize("start to ready, all engines loaded", "s", [start], 6),
        summarize("resident memory of all processes", "GiB", [memory], 1.2 * 1e9 / 2**30),
        summarize("idle load, share of a core", "%", [idle], 5),
    ]


def _processes() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _cpu_seconds() -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _processes())


def _resident_gib() -> float:
    return float(sum(process.memory_info().rss for process in _processes())) / 2**30


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
    for heading in ("n", "p50", "p95", "budget p50", "unit", ""):
        shown.add_column(heading, justify="right" if heading not in ("unit", "") else "left")
    for entry in measurements:
        mark = {None: "", True: "[green]ok[/]", False: "[red]over[/]"}[entry.ok]
        budget = "" if entry.budget is None else f"{entry.budget:.3g}"
        shown.add_row(
            entry.measure, str(entry.n), f"{entry.p50:.4g}", f"{entry.p95:.4g}", budget,
            entry.unit, mark,
        )  # fmt: skip
    return shown
