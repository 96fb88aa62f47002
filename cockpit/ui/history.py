"""What was typed before, kept on disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE: Final = "typed.txt"
KEPT: Final = 500


class History:
    """Typed requests, the newest last, each once; ``older`` and ``newer`` walk through them.

    Args:
        folder: where the file is kept; a folder that cannot be used costs the history only.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._lines: list[str] = []
        with suppress(OSError, UnicodeDecodeError):
            read = self._file.read_text(encoding="utf-8").splitlines()
            self._lines = list(dict.fromkeys(line for line in read if line.strip()))[-KEPT:]
        self._draft = ""
        self._at = len(self._lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """All of them, the newest last."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Remember a request, and stand behind it again."""
        if line in self._lines:
            self._lines.remove(line)
        self._lines.append(line)
        del self._lines[:-KEPT]
        self.rest()
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            scratch = self._file.with_suffix(f".{os.getpid()}.tmp")
            scratch.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
            scratch.replace(self._file)

    def rest(self) -> None:
        """Stand behind the newest: something was typed or sent."""
        self._at = len(self._lines)

    def older(self, text: str) -> str | None:
        """The one before that begins with what was typed first; None where there is none."""
        if self._at == len(self._lines):
            self._draft = text
        for index in range(self._at - 1, -1, -1):
            if self._lines[index].startswith(self._draft):
                self._at = index
                return self._lines[index]
        return None

    def newer(self, text: str) -> str | None:
        """The one after; what was typed first behind the newest; None where nothing follows."""
        if self._at == len(self._lines):
            return None
        for index in range(self._at + 1, len(self._lines)):
            if self._lines[index].startswith(self._draft):
                self._at = index
                return self._lines[index]
        self.rest()
        return self._draft
