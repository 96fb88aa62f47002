"""``cockpit run``: type to the car, hear it answer."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cockpit.agent.plan import Utterance
from cockpit.assets.store import AssetStore
from cockpit.cli.exits import run_async
from cockpit.cli.vehicle import open_vehicle
from cockpit.session import Session, open_session
from cockpit.settings import Settings
from cockpit.speech.errors import SpeechError
from cockpit.speech.piper import PiperVoice
from cockpit.speech.playback import Loudspeaker
from vehicle_bus.seats import Seat

HELP = "Type a request, or @passenger … to speak from another seat; an empty line or Ctrl-D ends."


def run(
    context: typer.Context,
    seat: Annotated[Seat, typer.Option(help="Where you sit.")] = Seat.DRIVER,
    mute: Annotated[bool, typer.Option("--mute", help="Answer in writing only.")] = False,
) -> None:
    """A text prompt with spoken replies."""
    run_async(_run(context.obj, seat, mute=mute))


async def _run(settings: Settings, seat: Seat, *, mute: bool) -> None:
    console = Console()
    async with open_vehicle(settings) as bus, open_session(settings, bus) as session:
        loudspeaker = None if mute else _loudspeaker(console)
        console.print(HELP, style="dim", highlight=False)
        if loudspeaker is None:
            await _prompt(session, seat, console, None, None)
            return
        store = AssetStore.from_settings(settings.assets)
        async with PiperVoice(store.path(settings.speech.voice)) as voice:
            await _prompt(session, seat, console, voice, loudspeaker)


def _loudspeaker(console: Console) -> Loudspeaker | None:
    try:
        return Loudspeaker()
    except SpeechError as error:
        console.print(f"{error.spoken} Answers are written only.", style="yellow")
        return None


async def _prompt(
    session: Session,
    seat: Seat,
    console: Console,
    voice: PiperVoice | None,
    loudspeaker: Loudspeaker | None,
) -> None:
    async for line in _lines():
        speaker, text = _addressed(line, seat)
        if not text:
            return
        turn = await session.agent.turn(Utterance(text, speaker))
        console.print(f"[bold]{escape(turn.reply or '…')}[/]", highlight=False)
        if voice is None or loudspeaker is None or not turn.reply:
            continue
        try:
            await loudspeaker.play(voice.stream(turn.reply))
        except SpeechError as error:
            console.print(error.spoken, style="yellow", highlight=False)


async def _lines() -> AsyncIterator[str]:
    """Lines of standard input, with editing and history where it is a terminal.

    Read in a daemon thread: a read cannot be cancelled, and Ctrl-C must end the program.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    wanted = threading.Semaphore(0)

    def read() -> None:
        while wanted.acquire():
            try:
                line: str | None = input("> " if sys.stdin.isatty() else "")
            except EOFError:
                line = None
            loop.call_soon_threadsafe(lines.put_nowait, line)

    if sys.stdin.isatty():
        import readline  # noqa: F401  (importing it is what turns editing on)
    threading.Thread(target=read, name="prompt", daemon=True).start()
    while True:
        wanted.release()
        line = await lines.get()
        if line is None:
            return
        yield line


def _addressed(line: str, seat: Seat) -> tuple[Seat, str]:
    """``@passenger open my window`` is said from the passenger's seat."""
    text = line.strip()
    if text.startswith("@"):
        name, _, rest = text[1:].partition(" ")
        if name.lower().replace("-", "_") in set(Seat):
            return Seat(name.lower().replace("-", "_")), rest.strip()
    return seat, text
