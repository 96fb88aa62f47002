"""``cockpit say``: one typed request."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cockpit.addressing import typed
from cockpit.agent.plan import Outcome, Turn, Utterance
from cockpit.cli.exits import UsageError, run_async
from cockpit.cli.vehicle import open_vehicle
from cockpit.session import open_session
from cockpit.settings import PlannerChoice, Settings
from vehicle_bus.seats import Seat


def say(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What is said.")],
    seat: Annotated[Seat, typer.Option(help="Where the speaker sits.")] = Seat.DRIVER,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    planner: Annotated[
        PlannerChoice | None, typer.Option(help="In place of the setting agent.planner.")
    ] = None,
) -> None:
    """Understand one sentence, act on it and answer.

    Without a configured broker it talks to a simulated vehicle that ends with the command.
    """
    text = typed(text)
    if not text:
        raise UsageError('There is nothing to say; for example: cockpit say "open my window".')
    run_async(_say(context.obj, text, seat, planner, as_json=as_json))


async def _say(
    settings: Settings, text: str, seat: Seat, planner: PlannerChoice | None, *, as_json: bool
) -> None:
    console = Console(stderr=True, highlight=False)
    async with (
        open_vehicle(settings) as bus,
        # One sentence seldom needs the language model, so it is loaded only if it does.
        open_session(settings, bus, planner=planner, preload=False) as session,
    ):
        for notice in session.notices:
            console.print(notice, style="yellow")
        turn = await session.agent.turn(Utterance(text, seat))
    if as_json:
        typer.echo(json.dumps(turn.to_json(), ensure_ascii=False))
        return
    typer.echo(turn.reply)
    for outcome in turn.outcomes:
        console.print(escape(_line(outcome)), style="dim")
    console.print(escape(_summary(turn)), style="dim")


def _line(outcome: Outcome) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in outcome.call.arguments.items())
    return f"  {outcome.call.function}({arguments}): {outcome.status.value}"


def _summary(turn: Turn) -> str:
    total = turn.timings_ms["total"]
    waits = ", waits for an answer" if turn.asks else ""
    return f"  planned by {turn.planner} in {turn.timings_ms['plan']:.0f} ms, {total:.0f} ms{waits}"
