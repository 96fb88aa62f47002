"""The development sentences over the sentences of all installed skills."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.plan import DialogueContext, Plan
from skills.api import SkillSet
from tests.unit.sentence_list import Expected, load_sentences

_SENTENCES = load_sentences()


@cache
def _planner() -> TemplatePlanner:
    return TemplatePlanner(SkillSet.installed())


def _plan(entry: Expected) -> Plan | None:
    plan: Plan | None = None
    for text in entry.turns:
        plan = _planner().read(text, DialogueContext(plan.calls if plan else ()))
    return plan


def _right(entry: Expected) -> bool:
    plan = _plan(entry)
    if plan is None:
        return entry.verdict == "NONE"
    calls = tuple(
        (call.function, dict(call.arguments), str(call.when) if call.when else None)
        for call in plan.calls
    )
    return (plan.verdict.name, calls) == (entry.verdict, entry.calls)


def test_nineteen_of_twenty_sentences_are_planned_as_meant() -> None:
    assert len(_SENTENCES) >= 150
    wrong = [" || ".join(entry.turns) for entry in _SENTENCES if not _right(entry)]
    assert len(wrong) <= len(_SENTENCES) * 0.05, "\n".join(wrong)


@pytest.mark.parametrize(
    "entry",
    [entry for entry in _SENTENCES if not entry.calls],
    ids=lambda entry: " || ".join(entry.turns),
)
def test_what_asks_for_nothing_is_planned_as_nothing(entry: Expected) -> None:
    plan = _plan(entry)
    assert plan is None or not plan.calls


@pytest.mark.parametrize("text", ["yeah i saw him yesterday at the station", "he said turn it off"])
def test_talk_between_people_is_not_planned(text: str) -> None:
    plan = _planner().read(text)
    assert plan is None or not plan.calls


def test_every_function_of_a_sentences_file_has_its_required_arguments() -> None:
    """A template gives every argument that its function cannot do without."""
    grammar = _planner().grammar
    functions = SkillSet.installed()
    lacking: set[str] = set()
    for template in grammar.templates:
        entry = functions.get(template.intent)
        if entry is None:
            continue  # conversation.yaml
        given_ones = set(template.slots) | template.named
        required = {
            name for name, field in entry.arguments.model_fields.items() if field.is_required()
        }
        lacking |= {f"{template.text}: {name}" for name in required - given_ones}
    assert not lacking


def test_every_constant_argument_exists() -> None:
    functions = SkillSet.installed()
    unknown = [
        f"{template.intent}: {name}"
        for template in _planner().grammar.templates
        if template.intent in functions
        for name in template.slots
        if name not in functions[template.intent].arguments.model_fields
    ]
    assert not unknown
    assert not _planner().grammar.loose_ends


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(_SENTENCES[0].turns[0].split())), max_size=8))
def test_shuffled_words_never_raise(words: list[str]) -> None:
    plan = _planner().read(" ".join(words))
    assert plan is None or plan.planner == "template"
