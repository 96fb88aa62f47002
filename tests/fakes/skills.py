"""Three small skills with every kind of argument, for planners and grammars.

The functions do nothing; only their signatures matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from skills.api import Area, Context, Result, Skill, SkillSet, define_skill, function


class Air(StrEnum):
    """Where air goes."""

    FACE = "face"
    FEET = "feet"


class Thing(BaseModel):
    """Something to buy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(description="What to buy.", max_length=40)]
    quantity: Annotated[int, Field(description="How many.", ge=1, le=99)] = 1


@dataclass(frozen=True)
class Done(Result):
    """Nothing to say."""


@dataclass(frozen=True)
class Found(Result):
    """A place that was found."""

    location: str


@function()
async def set_temperature(
    ctx: Context,
    temperature: Annotated[float, Field(description="Degrees Celsius.", ge=16, le=28)],
    where: Annotated[Area | None, Field(description="Whose zone.")] = None,
) -> Done:
    """Set the temperature of a zone."""
    return Done()


@function()
async def change_temperature(
    ctx: Context,
    by: Annotated[float, Field(description="Degrees Celsius.", ge=-12, le=12)],
    where: Annotated[Area | None, Field(description="Whose zone.")] = None,
) -> Done:
    """Make a zone warmer or colder by some degrees."""
    return Done()


@function()
async def set_fan(
    ctx: Context,
    percent: Annotated[int, Field(description="Speed in percent.", ge=0, le=100)],
    air: Annotated[Air | None, Field(description="Where the air goes.")] = None,
) -> Done:
    """Set the fan."""
    return Done()


@function()
async def set_defrost(ctx: Context, on: Annotated[bool, Field(description="On or off.")]) -> Done:
    """Switch the defroster on or off."""
    return Done()


@function()
async def set_color(
    ctx: Context,
    color: Annotated[str, Field(description="Colour as #RRGGBB.", pattern="^#[0-9A-F]{6}$")],
) -> Done:
    """Set the colour of the lights."""
    return Done()


@function()
async def add(
    ctx: Context, items: Annotated[list[Thing], Field(description="What to add.", max_length=4)]
) -> Done:
    """Add things to the shopping list."""
    return Done()


@function()
async def clear(ctx: Context) -> Done:
    """Empty the shopping list."""
    return Done()


@function(question=True)
async def find(
    ctx: Context, query: Annotated[str, Field(description="Name or kind of a place.")]
) -> Found:
    """Find a place."""
    return Found(query)


@function()
async def start(ctx: Context, place: Annotated[str, Field(description="Where to.")]) -> Done:
    """Start the route to a place."""
    return Done()


def _skill(name: str, *functions: object) -> Skill:
    replies = {Done: lambda _: "Done.", Found: lambda found: f"{found.location}."}
    sentences = Path(__file__).with_suffix(".yaml")
    return define_skill(name, name, functions, replies, sentences)  # type: ignore[arg-type]


CABIN = _skill("climate", set_temperature, change_temperature, set_fan, set_defrost, set_color)
SHOPPING = _skill("shopping", add, clear)
ROUTE = _skill("route", find, start)
SKILLS = SkillSet([CABIN, SHOPPING, ROUTE])
