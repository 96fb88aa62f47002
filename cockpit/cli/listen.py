"""``cockpit listen``: a spoken request from an audio file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cockpit.agent.plan import Turn
from cockpit.cli.exits import UsageError, check_writable, run_async
from cockpit.cli.vehicle import open_vehicle
from cockpit.session import open_session
from cockpit.settings import Settings
from cockpit.speech.audio import Audio, read_audio, write_wav
from cockpit.speech.errors import SpeechError
from cockpit.speech.recognizer import Transcript
from cockpit.speech.segments import VoiceActivity
from cockpit.voice import SpeechEngines, SpokenTurn, hints_of
from vehicle_bus.seats import Seat


def listen(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="WAV (or FLAC, OGG) of any rate, width, channels.")],
    seat: Annotated[Seat, typer.Option(help="Where the speaker sits.")] = Seat.DRIVER,
    reply_wav: Annotated[Path | None, typer.Option(help="Write the spoken answer here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a request.")] = False,
) -> None:
    """Recognise a recording, act on it and answer.

    A long recording may hold several requests, with two seconds of silence between them; each
    is a turn.
    """
    check_writable(reply_wav)
    run_async(_listen(context.obj, file, seat, reply_wav, as_json=as_json))


async def _listen(
    settings: Settings, file: Path, seat: Seat, reply_wav: Path | None, *, as_json: bool
) -> None:
    console = Console(stderr=True, highlight=False)
    audio = await asyncio.to_thread(_read, file)
    if audio.is_clipped:
        console.print(f"{file.name} is overdriven; a lower level is heard better.", style="yellow")
    requests = await asyncio.to_thread(_requests, audio)
    if not requests:
        console.print(f"Nobody speaks in {file.name}.")
        if as_json:
            silence = Transcript("", 0.0, audio.seconds, 0.0, "voice activity", utterances=0)
            typer.echo(_json(SpokenTurn(silence, None, None, {}, seat=seat)))
        return
    replies: list[Audio] = []
    async with (
        SpeechEngines.loading(settings) as engines,
        open_vehicle(settings) as bus,
        open_session(settings, bus) as session,
    ):
        pipeline = await engines.pipeline(session.agent, hints_of(session))
        for notice in session.notices:
            console.print(notice, style="yellow")
        for request in requests:
            spoken = await pipeline.hear(request, seat)
            if spoken.fault:
                console.print(spoken.fault, style="yellow")
            if spoken.reply:
                replies.append(spoken.reply)
            typer.echo(_json(spoken) if as_json else _text(spoken))
    if reply_wav and replies:
        await asyncio.to_thread(write_wav, reply_wav, Audio.join(replies))
        console.print(f"The answer is in {reply_wav}.")


def _read(file: Path) -> Audio:
    """The recording.

    Raises:
        UsageError: it is missing, or not audio that can be read.
    """
    try:
        return read_audio(file)
    except SpeechError as error:
        raise UsageError(error.spoken) from error


def _requests(audio: Audio) -> list[Audio]:
    """The stretches of speech, each a request of its own."""
    return [audio.slice(part.start, part.end) for part in VoiceActivity().segments(audio)]


def _json(spoken: SpokenTurn) -> str:
    return json.dumps(spoken.to_json(), ensure_ascii=False)


def _text(spoken: SpokenTurn) -> str:
    turn: Turn | None = spoken.turn
    if turn is None:
        return f"heard: {spoken.transcript.text or '(nothing)'}"
    return f"heard: {spoken.transcript.text}\nreply: {turn.reply}"
