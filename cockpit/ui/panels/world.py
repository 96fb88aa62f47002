"""Shows the simulator's faults, weather and drive, and changes them."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class WorldPanel(Panel):
    """Shows the simulator's faults, weather and drive, and changes them."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows the simulator's faults, weather and drive, and changes them."
