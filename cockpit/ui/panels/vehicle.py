"""Shows the car from above, and changes its actuators."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class VehiclePanel(Panel):
    """Shows the car from above, and changes its actuators."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows the car from above, and changes its actuators."
