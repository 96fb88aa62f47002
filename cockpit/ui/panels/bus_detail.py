"""A message of the bus in detail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cockpit.ui.panels.bus_words import (
    LINES,
    TopicName,
    age,
    delay,
    line_of,
    pretty,
    rate,
    size,
    tokens,
    topic_name,
)
from cockpit.ui.panels.putting import put
from cockpit.ui.state import State, TopicRecord
from vehicle_bus.catalogue import Signal
from vehicle_bus.records import Message

LONGEST: Final = 512 * 1024
"""Bytes of a message up to which it is laid out."""
EARLIER: Final = 8
"""Earlier messages of the topic that are listed."""
_COLOURS: Final = {"key": "$primary", "text": "$success", "number": "$accent", "word": "$secondary"}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at.

    Attributes:
        record: topic and last message.
        signal: of the catalogue, where the topic is about one.
        owner: who publishes it and whether that is online; empty where nobody knows.
        now: on the clock of the messages.
    """

    record: TopicRecord
    signal: Signal | None
    owner: str
    now: float


class MessageDetail(VerticalScroll, can_focus=True):
    """What a topic is, when its last message came, what that says, and those before it."""

    DEFAULT_CSS = """
    MessageDetail {
        height: 1fr; background: $surface; border-top: solid $border; scrollbar-gutter: auto;
        border-title-color: $text-muted; border-title-background: $surface;
        &:focus { border-top: solid $primary; border-title-color: $primary; }
        & > Static { height: auto; }
        & > #came { height: 2; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._of: Message | None = None

    def compose(self) -> ComposeResult:
        """Head, message, and the earlier ones."""
        yield Static(id="head", markup=False)
        yield Static(id="came", markup=False)
        yield Static(id="content", markup=False)
        yield Static(id="earlier", markup=False)

    def show(self, subject: Subject | None, state: State) -> None:
        """Show a topic's last message; nothing for None."""
        if subject is None:
            self.border_title = Content("No message")
            self._of = None
            for part in self.query(Static):
                put(part, Content(""))
            return
        record = subject.record
        name = topic_name(record.name)
        if self._of is None or self._of.topic != record.name:
            self.border_title = Content(name.short)
        put(self.query_one("#head", Static), _head(subject, name))
        put(self.query_one("#came", Static), _came(subject, state))
        if record.last is not self._of:
            fresh = self._of is None or self._of.topic != record.name
            self._of = record.last
            put(self.query_one("#content", Static), _content(record.last))
            put(self.query_one("#earlier", Static), _earlier(subject, state))
            if fresh:
                self.scroll_home(animate=False)


def _head(subject: Subject, name: TopicName) -> Content:
    """What the topic is; that seldom changes."""
    lines = [Content.styled(subject.record.name, "$text-muted")]
    if name.label:
        parts = [name.label, *_meaning(subject.signal)]
        lines.append(Content.assemble(" · ".join(parts), (_owner(subject.owner), "$text-muted")))
    return Content("\n").join(lines)


def _came(subject: Subject, state: State) -> Content:
    """When the message came and how often others do; that changes all the time."""
    record, message = subject.record, subject.record.last
    received = state.now() - timedelta(seconds=subject.now - message.received)
    old = age(subject.now - message.received)
    came = f"{received:%H:%M:%S}.{received.microsecond // 1000:03d}"
    about = [f"came {came}" + ("" if old == "now" else f", {old} ago")]
    about.append("retained, from the broker's store" if message.retained else "live")
    late = delay(message, received)
    if late is not None and not message.retained and 0 <= late < 60:
        about.append(f"{late * 1000:.0f} ms after its time stamp")
    times = " · ".join(about)
    about = [size(len(message.payload))]
    count = f"{record.count:,} message{'' if record.count == 1 else 's'}"
    per_second = rate(record.rate(subject.now))
    about.append(f"{count}, {per_second}" if per_second else count)
    return Content.styled(f"{times}\n{' · '.join(about)}", "$text-muted")


def _meaning(signal: Signal | None) -> Iterator[str]:
    if signal is None:
        return
    yield signal.kind.value
    low, high = signal.minimum, signal.maximum
    limits = "" if low is None and high is None else f" {_bound(low)} to {_bound(high)}"
    yield f"{signal.datatype}{limits}{f' {signal.unit}' if signal.unit else ''}"
    if signal.allowed:
        yield ", ".join(signal.allowed)


def _bound(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


def _owner(owner: str) -> str:
    return f" · {owner}" if owner else ""


def _content(message: Message) -> Content:
    if not message.payload:
        return Content.styled("(empty: the retained message is taken away)", "$text-muted")
    if len(message.payload) > LONGEST:
        much = size(len(message.payload))
        return Content.styled(f"({much}: too long to show; Ctrl-Y copies it)", "$text-muted")
    lines = pretty(message).splitlines()
    text = "\n".join(lines[:LINES])
    parts = [(piece, _COLOURS.get(kind, "$foreground")) for piece, kind in tokens(text)]
    if len(lines) > LINES:
        parts.append((f"\n… {len(lines) - LINES:,} more lines; Ctrl-Y copies all", "$text-muted"))
    return Content.assemble(*parts)


def _earlier(subject: Subject, state: State) -> Content:
    name = subject.record.name
    unit = subject.signal.unit if subject.signal is not None else None
    found: list[tuple[datetime, str]] = []
    for message in reversed(state.messages):
        if message.topic == name and message is not subject.record.last:
            at = state.now() - timedelta(seconds=subject.now - message.received)
            found.append((at, line_of(message, unit)[0]))
            if len(found) == EARLIER:
                break
    if not found:
        return Content("")
    lines = [Content.styled("Before", "$primary bold")]
    for at, text in found:
        stamp = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}  "
        lines.append(Content.assemble((stamp, "$text-muted"), text))
    return Content("\n").join(lines)
