"""The table of topics: only rows that are seen are formatted, only those that changed drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.ui.panels.bus_words import age, line_of, rate, topic_name
from cockpit.ui.state import TopicRecord

FRESH: Final = 1.0
"""Seconds for which a value that came is bright."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column; 0 for one that there is no room for."""

    topic: int
    kind: int
    value: int
    rate: int
    age: int

    @classmethod
    def of(cls, width: int) -> Columns:
        """For a table of this width."""
        kind = 9 if width >= 60 else 0
        per_second = 7 if width >= 46 else 0
        old = 6 if width >= 30 else 0
        rest = width - kind - per_second - old
        value = min(40, max(12, rest * 3 // 10)) if width >= 30 else 0
        return cls(max(0, rest - value), kind, value, per_second, old)


class TopicTable(ScrollView, can_focus=True):
    """Topics with rate, last value and age, and a cursor.

    Attributes:
        cursor: topic under the cursor; empty where there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "end(0)", "First", show=False),
        Binding("end,G", "end(1)", "Last", show=False),
        Binding("enter", "open", "Detail"),
        Binding("slash", "ask('filter')", "Filter", key_display="/"),
        Binding("space", "ask('pause')", "Pause", key_display="␣"),
        Binding("p", "ask('publish')", "Publish"),
        Binding("s", "ask('sort')", "Sort"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "topics--quiet",
        "topics--kind",
        "topics--fresh",
        "topics--good",
        "topics--bad",
        "topics--cursor",
        "topics--cursor-blurred",
    }

    DEFAULT_CSS = """
    TopicTable {
        height: 1fr; background: $surface; color: $foreground; scrollbar-gutter: stable;
        overflow-x: hidden;
        & > .topics--quiet { color: $text-muted; }
        & > .topics--kind { color: $secondary; }
        & > .topics--fresh { color: $primary; text-style: bold; }
        & > .topics--good { color: $success; }
        & > .topics--bad { color: $error; }
        & > .topics--cursor {
            background: $block-cursor-background; color: $block-cursor-foreground;
        }
        & > .topics--cursor-blurred { background: $panel; }
    }
    """

    class Resized(Message):
        """The columns have other widths."""

    class Moved(Message):
        """Another topic is under the cursor."""

    class Asked(Message):
        """A key that the panel answers: detail, filter, pause, publish or sort."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self) -> None:
        super().__init__()
        self.cursor = ""
        self._order: Sequence[str] = ()
        self._topics: Mapping[str, TopicRecord] = {}
        self._unit_of: Callable[[str], str | None] = lambda path: None
        self._now = 0.0
        self._drawn: dict[int, tuple[object, Strip]] = {}
        self._cursor_at = 0

    def show(
        self,
        order: Sequence[str],
        topics: Mapping[str, TopicRecord],
        now: float,
        unit_of: Callable[[str], str | None],
    ) -> None:
        """Show topics as they are; what is as it was is not drawn again.

        Args:
            order: names of the topics, another object where it is another order.
            topics: records by name.
            now: on their clock.
            unit_of: the unit of a signal.
        """
        self._topics, self._now, self._unit_of = topics, now, unit_of
        if order is not self._order:
            self._order = order
            self._drawn.clear()
            self.virtual_size = Size(0, len(order))
            self._find_cursor()
            self.refresh()
            return
        top = self.scroll_offset.y
        for index in range(top, min(top + self.size.height, len(order))):
            before = self._drawn.get(index)
            if before is None or before[0] != self._key(index):
                self.refresh_line(index)

    def forget(self) -> None:
        """Draw everything anew, e.g. in other colours."""
        self._drawn.clear()
        self.refresh()

    @property
    def width(self) -> int:
        """Cells in a row."""
        return self.scrollable_content_region.width

    # The cursor.

    def _find_cursor(self) -> None:
        """The cursor stays on its topic, or on its line where the topic has gone."""
        if not self._order:
            self._cursor_at = 0
            return
        if self.cursor in self._topics and self.cursor in self._order:
            self._cursor_at = self._order.index(self.cursor)
        else:
            self._cursor_at = min(self._cursor_at, len(self._order) - 1)
            self.cursor = self._order[self._cursor_at]
            self.post_message(self.Moved())

    def _put(self, index: int) -> None:
        if not self._order:
            return
        index = max(0, min(index, len(self._order) - 1))
        if index == self._cursor_at and self.cursor:
            return
        before, self._cursor_at = self._cursor_at, index
        self.cursor = self._order[index]
        self.refresh_line(before)
        self.refresh_line(index)
        self.scroll_to_region(Region(0, index, 1, 1), animate=False, force=True)
        self.post_message(self.Moved())

    def action_move(self, step: int) -> None:
        """So many rows on."""
        self._put(self._cursor_at + step)

    def action_page(self, pages: int) -> None:
        """So many pages on."""
        self._put(self._cursor_at + pages * max(1, self.size.height - 1))

    def action_end(self, share: int) -> None:
        """To the first row, or the last."""
        self._put(share * len(self._order))

    def action_open(self) -> None:
        """The message in detail, or no more."""
        self.post_message(self.Asked("detail"))

    def action_ask(self, what: str) -> None:
        """Something that the panel does."""
        self.post_message(self.Asked(what))

    def on_click(self, event: events.Click) -> None:
        """The cursor goes there; a second click opens."""
        self._put(self.scroll_offset.y + event.y)
        if event.chain == 2:
            self.action_open()

    def on_resize(self) -> None:
        """Other columns."""
        self.post_message(self.Resized())

    def on_focus(self) -> None:
        """The cursor is brighter."""
        self.refresh_line(self._cursor_at)

    def on_blur(self) -> None:
        """The cursor is less bright."""
        self.refresh_line(self._cursor_at)

    # Lines.

    def _key(self, index: int) -> object:
        record = self._topics.get(self._order[index])
        if record is None:
            return None
        old = max(0.0, self._now - record.last.received)
        return (
            record.name,
            record.last,
            age(old),
            rate(record.rate(self._now)),
            old < FRESH,
            self.has_focus if index == self._cursor_at else None,
            self.width,
        )

    def render_line(self, y: int) -> Strip:
        """One row, from the cache where nothing changed."""
        width = self.width
        index = self.scroll_offset.y + y
        if index >= len(self._order):
            return Strip.blank(width, self.rich_style)
        key = self._key(index)
        before = self._drawn.get(index)
        if before is not None and before[0] == key:
            return before[1]
        record = self._topics.get(self._order[index])
        strip = Strip.blank(width, self.rich_style) if record is None else self._row(record, index)
        if len(self._drawn) > 4 * self.size.height + 64:
            self._drawn.clear()
        self._drawn[index] = (key, strip)
        return strip

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"topics--{name}", partial=True)

    def _row(self, record: TopicRecord, index: int) -> Strip:
        columns = Columns.of(self.width)
        topic = topic_name(record.name)
        base = self.rich_style
        if index == self._cursor_at:
            base += self._part("cursor" if self.has_focus else "cursor-blurred")
        quiet = base + self._part("quiet")
        old = max(0.0, self._now - record.last.received)
        unit = self._unit_of(topic.name) if topic.is_signal else None
        text, tone = line_of(record.last, unit)
        if tone:
            value = base + self._part(tone)
        else:
            value = base + self._part("fresh") if old < FRESH else base
        head, leaf = split(topic.short, columns.topic - 1)
        parts = [Segment(head, quiet), Segment(leaf, base)]
        parts.append(Segment(" " * (columns.topic - cell_len(head) - cell_len(leaf)), base))
        for content, width, style in (
            (topic.kind, columns.kind, quiet if topic.kind == "value" else self._kind(base)),
            (text, columns.value, value),
        ):
            if width:
                parts.append(Segment(fitted(content, width - 1) + " ", style))
        for content, width in (
            (rate(record.rate(self._now)), columns.rate),
            (age(old), columns.age),
        ):
            if width:
                parts.append(Segment(content.rjust(width), quiet))
        return Strip(parts).adjust_cell_length(self.width, base)

    def _kind(self, base: Style) -> Style:
        return base + self._part("kind")


def fitted(text: str, width: int) -> str:
    """Text in exactly so many cells, in one line."""
    flat = text.replace("\n", " ").replace("\t", " ")
    if cell_len(flat) > width:
        return set_cell_size(flat, max(0, width - 1)) + "…" if width > 0 else ""
    return set_cell_size(flat, width)


def split(name: str, width: int) -> tuple[str, str]:
    """A name's beginning and its last level, in at most so many cells.

    Where there is no room, the first levels become their capitals and digits:
    ``Cabin.Door.Row1.DriverSide.Window.Position`` becomes ``C.D.R1.DS.Window.Position``.
    """
    levels = name.split(".")
    for index, level in enumerate(levels[:-1]):
        if cell_len(".".join(levels)) <= width:
            break
        levels[index] = "".join(sign for sign in level if sign.isupper() or sign.isdigit()) or level
    name = ".".join(levels)
    if cell_len(name) > width:
        name = "…" + name[-max(0, width - 1) :] if width > 0 else ""
    head, dot, leaf = name.rpartition(".")
    return head + dot, leaf
