"""Engines, processes, queues, and the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import RichLog, Static

from cockpit.ui import telling
from cockpit.ui.panels import Kind, Panel
from cockpit.ui.state import (
    LINES,
    TROUBLE,
    EngineRecord,
    LogLine,
    PlanSpeed,
    Recognition,
    Section,
    State,
    Step,
    StepState,
)

SIDE_BY_SIDE: Final = 70
"""Columns of the panel from which engines and processes stand beside each other."""
LATE: Final = 0.1
"""Seconds of the event loop's lag that can be felt."""
LEVELS: Final = {
    "d": (logging.DEBUG, "debug"),
    "i": (logging.INFO, "info"),
    "w": (logging.WARNING, "warnings"),
    "e": (logging.ERROR, "errors"),
}
"""Keys of the log's levels."""
_BARS: Final = "▁▂▃▄▅▆▇█"
_GOOD: Final = frozenset({"started", "ready", "found"})


class LogView(RichLog, can_focus=True):
    """The lines of the log; keys choose the level."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"level('{key}')", name.capitalize(), tooltip=f"Log: {name} and worse")
            for key, (_, name) in LEVELS.items()
        ),
        Binding("x", "clear_log", "Clear"),
    ]

    class Chosen(Message):
        """A level was chosen; an empty key clears the log."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def action_level(self, key: str) -> None:
        """Show lines from a level on."""
        self.post_message(self.Chosen(key))

    def action_clear_log(self) -> None:
        """Forget the lines so far."""
        self.post_message(self.Chosen(""))


class SystemPanel(Panel):
    """Engines and processes above, the log below."""

    sections = frozenset(
        {Section.ENGINES, Section.MACHINE, Section.LOG, Section.BOOT, Section.CLOCK}
    )
    focus_on = "LogView"

    DEFAULT_CSS = """
    SystemPanel > #figures { height: auto; max-height: 65%; overflow-y: auto; }
    SystemPanel > #figures > Static { width: 1fr; height: auto; }
    SystemPanel > #figures.-stacked { layout: vertical; }
    SystemPanel > LogView {
        height: 1fr; min-height: 4; background: transparent; border-top: solid $border;
        border-title-color: $text-muted; padding: 0; scrollbar-gutter: auto;
        &:focus {
            background: transparent; border-top: solid $primary; border-title-color: $primary;
        }
    }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._level = "i"
        self._written: LogLine | None = None

    def compose(self) -> ComposeResult:
        """Two columns of figures, and the log."""
        with Horizontal(id="figures"):
            yield Static(id="engines")
            yield Static(id="machine")
        view = LogView(max_lines=LINES, wrap=True, markup=False, highlight=False, min_width=20)
        view.border_title = self._title()
        yield view

    @property
    def _view(self) -> LogView:
        return self.query_one(LogView)

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room."""
        self.query_one("#figures").set_class(event.size.width < SIDE_BY_SIDE, "-stacked")

    def on_theme(self) -> None:
        """The log's colours are in its lines."""
        self._rewrite()

    def update_from(self, state: State) -> None:
        """Figures once a second at most, the log as it grows."""
        self.query_one("#engines", Static).update(_engines(state))
        self.query_one("#machine", Static).update(_machine(state))
        self._write(state)

    # The log.

    def _title(self) -> str:
        chosen = LEVELS[self._level][1]
        return f"Log: {chosen}{' and worse' if self._level in 'di' else ''}"

    def _write(self, state: State) -> None:
        new: list[LogLine] = []
        for line in reversed(state.log):
            if line is self._written:
                break
            new.append(line)
        if not new:
            return
        self._written = new[0]
        least = LEVELS[self._level][0]
        for line in reversed(new):
            if line.level >= least:
                self._view.write(self._line(line))

    def _line(self, line: LogLine) -> Text:
        worst = line.level >= logging.ERROR
        colour = self.colour("error" if worst else "warning")
        style = colour if line.level >= logging.WARNING else ""
        return Text.assemble(
            (f"{line.at:%H:%M:%S} ", "dim"), (f"{line.name} ", "dim"), (line.text, style)
        )

    def _rewrite(self) -> None:
        self._view.clear()
        self._written = None
        self._write(self.state)

    def on_log_view_chosen(self, message: LogView.Chosen) -> None:
        """Another level, or an empty log."""
        message.stop()
        if message.key:
            self._level = message.key
            self._view.border_title = self._title()
            self._rewrite()
        else:
            self.state.log.clear()
            self._view.clear()

    def copy_text(self) -> str:
        """The log from the chosen level on."""
        least = LEVELS[self._level][0]
        lines = (line for line in self.state.log if line.level >= least)
        return "\n".join(telling.log_line(line) for line in lines)


# Engines.


def _engines(state: State) -> Content:
    lines = [_heading("Engines")]
    for record in state.engines.values():
        lines.append(_engine(record, state.clock()))
        if record.state in TROUBLE and record.detail:
            lines.append(Content.styled(f"    {_why(record.detail)}", "$text-muted"))
    for step in state.steps.values():
        if step.title not in state.engines:
            lines.append(_step(step, state.clock()))
    lines += list(_speeds(state))
    return Content("\n").join(lines)


def _engine(record: EngineRecord, now: float) -> Content:
    good = record.state in _GOOD
    sign, colour = ("●", "$success") if good else ("◌", "$warning")
    if record.state in TROUBLE:
        sign, colour = "✗", "$error"
    if record.state == "stopped":
        sign, colour = "○", "$text-muted"
    more = f" {_age(now - record.since)}"
    if record.restarts:
        more += f", {_times(record.restarts, 'restart')}"
    if record.troubles > record.restarts:
        more += f", {_times(record.troubles, 'failure')}"
    return Content.assemble(
        (f"{sign} ", colour), record.name, (f" {record.state}", colour), (more, "$text-muted")
    )


def _step(step: Step, now: float) -> Content:
    began = step.began if step.began is not None else now
    if step.state is StepState.DONE:
        took = (step.ended or now) - began
        return Content.assemble(
            ("● ", "$success"), step.title, (f" ready in {took:.1f} s", "$text-muted")
        )
    if step.state is StepState.FAILED:
        return Content.assemble(("✗ ", "$error"), step.title, (f" {step.detail}", "$text-muted"))
    return Content.assemble(
        ("◌ ", "$warning"), step.title, (f" loading, {_age(now - began)}", "$text-muted")
    )


def _speeds(state: State) -> Iterator[Content]:
    if state.speeds:
        last, all_of_them = state.speeds[-1], _sum(state.speeds)
        yield _heading("Language model")
        for name, speed in (("last plan", last), (f"last {len(state.speeds)}", all_of_them)):
            yield Content.assemble(
                (f"{name:<10} ", "$text-muted"),
                f"read {_rate(speed.prompt_tokens, speed.prompt_ms)}, "
                f"wrote {_rate(speed.output_tokens, speed.output_ms)} tok/s",
            )
    if state.recognised:
        yield _heading("Recogniser, real-time factor")
        every = list(state.recognised)
        for name, some in (("last text", every[-1:]), (f"last {len(every)}", every)):
            mean = sum(one.milliseconds for one in some) / len(some)
            yield Content.assemble(
                (f"{name:<10} ", "$text-muted"), f"{_factor(some)} ({mean:.0f} ms)"
            )


def _sum(speeds: Sequence[PlanSpeed]) -> PlanSpeed:
    return PlanSpeed(
        sum(speed.prompt_tokens for speed in speeds),
        sum(speed.prompt_ms for speed in speeds),
        sum(speed.output_tokens for speed in speeds),
        sum(speed.output_ms for speed in speeds),
    )


def _factor(some: Sequence[Recognition]) -> str:
    """Of all the speech whose length is known."""
    known = [(one.milliseconds, one.seconds) for one in some if one.seconds]
    took, spoken = (sum(part) for part in zip(*known, strict=True)) if known else (0.0, 0.0)
    return f"{took / 1000 / spoken:.2f}" if spoken else "-"


def _rate(tokens: int, milliseconds: float) -> str:
    return f"{tokens / milliseconds * 1000:.0f}" if milliseconds else "-"


def _why(detail: Mapping[str, Any]) -> str:
    for key in ("why", "reason"):
        if detail.get(key):
            return str(detail[key])
    return ", ".join(f"{key} {value}" for key, value in detail.items())


# The machine.


def _machine(state: State) -> Content:
    figures = state.machine
    lines = [_heading("Processes")]
    if not figures.processes:
        return Content("\n").join([*lines, Content.styled("measuring …", "$text-muted")])
    for process in figures.processes:
        lines.append(_cost(process.title, process.cpu, process.memory))
    if len(figures.processes) > 1:
        cpu = sum(process.cpu for process in figures.processes)
        memory = sum(process.memory for process in figures.processes)
        lines.append(_cost(f"all, of {figures.cores} cores", cpu, memory, "bold"))
    if figures.lags:
        worst = max(figures.lags)
        colour = "$error" if worst >= LATE else "$success"
        lines.append(_heading("Event loop's lag"))
        lines.append(
            Content.assemble(
                (_spark(figures.lags, 15), colour),
                f" worst {worst * 1000:.0f} ms",
                ("/min", "$text-muted"),
            )
        )
    lines.append(_heading("Queues"))
    waiting = [f"{name} {count}" for name, (count, _) in figures.queues.items()]
    lines.append(Content(", ".join(waiting)))
    lost = [f"{name} {count}" for name, count in figures.counters.items() if count]
    if lost:
        lines.append(Content.styled(", ".join(lost), "$warning"))
    return Content("\n").join(lines)


def _cost(title: str, cpu: float, memory: int, style: str = "") -> Content:
    return Content.assemble(
        (f"{title[:19]:<19}", style or "$foreground"),
        (f"{cpu:>5.0%}", style or "$foreground"),
        (f"{memory / 2**20:>6.0f} MB", style or "$foreground"),
    )


def _spark(lags: Sequence[float], width: int) -> str:
    """The worst of each stretch; a full bar is ``LATE``."""
    size = max(1, -(-len(lags) // width))
    worst = [max(lags[at : at + size]) for at in range(0, len(lags), size)]
    top = len(_BARS) - 1
    return "".join(_BARS[min(top, round(lag / LATE * top))] for lag in worst)


def _heading(text: str) -> Content:
    return Content.styled(text, "$primary bold")


def _age(seconds: float) -> str:
    if seconds < 60:
        return f"{max(0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
