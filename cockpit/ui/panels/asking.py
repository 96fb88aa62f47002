"""One line that a panel asks for, with what could be meant below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cockpit.ui.panels.finding import best

SEEN: Final = 60
"""Candidates that are offered at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be meant.

    Attributes:
        text: what is taken.
        about: in other words; it is searched, too.
        title: what is listed in place of the text.
    """

    text: str
    about: str = ""
    title: str = ""

    @property
    def searched(self) -> str:
        """What letters are looked for in."""
        return f"{self.title} {self.about} {self.text}".strip()

    def content(self) -> Content:
        """As it is listed."""
        about = f"  {self.about}" if self.about else ""
        return Content.assemble(self.title or self.text, (about, "$text-muted"))


class AskScreen(ModalScreen[str | None]):
    """Asks for one line; gives it, or None where somebody thought better of it.

    Args:
        title: what is asked for.
        value: to begin with.
        hint: what stands in the empty line.
        candidates: what could be meant; chosen with the arrows, or by a part of it.
        check: a sentence where a text will not do; empty where it does.
        free: texts that are no candidate will do, too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close")]

    DEFAULT_CSS = """
    AskScreen { align: center middle; background: $background 60%; }
    AskScreen > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 90%; background: $surface;
        border: round $primary; border-title-color: $primary; border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    AskScreen Input {
        border: none; height: 1; padding: 0; background: $panel;
        &:focus { border: none; background: $panel; }
    }
    AskScreen Static { height: auto; color: $warning; }
    AskScreen OptionList {
        height: auto; max-height: 12; border: none; padding: 0; background: $surface;
        scrollbar-gutter: auto; text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        hint: str = "",
        candidates: Sequence[Candidate] = (),
        check: Callable[[str], str] = lambda text: "",
        free: bool = True,
    ) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint
        self._candidates = candidates
        self._check = check
        self._free = free
        self._offered: list[Candidate] = []
        self._chosen = False  # with the arrows

    def compose(self) -> ComposeResult:
        """Line, fault, candidates."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            keys = "↑↓ choose · ⏎ take" if self._candidates else "⏎ take"
            box.border_subtitle = f"{keys} · Esc"
            yield Input(self._value, placeholder=self._hint, compact=True)
            yield Static("", id="fault", markup=False)
            menu = OptionList(markup=False, compact=True)
            menu.can_focus = False
            yield menu

    def on_mount(self) -> None:
        """Everything is offered as long as nothing is typed."""
        self.query_one(Input).focus()
        self._offer(self._value if not self._value else "")
        self._tell("")

    @property
    def _menu(self) -> OptionList:
        return self.query_one(OptionList)

    def _offer(self, text: str) -> None:
        self._chosen = False
        self._offered = best(text, self._candidates, lambda one: one.searched, SEEN)
        menu = self._menu
        menu.set_options(Option(one.content()) for one in self._offered)
        menu.display = bool(self._offered)
        menu.highlighted = 0 if self._offered and (text.strip() or not self._free) else None

    def _tell(self, fault: str) -> None:
        line = self.query_one("#fault", Static)
        line.update(fault)
        line.display = bool(fault)

    @on(Input.Changed)
    def _on_changed(self, message: Input.Changed) -> None:
        message.stop()
        if message.value != self._value:
            self._value = message.value
            self._offer(message.value)
            self._tell("")

    def on_key(self, event: events.Key) -> None:
        """The arrows choose, and Tab takes what is chosen into the line."""
        key = event.key
        if key not in ("up", "down", "pageup", "pagedown", "tab") or not self._offered:
            return
        event.stop()
        event.prevent_default()
        menu = self._menu
        if key == "tab":
            self._put(self._offered[menu.highlighted or 0].text)
            return
        self._chosen = True
        if menu.highlighted is None:
            menu.highlighted = 0 if key in ("down", "pagedown") else len(self._offered) - 1
        else:
            names = {"up": "cursor_up", "down": "cursor_down"}
            getattr(menu, f"action_{names.get(key, key.replace('page', 'page_'))}")()

    def _put(self, text: str) -> None:
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)

    @on(Input.Submitted)
    def _on_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._take(message.value.strip())

    def _take(self, text: str) -> None:
        at = self._menu.highlighted
        meant = self._offered[at].text if self._offered and at is not None else text
        if self._chosen or not self._free:
            text = meant
        if not text:
            return
        if not self._free and all(one.text != text for one in self._candidates):
            self._tell("Nothing is called that; choose one of the list.")
            return
        fault = self._check(text)
        if fault and text != meant and not self._check(meant):
            text, fault = meant, ""  # "jam win" for the first fault that has both
        if fault:
            self._tell(fault)
        else:
            self.dismiss(text)

    @on(OptionList.OptionSelected)
    def _on_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._chosen = True
        self._take(self._offered[message.option_index].text)

    def action_leave(self) -> None:
        """Nothing is taken."""
        self.dismiss(None)
