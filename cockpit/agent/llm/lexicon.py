"""A second opinion on which function is meant: the words of its own sentences.

A small model that does not understand a request still writes a plan, often with confidence. Words
that few functions share tell functions apart (inverse document frequency, as in text retrieval);
a plan whose function shares far fewer of them with the utterance than another one does is not to
be trusted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from cockpit.agent.fastpath.conversation import read_yaml
from skills.api import SkillSet

_WORD = re.compile(r"[a-z]{2,}")
_PLACEHOLDER = re.compile(r"\{[^}]*\}|<[^>]*>")
_ENDING = re.compile(r"(?:ing|ed|es|er|s|y|e)$")
_SAYS_NOTHING = frozenset(
    """
    who what when where why how which whose is are was were be been do does did done have has had
    can could will would shall should may might must let lets get got getting go going gone make
    makes made take put keep want wants need needs use using like love thing things stuff bit
    little lot much more less very too so just now then next last again there here this that these
    those it its the an and or but not no yes if of at by for from in into on onto off out over to
    up down with without about as me my mine you your we us our they them their he she his her him
    please thanks hey hi hello okay some any all every each both other another one two three tell
    say give know think see look
    """.split()  # noqa: SIM905  (a list of 150 strings reads worse)
)
"""Words that stand in requests of every kind."""

_COMMON_SHARE = 0.2
"""Words of more functions than this tell nothing."""


class Lexicon:
    """Which functions a text's words speak for.

    Args:
        vocabularies: the words of each function.
    """

    def __init__(self, vocabularies: Mapping[str, Iterable[str]]) -> None:
        self._words = {
            name: frozenset(_stem(word) for word in words) for name, words in vocabularies.items()
        }
        spread = Counter(word for words in self._words.values() for word in words)
        count = max(1, len(self._words))
        self._weight = {
            word: math.log(count / number)
            for word, number in spread.items()
            if number <= max(1, _COMMON_SHARE * count) and word not in _IGNORED
        }

    @classmethod
    def of(cls, skills: SkillSet) -> Lexicon:
        """From the sentences and descriptions of all functions."""
        words: dict[str, set[str]] = {name: set() for name in skills}
        for skill in skills.skills:
            raw = read_yaml(skill.sentences.read_text(encoding="utf-8"))
            for name, intent in (raw or {}).get("intents", {}).items():
                if name in words:
                    words[name].update(_template_words(intent))
        for name, function in skills.items():
            words[name].update(_WORD.findall(function.description.lower()))
            words[name].update(_WORD.findall(name.replace("_", " ")))
        return cls(words)

    def support(self, text: str, function: str, beside: Collection[str] = ()) -> float:
        """How much the words of a text speak for a function, against the one they favour most.

        Args:
            beside: other functions of the same plan, which are no rivals.

        Returns:
            0 to 1; 0 also where no word of the text tells any function from the others.
        """
        said = {_stem(word) for word in _WORD.findall(text.lower())} & self._weight.keys()

        def score(name: str) -> float:
            return sum(self._weight[word] for word in said & self._words[name])

        own = score(function)
        rivals = (score(name) for name in self._words if name not in beside)
        best = max(rivals, default=0.0)
        return own / max(own, best) if best or own else 0.0


def _template_words(intent: Mapping[str, Any]) -> Iterator[str]:
    for block in intent.get("data", ()):
        for sentence in block.get("sentences", ()):
            yield from _WORD.findall(_PLACEHOLDER.sub(" ", sentence.lower()))


def _stem(word: str) -> str:
    """Crude, but the same on both sides: windows, window; dimmer, dimming."""
    return _ENDING.sub("", word) if len(word) > 4 else word


_IGNORED = frozenset(_stem(word) for word in _SAYS_NOTHING)
