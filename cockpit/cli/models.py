"""``cockpit models``: list, fetch, check and locate models and other large files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cockpit.assets.errors import AdapterMissing, AllSourcesFailed, MergerMissing
from cockpit.assets.progress import Bars, Reporter, on_stderr
from cockpit.assets.store import AssetStore, State
from cockpit.cli.exits import Exit, complain
from cockpit.settings import Settings, load_settings
from vehicle_bus.errors import CockpitError

app = typer.Typer(
    name="models",
    help="Models, voices and maps: list, fetch, check, locate.",
    no_args_is_help=True,
)

_WIDE = 160

Names = Annotated[list[str] | None, typer.Argument(help="Names; see `cockpit models list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _saying_why() -> Iterator[None]:
    try:
        yield
    except CockpitError as error:
        raise typer.Exit(complain(error)) from None
    except KeyboardInterrupt:
        typer.echo("cockpit: stopped; run the same command again to go on from here.", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None


def _store(context: typer.Context) -> AssetStore:
    settings = context.find_object(Settings) or load_settings()
    return AssetStore.from_settings(settings.assets)


@app.command("list")
def list_assets(context: typer.Context, as_json: AsJson = False) -> None:
    """Show every asset: licence, size, and whether it is here."""
    with _saying_why():
        store = _store(context)
        rows = [
            {
                "name": name,
                "title": asset.title,
                "kind": asset.kind,
                "licence": asset.licence,
                "size": asset.size,
                "default": asset.default,
                "state": store.state(name).value,
                "path": str(store.folder(name) / asset.opens),
                "homepage": asset.homepage,
            }
            for name, asset in store.catalog.items()
        ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("name", "what", "licence", "size", "set", "state", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            str(row["name"]),
            str(row["title"]),
            str(row["licence"]),
            f"{int(str(row['size'])) / 1e6:.1f} MB",
            "default" if row["default"] else "optional",
            str(row["state"]),
        )
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)  # a pipe has no width to fit into
    console.print(table)


@app.command("pull")
def pull(
    context: typer.Context,
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Optional ones too.")] = False,
) -> None:
    """Fetch or make assets that are not here yet; without names, the default set."""
    with _saying_why(), ExitStack() as stack:
        store = _store(context)
        chosen = tuple(names or (store.catalog if everything else store.catalog.default_set))
        for name in chosen:
            store.catalog[name]  # an unknown name is told before anything is downloaded
        reporter = on_stderr()
        if isinstance(reporter, Bars):
            stack.enter_context(reporter)
        for name in chosen:
            # With --all, an optional asset may be out of reach without that being a failure.
            optional = everything and not names and not store.catalog[name].default
            _pull_one(store, name, reporter, optional=optional, named=bool(names))


def _pull_one(
    store: AssetStore, name: str, reporter: Reporter, *, optional: bool, named: bool
) -> None:
    try:
        fetched = store.pull(name, reporter)
    except (AdapterMissing, MergerMissing) as error:
        # The templates, and its base, work without it.
        if named:
            raise
        reporter.note(f"{name}: left out: {error.spoken}")
        return
    except AllSourcesFailed as error:
        if not (optional and error.unreachable):
            raise
        reporter.note(f"{name}: skipped, it is optional: {error.spoken}")
        return
    how = "made" if store.catalog[name].merged else "fetched and checked"
    reporter.note(f"{name}: {how if fetched else 'is here'}")


@app.command("verify")
def verify(context: typer.Context, names: Names = None, as_json: AsJson = False) -> None:
    """Read files again and compare hashes; without names, all assets that are here."""
    with _saying_why():
        store = _store(context)
        chosen = names or [name for name in store.catalog if store.state(name) != State.MISSING]
        results = {name: store.verify(name) for name in chosen}
    if as_json:
        facts = {
            name: [{"file": fault.file, "problem": fault.problem} for fault in faults]
            for name, faults in results.items()
        }
        typer.echo(json.dumps(facts, indent=2))
    else:
        for name, faults in results.items():
            for fault in faults:
                typer.echo(f"{name}: {fault.file}: {fault.problem}")
            if not faults:
                typer.echo(f"{name}: ok")
    broken = [name for name, faults in results.items() if faults]
    if broken:
        typer.echo(f"cockpit: fetch again with: cockpit models pull {' '.join(broken)}", err=True)
        raise typer.Exit(Exit.FAILED)


@app.command("path")
def path(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name of an asset.")] = None,
) -> None:
    """Print what the engine opens for an asset, or the store's folder."""
    with _saying_why():
        store = _store(context)
        typer.echo(store.path(name) if name else store.root)
