"""Counting what a live conversation did in each scene, and how its memory grew."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cockpit.evaluation.scenes import Kind, Scene
from cockpit.events import (
    EngineChanged,
    Event,
    ReplyEnded,
    TurnFinished,
    UtteranceIgnored,
    WakeWordHeard,
)

TROUBLE: Final = frozenset({"crashed", "hung", "failed", "lost", "overloaded"})
"""States of an engine that nobody wants."""
WARM_UP: Final = 0.1
"""Share of the time in which memory may grow."""
EDGE: Final = 0.1
"""Share of the time of which the memory's median is taken, behind the warm-up and at the end."""


@dataclass
class Tally:
    """What happened, by kind of scene.

    Attributes:
        scenes: how many there were.
        seconds: of sound that was heard in them.
        left_out: seconds that were not, because only a sample is heard.
        woken: calls that were heard.
        answered: calls that a turn was made of.
        false_wakes: wake words heard where there were none.
        acted: turns that ran something nobody had asked for.
        spoken: turns that said something, and did nothing, where nobody had asked.
        ignored: utterances of which nothing was made, as it should be.
        cut: answers that were not said to their end though nobody wanted that.
        troubles: of the engines.
        examples: what was heard where nothing should have been, the first few.
    """

    scenes: Counter[Kind] = field(default_factory=Counter)
    seconds: dict[Kind, float] = field(default_factory=lambda: dict.fromkeys(Kind, 0.0))
    left_out: float = 0.0
    woken: Counter[Kind] = field(default_factory=Counter)
    answered: Counter[Kind] = field(default_factory=Counter)
    false_wakes: Counter[Kind] = field(default_factory=Counter)
    acted: Counter[Kind] = field(default_factory=Counter)
    spoken: Counter[Kind] = field(default_factory=Counter)
    ignored: Counter[Kind] = field(default_factory=Counter)
    cut: Counter[Kind] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    _kind: Kind = Kind.SILENCE
    _woken: bool = False
    _answered: bool = False

    def begin(self, scene: Scene) -> None:
        """What happens from now on belongs to this scene."""
        self.scenes[scene.kind] += 1
        self._kind = scene.kind
        self._woken = self._answered = False

    def lasted(self, seconds: float, left_out: float = 0.0) -> None:
        """So much of the scene was heard, with the silence after it, and so much was not."""
        self.seconds[self._kind] += seconds
        self.left_out += left_out

    def count(self, event: Event) -> None:
        """Something happened in the scene."""
        match event:
            case WakeWordHeard():
                if self._kind.is_call and not self._woken:
                    self._woken = True
                    self.woken[self._kind] += 1
                else:
                    self.false_wakes[self._kind] += 1
                    self._note(f"woken by {event.word}")
            case TurnFinished(turn=turn):
                if self._kind.is_call and self._woken and not self._answered:
                    self._answered = True
                    self.answered[self._kind] += 1
                elif turn.outcomes:
                    self.acted[self._kind] += 1
                    calls = ", ".join(one.call.function for one in turn.outcomes)
                    self._note(f"{calls} because of {turn.utterance.text!r}")
                elif turn.reply:
                    self.spoken[self._kind] += 1
                    self._note(f"answered {turn.utterance.text!r}")
                else:
                    self.ignored[self._kind] += 1
            case UtteranceIgnored():
                self.ignored[self._kind] += 1
            case ReplyEnded(fault=None) if not event.whole:
                self.cut[self._kind] += 1
            case EngineChanged() if event.state in TROUBLE:
                self.troubles[f"{event.engine} {event.state}"] += 1
            case _:
                pass

    def _note(self, what: str) -> None:
        if len(self.examples) < 20:
            self.examples.append(f"{self._kind.value}: {what}")

    @property
    def hours(self) -> float:
        """Of sound that was heard, so far."""
        return sum(self.seconds.values()) / 3600

    @property
    def day(self) -> float:
        """Hours so far with what was left out of them."""
        return self.hours + self.left_out / 3600

    def to_json(self) -> dict[str, Any]:
        """Everything, for ``--json``."""
        counters = {
            name: {kind.value: value for kind, value in getattr(self, name).items()}
            for name in (
                "scenes", "woken", "answered", "false_wakes", "acted", "spoken", "ignored", "cut",
            )
        }  # fmt: skip
        minutes = {kind.value: round(value / 60, 1) for kind, value in self.seconds.items()}
        return {
            "hours": round(self.hours, 3),
            "hours_with_left_out": round(self.day, 3),
            "minutes": minutes,
            **counters,
            "troubles": dict(self.troubles),
            "examples": self.examples,
        }

    def lines(self) -> list[str]:
        """For people."""
        calls = [kind for kind in Kind if kind.is_call]
        found = [f"{self.day:.2f} h of a day, of which {self.hours:.2f} h were heard"]
        for kind in calls:
            total = self.scenes[kind]
            missed = total - self.woken[kind]
            lost = self.woken[kind] - self.answered[kind]
            share = f" ({missed / total:.1%})" if total else ""
            found.append(f"{kind.value}: {missed} of {total} missed{share}, {lost} lost later")
        for kind in Kind:
            hours = self.seconds[kind] / 3600
            if not hours:
                continue
            rate = self.false_wakes[kind] / hours
            found.append(
                f"{kind.value}, {hours:.2f} h: {self.false_wakes[kind]} false wake-ups "
                f"({rate:.2f}/h), {self.acted[kind]} turns that acted and {self.spoken[kind]} that "
                f"spoke unasked, {self.ignored[kind]} utterances ignored, "
                f"{self.cut[kind]} answers cut off"
            )
        wakes = sum(self.false_wakes.values())
        rate = wakes / self.hours if self.hours else 0.0
        found.append(f"all, {self.hours:.2f} h: {wakes} false wake-ups ({rate:.2f}/h)")
        found.append("engines: " + (_counts(self.troubles) or "no trouble"))
        return found


def _counts(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}×" for name, count in sorted(counter.items()))


@dataclass(frozen=True, slots=True)
class Growth:
    """How memory went.

    Attributes:
        begin: median behind the warm-up, in bytes.
        end: median at the end, in bytes.
        slope: bytes an hour of sound behind the warm-up, by least squares.
    """

    begin: float
    end: float
    slope: float

    @property
    def share(self) -> float:
        """Growth as a share of the beginning."""
        return self.end / self.begin - 1

    def __str__(self) -> str:
        return (
            f"memory: {self.begin / 1e6:.0f} MB after warm-up, {self.end / 1e6:.0f} MB at the end "
            f"({self.share:+.1%}), {self.slope / 1e6:+.2f} MB/h"
        )


def growth(samples: Sequence[tuple[float, float]]) -> Growth | None:
    """How memory grew after the warm-up.

    Args:
        samples: hours of sound and bytes, in order.

    Returns:
        None where there are less than ten samples.
    """
    if len(samples) < 10:
        return None
    last = samples[-1][0]
    warm = [(at, size) for at, size in samples if at >= WARM_UP * last]
    early = [size for at, size in warm if at <= (WARM_UP + EDGE) * last]
    late = [size for at, size in warm if at >= (1 - EDGE) * last]
    slope, _ = statistics.linear_regression(*zip(*warm, strict=True))
    return Growth(statistics.median(early or [warm[0][1]]), statistics.median(late), slope)
