"""Exit codes, and the one place where an error becomes a sentence."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import Any

from vehicle_bus.errors import CockpitError


class Exit(IntEnum):
    """Exit codes of ``cockpit``."""

    OK = 0
    FAILED = 1  # it ran, and the answer is no: scenarios failed, a check found something
    USAGE = 2  # wrong arguments or settings
    UNAVAILABLE = 3  # a part is missing: model, broker, audio device, network
    INTERRUPTED = 130


class UsageError(CockpitError):
    """What was asked for on the command line cannot be done."""

    exit_code = Exit.USAGE


def run_async[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; one of our errors ends the program with its sentence.

    Ctrl-C and SIGTERM cancel it, so that it can leave everything as it was.

    Raises:
        SystemExit: with a code of ``Exit`` for our errors and for Ctrl-C.
        BrokenPipeError: the reader of our output is gone.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(Exit.INTERRUPTED) from None
    except BaseExceptionGroup as group:
        if (first := _first(group, CockpitError)) is not None:
            raise SystemExit(complain(first)) from None
        if (pipe := _first(group, BrokenPipeError)) is not None:
            raise pipe from None
        raise
    except CockpitError as error:
        raise SystemExit(complain(error)) from None


@asynccontextmanager
async def until_interrupted() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets, for commands that usually end so, and with 0."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    installed = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # not the main thread
            loop.add_signal_handler(number, interrupted.set)
            installed.append(number)
    try:
        yield interrupted
    finally:
        for number in installed:
            loop.remove_signal_handler(number)


def _first[E: Exception](group: BaseExceptionGroup[Any], kind: type[E]) -> E | None:
    """The first error of a group of which all are of that kind."""
    chosen, others = group.split(kind)
    if chosen is None or others is not None:
        return None
    error: Any = chosen
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, kind)
    return error


def complain(error: CockpitError) -> Exit:
    """Print the error's sentence to stderr and choose the exit code."""
    print(f"cockpit: {error.spoken}", file=sys.stderr)  # noqa: T201
    return getattr(error, "exit_code", Exit.UNAVAILABLE)


def complain_of_file(error: OSError) -> Exit:
    """The last resort for a file, folder or disk that nobody foresaw to fail."""
    where = f"{error.filename} cannot be used" if error.filename else "a file cannot be used"
    return complain(CockpitError(f"{where}: {error.strerror or error}."))


def check_writable(file: Path | None) -> None:
    """Refuse a result file that cannot be written, before the work begins.

    Raises:
        UsageError: its folder is missing, or it may not be written.
    """
    if file is None:
        return
    if file.is_dir():
        raise UsageError(f"{file} is a folder; name a file to write to.")
    folder = file.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder} to write {file.name} to; make it first.")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise UsageError(f"You may not write to {file}; name another file.")


def make_folder(folder: Path) -> None:
    """Make a folder for results.

    Raises:
        UsageError: it cannot be made, or may not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{folder} is a file; name a folder.") from None
    except OSError as error:
        reason = error.strerror or "no"
        raise UsageError(f"The folder {folder} cannot be made ({reason}); name another.") from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"You may not write to {folder}; name another folder.")
