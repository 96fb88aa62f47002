"""Keeps everything but the dashboard off the terminal while it draws."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO


class Captured:
    """File descriptors 1 and 2 lead to ``on_line`` while it is entered.

    Native libraries (ALSA, llama.cpp, Vosk) and child processes write there past Python, and
    would draw over the dashboard. Textual draws on ``sys.__stdout__`` and ``sys.__stderr__``,
    which lead to the terminal as before.

    Args:
        on_line: called with each line, from a thread.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._kept: list[int] = []
        self._before: tuple[TextIO | None, TextIO | None] = (None, None)
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._kept = [os.dup(1), os.dup(2)]
        self._before = (sys.__stdout__, sys.__stderr__)
        out, err = (os.fdopen(fd, "w", encoding="utf-8", closefd=False) for fd in self._kept)
        sys.__stdout__, sys.__stderr__ = out, err  # type: ignore[misc]
        reading, writing = os.pipe()
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        self._reader = threading.Thread(
            target=self._read, args=(reading,), name="captured output", daemon=True
        )
        self._reader.start()
        return self

    def _read(self, fd: int) -> None:
        with os.fdopen(fd, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.strip():
                    self._on_line(line.rstrip())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            with suppress(OSError, ValueError):
                assert stream is not None
                stream.flush()
        for target, kept in zip((1, 2), self._kept, strict=True):
            os.dup2(kept, target)
            os.close(kept)
        sys.__stdout__, sys.__stderr__ = self._before  # type: ignore[misc,assignment]
        # It ends when the last child has closed its end; nothing waits for that.
        assert self._reader is not None
        self._reader.join(0.1)
