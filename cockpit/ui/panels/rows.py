"""A list with a cursor, of which only what changed is drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list.

    Attributes:
        id: what it stands for; one of a kind.
        text: as drawn.
        chosen: it can be chosen; headings and hints cannot.
    """

    id: str
    text: Content
    chosen: bool = True


class Rows(OptionList):
    """Rows below a line with their title; posts ``OptionSelected`` with the row's id.

    Args:
        title: above them.
        id: CSS id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cursor_up", "Up", show=False),
        Binding("j", "cursor_down", "Down", show=False),
    ]

    DEFAULT_CSS = """
    Rows, Rows.-textual-compact {
        height: 1fr; background: $surface; padding: 0; scrollbar-gutter: auto;
        text-wrap: nowrap; text-overflow: ellipsis;
        border: none; border-top: solid $border !important;
        border-title-color: $text-muted; border-title-background: $surface;
        &:focus {
            border-top: solid $primary !important; border-title-color: $primary;
            background-tint: $foreground 0%;
            & > .option-list--option-highlighted {
                background: $block-cursor-background; color: $block-cursor-foreground;
            }
        }
        & > .option-list--option { padding: 0; }
        & > .option-list--option-highlighted { background: $surface; }
        & > .option-list--option-disabled { color: $foreground; }
    }
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False, compact=True)
        self._rows: tuple[Row, ...] = ()
        self._named = Content(title)
        self.border_title = self._named

    @property
    def row(self) -> str | None:
        """Id of the row under the cursor."""
        if self.highlighted is None or self.highlighted >= len(self._rows):
            return None
        return self._rows[self.highlighted].id

    @property
    def room(self) -> int:
        """Cells in a row."""
        return max(10, self.scrollable_content_region.width or self.size.width)

    def call(self, *parts: str | tuple[str, str]) -> None:
        """Another title, of pieces with or without a style."""
        named = Content.assemble(*parts)
        if not named.is_same(self._named):
            self._named = named
            self.border_title = named

    def show(self, rows: Sequence[Row]) -> None:
        """Show these; the cursor stays where it is."""
        new = tuple(rows)
        old, self._rows = self._rows, new
        if [row.id for row in old] == [row.id for row in new]:
            for index, (before, now) in enumerate(zip(old, new, strict=True)):
                if not before.text.is_same(now.text):
                    self.replace_option_prompt_at_index(index, now.text)
            return
        at = self.highlighted
        name = old[at].id if at is not None and at < len(old) else None
        self.set_options(Option(row.text, row.id, disabled=not row.chosen) for row in new)
        self.put_cursor(name, at)
        if self.highlighted is None and any(row.chosen for row in new):
            self.action_first()

    def put_cursor(self, name: str | None, near: int | None = None) -> None:
        """Move the cursor to a row, or near an index where there is none of that name."""
        ids = [row.id for row in self._rows]
        if name in ids:
            self.highlighted = ids.index(name)
        elif near is not None and ids:
            self.highlighted = min(near, len(ids) - 1)
            if not self._rows[self.highlighted].chosen:
                self.action_cursor_up()

    def on_focus(self) -> None:
        """A cursor from the start, so that the keys have something to work on."""
        if self.highlighted is None and self._rows:
            self.action_first()


class KeyedRows(Rows):
    """Rows whose own keys the panel answers: bind them to ``ask('what')``."""

    class Asked(Message):
        """A key was pressed on a list.

        Attributes:
            rows: the list.
            what: what is wanted.
        """

        def __init__(self, rows: KeyedRows, what: str) -> None:
            super().__init__()
            self.rows = rows
            self.what = what

    def action_ask(self, what: str) -> None:
        """Something that the panel does."""
        self.post_message(self.Asked(self, what))


def hint(name: str, text: str) -> Row:
    """A line that stands in an empty list, and cannot be chosen."""
    return Row(f"({name})", Content.styled(text, "$text-muted"), chosen=False)


def between(left: Content, right: Content, width: int) -> Content:
    """Left and right in one line; the left gives way where there is no room."""
    room = max(0, width - right.cell_length - 1)
    if left.cell_length > room:
        left = left.truncate(room, ellipsis=True)
    return Content.assemble(left, " " * (width - left.cell_length - right.cell_length), right)
