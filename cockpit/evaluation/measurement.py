"""Figures beside their budgets: what a benchmark finds, as a table and as JSON."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Group
from rich.table import Table
from rich.text import Text

type Say = Callable[[str], None]
"""Told in a line what is measured now, and what could not be."""

type Tell = Callable[[int, int], None]
"""Told how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table.

    Attributes:
        measure: what was measured.
        unit: of p50, p95 and budget.
        n: how many values, or what a single value was made of.
        p50: median, or the single value.
        p95: 95th percentile (nearest rank); None for a single value.
        budget: for the median; None where there is none.
        budget_p95: for the 95th percentile; None where there is none.
        at_least: the budget is a floor, not a ceiling.
    """

    measure: str
    unit: str
    n: int
    p50: float
    p95: float | None
    budget: float | None = None
    budget_p95: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether median and 95th percentile keep their budgets; None without any."""
        kept = [
            value >= budget if self.at_least else value <= budget
            for value, budget in ((self.p50, self.budget), (self.p95, self.budget_p95))
            if value is not None and budget is not None
        ]
        return all(kept) if kept else None

    def to_json(self) -> dict[str, Any]:
        """An entry of the list that ``bench --json`` writes (DESIGN §11)."""
        return {
            "measure": self.measure,
            "unit": self.unit,
            "n": self.n,
            "p50": round(self.p50, 3),
            "p95": None if self.p95 is None else round(self.p95, 3),
            "budget": self.budget,
            "ok": self.ok,
        }


def summarize(
    name: str,
    unit: str,
    values: Sequence[float],
    budget: float | None = None,
    budget_p95: float | None = None,
) -> Measurement:
    """Median and 95th percentile of values.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError(f"nothing was measured for {name}")
    return Measurement(name, unit, len(values), *middle_and_high(values), budget, budget_p95)


def middle_and_high(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile (nearest rank) of one value or more."""
    ordered = sorted(values)

    def rank(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return rank(0.5), rank(0.95)


def single(
    name: str,
    unit: str,
    value: float,
    n: int = 1,
    budget: float | None = None,
    *,
    at_least: bool = False,
) -> Measurement:
    """One value, such as a share of ``n`` trials."""
    return Measurement(name, unit, n, value, None, budget, at_least=at_least)


def machine() -> str:
    """One line about this machine and what else it does, for the head of a table."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {_processor()}{psutil.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, " if names else ""


def table(measurements: Sequence[Measurement]) -> Group:
    """The machine, and the figures beside their budgets."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("measure")
    for heading in ("unit", "n", "p50", "p95", "budget p50", "p95", ""):
        shown.add_column(heading, justify="left" if heading in ("unit", "") else "right")
    for entry in measurements:
        mark = {None: "", True: "[green]ok[/]", False: "[red]missed[/]"}[entry.ok]
        sign = "≥ " if entry.at_least else ""
        budgets = ("" if b is None else f"{sign}{b:.4g}" for b in (entry.budget, entry.budget_p95))
        shown.add_row(
            entry.measure, entry.unit, str(entry.n), _figure(entry.p50),
            "" if entry.p95 is None else _figure(entry.p95), *budgets, mark,
        )  # fmt: skip
    return Group(Text(machine()), shown)


def _figure(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
