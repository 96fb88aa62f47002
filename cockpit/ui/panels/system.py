"""Shows engines, processes and the log."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class SystemPanel(Panel):
    """Shows engines, processes and the log."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows engines, processes and the log."
