"""A turn as a picture: which stage takes how long after the last word, as an SVG.

Made by hand, so that it needs no library. It is as readable in the dark as in the light, by its
own background and the reader's preference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

PAUSE: Final = "pause"
TEXT: Final = "text"
PLAN: Final = "plan"
ENDPOINT: Final = "endpoint"
COMMAND: Final = "first command acknowledged"
AUDIO: Final = "first audio"
STAGES: Final = (PAUSE, TEXT, PLAN, ENDPOINT, COMMAND, AUDIO)
"""The stages that the picture needs."""
TARGETS: Final = {COMMAND: 700.0, AUDIO: 900.0}
"""Milliseconds at the median."""

_WIDTH, _LEFT, _RIGHT = 880, 215, 40
_TOP, _ROW, _BAR = 84, 38, 22
_STEP = 100  # milliseconds between two lines

_STYLE = """
  text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .soft { fill: #59636e; font-size: 12px }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  .back { fill: #ffffff; stroke: #d1d9e0 }
  .grid { stroke: #d1d9e0 }
  .zero { stroke: #1f2328; stroke-width: 1.5 }
  .target { stroke: #cf222e; stroke-dasharray: 4 3; stroke-width: 1.5 }
  .goal { fill: #cf222e; font-size: 12px }
  .wait { fill: #afb8c1 } .think { fill: #4a7fd6 } .act { fill: #2f9e5f } .say { fill: #b0722a }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .soft { fill: #9198a1 }
    .back { fill: #0d1117; stroke: #3d444d } .grid { stroke: #2a313c } .zero { stroke: #f0f6fc }
    .target { stroke: #ff7b72 } .goal { fill: #ff7b72 }
    .wait { fill: #656c76 }
  }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the picture; times in milliseconds after the last word.

    Attributes:
        name: what happens.
        kind: ``wait``, ``think``, ``act`` or ``say``.
    """

    name: str
    kind: str
    begin: float
    end: float


def bars(stages: Mapping[str, float]) -> list[Bar]:
    """The rows of a turn, in the order in which they begin.

    Args:
        stages: all of ``STAGES``, in milliseconds after the last word.

    Raises:
        KeyError: one is missing.
    """
    known = max(stages[ENDPOINT], stages[PLAN])
    return [
        Bar("waiting for a pause", "wait", 0.0, stages[PAUSE]),
        Bar("waiting for the end", "wait", stages[PAUSE], stages[ENDPOINT]),
        Bar("recognition", "think", stages[PAUSE], stages[TEXT]),
        Bar("planning", "think", stages[TEXT], stages[PLAN]),
        Bar("command on the bus", "act", known, stages[COMMAND]),
        Bar("the answer's first sound", "say", stages[COMMAND], stages[AUDIO]),
    ]


def waterfall(stages: Mapping[str, float], note: str) -> str:
    """The picture.

    Args:
        stages: all of ``STAGES``, in milliseconds after the last word.
        note: what was measured, and on what, in a line.

    Raises:
        KeyError: a stage is missing.
    """
    rows = bars(stages)
    longest = max(*(bar.end for bar in rows), *TARGETS.values())
    span = (int(longest) // _STEP + 1) * _STEP
    scale = (_WIDTH - _LEFT - _RIGHT) / span
    bottom = _TOP + len(rows) * _ROW
    height = bottom + 46

    def x(milliseconds: float) -> str:
        return f"{_LEFT + milliseconds * scale:.1f}"

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-labelledby="title">',
        f"<title>{escape(_told(stages))}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="back" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>',
        '<text class="title" x="20" y="30" id="title">From the last word to the answer</text>',
        f'<text class="soft" x="20" y="50">{escape(note)}</text>',
    ]
    for at in range(0, span + 1, _STEP):
        kind = "zero" if not at else "grid"
        lines += [
            f'<line class="{kind}" x1="{x(at)}" y1="{_TOP - 6}" x2="{x(at)}" y2="{bottom}"/>',
            f'<text class="soft middle" x="{x(at)}" y="{bottom + 18}">{at}</text>',
        ]
    lines.append(
        f'<text class="soft middle" x="{x(span / 2)}" y="{bottom + 36}">'
        "milliseconds after the last word</text>"
    )
    for index, bar in enumerate(rows):
        lines += _row(bar, _TOP + index * _ROW, scale)
    for name, goal in TARGETS.items():
        index = len(rows) - 2 if name == COMMAND else len(rows) - 1
        top = _TOP + index * _ROW
        lines += [
            f'<line class="target" x1="{x(goal)}" y1="{top}" x2="{x(goal)}" y2="{top + _ROW}"/>',
            f'<text class="goal" x="{_LEFT + goal * scale + 5:.1f}" y="{top + _ROW - 4}">'
            f"target {goal:.0f}</text>",
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(bar: Bar, top: float, scale: float) -> Sequence[str]:
    width = max(1.0, (bar.end - bar.begin) * scale)
    begin = _LEFT + bar.begin * scale
    middle = top + _BAR / 2 + 8
    return (
        f'<text class="end" x="{_LEFT - 12}" y="{middle:.1f}">{escape(bar.name)}</text>',
        f'<rect class="{bar.kind}" x="{begin:.1f}" y="{top + 4:.1f}" width="{width:.1f}" '
        f'height="{_BAR}" rx="3"/>',
        f'<text x="{begin + width + 6:.1f}" y="{middle:.1f}">{bar.end:.0f}</text>',
    )


def _told(stages: Mapping[str, float]) -> str:
    """The picture in words, for those who do not see it."""
    return "Milliseconds after the last word: " + ", ".join(
        f"{name} {at:.0f}" for name, at in sorted(stages.items(), key=lambda pair: pair[1])
    )
