"""What is said in the demo: its own conversation, or a folder of recordings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat


class NoRecordings(CockpitError):
    """There is nothing to play."""


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
    """The demo's lines with their recordings in ``folder``.

    Raises:
        NoRecordings: some are not there.
    """
    recordings = tuple(
        Recording(file_of(folder, number, line), line.seat, line.text, line.note, line.drive)
        for number, line in enumerate(conversation(), 1)
    )
    if not all(recording.file.is_file() for recording in recordings):
        raise NoRecordings("The demo's recordings are not there; run `make setup` first.")
    return recordings


def file_of(folder: Path, number: int, line: Line) -> Path:
    """Where a line's recording is kept."""
    return folder / f"{number:02d}-{line.seat.value}.wav"


def own_recordings(folder: Path) -> tuple[Recording, ...]:
    """A user's audio files by name; ``…-passenger.wav`` is spoken on that seat, else the driver's.

    Raises:
        NoRecordings: the folder is missing or holds no audio.
    """
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
