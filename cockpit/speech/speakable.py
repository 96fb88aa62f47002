"""Text as a synthesiser reads it well, cut into sentences.

``speakable`` writes out what a phonemizer would misread (``spoken_numbers``, ``spoken_words``);
applied to its own result it changes nothing. Plain numbers stay digits: espeak, which Piper's
voices use, reads them as num2words would write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.speech import spoken_numbers as numbers
from cockpit.speech import spoken_words as words

LONGEST = 160
"""Characters; a longer sentence is cut at a comma, so that the first audio comes soon."""

_STEPS = (
    words.unmarked,
    words.addresses,
    numbers.telephones,
    numbers.dates_and_times,
    words.signs,
    numbers.amounts,
    words.abbreviations,
    words.letters,
    words.clean,
)
"""In this order: a date is no range, a telephone number no subtraction, and "m" no letter."""

_END = re.compile(r"(?<=[.!?…])[\"”’)]*(\s+)(?=[\"“‘(]?[A-Z0-9À-Þ])|\s*\n\s*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Ave|Rd|Blvd|No|Nr|Prof|Mt|vs|approx|ca|max|min|Jan|Feb|Mar|Apr|Jun"
    r"|Jul|Aug|Sept?|Oct|Nov|Dec)|\b[A-Za-z]\.[A-Za-z])\.$"
)
_STREET = re.compile(r"\b(?:St|Ave|Rd|Blvd|Dr)\.$")
_START = re.compile(rf"(?:{words.STARTS})\b")
_CUTS = (", ", "; ", ": ")


def speakable(text: str) -> str:
    """The text with units, times, abbreviations and signs in words and without markup.

    "It is 1 °C, 50 km/h" becomes "It is 1 degree, 50 kilometres per hour".
    """
    for step in _STEPS:
        text = step(text)
    return text


def sentences(text: str) -> list[str]:
    """The text's sentences; those over ``LONGEST`` characters cut at commas and semicolons."""
    return [text[start:end] for start, end in spans(text)]


def spans(text: str, longest: int = LONGEST) -> list[tuple[int, int]]:
    """Where the sentences begin and end in the text; what holds no word belongs to none."""
    return [
        piece
        for start, end in _sentences(text)
        for piece in _shorter(text, start, end, longest)
        if re.search(r"\w", text[slice(*piece)])
    ]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    begin = len(text) - len(text.lstrip())
    for end in _END.finditer(text):
        if end[1] is not None and _goes_on(text[begin : end.start()], text[end.end() :]):
            continue
        stop = end.start(1) if end[1] is not None else end.start()
        yield begin, stop
        begin = end.end()
    yield begin, len(text.rstrip())


def _goes_on(before: str, after: str) -> bool:
    """Whether a full stop belongs to an abbreviation rather than ends a sentence."""
    if _STREET.search(before) and _START.match(after):
        return False
    return bool(_ABBREVIATION.search(before))


def _shorter(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    while end - start > longest:
        sentence = text[start : start + longest]
        cut = max(sentence.rfind(mark, longest // 3) for mark in _CUTS)
        if cut < 0:
            cut = sentence.rfind(" ", longest // 3)
        stop = start + (cut if cut >= 0 else longest - 1) + 1
        yield start, len(text[:stop].rstrip())
        start = stop + len(text[stop:end]) - len(text[stop:end].lstrip())
    if start < end:
        yield start, end
