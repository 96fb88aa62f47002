"""A skill for tests: it writes any signal, and ends in every way a call can end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from skills.api import (
    AnswerNeeded,
    Choice,
    Context,
    NotFound,
    Refused,
    Result,
    Skill,
    SkillSet,
    VehicleResult,
    define_skill,
    function,
)
from skills.phrasing import say

Text = Annotated[str, Field(description="Any text.")]


@dataclass(frozen=True)
class Written(VehicleResult):
    """Signals were written."""


@dataclass(frozen=True)
class Place:
    """A place that was found."""

    name: str
    latitude: float


@dataclass(frozen=True)
class Found(Result):
    """A place was found."""

    place: Place


@dataclass(frozen=True)
class Said(Result):
    """Something to say."""

    text: str


@function()
async def write(
    ctx: Context,
    path: Text,
    number: Annotated[float | None, Field(description="Value.", ge=0, le=100)] = None,
    on: Annotated[bool | None, Field(description="Value.")] = None,
) -> Written:
    """Write a signal."""
    value = on if number is None else number
    assert value is not None
    return Written(await ctx.vehicle.apply({path: value}))


@function()
async def nudge(
    ctx: Context, path: Text, by: Annotated[float, Field(description="Step.", ge=-9, le=9)]
) -> Written:
    """Change a signal from where it is."""
    return Written(await ctx.vehicle.apply({path: ctx.vehicle.number(path) + by}))


@function()
async def find(ctx: Context, name: Text) -> Found:
    """Find a place."""
    if name == "nowhere":
        raise NotFound("I couldn't find nowhere.")
    return Found(Place(name, 60.0))


@function()
async def go(ctx: Context, to: Text, latitude: Annotated[float, Field(description="N.")]) -> Said:
    """Go to a place."""
    return Said(f"Going to {to} at {latitude:g}.")


@function()
async def pick(
    ctx: Context, color: Annotated[str | None, Field(description="Which.")] = None
) -> Said:
    """Pick a colour."""
    if color is None:
        choices = (Choice("red", {"color": "red"}), Choice("dark blue", {"color": "blue"}))
        raise AnswerNeeded("Red or dark blue?", key="color", choices=choices)
    return Said(f"Picked {color}.")


@function()
async def clear(ctx: Context) -> Said:
    """Clear everything, after two questions."""
    ctx.require_yes("Really?", "really")
    ctx.require_yes("Really and truly?", "truly")
    return Said("Cleared.")


@function()
async def refuse(ctx: Context) -> Said:
    """Refuse."""
    raise Refused("That is not allowed.")


@function()
async def crash(ctx: Context) -> Said:
    """Fail as a faulty skill does."""
    raise KeyError("oops")


@function()
async def hang(ctx: Context) -> Said:
    """Never end."""
    await asyncio.Event().wait()
    return Said("never")


@function(question=True)
async def read(ctx: Context, path: Text) -> Said:
    """Read a signal."""
    return Said(f"It is {ctx.vehicle.read(path)}.")


FUNCTIONS = (write, nudge, find, go, pick, clear, refuse, crash, hang, read)


def the_skill() -> Skill:
    """The skill, called ``test``."""
    return define_skill(
        "test",
        "Testing",
        FUNCTIONS,
        {
            Written: say,
            Found: lambda result: f"Found {result.place.name}.",
            Said: lambda result: result.text,
        },
        Path(__file__).with_suffix(".yaml"),
    )


def all_skills() -> SkillSet:
    """The skill alone."""
    return SkillSet([the_skill()])
