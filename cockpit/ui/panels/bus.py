"""Shows the topics of the bus, and publishes targets."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class BusPanel(Panel):
    """Shows the topics of the bus, and publishes targets."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows the topics of the bus, and publishes targets."
