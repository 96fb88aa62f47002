"""What the user chose and wants again at the next start."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

FILE: Final = "dashboard.json"


class Preferences:
    """One small JSON file; a file that cannot be read or written costs the choice only.

    Args:
        folder: where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._values: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            read = json.loads(self._file.read_text(encoding="utf-8"))
            self._values = read if isinstance(read, dict) else {}

    @property
    def theme(self) -> str:
        """Name of the theme; empty where none was chosen."""
        return str(self._values.get("theme", ""))

    def keep(self, **values: str) -> None:
        """Remember choices."""
        self._values |= values
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(self._values, indent=2) + "\n", encoding="utf-8")
