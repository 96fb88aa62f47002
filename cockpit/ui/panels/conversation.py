"""What is said and answered, as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from cockpit.settings import Activation
from cockpit.ui import telling
from cockpit.ui.frame import LISTENING, SILENCE, meter
from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.putting import put
from cockpit.ui.state import Entry, Ignored, Note, NoteKind, Section, State, TurnRecord
from vehicle_bus.seats import Seat

SHOWN: Final = 150
"""Entries that can be scrolled back to; the inspector's are as many as the state keeps."""
LATE: Final = 8
"""The newest entries, of which something may still become known."""
_TRY: Final = (
    "open my window halfway",
    "set the temperature to 22 degrees and turn on my seat heating",
    "find a charging station nearby",
    "add milk and 6 eggs to my shopping list",
)


class Bubble(Static):
    """One thing that was said, by whom the bar at its left says.

    Args:
        entry: what it belongs to.
        kind: CSS class: a seat's name, ``car``, ``note``, ...
    """

    def __init__(self, content: Content, kind: str, entry: Entry | None = None) -> None:
        super().__init__(content, classes=f"-{kind.replace('_', '-')}")
        self.entry = entry

    def show(self, content: Content) -> None:
        """Draw something else; nothing happens where it is the same."""
        put(self, content)


class Transcript(VerticalScroll, can_focus=True):
    """The bubbles; the keys choose a turn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", "Choose a turn", key_display="↑↓"),
        Binding("down,j", "choose(1)", "Choose a turn", show=False),
        Binding("enter", "inspect", "Inspect"),
        Binding("a", "again", "Say again"),
        Binding("end,G", "latest", "Latest", show=False),
    ]

    class Asked(Message):
        """A key that the panel answers."""

        def __init__(self, what: str, step: int = 0) -> None:
            super().__init__()
            self.what = what
            self.step = step

    def action_choose(self, step: int) -> None:
        """The turn before or after."""
        self.post_message(self.Asked("choose", step))

    def action_inspect(self) -> None:
        """Look at the chosen turn in detail."""
        self.post_message(self.Asked("inspect"))

    def action_again(self) -> None:
        """Put its text into the prompt."""
        self.post_message(self.Asked("again"))

    def action_latest(self) -> None:
        """Follow the conversation again."""
        self.post_message(self.Asked("latest"))


class ConversationPanel(Panel):
    """Live strip, transcript and caption."""

    sections = frozenset({Section.CONVERSATION, Section.LISTENING, Section.BOOT})
    focus_on = "Transcript"

    DEFAULT_CSS = """
    ConversationPanel > #live {
        height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
    }
    ConversationPanel > Transcript { height: 1fr; scrollbar-gutter: auto; }
    ConversationPanel #welcome { color: $text-muted; padding: 1 1 0 1; height: auto; }
    ConversationPanel Bubble {
        height: auto; padding: 0 1 0 1; border-left: outer $border; margin-top: 1;
        &.-driver { border-left: outer $primary; }
        &.-passenger { border-left: outer $accent; }
        &.-rear-left { border-left: outer $secondary; }
        &.-rear-right { border-left: outer $warning; }
        &.-car { border-left: outer $success; margin-top: 0; }
        &.-warning { border-left: outer $warning; }
        &.-error { border-left: outer $error; }
        &.-chosen { background: $block-cursor-background 40%; }
    }
    .-low ConversationPanel Bubble { margin-top: 0; }
    .-low ConversationPanel #welcome { padding: 0 1; }
    ConversationPanel #caption { display: none; }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._views: dict[int, list[Bubble]] = {}  # in the order of the entries
        self._typed = False

    def compose(self) -> ComposeResult:
        """The live strip stays; the rest scrolls."""
        yield Static(id="live")
        with Transcript():
            yield Static(self._welcome(), id="welcome")
            caption = Bubble(Content(""), "caption")
            caption.id = "caption"
            yield caption

    def on_mount(self) -> None:
        """New lines are followed until the user scrolls back."""
        self._transcript.anchor()

    @property
    def _transcript(self) -> Transcript:
        return self.query_one(Transcript)

    # What is said.

    def update_from(self, state: State) -> None:
        """Add what is new, and complete what is not finished."""
        self._show_live(state)
        new: list[Entry] = []
        for entry in reversed(state.entries):
            if id(entry) in self._views or len(new) == SHOWN:
                break
            new.append(entry)
        new.reverse()
        self._add(new)
        for bubbles in list(self._views.values())[-LATE:]:
            _complete(bubbles)
        caption = self.query_one("#caption", Bubble)
        caption.display = state.caption is not None
        if state.caption is not None:
            caption.show(telling.caption(state.caption.text, state.caption.seat))
        self._mark(self.dashboard.chosen_turn)

    def _add(self, new: Sequence[Entry]) -> None:
        if not new:
            return
        added: list[Bubble] = []
        for entry in new:
            bubbles = _bubbles(entry)
            self._views[id(entry)] = bubbles
            added += bubbles
        self._transcript.mount(*added, before=self.query_one("#caption"))
        if any(isinstance(entry, TurnRecord) for entry in new):
            self.query_one("#welcome").display = False
        while len(self._views) > SHOWN:
            for bubble in self._views.pop(next(iter(self._views))):
                bubble.remove()

    def _show_live(self, state: State) -> None:
        put(self.query_one("#live", Static), self._strip(state))
        typed = bool(state.typed_because)
        if typed != self._typed:
            self._typed = typed
            self.query_one("#welcome", Static).update(self._welcome())

    def _strip(self, state: State) -> Content:
        """What the car listens to, and how loud it is."""
        if not state.ready:
            return Content("")
        if state.listening is None or state.typed_because:
            because = state.typed_because
            return Content.styled(f"⌨ {because}", "$text-muted") if because else Content("")
        sign, words, colour = LISTENING[state.listening]
        who = f" · {state.listening_seat.spoken}" if state.listening_seat else ""
        parts = [Content.styled(f"{sign} {words}{who}", f"{colour} bold")]
        if state.muted:
            parts.append(Content.styled("microphone off, Ctrl-N switches it on", "$warning"))
        else:
            narrow = len(state.levels) > 1
            parts += [_level(*zone, state, narrow) for zone in state.levels.items()]
            if state.listening.value == "asleep":
                parts.append(Content.styled(self._calling(), "$text-muted"))
        return Content("  ").join(parts)

    def _calling(self) -> str:
        listen = self.dashboard.settings.listen
        if listen.activation is Activation.WAKE_WORD:
            words = " or ".join(f"“{word.value.replace('_', ' ')}”" for word in listen.wake_words)
            return f"say {words}, or Ctrl-T"
        if listen.activation is Activation.PUSH_TO_TALK:
            return "Ctrl-T to talk"
        return "just speak"

    def _welcome(self) -> Content:
        how = "Type a request below" if self._typed else "Talk to the car, or type below"
        lines = [
            Content.styled(f"{how}. For example:", "$foreground"),
            *(Content.styled(f"  “{example}”", "$primary") for example in _TRY),
            Content.styled(
                "Tab completes what you type. F4 shows the car, F3 how a request was understood; "
                "Ctrl-P finds everything else, F1 shows all keys.",
                "$text-muted",
            ),
        ]
        return Content("\n").join(lines)

    # Choosing a turn.

    def _turns(self) -> list[TurnRecord]:
        entries = (bubbles[0].entry for bubbles in self._views.values())
        return [entry for entry in entries if isinstance(entry, TurnRecord)]

    def on_transcript_asked(self, message: Transcript.Asked) -> None:
        """A key in the transcript."""
        message.stop()
        turns = self._turns()
        chosen = self.dashboard.chosen_turn
        if message.what == "latest":
            self.dashboard.choose_turn(None)
            self._transcript.anchor()
        elif not turns:
            return
        elif message.what == "choose":
            at = turns.index(chosen) if chosen in turns else len(turns)
            at += message.step
            if at >= len(turns):
                self.dashboard.choose_turn(None)
                self._transcript.anchor()
            else:
                self._choose(turns[max(0, at)])
        elif message.what == "inspect":
            self.dashboard.action_show_panel("inspector")
        elif message.what == "again":
            turn = chosen or turns[-1]
            self.dashboard.type_again(turn.utterance.text, turn.utterance.seat)

    def _choose(self, turn: TurnRecord) -> None:
        self.dashboard.choose_turn(turn)
        for bubble in self._views[id(turn)]:
            bubble.scroll_visible(animate=False)

    def _mark(self, chosen: TurnRecord | None) -> None:
        for bubbles in self._views.values():
            for bubble in bubbles:
                bubble.set_class(chosen is not None and bubble.entry is chosen, "-chosen")

    def on_click(self, event: events.Click) -> None:
        """A click chooses a turn."""
        if isinstance(event.widget, Bubble) and isinstance(event.widget.entry, TurnRecord):
            self.dashboard.choose_turn(event.widget.entry)

    def copy_text(self) -> str:
        """The chosen turn, or all of them."""
        chosen = self.dashboard.chosen_turn
        turns = [chosen] if chosen is not None else self._turns()
        return "\n".join(telling.as_text(turn) for turn in turns)


def _bubbles(entry: Entry) -> list[Bubble]:
    match entry:
        case TurnRecord():
            return [
                Bubble(telling.asked(entry), entry.utterance.seat.value, entry),
                Bubble(telling.answered(entry), "car", entry),
            ]
        case Ignored():
            return [Bubble(telling.ignored(entry), "ignored", entry)]
        case Note():
            kind = entry.kind.value if entry.kind is not NoteKind.INFO else "note"
            return [Bubble(telling.noted(entry), kind, entry)]


def _complete(bubbles: Sequence[Bubble]) -> None:
    entry = bubbles[0].entry
    if isinstance(entry, TurnRecord):
        bubbles[1].show(telling.answered(entry))


def _level(seat: Seat, level: float, state: State, narrow: bool) -> Content:
    colour = "$error" if state.clipped else "$success"
    bar = (meter(level, 6 if narrow else 12), f"{colour} on $panel")
    if narrow:
        return Content.assemble((f"{seat.spoken} ", "$text-muted"), bar)
    return Content.assemble(bar, (f" {max(SILENCE * 1.5, level):.0f} dB", "$text-muted"))
