"""The log of the dashboard: everything that is logged or printed, bounded."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from cockpit.ui.state import LINES, LogLine

OURS: Final = ("cockpit", "vehicle_bus", "skills", "sim")
"""Loggers whose information is shown; of others only warnings are."""
PRINTED: Final = "output"
"""The name under which what a library or a process printed is logged."""


class LogBook(logging.Handler):
    """Keeps what was logged until it is taken; from any thread.

    Args:
        level: of our own records; others are kept from ``WARNING`` on.

    Attributes:
        on_line: called from the thread that logs, once until the lines were taken.
    """

    def __init__(self, level: int = logging.INFO) -> None:
        super().__init__(logging.NOTSET)
        self.on_line: Callable[[], None] | None = None
        self._own_level = level
        self._lines: deque[LogLine] = deque(maxlen=LINES)
        self._told = False
        self._guard = threading.Lock()
        self.setFormatter(logging.Formatter("%(message)s"))

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep it."""
        ours = record.name.partition(".")[0] in OURS
        return record.levelno >= (self._own_level if ours else logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its traceback."""
        self.add(record.levelno, record.name, self.format(record))

    def add(self, level: int, name: str, text: str) -> None:
        """Keep a line that did not come through ``logging``."""
        line = LogLine(level, name, text, datetime.now().astimezone())
        with self._guard:
            self._lines.append(line)
            told, self._told = self._told, True
        if not told and self.on_line is not None:
            self.on_line()

    def printed(self, text: str) -> None:
        """Keep what a library or a process wrote to standard output or error."""
        self.add(logging.DEBUG, PRINTED, text)

    def take(self) -> list[LogLine]:
        """Everything since the last time."""
        with self._guard:
            lines = list(self._lines)
            self._lines.clear()
            self._told = False
        return lines

    @contextmanager
    def instead_of_the_terminal(self) -> Iterator[None]:
        """Receive everything that is logged, in place of the handlers there are."""
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        root.handlers[:] = [self]
        root.setLevel(min(self._own_level, logging.WARNING))
        logging.captureWarnings(True)
        try:
            yield
        finally:
            logging.captureWarnings(False)
            root.handlers[:] = before
            root.setLevel(level)
