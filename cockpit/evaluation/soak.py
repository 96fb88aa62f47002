"""Hours of sound through the live conversation: ``python -m cockpit.evaluation.soak``.

Real engines listen to a day in a car (``cockpit.evaluation.scenes``), as fast as they can: time
stands still while one of them works. What counts is what they miss, what they do unasked, and
whether memory grows. Ctrl-C ends it with what is known so far.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from cockpit.cli.exits import check_writable, run_async
from cockpit.evaluation.live import Cabin, open_cabin
from cockpit.evaluation.loopback import SelfTriggers, loop_back
from cockpit.evaluation.measurement import Say, machine
from cockpit.evaluation.processes import memory
from cockpit.evaluation.recordings import Recordings
from cockpit.evaluation.room import Echo, Room
from cockpit.evaluation.scenes import QUIET, Person, Programme, Scene, people
from cockpit.evaluation.sounds import at_level, car_noise
from cockpit.evaluation.stand import sentences_of
from cockpit.evaluation.tally import Growth, Tally, growth
from cockpit.events import Event, Listening
from cockpit.settings import Settings, load_settings

AFTER_CALL: Final = 2.0
"""Seconds after a call in which the end of it is found."""
ONE_SAMPLE: Final = 60.0
"""Seconds of sound between two looks at the memory."""
HELD: Final = 20.0
"""Seconds that time stands still at most for the next sentence of an answer."""
QUICKER: Final = 20.0
"""How much faster the simulated car is, about as much as the sound."""


@asynccontextmanager
async def quick_cabin(settings: Settings) -> AsyncIterator[Cabin]:
    """A cabin with an echo where time goes as fast as the engines allow.

    It stands still while one of them works, and while the next sentence of an answer is made.

    Raises:
        CockpitError: an engine or a model is missing.
    """
    room = Room(echo=Echo(), noise=at_level(car_noise(20.0), QUIET), pace=0)
    planner = settings.agent.planner
    async with open_cabin(settings, room, planner, time_scale=QUICKER) as cabin:
        room.busy = _working(cabin)
        yield cabin


def _working(cabin: Cabin) -> Callable[[], bool]:
    since = 0.0

    def busy() -> bool:
        nonlocal since
        if cabin.live.busy:
            return True
        if cabin.live.state is not Listening.SPEAKING or not cabin.room.quiet:
            since = 0.0
            return False
        since = since or time.monotonic()
        return time.monotonic() - since < HELD

    return busy


class Soak:
    """One run.

    Attributes:
        tally: what happened so far.
        samples: hours of sound and bytes of memory so far.
    """

    def __init__(self, cabin: Cabin) -> None:
        self.tally = Tally()
        self.samples: list[tuple[float, float]] = []
        self._cabin = cabin
        self._last = 0.0

    @property
    def growth(self) -> Growth | None:
        """How memory grew; None while that cannot be told."""
        return growth(self.samples)

    async def run(
        self, scenes: Iterator[Scene], hours: float, tell: Callable[[Tally], None]
    ) -> None:
        """Play scenes until so many hours of a day have gone by, or there are no more.

        Args:
            tell: told after every scene.

        Raises:
            ConversationStuck: the conversation hangs.
        """
        async with self._cabin.session.events.watch() as events:
            watching = asyncio.create_task(self._watch(events), name="counting")
            try:
                while self.tally.day < hours:
                    scene = await asyncio.to_thread(next, scenes, None)
                    if scene is None:
                        break
                    await self._play(scene)
                    tell(self.tally)
            finally:
                watching.cancel()
                await asyncio.wait([watching])

    async def _watch(self, events: asyncio.Queue[Event]) -> None:
        while True:
            self.tally.count(await events.get())

    async def _play(self, scene: Scene) -> None:
        room = self._cabin.room
        at_rest = (Listening.ASLEEP, Listening.FOLLOW_UP) if scene.at_once else (Listening.ASLEEP,)
        await self._cabin.until(*at_rest)
        self.tally.begin(scene)
        began = room.now
        room.say(scene.sound)
        await room.until(began + scene.sound.seconds + AFTER_CALL)
        await self._cabin.until(Listening.ASLEEP, Listening.FOLLOW_UP)
        self.tally.lasted(room.now - began, scene.left_out)
        if room.now - self._last >= ONE_SAMPLE:
            self._last = room.now
            self.samples.append((self.tally.hours, await asyncio.to_thread(memory)))


async def soak(
    settings: Settings,
    hours: float,
    *,
    audio: Path | None = None,
    sample: float = 1.0,
    seed: int = 0,
    say: Say = print,
) -> tuple[Tally, Growth | None]:
    """Play hours of a day in a car; Ctrl-C ends it early.

    Args:
        hours: of the day.
        audio: folder of recordings, see ``Recordings``.
        sample: share of the long stretches of noise and silence that is heard.
        say: told how it goes.

    Raises:
        CockpitError: an engine or a model is missing, or the conversation hangs.
    """
    recordings = await asyncio.to_thread(Recordings.load, audio) if audio is not None else None
    async with quick_cabin(settings) as cabin:
        say("Making the sound of four people …")
        crowd = await people(cabin.voice, settings.listen.wake_words, lambda done, of: None)
        # Sound is made in a thread: a loop that is blocked counts as ears that hang.
        programme = await asyncio.to_thread(_programme, crowd, recordings, seed, sample)
        run = Soak(cabin)
        began = time.monotonic()
        told = 0.0

        def tell(tally: Tally) -> None:
            nonlocal told
            if time.monotonic() - told > 30:
                told = time.monotonic()
                minutes = (told - began) / 60
                wakes, calls = sum(tally.false_wakes.values()), _calls(tally)
                say(
                    f"{minutes:.0f} min: {tally.day:.2f} h, {calls}, {wakes} false "
                    f"wake-ups, {sum(tally.acted.values())} acted unasked, "
                    f"{run.samples[-1][1] / 1e6 if run.samples else 0:.0f} MB"
                )

        await _until_interrupted(run.run(programme.scenes(), hours, tell), say)
        return run.tally, run.growth


def _programme(
    crowd: Sequence[Person], recordings: Recordings | None, seed: int, sample: float
) -> Programme:
    if recordings is None:
        return Programme(crowd, seed, sample=sample)
    return Programme(
        crowd, seed, recorded=recordings.speech(), noise=recordings.noise, sample=sample
    )


def _calls(tally: Tally) -> str:
    calls = sum(count for kind, count in tally.scenes.items() if kind.is_call)
    return f"{sum(tally.woken.values())} of {calls} calls heard"


async def _until_interrupted(work: Any, say: Say) -> None:
    """Do the work; Ctrl-C ends it and is no error."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work, name="soak")
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await asyncio.wait([task])
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    if task.cancelled():
        say("Interrupted; this is what is known so far.")
        return
    task.result()


async def hear_itself(settings: Settings, answers: int, say: Say = print) -> SelfTriggers:
    """So many answers with the echo of a loudspeaker, and nobody who speaks.

    Raises:
        CockpitError: an engine or a model is missing, or the conversation hangs.
    """

    def tell(done: int, of: int) -> None:
        if done % 10 == 0:
            say(f"{done} of {of} answers")

    async with quick_cabin(settings) as cabin:
        return await loop_back(cabin, sentences_of("answers", "soak.yaml"), answers, tell)


def main(
    hours: Annotated[float, typer.Option(help="Hours of a day.")] = 8.0,
    audio: Annotated[
        Path | None, typer.Option(help="Folder with labels.json, speech/ and a *noise*.wav.")
    ] = None,
    sample: Annotated[
        float,
        typer.Option(
            min=0.01, max=1, help="Hear this share of the long stretches of noise and silence."
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number is another day.")] = 0,
    answers: Annotated[
        int, typer.Option("--loop-back", help="Instead: so many answers that the car hears itself.")
    ] = 0,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Hours of sound through the live conversation: what it misses, what it does unasked."""
    check_writable(out)
    settings = load_settings()
    console = Console(highlight=False, soft_wrap=True)
    say = Console(stderr=True, highlight=False, soft_wrap=True).print
    began = time.monotonic()
    if answers:
        found = run_async(hear_itself(settings, answers, say))
        lines = [str(found), *found.examples]
        figures: dict[str, Any] = {
            name: getattr(found, name)
            for name in ("answers", "seconds", "woken", "heard", "turns", "cut", "examples")
        }
    else:
        tally, grown = run_async(
            soak(settings, hours, audio=audio, sample=sample, seed=seed, say=say)
        )
        lines = [*tally.lines(), str(grown or "memory: too short to tell"), *tally.examples]
        figures = tally.to_json()
        if grown is not None:
            figures["memory"] = {
                "begin_mb": round(grown.begin / 1e6, 1),
                "end_mb": round(grown.end / 1e6, 1),
                "growth": round(grown.share, 4),
                "mb_per_hour": round(grown.slope / 1e6, 2),
            }
    minutes = (time.monotonic() - began) / 60
    console.print(" ".join(["python -m cockpit.evaluation.soak", *sys.argv[1:]]))
    console.print(f"{machine()}; {minutes:.1f} min")
    for line in lines:
        console.print(line)
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
