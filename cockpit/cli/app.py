"""Global options, and the commands of the other modules."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from cockpit.cli.exits import Exit, complain, complain_of_file
from cockpit.settings import load_settings
from vehicle_bus.errors import CockpitError

COMMANDS = {
    "demo": "demo:demo",
    "run": "run:run",
    "say": "say:say",
    "listen": "listen:listen",
    "eval": "evaluate:evaluate",
    "bench": "evaluate:bench",
    "doctor": "doctor:doctor",
    "prepare": "prepare:prepare",
}
"""Commands by name, each as module and function below ``cockpit.cli``."""

GROUPS = {
    "sim": ("sim:app", "The simulated vehicle."),
    "bus": ("bus:app", "The vehicle bus: broker and monitor."),
    "models": ("models:app", "Models and other large files."),
    "maps": ("maps:app", "Maps from OpenStreetMap extracts."),
    "skills": ("skills:app", "What the agent can do."),
}
"""Groups of commands, with their help."""

HIDDEN = {"prepare"}

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


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"cockpit.cli.{module}"), name)


def _register(words: Sequence[str]) -> None:
    """Add the commands that may be meant; all of them where none is named.

    Speech and language engines take a second or two to import, which `cockpit bus monitor`
    need not wait for.
    """
    everything = [*COMMANDS, *GROUPS]
    wanted = [name for name in everything if name in words] or everything
    for name in wanted:
        if name in COMMANDS:
            app.command(name, hidden=name in HIDDEN)(_load(COMMANDS[name]))
        else:
            place, text = GROUPS[name]
            app.add_typer(_load(place), name=name, help=text)


def run() -> int:
    """Run what the command line asks for.

    Returns:
        the exit code; an error of ours is a sentence on stderr by then.

    Raises:
        SystemExit: with the code with which a command ended.
    """
    stdout = sys.stdout
    try:
        _register(sys.argv[1:])
        # From here on Ctrl-C is an exception, so that what was started is ended.
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        app()
    except SystemExit:
        if sys.stdout is not stdout:
            # Typer found that the reader of our output is gone (`cockpit … | head -1`), which
            # is no fault of anybody.
            return Exit.OK
        raise
    except CockpitError as error:
        return complain(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except OSError as error:
        return complain_of_file(error)
    return Exit.OK
