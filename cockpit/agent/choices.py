"""Which of several options an answer means: by label, by place in the list, by number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz

_ORDINALS: Final = (
    ("first", "1st", "one", "1"),
    ("second", "2nd", "two", "2"),
    ("third", "3rd", "three", "3"),
    ("fourth", "4th", "four", "4"),
    ("fifth", "5th", "five", "5"),
    ("sixth", "6th", "six", "6"),
    ("seventh", "7th", "seven", "7"),
    ("eighth", "8th", "eight", "8"),
)
_AROUND: Final = frozenset(
    (
        "the", "a", "an", "one", "option", "number", "choice", "result", "please", "take", "me",
        "to", "i", "want", "would", "like", "let's", "go", "with", "for", "use", "pick", "choose",
        "it", "is", "that", "this", "there", "navigate", "uh", "um", "okay", "yes", "ok", "then",
        "id", "i'd", "i'll", "make", "at", "prefer", "rather", "sure", "yeah", "and", "of", "them",
        "thanks", "thank", "you", "just", "maybe", "think",
    )
)  # fmt: skip
_ALIKE: Final = 80
"""Similarity in percent from which a label counts as named: speech recognition misspells names."""


def chosen(text: str, labels: Sequence[str]) -> int | None:
    """Position of the option that a text means; None where it means none, or more than one.

    Args:
        text: what was said, e.g. "the second one", "number two", "the one at the station".
        labels: of the options, in the order they were read out.
    """
    words = _words(text)
    named = _named(words, labels)
    if named is not None:
        return named
    rest = [word for word in words if word not in _AROUND or word == "one"]
    if len(rest) > 1:  # "the second one"
        rest = [word for word in rest if word != "one"]
    if len(rest) != 1:
        return None
    if rest[0] == "last":
        return len(labels) - 1
    return next(
        (place for place, forms in enumerate(_ORDINALS[: len(labels)]) if rest[0] in forms), None
    )


def _named(words: list[str], labels: Sequence[str]) -> int | None:
    """The one label whose words, or some of them that no other label has, were said."""
    said = [word for word in words if word not in _AROUND and not _is_place(word)]
    if not said:
        return None
    parts = [_words(label) for label in labels]
    scores = [_score(said, label) for label in parts]
    best = max(scores, default=0.0)
    if best < _ALIKE or scores.count(best) > 1:
        return None
    return scores.index(best)


def _score(said: list[str], label: list[str]) -> float:
    """Mean over the words said of how alike the label's most similar word is, in percent."""
    if not label:
        return 0.0
    return sum(max(fuzz.ratio(word, part) for part in label) for word in said) / len(said)


def _is_place(word: str) -> bool:
    return word == "last" or any(word in forms for forms in _ORDINALS)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())
