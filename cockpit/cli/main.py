"""The ``cockpit`` command: global options, and the commands of the other modules."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from cockpit.cli.bus import app as bus
from cockpit.cli.demo import demo
from cockpit.cli.doctor import doctor
from cockpit.cli.evaluate import bench, evaluate
from cockpit.cli.exits import complain
from cockpit.cli.listen import listen
from cockpit.cli.maps import app as maps
from cockpit.cli.models import app as models
from cockpit.cli.prepare import prepare
from cockpit.cli.run import run
from cockpit.cli.say import say
from cockpit.cli.sim import app as sim
from cockpit.cli.skills import app as skills
from cockpit.settings import load_settings
from vehicle_bus.errors import CockpitError

app = typer.Typer(
    name="cockpit",
    help="An in-vehicle voice agent that works with no network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cockpit {version('offline-cockpit')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).")] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One setting, e.g. bus.host=10.0.0.5."),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="More diagnostics; twice for debug.")
    ] = 0,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that every command knows; they come before the command."""
    level = (logging.ERROR, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    overrides = [*(override or ()), *(["assets.offline=true"] if offline else ())]
    context.obj = load_settings(config, overrides)


app.command("demo")(demo)
app.command("run")(run)
app.command("say")(say)
app.command("listen")(listen)
app.command("eval")(evaluate)
app.command("bench")(bench)
app.command("doctor")(doctor)
app.command("prepare", hidden=True)(prepare)
app.add_typer(sim, name="sim", help="The simulated vehicle.")
app.add_typer(bus, name="bus", help="The vehicle bus: broker and monitor.")
app.add_typer(models, name="models", help="Models and other large files.")
app.add_typer(maps, name="maps", help="Maps from OpenStreetMap extracts.")
app.add_typer(skills, name="skills", help="What the agent can do.")


def main() -> None:
    """Entry point; an error of ours ends with its sentence and an exit code."""
    try:
        app()
    except CockpitError as error:
        raise SystemExit(complain(error)) from None
    except BrokenPipeError:
        # The reader of our output is gone (`cockpit … | head`), which is no fault.
        sys.stderr.close()
        raise SystemExit(0) from None
