"""Exit codes, and the one place where an error becomes a sentence."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any

from vehicle_bus.errors import CockpitError


class Exit(IntEnum):
    """Exit codes of ``cockpit``."""

    OK = 0
    FAILED = 1  # it ran, and the answer is no: scenarios failed, a check found something
    USAGE = 2  # wrong arguments or settings
    UNAVAILABLE = 3  # a part is missing: model, broker, audio device, network
    INTERRUPTED = 130


def run_async[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; one of our errors ends the program with its sentence.

    Raises:
        SystemExit: with a code of ``Exit`` for our errors and for Ctrl-C.
    """
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(Exit.INTERRUPTED) from None
    except BaseExceptionGroup as group:
        ours, others = group.split(CockpitError)
        if others is not None or ours is None:
            raise
        raise SystemExit(complain(_first(ours))) from None
    except CockpitError as error:
        raise SystemExit(complain(error)) from None


def _first(group: BaseExceptionGroup[CockpitError]) -> CockpitError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def complain(error: CockpitError) -> Exit:
    """Print the error's sentence to stderr and choose the exit code."""
    print(f"cockpit: {error.spoken}", file=sys.stderr)  # noqa: T201
    return getattr(error, "exit_code", Exit.UNAVAILABLE)
