"""Start, memory and idle load of a whole session: ``python -m cockpit.evaluation.whole``.

A program of its own, so that the start includes the interpreter and its imports, and the memory
nothing else. It takes settings as JSON on stdin and prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

import psutil

from cockpit.agent.plan import Utterance
from cockpit.evaluation.bench import bench_session, recording, sentences_of
from cockpit.settings import Settings
from cockpit.voice import SpeechEngines
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

RESTING = 2.0
"""Seconds for what the turns began to come to rest."""
IDLE = 10.0
"""Seconds over which the idle load is averaged."""


async def measure_whole(settings: Settings) -> dict[str, float]:
    """``start`` in seconds from the process's creation, ``memory`` in GB, ``idle`` in percent.

    The memory is taken after a spoken turn and one of the language model, over all processes.

    Raises:
        CockpitError: an engine cannot be started.
    """
    own = psutil.Process()
    async with (
        SpeechEngines.loading(settings) as engines,
        bench_session(settings, settings.agent.planner) as (_, session),
    ):
        pipeline = await engines.pipeline(session.agent)
        await session.ready()
        start = time.time() - own.create_time()
        audio = await recording(pipeline.voice, sentences_of("speech")[0])
        await pipeline.hear(audio, Seat.DRIVER)
        await session.agent.turn(Utterance(sentences_of("lm")[0]))
        await asyncio.sleep(RESTING)
        processes = [own, *own.children(recursive=True)]
        before = _cpu_seconds(processes)
        await asyncio.sleep(IDLE)
        idle = 100 * (_cpu_seconds(processes) - before) / IDLE
        memory = sum(process.memory_info().rss for process in processes) / 1e9
    return {"start": start, "memory": memory, "idle": idle}


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def main() -> None:
    """Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = Settings.model_validate_json(sys.stdin.read())
    try:
        values = asyncio.run(measure_whole(settings))
    except CockpitError as error:
        sys.stderr.write(f"cockpit: {error.spoken}\n")
        raise SystemExit(3) from None
    sys.stdout.write(json.dumps(values) + "\n")


if __name__ == "__main__":
    main()
