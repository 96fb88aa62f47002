"""Sentences against one skill's templates, by hassil alone (no normalising, no politeness)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from hassil import Intents, recognize_all

import skills
from skills.api import Skill

_COMMON = Path(skills.__file__).with_name("common.yaml")


def read_sentences(skill: Skill) -> dict[str, Any]:
    """A skill's sentences.yaml with the shared lists and rules merged in."""
    common = yaml.safe_load(_COMMON.read_text(encoding="utf-8"))
    own = yaml.safe_load(skill.sentences.read_text(encoding="utf-8"))
    return {
        "language": own["language"],
        "intents": own["intents"],
        "lists": {**common["lists"], **(own.get("lists") or {})},
        "expansion_rules": {**common["expansion_rules"], **(own.get("expansion_rules") or {})},
    }


@cache
def _intents(name: str) -> Intents:
    return Intents.from_dict(read_sentences(import_module(f"skills.{name}").SKILL))


def readings(skill: Skill, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Every function that the text may mean, with its validated arguments, without repeats.

    Arguments that are left at their defaults are left out.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    for match in recognize_all(text, _intents(skill.name)):
        function = skill.functions[match.intent.name]
        slots = {name: entity.value for name, entity in match.entities.items()}
        arguments = function.validate(slots)
        defaults = {name: field.default for name, field in function.arguments.model_fields.items()}
        told = {
            name: value
            for name, value in arguments.items()
            if name not in defaults or value != defaults[name]
        }
        reading = (match.intent.name, told)
        if reading not in found:
            found.append(reading)
    return found
