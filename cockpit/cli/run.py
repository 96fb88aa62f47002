"""``cockpit run``: talk to the car, or type to it, and see what it heard, thought and did.

Only what is light is imported here: the dashboard is on the screen before anything else loads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from cockpit.cli.exits import UsageError, run_async
from cockpit.settings import Settings
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    from cockpit.ui.cockpit import OpenVehicle

NO_DASHBOARD = (
    "cockpit: the dashboard is not installed (pip install 'offline-cockpit[ui]'); "
    "this is the plain transcript."
)
PORT = 8000


def run(
    context: typer.Context,
    seat: Annotated[Seat, typer.Option(help="Where you sit, for what you type.")] = Seat.DRIVER,
    text: Annotated[bool, typer.Option("--text", help="Type only; no microphone.")] = False,
    mute: Annotated[
        bool, typer.Option("--mute", help="Type only, answers in writing only.")
    ] = False,
    microphone: Annotated[
        str | None,
        typer.Option("--input", help="Microphone: part of its name, a WAV file, or - for PCM."),
    ] = None,
    loudspeaker: Annotated[
        str | None,
        typer.Option("--output", help="Loudspeaker: part of its name, a WAV file, or none."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines of text in place of the dashboard.")
    ] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Serve the dashboard to browsers on this machine.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of --web.", min=1, max=65535)] = PORT,
) -> None:
    """Talk to the car, or type to it, in a dashboard.

    With --plain, or where input or output is no terminal, it is lines of text: what was said and
    answered goes to stdout, everything else to stderr. Without a microphone requests are typed.
    """
    settings: Settings = context.obj
    chosen = {"input": microphone, "output": loudspeaker}
    named = {name: value for name, value in chosen.items() if value is not None}
    audio = settings.audio.model_copy(update=named)
    settings = settings.model_copy(update={"audio": audio})
    listen = not (text or mute)
    if web:
        _serve(port)
    elif not plain and _on_a_screen() and find_spec("textual") is not None:
        from cockpit.ui.start import start

        code = start(settings, _open, seat=seat, listen=listen, speak=not mute)
        raise typer.Exit(code)
    else:
        from cockpit.cli.plain import converse

        if not plain and _on_a_screen():
            print(NO_DASHBOARD, file=sys.stderr)  # noqa: T201
        # Text from a pipe is typed, unless a microphone is named.
        listen = listen and (microphone is not None or sys.stdin.isatty())
        run_async(converse(settings, seat, listen=listen, mute=mute))


def _on_a_screen() -> bool:
    """Whether there is a terminal, or a browser at the other end of textual-serve."""
    return (sys.stdin.isatty() and sys.stdout.isatty()) or "TEXTUAL_DRIVER" in os.environ


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[OpenVehicle]:
    """The vehicle for the dashboard, which knows no simulator."""
    from cockpit.cli.vehicle import open_cockpit_vehicle

    async with open_cockpit_vehicle(settings) as vehicle:
        yield vehicle


def _serve(port: int) -> None:
    if find_spec("textual_serve") is None:
        raise UsageError("--web needs a package that is not installed: offline-cockpit[ui].")
    from cockpit.ui.web import serve

    try:
        serve(sys.argv, port)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise UsageError(f"Port {port} cannot be used ({why}); choose another.") from error
