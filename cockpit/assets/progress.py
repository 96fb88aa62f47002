"""How a download shows that it goes on."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


class Reporter(Protocol):
    """Told about one download at a time."""

    def begin(self, label: str, done: int, total: int | None, *, doing: str = "fetching") -> None:
        """A download or a making starts; ``done`` of ``total`` bytes were so before."""

    def advance(self, count: int) -> None:
        """``count`` more bytes arrived."""

    def end(self) -> None:
        """The download finished or broke."""

    def note(self, text: str) -> None:
        """One line for the person who waits."""


class Silent:
    """Reports nothing."""

    def begin(self, label: str, done: int, total: int | None, *, doing: str = "fetching") -> None:
        """Nothing."""

    def advance(self, count: int) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


class Lines:
    """Plain lines for logs: start, every quarter, end."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._label = ""
        self._done = 0
        self._total: int | None = None
        self._next = 0.25
        self._started = 0.0

    def begin(self, label: str, done: int, total: int | None, *, doing: str = "fetching") -> None:
        """Say what is done and how large it is."""
        self._label, self._done, self._total = label, done, total
        share = done / total if total else 0.0
        self._next = 0.25 * (int(share / 0.25) + 1)
        self._started = time.monotonic()
        size = f", {total / 1e6:.1f} MB" if total else ""
        goes_on = f", going on at {done / 1e6:.1f} MB" if done else ""
        self.note(f"{doing} {label}{size}{goes_on}")

    def advance(self, count: int) -> None:
        """Say so at each quarter."""
        self._done += count
        if self._total and self._done / self._total >= self._next and self._next < 1:
            self.note(f"  {self._label}: {self._next:.0%}")
            self._next += 0.25

    def end(self) -> None:
        """Say how long it took."""
        took = time.monotonic() - self._started
        self.note(f"  {self._label}: {self._done / 1e6:.1f} MB in {took:.1f} s")

    def note(self, text: str) -> None:
        """One line."""
        print(text, file=self._out, flush=True)


class Bars:
    """Progress bars on a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, label: str, done: int, total: int | None, *, doing: str = "fetching") -> None:
        """A new bar."""
        label = label if doing == "fetching" else f"{doing} {label}"
        self._task = self._bars.add_task(label, total=total, completed=done)

    def advance(self, count: int) -> None:
        """Move it."""
        if self._task is not None:
            self._bars.advance(self._task, count)

    def end(self) -> None:
        """Take it away."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None

    def note(self, text: str) -> None:
        """One line above the bar."""
        self._bars.console.print(text, highlight=False, markup=False)


def on_stderr() -> Bars | Lines:
    """Bars where stderr is a terminal, plain lines elsewhere."""
    console = Console(stderr=True)
    return Bars(console) if console.is_terminal else Lines(sys.stderr)
