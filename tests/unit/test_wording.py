"""What counts as a question, and how a turn's replies are put together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cockpit.agent.conditions import parse_condition
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
    said = "Done. It broke. So I left the rest of that undone."
    assert render(outcomes, None, all_skills()) == said


def unmet(call: Call, fact: str) -> Outcome:
    return Outcome(call, Status.SKIPPED, fact, unmet=call.when)


def under(condition: str, function: str, **arguments: Any) -> Call:
    return Call(function, arguments, parse_condition(condition))


@pytest.mark.parametrize(
    ("calls", "fact", "said"),
    [
        (
            [under("raining", "windows.set_window", position=0, where="all")],
            "it isn't raining",
            "It isn't raining, so I left the windows as they are.",
        ),
        (
            [under("raining", "windows.set_window", position=0, where="mine")],
            "it isn't raining",
            "It isn't raining, so I left your window as it is.",
        ),
        (
            [
                under("raining", "windows.set_window", position=0, where="rear_left"),
                under("raining", "windows.set_sunroof", position=0),
            ],
            "it isn't raining",
            "It isn't raining, so I left the rear left window and the sunroof as they are.",
        ),
        (
            [under("raining", "climate.set_fan", level=2)],
            "I can't tell whether it's raining",
            "I can't tell whether it's raining, so I left the fan as it is.",
        ),
        (
            [under("battery < 20", "navigation.go_to", place="home")],
            "the battery is at 62 percent",
            "The battery is at 62 percent, so I left the route as it is.",
        ),
        ([under("raining", "status.battery")], "it isn't raining", "It isn't raining."),
        ([under("raining", "new.thing")], "it isn't raining", "It isn't raining, so I left that."),
    ],
)
def test_render_says_what_a_condition_left(calls: list[Call], fact: str, said: str) -> None:
    skills = SkillSet.installed()
    assert render([unmet(call, fact) for call in calls], None, skills) == said


def test_render_says_nothing_of_the_other_branch() -> None:
    ran = Outcome(
        Call("test.find", {}, parse_condition("not raining")), Status.DONE, None, Said("Done.")
    )
    left = unmet(under("raining", "windows.set_window", position=0), "it isn't raining")
    assert render([left, ran], None, all_skills()) == "Done."


def test_render_says_nothing_of_what_waits_for_an_answer() -> None:
    outcomes = [outcome("Which one?", Status.ASKED), outcome("Which one?", Status.SKIPPED)]
    assert render(outcomes, "Which one?", all_skills()) == "Which one?"


def test_proposal_names_the_condition() -> None:
    call = under("battery < 20", "windows.set_sunroof", position=0)
    said = proposal([call], SkillSet.installed())
    assert said.endswith(" if the battery is below 20 percent?")


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
