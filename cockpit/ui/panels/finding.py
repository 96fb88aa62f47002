"""What of many texts somebody means by a few letters; without textual."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")


def finder(query: str) -> Callable[[str], bool]:
    """Whether a text, in small letters, has all the words of a query somewhere."""
    words = query.lower().split()
    return lambda text: all(word in text for word in words)


def scattered(query: str) -> Callable[[str], bool]:
    """Whether a text has the letters of a query in their order, as beginnings of words.

    ``winpos`` finds ``window position``, ``drwp`` finds ``driver window position``.
    """
    letters = "".join(query.lower().split())

    def has(text: str) -> bool:
        starts = [m.start() for m in _WORD.finditer(text)]
        ends = {at for at in starts if text[at] == letters[0]}
        for letter in letters[1:]:
            first = min(ends, default=len(text))
            on = {at + 1 for at in ends if text[at + 1 : at + 2] == letter}
            ends = on | {at for at in starts if at > first and text[at] == letter}
        return bool(ends)

    return has if letters else lambda text: True


def found(query: str, texts: Iterable[str]) -> list[str]:
    """The texts that are meant, in their order: by words, else by scattered letters."""
    known = list(texts)
    fits = finder(query)
    by_words = [text for text in known if fits(text.lower())]
    if by_words or not query.strip():
        return by_words
    fits = scattered(query)
    return [text for text in known if fits(text.lower())]


def best[T](query: str, things: Sequence[T], text_of: Callable[[T], str], limit: int) -> list[T]:
    """The things that are meant, likeliest first.

    For one word, what begins with it comes before what holds it somewhere; otherwise the order
    stays.
    """
    texts = {text_of(thing).lower(): thing for thing in things}
    words = query.lower().split()

    def rank(text: str) -> int:
        return int(len(words) == 1 and not text.startswith(words[0]))

    return [texts[text] for text in sorted(found(query, texts), key=rank)[:limit]]
