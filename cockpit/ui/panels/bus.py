"""The topics of the bus, live; a message in detail; a target published by hand."""

from __future__ import annotations

import copy
from collections import deque
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.bus_detail import MessageDetail, Subject
from cockpit.ui.panels.bus_publish import PublishForm
from cockpit.ui.panels.bus_table import Columns, TopicTable
from cockpit.ui.panels.bus_words import topic_name
from cockpit.ui.panels.finding import finder, scattered
from cockpit.ui.panels.putting import put
from cockpit.ui.state import Section, State, TopicRecord
from vehicle_bus.catalogue import Catalogue, Signal

SIDE_BY_SIDE: Final = 120
"""Columns of the panel from which the detail stands beside the table."""
ROOMY: Final = 24
"""Lines of the panel from which the detail is there from the start."""
RATE_OVER: Final = 3.0
"""Seconds over which the total rate is measured."""
SORTS: Final = ("name", "rate", "newest")


class FilterInput(Input):
    """What a topic must have in its name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Clear"),
        Binding("down", "table", "Table", show=False),
    ]

    def action_leave(self) -> None:
        """Everything again; or back to the table where it is empty."""
        if self.value:
            self.value = ""
        else:
            self.action_table()

    def action_table(self) -> None:
        """On with the table."""
        self.screen.query_one(TopicTable).focus()


class BusPanel(Panel):
    """Filter, table, detail, and the form to publish with."""

    sections = frozenset({Section.TRAFFIC, Section.VEHICLE, Section.CLOCK})
    focus_on = "TopicTable"

    DEFAULT_CSS = """
    BusPanel > #top { height: 1; }
    BusPanel > #top > FilterInput {
        width: 1fr; border: none; height: 1; padding: 0; background: $panel;
        &:focus { border: none; background: $panel; }
    }
    BusPanel > #top > #summary {
        width: 37; height: 1; padding: 0 0 0 1; text-align: right; text-wrap: nowrap;
    }
    BusPanel #bus-columns { height: 1; text-wrap: nowrap; color: $text-muted; text-style: bold; }
    BusPanel > #middle { height: 1fr; }
    BusPanel > #middle.-beside { layout: horizontal; }
    BusPanel > #middle > #topics { height: 3fr; width: 100%; }
    BusPanel > #middle.-beside > #topics { height: 100%; width: 3fr; }
    BusPanel > #middle > MessageDetail { display: none; height: 2fr; }
    BusPanel > #middle.-detail > MessageDetail { display: block; }
    BusPanel > #middle.-beside > MessageDetail {
        height: 100%; width: 2fr; border-top: none; border-left: solid $border; padding: 0 1;
        &:focus { border-top: none; border-left: solid $primary; }
    }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._sort = SORTS[0]
        self._order: list[str] = []
        self._made_of: object = None
        self._frozen: dict[str, TopicRecord] | None = None
        self._frozen_at = 0.0
        self._frozen_total = 0
        self._totals: deque[tuple[float, int]] = deque(maxlen=64)
        self._opened: bool | None = None  # the detail, once somebody has decided

    def compose(self) -> ComposeResult:
        """A line, the table, the detail, the form."""
        with Horizontal(id="top"):
            yield FilterInput(placeholder="/ filter: a part of a topic or of a name", compact=True)
            yield Static(id="summary", markup=False)
        with Vertical(id="middle"):
            with Vertical(id="topics"):
                yield Static(id="bus-columns", markup=False)
                yield TopicTable()
            yield MessageDetail()
        yield PublishForm()

    @property
    def _table(self) -> TopicTable:
        return self.query_one(TopicTable)

    @property
    def _form(self) -> PublishForm:
        return self.query_one(PublishForm)

    def on_resize(self, event: events.Resize) -> None:
        """The detail beside or below, and from the start where there is room."""
        middle = self.query_one("#middle")
        middle.set_class(event.size.width >= SIDE_BY_SIDE, "-beside")
        if self._opened is None:
            roomy = event.size.height >= ROOMY or event.size.width >= SIDE_BY_SIDE
            middle.set_class(roomy, "-detail")

    @on(TopicTable.Resized)
    def _head_anew(self) -> None:
        put(self.query_one("#bus-columns", Static), Content(self._heading()))

    def _heading(self) -> str:
        columns = Columns.of(self._table.width)
        mark = {"name": "Topic ▾", "rate": "Topic", "newest": "Topic"}[self._sort]
        parts = [mark.ljust(columns.topic), "Kind".ljust(columns.kind) if columns.kind else ""]
        parts.append("Value".ljust(columns.value) if columns.value else "")
        per_second = "Rate ▾" if self._sort == "rate" else "Rate"
        old = "Age ▾" if self._sort == "newest" else "Age"
        parts.append(per_second.rjust(columns.rate) if columns.rate else "")
        parts.append(old.rjust(columns.age) if columns.age else "")
        return "".join(parts)

    def on_theme(self) -> None:
        """The rows' colours are in their strips."""
        self._table.forget()

    # What is shown.

    @property
    def paused(self) -> bool:
        """Nothing moves."""
        return self._frozen is not None

    def update_from(self, state: State) -> None:
        """Rows that are seen, the line above, and the detail."""
        now = state.clock() if self._frozen is None else self._frozen_at
        topics = state.topics if self._frozen is None else self._frozen
        self._measure(state)
        self._sort_out(topics, now)
        self._table.show(self._order, topics, now, self._unit_of)
        self._summarise(state, topics)
        self._show_detail(state, topics, now)
        self._form.look(state)

    def _measure(self, state: State) -> None:
        at = state.clock()
        if not self._totals or at - self._totals[-1][0] >= 0.2:
            self._totals.append((at, state.messages_total))
        while len(self._totals) > 1 and at - self._totals[0][0] > RATE_OVER:
            self._totals.popleft()

    @property
    def _rate(self) -> float:
        (first, before), (last, after) = self._totals[0], self._totals[-1]
        return (after - before) / (last - first) if last - first >= 0.5 else 0.0

    def _sort_out(self, topics: dict[str, TopicRecord], now: float) -> None:
        """The order, anew only where it can be another: topics came, or a second passed."""
        query = self.query_one(FilterInput).value
        newest = next(reversed(topics), "")
        second = int(now) if self._sort != "name" else 0
        made_of = (len(topics), newest, query, self._sort, second, self.paused)
        if made_of == self._made_of:
            return
        self._made_of = made_of
        order = [name for name in topics if finder(query)(topic_name(name).searched)]
        if not order and query.strip():
            fits = scattered(query)
            order = [name for name in topics if fits(topic_name(name).searched)]
        if self._sort == "rate":
            order.sort(key=lambda name: (-round(topics[name].rate(now), 1), name))
        elif self._sort == "newest":
            order.sort(key=lambda name: -topics[name].last.received)
        else:
            order.sort(key=lambda name: (topic_name(name).short, topic_name(name).kind != "value"))
        if order != self._order:
            self._order = order

    def _summarise(self, state: State, topics: dict[str, TopicRecord]) -> None:
        shown, total = len(self._order), len(topics)
        count = f"{shown} of {total}" if shown < total else f"{total} topics"
        if self.paused:
            missed = state.messages_total - self._frozen_total
            lead = ("⏸ paused", "$warning")
            rest = f" {missed:,} since · {count}"
        elif state.vehicle.fault:
            lead, rest = ("○ no connection", "$error"), f" · {count}"
        else:
            lead = ("● live", "$success")
            rest = f" {self._rate:.0f}/s · {count}"
        put(self.query_one("#summary", Static), Content.assemble(lead, (rest, "$text-muted")))

    @property
    def _catalogue(self) -> Catalogue:
        return Catalogue.default() if self.cockpit is None else self.cockpit.session.bus.catalogue

    def _signal(self, topic: str) -> Signal | None:
        name = topic_name(topic)
        return self._catalogue.get(name.name) if name.is_signal else None

    def _unit_of(self, path: str) -> str | None:
        signal = self._catalogue.get(path)
        return None if signal is None else signal.unit

    def _show_detail(self, state: State, topics: dict[str, TopicRecord], now: float) -> None:
        if not self.query_one("#middle").has_class("-detail"):
            return
        record = topics.get(self._table.cursor)
        if record is None:
            self.query_one(MessageDetail).show(None, state)
            return
        signal = self._signal(record.name)
        subject = Subject(record, signal, self._owner_of(state, signal), now)
        self.query_one(MessageDetail).show(subject, state)

    def _owner_of(self, state: State, signal: Signal | None) -> str:
        if signal is None:
            return ""
        found, longest = "", -1
        for owner in state.vehicle.owners.values():
            for branch in owner.owns:
                inside = signal.path == branch or signal.path.startswith(f"{branch}.")
                if inside and len(branch) > longest:
                    found, longest = (
                        f"{owner.name}{'' if owner.online else ' (offline)'}",
                        len(branch),
                    )
        return found

    # What the keys do.

    @on(TopicTable.Moved)
    def _on_moved(self, message: TopicTable.Moved) -> None:
        message.stop()
        self.update_from(self.state)

    @on(TopicTable.Asked)
    def _on_asked(self, message: TopicTable.Asked) -> None:
        message.stop()
        match message.what:
            case "detail":
                self._opened = not self.query_one("#middle").has_class("-detail")
                self.query_one("#middle").set_class(self._opened, "-detail")
            case "filter":
                self.query_one(FilterInput).focus()
            case "pause":
                self._pause()
            case "publish":
                self._publish()
            case "sort":
                self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
                self._head_anew()
        self.update_from(self.state)

    def _pause(self) -> None:
        if self._frozen is None:
            self._frozen_at = self.state.clock()
            self._frozen_total = self.state.messages_total
            self._frozen = {name: copy.copy(one) for name, one in self.state.topics.items()}
        else:
            self._frozen = None

    @on(Input.Changed, "FilterInput")
    def _on_filter(self, message: Input.Changed) -> None:
        message.stop()
        self.update_from(self.state)

    @on(Input.Submitted, "FilterInput")
    def _on_filtered(self, message: Input.Submitted) -> None:
        message.stop()
        self._table.focus()

    def _publish(self) -> None:
        if self.cockpit is None:
            self.notify("The car is still loading.")
            return
        self._form.open(self.cockpit, self.state, topic_name(self._table.cursor).name)

    @on(PublishForm.Send)
    def _on_send(self, message: PublishForm.Send) -> None:
        message.stop()
        if self.cockpit is not None:
            self.act(self._form.publish(self.cockpit, message.path, message.value))

    @on(PublishForm.Closed)
    def _on_closed(self, message: PublishForm.Closed) -> None:
        message.stop()
        self._table.focus()

    def copy_text(self) -> str:
        """Topic and message under the cursor."""
        topics = self.state.topics if self._frozen is None else self._frozen
        record = topics.get(self._table.cursor)
        if record is None:
            return ""
        return f"{record.name}\n{record.last.payload.decode(errors='replace')}"
