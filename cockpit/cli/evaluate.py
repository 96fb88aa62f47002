"""``cockpit eval`` and ``cockpit bench``: how good and how fast it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from cockpit.cli.exits import Exit, UsageError, check_writable, run_async
from cockpit.evaluation import comparison
from cockpit.evaluation.bench import Findings, Part, measure
from cockpit.evaluation.measurement import machine, table
from cockpit.evaluation.models import with_model
from cockpit.evaluation.runner import ScenarioResult, planner_shares, report
from cockpit.evaluation.runner import evaluate as run_scenarios
from cockpit.evaluation.scenario import Scenario, load_scenarios
from cockpit.evaluation.shares import say_shares
from cockpit.evaluation.waterfall import waterfall
from cockpit.settings import PlannerChoice, Settings

_WIDE = 120
"""Columns of the table where nobody watches."""


def evaluate(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")],
    out: Annotated[Path | None, typer.Option("--json", help="Write the results here.")] = None,
    planner: Annotated[PlannerChoice | None, typer.Option(help="Who may plan.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Language model: a name of the catalogue or a GGUF file.")
    ] = None,
) -> None:
    """Run scenarios against the simulated vehicle.

    Prints a line a failing scenario, then `N passed, M failed`. Ends with 1 where one failed.
    """
    settings: Settings = context.obj
    if planner is not None:
        agent = settings.agent.model_copy(update={"planner": planner})
        settings = settings.model_copy(update={"agent": agent})
    if model is not None:
        if settings.agent.planner is PlannerChoice.TEMPLATE:
            raise UsageError("--model says nothing to the template planner; leave one of them out.")
        settings = with_model(settings, model)
    check_writable(out)
    scenarios = load_scenarios(paths)
    results = run_async(_evaluate(settings, scenarios))
    summary = report(results)
    if out is not None:
        out.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"{summary['passed']} passed, {summary['failed']} failed")
    typer.echo(say_shares(planner_shares(results)), err=True)
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
    part: Annotated[Part, typer.Argument(help="planner, bus, speech, all; models.")] = Part.ALL,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="For models: scenario files, or folders of them.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="For models: compare only this one; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    audio: Annotated[
        Path | None,
        typer.Option(help="For speech: folder with labels.json, speech/ and a *noise*.wav."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--waterfall", help="For speech: draw the stages of a turn here, as an SVG."),
    ] = None,
) -> None:
    """Measure the budgets of the design on this machine and print a table.

    `speech` alone takes about twelve minutes and says each request in four voices; `all` has a
    shorter form of it.

    `models` compares the planners and language models instead: how many scenarios each passes,
    and what that takes.
    """
    settings: Settings = context.obj
    if part is not Part.MODELS and (paths or models):
        raise UsageError("Scenario files and --model are for `cockpit bench models` only.")
    if part not in (Part.SPEECH, Part.ALL) and (audio or picture):
        raise UsageError("--audio and --waterfall are for `cockpit bench speech` and `all` only.")
    check_writable(out)
    check_writable(picture)
    say = Console(stderr=True, highlight=False, soft_wrap=True).print
    shown: RenderableType
    if part is Part.MODELS:
        rows = _compared(settings, paths or [], models or [], say)
        shown, figures = comparison.table(rows), [row.to_json() for row in rows]
    else:
        found = run_async(_measured(settings, part, audio))
        shown, figures = table(found.measurements), [one.to_json() for one in found.measurements]
        if picture is not None:
            _draw(picture, found, say)
    _print(f"cockpit bench {part.value}", shown)
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _draw(picture: Path, found: Findings, say: Callable[[str], None]) -> None:
    if not found.turn:
        say("No request was carried out and answered aloud, so there is no turn to draw.")
        return
    note = f"median of {found.turns} spoken requests; {machine()}"
    picture.write_text(waterfall(found.turn, note), encoding="utf-8")


async def _measured(settings: Settings, part: Part, audio: Path | None) -> Findings:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = (TextColumn("  "), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=None, visible=False)

        def tell(done: int, of: int) -> None:
            progress.update(task, completed=done, total=of, visible=done < of)

        return await measure(settings, part, console.print, tell, audio)


def _compared(
    settings: Settings, paths: list[Path], models: list[str], say: Callable[[str], None]
) -> list[comparison.Row]:
    files = tuple(path.resolve() for path in paths or [comparison.EVERYDAY])
    load_scenarios(files)  # a fault in them is told before the work begins
    return run_async(comparison.compare(settings, files, models, say))


def _print(title: str, shown: RenderableType) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(title)
    console.print(shown)
