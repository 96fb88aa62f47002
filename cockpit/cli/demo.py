"""``cockpit demo``: a spoken conversation with a simulated car."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cockpit.cli.exits import run_async
from cockpit.cli.prepare import recordings_folder
from cockpit.cli.vehicle import open_simulated_vehicle
from cockpit.demo.conversation import Recording, own_recordings, recorded
from cockpit.demo.screen import Screen, summary
from cockpit.session import open_session
from cockpit.settings import Settings
from cockpit.speech.audio import read_audio, write_wav
from cockpit.voice import SpokenTurn, VoicePipeline


def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option(help="Your own recordings; NAME-passenger.wav is spoken on that seat."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the answers are written.")] = Path("out/demo"),
) -> None:
    """Play a conversation from audio files: hear, plan, act on the bus, answer aloud.

    Nothing needs to be set up or connected: broker and car are started and ended with it. What
    it writes to the shopping list is forgotten afterwards.
    """
    settings: Settings = context.obj
    recordings = own_recordings(folder) if folder else recorded(recordings_folder(settings))
    out.mkdir(parents=True, exist_ok=True)
    run_async(_demo(settings, recordings, out))


async def _demo(settings: Settings, recordings: Sequence[Recording], out: Path) -> None:
    console = Console()
    console.print(
        f"A conversation of {len(recordings)} spoken turns with a simulated car, offline; "
        "about a minute. Map data © OpenStreetMap contributors.",
        highlight=False,
    )
    screen = Screen(console)
    turns: list[tuple[Recording, SpokenTurn]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cockpit-demo-") as data:
        own = settings.model_copy(update={"data_dir": Path(data)})
        async with (
            open_simulated_vehicle(own) as car,
            open_session(own, car.bus) as session,
            VoicePipeline.open(own, session.agent) as pipeline,
            screen.watching(session.bus, session.events),
        ):
            console.print(f"Ready after {time.monotonic() - began:.1f} s.", highlight=False)
            for number, recording in enumerate(recordings, 1):
                screen.begin(number, recording)
                if recording.drive:
                    await car.drive()
                audio = await asyncio.to_thread(read_audio, recording.file)
                spoken = await pipeline.hear(audio, recording.seat)
                file = out / f"{number:02d}-reply.wav"
                if spoken.reply:
                    await asyncio.to_thread(write_wav, file, spoken.reply)
                await asyncio.sleep(0)  # lets the screen show the last messages first
                screen.end(spoken, file)
                turns.append((recording, spoken))
    console.print()
    console.print(summary(turns, screen.commands))
    console.print(
        f"{len(turns)} turns in {time.monotonic() - began:.0f} s; the answers are in {out}/.",
        highlight=False,
    )
