"""Items of a shopping list as people say them: "a dozen eggs", "2 litres of milk"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from skills.phrasing import number


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure or a package.

    Attributes:
        one, many: how it is said.
        base: the unit that amounts are added up in.
        factor: how many of ``base`` it is.
    """

    one: str
    many: str
    base: str
    factor: float


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of something; ``unit`` is None for pieces."""

    quantity: float
    unit: str | None = None

    @property
    def base(self) -> str | None:
        """What it can be added up with."""
        return UNITS[self.unit].base if self.unit else None

    def plus(self, other: Amount) -> Amount:
        """The sum, in the unit of the larger one.

        Raises:
            ValueError: they do not add up.
        """
        if self.base != other.base:
            raise ValueError("amounts of different kinds")
        if self.unit is None or other.unit is None or self.unit == other.unit:
            return Amount(_clean(self.quantity + other.quantity), self.unit)
        larger = max((self.unit, other.unit), key=lambda unit: UNITS[unit].factor)
        total = self.quantity * UNITS[self.unit].factor + other.quantity * UNITS[other.unit].factor
        return Amount(_clean(total / UNITS[larger].factor), larger)

    def times(self, factor: float) -> Amount:
        """Scaled, e.g. for more servings; pieces to the next half."""
        if self.unit is None:
            return Amount(max(0.5, _clean(round(self.quantity * factor * 2) / 2)), None)
        return Amount(_clean(self.quantity * factor), self.unit)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to buy; ``amounts`` is empty where nobody said how much."""

    name: str
    amounts: tuple[Amount, ...] = ()

    @property
    def spoken(self) -> str:
        """``12 eggs``, ``2 litres of milk``, ``200 grams and 1 cup of flour``, ``bread``."""
        pieces = [amount for amount in self.amounts if amount.unit is None]
        measures = [amount for amount in self.amounts if amount.unit is not None]
        text = self.name
        if pieces:
            much = pieces[0].quantity
            text = f"{_quantity(much)} {singular(self.name) if much <= 1 else plural(self.name)}"
        if measures:
            said = " and ".join(_measure(amount) for amount in measures)
            text = f"{text} and {said}" if pieces else f"{said} of {self.name}"
        return text


def _clean(value: float) -> float:
    return round(value, 3)


_FRACTIONS = {0.5: "half", 0.25: "a quarter", 0.75: "three quarters"}


def _quantity(value: float) -> str:
    whole, rest = divmod(value, 1)
    if value in _FRACTIONS:
        return f"{_FRACTIONS[value]} {'a' if value == 0.5 else 'of a'}"
    if rest == 0.5:
        return f"{whole:.0f} and a half"
    return number(value, 2)


def _measure(amount: Amount) -> str:
    assert amount.unit is not None
    unit = UNITS[amount.unit]
    if amount.quantity in _FRACTIONS:
        return f"{_quantity(amount.quantity)} {unit.one}"
    return f"{_quantity(amount.quantity)} {unit.one if amount.quantity == 1 else unit.many}"


# --- units -------------------------------------------------------------------------------

_UNITS: tuple[tuple[str, str, str, float, str], ...] = (
    # one, many, base, factor, other spellings
    ("gram", "grams", "gram", 1, "g gr gramme grammes"),
    ("kilo", "kilos", "gram", 1000, "kg kilogram kilograms kilogramme kilogrammes"),
    ("ounce", "ounces", "ounce", 1, "oz"),
    ("pound", "pounds", "ounce", 16, "lb lbs"),
    ("millilitre", "millilitres", "millilitre", 1, "ml milliliter milliliters"),
    ("decilitre", "decilitres", "millilitre", 100, "dl deciliter deciliters"),
    ("litre", "litres", "millilitre", 1000, "l liter liters"),
    ("pint", "pints", "pint", 1, ""),
    ("quart", "quarts", "pint", 2, ""),
    ("gallon", "gallons", "pint", 8, ""),
    ("teaspoon", "teaspoons", "teaspoon", 1, "tsp tsps"),
    ("tablespoon", "tablespoons", "teaspoon", 3, "tbsp tbsps"),
    ("cup", "cups", "cup", 1, ""),
    ("pinch", "pinches", "pinch", 1, ""),
    ("clove", "cloves", "clove", 1, ""),
    ("slice", "slices", "slice", 1, ""),
    ("bunch", "bunches", "bunch", 1, ""),
    ("bottle", "bottles", "bottle", 1, ""),
    ("can", "cans", "can", 1, "tin tins"),
    ("jar", "jars", "jar", 1, ""),
    ("pack", "packs", "pack", 1, "packet packets package packages pkg"),
    ("bag", "bags", "bag", 1, "sack sacks"),
    ("box", "boxes", "box", 1, ""),
    ("carton", "cartons", "carton", 1, ""),
    ("loaf", "loaves", "loaf", 1, ""),
    ("roll", "rolls", "roll", 1, ""),
    ("tube", "tubes", "tube", 1, ""),
    ("bar", "bars", "bar", 1, ""),
    ("stick", "sticks", "stick", 1, ""),
    ("head", "heads", "head", 1, ""),
    ("piece", "pieces", "piece", 1, ""),
    ("six-pack", "six-packs", "six-pack", 1, "sixpack sixpacks"),
    ("crate", "crates", "crate", 1, "case cases"),
    ("tray", "trays", "tray", 1, ""),
    ("tub", "tubs", "tub", 1, ""),
    ("sheet", "sheets", "sheet", 1, ""),
    ("stalk", "stalks", "stalk", 1, ""),
    ("sprig", "sprigs", "sprig", 1, ""),
    ("handful", "handfuls", "handful", 1, ""),
)
UNITS = {one: Unit(one, many, base, factor) for one, many, base, factor, _ in _UNITS}
_UNIT_WORDS = {
    word: one for one, many, _, _, others in _UNITS for word in (one, many, *others.split())
}

_ARTICLES = {"a": 1.0, "an": 1.0, "one": 1.0, "another": 1.0}
_TWO_AND_MORE = (
    *("two", "three", "four", "five", "six", "seven"),
    *("eight", "nine", "ten", "eleven", "twelve"),
)
_NUMBERS = {
    "half": 0.5,
    "half a": 0.5,
    "half an": 0.5,
    "a half": 0.5,
    "a quarter": 0.25,
    "a quarter of a": 0.25,
    "three quarters of a": 0.75,
    "a couple": 2.0,
    "a couple of": 2.0,
    "couple of": 2.0,
    "a pair of": 2.0,
    "a dozen": 12.0,
    "dozen": 12.0,
    "half a dozen": 6.0,
    "a half dozen": 6.0,
    "two dozen": 24.0,
    **{word: float(value) for value, word in enumerate(_TWO_AND_MORE, start=2)},
}
_COUNT = re.compile(r"^(\d+(?:\.\d+)?)(?:\s*/\s*(\d+))?\s*(.*)$")
_LEADS = re.compile(
    r"^(?:(?:some|more|any|the|my|our|few|a few|a bit of|a little|a little bit of|a lot of|lots of"
    r"|plenty of|enough|new|fresh supply of|also|maybe|please|just|and|plus|to buy|buy|get|um|uh"
    r"|of course|item|items|the item|something like)\s+)+",
)
_TAILS = re.compile(
    r"\s+(?:please|too|as well|also|thanks|thank you|for me|to it|again|and that is it|now|today)$"
)


def parse_item(text: str) -> Item | None:
    """An item out of one spoken phrase; None where nothing is left."""
    words = re.sub(r"\s+", " ", text.lower().strip(" .,;:!?"))
    while (shorter := _TAILS.sub("", words)) != words:
        words = shorter
    words = _LEADS.sub("", words + " ").strip()
    quantity, rest = _leading_quantity(words)
    unit, name = _leading_unit(rest) if quantity is not None else (None, rest)
    if quantity is None:
        # "milk 2 litres" and "eggs 12"
        turned = re.match(r"^(\D+?)\s+(\d+(?:\.\d+)?)\s*(\w[\w-]*)?$", words)
        if turned and (turned[3] is None or turned[3] in _UNIT_WORDS):
            name, quantity = turned[1], float(turned[2])
            unit = _UNIT_WORDS[turned[3]] if turned[3] else None
    name = name.strip()
    if not name:
        return None
    if quantity is None:
        return Item(name)
    return Item(name, (Amount(quantity, unit),))


def _leading_quantity(words: str) -> tuple[float | None, str]:
    found = _COUNT.match(words)
    if found:
        value = float(found[1]) / float(found[2] or 1) if found[2] != "0" else float(found[1])
        rest = found[3]
        for half in ("and a half ", "1/2 "):
            if rest.startswith(half):
                value, rest = value + 0.5, rest[len(half) :]
        if rest.startswith("dozen "):
            value, rest = value * 12, rest[6:]
        return value, rest.removeprefix("x ").removeprefix("of ")
    for phrase in sorted(_NUMBERS, key=len, reverse=True):
        if words.startswith(phrase + " "):
            return _NUMBERS[phrase], words[len(phrase) + 1 :].removeprefix("of ")
    first, _, rest = words.partition(" ")
    if first in _ARTICLES and rest:
        unit, name = _leading_unit(rest)
        # "a bottle of milk" counts; "a bread" is just bread.
        return (1.0, rest) if unit and name else (None, rest)
    return None, words


def _leading_unit(words: str) -> tuple[str | None, str]:
    first, _, rest = words.partition(" ")
    for adjective in ("big", "small", "large", "little"):
        if first == adjective and rest.partition(" ")[0] in _UNIT_WORDS:
            first, _, rest = rest.partition(" ")
    if first in _UNIT_WORDS and rest:
        name = rest.removeprefix("of ")
        # "a bar chocolate" may be; "2 roll mops" is rare enough to be wrong about.
        return _UNIT_WORDS[first], name
    return None, words


# --- several items in one phrase ---------------------------------------------------------


@cache
def _words() -> dict[str, Any]:
    path = Path(__file__).with_name("groceries.yaml")
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


_CUT = re.compile(r"\s*(?:,|;|\band also\b|\bas well as\b|\bplus\b|\band then\b|\band\b|&)\s*")


# "we are out of milk, put it [on my list]": free text may hold the start of the next clause.
_AFTERTHOUGHT = re.compile(
    r"(?:\s+any\s?more)?[,.;]?\s+(?:so\s+|and\s+)?(?:please\s+|can you\s+|could you\s+)?"
    r"(?:add|put|throw|write|stick|place|get|note|include|take|remove|delete|cross)\s+"
    r"(?:it|that|them|those|some|this)(?:\s+(?:down|out|off))?$",
    re.IGNORECASE,
)


def split_items(spoken: str | list[str]) -> list[str]:
    """One phrase per item: cut at commas and "and", but "mac and cheese" stays whole."""
    texts = [
        _AFTERTHOUGHT.sub("", text) for text in ([spoken] if isinstance(spoken, str) else spoken)
    ]
    return [
        part
        for text in texts
        for phrase in _cut(text.lower())
        for part in _run_together(phrase)
        if part
    ]


def _cut(text: str) -> list[str]:
    kept: dict[str, str] = {}
    for pair in _words()["whole"]:
        if pair in text:
            mark = f"\x00{len(kept)}\x00"
            kept[mark] = pair
            text = re.sub(rf"\b{re.escape(pair)}\b", mark, text)
    parts = []
    for part in _CUT.split(_half(text)):
        for mark, pair in kept.items():
            part = part.replace(mark, pair)
        parts.append(part.replace("\x01", " and a half ").strip())
    return [part for part in parts if part]


def _half(text: str) -> str:
    """ "2 and a half litres" is no place to cut."""
    return re.sub(rf"(?<=\d)\s+and a half\s+|\b({_WORDS})\s+and a half\s+", _joined, text)


_WORDS = "|".join(("one", *_TWO_AND_MORE))


def _joined(found: re.Match[str]) -> str:
    return f"{_NUMBERS.get(found[1], 1.0):.0f}\x01" if found[1] else "\x01"


def _run_together(phrase: str) -> list[str]:
    """Several plain items without commas, as recognisers write them: "milk eggs bread"."""
    staples = frozenset(_words()["staples"])
    words = phrase.split()
    if len(words) < 2 or phrase in staples:
        return [phrase]
    parts: list[str] = []
    at = 0
    while at < len(words):
        size = next(
            (
                size
                for size in (3, 2, 1)
                if " ".join(words[at : at + size]) in staples and at + size <= len(words)
            ),
            0,
        )
        if size == 0:
            return [phrase]
        parts.append(" ".join(words[at : at + size]))
        at += size
    compounds = _words()["compounds"]
    if any(f"{a} {b}" in compounds for a, b in pairwise(parts)):
        return [phrase]
    return parts


# --- names -------------------------------------------------------------------------------

_IRREGULAR = {"loaves": "loaf", "leaves": "leaf", "knives": "knife", "mice": "mouse"}


def plural(name: str) -> str:
    """A name's last word as a plural, unless it is one already."""
    if singular(name) != name:
        return name
    if name.endswith(("s", "sh", "ch", "x", "tomato", "potato", "mango")):
        return name + "es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return {"loaf": "loaves", "leaf": "leaves"}.get(name, name + "s")


def singular(name: str) -> str:
    """A name's last word as a singular, for comparing: ``eggs`` and ``egg`` are the same."""
    head, _, last = name.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif (
        last.endswith("ies") and len(last) > 4 and last not in ("cookies", "brownies", "smoothies")
    ):
        last = last[:-3] + "y"
    elif last.endswith(("oes", "shes", "ches", "xes", "sses")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")):
        last = last[:-1]
    return f"{head} {last}".strip()
