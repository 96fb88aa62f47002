"""Free texts of a plan that are known: groceries, dishes, kinds of place, names on the map.

A template's free text takes any words, so that "I have no idea why" looks like something that ran
out, and "cod and we stop at the market" like one thing to buy. What is known is taken at its word,
and so are few words in a sentence that says what it is about; anything else is strange, and
somebody should be asked for a second opinion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cockpit.agent.fastpath.conversation import read_yaml
from cockpit.agent.llm.language import references
from cockpit.agent.plan import Call
from skills.api import Resources
from skills.navigation.categories import vocabulary
from skills.navigation.geo import Point
from skills.navigation.places import Places
from skills.navigation.saved import HOME, WORK, SavedPlaces, canonical
from skills.shopping.amounts import parse_item, singular, split_items
from skills.shopping.recipes import Cookbook
from skills.shopping.store import ShoppingList
from vehicle_bus.errors import CockpitError

_ABOUT: Final = {
    "shopping": re.compile(r"\b(?:shopping|grocer(?:y|ies)|list|recipes?|ingredients?)\b", re.I),
    "navigation": re.compile(
        r"\b(?:navigat\w+|routes?|directions?|destination|stop(?:over)?s?|address)\b"
        r"|\b(?:take|drive|bring|guide|lead) (?:me|us)\b|\b(?:drive|go|head) (?:to|home)\b",
        re.I,
    ),
}
"""Words with which a sentence itself says what it is about."""
_FEW: Final = 3
"""So many words may be the name of anything; more may be the next command."""
_RUNS_ON: Final = re.compile(
    r"\b(?:and|but|plus|then|also|oh|another|again|please|afterwards|first|nearest|closest"
    r"|on (?:the|my|our) (?:way|list)|for \d+)\b",
    re.I,
)
"""Words that stand between wishes or say how, and seldom in a name."""
_TEXTS: Final = {"shopping": ("items", "dish"), "navigation": ("place", "query", "near", "via")}
"""Arguments that take any words."""
_SAID_IN_FULL: Final = 85.0
"""Score of a search, from which all words are those of the place; distance costs some of it."""
_ANYWHERE: Final = Point(0.0, 0.0)


async def strange_calls(calls: Sequence[Call], said: str, resources: Resources) -> tuple[Call, ...]:
    """The calls with a free text that nobody knows.

    Args:
        said: the whole sentence.
        resources: the map, the saved places and the shopping list.
    """
    found = []
    for call in calls:
        skill, _, _ = call.function.partition(".")
        if skill not in _ABOUT:
            continue
        few = _FEW if _ABOUT[skill].search(said) else 0
        knows = _knows_item if skill == "shopping" else _knows_place
        for text in _texts(skill, call.arguments):
            if references(text) or (len(text.split()) <= few and not runs_on(text)):
                continue
            if not await knows(text, resources):
                found.append(call)
                break
    return tuple(found)


def runs_on(text: str) -> bool:
    """A free text that may hold more than a name: "costco on the way and 20 in here"."""
    return _RUNS_ON.search(text) is not None


def run_on_calls(calls: Sequence[Call]) -> tuple[Call, ...]:
    """The calls with a free text that may hold more than a name."""
    found = []
    for call in calls:
        skill, _, _ = call.function.partition(".")
        if skill in _TEXTS and any(map(runs_on, _texts(skill, call.arguments))):
            found.append(call)
    return tuple(found)


def _texts(skill: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    for name in _TEXTS[skill]:
        value = arguments.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, Sequence):
            yield from map(str, value)


async def _knows_item(text: str, resources: Resources) -> bool:
    """All items of a text are groceries, or on the list already; or it is a dish."""
    cookbook = await resources.get(Cookbook)
    if cookbook.find(text) is not None:
        return True
    known = groceries() | ingredients(cookbook)
    listed = await resources.get(ShoppingList)
    names = [item.name for part in split_items(text) if (item := parse_item(part))]
    return bool(names) and all(_is_one_of(known, name) or bool(listed.find(name)) for name in names)


def _is_one_of(things: frozenset[str], name: str) -> bool:
    """A known thing, whatever kind of it: "red apples" are apples."""
    words = singular(name.lower()).split()
    return len(words) <= _FEW and any(" ".join(words[at:]) in things for at in range(len(words)))


@cache
def groceries() -> frozenset[str]:
    """Things that people buy, in the singular."""
    text = files("skills.shopping").joinpath("groceries.yaml").read_text(encoding="utf-8")
    words = read_yaml(text)
    names = (*words["staples"], *words["compounds"], *words["whole"])
    return frozenset(singular(name) for name in names)


@cache
def ingredients(cookbook: Cookbook) -> frozenset[str]:
    """What goes into all dishes, in the singular."""
    recipes = (cookbook.find(name) for name in cookbook.names())
    return frozenset(singular(item.name) for one in recipes if one for item in one.ingredients)


async def _knows_place(text: str, resources: Resources) -> bool:
    """A kind of place, one of the speaker's own, or a name on the map."""
    wanted = vocabulary().parse(text)
    if wanted.category is not None and (not wanted.rest or wanted.chief):
        return True
    if canonical(text) in (HOME, WORK):
        return True
    try:
        if (await resources.get(SavedPlaces)).find(text) is not None:
            return True
        parts = vocabulary().apart(text)
        if parts is not None:
            return await _knows_place(parts[1], resources)
        found = await (await resources.get(Places)).search(text, _ANYWHERE, 1)
    except CockpitError:
        return True  # without a map nothing is known, and nothing strange either
    return bool(found) and found[0].score >= _SAID_IN_FULL
