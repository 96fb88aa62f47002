"""The recipes that the skill knows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from rapidfuzz import fuzz

from skills.api import Environment
from skills.shopping.amounts import Item, parse_item, singular

LIKE_ENOUGH = 80.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """A dish: its name, for how many it is, and what goes into it."""

    name: str
    servings: int
    ingredients: tuple[Item, ...]

    def scaled(self, servings: int) -> Recipe:
        """The same dish for another number of people."""
        factor = servings / self.servings
        items = tuple(
            Item(item.name, tuple(amount.times(factor) for amount in item.amounts))
            for item in self.ingredients
        )
        return Recipe(self.name, servings, items)


class LastDish:
    """The dish that was talked about last (Resource)."""

    def __init__(self) -> None:
        self.recipe: Recipe | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """A session starts with none."""
        yield cls()


class Cookbook:
    """All recipes of ``recipes.yaml`` (Resource)."""

    def __init__(self, recipes: Mapping[str, Any]) -> None:
        self._recipes: dict[str, Recipe] = {}
        self._names: dict[str, str] = {}
        for name, entry in recipes.items():
            items = tuple(
                item for text in entry["ingredients"] if (item := parse_item(text)) is not None
            )
            self._recipes[name] = Recipe(name, entry["servings"], items)
            for other in (name, *entry.get("also", ())):
                self._names[singular(other.lower())] = name

    @classmethod
    def default(cls) -> Self:
        """The recipes that come with the skill."""
        path = Path(__file__).with_name("recipes.yaml")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it is there
        return cls(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))  # noqa: S506

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """Open the recipes that come with the skill."""
        yield cls.default()

    def names(self) -> tuple[str, ...]:
        """Names of all dishes."""
        return tuple(sorted(self._recipes))

    def find(self, dish: str) -> Recipe | None:
        """The dish that a spoken name means, recognition errors included."""
        words = singular(_bare(dish))
        if words in self._names:
            return self._recipes[self._names[words]]
        scored = [(fuzz.ratio(words, name), name) for name in self._names]
        best, name = max(scored, default=(0.0, ""))
        if best >= LIKE_ENOUGH:
            return self._recipes[self._names[name]]
        within = [name for name in self._names if f" {name} " in f" {words} "]
        if within:
            return self._recipes[self._names[max(within, key=len)]]
        return None

    def like(self, dish: str, limit: int = 3) -> tuple[str, ...]:
        """Dishes whose names share something with what was said."""
        words = set(_bare(dish).split())
        sharing = [name for name in self.names() if words & set(name.split())]
        return tuple(sharing[:limit])


_NEXT_CLAUSE = re.compile(
    r"\s+(?:so |and )?(?:please |can you |could you )?"
    r"(?:add|put|write|get|place|throw|include|note)\s+"
    r"(?:the |all |what |every|it\b|them\b|that\b|those\b).*$"
)
_LEADS = ("a ", "an ", "the ", "some ", "my ", "our ", "homemade ", "really good ", "good ")
_TAILS = (
    " this evening",
    " tomorrow",
    " this weekend",
    " later",
    " recipe",
    " tonight",
    " for dinner",
    " for lunch",
    " for breakfast",
    " today",
    " please",
)


def _bare(dish: str) -> str:
    # "pancakes tonight, put the ingredients [on my list]": the dish ends at the mark.
    words = re.split(r"[,.;]", dish.lower().strip(" .,?!"))[0].strip()
    words = _NEXT_CLAUSE.sub("", words)
    changed = True
    while changed:
        before = words
        for lead in _LEADS:
            words = words.removeprefix(lead)
        for tail in _TAILS:
            words = words.removesuffix(tail)
        changed = words != before
    return words
