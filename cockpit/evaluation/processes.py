"""Processor time and memory of this process and all that it started."""

from __future__ import annotations

from contextlib import suppress

import psutil


def cpu_seconds() -> float:
    """Processor time used so far, in seconds, of the processes that run now."""
    total = 0.0
    for process in _all():
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total


def memory() -> float:
    """Resident memory in bytes; what processes share counts for each of them."""
    total = 0
    for process in _all():
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return float(total)


def _all() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]
