"""When the stages of a turn began and how long each took; without textual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cockpit.ui.state import CallRecord, TurnRecord
from skills.api.results import Status

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


class Look(StrEnum):
    """What kind of a stage it is."""

    WAITING = "waiting"  # for the speaker
    HEARING = "hearing"
    PLANNING = "planning"
    ACTING = "acting"
    FAILED = "failed"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a turn.

    Attributes:
        label: its name.
        start: milliseconds after the last word, or after a typed request was taken up.
        length: in milliseconds; None while it goes on.
    """

    label: str
    start: float
    length: float | None
    look: Look


def stages(turn: TurnRecord) -> list[Stage]:
    """The stages in the order in which they began."""
    if turn.last_word is not None and turn.stages:
        return list(_spoken(turn))
    return list(_typed(turn, 0.0))


def whole(found: list[Stage]) -> float:
    """Milliseconds from the beginning to the end of the last stage."""
    return max((stage.start + (stage.length or 0.0) for stage in found), default=0.0)


def _typed(turn: TurnRecord, offset: float) -> Iterator[Stage]:
    if turn.plan_ms is not None:
        yield Stage("planner", offset, turn.plan_ms, Look.PLANNING)
    yield from _calls(turn, turn.began, offset)
    yield from _voice(turn, offset)


def _spoken(turn: TurnRecord) -> Iterator[Stage]:
    marks = turn.stages
    pause, text = marks.get("pause"), marks.get("text")
    plan, endpoint = marks.get("plan"), marks.get("endpoint")
    if pause is not None:
        yield Stage("pause", 0.0, pause, Look.WAITING)
    if text is not None:
        begin = pause if pause is not None else 0.0
        yield Stage("recognition", begin, max(0.0, text - begin), Look.HEARING)
    if plan is not None and text is not None:
        yield Stage("planner", text, max(0.0, plan - text), Look.PLANNING)
    if endpoint is not None:
        begin = pause if pause is not None else 0.0
        yield Stage("endpoint", begin, max(0.0, endpoint - begin), Look.WAITING)
    assert turn.last_word is not None
    offset = (turn.began - turn.last_word) * 1000
    if plan is None and turn.plan_ms is not None:
        yield Stage("planner", offset, turn.plan_ms, Look.PLANNING)
    yield from _calls(turn, turn.began, offset)
    reply, audio = marks.get("reply"), marks.get("first audio")
    if reply is not None and audio is not None:
        yield Stage("first audio", reply, max(0.0, audio - reply), Look.SPEAKING)


def _calls(turn: TurnRecord, since: float, offset: float) -> Iterator[Stage]:
    for entry in turn.calls:
        start = offset + (entry.began - since) * 1000
        yield Stage(entry.call.function, max(0.0, start), entry.milliseconds, _look(entry))


def _look(entry: CallRecord) -> Look:
    fine = (Status.DONE, Status.MOVING, Status.ALREADY, Status.ASKED)
    return Look.ACTING if entry.outcome is None or entry.outcome.status in fine else Look.FAILED


def _voice(turn: TurnRecord, offset: float) -> Iterator[Stage]:
    if turn.reply is not None and turn.reply.began is not None and turn.ended is not None:
        start = offset + (turn.ended - turn.began) * 1000
        length = (turn.reply.began - turn.ended) * 1000
        yield Stage("first audio", start, max(0.0, length), Look.SPEAKING)


def bar(stage: Stage, span: float, width: int) -> tuple[str, str]:
    """Blanks and signs of a stage's bar in so many cells; the least is a thin stroke."""
    if span <= 0 or width < 1:
        return "", ""
    cells = width / span
    begin = min(width - 1, int(stage.start * cells))
    if stage.length is None:
        return " " * begin, "…"
    end = min(float(width), (stage.start + stage.length) * cells)
    full, rest = divmod(round(max(0.0, end - begin) * 8), 8)
    signs = "█" * full + (_EIGHTHS[rest] if rest else "")
    return " " * begin, (signs or "▏")[: width - begin]


def ruler(span: float, width: int) -> str:
    """Marks at round times above the bars."""
    step = next((one for one in _STEPS if span / one * 7 <= width), _STEPS[-1])
    line = [" "] * width
    time = 0
    while time <= span:
        at = int(time * width / span) if span else 0
        text = f"{time}"
        if at + len(text) <= width:
            line[at : at + len(text)] = text
        time += step
    return "".join(line)
