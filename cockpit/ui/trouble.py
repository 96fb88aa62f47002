"""What is shown where the car cannot be opened, or broke."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Static


class TroubleScreen(ModalScreen[bool]):
    """One sentence, and what can be done: True for trying again.

    Args:
        fault: the sentence.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r,enter", "dismiss(True)", "Try again", key_display="R"),
        Binding("l,f8", "log", "Show the log", key_display="L"),
        Binding("q", "app.quit", "Quit", key_display="Q"),
    ]

    DEFAULT_CSS = """
    TroubleScreen { align: center middle; background: $background 60%; }
    TroubleScreen > Vertical {
        width: 76; max-width: 96%; height: auto; background: $surface;
        border: round $error; border-title-color: $error; padding: 1 2;
    }
    TroubleScreen Static { height: auto; }
    TroubleScreen .what { color: $text-muted; margin-top: 1; }
    """

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def compose(self) -> ComposeResult:
        """The sentence and the keys."""
        with Vertical() as box:
            box.border_title = "The car could not be opened"
            yield Static(self.fault, markup=False)
            yield Static("R tries again · L shows the log · Q quits", classes="what", markup=False)
        yield Footer()

    def action_log(self) -> None:
        """Leave the sentence, and show the log."""
        self.dismiss(False)
        self.app.call_later(self.app.run_action, "show_panel('system')")
