"""``cockpit maps``: import OpenStreetMap extracts, and list what was imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from cockpit.cli.exits import Exit, complain
from cockpit.settings import MapSettings, Settings
from skills.navigation.importer import Progress, import_map, installed_maps
from skills.navigation.schema import MapInfo
from vehicle_bus.errors import CockpitError

app = typer.Typer(
    name="maps",
    help="Maps from OpenStreetMap extracts: import, list.",
    no_args_is_help=True,
)

_WIDE = 160


@app.callback()
def maps() -> None:
    """Maps from OpenStreetMap extracts: import, list."""


def _settings(context: typer.Context) -> MapSettings:
    settings = context.find_object(Settings)
    return settings.maps if settings else MapSettings()


@app.command("import")
def import_extract(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An extract: FILE.osm.pbf.", show_default=False)],
    name: Annotated[
        str | None, typer.Option(help="Name to keep it under; the file's, if not given.")
    ] = None,
) -> None:
    """Import an extract: places for searching, roads for routes."""
    settings = _settings(context)
    console = Console(stderr=True)
    chosen = name or _plain_name(file)
    try:
        with console.status("Importing …") as status:
            info = import_map(
                file, settings.root, chosen, lambda progress: _show(status, file, progress)
            )
    except CockpitError as error:
        complain(error)
        raise typer.Exit(Exit.FAILED) from None
    except KeyboardInterrupt:
        typer.echo("cockpit: stopped; nothing was changed.", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    typer.echo(
        f"Imported {info.name}: {info.counts['places']} places, {info.counts['streets']} streets "
        f"and {info.counts['addresses']} addresses. {info.attribution}"
    )
    if info.name != settings.name:
        typer.echo(f"To use it, set maps.name to {info.name}.", err=True)


def _plain_name(file: Path) -> str:
    """``Helsinki.osm.pbf`` → ``helsinki``."""
    stem = file.name.lower().removesuffix(".pbf").removesuffix(".osm")
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in stem).strip("-")


def _show(status: Status, file: Path, progress: Progress) -> None:
    seen = f", {progress.objects:,} objects" if progress.objects else ""
    status.update(f"{file.name}: {progress.stage} ({progress.step} of {progress.steps}){seen} …")


@app.command("list")
def list_maps(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the imported maps."""
    settings = _settings(context)
    try:
        found = installed_maps(settings.root)
    except CockpitError as error:
        raise typer.Exit(complain(error)) from None
    if as_json:
        rows = [{**info.model_dump(mode="json"), "used": _used(info, settings)} for info in found]
        typer.echo(json.dumps(rows, indent=2))
        return
    if not found:
        typer.echo("No map yet; import one with: cockpit maps import FILE.osm.pbf.", err=True)
        return
    table = Table("name", "used", "imported", "places", "streets", "source", box=None)
    for info in found:
        table.add_row(
            info.name,
            "yes" if _used(info, settings) else "",
            f"{info.imported:%Y-%m-%d}",
            str(info.counts.get("places", 0)),
            str(info.counts.get("streets", 0)),
            info.source,
        )
    console = Console()
    console.width = max(console.width, _WIDE)
    console.print(table, highlight=False)
    typer.echo(found[0].attribution)


def _used(info: MapInfo, settings: MapSettings) -> bool:
    return info.name == settings.name
