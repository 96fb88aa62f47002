"""Microphone and loudspeaker as the settings name them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit.audio.devices import Loudspeaker, Microphone
from cockpit.audio.errors import DeviceRefused
from cockpit.audio.files import NullSink, WavSink, WavSource
from cockpit.audio.keeping import StateListener
from cockpit.audio.pipes import PipeSource
from cockpit.audio.portaudio import SoundSystem
from cockpit.audio.streams import Sink, Source
from cockpit.settings import AudioSettings
from cockpit.speech.errors import AudioInvalid

PIPE = "-"
NONE = "none"
_FILES = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".au", ".m4a"}


@asynccontextmanager
async def open_source(
    settings: AudioSettings,
    on_state: StateListener | None = None,
    *,
    system: SoundSystem | None = None,
) -> AsyncIterator[Source]:
    """What ``audio.input`` names: a device, a file, or a pipe; a channel for each zone.

    Args:
        settings: ``input`` and ``zones``.
        on_state: told when a device is lost or found.
        system: PortAudio; None for the process's own.

    Raises:
        SpeechError: it is not there, or has too few channels.
    """
    named, channels = settings.input, len(settings.zones)
    path = named_file(named)
    if named == PIPE:
        if sys.stdin.isatty():
            raise DeviceRefused(
                "Standard input is a terminal; pipe sound into it, for example: "
                f"arecord -t raw -f S16_LE -r 16000 -c {channels} | cockpit run"
            )
        yield PipeSource(channels=channels)
    elif path is None:
        microphone = Microphone(named, channels=channels, on_state=on_state, system=system)
        await microphone.check()
        yield microphone
    else:
        yield _from_file(path, channels)


@asynccontextmanager
async def open_sink(
    settings: AudioSettings,
    on_state: StateListener | None = None,
    *,
    system: SoundSystem | None = None,
) -> AsyncIterator[Sink]:
    """What ``audio.output`` names: a device, a WAV file to write, or none.

    Args:
        settings: ``output``.
        on_state: told when a device is lost or found.
        system: PortAudio; None for the process's own.

    Raises:
        SpeechError: it is not there, or cannot be written.
    """
    named = settings.output
    path = named_file(named)
    if named.strip().lower() == NONE:
        async with NullSink() as silent:
            yield silent
    elif path is None:
        async with Loudspeaker(named, on_state=on_state, system=system) as loudspeaker:
            yield loudspeaker
    elif path.suffix.lower() != ".wav":
        raise AudioInvalid(
            f"What is said can be written to a WAV file only, not to {path.name}; "
            "set audio.output to a name that ends in .wav."
        )
    else:
        async with WavSink(path) as file:
            yield file


def named_file(named: str) -> Path | None:
    """The file that is meant, be it there or not; None where it is a device."""
    if not named or named == PIPE:
        return None
    path = Path(named).expanduser()
    meant = path.suffix.lower() in _FILES or named.startswith(("/", "./", "../", "~"))
    return path if meant or path.is_file() or path.is_fifo() else None


def _from_file(path: Path, channels: int) -> Source:
    if path.is_fifo():
        return PipeSource(path, channels=channels)
    return WavSource(path, channels=channels)
