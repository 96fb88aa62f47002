"""Number words of running text, as digits.

Values of runs of number words come from text2num; what it does not read as a speaker in a car
means it is added here: decimals after "point", halves and quarters, dozens, "a hundred". Ordinals
and the fractions alone ("half", "a quarter", "three quarters") stay words, because templates
list them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from text_to_num import text2num

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("hundred", "thousand", "million")
SMALL = {word: str(value) for value, word in enumerate(_UNITS)} | {
    word: str(20 + 10 * index) for index, word in enumerate(_TENS)
}
"""Single number words and their digits."""

_LEXICON = frozenset((*SMALL, *_SCALES))
_FRACTIONS = {"half": 0.5, "quarter": 0.25}
_LONGEST_RUN = 9  # "nine hundred and ninety nine thousand ..." is long enough for a car
# "that one", "the other one": a pronoun, not a number.
_BEFORE_PRONOUN_ONE = frozenset(
    (
        *("this", "that", "the", "which", "other", "each", "every", "any", "no", "another"),
        *("last", "same", "some", "right", "left", "next", "first", "second", "third", "my"),
        *("your", "new", "old", "only", "big", "small", "red", "blue", "green"),
    )
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A piece of the word sequence: one word as it was, or several read as a number.

    Attributes:
        text: the word, or the number in digits.
        value: the number, or None where it is none.
        length: how many words it covers.
    """

    text: str
    value: float | None
    length: int


def spell(value: float) -> str:
    """A number as digits, without trailing zeros."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def as_number(word: str) -> float | None:
    """The value of a word that is written in digits, or None."""
    digits = word.removeprefix("-")
    if not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        return None
    if digits.startswith(".") or digits.endswith(".") or len(digits) > 12:
        return None
    return float(word)


@lru_cache(maxsize=4096)
def _value_of_run(words: tuple[str, ...]) -> float | None:
    try:
        return float(text2num(" ".join(words), "en"))
    except ValueError:
        return None


def read_numbers(words: Sequence[str]) -> list[Reading]:
    """Cut a word sequence into numbers and other words."""
    readings: list[Reading] = []
    at = 0
    while at < len(words):
        reading = _read_at(words, at)
        readings.append(reading)
        at += reading.length
    return readings


def _read_at(words: Sequence[str], at: int) -> Reading:
    word = words[at]
    # Cheap way out for the great majority of words.
    if (
        word not in _LEXICON
        and word not in ("a", "an", "half", "minus", "negative")
        and not (word[0].isdigit() or word[0] == "-")
    ):
        return Reading(word, None, 1)
    if word in ("minus", "negative") and at + 1 < len(words):
        inner = _read_at(words, at + 1)
        if inner.value is not None:
            return Reading(spell(-inner.value), -inner.value, inner.length + 1)
        return Reading(word, None, 1)
    if word in ("a", "an", "half"):
        return _read_article(words, at)
    value = as_number(word)
    length = 1
    if value is None:
        if (
            word == "one"
            and at > 0
            and (words[at - 1] in _BEFORE_PRONOUN_ONE or _names_place(words, at))
            and not _goes_on(words, at + 1)
        ):
            return Reading(word, None, 1)
        value, length = _longest_run(words, at)
        if value is None:
            return Reading(word, None, 1)
    if _fraction_follows(words, at + length):
        return Reading(word, value, 1)  # "three quarters" stays words
    value, length = _decimals(words, at, value, length)
    value, length = _and_a_half(words, at, value, length)
    if at + length < len(words) and words[at + length] == "dozen":
        value, length = value * 12, length + 1
    return Reading(spell(value), value, length)


def _names_place(words: Sequence[str], at: int) -> bool:
    """ "The front one", "the driver's one"; "seat heating rear one" ends in a number."""
    return (
        at > 1
        and words[at - 1] in ("front", "rear", "back", "driver", "passenger", "'s")
        and (words[at - 2] in ("the", "and", "no", "not") or words[max(0, at - 3)] == "the")
    )


def _goes_on(words: Sequence[str], at: int) -> bool:
    return at < len(words) and words[at] in (*_SCALES, "point", "percent")


def _longest_run(words: Sequence[str], at: int) -> tuple[float | None, int]:
    end = at
    while (
        end < len(words)
        and end - at < _LONGEST_RUN
        and (words[end] in _LEXICON or (words[end] == "and" and end > at))
    ):
        end += 1
    while end > at and words[end - 1] == "and":
        end -= 1
    for stop in range(end, at, -1):
        run = tuple(words[at:stop])
        if run[-1] == "and" or ("and" in run and not any(scale in run for scale in _SCALES)):
            continue
        value = _value_of_run(run)
        if value is not None:
            return value, stop - at
    return None, 1


def _read_article(words: Sequence[str], at: int) -> Reading:
    """ "a hundred", "a dozen", "half a dozen", "half a degree"; other articles stay."""
    word = words[at]
    rest = list(words[at + 1 : at + 4])
    if word == "half":
        if rest[:2] == ["a", "dozen"]:
            return Reading("6", 6.0, 3)
        if rest[:1] in (["a"], ["an"]) and rest[1:2] in (["degree"], ["hour"]):
            return Reading("0.5", 0.5, 2)
        return Reading(word, None, 1)
    if rest[:1] == ["dozen"]:
        return Reading("12", 12.0, 2)
    if rest[:1] in (["hundred"], ["thousand"], ["million"]):
        value, length = _longest_run(("one", *words[at + 1 :]), 0)
        if value is not None:
            return Reading(spell(value), value, length)
    if rest[:1] == ["degree"]:
        return Reading("1", 1.0, 1)
    return Reading(word, None, 1)


def _fraction_follows(words: Sequence[str], at: int) -> bool:
    return at < len(words) and words[at] in (
        *("quarter", "quarters", "third", "thirds", "half", "halves"),
        *("fourth", "fourths", "fifth", "fifths", "tenth", "tenths"),
    )


def _decimals(words: Sequence[str], at: int, value: float, length: int) -> tuple[float, int]:
    """ "twenty two point five" and "point seven five" after it."""
    stop = at + length
    if stop + 1 >= len(words) or words[stop] != "point" or not value.is_integer():
        return value, length
    digits = ""
    end = stop + 1
    while end < len(words) and len(digits) < 4:
        digit = SMALL.get(words[end], words[end])
        if not digit.isdigit() or len(digit) > 2:
            break
        digits += digit
        end += 1
    if not digits:
        return value, length
    return float(f"{int(value)}.{digits}"), end - at


def _and_a_half(words: Sequence[str], at: int, value: float, length: int) -> tuple[float, int]:
    stop = at + length
    match list(words[stop : stop + 3]):
        case ["and", "a" | "an" | "one", fraction] if fraction in _FRACTIONS:
            return value + _FRACTIONS[fraction], length + 3
        case ["and", fraction, *_] if fraction in _FRACTIONS:
            return value + _FRACTIONS[fraction], length + 2
        case _:
            return value, length
