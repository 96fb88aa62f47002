"""What the dashboard and everything it started cost: processes, memory, queues, lag."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import psutil

from cockpit.ui.state import ProcessFigures

LAG_EVERY: Final = 0.1
"""Seconds between two measurements of the event loop's lag."""
LAGS: Final = 600
"""Measurements that are kept: a minute."""
TITLES: Final = {
    "piper_worker": "voice",
    "recognizer_worker": "recogniser",
    "llm.worker": "language model",
}
"""What a child process is, by the end of its module."""


class Processes:
    """This process and its children, measured again and again; blocks for some milliseconds."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._known: dict[int, psutil.Process] = {}

    def measure(self) -> tuple[ProcessFigures, ...]:
        """Memory now, CPU since the last time; this process first."""
        return tuple(self._figures())

    def _figures(self) -> Iterator[ProcessFigures]:
        found = {self._own.pid: self._own}
        with suppress(psutil.Error):
            for child in self._own.children(recursive=True):
                found[child.pid] = self._known.get(child.pid, child)
        self._known = found
        for process in found.values():
            with suppress(psutil.Error), process.oneshot():
                yield ProcessFigures(
                    process.pid,
                    "cockpit itself" if process is self._own else _title(process),
                    process.memory_info().rss,
                    process.cpu_percent() / 100,
                )


def _title(process: psutil.Process) -> str:
    line = process.cmdline()
    for module, title in TITLES.items():
        if any(part.endswith(module) for part in line):
            return title
    return process.name()


class Lag:
    """How late the event loop is."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=LAGS)

    @property
    def last(self) -> tuple[float, ...]:
        """Seconds, oldest first."""
        return tuple(self._lags)

    async def watch(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            wanted = loop.time() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            self._lags.append(max(0.0, loop.time() - wanted))
