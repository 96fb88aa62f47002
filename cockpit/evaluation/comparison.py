"""Planners and language models side by side: accuracy, latency, memory, start.

Each is run in a process of its own (``python -m cockpit.evaluation.comparison`` takes a job as JSON
on stdin and prints its row), so that memory and start are its own, and one that fails is only left
out.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from rich.table import Table

from cockpit.evaluation.measurement import machine, middle_and_high
from cockpit.evaluation.models import known_models, with_model
from cockpit.evaluation.processes import memory
from cockpit.evaluation.runner import Evaluation, planner_shares
from cockpit.evaluation.scenario import load_scenarios
from cockpit.evaluation.shares import Share
from cockpit.settings import PlannerChoice, Settings
from vehicle_bus.errors import CockpitError

EVERYDAY: Final = Path(__file__).parents[2] / "tests" / "scenarios" / "everyday.yaml"
"""What is run where no scenarios are named."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who is to plan.

    Attributes:
        planner: as in the settings.
        model: name or file; None where no model may plan.
        second: the model that decides where the first is unsure; empty for none.
    """

    planner: PlannerChoice
    model: str | None = None
    second: str = ""

    @property
    def models(self) -> str:
        """Both models, for the table."""
        return " + ".join(filter(None, (self.model, self.second))) or "-"

    def __str__(self) -> str:
        return f"{self.planner.value} {self.models}" if self.model else self.planner.value


@dataclass(frozen=True, slots=True)
class Row:
    """What a candidate did.

    Attributes:
        passed, total: scenarios.
        plan_ms: median and 95th percentile of planning a turn, whoever planned it.
        memory_mb: resident memory of its processes, with the simulated car, after the last turn.
        start_s: until broker, car and session were there and the model was loaded.
        planners: who planned how often, and how often that was wrong.
    """

    candidate: Candidate
    passed: int
    total: int
    plan_ms: tuple[float, float]
    memory_mb: float
    start_s: float
    planners: Mapping[str, Share]

    def to_json(self) -> dict[str, Any]:
        """An entry of the list that ``bench models --json`` writes."""
        return {
            "planner": self.candidate.planner.value,
            "model": self.candidate.model,
            "second_model": self.candidate.second,
            "passed": self.passed,
            "total": self.total,
            "plan_ms": {"p50": round(self.plan_ms[0], 1), "p95": round(self.plan_ms[1], 1)},
            "memory_mb": round(self.memory_mb),
            "start_s": round(self.start_s, 2),
            "planners": {name: share.to_json() for name, share in self.planners.items()},
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """The row that ``to_json`` wrote."""
        return cls(
            Candidate(PlannerChoice(entry["planner"]), entry["model"], entry["second_model"]),
            entry["passed"],
            entry["total"],
            (entry["plan_ms"]["p50"], entry["plan_ms"]["p95"]),
            entry["memory_mb"],
            entry["start_s"],
            {name: Share(**share) for name, share in entry["planners"].items()},
        )


async def compare(
    settings: Settings, files: Sequence[Path], models: Sequence[str], say: Callable[[str], None]
) -> list[Row]:
    """Run the scenarios with one candidate after another.

    Args:
        files: scenario files.
        models: only these models; all of the catalogue where none is named.
        say: told what is run now, and what is left out and why.
    """
    rows: list[Row] = []
    for candidate in _candidates(settings, models):
        try:
            own = _chosen(settings, candidate)
            say(f"Running {candidate} …")
            rows.append(await _in_own_process(own, candidate, files))
        except CockpitError as error:
            say(f"  {candidate} is left out. {error.spoken}")
    return rows


def _candidates(settings: Settings, models: Sequence[str]) -> Iterator[Candidate]:
    def with_second(planner: PlannerChoice, name: str) -> Candidate:
        second = settings.agent.second_model
        return Candidate(planner, name, second if second != name else "")

    yield Candidate(PlannerChoice.TEMPLATE)
    for name in models or (settings.agent.model,):
        yield with_second(PlannerChoice.AUTO, name)
    for name in models or known_models(settings):
        yield with_second(PlannerChoice.LM, name)


def _chosen(settings: Settings, candidate: Candidate) -> Settings:
    own = with_model(settings, candidate.model) if candidate.model else settings
    update = {"planner": candidate.planner, "second_model": candidate.second}
    agent = own.agent.model_copy(update=update)
    return own.model_copy(update={"agent": agent})


async def _in_own_process(settings: Settings, candidate: Candidate, files: Sequence[Path]) -> Row:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cockpit.evaluation.comparison",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        answer, _ = await process.communicate(json.dumps(_job(settings, files)).encode())
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise CockpitError("It did not come to an end.")
    return replace(Row.from_json(json.loads(answer)), candidate=candidate)


def _job(settings: Settings, files: Sequence[Path]) -> dict[str, Any]:
    # What nobody set must stay so: a model's own thresholds count only there.
    own = settings.model_dump(mode="json", exclude_unset=True)
    return {"settings": own, "files": [str(file) for file in files]}


async def run_candidate(settings: Settings, files: Sequence[Path]) -> Row:
    """Run the scenarios in this process, in which nothing else should be.

    Raises:
        CockpitError: the session cannot be opened.
    """
    scenarios = load_scenarios(files)
    began = time.perf_counter()
    async with Evaluation.open(settings) as evaluation:
        start = time.perf_counter() - began
        results = [await evaluation.run(scenario) for scenario in scenarios]
        megabytes = memory() / 1e6
    planned = [ms for result in results for ms in result.plan_ms]
    return Row(
        Candidate(settings.agent.planner, settings.agent.model, settings.agent.second_model),
        sum(result.passed for result in results),
        len(results),
        middle_and_high(planned or [0.0]),
        megabytes,
        start,
        planner_shares(results),
    )


def table(rows: Sequence[Row]) -> Table:
    """The candidates, one a line."""
    shown = Table(box=None, pad_edge=False, title=machine(), title_justify="left")
    for heading in ("planner", "model"):
        shown.add_column(heading)
    for heading in ("passed", "of", "%", "plan p50 ms", "p95 ms", "memory MB", "start s"):
        shown.add_column(heading, justify="right")
    for row in rows:
        shown.add_row(
            row.candidate.planner.value, row.candidate.models,
            str(row.passed), str(row.total), f"{100 * row.passed / max(1, row.total):.1f}",
            *(f"{ms:.0f}" if ms >= 100 else f"{ms:.3g}" for ms in row.plan_ms),
            f"{row.memory_mb:.0f}", f"{row.start_s:.1f}",
        )  # fmt: skip
    return shown


def main() -> None:
    """Entry point of a candidate's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    job = json.load(sys.stdin)
    settings = Settings.model_validate(job["settings"])
    try:
        row = asyncio.run(run_candidate(settings, [Path(file) for file in job["files"]]))
    except CockpitError as error:
        sys.stderr.write(f"cockpit: {error.spoken}\n")
        raise SystemExit(3) from None
    sys.stdout.write(json.dumps(row.to_json()) + "\n")


if __name__ == "__main__":
    main()
