"""The assistant skill: functions and replies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from skills.api import Context, Result, Status
from skills.assistant import functions
from skills.assistant.replies import REPLIES
from tests.fakes.vehicle import make_context


@dataclass
class Talk:
    """A conversation that notes what was asked of it."""

    last_reply: str | None = "The window is closed."
    question: bool = True
    undoable: str | None = "windows.set"
    interrupted: int = 0

    def drop_question(self) -> bool:
        was, self.question = self.question, False
        return was

    async def undo(self) -> str | None:
        what, self.undoable = self.undoable, None
        return what

    def interrupt(self) -> None:
        self.interrupted += 1

    def abilities(self) -> tuple[str, ...]:
        return ("climate", "navigation")


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def ctx(talk: Talk) -> Context:
    return replace(make_context(), dialogue=talk)


def said(result: Result) -> str:
    return REPLIES[type(result)](result)


async def test_stop_interrupts_and_drops_the_question(ctx: Context, talk: Talk) -> None:
    result = await functions.stop(ctx)
    assert (talk.interrupted, talk.question, result.question) == (1, False, True)


async def test_cancel_leaves_it_without_interrupting(ctx: Context, talk: Talk) -> None:
    assert said(await functions.cancel(ctx)) == "Okay, I'll leave it."
    assert talk.interrupted == 0


async def test_undo_until_nothing_is_left(ctx: Context) -> None:
    assert said(await functions.undo(ctx)) == "Okay, I've undone that."
    nothing = await functions.undo(ctx)
    assert nothing.status is Status.ALREADY
    assert said(nothing) == "There is nothing to undo."


async def test_repeat_says_the_last_answer(ctx: Context, talk: Talk) -> None:
    assert said(await functions.repeat(ctx)) == "The window is closed."
    talk.last_reply = None
    assert said(await functions.repeat(ctx)) == "I haven't said anything yet."


async def test_help_names_the_skills(ctx: Context) -> None:
    assert said(await functions.help(ctx)).startswith("I can help with climate and navigation.")


async def test_time_and_dates(ctx: Context) -> None:
    assert said(await functions.time(ctx)) == "It is 08:30."
    assert said(await functions.date(ctx)) == "Today is Monday, 1 June 2026."
    assert said(await functions.date(ctx, days=1)) == "Tomorrow is Tuesday, 2 June 2026."
    assert said(await functions.date(ctx, days=-1)) == "Yesterday was Sunday, 31 May 2026."
    assert said(await functions.date(ctx, days=30)) == "In 30 days it is Wednesday, 1 July 2026."
