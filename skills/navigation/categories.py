"""What kind of place is asked for: English words against OpenStreetMap tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from skills.navigation.matching import fold

_BESIDE = re.compile(
    r"\b(?:(?:right |somewhere )?(?:near|nearby|by|at|beside|opposite|around|in|on|along)"
    r"|next to|close to|nearest to|closest to|not far from|in front of|across from|next door to)\b",
    re.IGNORECASE,
)
_HERE = frozenset({"me", "here", "us", "my location", "town", "the area", "this area"})


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of place.

    Attributes:
        label: singular, as said aloud.
        plural: plural, as said aloud.
        tags: any of these tags makes a place one.
        apart_m: two that are closer than this are one place; 0 where that can't be said.
    """

    label: str
    plural: str
    tags: tuple[str, ...]
    apart_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place as it was asked for, taken apart.

    Attributes:
        text: folded words that are left without articles and the like.
        category: set where the words, or some of them, name a kind of place.
        rest: words beside the kind ("central" of "central railway station").
        nearest: the closest one was asked for.
        chief: the main one of its kind was asked for.
    """

    text: str
    category: Category | None = None
    rest: str = ""
    nearest: bool = False
    chief: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """The words of ``categories.yaml``."""

    phrases: Mapping[str, Category]
    by_tag: Mapping[str, Category]
    noise: frozenset[str]
    nearest: tuple[str, ...]
    chief: frozenset[str]
    useful_tags: frozenset[str] = field(default_factory=frozenset)

    def label(self, tags: tuple[str, ...]) -> str:
        """What a person calls a place with these tags; the first known one decides."""
        for tag in tags:
            if tag in self.by_tag:
                return self.by_tag[tag].label
        if not tags:
            return "place"
        key, _, value = tags[0].partition("=")
        return (key if value == "yes" else value).replace("_", " ")

    def parse(self, text: str) -> Wanted:
        """Take the words for a place apart."""
        words = fold(text)
        found_nearest = False
        changed = True
        while changed and words:
            before = words
            for phrase in self.nearest:
                if words == phrase:
                    break
                if words.startswith(phrase + " "):
                    words, found_nearest = words[len(phrase) + 1 :], True
                elif words.endswith(" " + phrase):
                    words, found_nearest = words[: -len(phrase) - 1], True
            first, _, others = words.partition(" ")
            if others and first in self.noise and words not in self.phrases:
                words = others
            changed = words != before
        whole = self._phrase(words)
        if whole is not None:
            return Wanted(words, whole, nearest=found_nearest)
        category, rest = self._inside(words)
        chief = bool(rest) and all(word in self.chief for word in rest.split())
        return Wanted(words, category, rest, found_nearest, chief)

    def apart(self, text: str) -> tuple[str, str] | None:
        """``("parking", "the opera")`` of "parking near the opera"; None where it is no such."""
        for match in _BESIDE.finditer(text):
            what, beside = text[: match.start()].strip(), text[match.end() :].strip()
            wanted = self.parse(what)
            if beside and fold(beside) not in _HERE and wanted.category and not wanted.rest:
                return what, beside
        return None

    def _phrase(self, words: str) -> Category | None:
        for candidate in (words, *_singulars(words)):
            if candidate in self.phrases:
                return self.phrases[candidate]
        return None

    def _inside(self, words: str) -> tuple[Category | None, str]:
        """The longest phrase at the end or the beginning, and the words beside it."""
        parts = words.split()
        for size in range(len(parts) - 1, 0, -1):
            tail, head = " ".join(parts[-size:]), " ".join(parts[:-size])
            found = self._phrase(tail)
            if found is not None:
                return found, head
            head, tail = " ".join(parts[:size]), " ".join(parts[size:])
            found = self._phrase(head)
            if found is not None:
                return found, tail
        return None, ""


def _singulars(words: str) -> tuple[str, ...]:
    if words.endswith("ies"):
        return (words[:-3] + "y", words[:-1])
    if words.endswith("es"):
        return (words[:-1], words[:-2])
    if words.endswith("s"):
        return (words[:-1],)
    return ()


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of ``categories.yaml``, read once."""
    path = Path(__file__).with_name("categories.yaml")
    # libyaml's loader takes a tenth of the time; it is missing where PyYAML was built without.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    phrases: dict[str, Category] = {}
    by_tag: dict[str, Category] = {}
    for entry in data["categories"].values():
        label = entry["words"][0]
        category = Category(
            label,
            entry.get("plural", label + "s"),
            tuple(entry["tags"]),
            float(entry.get("apart_m", 0)),
        )
        for word in entry["words"]:
            phrases.setdefault(fold(word), category)
        for tag in entry["tags"]:
            by_tag.setdefault(tag, category)
    useful = frozenset(by_tag)
    for key, entry in data["food"].items():
        adjective = key.replace("_", " ")
        category = Category(
            f"{adjective} restaurant",
            f"{adjective} restaurants",
            tuple("cuisine=" + tag.replace(" ", "_").lower() for tag in entry["tags"]),
        )
        for word in (adjective, *entry["words"]):
            phrases.setdefault(fold(word), category)
            for place in data["eating_place"]:
                phrases.setdefault(fold(f"{word} {place}"), category)
    return Vocabulary(
        phrases=phrases,
        by_tag=by_tag,
        noise=frozenset(data["noise"]),
        # Longest first, so that "nearby" is not taken for "near".
        nearest=tuple(sorted((fold(word) for word in data["nearest"]), key=len, reverse=True)),
        chief=frozenset(data["chief"]),
        useful_tags=useful,
    )
