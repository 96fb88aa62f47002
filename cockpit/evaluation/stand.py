"""What everything is measured on: a simulated car with a session, and what is said to it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import yaml

from cockpit.session import Session, open_session
from cockpit.settings import PlannerChoice, Settings
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.piper import PiperVoice
from sim.vehicle import SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker


@asynccontextmanager
async def bench_session(
    settings: Settings, planner: PlannerChoice, *, time_scale: float = 1.0
) -> AsyncIterator[tuple[SimulatedVehicle, Session]]:
    """A session with a simulated car on the embedded broker; the user's data are not touched.

    Args:
        time_scale: the car's seconds in one second.
    """
    with tempfile.TemporaryDirectory(prefix="cockpit-bench-") as folder:
        agent = settings.agent.model_copy(update={"planner": planner})
        own = settings.model_copy(update={"data_dir": Path(folder), "agent": agent})
        map_dir = settings.maps.root / settings.maps.name
        async with (
            EmbeddedBroker(settings.bus) as broker,
            SimulatedVehicle(broker.settings, map_dir=map_dir, time_scale=time_scale) as car,
            open_session(own, broker.settings) as session,
        ):
            yield car, session


def sentences_of(group: str, file: str = "bench.yaml") -> list[str]:
    """Sentences of the benchmark (``template``, ``lm``, ``speech``, ``questions``,
    ``interruptions``), or of another file beside it.
    """
    text = files("cockpit.evaluation").joinpath(file).read_text(encoding="utf-8")
    return list(yaml.safe_load(text)[group])


async def recording(voice: PiperVoice, sentence: str, pitch: float = 1.0) -> Audio:
    """A sentence as a recogniser wants it.

    Args:
        pitch: see ``pitched``.

    Raises:
        SpeechError: the voice failed.
    """
    return pitched(await voice.synthesize(sentence), pitch)


def pitched(sound: Audio, pitch: float) -> Audio:
    """The same said by somebody whose voice is higher and quicker by a factor, at 16 kHz."""
    return Audio(sound.samples, round(sound.rate * pitch)).resampled(RATE)
