"""Sentences made of sentences: several wishes, corrections, negations, unrelated context."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cockpit.agent.conditions import negate, parse_condition
from cockpit.agent.llm.spoken import model_text
from cockpit.agent.plan import Call, Condition, Verdict
from models.training.phrases import Piece, Slots
from models.training.plans import NOTHING, Meant, Plans
from models.training.registers import Speaker, around, is_command, stands_beside_others
from models.training.sources import PhraseTemplate, Sample, Template

type Chooser = Callable[[random.Random], Template]

_TRIES = 12
_TWO_CONDITIONS = 0.4  # share of such sentences
_CONDITIONS = (
    "conditions_state",
    "conditions_not",
    "conditions_number",
    "conditions_number_unless",
)
_IF = ("if", "if", "if", "when", "in case", "as long as", "provided")
_UNLESS = ("unless", "unless", "but not if", "except if", "except when")
_AND = ("and", "and", "and also", "plus", "oh and", "and then")
_ALONE = ("assistant.stop", "assistant.cancel", "assistant.undo", "assistant.repeat")
_POINTS = frozenset(
    ("it", "them", "that", "those", "these", "this", "one", "ones", "there", "same", "other")
)
_LEANS = _POINTS | {"again", "more", "less", "too", "also"}


@dataclass(frozen=True, slots=True)
class Made:
    """A sentence and the templates it is made of.

    Attributes:
        for_car: somebody speaks to the car, and may say so.
    """

    sample: Sample
    templates: tuple[Template, ...]
    for_car: bool = True


@dataclass(frozen=True)
class Composer:
    """Makes sentences of templates.

    Args:
        slots: for what stands between.
        plans: writes plans.
        one: chooses a template with one call, of any function.
        conditional: chooses a template with a condition, where there are any.
        following: chooses a template that needs context, where there are any.
    """

    slots: Slots
    plans: Plans
    one: Chooser
    conditional: Chooser | None
    following: Chooser | None

    def several(self, rng: random.Random) -> Made | None:
        """Two to four wishes of different functions."""
        count = rng.choices((2, 3, 4), (75, 20, 5))[0]
        parts: list[tuple[Template, Sample]] = []
        for _ in range(_TRIES):
            if len(parts) == count:
                break
            found = self._wish(rng)
            if found is not None and parts and _POINTS.intersection(found[1].text.split()):
                continue  # it would point at the wish before
            if found is None or any(
                found[1].meant.functions[0] in part.meant.functions for _, part in parts
            ):
                continue
            parts.append(found)
        if len(parts) < 2:
            return None
        if self.conditional is not None and rng.random() < 0.03:
            template = self.conditional(rng)
            sample = template.draw(rng)
            if sample is not None and sample.text.startswith("if "):
                parts[-1] = (template, sample)
        return self._joined(parts, rng)

    def corrected(self, rng: random.Random) -> Made | None:
        """A sentence that takes back a value, a wish, or a denied wish for another."""
        style = rng.random()
        if style < 0.6:
            template = self.one(rng)
            if not isinstance(template, PhraseTemplate):
                return None
            sample = template.corrected(self._draw("corrections", rng), rng)
            return Made(sample, (template,)) if sample is not None else None
        wrong, right = self._pair(rng)
        if wrong is None or right is None:
            return None
        if style < 0.85:
            between = f" {self._draw('retractions', rng)} "
            pieces = (*wrong[1].pieces, Piece(between), *right[1].pieces)
        elif is_command(wrong[1].text) and is_command(right[1].text):
            denial = f"{rng.choice(('don', 'do not', 'please don', 'no don'))}"
            denial = denial if denial.endswith("not") else f"{denial}'t"
            pieces = (
                Piece(f"{denial} "),
                *wrong[1].pieces,
                Piece(f" {self._draw('instead', rng)} "),
                *right[1].pieces,
            )
        else:
            return None
        if wrong[1].meant == right[1].meant:
            return None
        return Made(Sample(pieces, right[1].meant), (wrong[0], right[0]))

    def conditioned(self, rng: random.Random) -> Made | None:
        """Any wish under a condition; or two, each under one of its own."""
        parts = [self._under_condition(rng)]
        if rng.random() < _TWO_CONDITIONS:
            parts.append(self._under_condition(rng))
        if any(part is None for part in parts):
            return None
        pieces: list[Piece] = []
        calls: list[Call] = []
        templates: list[Template] = []
        for part in parts:
            assert part is not None
            template, own, made = part
            if calls and same_or_opposite(calls[0].when, made[0].when):
                return None  # no second condition, but the first's else
            between = f" {rng.choice(_AND)} " if pieces else ""
            pieces += [Piece(between), *own] if between else own
            calls += made
            templates.append(template)
        return Made(Sample(tuple(pieces), Meant(Verdict.ACT, tuple(calls))), tuple(templates))

    def _under_condition(
        self, rng: random.Random
    ) -> tuple[Template, list[Piece], tuple[Call, ...]] | None:
        found = self._wish(rng)
        if found is None or not is_command(found[1].text) or _POINTS & set(found[1].text.split()):
            return None
        template, sample = found
        if any(call.when is not None for call in sample.meant.calls):
            return None
        known = [name for name in _CONDITIONS if self.slots.get(name) is not None]
        if not known:
            return None
        name = rng.choice(known)
        drawn = self.slots.draw(name, rng)
        when = parse_condition(drawn.value)
        said = Piece(drawn.spoken, name)
        if name == "conditions_number_unless" or (
            name == "conditions_state" and rng.random() < 0.2
        ):
            if name == "conditions_state":
                when = negate(when)
            word = rng.choice(_UNLESS)
        else:
            word = rng.choice(_IF)
        if rng.random() < 0.5 and word not in ("but not if", "except if", "except when"):
            pieces = [Piece(f"{word} "), said, Piece(rng.choice((" ", " then "))), *sample.pieces]
        else:
            pieces = [*sample.pieces, Piece(f" {word} "), said]
        return template, pieces, tuple(replace(call, when=when) for call in sample.meant.calls)

    def denied(self, rng: random.Random) -> Made | None:
        """A wish that is not to be done: "don't open the window", or taken back at the end."""
        found = self._wish(rng)
        if found is None:
            return None
        template, sample = found
        if sample.meant.functions[0].startswith("assistant."):
            return None
        if rng.random() < 0.7:
            if not is_command(sample.text):
                return None
            pieces = (Piece(f"{self._draw('negations', rng)} "), *sample.pieces)
        else:
            pieces = (*sample.pieces, Piece(f" {self._draw('never_mind', rng)}"))
        return Made(Sample(pieces, NOTHING), (template,))

    def story(self, rng: random.Random) -> Made | None:
        """Somebody tells something and wants nothing."""
        text = Speaker(self.slots).story(rng)
        return Made(Sample((Piece(text),), NOTHING), (), for_car=False)

    def unrelated(self, made: Made, rng: random.Random) -> tuple[str, str]:
        """A turn before that the sentence has nothing to do with: its plan, and what it asked.

        A sentence that leans on what was said ("a bit more") gets none. A plan of the same
        skill stands before commands only, which speak for themselves.
        """
        text = made.sample.text
        words = model_text(text).split()
        if len(words) < 3 or _LEANS.intersection(words):
            return "", ""
        functions = made.sample.meant.functions
        for _ in range(_TRIES):
            asked = self.following is not None and rng.random() < 0.3
            template = self.following(rng) if self.following and asked else self.one(rng)
            sample = template.draw(rng)
            if sample is None:
                continue
            last = sample.last if asked else self.plans.write(sample.meant)
            before = [*self._functions(last), *([sample.asked] if asked and sample.asked else ())]
            if not before or any(name.startswith("assistant.") for name in before):
                continue
            if self._related(before, functions, is_command(text) and len(words) > 3):
                continue
            return last, sample.asked if asked else ""
        return "", ""

    def _functions(self, last: str) -> tuple[str, ...]:
        return self.plans.read(last).functions if last else ()

    @staticmethod
    def _related(before: Sequence[str], now: Sequence[str], command: bool) -> bool:
        if set(before) & set(now):
            return True
        skills = {name.partition(".")[0] for name in now}
        return not command and any(name.partition(".")[0] in skills for name in before)

    # -- parts --------------------------------------------------------------------------------

    def _wish(self, rng: random.Random) -> tuple[Template, Sample] | None:
        for _ in range(_TRIES):
            template = self.one(rng)
            sample = template.draw(rng)
            if sample is None or not sample.wish or not stands_beside_others(sample.text):
                continue
            if sample.meant.functions[0] not in _ALONE:
                return template, sample
        return None

    def _pair(
        self, rng: random.Random
    ) -> tuple[tuple[Template, Sample] | None, tuple[Template, Sample] | None]:
        """Two wishes of one skill."""
        first = self._wish(rng)
        if first is None:
            return None, None
        skill = first[1].meant.functions[0].partition(".")[0]
        for _ in range(60):
            second = self._wish(rng)
            if second is not None and second[1].meant.functions[0].startswith(f"{skill}."):
                return first, second
        return None, None

    def _joined(self, parts: Sequence[tuple[Template, Sample]], rng: random.Random) -> Made:
        pieces: list[Piece] = []
        speaker = Speaker(self.slots)
        for number, (_, sample) in enumerate(parts):
            last = number == len(parts) - 1
            if number:
                joiner = self._draw("joiners", rng)
                if joiner.endswith("you") and not is_command(sample.text):
                    joiner = "and"
                if joiner == "" and rng.random() < 0.5 and not last:
                    joiner = "and"
                pieces.append(Piece(f", {joiner} " if rng.random() < 0.5 else f" {joiner} "))
            before = "" if number or rng.random() > 0.15 else "polite"
            if number and rng.random() < 0.06:
                before = "polite"
            if before and is_command(sample.text):
                said = speaker.polite("\x00", rng) if rng.random() < 0.3 else ""
                if said.startswith("\x00 "):
                    pieces += [*sample.pieces, Piece(said[1:])]
                else:
                    pieces += [Piece(f"{self._draw('polite_before', rng)} "), *sample.pieces]
            else:
                pieces += sample.pieces
            if last and rng.random() < 0.08:
                pieces.append(Piece(f" {self._draw('last_of_several', rng)}"))
        calls = tuple(call for _, sample in parts for call in sample.meant.calls)
        meant = Meant(parts[0][1].meant.verdict, calls)
        return Made(Sample(tuple(pieces), meant), tuple(template for template, _ in parts))

    def _draw(self, name: str, rng: random.Random) -> str:
        return around().draw(name, self.slots, rng)


def same_or_opposite(one: Condition | None, other: Condition | None) -> bool:
    """Whether the second condition would be the first's else, or none of its own."""
    return one is None or other is None or other in (one, negate(one))
