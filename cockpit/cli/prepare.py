"""``cockpit prepare``: what set-up makes out of the assets: the map, the demo's recordings."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from rich.console import Console

from cockpit.assets.store import AssetStore
from cockpit.cli.exits import run_async
from cockpit.demo.conversation import conversation, file_of
from cockpit.settings import Settings
from cockpit.speech.audio import Audio, write_wav
from cockpit.speech.piper import PiperVoice
from skills.navigation.importer import import_map
from skills.navigation.schema import MapMissing, read_info

DEFAULT_MAP = "map-helsinki"

PITCH = 1.1
"""The demo's speaker talks this much higher, to be told apart from the car's voice."""


def recordings_folder(settings: Settings) -> Path:
    """Where the demo's recordings are kept."""
    return settings.assets.root.parent / "demo"


def prepare(context: typer.Context) -> None:
    """Import the default map and record the demo's conversation with Piper."""
    run_async(_prepare(context.obj))


async def _prepare(settings: Settings) -> None:
    store = AssetStore.from_settings(settings.assets)
    console = Console(stderr=True)
    if not await asyncio.to_thread(_has_default_map, settings, store):
        with console.status("Importing the map of Helsinki, © OpenStreetMap contributors …"):
            source = store.path(DEFAULT_MAP)
            await asyncio.to_thread(import_map, source, settings.maps.root, "helsinki")
        console.print("Map of Helsinki imported.", highlight=False)
    await record(settings, store, console)


def _has_default_map(settings: Settings, store: AssetStore) -> bool:
    """True where the map was made from the extract that the catalogue names."""
    try:
        info = read_info(settings.maps.root / "helsinki")
    except MapMissing:
        return False
    return info.source_sha256 in {entry.sha256 for entry in store.catalog[DEFAULT_MAP].files}


async def record(settings: Settings, store: AssetStore, console: Console) -> None:
    """Synthesise the demo's lines that are not there yet."""
    folder = recordings_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    lines = list(enumerate(conversation(), 1))
    due = [(number, line) for number, line in lines if not _is_recorded(folder, number, line.text)]
    if not due:
        return
    async with PiperVoice(store.path(settings.speech.voice)) as voice:
        for number, line in due:
            with console.status(f"Recording turn {number} of {len(lines)} …"):
                audio = await voice.synthesize(line.text)
            higher = Audio(audio.samples, round(audio.rate * PITCH)).resampled(audio.rate)
            write_wav(file_of(folder, number, line), higher)
            _text_file(folder, number).write_text(line.text, encoding="utf-8")
    console.print(f"{len(due)} turns of the demo recorded.", highlight=False)


def _text_file(folder: Path, number: int) -> Path:
    return folder / f"{number:02d}.txt"


def _is_recorded(folder: Path, number: int, text: str) -> bool:
    file = _text_file(folder, number)
    return file.is_file() and file.read_text(encoding="utf-8") == text
