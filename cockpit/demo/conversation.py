"""What is said in the demo: its own conversation, or a folder of recordings."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter
from rich.console import Console

from cockpit.speech.audio import Audio, write_wav
from cockpit.speech.piper import PiperVoice
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

PITCH = 1.05
"""The demo's speaker talks this much higher, to be told apart from the car's voice."""


class NoRecordings(CockpitError):
    """There is nothing to play."""

    exit_code = 2


class Line(BaseModel):
    """One turn of the demo's conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seat: Seat
    text: str
    note: str = ""
    drive: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A turn as audio.

    Attributes:
        file: the audio file.
        seat: who speaks.
        text: what was said, where it is known.
        note: what the turn is meant to show.
        drive: the car drives along its route from this turn on.
    """

    file: Path
    seat: Seat
    text: str | None = None
    note: str = ""
    drive: bool = False


def conversation() -> tuple[Line, ...]:
    """The demo's own lines."""
    text = files("cockpit.demo").joinpath("conversation.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[Line, ...]).validate_python(yaml.safe_load(text))


def recorded(folder: Path) -> tuple[Recording, ...]:
    """The demo's lines with their recordings in ``folder``."""
    return tuple(
        Recording(_file(folder, number, line), line.seat, line.text, line.note, line.drive)
        for number, line in enumerate(conversation(), 1)
    )


async def record(folder: Path, voice: PiperVoice, console: Console) -> None:
    """Synthesise the lines that are not there yet, or were made from another text.

    Args:
        folder: where to put them.
        voice: speaks them; it is started only if one is due.
        console: shows what happens.

    Raises:
        SpeechError: the voice does not start.
    """
    lines = list(enumerate(conversation(), 1))
    due = [entry for entry in lines if not _is_recorded(folder, *entry)]
    if not due:
        return
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with console.status("Recording the demo …") as status:
        async with voice:
            for number, line in due:
                status.update(f"Recording turn {number} of {len(lines)} …")
                audio = await voice.synthesize(line.text)
                higher = Audio(audio.samples, round(audio.rate * PITCH)).resampled(audio.rate)
                write_wav(_file(folder, number, line), higher)
                _mark(folder, number).write_text(_made_from(line), encoding="utf-8")
    console.print(f"{len(due)} turns of the demo recorded.", highlight=False)


def _file(folder: Path, number: int, line: Line) -> Path:
    return folder / f"{number:02d}-{line.seat.value}.wav"


def _mark(folder: Path, number: int) -> Path:
    return folder / f"{number:02d}.txt"


def _made_from(line: Line) -> str:
    return f"{line.text}\npitch {PITCH}\n"


def _is_recorded(folder: Path, number: int, line: Line) -> bool:
    mark = _mark(folder, number)
    return (
        _file(folder, number, line).is_file()
        and mark.is_file()
        and mark.read_text(encoding="utf-8") == _made_from(line)
    )


def own_recordings(folder: Path) -> tuple[Recording, ...]:
    """A user's audio files by name; ``…-passenger.wav`` is spoken on that seat, else the driver's.

    Raises:
        NoRecordings: the folder is missing or holds no audio.
    """
    if not folder.is_dir():
        raise NoRecordings(f"There is no folder {folder}; check the name.")
    found = sorted(
        path for path in folder.glob("*") if path.suffix.lower() in {".wav", ".flac", ".ogg"}
    )
    if not found:
        raise NoRecordings(f"There are no WAV, FLAC or OGG files in {folder}.")
    return tuple(Recording(path, _seat(path.stem)) for path in found)


def _seat(stem: str) -> Seat:
    for seat in Seat:
        if re.search(rf"\b{seat.value.replace('_', '[_ -]')}$", stem.lower()):
            return seat
    return Seat.DRIVER
