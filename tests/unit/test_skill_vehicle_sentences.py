"""What holds for the sentences of every vehicle skill."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from hassil import Intents
from hassil.expression import Expression, Group, ListReference, RuleReference
from hassil.intents import RangeSlotList, TextSlotList

from skills.api import OutOfRange, Skill, SkillError
from skills.colors import COLORS
from tests.fakes.sentences import read_sentences, readings

SKILLS: tuple[Skill, ...] = tuple(
    import_module(f"skills.{name}").SKILL
    for name in (
        "climate", "windows", "doors", "seats", "lights", "wipers", "media", "status", "charging",
    )
)  # fmt: skip
FLAGS = {"indirect", "elliptic", "cost"}

each_skill = pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)


def references(expression: Expression, intents: Intents) -> set[tuple[str, str]]:
    """(list, slot) of every list that a template can reach."""
    if isinstance(expression, ListReference):
        return {(expression.list_name, expression.slot_name)}
    if isinstance(expression, RuleReference):
        return references(intents.expansion_rules[expression.rule_name].expression, intents)
    found: set[tuple[str, str]] = set()
    if isinstance(expression, Group):
        for item in expression.items:
            found |= references(item, intents)
    return found


@each_skill
def test_sentences_cover_every_function(skill: Skill) -> None:
    assert set(read_sentences(skill)["intents"]) == set(skill.functions)


@each_skill
def test_sentences_name_only_arguments_and_valid_constants(skill: Skill) -> None:
    source = read_sentences(skill)
    for name, intent in source["intents"].items():
        model = skill.functions[name].arguments
        for block in intent["data"]:
            constants: dict[str, Any] = block.get("slots", {})
            assert set(constants) <= set(model.model_fields), name
            assert set(block.get("metadata", {})) <= FLAGS, name
            for argument, value in constants.items():
                _validate(skill, name, {argument: value})


@each_skill
def test_sentences_fill_arguments_with_values_they_take(skill: Skill) -> None:
    intents = Intents.from_dict(read_sentences(skill))
    for name, intent in intents.intents.items():
        function = skill.functions[name]
        for data in intent.data:
            required = {
                argument
                for argument, field in function.arguments.model_fields.items()
                if field.is_required()
            }
            for sentence in data.sentences:
                used = references(sentence.expression, intents)
                slots = {slot for _, slot in used}
                assert slots <= set(function.arguments.model_fields), sentence.text
                assert required <= slots | set(data.slots), sentence.text
                for list_name, slot in used:
                    values = intents.slot_lists[list_name]
                    if isinstance(values, TextSlotList):
                        for value in values.values:
                            _validate(skill, name, {slot: value.value_out})
                    else:
                        assert isinstance(values, RangeSlotList)


def _validate(skill: Skill, name: str, arguments: dict[str, Any]) -> None:
    try:
        skill.functions[name].validate(arguments)
    except OutOfRange:
        return  # the check tells the speaker the limit
    except SkillError as error:
        # Only what this very check leaves out may be missing.
        missing = re.fullmatch(r"I need to know the (.*)\.", error.spoken)
        assert missing, f"{name}{arguments}: {error.spoken}"
        assert missing[1].replace(" ", "_") not in arguments


@each_skill
@pytest.mark.parametrize(
    "text",
    [
        "do not open the window",
        "do not turn on the heating",
        "never unlock the doors",
        "do not turn off the lights",
        "please do not honk",
        "i am not cold",
        "it is not too hot",
        "you should not open the trunk",
        "do not start charging",
        "do not play music",
    ],
)
def test_sentences_never_match_a_refusal(skill: Skill, text: str) -> None:
    assert readings(skill, text) == []


@each_skill
@pytest.mark.parametrize(
    "text",
    ["what is the capital of france", "tell me a joke", "i had a window seat", "hello", "the"],
)
def test_sentences_never_match_other_talk(skill: Skill, text: str) -> None:
    assert readings(skill, text) == []


def test_colors_have_a_name_to_be_read_back() -> None:
    values = read_sentences(SKILLS[0])["lists"]["color"]["values"]
    assert {value["out"] for value in values} <= set(COLORS)
