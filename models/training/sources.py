"""Everything sentences are drawn from, as templates that each belong to one split."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from math import sqrt
from typing import Final, Protocol

from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.llm.spoken import model_text
from cockpit.agent.plan import Call, Verdict
from models.training import sentences
from models.training.phrases import (
    Drawn,
    Fault,
    Phrase,
    PhraseInvalid,
    Piece,
    Slots,
    expansions,
    squeezed,
)
from models.training.plans import Meant, PlanInvalid, Plans
from skills.colors import COLORS, color_value
from skills.shopping.amounts import split_items

SPLITS: Final = ("train", "valid", "test")
_SHARES: Final = ((90, "train"), (95, "valid"), (100, "test"))
_POOL: Final = 10  # sentences drawn from a line of a sentences file
_WEIGHT_OF_A_LINE: Final = 4.0
_SURE: Final = 0.99


def split_of(key: str) -> str:
    """The split of a template, by its wording alone: it never changes with its place or plan."""
    place = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100
    return next(name for end, name in _SHARES if place < end)


@dataclass(frozen=True, slots=True)
class Sample:
    """A drawn sentence.

    Attributes:
        pieces: its parts; those with a slot are protected.
        meant: its plan.
        last, asked: the context it needs.
        wish: it can stand beside others in a sentence.
    """

    pieces: tuple[Piece, ...]
    meant: Meant
    last: str = ""
    asked: str = ""
    wish: bool = True

    @property
    def text(self) -> str:
        """As it is said."""
        return squeezed("".join(piece.text for piece in self.pieces))


class Template(Protocol):
    """What a sentence comes from."""

    id: str
    origin: str
    kind: str
    split: str
    weight: float
    functions: tuple[str, ...]

    def draw(self, rng: random.Random) -> Sample | None:
        """A sentence with its plan; None where this draw means nothing valid."""


@dataclass
class PhraseTemplate:
    """A line of a phrase file; ``number`` counts phrases that share a line."""

    phrase: Phrase
    slots: Slots
    plans: Plans
    kind: str
    functions: tuple[str, ...]
    number: int = 1
    origin: str = "phrases"

    def __post_init__(self) -> None:
        self.id = f"{self.phrase.file.removesuffix('.yaml')}:{self.phrase.line}"
        if self.number > 1:
            self.id += f".{self.number}"
        self.split = split_of(self.phrase.say)
        self.weight = sqrt(expansions(self.phrase.expression, self.slots))

    def draw(self, rng: random.Random) -> Sample | None:
        """A sentence with its plan."""
        try:
            return sample(self.phrase.drawn(self.slots, rng), self.plans)
        except (PhraseInvalid, PlanInvalid):
            return None  # the check reports it

    def corrected(self, marker: str, rng: random.Random) -> Sample | None:
        """A sentence whose speaker takes a value back ("20 no 22"); None where there is none."""
        try:
            drawn = self.phrase.drawn(self.slots, rng)
        except PhraseInvalid:
            return None
        names = [piece.slot for piece in drawn.pieces if piece.slot in self.phrase.needed]
        single = [name for name in names if name is not None and names.count(name) == 1]
        if not single:
            return None
        name = rng.choice(single)
        try:
            meant = next(
                other
                for other in (self.slots.draw(name, rng) for _ in range(8))
                if other.value != drawn.filled[name].value
            )
        except (StopIteration, PhraseInvalid):
            return None
        pieces: list[Piece] = []
        for piece in drawn.pieces:
            pieces.append(piece)
            if piece.slot == name:
                pieces += [Piece(f" {marker} "), Piece(meant.spoken, name)]
        try:
            return sample(
                replace(drawn, pieces=tuple(pieces), filled={**drawn.filled, name: meant}),
                self.plans,
            )
        except PlanInvalid:
            return None


def sample(drawn: Drawn, plans: Plans) -> Sample:
    """A drawn phrase with its plan read.

    Raises:
        PlanInvalid: a plan is not valid, or names a text that the sentence does not hold.
    """
    meant = plans.read(drawn.plan())
    text = model_text(drawn.text)
    last = drawn.last()
    before = plans.write(plans.read(last)) if last else ""
    unsaid = plans.unsaid(meant, f"{before}\n{text}")
    if unsaid is not None:
        raise PlanInvalid(f"{unsaid!r} is not said in {text!r}")
    asked = drawn.phrase.asked
    if asked and asked not in plans.skills:
        raise PlanInvalid(f"asked: there is no function {asked}")
    return Sample(drawn.pieces, meant, before, asked)


def kind_of(meant: Meant, *, context: bool) -> str:
    """Which kind of row a plan makes."""
    if context:
        return "followup"
    if not meant.calls:
        return "none" if meant.verdict is Verdict.NOTHING else "unknown"
    if any(call.when is not None for call in meant.calls):
        return "condition"
    return "several" if len(meant.calls) > 1 else "one"


def phrase_templates(
    phrases: Iterable[Phrase], slots: Slots, plans: Plans
) -> tuple[list[Template], list[Fault]]:
    """A template for every line, and what is wrong with the others."""
    made: list[Template] = []
    faults: list[Fault] = []
    shared: Counter[str] = Counter()
    for phrase in phrases:
        shared[phrase.where] += 1
        rng = random.Random(f"check|{phrase.say}|{phrase.plan}")
        functions: dict[str, None] = {}
        found: Sample | None = None
        fault: str | None = None
        for _ in range(4):
            try:
                found = sample(phrase.drawn(slots, rng), plans)
            except (PhraseInvalid, PlanInvalid) as error:
                fault = str(error)
                continue
            functions |= dict.fromkeys(found.meant.functions)
        if fault is not None:
            faults.append(Fault(phrase.file, phrase.line, f"{phrase.say!r}: {fault}"))
        if found is not None:
            kind = kind_of(found.meant, context=bool(phrase.last or phrase.asked))
            number = shared[phrase.where]
            made.append(PhraseTemplate(phrase, slots, plans, kind, tuple(functions), number))
    return made, faults


# -- the skills' own sentences ----------------------------------------------------------------


class Reader:
    """The template planner's readings, kept."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._kept: dict[str, Meant | None] = {}

    @cached_property
    def _planner(self) -> TemplatePlanner:
        return TemplatePlanner(self._plans.skills)

    def read(self, text: str) -> Meant | None:
        """What a sentence means where templates explain every word of it; colours are values."""
        if text not in self._kept:
            plan = self._planner.read(text)
            self._kept[text] = None
            if plan is not None and plan.confidence >= _SURE:
                calls = [self._listed(call) for call in plan.calls]
                with suppress(PlanInvalid):
                    self._kept[text] = self._plans.canonical(plan.verdict, calls)
        return self._kept[text]

    def said(self, text: str) -> Meant | None:
        """The same with colours as they are said."""
        meant = self.read(text)
        if meant is None:
            return None
        return replace(meant, calls=tuple(_with_color(call, text) for call in meant.calls))

    @staticmethod
    def _listed(call: Call) -> Call:
        items = call.arguments.get("items")
        if not isinstance(items, str):
            return call
        return replace(call, arguments={**call.arguments, "items": split_items(items)})


def _with_color(call: Call, text: str) -> Call:
    value = call.arguments.get("color")
    if not isinstance(value, str) or not value.startswith("#"):
        return call
    words = model_text(text).split()
    runs = [
        " ".join(words[start : start + size])
        for size in range(4, 0, -1)
        for start in range(len(words) - size + 1)
    ]
    said = next((run for run in runs if color_of(run, strict=True) == value), value)
    return replace(call, arguments={**call.arguments, "color": said})


@cache
def _names_of_colors() -> Mapping[str, str]:
    return {model_text(known): value for value, known in COLORS.items()}


def color_of(name: str, *, strict: bool = False) -> str | None:
    """The value of a colour's name; strict: the whole name is a colour's."""
    if strict:
        return _names_of_colors().get(name)
    try:
        return str(color_value(name))
    except ValueError:
        return None


@dataclass
class SentenceTemplate:
    """A line of a sentences file."""

    line: sentences.Template
    slots: Slots
    plans: Plans
    reader: Reader
    kind: str
    functions: tuple[str, ...]
    origin: str = "sentences"
    weight: float = _WEIGHT_OF_A_LINE

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.line.text.encode()).hexdigest()[:6]
        self.id = f"{self.line.intent}:{digest}"
        self.split = split_of(self.line.text)

    @cached_property
    def pool(self) -> list[Sample]:
        """Sentences whose plan the template planner is sure of, drawn once."""
        rng = random.Random(f"pool|{self.line.intent}|{self.line.text}")
        found: dict[str, Sample] = {}
        for _ in range(_POOL):
            try:
                drawn = self.line.draw(self.slots, rng)
            except sentences.CannotDraw:
                break
            made = self._sample(drawn)
            if made is not None:
                found.setdefault(made.text, made)
        return list(found.values())

    def draw(self, rng: random.Random) -> Sample | None:
        """A sentence with its plan."""
        return rng.choice(self.pool) if self.pool else None

    def _sample(self, drawn: sentences.Sentence) -> Sample | None:
        meant = self.reader.read(drawn.text)
        if meant is None or kind_of(meant, context=False) != self.kind:
            return None
        if self.functions and self.functions != meant.functions:
            return None
        calls = meant.calls
        if "color" in drawn.said:
            calls = tuple(
                replace(call, arguments={**call.arguments, "color": drawn.said["color"]})
                for call in calls
            )
        try:
            meant = self.plans.canonical(meant.verdict, calls)
        except PlanInvalid:
            return None
        if self.plans.unsaid(meant, model_text(drawn.text)) is not None:
            return None
        indirect = bool(self.line.metadata.get("indirect"))
        return Sample(drawn.pieces, meant, wish=not indirect)


def sentence_templates(slots: Slots, plans: Plans, reader: Reader) -> list[Template]:
    """The lines of the skills' sentences and of conversation.yaml."""
    made: list[Template] = [
        SentenceTemplate(line, slots, plans, reader, "one", (line.intent,))
        for line in sentences.skill_templates(plans.skills)
        if not line.metadata.get("elliptic")
    ]
    for line in sentences.talk_templates():
        kind = "unknown" if line.metadata.get("role") == "unknown" else "none"
        made.append(SentenceTemplate(line, slots, plans, reader, kind, ()))
    return made


# -- corpora ----------------------------------------------------------------------------------


@dataclass
class CorpusTemplate:
    """A sentence of a corpus."""

    id: str
    origin: str
    text: str
    meant: Meant
    split: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        self.kind = kind_of(self.meant, context=False)
        self.functions = self.meant.functions

    def draw(self, rng: random.Random) -> Sample | None:
        """Always the same sentence."""
        return Sample((Piece(self.text),), self.meant, wish=False)


def corpus_template(
    text: str, plan: str, corpus: str, row: object, plans: Plans, *, measuring: bool = False
) -> CorpusTemplate:
    """A template of one sentence.

    Args:
        measuring: the corpus keeps it for measuring; it is never trained on.

    Raises:
        PlanInvalid: its plan is not valid, or names a text that it does not hold.
    """
    meant = plans.read(plan)
    told = model_text(text)
    unsaid = plans.unsaid(meant, told)
    if unsaid is not None:
        raise PlanInvalid(f"{unsaid!r} is not said in {told!r}")
    split = "test" if measuring else split_of(told)
    if split == "test" and not measuring:
        split = "train"  # what the corpora keep for measuring is enough
    return CorpusTemplate(f"{corpus}:{row}", f"corpus:{corpus}", text, meant, split)


# -- choosing ---------------------------------------------------------------------------------


@dataclass
class Cell:
    """Templates to choose from, every origin with its own share.

    Args:
        shares: of the origins, by the part of their name before a colon.
    """

    templates: Sequence[Template]
    shares: Mapping[str, float]
    weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        totals: dict[str, float] = {}
        for template in self.templates:
            origin = template.origin.partition(":")[0]
            totals[origin] = totals.get(origin, 0.0) + template.weight
        total = 0.0
        self.weights = []
        for template in self.templates:
            origin = template.origin.partition(":")[0]
            total += self.shares[origin] * template.weight / totals[origin]
            self.weights.append(total)

    @property
    def richness(self) -> float:
        """How much there is to say."""
        return sqrt(sum(template.weight for template in self.templates))

    def choose(self, rng: random.Random) -> Template:
        """One of them."""
        return rng.choices(self.templates, cum_weights=self.weights)[0]
