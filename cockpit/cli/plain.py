"""The conversation as lines of text: spoken with a transcript, or a prompt for typed requests."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from cockpit.addressing import AddressUnknown, addressed
from cockpit.agent.plan import Utterance
from cockpit.assets.store import AssetStore
from cockpit.audio.open import open_sink
from cockpit.audio.streams import Sink
from cockpit.cli.transcript import Transcript
from cockpit.cli.vehicle import open_vehicle
from cockpit.events import EventStream
from cockpit.session import Session, open_session
from cockpit.settings import Activation, ListenSettings, Settings
from cockpit.speech.errors import SpeechError
from cockpit.speech.piper import PiperVoice
from cockpit.voice import SpeechEngines
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    from cockpit.live.conversation import LiveConversation

HELP = "Type a request, or @passenger … to speak from another seat; an empty line or Ctrl-D ends."
LIVE_HELP = (
    "Say {how}and then a request, or type one (@passenger … from another seat). "
    "An empty line is the talk button; Ctrl-D ends."
)


async def converse(settings: Settings, seat: Seat, *, listen: bool, mute: bool) -> None:
    """Talk until standard input or the sound ends.

    Args:
        seat: where the person at the keyboard sits.
        listen: with a microphone; else requests are typed only.
        mute: answers in writing only, where requests are typed only.

    Raises:
        CockpitError: vehicle or session cannot be opened.
    """
    await (_live(settings, seat) if listen else _run(settings, seat, mute=mute))


async def _live(settings: Settings, seat: Seat) -> None:
    """A spoken conversation; where microphone or engines are missing, a typed one."""
    from cockpit.live.opening import open_live

    notes = Console(stderr=True, highlight=False)
    told = EventStream()
    async with (
        SpeechEngines.loading(settings, told) as engines,
        open_vehicle(settings) as bus,
        open_session(settings, bus, events=told) as session,
        AsyncExitStack() as stack,
    ):
        for notice in session.notices:
            notes.print(notice, style="yellow")
        events = await stack.enter_async_context(session.events.watch())
        try:
            live = await stack.enter_async_context(open_live(session, engines))
        except CockpitError as error:
            notes.print(f"{error.spoken} Type instead.", style="yellow")
            await _converse(session, settings, seat, notes, mute=False)
            return
        notes.print(LIVE_HELP.format(how=_calling(settings.listen)), style="dim")
        transcript = Transcript(Console(highlight=False), notes)
        printing = asyncio.create_task(transcript.follow(events), name="transcript")
        typing = asyncio.create_task(_typed(live, seat, notes), name="typed requests")
        try:
            await live.run()
        finally:
            for task in (typing, printing):
                task.cancel()
                await asyncio.wait([task])


def _calling(listen: ListenSettings) -> str:
    if listen.activation is not Activation.WAKE_WORD:
        return ""
    words = " or ".join(f'"{word.value.replace("_", " ")}"' for word in listen.wake_words)
    return f"{words} "


async def _typed(live: LiveConversation, seat: Seat, notes: Console) -> None:
    """What is typed beside what is said; its end ends the conversation."""
    if not sys.stdin.isatty():
        return
    async with aclosing(_lines()) as lines:
        async for line in lines:
            if not line.strip():
                live.push_to_talk(seat)
                continue
            try:
                where, text = addressed(line, seat)
            except AddressUnknown as error:
                notes.print(error.spoken, style="yellow")
                continue
            live.typed(text, where)
    live.end()


async def _run(settings: Settings, seat: Seat, *, mute: bool) -> None:
    notes = Console(stderr=True, highlight=False)
    async with open_vehicle(settings) as bus, open_session(settings, bus) as session:
        for notice in session.notices:
            notes.print(notice, style="yellow")
        await _converse(session, settings, seat, notes, mute=mute)


async def _converse(
    session: Session, settings: Settings, seat: Seat, notes: Console, *, mute: bool
) -> None:
    """A prompt for typed requests."""
    async with AsyncExitStack() as stack:
        speaker = None if mute else await _speaker(settings, stack, notes)
        notes.print(HELP, style="dim")
        await _prompt(session, seat, notes, speaker)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says replies aloud."""

    voice: PiperVoice
    loudspeaker: Sink

    async def say(self, text: str) -> None:
        """Speak, sentence by sentence; cancelling it silences the loudspeaker.

        Raises:
            SpeechError: voice or loudspeaker failed.
        """
        try:
            async with aclosing(self.voice.stream(text)) as chunks:
                async for chunk in chunks:
                    await self.loudspeaker.play(chunk)
            await self.loudspeaker.drain()
        except asyncio.CancelledError:
            self.loudspeaker.stop()
            raise


async def _speaker(settings: Settings, stack: AsyncExitStack, notes: Console) -> Speaker | None:
    """Loudspeaker and voice; None, with a note, where one of them is not there."""
    try:
        loudspeaker = await stack.enter_async_context(open_sink(settings.audio))
        file = AssetStore.from_settings(settings.assets).path(settings.speech.voice)
        voice = await stack.enter_async_context(PiperVoice(file))
    except CockpitError as error:
        notes.print(f"{error.spoken} Answers are written only.", style="yellow")
        return None
    return Speaker(voice, loudspeaker)


async def _prompt(session: Session, seat: Seat, notes: Console, speaker: Speaker | None) -> None:
    answers = Console(highlight=False)
    async with aclosing(_lines()) as lines:
        async for line in lines:
            if not line.strip():
                return
            try:
                where, text = addressed(line, seat)
            except AddressUnknown as error:
                notes.print(error.spoken, style="yellow")
                continue
            turn = await session.agent.turn(Utterance(text, where))
            # One line a reply for whoever reads a pipe; a terminal wraps it itself.
            answers.print(f"[bold]{escape(turn.reply or '…')}[/]", soft_wrap=True)
            if speaker is None or not turn.reply:
                continue
            try:
                await speaker.say(turn.reply)
            except SpeechError as error:
                notes.print(error.spoken, style="yellow")


async def _lines() -> AsyncGenerator[str]:
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
            except (EOFError, UnicodeDecodeError):
                line = None
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(lines.put_nowait, line)

    with _terminal():
        threading.Thread(target=read, name="prompt", daemon=True).start()
        while True:
            wanted.release()
            line = await lines.get()
            if line is None:
                return
            yield line


@contextmanager
def _terminal() -> Iterator[None]:
    """Line editing, and the terminal as it was before, wherever the thread was stopped."""
    if not sys.stdin.isatty():
        yield
        return
    import readline  # noqa: F401  (importing it is what turns editing on)
    import termios

    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stderr.write("\n")
