"""Phrase and slot files: what people say for a plan, with small variation in brackets.

A line of ``say`` is one template: ``[x]`` may be left out, ``(a|b)`` are alternatives and
``{slot}`` is a spoken form whose value stands in the plan under the same name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from cockpit.agent.fastpath.numbers import SMALL, spell

_MARK = re.compile(r"[\[\]()|{}]")
_SLOT = re.compile(r"\{(\w+)\}")
_UNQUOTED = re.compile(r"^(\s+- |-? *(?:plan|last): (?=[^'\"|>].*: ))([\[{].*?|(?<=: ).*?)\s*$")
_OPTIONAL = 0.4  # how often what may be left out is said
_TRIES = 40
_KEYS = frozenset(("plan", "say", "last", "asked"))
MOST_EXPANSIONS = 400
"""Beyond this, more expansions make a template no richer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and where."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class PhraseInvalid(ValueError):
    """A phrase that cannot be read."""


# -- expressions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they are said."""

    text: str


@dataclass(frozen=True, slots=True)
class SlotMark:
    """``{name}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives; ``optional`` where nothing at all is one too."""

    options: tuple[Expression, ...]
    optional: bool = False


type Expression = tuple[Text | SlotMark | Choice, ...]


def parse(text: str) -> Expression:
    """A phrase with brackets as an expression.

    Raises:
        PhraseInvalid: its brackets do not match.
    """
    expression, end = _sequence(text, 0, "")
    if end != len(text):
        raise PhraseInvalid(f"{text[end]!r} closes nothing")
    return expression


def _sequence(text: str, at: int, closing: str) -> tuple[Expression, int]:
    parts: list[Text | SlotMark | Choice] = []
    while at < len(text):
        found = _MARK.search(text, at)
        if found is None:
            parts.append(Text(text[at:]))
            return tuple(parts), len(text)
        if found.start() > at:
            parts.append(Text(text[at : found.start()]))
        at = found.start()
        mark = found[0]
        if mark == "{":
            slot = _SLOT.match(text, at)
            if slot is None:
                raise PhraseInvalid(f"{text[at : at + 12]!r} is no slot")
            parts.append(SlotMark(slot[1]))
            at = slot.end()
        elif mark in "[(":
            end = "]" if mark == "[" else ")"
            options: list[Expression] = []
            while True:
                option, at = _sequence(text, at + 1, end)
                options.append(option)
                if at >= len(text):
                    raise PhraseInvalid(f"{mark!r} is not closed")
                if text[at] == end:
                    break
            parts.append(Choice(tuple(options), mark == "["))
            at += 1
        elif (mark == closing) or (mark == "|" and closing):
            return tuple(parts), at
        else:
            raise PhraseInvalid(f"{mark!r} stands alone")
    return tuple(parts), at


def slots_of(expression: Expression) -> Iterator[str]:
    """Names of the slots an expression may hold."""
    for part in expression:
        if isinstance(part, SlotMark):
            yield part.name
        elif isinstance(part, Choice):
            for option in part.options:
                yield from slots_of(option)


# -- slots ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filled:
    """A drawn slot: its value for the plan, and how it is said."""

    value: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of a range, said in digits or words."""

    low: float
    high: float
    step: float

    def values(self) -> list[float]:
        """All of them, ascending."""
        count = round((self.high - self.low) / self.step)
        return [round(self.low + index * self.step, 4) for index in range(count + 1)]

    def draw(self, rng: random.Random) -> Filled:
        """One of them; whole ones are said more often."""
        values = self.values()
        whole = [value for value in values if value.is_integer()]
        value = rng.choice(whole if whole and rng.random() < 0.65 else values)
        return Filled(spell(value), spoken_number(value, rng))

    def __len__(self) -> int:
        return len(self.values())


@dataclass(frozen=True, slots=True)
class Words:
    """Values with their spoken forms."""

    forms: tuple[tuple[str, tuple[Expression, ...]], ...]

    def draw(self, rng: random.Random) -> Filled:
        """A value, then one of its forms."""
        value, forms = rng.choice(self.forms)
        form = rng.choice(forms)
        spoken = squeezed("".join(piece.text for piece in _drawn(form, {}, rng, None)))
        return Filled(value or spoken, spoken)

    def __len__(self) -> int:
        return sum(len(forms) for _, forms in self.forms)


type Slot = Numbers | Words


class Slots:
    """All slots by name; ``{level2}`` is a further draw of ``{level}``."""

    def __init__(self, slots: Mapping[str, Slot]) -> None:
        self._slots = dict(slots)

    def get(self, name: str) -> Slot | None:
        """The slot of a name, or None."""
        return self._slots.get(name) or self._slots.get(name[:-1] if name[-1:].isdigit() else "")

    def names(self) -> list[str]:
        """Names in the order they were read."""
        return list(self._slots)

    def draw(self, name: str, rng: random.Random) -> Filled:
        """A filled slot.

        Raises:
            PhraseInvalid: there is no slot of that name.
        """
        slot = self.get(name)
        if slot is None:
            raise PhraseInvalid(f"there is no slot {{{name}}}")
        return slot.draw(rng)


# -- drawing ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a drawn sentence; ``slot`` is the slot it fills."""

    text: str
    slot: str | None = None


def _drawn(
    expression: Expression,
    filled: dict[str, Filled],
    rng: random.Random,
    slots: Slots | None,
) -> Iterator[Piece]:
    for part in expression:
        if isinstance(part, Text):
            yield Piece(part.text)
        elif isinstance(part, SlotMark):
            if part.name not in filled:
                if slots is None:
                    raise PhraseInvalid(f"{{{part.name}}} stands in a spoken form")
                filled[part.name] = slots.draw(part.name, rng)
            yield Piece(filled[part.name].spoken, part.name)
        elif not part.optional or rng.random() < _OPTIONAL:
            yield from _drawn(rng.choice(part.options), filled, rng, slots)


def draw(
    expression: Expression, slots: Slots, rng: random.Random, needed: frozenset[str] = frozenset()
) -> tuple[tuple[Piece, ...], dict[str, Filled]]:
    """A sentence in pieces and what fills its slots.

    Args:
        needed: slots that must be said, because the plan names them.

    Raises:
        PhraseInvalid: a slot does not exist, or the sentence never says a needed one.
    """
    missing: frozenset[str] = frozenset()
    for _ in range(_TRIES):
        filled: dict[str, Filled] = {}
        pieces = tuple(_drawn(expression, filled, rng, slots))
        missing = needed - filled.keys()
        if not missing:
            return pieces, filled
    raise PhraseInvalid(f"the plan's {{{min(missing)}}} is not said")


def squeezed(text: str) -> str:
    """Single spaces only."""
    return " ".join(text.split())


def expansions(expression: Expression, slots: Slots) -> int:
    """How many sentences it may be, up to ``MOST_EXPANSIONS``."""
    count = 1
    for part in expression:
        if isinstance(part, SlotMark):
            slot = slots.get(part.name)
            count *= max(1, min(len(slot) if slot is not None else 1, 12))
        elif isinstance(part, Choice):
            count *= sum(expansions(option, slots) for option in part.options) + part.optional
        count = min(count, MOST_EXPANSIONS)
    return count


_SMALL = {int(digits): word for word, digits in SMALL.items()}


def spoken_number(value: float, rng: random.Random) -> str:
    """A number in digits or in words."""
    if rng.random() < 0.5:
        return spell(value)
    sign = "minus " if value < 0 else ""
    whole, rest = divmod(abs(value), 1)
    if not rest:
        return sign + in_words(int(whole))
    if rest == 0.5 and whole and rng.random() < 0.5:
        return f"{sign}{in_words(int(whole))} and a half"
    digits = spell(rest).partition(".")[2]
    return f"{sign}{in_words(int(whole))} point {' '.join(_SMALL[int(d)] for d in digits)}"


def in_words(number: int) -> str:
    """A whole number below a thousand in words; larger ones in digits."""
    if number in _SMALL:
        return _SMALL[number]
    if number < 100:
        return f"{_SMALL[number // 10 * 10]} {_SMALL[number % 10]}"
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_SMALL[hundreds]} hundred" + (f" and {in_words(rest)}" if rest else "")
    return str(number)


# -- files ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Phrase:
    """One line of ``say`` with the plan of its group.

    Attributes:
        file, line: where it stands.
        say: the line.
        plan, last, asked: of its group, with slots.
    """

    file: str
    line: int
    say: str
    plan: str
    last: str = ""
    asked: str = ""
    expression: Expression = field(default=(), repr=False)

    @cached_property
    def needed(self) -> frozenset[str]:
        """Slots of the plan, which the sentence must say unless the context holds them."""
        return frozenset(_SLOT.findall(self.plan)) - frozenset(_SLOT.findall(self.last))

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"

    def drawn(self, slots: Slots, rng: random.Random) -> Drawn:
        """A sentence with its plan.

        Raises:
            PhraseInvalid: a slot does not exist or is not said.
        """
        pieces, filled = draw(self.expression, slots, rng, self.needed)
        for name in _SLOT.findall(self.last):
            if name not in filled:
                filled[name] = slots.draw(name, rng)
        return Drawn(self, pieces, filled)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sentence drawn from a phrase."""

    phrase: Phrase
    pieces: tuple[Piece, ...]
    filled: Mapping[str, Filled]

    @property
    def text(self) -> str:
        """As it is said."""
        return squeezed("".join(piece.text for piece in self.pieces))

    def plan(self) -> str:
        """The group's plan with the drawn values."""
        return self._with_values(self.phrase.plan)

    def last(self) -> str:
        """The context's plan with the drawn values."""
        return self._with_values(self.phrase.last)

    def _with_values(self, text: str) -> str:
        return _SLOT.sub(lambda found: self.filled[found[1]].value, text)


def read_slots(folder: Path) -> tuple[Slots, list[Fault]]:
    """All slot files of a folder."""
    slots: dict[str, Slot] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        root = _composed(path, faults)
        if root is None:
            continue
        if not isinstance(root, yaml.MappingNode):
            faults.append(Fault(path.name, 1, "slots are a mapping of names"))
            continue
        for key, value in root.value:
            line = key.start_mark.line + 1
            try:
                slot = _slot(value)
            except (PhraseInvalid, ValueError) as error:
                faults.append(Fault(path.name, line, f"slot {key.value}: {error}"))
                continue
            if key.value in slots and slots[key.value] != slot:
                faults.append(Fault(path.name, line, f"slot {key.value} is defined elsewhere too"))
                continue
            slots[key.value] = slot
    return Slots(slots), faults


def _slot(node: yaml.Node) -> Slot:
    if isinstance(node, yaml.SequenceNode):
        return Words(tuple(("", (_form(item),)) for item in node.value))
    if not isinstance(node, yaml.MappingNode):
        raise PhraseInvalid("is neither numbers nor values")
    entries = {key.value: value for key, value in node.value}
    if set(entries) == {"numbers"}:
        low, high, *step = (float(text) for text in _texts(entries["numbers"]))
        return Numbers(low, high, step[0] if step else 1)
    forms = []
    for value, node_of_forms in entries.items():
        found = node_of_forms.value if isinstance(node_of_forms, yaml.SequenceNode) else None
        items = tuple(_form(item) for item in (found if found is not None else [node_of_forms]))
        if not items:
            raise PhraseInvalid(f"{value} has no spoken form")
        forms.append((value, items))
    if not forms:
        raise PhraseInvalid("is empty")
    return Words(tuple(forms))


def _form(node: yaml.Node) -> Expression:
    if not isinstance(node, yaml.ScalarNode):
        raise PhraseInvalid("a spoken form is a text")
    expression = parse(node.value)
    if any(slots_of(expression)):
        raise PhraseInvalid(f"{node.value!r} has a slot within a spoken form")
    return expression


def _texts(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.ScalarNode):
        return [node.value]
    if isinstance(node, yaml.SequenceNode) and all(
        isinstance(item, yaml.ScalarNode) for item in node.value
    ):
        return [item.value for item in node.value]
    raise PhraseInvalid("is no list of texts (quote lines with brackets inside [ ])")


def read_phrases(folder: Path, only: Collection[str] = ()) -> tuple[list[Phrase], list[Fault]]:
    """All phrase files of a folder, or some by name, and every fault of theirs."""
    phrases: list[Phrase] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        if only and path.stem not in only and path.name not in only:
            continue
        root = _composed(path, faults)
        if root is None:
            continue
        if not isinstance(root, yaml.SequenceNode):
            faults.append(Fault(path.name, 1, "phrases are a list of groups"))
            continue
        for number, node in enumerate(root.value, start=1):
            phrases += _group(path.name, number, node, faults)
    return phrases, faults


def _group(file: str, number: int, node: yaml.Node, faults: list[Fault]) -> Iterable[Phrase]:
    line = node.start_mark.line + 1
    label = f"group {number}"
    if not isinstance(node, yaml.MappingNode):
        faults.append(Fault(file, line, f"{label} is no mapping"))
        return
    entries = {key.value: value for key, value in node.value}
    faults += [
        Fault(file, line, f"{label} has {key!r}, which means nothing")
        for key in sorted(set(entries) - _KEYS)
    ]
    texts: dict[str, str] = {}
    for key in ("plan", "last", "asked"):
        value = entries.get(key)
        if isinstance(value, yaml.ScalarNode):
            texts[key] = squeezed(value.value)
        elif value is not None:
            faults.append(Fault(file, value.start_mark.line + 1, f"{label}: {key} is no text"))
            return
    if "plan" not in texts or "say" not in entries:
        faults.append(Fault(file, line, f"{label} lacks a plan or what is said"))
        return
    say = entries["say"]
    for item in say.value if isinstance(say, yaml.SequenceNode) else [say]:
        at = item.start_mark.line + 1
        if not isinstance(item, yaml.ScalarNode):
            faults.append(Fault(file, at, f"{label}: quote a line that holds brackets and commas"))
            continue
        try:
            expression = parse(item.value)
        except PhraseInvalid as error:
            faults.append(Fault(file, at, f"{label}: {item.value!r}: {error}"))
            continue
        if squeezed(item.value):
            plan, last, asked = (texts.get(key, "") for key in ("plan", "last", "asked"))
            yield Phrase(file, at, squeezed(item.value), plan, last, asked, expression)


def _composed(path: Path, faults: list[Fault]) -> yaml.Node | None:
    """A YAML file as nodes, which know their lines; every scalar is text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "\n".join(_UNQUOTED.sub(_quoted, line) for line in lines)
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        faults.append(Fault(path.name, line, f"not YAML: {getattr(error, 'problem', error)}"))
        return None


def _quoted(found: re.Match[str]) -> str:
    """``- [uh] lights on`` would be a YAML list, ``plan: if raining: ...`` none at all: here both
    are texts."""
    return found[1] + "'" + found[2].replace("'", "''") + "'"
