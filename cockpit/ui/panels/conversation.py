"""Shows what is said and answered."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class ConversationPanel(Panel):
    """Shows what is said and answered."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows what is said and answered."
