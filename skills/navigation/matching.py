"""Comparing what was heard with names, in spite of spelling and of recognition errors."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz import fuzz

_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "đ": "d", "ł": "l", "&": " and "})
_NOT_WORD = re.compile(r"[^a-z0-9]+")
# How an English recogniser writes sounds of other languages: what is left after these is
# compared letter by letter.
_SOUNDS = (
    ("ck", "k"),
    ("ph", "f"),
    ("th", "t"),
    ("sch", "s"),
    ("sh", "s"),
    ("qu", "kv"),
    ("x", "ks"),
    ("c", "k"),
    ("q", "k"),
    ("w", "v"),
    ("z", "s"),
    ("y", "i"),
    ("j", "i"),
    ("ee", "i"),
    ("oo", "u"),
    ("ea", "i"),
    ("ai", "e"),
    ("ey", "ei"),
)
_REPEATED = re.compile(r"(.)\1+")


def fold(text: str) -> str:
    """Lower case, without diacritics and punctuation: ``Café Engel`` → ``cafe engel``."""
    text = text.lower().translate(_SPECIAL).replace("'", "").replace("’", "")
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _NOT_WORD.sub(" ", plain).strip()


def sound_key(folded: str) -> str:
    """A folded text as it roughly sounds, without blanks."""
    key = folded.replace(" ", "")
    for old, new in _SOUNDS:
        key = key.replace(old, new)
    return _REPEATED.sub(r"\1", key)


def name_score(query: str, name: str) -> float:
    """How well a folded query fits a folded name, 0 to 100.

    100 only for equality. A query that is the beginning or a part of the name, word by word,
    stays above 85; likeness of letters and of sounds gives the rest.
    """
    if not query or not name:
        return 0.0
    if query == name:
        return 100.0
    if query.replace(" ", "") == name.replace(" ", ""):
        return 99.0
    words, named = query.split(), name.split()
    score = float(fuzz.ratio(query, name))
    if set(words) <= set(named):
        share = len(query) / len(name)
        score = max(score, 86 + 10 * share + (2 if named[: len(words)] == words else 0))
    key, name_key = sound_key(query), sound_key(name)
    if min(len(key), len(name_key)) >= 4:
        score = max(score, 0.97 * fuzz.ratio(key, name_key))
        if len(key) >= 6 and abs(len(key) - len(name_key)) > 3:
            score = max(score, _word_by_word(words, named))
    return min(score, 98.0)


def _word_by_word(words: list[str], named: list[str]) -> float:
    """Every word of the query against its best word of a longer name."""
    if len(words) > len(named):
        return 0.0
    each = [
        max(float(fuzz.ratio(sound_key(word), sound_key(other))) for other in named)
        for word in words
    ]
    return min(each) * 0.92
