"""How something is said: politely, to somebody, in a story, with hesitation, misheard.

None of it changes what is meant. What a plan rests on - numbers, places, names, free text - is
protected: nothing is put into it, dropped or taken for another word there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cockpit.agent.fastpath.conversation import Conversation, read_yaml
from cockpit.agent.llm.spoken import model_text
from models.training.phrases import Expression, Slots, draw, parse, squeezed

SHARES: Mapping[str, float] = {
    "plain": 0.55,
    "polite": 0.15,
    "address": 0.07,
    "rambling": 0.08,
    "hesitant": 0.08,
    "misheard": 0.07,
}
"""How often each register is drawn."""

_COMPLAINT = re.compile(
    r"\b(?:i|i'm|i am|we|we're|it|it's|its|feels?|feeling|freezing|too|so|getting|can't|barely|"
    r"there's|my \w+ (?:is|are)|don't|not|no|never|instead|actually|sorry|wait)\b"
)


_ENDS = re.compile(r"(?: (?:so|and|but|anyway|now))+$")
_ASKING_DO = (["i"], ["we"], ["you"], ["they"], ["the"], ["my"], ["our"], ["any"])


class Around:
    """registers.yaml: what stands around wishes and between them."""

    def __init__(self) -> None:
        source = read_yaml(files(__package__).joinpath("registers.yaml").read_text("utf-8"))
        self._lists: dict[str, tuple[list[Expression], list[float]]] = {}
        self.confused: Mapping[str, list[str]] = source.pop("confused")
        self.verbs = frozenset(source.pop("verbs")) | Conversation.default().verbs
        self.questions = frozenset(source.pop("questions"))
        for name, lines in source.items():
            expressions: list[Expression] = []
            weights: list[float] = []
            for line in lines:
                text, _, weight = str(line).partition(" * ")
                expressions.append(parse("" if text == "~" else text))
                weights.append(float(weight or 1))
            self._lists[name] = expressions, weights

    def draw(self, name: str, slots: Slots, rng: random.Random) -> str:
        """One of the lines of a list."""
        expressions, weights = self._lists[name]
        expression = rng.choices(expressions, weights)[0]
        pieces, _ = draw(expression, slots, rng)
        return squeezed("".join(piece.text for piece in pieces))


@cache
def around() -> Around:
    """The file, read once."""
    return Around()


@cache
def is_command(text: str) -> bool:
    """It begins with a verb that tells the car to do something."""
    words = text.split()
    if not words or words[0] not in around().verbs:
        return False
    return words[0] != "do" or words[1:2] not in _ASKING_DO


def is_question(text: str) -> bool:
    """It begins as questions do."""
    return text.split(" ", 1)[0] in around().questions


def stands_beside_others(text: str) -> bool:
    """It can be one of several wishes: commands, questions and short forms, no complaint.

    A complaint beside a command is a reason, no wish of its own.
    """
    if is_command(text):
        return not re.search(r"\b(?:no|not|don't|instead|sorry|wait|actually)\b", text)
    if _COMPLAINT.search(text):
        return False
    if is_question(text):
        return True
    return len(text.split()) <= 5 and not re.search(
        r"\b(?:is|are|was|has|have|feels?|looks?|gets?|needs?|wants?)\b", text
    )


@dataclass(frozen=True)
class Speaker:
    """Says sentences in a register.

    Args:
        slots: for the stories.
    """

    slots: Slots

    def say(
        self,
        text: str,
        register: str,
        protected: Sequence[str],
        rng: random.Random,
        *,
        for_car: bool = True,
    ) -> str:
        """The sentence as the model reads it.

        Args:
            text: as it was drawn.
            register: a name of ``SHARES``.
            protected: spans that stay as they are.
            for_car: somebody speaks to the car; talk to others gets no address.
        """
        if register == "polite":
            text = self.polite(text, rng, for_car=for_car)
        elif register == "address" and for_car:
            text = self._addressed(text, rng)
        elif register == "rambling":
            text = self._rambling(text, rng, for_car=for_car)
        told = model_text(text)
        if register == "hesitant" or (register == "rambling" and rng.random() < 0.3):
            told = self._settled(self._hesitant(told, protected, rng), told)
        if register == "misheard":
            told = self._settled(self._misheard(told, protected, rng), told)
        return told

    def story(self, rng: random.Random) -> str:
        """A story without a wish."""
        return _ENDS.sub("", self._draw("before", rng))

    def polite(self, text: str, rng: random.Random, *, for_car: bool = True) -> str:
        """With a "please" or more around it."""
        if not for_car:
            return text
        if is_command(text) and rng.random() < 0.2:
            return f"{text} {self._draw('polite_after_command', rng)}"
        if is_command(text) and rng.random() < 0.7:
            return f"{self._draw('polite_before', rng)} {text}"
        if is_question(text) and not text.startswith("any") and rng.random() < 0.3:
            return f"{self._draw('polite_before_question', rng)} {text}"
        return f"{text} {self._draw('polite_after', rng)}"

    def _addressed(self, text: str, rng: random.Random) -> str:
        if rng.random() < 0.4:
            text = self.polite(text, rng)
        return f"{self._draw('address', rng)} {text}"

    def _rambling(self, text: str, rng: random.Random, *, for_car: bool) -> str:
        where = rng.random()
        if where < 0.7:
            if for_car and is_command(text) and rng.random() < 0.5:
                text = f"{self._draw('polite_before', rng)} {text}"
            text = f"{self._draw('before', rng)} {text}"
        if where > 0.55:
            text = f"{text} {self._draw('after', rng)}"
        return text

    def _hesitant(self, text: str, protected: Sequence[str], rng: random.Random) -> str:
        words = text.split()
        whole = _protected(words, protected)
        for _ in range(rng.choice((1, 1, 2))):
            before = [0, *whole]
            at = rng.choice([at for at, now in enumerate(whole) if not now or now != before[at]])
            if rng.random() < 0.25 and not whole[at] and not words[at][0].isdigit():
                words.insert(at, words[at])
                whole.insert(at, 0)
            else:
                filler = self._draw("fillers", rng)
                words.insert(at, filler)
                whole.insert(at, 0)
        return " ".join(words)

    def _misheard(self, text: str, protected: Sequence[str], rng: random.Random) -> str:
        words = text.split()
        whole = _protected(words, protected)
        confused = around().confused
        places = [at for at, word in enumerate(words) if not whole[at] and word in confused]
        for at in sorted(rng.sample(places, min(len(places), rng.choice((1, 1, 2)))), reverse=True):
            word = rng.choice(confused[words[at]])
            words[at : at + 1] = [] if word == "~" else [word]
        return " ".join(words)

    @staticmethod
    def _settled(text: str, before: str) -> str:
        """The new text, unless it would be read otherwise ("a" before "hundred")."""
        return text if text and model_text(text) == text else before

    def _draw(self, name: str, rng: random.Random) -> str:
        return around().draw(name, self.slots, rng)


def _protected(words: Sequence[str], protected: Sequence[str]) -> list[int]:
    """For every word the number of the protected span it stands in, or 0."""
    whole = [0] * len(words)
    for number, span in enumerate(protected, start=1):
        parts = span.split()
        for at in range(len(words) - len(parts) + 1) if parts else ():
            if list(words[at : at + len(parts)]) == parts:
                whole[at : at + len(parts)] = [number] * len(parts)
    return whole
