"""The line at the bottom where a request is typed, as any seat."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, OptionList, Static

from cockpit.ui.completion import Completer
from cockpit.ui.history import History
from vehicle_bus.seats import ALL_SEATS, Seat

MENU: Final = 8
"""Candidates that are seen at once."""
COLOURS: Final = {
    Seat.DRIVER: "$primary",
    Seat.PASSENGER: "$accent",
    Seat.REAR_LEFT: "$secondary",
    Seat.REAR_RIGHT: "$warning",
}
"""Colour of each seat."""


class _Suggestions(Suggester):
    def __init__(self, completer: Completer) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._completer = completer

    async def get_suggestion(self, value: str) -> str | None:
        """The ghost behind the cursor."""
        return self._completer.suggestion(value)


class RequestInput(Input):
    """An input with history and completion."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older", "History", show=False),
        Binding("down", "newer", "History", show=False),
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "leave", "Panel", key_display="Esc"),
        # Shown where they are wanted; they work everywhere.
        Binding("ctrl+s", "app.next_seat", "Seat", key_display="^S"),
        Binding("ctrl+n", "app.mute", "Mic", key_display="^N"),
        Binding("ctrl+o", "app.zoom", "Zoom", key_display="^O"),
    ]

    class Wanted(Message):
        """A key that the prompt answers: ``older``, ``newer``, ``complete``, ``leave``."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def action_older(self) -> None:
        """One up, in the history or in the menu."""
        self.post_message(self.Wanted("older"))

    def action_newer(self) -> None:
        """One down."""
        self.post_message(self.Wanted("newer"))

    def action_complete(self) -> None:
        """Take the ghost, or show what is possible."""
        self.post_message(self.Wanted("complete"))

    def action_leave(self) -> None:
        """Close the menu, or go to the panel."""
        self.post_message(self.Wanted("leave"))

    def accept_suggestion(self) -> bool:
        """Take the ghost; False where there is none."""
        if not self._suggestion or self.cursor_position < len(self.value):
            return False
        self.value = self._suggestion
        self.cursor_position = len(self.value)
        return True


class Prompt(Horizontal):
    """Seat and input.

    Args:
        history: what was typed before.
        completer: knows what can be said.
        seat: who types at first.
    """

    DEFAULT_CSS = """
    Prompt { height: 1; background: $panel; }
    Prompt > #seat { width: auto; padding: 0 1; text-style: bold; }
    Prompt > RequestInput {
        width: 1fr; border: none; height: 1; padding: 0; background: $panel;
        &:focus { border: none; background: $panel; }
        & .input--placeholder, & .input--suggestion { color: $text-muted; }
    }
    Prompt > OptionList {
        display: none; overlay: screen; constrain: inside inside; layer: overlay;
        width: auto; min-width: 30; max-width: 90%; height: auto; max-height: 10;
        border: round $primary; background: $surface; padding: 0;
    }
    """

    class Sent(Message):
        """Something was typed; ``text`` is empty where only the return key was pressed."""

        def __init__(self, text: str, seat: Seat) -> None:
            super().__init__()
            self.text = text
            self.seat = seat

    class Left(Message):
        """The user wants to go on in a panel."""

    class SeatChosen(Message):
        """Somebody else types now."""

        def __init__(self, seat: Seat) -> None:
            super().__init__()
            self.seat = seat

    def __init__(self, history: History, completer: Completer, seat: Seat) -> None:
        super().__init__()
        self.seat = seat
        self._history = history
        self._completer = completer
        self._completer.recent = history.lines

    def compose(self) -> ComposeResult:
        """Seat, input, and the menu, which is hidden."""
        yield Static(self._label(), id="seat")
        yield RequestInput(
            placeholder="Type a request · Tab completes · ↑ what was typed before",
            suggester=_Suggestions(self._completer),
            select_on_focus=False,
            compact=True,
        )
        menu = OptionList(markup=False)
        menu.can_focus = False
        yield menu

    @property
    def input(self) -> RequestInput:
        """The input."""
        return self.query_one(RequestInput)

    @property
    def _menu(self) -> OptionList:
        return self.query_one(OptionList)

    def _label(self) -> Content:
        return Content.styled(f"{self.seat.spoken} ❯", COLOURS[self.seat])

    def choose_seat(self, seat: Seat) -> None:
        """From now on somebody else types."""
        self.seat = seat
        self.query_one("#seat", Static).update(self._label())
        self.post_message(self.SeatChosen(seat))

    def next_seat(self) -> None:
        """The next seat's turn."""
        at = ALL_SEATS.index(self.seat)
        self.choose_seat(ALL_SEATS[(at + 1) % len(ALL_SEATS)])

    def say(self, text: str) -> None:
        """Put text into the input, to be changed or sent."""
        self.input.value = text
        self.input.cursor_position = len(text)
        self.input.focus()

    # What the input asks for.

    @on(RequestInput.Wanted)
    def _on_wanted(self, message: RequestInput.Wanted) -> None:
        message.stop()
        match message.what:
            case "complete":
                self._complete()
            case "leave":
                if self._menu.display:
                    self._close()
                else:
                    self.post_message(self.Left())
            case "older" if self._menu.display:
                self._menu.action_cursor_up()
            case "newer" if self._menu.display:
                self._menu.action_cursor_down()
            case "older":
                self._show(self._history.older(self.input.value))
            case "newer":
                self._show(self._history.newer(self.input.value))

    def _show(self, text: str | None) -> None:
        if text is not None:
            with self.input.prevent(Input.Changed):
                self.input.value = text
            self.input.cursor_position = len(text)

    def _complete(self) -> None:
        if self._menu.display:
            self._menu.action_cursor_down()
            return
        if self.input.accept_suggestion():
            return
        found = self._completer.candidates(self.input.value)
        if len(found) == 1:
            self.say(found[0])
        elif found:
            self._open(found)

    def _open(self, found: list[str]) -> None:
        self._menu.clear_options()
        self._menu.add_options(found)
        self._menu.highlighted = 0
        self._menu.display = True
        lines = min(len(found), MENU) + 2  # with the border
        self._menu.absolute_offset = self.input.region.offset - (1, lines)

    def _close(self) -> None:
        self._menu.display = False

    @on(Input.Changed)
    def _on_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._history.rest()
        if self._menu.display:
            found = self._completer.candidates(message.value)
            if found:
                self._open(found)
            else:
                self._close()

    @on(Input.Submitted)
    def _on_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        highlighted = self._menu.highlighted
        if self._menu.display and highlighted is not None:
            text = str(self._menu.get_option_at_index(highlighted).prompt)
            self._close()
            self.say(text)
            return
        text = message.value.strip()
        if text:
            self._history.add(text)
            self._completer.recent = self._history.lines
        self.input.clear()
        self.post_message(self.Sent(text, self.seat))

    @on(OptionList.OptionSelected)
    def _on_chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._close()
        self.say(str(message.option.prompt))

    def on_click(self, event: events.Click) -> None:
        """A click on the seat is the next one's turn."""
        if event.widget is not None and event.widget.id == "seat":
            self.next_seat()

    def on_descendant_blur(self) -> None:
        """What is not typed any more needs no menu."""
        self._close()
