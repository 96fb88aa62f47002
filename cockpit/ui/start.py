"""Runs the dashboard as a whole program: terminal, log, signals, and the end of everything."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from typing import Final

from cockpit.settings import Settings
from cockpit.ui.app import CockpitApp
from cockpit.ui.boot import Opener
from cockpit.ui.logs import LogBook
from cockpit.ui.terminal import Captured
from vehicle_bus.seats import Seat

FAILED: Final = 1
UNAVAILABLE: Final = 3
"""Exit codes, as in ``cockpit.cli.exits``."""
CRASHES: Final = "crash.txt"
PATIENCE: Final = 0.7
"""Seconds that ending may take before it says so."""


def start(settings: Settings, opener: Opener, *, seat: Seat, listen: bool, speak: bool) -> int:
    """Show the dashboard until the user quits, and end everything that it opened.

    Args:
        settings: everything that can be set.
        opener: opens the vehicle.
        seat: where the person at the keyboard sits.
        listen: a microphone is wanted.
        speak: replies are said aloud.

    Returns:
        the exit code; what went wrong was said on standard error.
    """
    level = logging.DEBUG if logging.getLogger().level == logging.DEBUG else logging.INFO
    book = LogBook(level)
    # In a browser textual speaks over standard output, and nothing else may.
    capture: AbstractContextManager[object] = (
        Captured(book.printed) if hasattr(os, "dup") else nullcontext()
    )
    app = CockpitApp(settings, opener, seat=seat, listen=listen, speak=speak, book=book)
    with book.instead_of_the_terminal(), capture:
        asyncio.run(_show(app))
    return _farewell(app)


async def _show(app: CockpitApp) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.exit)
    try:
        await app.run_async()
    finally:
        closing = asyncio.create_task(app.boot.close(), name="end")
        done, _ = await asyncio.wait([closing], timeout=PATIENCE)
        if not done and not app.is_web:
            _say("Ending …")
        for number in (signal.SIGINT, signal.SIGTERM):  # who cannot wait for it need not
            loop.add_signal_handler(number, os._exit, 130)
        await closing


def _say(text: str) -> None:
    if sys.__stderr__ is not None:
        sys.__stderr__.write(f"{text}\n")
        sys.__stderr__.flush()


def _farewell(app: CockpitApp) -> int:
    """Say what ended it, if it was not the user."""
    if app.crash is not None:
        file = app.settings.data_dir / CRASHES
        told = "".join(traceback.format_exception(app.crash))
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{datetime.now().astimezone().isoformat()}\n{told}", encoding="utf-8")
        what = str(app.crash) or type(app.crash).__name__
        _say(
            f"cockpit: The dashboard broke ({type(app.crash).__name__}: {what.splitlines()[0]}); "
            f"`cockpit run --plain` works without it. What happened is in {file}."
        )
        return FAILED
    if app.boot.fault:
        _say(f"cockpit: {app.boot.fault}")
        return app.boot.exit_code
    return 0
