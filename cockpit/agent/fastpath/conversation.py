"""conversation.yaml: what people say around commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import yaml
from hassil.expression import Alternative, Expression, Group, TextChunk
from hassil.parse_expression import parse_sentence

from cockpit.agent.fastpath.match import Phrases, Skips
from cockpit.agent.fastpath.normalise import canonical, split_words

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is


def read_yaml(text: str) -> dict[str, Any]:
    """A YAML mapping, read by libyaml where PyYAML was built with it."""
    loaded = yaml.load(text, Loader=_LOADER)  # noqa: S506 -- both are safe loaders
    return loaded if isinstance(loaded, dict) else {}


@dataclass(frozen=True)
class Conversation:
    """The phrases and word classes of conversation.yaml.

    Attributes:
        source: the whole file; its intents are matched like those of a skill.
        skips: politeness and fillers.
        cut, negation, correction, retraction, follow, repeat, own, going, less: see the file.
        yes, no, filler: of short answers.
        pronouns, determiners, questions, noun_ends, states, verbs: canonical words.
    """

    source: Mapping[str, Any]
    skips: Skips
    cut: Phrases
    negation: Phrases
    correction: Phrases
    retraction: Phrases
    follow: Phrases
    repeat: Phrases
    own: Phrases
    going: Phrases
    less: Phrases
    yes: Phrases
    no: Phrases
    filler: Phrases
    pronouns: frozenset[str]
    determiners: frozenset[str]
    questions: frozenset[str]
    noun_ends: frozenset[str]
    states: frozenset[str]
    verbs: frozenset[str]

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any]) -> Conversation:
        """From the parsed file."""
        phrases = {name: _costs(table) for name, table in source["phrases"].items()}
        words = {
            name: frozenset(canonical(part) for word in listed for part in split_words(word))
            for name, listed in source["words"].items()
        }
        return cls(
            source=source,
            skips=Skips(
                anywhere=Phrases(phrases["anywhere"]),
                lead=Phrases(phrases["lead"]),
                tail=Phrases(phrases["tail"]),
            ),
            cut=Phrases(phrases["cut"]),
            negation=Phrases(phrases["negation"]),
            correction=Phrases(phrases["correction"]),
            retraction=Phrases(phrases["retraction"]),
            follow=Phrases(phrases["follow"]),
            repeat=Phrases(phrases["repeat"]),
            own=Phrases(phrases["own"]),
            going=Phrases(phrases["going"]),
            less=Phrases(phrases["less"]),
            yes=Phrases(phrases["yes"]),
            no=Phrases(phrases["no"]),
            filler=Phrases(phrases["filler_of_answers"]),
            **words,
        )

    @classmethod
    @cache
    def default(cls) -> Conversation:
        """The file beside the agent."""
        text = files("cockpit.agent").joinpath("conversation.yaml").read_text(encoding="utf-8")
        return cls.from_mapping(read_yaml(text))


def _costs(table: Mapping[float, Sequence[str]]) -> dict[str, float]:
    """Phrase to cost; a phrase that is listed twice keeps its lower cost."""
    costs: dict[str, float] = {}
    for cost, listed in table.items():
        for entry in listed:
            for phrase in spelled_out(entry):
                costs[phrase] = min(float(cost), costs.get(phrase, 9.0))
    return costs


def spelled_out(entry: str) -> list[str]:
    """Every phrase of an entry with alternatives: "(can|could) you [please]" is four."""
    if not any(mark in entry for mark in "([|"):
        return [entry]
    found = _texts(parse_sentence(entry).expression)
    return [phrase for text in found if (phrase := " ".join(text.split()))]


def _texts(expression: Expression) -> list[str]:
    if isinstance(expression, TextChunk):
        return [expression.text]
    assert isinstance(expression, Group)  # phrases hold neither lists nor rules
    parts = [_texts(item) for item in expression.items]
    if isinstance(expression, Alternative):
        return [text for part in parts for text in part]
    return ["".join(choice) for choice in product(*parts)]
