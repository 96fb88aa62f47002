"""``cockpit skills``: what the agent can do."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from skills.api import Function, SkillSet

_WIDE = 240

app = typer.Typer(help="What the agent can do.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What the agent can do."""


@app.command("list")
def list_skills(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the functions with their JSON schemas.")
    ] = False,
) -> None:
    """List every installed skill with its functions and their arguments."""
    skills = SkillSet.installed()
    if as_json:
        typer.echo(json.dumps([_schema(function) for function in skills.values()], indent=2))
        return
    table = Table("function", "arguments", "what it does", box=None, pad_edge=False)
    for skill in skills.skills:
        table.add_section()
        for function in skill.functions.values():
            table.add_row(function.name, _arguments(function), function.description)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:  # one function a line for whoever searches the list
        console.width = _WIDE
    console.print(table)


def _schema(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "description": function.description,
        "question": function.question,
        "parameters": function.schema,
    }


def _arguments(function: Function) -> str:
    """``temperature [where]``: those in brackets may be left out."""
    fields = function.arguments.model_fields.items()
    return " ".join(name if field.is_required() else f"[{name}]" for name, field in fields)
