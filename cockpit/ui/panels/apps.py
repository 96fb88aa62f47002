"""Shows the shopping list and the saved places."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class AppsPanel(Panel):
    """Shows the shopping list and the saved places."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows the shopping list and the saved places."
