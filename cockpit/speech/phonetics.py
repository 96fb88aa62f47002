"""How words sound, roughly, and how far two sounds are apart.

A recogniser writes a name that it does not know in words that sound like it: "Kaiba Karu" for
Kaivokatu. Both are read here as English readers and speakers of other languages do, which gives
one letter a sound; sounds that are easily taken for each other are close. Consonants carry a
name; vowels are what an accent changes first, and cost little.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

_FOLDED: Final = str.maketrans({"ß": "ss", "ø": "o", "æ": "a", "å": "o", "đ": "d", "ł": "l"})
_LETTERS: Final = re.compile(r"[^a-z]+")

# Spellings and their sounds, tried in this order at each place. "^" is the beginning of a word,
# "$" its end. S is sh, C is tch, J is what English and others make of j, N is ng, T is th,
# a is any vowel that is heard, and an empty sound is silent.
_SPELLINGS: Final = tuple(
    (re.compile(spelling), sound)
    for spelling, sound in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"^x", "z"),
        (r"sch", "S"),
        (r"tch", "C"),
        (r"ch(?=[lnr])", "k"),
        (r"ch", "C"),
        (r"sh", "S"),
        (r"ph", "f"),
        (r"th", "T"),
        (r"wh", "w"),
        (r"gh(?=[aeiou])", "g"),
        (r"gh", ""),
        (r"ck", "k"),
        (r"qu?", "kw"),
        (r"x", "ks"),
        (r"sc(?=[eiy])", "s"),
        (r"cz", "C"),
        (r"ci(?=[aou])", "S"),
        (r"[ts]i(?=on|an)", "S"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"dg(?=[eiy])", "J"),
        (r"g(?=[eiy])", "J"),
        (r"j", "J"),
        (r"zz?", "z"),
        (r"n(?=[gk])g?", "N"),
        (r"mb$", "m"),
        (r"y(?=[aeiou])", "J"),
        (r"[aeiou]w(?![aeiou])", "a"),
        (r"(?<=[^aeiouy])e$", ""),
        (r"[aeiouy]+", "a"),
        (r"([bdfhklmnprstvwz])\1*", ""),  # the letter itself, once
        (r".", ""),
    )
)

_NEAR: Final = {
    "bp": 0.3, "dt": 0.2, "gk": 0.25, "fv": 0.3, "sz": 0.15, "Ss": 0.4, "Sz": 0.4, "CS": 0.3,
    "CJ": 0.3, "JS": 0.4, "Jz": 0.5, "Cs": 0.5, "Ct": 0.5, "Ck": 0.5, "Jg": 0.4, "Jk": 0.6,
    "Jd": 0.6, "mn": 0.4, "Nn": 0.15, "Nm": 0.5, "bv": 0.4, "vw": 0.3, "bw": 0.5, "fp": 0.5,
    "pv": 0.6, "rt": 0.6, "dr": 0.5, "lr": 0.6, "ln": 0.7, "Tt": 0.3, "Td": 0.3, "Tf": 0.4,
    "Ts": 0.5, "hk": 0.6, "bm": 0.6, "rw": 0.6, "mw": 0.6, "lw": 0.6, "dn": 0.7, "Ja": 0.4,
    "aw": 0.4, "ar": 0.5, "ah": 0.4, "al": 0.7, "gN": 0.6, "kN": 0.6, "gw": 0.7, "bd": 0.7,
    "pt": 0.7, "kt": 0.7, "dg": 0.7,
}  # fmt: skip
_SUBSTITUTION: Final = 1.0
_WEIGHTS: Final = {"a": 0.3, "h": 0.4, "w": 0.5, "J": 0.7, "r": 0.6, "n": 0.7, "N": 0.7}
"""What it costs to leave a sound out; 0.9 for the others."""
_WEIGHT: Final = 0.9


@lru_cache(16_384)
def sounds(text: str) -> str:
    """The sounds of a text, one letter each, without blanks; see ``_SPELLINGS``."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    folded = "".join(sign for sign in folded if not unicodedata.combining(sign))
    whole = "".join(_word(word) for word in _LETTERS.sub(" ", folded).split())
    return re.sub(r"(.)\1+", r"\1", whole)


def _word(word: str) -> str:
    # An English final e is not spoken, and makes no difference in other languages.
    found = []
    at = 0
    while at < len(word):
        for spelling, sound in _SPELLINGS:
            match = spelling.match(word, at) if at == 0 or spelling.pattern[0] != "^" else None
            if match is not None and match.end() > at:
                found.append(match[1] if match.re.groups else sound)
                at = match.end()
                break
    return "".join(found)


def skeleton(sounded: str) -> str:
    """The consonants of ``sounds``, those that are taken for each other written alike."""
    return sounded.translate(_CLASSES)


_CLASSES: Final = str.maketrans(
    {"b": "p", "d": "t", "g": "k", "v": "f", "w": "f", "z": "s", "S": "s", "C": "s", "J": "s"}
    | {"N": "n", "m": "n", "T": "t", "a": "", "h": ""}
)


@cache
def _cost(first: str, second: str) -> float:
    if first == second:
        return 0.0
    return _NEAR.get("".join(sorted((first, second))), _SUBSTITUTION)


def weight(sounded: str) -> float:
    """What all sounds of a text would cost to leave out."""
    return sum(_WEIGHTS.get(sound, _WEIGHT) for sound in sounded)


def likeness(first: str, second: str) -> float:
    """How alike two ``sounds`` are: 1 for the same, 0 for nothing in common."""
    if not first or not second:
        return 0.0
    row = [0.0]
    for sound in second:
        row.append(row[-1] + _WEIGHTS.get(sound, _WEIGHT))
    for one in first:
        leave = _WEIGHTS.get(one, _WEIGHT)
        above, row = row, [row[0] + leave]
        for index, other in enumerate(second):
            row.append(
                min(
                    above[index] + _cost(one, other),
                    above[index + 1] + leave,
                    row[index] + _WEIGHTS.get(other, _WEIGHT),
                )
            )
    return max(0.0, 1.0 - row[-1] / max(weight(first), weight(second)))
