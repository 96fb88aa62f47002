"""Text as a synthesiser reads it well: units in words, no marks, cut into sentences."""

from __future__ import annotations

import re

LONGEST = 160
"""Characters; a longer sentence is cut at a comma, so that the first audio comes soon."""

# Singular, plural. Where the singular is None the word has one form.
_UNITS: dict[str, tuple[str, str]] = {
    "°C": ("degree", "degrees"),
    "℃": ("degree", "degrees"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "kph": ("kilometre per hour", "kilometres per hour"),
    "m/s": ("metre per second", "metres per second"),
    "mph": ("mile per hour", "miles per hour"),
    "mi": ("mile", "miles"),
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "m": ("metre", "metres"),
    "kPa": ("kilopascal", "kilopascals"),
    "psi": ("P S I", "P S I"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "kW": ("kilowatt", "kilowatts"),
    "V": ("volt", "volts"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "ml": ("millilitre", "millilitres"),
    "l": ("litre", "litres"),
    "L": ("litre", "litres"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "s": ("second", "seconds"),
    "€": ("euro", "euros"),
}
_UNIT = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?) ?(?P<unit>"
    + "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
    + r")(?![A-Za-z0-9])(?!\.[A-Za-z])"
)
_RANGE = re.compile(r"(?<=\d)\s?[–—-]\s?(?=\d)")
_MINUS = re.compile(r"(?<![\w.])[-−](?=\d)")
_TIME = re.compile(r"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)\b")
_FRACTIONS = {"½": "a half", "¼": "a quarter", "¾": "three quarters"}
_MARKUP = re.compile(r"[*_`#|<>\[\]{}\\^~]+")
_BREAK = re.compile(r"\s*\n\s*")
_PICTOGRAPHS = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u26ff\u2700-\u27bf\u2190-\u21ff\ufe0f\u200d]"
)
_END = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(]?[A-Z0-9À-Þ])")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|Prof|vs|approx)|\b[A-Za-z]\.[A-Za-z])\.$")


def speakable(text: str) -> str:
    """The text with units, signs, ranges and clock times in words and without markup.

    "It is 1 °C, 50 km/h" becomes "It is 1 degree, 50 kilometres per hour".
    """
    text = _PICTOGRAPHS.sub("", text)
    text = _BREAK.sub(lambda match: _line_end(text, match.start()), text.strip())
    text = _TIME.sub(_time, text)
    text = _RANGE.sub(" to ", text)
    text = _MINUS.sub("minus ", text)
    for sign, words in _FRACTIONS.items():
        text = re.sub(rf"(?<=\d) ?{sign}", f" and {words}", text).replace(sign, words)
    text = _UNIT.sub(_unit, text)
    text = text.replace("&", " and ").replace("≈", "about ").replace("~", "about ")
    text = _MARKUP.sub(" ", text)
    return " ".join(text.split())


def sentences(text: str) -> list[str]:
    """The text's sentences; those over ``LONGEST`` characters cut at commas and semicolons."""
    found: list[str] = []
    for part in _END.split(text.strip()):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {part}"
        elif part:
            found.append(part)
    return [piece for sentence in found for piece in _shorter(sentence) if re.search(r"\w", piece)]


def _shorter(sentence: str) -> list[str]:
    pieces = []
    while len(sentence) > LONGEST:
        cut = max(sentence.rfind(mark, LONGEST // 3, LONGEST) for mark in (", ", "; ", ": "))
        if cut < 0:
            cut = sentence.rfind(" ", LONGEST // 3, LONGEST)
        if cut < 0:
            cut = LONGEST
        pieces.append(sentence[: cut + 1].strip())
        sentence = sentence[cut + 1 :].strip()
    return [*pieces, sentence]


def _line_end(text: str, at: int) -> str:
    return " " if text[:at].rstrip().endswith((".", "!", "?", ",", ";", ":")) else ". "


def _unit(match: re.Match[str]) -> str:
    singular, plural = _UNITS[match["unit"]]
    return f"{match['number']} {singular if match['number'] == '1' else plural}"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    if not minute:
        # "at 8:00 a.m." has its own words for the hour.
        rest = match.string[match.end() :].lstrip().lower()
        half_day = rest.startswith(("a.m", "p.m", "am", "pm"))
        return f"{hour}" if half_day else f"{hour} o'clock"
    return f"{hour} {minute:02d}" if minute > 9 else f"{hour} oh {minute}"
