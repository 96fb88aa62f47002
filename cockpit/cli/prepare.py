"""``cockpit prepare``: what set-up makes out of the assets, so that the first start is quick."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from rich.console import Console

from cockpit.agent.llm.errors import ModelError
from cockpit.agent.llm.remote import RemotePlanner
from cockpit.assets.store import AssetStore
from cockpit.cli.exits import run_async
from cockpit.demo.conversation import record
from cockpit.session import find_model
from cockpit.settings import Settings
from cockpit.speech.piper import PiperVoice
from skills.navigation.importer import import_map
from skills.navigation.schema import MapMissing, read_info

DEFAULT_MAP = "map-helsinki"


def recordings_folder(settings: Settings) -> Path:
    """Where the demo's recordings are kept."""
    return settings.assets.root.parent / "demo"


def prepare(context: typer.Context) -> None:
    """Import the default map, record the demo, let the language model read its instructions."""
    run_async(_prepare(context.obj))


async def _prepare(settings: Settings) -> None:
    store = AssetStore.from_settings(settings.assets)
    console = Console(stderr=True)
    if not await asyncio.to_thread(_has_default_map, settings, store):
        with console.status("Importing the map of Helsinki, © OpenStreetMap contributors …"):
            source = store.path(DEFAULT_MAP)
            await asyncio.to_thread(import_map, source, settings.maps.root, "helsinki")
        console.print("Map of Helsinki imported.", highlight=False)
    voice = PiperVoice(store.path(settings.speech.voice))
    await record(recordings_folder(settings), voice, console)
    await _warm(settings, console)


def _has_default_map(settings: Settings, store: AssetStore) -> bool:
    """True where the map was made from the extract that the catalogue names."""
    try:
        info = read_info(settings.maps.root / "helsinki")
    except MapMissing:
        return False
    return info.source_sha256 in {entry.sha256 for entry in store.catalog[DEFAULT_MAP].files}


async def _warm(settings: Settings, console: Console) -> None:
    """Evaluate the language model's constant prompt once; its state is kept between runs."""
    model = find_model(settings)
    if model.notice:
        console.print(model.notice, style="yellow", highlight=False)
    console.print("The language model reads its instructions (up to a minute, once) …")
    try:
        async with RemotePlanner([model], settings.agent) as planner:
            startup = await planner.start()
    except ModelError as error:
        # Templates plan without it, so set-up goes on.
        console.print(error.spoken, style="yellow", highlight=False)
        return
    took = "They were read before" if startup.from_cache else f"{startup.prefix_ms / 1000:.0f} s"
    console.print(f"{took}: {startup.prefix_tokens} tokens.", highlight=False)
