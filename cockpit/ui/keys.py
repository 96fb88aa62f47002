"""Every key, on a screen of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from cockpit.ui.panels import KINDS, Panel

EVERYWHERE = (
    ("F1  ?", "these keys"),
    *((f"F{kind.key}  {kind.key}", f"{kind.title}: {kind.about}") for kind in KINDS),
    ("Ctrl-P", "find a command, a panel or a theme by typing a part of its name"),
    ("Ctrl-T", "talk: the car listens now (also: Return in the empty prompt)"),
    ("Ctrl-N", "microphone off, and on again"),
    ("Ctrl-S", "type as the next seat"),
    ("Ctrl-O", "the chosen panel alone, or as many as fit"),
    ("Ctrl-Y", "copy what is selected, or what the panel shows"),
    ("F12", "light or dark"),
    ("Ctrl-R", "open the car anew, after it could not be opened"),
    ("Esc", "from the prompt to the panel, and back"),
    ("Tab", "to the next part of the panels; Shift-Tab to the one before"),
    ("Ctrl-Q  Ctrl-C", "quit; everything that was started is ended"),
)
PROMPT = (
    ("Return", "send the request"),
    ("Tab  →", "take the completion that is shown; Tab again lists what else fits"),
    ("↑ ↓", "what was typed before, that begins like what stands there"),
    ("@passenger …", "say one thing from another seat"),
)


class KeysScreen(ModalScreen[None]):
    """Key help; the digits and letters work wherever nothing is being typed.

    Args:
        panels: those that were opened; their own keys are listed, too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q,enter", "dismiss", "Close")
    ]

    DEFAULT_CSS = """
    KeysScreen { align: center middle; background: $background 60%; }
    KeysScreen > VerticalScroll {
        width: 90; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $primary; padding: 0 2;
        border-title-color: $primary; border-subtitle-color: $text-muted;
    }
    KeysScreen Grid {
        grid-size: 2; grid-columns: 17 1fr; grid-rows: auto; height: auto; margin-bottom: 1;
    }
    KeysScreen Static { height: auto; }
    KeysScreen .title { column-span: 2; }
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        super().__init__()
        self._of_panels = panels

    def compose(self) -> ComposeResult:
        """One list a place."""
        with VerticalScroll() as scroll:
            scroll.border_title = "Keys"
            scroll.border_subtitle = "Esc closes"
            yield _table("Everywhere", EVERYWHERE)
            yield _table("In the prompt", PROMPT)
            for panel in self._of_panels:
                rows = list(_own(panel))
                if rows:
                    yield _table(f"In {panel.kind.title}", rows)


def _table(title: str, rows: Iterable[tuple[str, str]]) -> Grid:
    """Keys and what they do, side by side."""
    cells: list[Static] = [Static(Content.styled(title, "bold $primary"), classes="title")]
    for key, what in rows:
        cells += [Static(Content.styled(key, "$accent")), Static(what, markup=False)]
    return Grid(*cells)


def _own(panel: Panel) -> Iterable[tuple[str, str]]:
    """The keys that the panel and its parts brought along."""
    seen: set[tuple[str, str]] = set()
    for widget in (panel, *panel.query("*")):
        for binding in _declared(widget):
            key = binding.key_display or binding.key.split(",")[0].replace("_", " ")
            row = (key, binding.description)
            if binding.description and row not in seen:
                seen.add(row)
                yield row


def _declared(widget: Widget) -> Iterable[Binding]:
    """Bindings of our own classes; textual's lists and inputs have the usual ones."""
    for kind in type(widget).__mro__:
        if kind.__module__.startswith("cockpit."):
            for binding in vars(kind).get("BINDINGS", ()):
                if isinstance(binding, Binding):
                    yield binding
