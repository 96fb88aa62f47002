"""The conversation in words and colours: one piece of content for each part of it."""

from __future__ import annotations

import logging

from textual.content import Content

from cockpit.ui.prompt import COLOURS
from cockpit.ui.state import Ignored, LogLine, Note, NoteKind, TurnRecord
from vehicle_bus.seats import Seat

NOTE_SIGNS = {
    NoteKind.INFO: ("ℹ", "$text-muted"),
    NoteKind.WARNING: ("⚠", "$warning"),
    NoteKind.ERROR: ("✗", "$error"),
}
CAR = "$success"
"""Colour of what the car says."""


def asked(turn: TurnRecord) -> Content:
    """Who said what, and how sure the recogniser was."""
    utterance = turn.utterance
    return Content.assemble(
        (f"{turn.at:%H:%M} ", "$text-muted"),
        (f"{utterance.seat.spoken} ", f"{COLOURS[utterance.seat]} bold"),
        (utterance.text or "(nothing)", "$foreground"),
        *confidence(utterance.confidence),
    )


def confidence(value: float) -> list[tuple[str, str]]:
    """How sure the recogniser was; nothing for what was typed."""
    if value >= 1:
        return []
    colour = "$success" if value >= 0.8 else "$warning" if value >= 0.5 else "$error"
    return [(f"  {value:.0%}", colour)]


def answered(turn: TurnRecord) -> Content:
    """What the car does or says about it, with what was not heard of it struck out."""
    name = ("car ", f"{CAR} bold")
    if turn.turn is None:
        return Content.assemble(name, _doing(turn))
    reply = turn.reply_text
    if not reply:
        return Content.assemble(name, ("(nothing to say) ", "$text-muted"), _meta(turn))
    spoken = turn.reply
    if spoken is None:
        return Content.assemble(name, reply, _meta(turn))
    before, _, after = reply.partition(spoken.text)
    if spoken.heard is None:
        return Content.assemble(
            name, ("▶ ", "$secondary"), before, (spoken.text, "bold"), after, _meta(turn)
        )
    if not spoken.cut_off:
        return Content.assemble(name, reply, _meta(turn))
    heard = spoken.heard if spoken.text.startswith(spoken.heard) else ""
    rest = spoken.text[len(heard) :]
    why = f"  not said: {spoken.fault}" if spoken.fault else "  ✂ cut off"
    return Content.assemble(
        name, before, heard, (rest, "$text-muted strike"), after, (why, "$warning"), _meta(turn)
    )


def _doing(turn: TurnRecord) -> Content:
    """What it is about, before there is a reply."""
    running = [call.call.function for call in turn.calls if call.outcome is None]
    if running:
        return Content.styled(f"… {', '.join(running)}", "$text-muted")
    if turn.plan is not None:
        return Content.styled("… acting", "$text-muted")
    return Content.styled("… thinking", "$text-muted")


def _meta(turn: TurnRecord) -> Content:
    assert turn.turn is not None
    done = turn.turn
    parts = [done.planner] if done.planner != "none" else ["not understood"]
    if done.asks:
        parts = ["waits for an answer"]
    parts.append(f"{done.timings_ms.get('total', 0):.0f} ms")
    if "first audio" in turn.stages:
        parts.append(f"sound after {turn.stages['first audio']:.0f} ms")
    return Content.styled(f"  {' · '.join(parts)}", "$text-muted")


def ignored(entry: Ignored) -> Content:
    """Who said what that nothing is done about, and why."""
    utterance = entry.utterance
    return Content.assemble(
        (f"{entry.at:%H:%M} ", "$text-muted"),
        (f"{utterance.seat.spoken} ", "$text-muted bold"),
        (utterance.text, "$text-muted italic"),
        *confidence(utterance.confidence),
        (f"  left alone: {entry.why}", "$text-muted"),
    )


def noted(note: Note) -> Content:
    """A sentence beside the conversation."""
    sign, colour = NOTE_SIGNS[note.kind]
    return Content.assemble((f"{note.at:%H:%M} ", "$text-muted"), (f"{sign} {note.text}", colour))


def caption(text: str, seat: Seat) -> Content:
    """What somebody seems to be saying."""
    return Content.assemble(
        ("      ", ""),
        (f"{seat.spoken} ", f"{COLOURS[seat]} bold"),
        (text, "italic"),
        (" …", "$text-muted"),
    )


def as_text(turn: TurnRecord) -> str:
    """A turn in two lines, for the clipboard."""
    return f"{turn.utterance.seat.spoken}: {turn.utterance.text}\ncar: {turn.reply_text}"


def log_line(line: LogLine) -> str:
    """A line of the log, for the clipboard."""
    level = logging.getLevelName(line.level).lower()
    return f"{line.at:%H:%M:%S} {level:<7} {line.name}: {line.text}"
