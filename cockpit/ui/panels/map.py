"""Shows the roads around the car, the route and the next instruction."""

from __future__ import annotations

from cockpit.ui.panels import Panel
from cockpit.ui.state import State


class MapPanel(Panel):
    """Shows the roads around the car, the route and the next instruction."""

    def unavailable(self, state: State) -> str | None:
        """It is not written yet."""
        return "Shows the roads around the car, the route and the next instruction."
