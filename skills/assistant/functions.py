"""What one can say about the conversation itself, and the time of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from skills.api import Context, Result, Status, function


@dataclass(frozen=True)
class Stopped(Result):
    """Speaking was stopped; ``question`` says whether an open question was dropped."""

    question: bool


@dataclass(frozen=True)
class Cancelled(Result):
    """What was going on was called off; ``question``: there was an open question."""

    question: bool


@dataclass(frozen=True)
class Undone(Result):
    """The last change was taken back.

    Attributes:
        what: names of the calls, or None where there was nothing to take back.
    """

    what: str | None

    @property
    def status(self) -> Status:
        """ALREADY where nothing was left to undo."""
        return Status.DONE if self.what else Status.ALREADY


@dataclass(frozen=True)
class Repeated(Result):
    """What was said last, or None."""

    text: str | None


@dataclass(frozen=True)
class Helped(Result):
    """What the speaker may ask for."""

    abilities: tuple[str, ...]


@dataclass(frozen=True)
class TimeTold(Result):
    """The time of day."""

    time: datetime


@dataclass(frozen=True)
class DateTold(Result):
    """The date of a day.

    Attributes:
        day: any moment of that day.
        days: how many days from today.
    """

    day: datetime
    days: int


@function()
async def stop(ctx: Context) -> Stopped:
    """Stop speaking and whatever can be stopped at once."""
    ctx.dialogue.interrupt()
    return Stopped(ctx.dialogue.drop_question())


@function()
async def cancel(ctx: Context) -> Cancelled:
    """Drop an open question; nothing is done."""
    return Cancelled(ctx.dialogue.drop_question())


@function()
async def undo(ctx: Context) -> Undone:
    """Take back the last change."""
    return Undone(await ctx.dialogue.undo())


@function(question=True)
async def repeat(ctx: Context) -> Repeated:
    """Say the last answer again."""
    return Repeated(ctx.dialogue.last_reply)


@function(question=True)
async def help(ctx: Context) -> Helped:
    """Say what the assistant can do."""
    return Helped(ctx.dialogue.abilities())


@function(question=True)
async def time(ctx: Context) -> TimeTold:
    """Say what time it is."""
    return TimeTold(ctx.clock.now())


@function(question=True)
async def date(
    ctx: Context,
    days: Annotated[
        int, Field(description="Days from today; 1 is tomorrow, -1 yesterday.", ge=-366, le=366)
    ] = 0,
) -> DateTold:
    """Say the date and the day of the week."""
    return DateTold(ctx.clock.now() + timedelta(days=days), days)
