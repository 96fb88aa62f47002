"""What the trained model reads: the utterance in one canonical spelling, its context before it.

Lower case, no marks, numbers in digits, contractions in full: typed text, recognised text and the
training rows look alike, so that a small model need not learn spelling. The same words as the
fast path's are used, and what the model copies out of them is put back as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from cockpit.agent.fastpath.normalise import MARKS, split_words
from cockpit.agent.fastpath.numbers import read_numbers

_WRITTEN: Final = {
    "°": "degrees",
    "%": "percent",
    "&": "and",
    "+": "plus",
    "km/h": "kilometers per hour",
}
_ARTICLE: Final = (re.compile(r"^(?:the|an?|some) "), re.compile(r"^(?:the|some|any) "))
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


def as_said(text: str, utterance: str) -> str:
    """A text that the model copied from ``model_text(utterance)``, as the speaker wrote it.

    Names keep their capitals and numbers their words; a text that is not a run of the
    utterance's words comes back unchanged.
    """
    words = utterance.split()
    wanted = model_text(text)
    for start, stop in _runs(len(words), len(text.split())):
        run = " ".join(words[start:stop])
        if model_text(run) == wanted:
            return run.strip(' ,.;:!?"')
    return text


def _runs(length: int, about: int) -> Sequence[tuple[int, int]]:
    """Starts and ends of the runs of about so many words; a number may be several words."""
    return [
        (start, start + size)
        for size in sorted(range(1, about + 5), key=lambda size: abs(size - about))
        for start in range(length - size + 1)
    ]
