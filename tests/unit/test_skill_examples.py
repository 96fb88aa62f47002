"""What is offered as a completion is understood, and every function is among it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.plan import DialogueContext, Utterance, Verdict
from skills.api import SignatureInvalid, Skill, SkillSet


@pytest.fixture(scope="module")
def skills() -> SkillSet:
    return SkillSet.installed()


@pytest.fixture(scope="module")
def planner(skills: SkillSet) -> TemplatePlanner:
    return TemplatePlanner(skills)


async def test_skill_examples_are_planned_with_functions_of_their_skill(
    skills: SkillSet, planner: TemplatePlanner
) -> None:
    for skill in skills.skills:
        for example in skill.examples:
            said = example.format(place="home", item="milk")
            plan = await planner.plan(Utterance(said), DialogueContext())
            assert plan is not None and plan.verdict is Verdict.ACT, said
            assert {call.function for call in plan.calls} <= set(skill.functions), said


async def test_skill_examples_name_every_function(
    skills: SkillSet, planner: TemplatePlanner
) -> None:
    for skill in skills.skills:
        planned: set[str] = set()
        for example in skill.examples:
            said = example.format(place="home", item="milk")
            plan = await planner.plan(Utterance(said), DialogueContext())
            planned |= {call.function for call in plan.calls} if plan else set()
        assert set(skill.functions) <= planned


def test_skill_without_examples_has_none(tmp_path: Path) -> None:
    assert Skill("bare", "Bare", {}, {}, tmp_path / "sentences.yaml").examples == ()


def test_skill_examples_that_are_no_list_are_refused(tmp_path: Path) -> None:
    (tmp_path / "examples.yaml").write_text("open: my window\n")
    with pytest.raises(SignatureInvalid):
        _ = Skill("bare", "Bare", {}, {}, tmp_path / "sentences.yaml").examples
