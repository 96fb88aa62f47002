"""The compiled templates mean what hassil says they mean."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml
from hassil import recognize_all
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    RuleReference,
    TextChunk,
)
from hassil.intents import Intents, RangeSlotList, TextSlotList
from hassil.parse_expression import parse_sentence

from cockpit.agent.fastpath.grammar import Grammar, SentencesInvalid
from cockpit.agent.fastpath.match import Chart, Phrases, Skips
from cockpit.agent.fastpath.normalise import Normaliser

_NO_SKIPS = Skips(Phrases({}), Phrases({}), Phrases({}))

_SOURCE = yaml.safe_load(
    """
language: en
intents:
  roof.move:
    data:
      - sentences:
          - "<open> [the|my] (sun|moon)roof [by] ({percent:position} [percent]|{fraction:position})"
          - "(move|slide) [the] roof[s] <place> {percent:position}[ percent]"
      - sentences: ["close [the] (roof;quickly) now"]
        slots: {position: 0}
  list.add:
    data:
      - sentences: ["add {thing:item} to [the] list", "add {thing:item}"]
lists:
  percent: {range: {from: 0, to: 100}}
  fraction:
    values:
      - {in: "half[way]", out: 50}
      - {in: "a (quarter|fourth)", out: 25}
  place:
    values:
      - {in: "in front", out: front}
      - {in: "at the (back|rear)", out: rear}
  thing: {wildcard: true}
expansion_rules:
  open: "(open|slide open|pop)"
  place: "[up] {place:where}"
"""
)


def _chart(grammar: Grammar, text: str) -> Chart:
    return Chart(grammar, _NO_SKIPS, Normaliser()(text))


def _arguments(grammar: Grammar, text: str) -> list[tuple[str, dict[str, Any]]]:
    chart = _chart(grammar, text)
    found = chart.whole(0, len(chart.keys))
    return [(match.template.intent, match.arguments) for match in found]


def _sample(rng: random.Random, expression: Expression, intents: Intents) -> str:
    """A random sentence of a template, as its author would say it."""
    if isinstance(expression, TextChunk):
        return expression.text
    if isinstance(expression, RuleReference):
        rule = intents.expansion_rules[expression.rule_name]
        return _sample(rng, rule.expression, intents)
    if isinstance(expression, ListReference):
        values = intents.slot_lists[expression.list_name]
        if isinstance(values, RangeSlotList):
            return str(rng.randint(values.start, values.stop))
        if isinstance(values, TextSlotList):
            return _sample(rng, rng.choice(values.values).text_in, intents)
        return rng.choice(("milk", "brown bread", "2 apples and a pear"))
    assert isinstance(expression, Group)
    if isinstance(expression, Alternative):
        return _sample(rng, rng.choice(expression.items), intents)
    items = list(expression.items)
    return "".join(_sample(rng, item, intents) for item in items)


def test_sampled_sentences_mean_what_hassil_reads() -> None:
    rng = random.Random(7)
    grammar = Grammar([_SOURCE])
    intents = Intents.from_dict(_SOURCE)
    compared = 0
    for intent in intents.intents.values():
        for data in intent.data:
            for text in data.sentence_texts:
                for _ in range(40):
                    said = _sample(rng, parse_sentence(text).expression, intents)
                    said = " ".join(said.split())
                    expected = [
                        (
                            found.intent.name,
                            {entity.name: entity.value for entity in found.entities_list},
                        )
                        for found in recognize_all(said, intents)
                    ]
                    ours = _arguments(grammar, said)
                    assert ours, said
                    assert ours[0] in expected, said
                    compared += 1
    assert compared == 200


def test_word_parts_are_whole_words() -> None:
    grammar = Grammar([_SOURCE])
    assert _arguments(grammar, "open the sunroof half")
    assert _arguments(grammar, "open the moonroof halfway")
    assert not _arguments(grammar, "open the sun roof half")


def test_own_words_win_over_free_text() -> None:
    source = {
        "intents": {
            "a.free": {"data": [{"sentences": ["go to {x}"]}]},
            "a.home": {"data": [{"sentences": ["go to my home"]}]},
        },
        "lists": {"x": {"wildcard": True}},
    }
    assert _arguments(Grammar([source]), "go to my home")[0][0] == "a.home"


def test_spelling_of_templates_does_not_matter() -> None:
    source = {
        "intents": {"a.b": {"data": [{"sentences": ["don't use the grey colour for two tyres"]}]}}
    }
    assert _arguments(Grammar([source]), "do not use the gray color for 2 tires")


def test_number_outside_range_does_not_match() -> None:
    assert not _arguments(Grammar([_SOURCE]), "open the sunroof 101 percent")


def test_files_keep_their_own_lists_apart() -> None:
    def source(name: str, word: str) -> dict[str, Any]:
        return {
            "intents": {name: {"data": [{"sentences": ["<go> {x}"]}]}},
            "lists": {"x": {"values": [word]}},
        }

    common = {"expansion_rules": {"go": "go to"}}
    grammar = Grammar([source("a.a", "one place"), source("b.b", "another place")], common)
    assert _arguments(grammar, "go to another place") == [("b.b", {"x": "another place"})]


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("open (the window", "does not parse"),
        ("open {nothing}", "no list {nothing}"),
        ("open <nothing>", "no rule <nothing>"),
        ("[please]", "matches empty text"),
    ],
)
def test_broken_template_is_named(sentence: str, message: str) -> None:
    source = {"intents": {"a.b": {"data": [{"sentences": [sentence]}]}}}
    with pytest.raises(SentencesInvalid) as caught:
        Grammar([source])
    assert message in caught.value.spoken
    assert "a.b" in caught.value.spoken


def test_rule_that_holds_itself_is_named() -> None:
    source = {
        "intents": {"a.b": {"data": [{"sentences": ["<x>"]}]}},
        "expansion_rules": {"x": "again <x>"},
    }
    with pytest.raises(SentencesInvalid, match="refers to itself"):
        Grammar([source])
