"""The frame around the panels: tabs, status line, columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from cockpit.events import Listening
from cockpit.ui.panels import KINDS, Kind
from cockpit.ui.state import TROUBLE, State, Step

SILENCE: Final = -60.0
"""dB of full scale at the left end of a level meter."""
OFFLINE: Final = 2
"""ECUs that are named where many do not answer."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"

LISTENING = {
    Listening.ASLEEP: ("○", "asleep", "$text-muted"),
    Listening.AWAKE: ("◉", "listening", "$accent"),
    Listening.HEARING: ("●", "hearing", "$success"),
    Listening.THINKING: ("◆", "thinking", "$primary"),
    Listening.SPEAKING: ("▶", "speaking", "$secondary"),
    Listening.FOLLOW_UP: ("◎", "listening for more", "$accent"),
}
"""Sign, words and colour of what the live conversation does."""


def meter(level: float, width: int) -> str:
    """A bar of ``width`` cells for a level in dB of full scale."""
    share = min(1.0, max(0.0, 1 - level / SILENCE))
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    bar = "█" * full + (_EIGHTHS[rest] if rest else "")
    return bar[:width].ljust(width)


class TabLine(Widget):
    """One tab a panel, in one line; those that are seen are marked."""

    DEFAULT_CSS = """
    TabLine { height: 1; dock: top; background: $panel; color: $text-muted; }
    """

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, ...] = ()
        self._current = ""
        self._ends: list[tuple[int, str]] = []

    def show(self, shown: Sequence[str], current: str) -> None:
        """Mark the panels that are seen, and the one that was chosen last."""
        if (tuple(shown), current) != (self._shown, self._current):
            self._shown, self._current = tuple(shown), current
            self.refresh()

    def render(self) -> Content:
        """The line."""
        narrow = self.size.width < sum(len(kind.title) + 5 for kind in KINDS)
        parts: list[Content] = []
        self._ends = []
        for kind in KINDS:
            part = self._tab(kind, narrow)
            parts.append(part)
            self._ends.append((sum(p.cell_length for p in parts), kind.name))
        return Content("").join(parts)

    def _tab(self, kind: Kind, narrow: bool) -> Content:
        key = f"{kind.key}" if narrow else f"F{kind.key}"
        if kind.name == self._current:
            style = "$block-cursor-foreground on $block-cursor-background bold"
        elif kind.name in self._shown:
            style = "$foreground bold"
        else:
            style = "$text-muted"
        return Content.assemble((" ", style), (key, f"{style} dim"), (f" {kind.title} ", style))

    def on_click(self, event: events.Click) -> None:
        """Choose the panel of the tab under the pointer."""
        for end, name in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(name))
                return


class StatusLine(Widget):
    """What the car does now, and what is loading or in trouble, in one line."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $surface; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._content = Content("")

    def show(self, state: State, conversation_seen: bool) -> None:
        """Draw what is known.

        Args:
            conversation_seen: the conversation's panel says what the car listens to.
        """
        left, right = self._left(state, conversation_seen), self._right(state)
        width = self.content_size.width
        room = max(0, width - right.cell_length - 1)
        if left.cell_length > room:
            left = left.truncate(room, ellipsis=True)
        gap = max(1, width - left.cell_length - right.cell_length)
        content = Content.assemble(left, " " * gap, right)
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        """The line."""
        return self._content

    def _left(self, state: State, conversation_seen: bool) -> Content:
        if state.fault:
            return Content.styled(f"{state.fault} Ctrl-R tries again.", "$error")
        if not state.ready or (state.loading and state.listening is None):
            return self._loading(state)
        if conversation_seen:
            return _car(state)
        if state.listening is None or state.typed_because:
            return _last_of(state)
        sign, words, colour = LISTENING[state.listening]
        seat = f" · {state.listening_seat.spoken}" if state.listening_seat else ""
        parts = [Content.styled(f"{sign} {words}{seat}", colour)]
        if state.muted:
            parts.append(Content.styled("  microphone off", "$warning"))
        elif state.levels:
            loudest = max(state.levels.values())
            colour = "$error" if state.clipped else "$success"
            parts += [Content("  "), Content.styled(meter(loudest, 10), f"{colour} on $panel")]
        if state.caption is not None:
            parts.append(Content.styled(f"  {state.caption.text} …", "italic"))
        else:
            parts += [Content("  "), _last_of(state)]
        return Content("").join(parts)

    def _loading(self, state: State) -> Content:
        names = ", ".join(step.title for step in state.loading)
        done = sum(step.ended is not None for step in state.steps.values())
        total = max(1, len(state.steps))
        bar = "━" * round(12 * done / total)
        return Content.assemble(
            (bar, "$primary"),
            ("━" * (12 - len(bar)), "$border"),
            (f" Loading {names} …" if names else " Starting …", "$text-muted"),
        )

    def _right(self, state: State) -> Content:
        parts: list[Content] = []
        if state.ready and state.listening is not None and state.loading:
            names = ", ".join(step.title for step in state.loading)
            parts.append(Content.styled(f"loading {names} …", "$text-muted"))
        failed = [step for step in state.steps.values() if _failed(step)]
        if failed:
            parts.append(Content.styled(f"no {failed[0].title}", "$warning"))
        broken = [e for e in state.engines.values() if e.state in TROUBLE - {"missing", "stopped"}]
        if broken:
            parts.append(Content.styled(f"{broken[0].name} {broken[0].state}", "$error"))
        if state.ready:
            vehicle = state.vehicle
            offline = [owner.name for owner in vehicle.owners.values() if not owner.online]
            if not vehicle.connected:
                parts.append(Content.styled(f"no connection to the {vehicle.title}", "$error"))
            elif offline:
                parts.append(Content.styled(_offline(offline, len(vehicle.owners)), "$error"))
            else:
                parts.append(Content.styled(f"● {vehicle.title}", "$success"))
        return Content("  ").join(parts)


_FACTS: Final = (
    ("Vehicle.Speed", 1, "km/h"),
    ("Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", 1, "%"),
    ("Vehicle.Powertrain.TractionBattery.Range", 1000, "km"),
    ("Vehicle.Exterior.AirTemperature", 1, "°C outside"),
)
"""What a glance at the car shows: path, divisor, unit."""


def _car(state: State) -> Content:
    """The car at a glance."""
    found = ((state.vehicle.values.get(path), by, unit) for path, by, unit in _FACTS)
    parts = [
        f"{value / by:.0f} {unit}" for value, by, unit in found if isinstance(value, int | float)
    ]
    return Content.styled(" · ".join(parts), "$text-muted")


def _last_of(state: State) -> Content:
    """What was said last, where the conversation itself is out of sight."""
    turn = state.last_turn
    if turn is None:
        return Content.styled("Type a request below, or F1 for all keys", "$text-muted")
    if turn.turn is None:
        return Content.styled(f"… {turn.utterance.text}", "$text-muted")
    return Content.assemble(("car ", "$success"), (turn.reply_text, "$text-muted"))


def _offline(names: Sequence[str], total: int) -> str:
    """ECUs that do not answer, in few words."""
    if len(names) == total > 1:
        return "no ECU answers"
    more = len(names) - OFFLINE
    if more > 1:
        return f"offline: {', '.join(names[:OFFLINE])} and {more} more"
    return f"offline: {', '.join(names)}"


def _failed(step: Step) -> bool:
    return step.state.value == "failed"
