"""What the trained model reads: the utterance in one canonical spelling, its context before it.

Lower case, no marks, numbers in digits, contractions in full: typed text, recognised text and the
training rows look alike, so that a small model need not learn spelling. The same words as the
fast path's are used, and what the model copies out of them is put back as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from rapidfuzz import fuzz, process

from cockpit.agent.fastpath.normalise import MARKS, split_words
from cockpit.agent.fastpath.numbers import read_numbers
from skills.navigation.categories import vocabulary
from skills.navigation.saved import HOME, WORK, canonical

_WRITTEN: Final = {
    "°": "degrees",
    "%": "percent",
    "&": "and",
    "+": "plus",
    "km/h": "kilometers per hour",
}
_ARTICLE: Final = (re.compile(r"^(?:the|an?|some) "), re.compile(r"^(?:the|some|any) "))
_ALIKE: Final = 84.0  # similarity of a misspelt copy, of 100
_SIGNS: Final = frozenset('€$#/"')


def model_text(utterance: str) -> str:
    """The utterance as the model reads it.

    >>> model_text("Set MY side to twenty-two, don't open the passenger's window!")
    "set my side to 22 do not open the passenger's window"
    """
    text = ""
    for reading in read_numbers(split_words(utterance)):
        word = _WRITTEN.get(reading.text, reading.text)
        if word in MARKS or word in _SIGNS:
            continue
        text += word if not text or word == "'s" else f" {word}"
    return text


def context_text(last: str = "", asked: str = "") -> str:
    """What precedes the utterance in the prompt; a line each, or nothing.

    Args:
        last: the plan of the turn before, in the notation.
        asked: full name of the function whose question is open.
    """
    lines = [f"last {last}"] if last else []
    if asked:
        lines.append(f"asked {asked}")
    return "".join(f"{line}\n" for line in lines)


def bare_name(value: Any, *, listed: bool = False) -> Any:
    """A text of a plan as the model writes it: in its spelling and without the article.

    Args:
        value: a text, or a list of texts; references stay.
        listed: of what is bought, "a" is an amount and stays.
    """
    if isinstance(value, list | tuple):
        return [bare_name(item, listed=listed) for item in value]
    if not isinstance(value, str) or value.startswith("$"):
        return value
    text = model_text(value)
    return _ARTICLE[listed].sub("", text) or text


def spans(free: str, text: str) -> bool:
    """Whether a text is a run of whole words of another."""
    return bool(free) and re.search(rf"(?<![\w]){re.escape(free)}(?![\w])", text) is not None


def may_be_unsaid(free: str) -> bool:
    """Whether a plan may name a text that nobody said.

    "I'm starving" asks for a restaurant, and "it's late, let's go" for home: kinds of places that
    the map knows, and the two saved places that everybody has.
    """
    wanted = vocabulary().parse(free)
    return canonical(free) in (HOME, WORK) or (wanted.category is not None and not wanted.rest)


def nearest_run(free: str, text: str) -> str | None:
    """The run of a text's words that is spelled almost like another text; both as models read.

    >>> nearest_run("mannerheimintie 5", "to manerheimintie 5 please")
    'manerheimintie 5'
    """
    words, length = text.split(), len(free.split())
    runs = (" ".join(words[start:stop]) for start, stop in _runs(len(words), length, 1))
    found = process.extractOne(free, list(runs), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return str(found[0]) if found is not None else None


def as_said(text: str, utterance: str) -> str:
    """A text that the model copied from ``model_text(utterance)``, as the speaker wrote it.

    Names keep their capitals and numbers their words; a text that is not a run of the
    utterance's words comes back unchanged.
    """
    words = utterance.split()
    wanted = model_text(text)
    for start, stop in _runs(len(words), len(text.split()), 4):
        run = " ".join(words[start:stop])
        if model_text(run) == wanted:
            return run.strip(' ,.;:!?"')
    return text


def _runs(length: int, about: int, more: int) -> Sequence[tuple[int, int]]:
    """Starts and ends of the runs of about so many words; a number may be several words."""
    return [
        (start, start + size)
        for size in sorted(range(1, about + more + 1), key=lambda size: abs(size - about))
        for start in range(length - size + 1)
    ]
