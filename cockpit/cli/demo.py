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

from cockpit.assets.store import AssetStore
from cockpit.cli.exits import make_folder, run_async
from cockpit.cli.prepare import recordings_folder
from cockpit.cli.vehicle import open_simulated_vehicle
from cockpit.demo.conversation import Recording, own_recordings, record, recorded
from cockpit.demo.screen import Screen, summary
from cockpit.session import open_session
from cockpit.settings import Settings
from cockpit.speech.audio import read_audio, write_wav
from cockpit.speech.errors import SpeechError
from cockpit.speech.piper import PiperVoice
from cockpit.voice import SpeechEngines, SpokenTurn, hints_of


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
    own = own_recordings(folder) if folder else None
    make_folder(out)
    run_async(_demo(settings, own, out))


async def _demo(settings: Settings, own: Sequence[Recording] | None, out: Path) -> None:
    console = Console()
    recordings = own or await _own_conversation(settings)
    console.print(
        f"A conversation of {len(recordings)} spoken turns with a simulated car, offline; "
        "about half a minute. Map data © OpenStreetMap contributors.",
        highlight=False,
    )
    screen = Screen(console)
    turns: list[tuple[Recording, SpokenTurn]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cockpit-demo-") as data:
        apart = settings.model_copy(update={"data_dir": Path(data)})
        async with (
            SpeechEngines.loading(apart) as engines,
            open_simulated_vehicle(apart) as car,
            open_session(apart, car.bus) as session,
            screen.watching(session.bus, session.events),
        ):
            pipeline = await engines.pipeline(session.agent, hints_of(session))
            console.print(f"Ready after {time.monotonic() - began:.1f} s.", highlight=False)
            for notice in session.notices:
                console.print(notice, style="yellow", highlight=False)
            for number, recording in enumerate(recordings, 1):
                screen.begin(number, recording)
                if recording.drive:
                    await car.drive()
                try:
                    audio = await asyncio.to_thread(read_audio, recording.file)
                except SpeechError as error:
                    screen.skip(error.spoken)
                    continue
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


async def _own_conversation(settings: Settings) -> tuple[Recording, ...]:
    """The demo's own lines, recorded now where that was not done yet."""
    folder = recordings_folder(settings)
    voice = PiperVoice(AssetStore.from_settings(settings.assets).path(settings.speech.voice))
    await record(folder, voice, Console(stderr=True))
    return recorded(folder)
