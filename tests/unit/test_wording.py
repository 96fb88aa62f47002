"""What counts as a question, and how a turn's replies are put together."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.agent.plan import Call, Outcome
from cockpit.agent.wording import is_question, proposal, render
from skills.api import Context, Result, SkillSet, Status, define_skill, function
from tests.fakes.skill import Said, all_skills


@pytest.mark.parametrize(
    "text",
    [
        "who wrote Hamlet",
        "and what about the other one",
        "is it far",
        "will it rain tomorrow",
        "should I turn left here",
        "the battery level?",
        "can you tell me how old the queen is",
        "tell me, where are we",
    ],
)
def test_is_question_where_somebody_wants_to_know(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "open the window",
        "can you open the window",
        "could you open the window?",
        "would be nice to hear music",
        "I wonder",
        "so I told him",
    ],
)
def test_is_question_not_where_something_is_to_be_done(text: str) -> None:
    assert not is_question(text)


def outcome(text: str, status: Status = Status.DONE) -> Outcome:
    result = Said(text) if status.ok else None
    return Outcome(Call("test.find"), status, None if status.ok else text, result)


def test_render_says_troubles_after_successes_and_each_once() -> None:
    outcomes = [
        outcome("it broke", Status.FAILED),
        outcome("Done."),
        outcome("it broke", Status.FAILED),
        outcome("never said", Status.SKIPPED),
    ]
    assert render(outcomes, None, all_skills()) == "Done. It broke."


def test_render_puts_the_question_last_and_once() -> None:
    outcomes = [outcome("Sure?", Status.ASKED), outcome("Sure?"), outcome("Done.")]
    assert render(outcomes, "Sure?", all_skills()) == "Done. Sure?"


def test_render_of_a_result_without_reply_still_says_how_it_went() -> None:
    broken = Outcome(Call("test.find"), Status.DONE, None, object())  # type: ignore[arg-type]
    assert render([broken], None, all_skills()) == "Done."


def test_proposal_names_wishes_and_values() -> None:
    calls = [Call("test.find", {"name": "rear_left"}), Call("test.clear")]
    question = proposal(calls, all_skills())
    assert question == (
        "Do you want me to find a place (rear left) and clear everything, after two questions?"
    )


def test_render_uses_the_words_of_the_skill_whose_function_ran() -> None:
    @dataclass(frozen=True)
    class Shared(Result):
        """A result type of two skills."""

    @function()
    async def go(ctx: Context) -> Shared:
        """Go."""
        return Shared()

    sentences = Path(__file__).parents[1] / "fakes" / "skills.yaml"
    one = define_skill("one", "one", [go], {Shared: lambda _: "One."}, sentences)
    two = define_skill("two", "two", [go], {Shared: lambda _: "Two."}, sentences)
    skills = SkillSet([one, two])
    assert skills.render("one.go", Shared()) == "One."
    assert skills.render("two.go", Shared()) == "Two."
