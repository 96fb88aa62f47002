"""Publishes a target by hand: a signal, a value, and what its ECU answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cockpit.ui.panels.asking import Candidate
from cockpit.ui.panels.bus_words import UNITS, amount, line_of, read, value_of
from cockpit.ui.panels.finding import best
from cockpit.ui.panels.putting import put
from cockpit.ui.state import State
from vehicle_bus.catalogue import Kind, Signal, Value
from vehicle_bus.errors import (
    CockpitError,
    CommandFailed,
    CommandRejected,
    CommandTimeout,
    ValueInvalid,
)

if TYPE_CHECKING:
    from cockpit.ui.cockpit import Cockpit

SEEN: Final = 40
"""Candidates that are offered at most."""
_KINDS: Final = {"float": "number", "double": "number", "string[]": "texts, with commas"}
SHORT: Final = "Vehicle."
"""What every path begins with, and nobody wants to type."""


class FormInput(Input):
    """A line of the form; the arrows choose among what is offered."""

    class Wanted(Message):
        """A key that the form answers."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def on_key(self, event: events.Key) -> None:
        """Arrows and Tab."""
        if event.key in ("up", "down", "tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Wanted(event.key))


class PublishForm(Vertical):
    """Signal, value, answer; hidden until it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close")]

    DEFAULT_CSS = """
    PublishForm {
        display: none; height: auto; max-height: 13; background: $surface;
        border-top: solid $accent; border-title-color: $accent; border-title-background: $surface;
        & Horizontal { height: 1; }
        & .label { width: 8; color: $text-muted; }
        & Input {
            width: 1fr; border: none; height: 1; padding: 0; background: $panel;
            &:focus { border: none; background: $panel; }
        }
        & #meaning {
            width: 34; padding: 0 0 0 1; color: $text-muted; height: 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & #answer { height: auto; max-height: 2; }
        & OptionList {
            height: auto; max-height: 6; border: none; margin: 0 0 0 8; background: $surface;
            scrollbar-gutter: auto; text-wrap: nowrap; text-overflow: ellipsis;
        }
    }
    """

    class Closed(Message):
        """Nothing more is to be published."""

    def __init__(self) -> None:
        super().__init__()
        self._offered: list[Candidate] = []
        self._waiting: tuple[str, float] | None = None  # topic and time of an accepted target
        self._values: dict[str, Value] = {}
        self._signals: dict[str, Signal] = {}
        self._candidates: list[Candidate] = []

    def compose(self) -> ComposeResult:
        """Two lines, what could be meant, the answer."""
        with Horizontal():
            yield Static("Signal", classes="label")
            yield FormInput(id="signal", placeholder="a part of its name", compact=True)
        with Horizontal():
            yield Static("Value", classes="label")
            yield FormInput(id="value", compact=True)
            yield Static(id="meaning", markup=False)
        menu = OptionList(markup=False, compact=True)
        menu.can_focus = False
        yield menu
        yield Static(id="answer", markup=False)

    def on_mount(self) -> None:
        """What it is called."""
        self.border_title = Content.assemble(
            "Publish a target ", ("↑↓ choose · ⏎ send · Esc closes", "$text-muted")
        )

    @property
    def _signal_input(self) -> FormInput:
        return self.query_one("#signal", FormInput)

    @property
    def _value_input(self) -> FormInput:
        return self.query_one("#value", FormInput)

    @property
    def _menu(self) -> OptionList:
        return self.query_one(OptionList)

    def open(self, cockpit: Cockpit, state: State, path: str) -> None:
        """Begin with a signal, where it can be set; else ask for one."""
        catalogue = cockpit.session.bus.catalogue
        self._signals = {p: s for p, s in catalogue.items() if s.kind is Kind.ACTUATOR}
        self._candidates = [
            Candidate(p.removeprefix(SHORT), s.label) for p, s in self._signals.items()
        ]
        self._values = state.vehicle.values
        self.display = True
        self._tell("")
        if path in self._signals:
            self._take_signal(path)
        else:
            self._signal_input.value = ""
            self._signal_input.focus()
            self._offer()

    def action_leave(self) -> None:
        """Close it."""
        self.display = False
        self._waiting = None
        self.post_message(self.Closed())

    # Choosing.

    @property
    def signal(self) -> Signal | None:
        """What the first line means."""
        text = self._signal_input.value.strip()
        return self._signals.get(text) or self._signals.get(f"{SHORT}{text}")

    def _take_signal(self, path: str) -> None:
        with self.prevent(Input.Changed):
            self._signal_input.value = path.removeprefix(SHORT)
            self._value_input.value = ""
        self._signal_input.cursor_position = len(self._signal_input.value)
        self._value_input.focus()
        self._explain()
        self._offer()

    def _explain(self) -> None:
        signal = self.signal
        meaning = "" if signal is None else _meaning(signal, self._values.get(signal.path))
        put(self.query_one("#meaning", Static), Content(meaning))

    def _offer(self) -> None:
        """What could be meant by the line in focus."""
        if self._value_input.has_focus:
            known = _values_of(self.signal, self._values)
            typed = self._value_input.value
            self._offered = [one for one in known if one.text.lower().startswith(typed.lower())]
        else:
            typed = self._signal_input.value
            self._offered = best(typed, self._candidates, lambda one: one.searched, SEEN)
        menu = self._menu
        menu.set_options(Option(one.content()) for one in self._offered)
        menu.display = bool(self._offered)
        choose = self._signal_input.has_focus and bool(typed.strip()) and bool(self._offered)
        menu.highlighted = 0 if choose else None

    @on(Input.Changed)
    def _on_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._waiting = None
        self._tell(self._fault() if message.input.id == "value" else "", "$text-muted")
        self._explain()
        self._offer()

    def on_descendant_focus(self) -> None:
        """Another line, other candidates."""
        self._offer()

    @on(FormInput.Wanted)
    def _on_wanted(self, message: FormInput.Wanted) -> None:
        message.stop()
        menu = self._menu
        if message.key in ("up", "down"):
            if not self._offered:
                return
            if menu.highlighted is None:
                menu.highlighted = 0 if message.key == "down" else len(self._offered) - 1
            elif message.key == "down":
                menu.action_cursor_down()
            else:
                menu.action_cursor_up()
        elif message.key == "shift+tab" or self._value_input.has_focus:
            (self._signal_input if self._value_input.has_focus else self._value_input).focus()
        elif self._offered:
            self._take_signal(f"{SHORT}{self._offered[menu.highlighted or 0].text}")

    @on(OptionList.OptionSelected)
    def _on_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._choose(self._offered[message.option_index].text)

    def _choose(self, text: str) -> None:
        if self._value_input.has_focus:
            with self.prevent(Input.Changed):
                self._value_input.value = text
            self._value_input.cursor_position = len(text)
            self._send()
        else:
            self._take_signal(f"{SHORT}{text}")

    @on(Input.Submitted)
    def _on_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        at = self._menu.highlighted
        if message.input.id == "signal" and self.signal is not None:
            self._take_signal(self.signal.path)
        elif at is not None and self._offered:
            self._choose(self._offered[at].text)
        elif message.input.id == "value":
            self._send()

    # Sending.

    def _fault(self) -> str:
        """Why what was typed will not do; empty where it does, or nothing was typed."""
        signal, text = self.signal, self._value_input.value.strip()
        if signal is None or not text:
            return ""
        try:
            signal.check(value_of(text, signal.datatype))
        except ValueInvalid as error:
            return error.spoken
        return ""

    def _send(self) -> None:
        signal, text = self.signal, self._value_input.value.strip()
        if signal is None:
            self._tell("Choose a signal first.", "$warning")
            self._signal_input.focus()
            return
        if not text and not (signal.datatype == "string" and not signal.allowed):
            self._tell("Which value?", "$warning")
            return
        fault = self._fault()
        if fault:
            self._tell(f"✗ {fault}", "$error")
            return
        self.post_message(self.Send(signal.path, signal.check(value_of(text, signal.datatype))))

    class Send(Message):
        """A target is to be published."""

        def __init__(self, path: str, value: Value) -> None:
            super().__init__()
            self.path = path
            self.value = value

    async def publish(self, cockpit: Cockpit, path: str, value: Value) -> None:
        """Publish a target, and show what comes of it."""
        unit = self._signals[path].unit
        wanted = f"{path.removeprefix(SHORT)} → {amount(value, unit)}"
        self._waiting = None
        self._tell(f"… {wanted}", "$text-muted")
        began = time.perf_counter()
        try:
            ack = await cockpit.set(path, value)
        except CockpitError as error:
            self._tell(f"✗ {_verdict(error)}: {error.spoken}", "$error")
            return
        took = f"{(time.perf_counter() - began) * 1000:.0f} ms"
        why = f": {ack.reason}" if ack.reason else ""
        if ack.status == "accepted":
            vin = cockpit.session.bus.settings.vin
            topic = f"vehicle/{vin}/vss/{path.replace('.', '/')}/ack"
            self._tell(f"◌ accepted and moving after {took}  {wanted}{why}", "$warning")
            self._waiting = (topic, began)
        else:
            self._tell(f"✓ done in {took}  {amount(ack.value, unit)}{why}", "$success")

    def look(self, state: State) -> None:
        """The present value, and how it ended where a target had been accepted first."""
        if self.display:
            self._explain()
        if self._waiting is None:
            return
        topic, began = self._waiting
        record = state.topics.get(topic)
        if record is None or record.last.received < began:
            return
        content = read(record.last)
        status = content.get("status") if isinstance(content, dict) else None
        if status in ("done", "failed", "rejected"):
            took = f"{record.last.received - began:.1f} s"
            good = status == "done"
            text = f"{'✓' if good else '✗'} {line_of(record.last)[0]} after {took}"
            self._tell(text, "$success" if good else "$error")
            self._waiting = None

    def _tell(self, text: str, colour: str = "$foreground") -> None:
        line = self.query_one("#answer", Static)
        put(line, Content.styled(text, colour))
        line.display = bool(text)


def _verdict(error: CockpitError) -> str:
    if isinstance(error, CommandRejected):
        return "rejected"
    if isinstance(error, CommandFailed):
        return "failed"
    return "no answer" if isinstance(error, CommandTimeout) else "not sent"


def _meaning(signal: Signal, now: Value | None) -> str:
    parts = []
    if signal.allowed:
        parts.append("one of a list")
    elif signal.datatype == "boolean":
        parts.append("true or false")
    else:
        low, high = signal.minimum, signal.maximum
        limits = "" if low is None or high is None else f" {low:g} to {high:g}"
        whole = "int" in signal.datatype
        parts.append(("whole number" if whole else _KINDS.get(signal.datatype, "text")) + limits)
        if signal.unit:
            parts[-1] += f" {UNITS.get(signal.unit, signal.unit)}"
    if now is not None:
        parts.append(f"now {amount(now, signal.unit)}")
    return ", ".join(parts)


def _values_of(signal: Signal | None, values: dict[str, Value]) -> Sequence[Candidate]:
    """Values that can be named; the present one is marked."""
    if signal is None:
        return ()
    names = list(signal.allowed)
    if signal.datatype == "boolean":
        names = ["true", "false"]
    now = values.get(signal.path)
    shown = str(now).lower() if isinstance(now, bool) else now
    return [Candidate(name, "now" if name == shown else "") for name in names]
