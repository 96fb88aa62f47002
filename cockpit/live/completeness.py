"""Whether a sentence can be over, by its grammar; so, how long a silence ends it.

English shows early that something is missing: no sentence ends with "and" or "the", few with
"to", and "turn on" wants an object where "turn it on" has one. The words are in
``completeness.yaml``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict

from cockpit.settings import ListenSettings

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_TRAILING_OFF: Final = re.compile(r"(?:\.\.|…|,|;|:|-|–|—)\s*$")  # how recognisers write it

type _Words = Sequence[str]


class _Grammar(BaseModel):
    """The word lists; see the comments in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    never_last: frozenset[str]
    nouns: frozenset[str]
    nouns_after: frozenset[str]
    thinking: tuple[str, ...]
    short_verbs: Mapping[str, str]
    leaning: frozenset[str]
    of_numbers: frozenset[str]
    numbers: frozenset[str]
    prepositions: frozenset[str]
    loose_prepositions: frozenset[str]
    fronted: frozenset[str]
    fronted_measure: frozenset[str]
    of_measures: frozenset[str]
    measures: frozenset[str]
    of_nouns: frozenset[str]
    participles: frozenset[str]
    willing: frozenset[str]
    conditions: frozenset[str]
    prepositional_verbs: Mapping[str, frozenset[str]]
    particles: Mapping[str, frozenset[str]]
    closed: Mapping[str, frozenset[str]]
    subjects: frozenset[str]
    pronouns: frozenset[str]
    clause_words: frozenset[str]
    seldom_last: frozenset[str]
    auxiliaries: frozenset[str]
    questions: frozenset[str]
    transitive: frozenset[str]
    wanting_more: frozenset[str]
    clause_starts: frozenset[str]
    lead_ins: frozenset[str]
    superlatives: frozenset[str]
    subordinators: frozenset[str]
    main_clause: frozenset[str]
    nominatives: frozenset[str]
    closings: tuple[str, ...]


@cache
def _grammar() -> _Grammar:
    text = (files("cockpit.live") / "completeness.yaml").read_text(encoding="utf-8")
    return _Grammar.model_validate(yaml.safe_load(text))


def hold(text: str, *, planned: bool, settings: ListenSettings) -> float:
    """How long a silence after these words means that nothing follows.

    Args:
        text: what was recognised up to the pause, with or without punctuation.
        planned: the planner is sure of what it asks for. Believed where the grammar only
            doubts ("turn up"), not where it knows better ("turn on the heating and").
        settings: the silences to choose from.

    Returns:
        Seconds: ``end_complete``, ``end`` or ``end_dangling``.
    """
    words = _WORD.findall(text.lower().replace("’", "'"))
    core = _without_closing(words)
    if _leans(core) or _cannot_end(spread := _spread(core)):
        return settings.end_dangling
    if planned:
        return settings.end_complete
    if _hardly_ends(spread) or _TRAILING_OFF.search(text):
        return settings.end_dangling
    return settings.end if len(core) == len(words) else settings.end_complete


def _without_closing(words: _Words) -> _Words:
    for closing in (phrase.split() for phrase in _grammar().closings):
        if words and list(words[-len(closing) :]) == closing:
            return _without_closing(words[: -len(closing)])
    return words


def _leans(words: _Words) -> bool:
    """Whether the last word is "it's", "what's", "you'll" or the like."""
    return bool(words) and len(_parts(words[-1])) > 1


def _spread(words: _Words) -> _Words:
    """The words with "it's" as "it is"."""
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> _Words:
    grammar = _grammar()
    leaning, mark, short = word.rpartition("'")
    verb = grammar.short_verbs.get(mark + short)
    return [leaning, verb] if verb and leaning in grammar.leaning else [word]


def _cannot_end(words: _Words) -> bool:
    """Whether something has to follow, whatever it is about."""
    if not words:
        return False
    grammar, last, before = _grammar(), words[-1], words[-2] if len(words) > 1 else ""
    if any(list(words[-len(said) :]) == said for said in map(str.split, grammar.thinking)):
        return True
    if last in grammar.nouns and before in grammar.nouns_after:
        return False
    if last == "a" and len(before) == 1:  # "l. a."
        return False
    if last in grammar.never_last:
        return True
    if last in grammar.of_numbers:
        return before in grammar.numbers or before.isdigit() or before == "to"
    return last in grammar.prepositions and not _is_stranded(words)


def _hardly_ends(words: _Words) -> bool:
    """Whether something will probably follow."""
    if not words:
        return False
    return (
        _is_subject(words)
        or _is_loose_preposition(words)
        or _lacks_object(words)
        or _is_open_question(words)
        or _lacks_main_clause(words)
        or _lacks_second_bound(words)
    )


def _is_subject(words: _Words) -> bool:
    """ "Wait until I": a subject without its verb, or the like."""
    grammar = _grammar()
    inverted = len(words) > 2 and words[-2] in grammar.auxiliaries
    return words[-1] in grammar.seldom_last and not inverted


def _is_stranded(words: _Words) -> bool:
    """Whether the preposition at the end has its noun further to the front."""
    grammar, last, before = _grammar(), words[-1], words[-2] if len(words) > 1 else ""
    rest = words[:-1]
    if last == "to" and before in grammar.willing and "where" not in rest:
        return bool(grammar.conditions.intersection(rest))
    own = _is_form_of(before, grammar.prepositional_verbs.get(last, frozenset()))
    own = own or (_is_participle(before) and not before.endswith("ing"))
    asked = grammar.fronted | (grammar.fronted_measure if last in grammar.of_measures else set())
    fronted = [at for at, word in enumerate(rest) if word in asked]
    if fronted:
        question = rest[fronted[0] :]
        if len(question) == 1:
            return last in ("for", "from", "to", "at", "with")  # "what for", "where to"
        if own or (before in grammar.pronouns and not grammar.measures.intersection(question)):
            return True
        return last not in grammar.of_nouns and not grammar.measures.intersection(question)
    relative = any(
        word in grammar.subjects and noun not in grammar.clause_words | grammar.auxiliaries
        for noun, word in itertools.pairwise(rest)
    )
    if relative and rest[0] not in grammar.subjects:
        return own
    # "A place to go to", but "I want to go to".
    noun = rest[-3] if len(rest) > 2 and rest[-2] == "to" else ""
    return own and bool(noun) and noun not in grammar.willing | grammar.pronouns | grammar.measures


def _is_loose_preposition(words: _Words) -> bool:
    """ "Play something by": a preposition that is no adverb here."""
    grammar, last = _grammar(), words[-1]
    if last not in grammar.loose_prepositions:
        return False
    rest, before = words[:-1], words[-2] if len(words) > 1 else ""
    if before in grammar.closed.get(last, ()):
        return False
    if last == "like":
        return not grammar.conditions.union(grammar.questions).intersection(rest)
    verbs = grammar.particles.get(last, frozenset())
    if any(_is_form_of(word, verbs) for word in rest[:-1]) or _is_participle(before):
        return False
    return not _is_stranded(words)


def _lacks_object(words: _Words) -> bool:
    """ "Can you call", "turn on", "make it", "the nearest"."""
    grammar, last = _grammar(), words[-1]
    rest, before = words[:-1], words[-2] if len(words) > 1 else ""
    if before in grammar.particles.get(last, ()):
        return _begins_clause(rest[:-1])
    if last in grammar.superlatives:
        return before == "the" and not grammar.questions.intersection(rest)
    if last in grammar.pronouns and before in grammar.wanting_more:
        return _begins_clause(rest[:-1])
    return last in grammar.transitive and _begins_clause(rest)


def _begins_clause(before: _Words) -> bool:
    """Whether a verb behind these words is the first of its clause."""
    grammar = _grammar()
    return all(word in grammar.lead_ins for word in before) or before[-1] in grammar.clause_starts


def _is_open_question(words: _Words) -> bool:
    """ "Where is", "my name is", "could you"."""
    grammar, last = _grammar(), words[-1]
    rest, before = words[:-1], words[-2] if len(words) > 1 else ""
    if last in grammar.auxiliaries:
        if before in grammar.subjects | grammar.auxiliaries | {"to"}:
            return False
        if last == "am" and (before.isdigit() or before in grammar.numbers):
            return False
        return before in grammar.questions or not grammar.questions.intersection(rest)
    return len(words) == 2 and before in grammar.auxiliaries and last in ("you", "i", "we")


def _lacks_main_clause(words: _Words) -> bool:
    """ "If it rains"."""
    grammar = _grammar()
    if words[0] not in grammar.subordinators or len(words) < 3:
        return False
    if words[1] in grammar.auxiliaries:  # "when is my appointment"
        return False
    return not any(
        word in grammar.nominatives
        or (word in grammar.main_clause and before not in grammar.subjects and before != "to")
        or (before in grammar.auxiliaries and word in grammar.subjects)
        for before, word in itertools.pairwise(words[2:])
    )


def _lacks_second_bound(words: _Words) -> bool:
    """ "Between nineteen"."""
    return "between" in words[-4:-1] and "and" not in words[-3:] and not words[-1].endswith("s")


def _is_participle(word: str) -> bool:
    """ "Set", "interested", "coming", but not "something"."""
    ending = word.endswith(("ed", "ing")) and not word.endswith("thing")
    return ending or word in _grammar().participles


def _is_form_of(word: str, verbs: frozenset[str]) -> bool:
    """Whether the word is one of the verbs, or ends in -s, -ed or -ing."""
    for ending in ("", "s", "es", "ed", "ing"):
        stem = word.removesuffix(ending)
        if word.endswith(ending) and {stem, stem + "e", stem[:-1]} & verbs:
            return True
    return False
