"""The conversation as lines of text: what was said on stdout, what goes on beside it on stderr."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.markup import escape

from cockpit.events import (
    CaptionChanged,
    CommandFailedLater,
    EngineChanged,
    Event,
    Listening,
    ListeningChanged,
    ReplyEnded,
    TurnFinished,
    TurnTimed,
    UtteranceHeard,
    UtteranceIgnored,
)
from vehicle_bus.seats import Seat

_STATES = {
    Listening.ASLEEP: "waiting for the wake word",
    Listening.AWAKE: "listening",
    Listening.HEARING: "hearing",
    Listening.THINKING: "thinking",
    Listening.SPEAKING: "speaking",
    Listening.FOLLOW_UP: "listening for more",
}
_TROUBLE = {"crashed", "hung", "failed", "lost", "overloaded", "missing"}


class Transcript:
    """Prints events as they come.

    Args:
        said: gets one line for each utterance and each reply.
        notes: gets everything else; a status line where it is a terminal.
    """

    def __init__(self, said: Console, notes: Console) -> None:
        self._said = said
        self._notes = notes
        self._status = notes.status("starting …") if notes.is_terminal else None

    async def follow(self, events: asyncio.Queue[Event]) -> None:
        """Print until cancelled."""
        if self._status is not None:
            self._status.start()
        try:
            while True:
                self._show(await events.get())
        finally:
            while not events.empty():
                self._show(events.get_nowait())
            if self._status is not None:
                self._status.stop()

    def _show(self, event: Event) -> None:
        match event:
            case ListeningChanged(state=state, seat=seat):
                self._state(_STATES[state] + (f" ({_name(seat)})" if seat else "") + " …")
            case CaptionChanged(text=text, seat=seat):
                self._state(f"{_name(seat)}: {text} …")
            case UtteranceHeard(utterance=utterance):
                self._line(f"{_name(utterance.seat)}: {escape(utterance.text)}")
            case TurnFinished(turn=turn) if turn.reply:
                self._line(f"[bold]car: {escape(turn.reply)}[/]")
            case UtteranceIgnored(utterance=utterance, why=why):
                self._note(f'"{utterance.text}" is left alone: {why}.', "dim")
            case ReplyEnded(heard=heard, fault=fault) if fault or not event.whole:
                self._note(fault or f"cut off after: {heard or '(nothing)'}", "dim")
            case TurnTimed(stages=stages):
                times = ", ".join(f"{name} {at:.0f} ms" for name, at in stages.items())
                self._note(f"after the last word: {times}", "dim")
            case CommandFailedLater(failure=failure):
                self._note(failure.reason, "yellow")
            case EngineChanged(engine=engine, state=state, detail=detail) if state in _TROUBLE:
                more = "; ".join(f"{key}: {value}" for key, value in detail.items())
                self._note(f"{engine} {state}. {more}", "yellow")

    def _state(self, text: str) -> None:
        if self._status is not None:
            self._status.update(escape(text))

    def _line(self, text: str) -> None:
        # One line each for whoever reads a pipe; a terminal wraps it itself.
        self._said.print(text, soft_wrap=True)

    def _note(self, text: str, style: str) -> None:
        self._notes.print(escape(text), style=style)


def _name(seat: Seat) -> str:
    return seat.value.replace("_", " ")
