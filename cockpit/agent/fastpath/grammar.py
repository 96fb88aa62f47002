"""All templates as word-level networks.

hassil parses the templates. Its own matcher tries one template after the other on one text; here
one sentence asks hundreds of templates about many of its parts, so they are compiled into
recursive transition networks: every list and every expansion rule is a network, and all
templates together are one more, which ``match`` walks once per start position, whatever the
number of templates.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.intents import (
    Intents,
    RangeSlotList,
    SlotList,
    TextSlotList,
    WildcardSlotList,
)
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from cockpit.agent.fastpath.normalise import template_words
from vehicle_bus.errors import CockpitError

_PIECES = re.compile(r"\s+|[^\s]+")
_CONTEXT_KEYS = ("requires_context", "excludes_context", "required_keywords")


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: compiling makes a million objects to keep, and looking through them
    again and again takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class SentencesInvalid(CockpitError):
    """A sentences file cannot be used; ``spoken`` names the template."""


# Lists and rules (network, slot it fills) with the states behind them.
type Arcs = list[tuple[tuple[int, str | None], list[int]]]


@dataclass(frozen=True, slots=True)
class Template:
    """One block of sentences of one function.

    Attributes:
        intent: full function name, or a name of conversation.yaml.
        slots: constant arguments.
        metadata: flags (``indirect``, ``elliptic``) or what conversation.yaml says.
        text: the sentence it came from.
        named: arguments that the sentence itself may name.
    """

    intent: str
    slots: Mapping[str, Any]
    metadata: Mapping[str, Any]
    text: str
    named: frozenset[str] = frozenset()


@dataclass(slots=True)
class State:
    """A place in a network.

    Attributes:
        words: canonical word to the states behind it.
        arcs: lists and rules (network, slot it fills) to the states behind them.
        finals: what ends here: templates, list values, or one None for a rule.
    """

    words: dict[str, list[int]] = field(default_factory=dict)
    arcs: dict[tuple[int, str | None], list[int]] = field(default_factory=dict)
    finals: list[Any] = field(default_factory=list)
    openings: dict[str, Arcs] = field(default_factory=dict)
    """The arcs that a word may begin, kept per word once asked for; see ``Grammar.arcs``."""


@dataclass(slots=True)
class Network:
    """A list or a rule.

    Attributes:
        name: for people.
        kind: ``rule``, ``values``, ``range`` or ``wildcard``.
        start: its first state (rule and values).
        bounds: lowest and highest number (range).
        multiplier: of the number (range).
        nullable: it may match nothing.
        firsts: words it may begin with; None where anything may come first.
        numeric: it may begin with a number.
        within: free text stays within a clause: it holds no comma.
    """

    name: str
    kind: str
    start: int = -1
    bounds: tuple[float, float] = (0.0, 0.0)
    multiplier: float | None = None
    nullable: bool = False
    firsts: frozenset[str] | None = frozenset()
    numeric: bool = False
    within: bool = False


# Pieces of a template before words are put together.
type _Edge = tuple[str, Any, int]  # kind (eps, text, space, net), label, target


class _Draft:
    """A network of text pieces, in which a word may still be spread over several edges."""

    def __init__(self) -> None:
        self.edges: list[list[_Edge]] = [[]]

    def state(self) -> int:
        self.edges.append([])
        return len(self.edges) - 1

    def edge(self, source: int, kind: str, label: Any = None, target: int | None = None) -> int:
        target = self.state() if target is None else target
        self.edges[source].append((kind, label, target))
        return target


class Grammar:
    """The compiled sentences of several files.

    Args:
        sources: parsed YAML files; later lists and rules replace earlier ones of the same name
            only within their own file.
        common: lists and rules that all of them may use.
        around: a further file, of what is said around commands; its free text ends at commas.

    Raises:
        SentencesInvalid: a template does not parse or names what does not exist.
    """

    def __init__(
        self,
        sources: Iterable[Mapping[str, Any]],
        common: Mapping[str, Any] | None = None,
        around: Mapping[str, Any] | None = None,
    ) -> None:
        self.states: list[State] = []
        self.networks: list[Network] = []
        self.templates: list[Template] = []
        self.vocabulary: set[str] = set()
        self.feeds: dict[str, dict[str, set[int]]] = {}
        """Function to argument to the networks that fill it."""
        self.loose_ends: list[str] = []
        """Templates where letters follow a list or rule without a space; they never match."""
        self.root = State()
        """Where every template starts."""
        self._common: dict[str, int] = {}
        with _uncollected():
            shared = _parsed(common or {})
            for source in sources:
                self._add(source, shared)
            if around is not None:
                self._add(around, shared, within=True)
            self._firsts()

    def arcs(self, state: State, key: str, *, number: bool) -> Arcs:
        """The arcs of a state that may begin with a word; most lists and rules may not.

        Args:
            key: the word, or an empty text for any that no template knows.
            number: it is a number.
        """
        found: Arcs = []
        for arc, targets in state.arcs.items():
            network = self.networks[arc[0]]
            if network.firsts is None or key in network.firsts or (number and network.numeric):
                found.append((arc, targets))
        return found

    # -- reading --------------------------------------------------------------------------

    def _add(self, source: Mapping[str, Any], common: Intents, *, within: bool = False) -> None:
        intents = _parsed(source)
        own = set(intents.slot_lists) | set(intents.expansion_rules)
        intents.slot_lists = {**common.slot_lists, **intents.slot_lists}
        intents.expansion_rules = {**common.expansion_rules, **intents.expansion_rules}
        scope = _Scope(self, intents, own, within=within)
        for name, intent in intents.intents.items():
            for data in intent.data:
                block = {key: getattr(data, key, None) for key in _CONTEXT_KEYS}
                if any(block.values()) or data.expansion_rules or data.slot_lists:
                    raise SentencesInvalid(f"{name}: contexts and local lists are not supported.")
                for text in data.sentence_texts:
                    template = Template(name, dict(data.slots), dict(data.metadata or {}), text)
                    self._add_template(template, scope)

    def _add_template(self, template: Template, scope: _Scope) -> None:
        try:
            expression = parse_sentence(template.text).expression
        except (ParseError, AssertionError) as error:
            raise SentencesInvalid(
                f"{template.intent}: {template.text!r} does not parse: {error}"
            ) from error
        draft = _Draft()
        try:
            end = scope.draft(draft, 0, expression)
        except SentencesInvalid as error:
            raise SentencesInvalid(
                f"{template.intent}: {template.text!r}: {error.spoken}"
            ) from error
        index = len(self.templates)
        filled = list(scope.slots(expression))
        named = frozenset(slot for slot, _ in filled)
        self.templates.append(replace(template, named=named))
        start = self._words(draft, {end: [index]}, template.text)
        state = self.states[start]
        if state.finals:
            raise SentencesInvalid(f"{template.intent}: {template.text!r} matches empty text.")
        for word, targets in state.words.items():
            self.root.words.setdefault(word, []).extend(targets)
        for arc, targets in state.arcs.items():
            self.root.arcs.setdefault(arc, []).extend(targets)
        feeds = self.feeds.setdefault(template.intent, {})
        for slot, network in filled:
            feeds.setdefault(slot, set()).add(network)

    # -- networks -------------------------------------------------------------------------

    def _words(self, draft: _Draft, finals: Mapping[int, list[Any]], text: str) -> int:
        """Turn a draft into states whose edges are whole words; returns the first state."""
        numbers: dict[int, int] = {}
        todo = [0]

        def state_of(place: int) -> int:
            if place not in numbers:
                self.states.append(State())
                numbers[place] = len(self.states) - 1
                todo.append(place)
            return numbers[place]

        first = state_of(0)
        done: set[int] = set()
        while todo:
            place = todo.pop()
            if place in done:
                continue
            done.add(place)
            state = self.states[numbers[place]]
            stack: list[tuple[int, str]] = [(place, "")]
            seen: set[tuple[int, str]] = set()
            while stack:
                at, letters = stack.pop()
                if (at, letters) in seen:
                    continue
                seen.add((at, letters))
                if at in finals:
                    if letters:
                        self._word(state, letters, self._final(finals[at]))
                    else:
                        state.finals.extend(
                            final for final in finals[at] if final not in state.finals
                        )
                for kind, label, target in reversed(draft.edges[at]):
                    if kind == "eps":
                        stack.append((target, letters))
                    elif kind == "text":
                        stack.append((target, letters + label))
                    elif kind == "space":
                        if letters:
                            self._word(state, letters, state_of(target))
                        else:
                            stack.append((target, ""))
                    elif letters:
                        self._word(state, letters, state_of(at))
                    else:
                        targets = state.arcs.setdefault(label, [])
                        if state_of(target) not in targets:
                            targets.append(state_of(target))
                        if self.networks[label[0]].nullable:
                            stack.append((target, ""))
                        if any(
                            kind == "text" and not label.startswith(("'", "%"))
                            for kind, label, _ in draft.edges[target]
                        ):
                            self.loose_ends.append(text)
        return first

    def _final(self, finals: list[Any]) -> int:
        self.states.append(State(finals=list(finals)))
        return len(self.states) - 1

    def _word(self, state: State, letters: str, target: int) -> None:
        words = template_words(letters)
        if not words:
            return
        for word in words[:-1]:
            self.vocabulary.add(word)
            self.states.append(State())
            state.words.setdefault(word, []).append(len(self.states) - 1)
            state = self.states[-1]
        self.vocabulary.add(words[-1])
        targets = state.words.setdefault(words[-1], [])
        if target not in targets:
            targets.append(target)

    def _firsts(self) -> None:
        """First words of every network, so that most are passed over at one look-up."""
        changed = True
        while changed:
            changed = False
            for network in self.networks:
                if network.kind not in ("rule", "values"):
                    continue
                state = self.states[network.start]
                firsts: set[str] | None = set(state.words)
                numeric = False
                for index, _ in state.arcs:
                    inner = self.networks[index]
                    numeric = numeric or inner.numeric
                    if inner.firsts is None or firsts is None:
                        firsts = None
                    else:
                        firsts |= inner.firsts
                found = None if firsts is None else frozenset(firsts)
                if (found, numeric) != (network.firsts, network.numeric):
                    network.firsts, network.numeric = found, numeric
                    changed = True


def _parsed(source: Mapping[str, Any]) -> Intents:
    wanted = {key: source.get(key) or {} for key in ("intents", "lists", "expansion_rules")}
    try:
        return Intents.from_dict({"language": "en", **wanted})
    except (ParseError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise SentencesInvalid(f"A sentences file is not valid: {error}.") from error


class _Scope:
    """The lists and rules that the templates of one file see.

    What comes from the common file is compiled once, unless this file has its own of the name,
    or it leads to one that this file has.
    """

    def __init__(self, grammar: Grammar, intents: Intents, own: set[str], *, within: bool) -> None:
        self._within = within
        self._grammar = grammar
        self._lists = intents.slot_lists
        self._rules = intents.expansion_rules
        self._own = own
        self._numbers: dict[str, int] = {}
        self._open: list[str] = []
        self._is_shared: dict[str, bool] = {}
        self._slots: dict[str, list[tuple[str, int]]] = {}

    def draft(self, draft: _Draft, start: int, expression: Expression) -> int:
        """Append an expression to a draft; returns the state behind it."""
        if isinstance(expression, TextChunk):
            at = start
            for piece in _PIECES.findall(expression.text):
                at = (
                    draft.edge(at, "space")
                    if piece.isspace()
                    else draft.edge(at, "text", piece.lower())
                )
            return at
        if isinstance(expression, ListReference):
            label = (self._list(expression.list_name), expression.slot_name)
            return draft.edge(start, "net", label)
        if isinstance(expression, RuleReference):
            return draft.edge(start, "net", (self._rule(expression.rule_name), None))
        if isinstance(expression, Alternative):
            end = draft.state()
            for item in expression.items:
                draft.edge(self.draft(draft, start, item), "eps", None, end)
            return end
        if isinstance(expression, Permutation):
            end = draft.state()
            for order in permutations(expression.items):
                draft.edge(self._sequence(draft, start, order), "eps", None, end)
            return end
        assert isinstance(expression, Group)
        return self._sequence(draft, start, expression.items)

    def _sequence(self, draft: _Draft, start: int, items: Sequence[Expression]) -> int:
        at = start
        for item in items:
            at = self.draft(draft, at, item)
        return at

    def slots(self, expression: Expression) -> Iterable[tuple[str, int]]:
        """Argument names and the lists that fill them, rules followed."""
        if isinstance(expression, ListReference):
            yield expression.slot_name, self._list(expression.list_name)
        elif isinstance(expression, RuleReference):
            name = expression.rule_name
            if name not in self._slots:
                self._slots[name] = list(self.slots(self._rules[name].expression))
            yield from self._slots[name]
        elif isinstance(expression, Group):
            for item in expression.items:
                yield from self.slots(item)

    def _shared(self, name: str) -> bool:
        """True where a rule and all it leads to come from the common file."""
        if name not in self._is_shared:
            # A rule that refers to itself must not run for ever here; _get reports it.
            self._is_shared[name] = False
            rule = self._rules.get(name)
            self._is_shared[name] = name not in self._own and (
                rule is None or all(self._shared(inner) for inner in _names(rule.expression))
            )
        return self._is_shared[name]

    def _list(self, name: str) -> int:
        return self._get(f"{{{name}}}", name, lambda: self._make_list(name))

    def _rule(self, name: str) -> int:
        return self._get(f"<{name}>", name, lambda: self._make_rule(name))

    def _get(self, label: str, name: str, make: Any) -> int:
        cache = self._grammar._common if self._shared(name) else self._numbers
        if label not in cache:
            if label in self._open:
                raise SentencesInvalid(f"{label} refers to itself.")
            self._open.append(label)
            cache[label] = make()
            self._open.pop()
        return cache[label]

    def _make_list(self, name: str) -> int:
        found: SlotList | None = self._lists.get(name)
        if found is None:
            inline = ListReference(list_name=f"{name}:slot").get_inline_range()
            if inline is None:
                raise SentencesInvalid(f"There is no list {{{name}}}.")
            found = RangeSlotList(name=name, start=inline[0], stop=inline[1])
        networks = self._grammar.networks
        if isinstance(found, RangeSlotList):
            networks.append(
                Network(
                    name,
                    "range",
                    bounds=(found.start, found.stop),
                    multiplier=found.multiplier,
                    numeric=True,
                )
            )
        elif isinstance(found, WildcardSlotList):
            networks.append(Network(name, "wildcard", firsts=None, within=self._within))
        else:
            assert isinstance(found, TextSlotList)
            draft = _Draft()
            finals: dict[int, list[Any]] = {}
            for value in found.values:
                end = self.draft(draft, 0, value.text_in)
                out = value.value_out
                if out is None and isinstance(value.text_in, TextChunk):
                    out = value.text_in.text
                finals.setdefault(end, []).append(out)
            start = self._grammar._words(draft, finals, name)
            networks.append(Network(name, "values", start=start))
        return len(networks) - 1

    def _make_rule(self, name: str) -> int:
        rule = self._rules.get(name)
        if rule is None:
            raise SentencesInvalid(f"There is no rule <{name}>.")
        draft = _Draft()
        end = self.draft(draft, 0, rule.expression)
        start = self._grammar._words(draft, {end: [None]}, name)
        nullable = bool(self._grammar.states[start].finals)
        self._grammar.networks.append(Network(name, "rule", start=start, nullable=nullable))
        return len(self._grammar.networks) - 1


def _names(expression: Expression) -> Iterable[str]:
    if isinstance(expression, ListReference):
        yield expression.list_name
    elif isinstance(expression, RuleReference):
        yield expression.rule_name
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from _names(item)
