"""``cockpit eval`` and ``cockpit bench``: how good and how fast it is."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cockpit.cli.exits import Exit, check_writable, run_async
from cockpit.evaluation.bench import Part, measure, table
from cockpit.evaluation.runner import ScenarioResult, report
from cockpit.evaluation.runner import evaluate as run_scenarios
from cockpit.evaluation.scenario import Scenario, load_scenarios
from cockpit.settings import PlannerChoice, Settings

_WIDE = 120
"""Columns of the table where nobody watches."""


def evaluate(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")],
    out: Annotated[Path | None, typer.Option("--json", help="Write the results here.")] = None,
    planner: Annotated[PlannerChoice | None, typer.Option(help="Who may plan.")] = None,
) -> None:
    """Run scenarios against the simulated vehicle.

    Prints a line a failing scenario, then `N passed, M failed`. Ends with 1 where one failed.
    """
    settings: Settings = context.obj
    if planner is not None:
        agent = settings.agent.model_copy(update={"planner": planner})
        settings = settings.model_copy(update={"agent": agent})
    check_writable(out)
    scenarios = load_scenarios(paths)
    results = run_async(_evaluate(settings, scenarios))
    summary = report(results)
    if out is not None:
        out.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"{summary['passed']} passed, {summary['failed']} failed")
    if summary["failed"]:
        raise typer.Exit(Exit.FAILED)


async def _evaluate(settings: Settings, scenarios: tuple[Scenario, ...]) -> list[ScenarioResult]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("scenarios", total=len(scenarios))

        def finished(result: ScenarioResult) -> None:
            progress.advance(task)
            if not result.passed:
                typer.echo(f"FAIL {result.id}: {'; '.join(result.failures)}")

        return await run_scenarios(settings, scenarios, finished)


def bench(
    context: typer.Context,
    part: Annotated[Part, typer.Argument(help="planner, bus, speech or all.")] = Part.ALL,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure the budgets of the design on this machine and print a table."""
    check_writable(out)
    stderr = Console(stderr=True)
    say = partial(stderr.print, highlight=False)
    measurements = run_async(measure(context.obj, part, say))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(f"cockpit bench {part.value}")
    console.print(table(measurements))
    if out is not None:
        text = json.dumps([entry.to_json() for entry in measurements], indent=2)
        out.write_text(text + "\n", encoding="utf-8")
