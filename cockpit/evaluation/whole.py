"""Start, memory and idle load of the whole: ``python -m cockpit.evaluation.whole``.

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
from cockpit.evaluation.live import open_cabin
from cockpit.evaluation.processes import cpu_seconds, memory
from cockpit.evaluation.room import Room
from cockpit.evaluation.sounds import at_level, car_noise
from cockpit.evaluation.stand import recording, sentences_of
from cockpit.events import Listening
from cockpit.settings import Settings
from vehicle_bus.errors import CockpitError

RESTING = 2.0
"""Seconds for what the turns began to come to rest."""
IDLE = 30.0
"""Seconds over which the idle load is averaged."""
NOISE = -40.0
"""Level of the noise, in dB of full scale."""


async def measure_whole(settings: Settings) -> dict[str, float]:
    """Of the live conversation in a car that drives.

    Returns:
        ``start`` in seconds from the process's creation, ``memory`` in GB, and ``idle`` in
        seconds of processor time a minute, asleep. The memory is taken after a spoken turn and
        one of the language model. Both are of all processes, the simulated car and the broker
        among them.

    Raises:
        CockpitError: an engine cannot be started.
    """
    noise = at_level(car_noise(20.0), NOISE)
    async with open_cabin(settings, Room(noise=noise), settings.agent.planner) as cabin:
        start = time.time() - psutil.Process().create_time()
        said = sentences_of("speech")[0]
        await cabin.turn(said, await recording(cabin.voice, said))
        await cabin.session.agent.turn(Utterance(sentences_of("lm")[0]))
        await cabin.until(Listening.ASLEEP)
        await asyncio.sleep(RESTING)
        before = cpu_seconds()
        await asyncio.sleep(IDLE)
        idle = (cpu_seconds() - before) * 60 / IDLE
        return {"start": start, "memory": memory() / 1e9, "idle": idle}


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
