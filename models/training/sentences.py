"""Sentences drawn from hassil templates: the skills' own and those of conversation.yaml.

What a drawn sentence means is what the template planner says of it: it knows which template wins
and what follows from the words around it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.intents import Intents, RangeSlotList, TextSlotList, WildcardSlotList
from hassil.parse_expression import parse_sentence

from cockpit.agent.fastpath.conversation import Conversation, read_yaml
from cockpit.agent.fastpath.numbers import spell
from cockpit.agent.llm.notation import Notation
from cockpit.agent.llm.spoken import model_text
from models.training.phrases import Filled, Piece, Slots, spoken_number, squeezed
from skills.api import Function, SkillSet

_OPTIONAL = 0.25
_WILDCARDS = {
    "nav_place": ("place_name", "place_name", "street", "shop"),
    "nav_name": ("saved_name", "person"),
    "shop_dish": ("meal",),
}
_ITEMS = "shop_items"
_KINDS = "nav_kind"
_LARGEST = 100  # where an argument has no bounds of its own


class CannotDraw(Exception):
    """A template with a list that nothing is known to fill."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A drawn sentence: its pieces, and what was said for its slots."""

    pieces: tuple[Piece, ...]
    said: Mapping[str, str]

    @property
    def text(self) -> str:
        """As it is said."""
        return squeezed("".join(piece.text for piece in self.pieces))


@dataclass(frozen=True, slots=True)
class Template:
    """A line of a sentences file.

    Attributes:
        intent: full name of its function, or a name of conversation.yaml.
        text: the line.
        metadata: flags (``indirect``, ``elliptic``) or what conversation.yaml says.
    """

    intent: str
    text: str
    metadata: Mapping[str, Any]
    scope: Scope

    def draw(self, slots: Slots, rng: random.Random) -> Sentence:
        """A sentence.

        Raises:
            CannotDraw: it has a list that nothing is known to fill.
        """
        return self.scope.draw(self.text, self.intent, slots, rng)


class Scope:
    """The lists and rules of one file, and the functions whose arguments they fill."""

    def __init__(self, source: Mapping[str, Any], functions: Mapping[str, Function]) -> None:
        self._intents = Intents.from_dict({"language": "en", **source})
        self._functions = functions
        self._parsed: dict[str, Expression] = {}

    def templates(self) -> Iterator[Template]:
        """Its lines."""
        for name, intent in self._intents.intents.items():
            for data in intent.data:
                for text in data.sentence_texts:
                    yield Template(name, text, dict(data.metadata or {}), self)

    def draw(self, text: str, intent: str, slots: Slots, rng: random.Random) -> Sentence:
        """A sentence of a line."""
        if text not in self._parsed:
            self._parsed[text] = parse_sentence(text).expression
        said: dict[str, str] = {}
        pieces = tuple(self._pieces(self._parsed[text], intent, slots, rng, said))
        return Sentence(pieces, said)

    def _pieces(
        self,
        expression: Expression,
        intent: str,
        slots: Slots,
        rng: random.Random,
        said: dict[str, str],
    ) -> Iterator[Piece]:
        if isinstance(expression, TextChunk):
            yield Piece(expression.original_text)
        elif isinstance(expression, ListReference):
            filled = self._filled(expression, intent, slots, rng)
            said[expression.slot_name] = filled.spoken
            yield Piece(filled.spoken, expression.slot_name)
        elif isinstance(expression, RuleReference):
            rule = self._intents.expansion_rules[expression.rule_name]
            yield from self._pieces(rule.expression, intent, slots, rng, said)
        elif isinstance(expression, Alternative):
            items: Sequence[Expression] = expression.items
            if expression.is_optional:
                if rng.random() >= _OPTIONAL:
                    return
                items = [item for item in items if not _is_empty(item)] or items
            yield from self._pieces(_usual(items, rng), intent, slots, rng, said)
        elif isinstance(expression, Group):
            items = list(expression.items)
            if isinstance(expression, Permutation):
                rng.shuffle(items)
                items = [part for item in items for part in (item, TextChunk(" "))]
            for item in items:
                yield from self._pieces(item, intent, slots, rng, said)

    def _filled(
        self, reference: ListReference, intent: str, slots: Slots, rng: random.Random
    ) -> Filled:
        name = reference.list_name
        found = self._intents.slot_lists.get(name)
        if isinstance(found, TextSlotList):
            value = (
                rng.choice(found.values) if len(found.values) > 30 else _usual(found.values, rng)
            )
            said: dict[str, str] = {}
            inner = self._pieces(value.text_in, intent, slots, rng, said)
            return Filled(str(value.value_out), squeezed("".join(piece.text for piece in inner)))
        if isinstance(found, RangeSlotList):
            low, high = self._bounds(intent, reference.slot_name)
            factor = found.multiplier or 1
            fits = [n for n in range(found.start, found.stop + 1) if low <= n * factor <= high]
            number: float = rng.choice(fits or [found.start])
            if found.fraction_type is not None and rng.random() < 0.25 and number + 1 in fits:
                number += 0.5
            return Filled(spell(number * factor), spoken_number(number, rng))
        if isinstance(found, WildcardSlotList):
            if name == _ITEMS:
                return _items(slots, rng)
            if name in _WILDCARDS:
                return slots.draw(rng.choice(_WILDCARDS[name]), rng)
        raise CannotDraw(name)

    def _bounds(self, intent: str, argument: str) -> tuple[float, float]:
        function = self._functions.get(intent)
        info = function.arguments.model_fields.get(argument) if function is not None else None
        metadata = info.metadata if info is not None else []
        low = next((entry.ge for entry in metadata if hasattr(entry, "ge")), -_LARGEST)
        high = next((entry.le for entry in metadata if hasattr(entry, "le")), _LARGEST)
        return float(low), float(high)


def _is_empty(expression: Expression) -> bool:
    return isinstance(expression, TextChunk) and not expression.text.strip()


def _usual[T](items: Sequence[T], rng: random.Random) -> T:
    """One of the items; those that stand first are the usual words."""
    weights = [(1 + index) ** -0.9 for index in range(len(items))]
    return rng.choices(items, weights)[0]


def _items(slots: Slots, rng: random.Random) -> Filled:
    """One to three things to buy."""
    amounts = ("", "", "", "", "two ", "three ", "a pack of ", "some ", "a bottle of ", "six ")
    names = [
        rng.choice(amounts) + slots.draw(rng.choice(("food", "food", "drink")), rng).spoken
        for _ in range(rng.choice((1, 1, 2, 2, 3)))
    ]
    joined = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return Filled(joined, joined)


def skill_templates(skills: SkillSet) -> list[Template]:
    """The lines of every skill's sentences."""
    common = read_yaml(files("skills").joinpath("common.yaml").read_text(encoding="utf-8"))
    found: list[Template] = []
    for skill in skills.skills:
        own = read_yaml(skill.sentences.read_text(encoding="utf-8"))
        found += Scope(_merged(common, own), skill.functions).templates()
    return found


def implied_texts(skills: SkillSet) -> set[str]:
    """Kinds of places, and what sentences name though nobody says it ("i'm hungry")."""
    notation = Notation(skills)
    found: set[str] = set()
    for skill in skills.skills:
        own = read_yaml(skill.sentences.read_text(encoding="utf-8"))
        for name, intent in (own.get("intents") or {}).items():
            for data in intent["data"]:
                slots = data.get("slots") or {}
                found.update(text for key, text in slots.items() if notation.is_text(name, key))
        kinds = ((own.get("lists") or {}).get(_KINDS) or {}).get("values") or ()
        found.update(kind if isinstance(kind, str) else str(kind["out"]) for kind in kinds)
    return {model_text(text) for text in found}


def talk_templates() -> list[Template]:
    """The lines of conversation.yaml that are talk, or beyond the car."""
    common = read_yaml(files("skills").joinpath("common.yaml").read_text(encoding="utf-8"))
    source = Conversation.default().source
    return [
        template
        for template in Scope(_merged(common, source), {}).templates()
        if template.metadata.get("role") in ("talk", "unknown", "negated")
    ]


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {"intents": own.get("intents") or {}}
    for key in ("lists", "expansion_rules"):
        merged[key] = {**(common.get(key) or {}), **(own.get(key) or {})}
    return merged
