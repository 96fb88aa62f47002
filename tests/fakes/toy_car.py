"""A few skills with sentences of their own, so that the fast path is tested apart from ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from skills.api import Area, Context, Result, Skill, SkillSet, define_skill, function

Where = Annotated[Area | None, Field(description="Which seats.")]
Percent = Annotated[int, Field(description="How far, in percent.", ge=0, le=100)]


@dataclass(frozen=True)
class Done(Result):
    """It was done."""


@function()
async def set_temperature(
    ctx: Context,
    temperature: Annotated[float, Field(description="Degrees.", ge=16, le=28)],
    where: Where = None,
) -> Done:
    """Set the temperature."""
    return Done()


@function()
async def change_temperature(
    ctx: Context, by: Annotated[float, Field(description="Degrees.")], where: Where = None
) -> Done:
    """Change the temperature."""
    return Done()


@function()
async def set_ac(ctx: Context, on: Annotated[bool, Field(description="On.")]) -> Done:
    """Switch the air conditioning."""
    return Done()


@function()
async def set_fan(ctx: Context, level: Annotated[int, Field(description="Level.")]) -> Done:
    """Set the fan."""
    return Done()


@function()
async def move_window(ctx: Context, position: Percent, where: Where = None) -> Done:
    """Move windows."""
    return Done()


@function()
async def move_sunroof(ctx: Context, position: Percent) -> Done:
    """Move the sunroof."""
    return Done()


@function(question=True)
async def window_state(ctx: Context, where: Where = None) -> Done:
    """Say whether a window is open."""
    return Done()


@function()
async def heat_seat(
    ctx: Context, level: Annotated[int, Field(description="Level.")] = 3, where: Where = None
) -> Done:
    """Heat seats."""
    return Done()


@function()
async def heat_wheel(ctx: Context, on: Annotated[bool, Field(description="On.")] = True) -> Done:
    """Heat the steering wheel."""
    return Done()


@function()
async def ambient(ctx: Context, color: Annotated[str, Field(description="Colour.")]) -> Done:
    """Colour the ambient light."""
    return Done()


@function()
async def beam(ctx: Context, on: Annotated[bool, Field(description="On.")]) -> Done:
    """Switch the low beam."""
    return Done()


@function()
async def add(ctx: Context, items: Annotated[str, Field(description="Items.")]) -> Done:
    """Add to the shopping list."""
    return Done()


@function()
async def go(ctx: Context, place: Annotated[str, Field(description="Where to.")]) -> Done:
    """Navigate."""
    return Done()


_FOLDER = Path(__file__).with_name("toy_sentences")


def _skill(name: str, *functions: object) -> Skill:
    replies = {Done: lambda result: "Done."}
    return define_skill(name, name.title(), functions, replies, _FOLDER / f"{name}.yaml")  # type: ignore[arg-type]


def toy_skills() -> SkillSet:
    """Climate, windows, seats, lights, shopping and navigation of a toy car."""
    return SkillSet(
        [
            _skill("climate", set_temperature, change_temperature, set_ac, set_fan),
            _skill("windows", move_window, move_sunroof, window_state),
            _skill("seats", heat_seat, heat_wheel),
            _skill("lights", ambient, beam),
            _skill("shopping", add),
            _skill("navigation", go),
        ]
    )
