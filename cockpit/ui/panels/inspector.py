"""Shows the selected turn: stages in milliseconds, who planned and why, what was called."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class InspectorPanel(Panel):
    """Shows the selected turn: stages in milliseconds, who planned and why, what was called."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return (
            "Shows the selected turn: stages in milliseconds, who planned and why, what was called."
        )
