"""One sentence against all templates.

A chart over the tokens: every list and rule is tried at most once at every position, and a walk
over the templates' network from a start position yields every template that explains the tokens
from there to some end. Words of politeness and fillers may be skipped at a small cost, so a
template that wants them wins over one that does not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.agent.fastpath.grammar import Grammar, Network, State, Template
from cockpit.agent.fastpath.normalise import MARKS, Token, canonical, plain, split_words

_WILDCARD = 0.6  # a slot that takes any text explains less than a list
_WILDCARD_WORD = 0.1
# Between equals, the template with more words of its own wins, and one that takes a value
# ("my") over one that knows the word and drops it.
_VALUE = -0.015
_VALUE_WORD = 0.01
_CHARTS = 256
# "Too" means "also" and may be skipped, but not in "too much", "too little".
_TOO = "too"
_DEGREES = frozenset(("much", "many", "little", "few", "far"))
# The argument that names a place, and the seats that the names stand for.
_AREA = "where"
_SEATS: Mapping[str, frozenset[str]] = {
    "driver": frozenset(("driver",)),
    "passenger": frozenset(("passenger",)),
    "rear_left": frozenset(("rear_left",)),
    "rear_right": frozenset(("rear_right",)),
    "front": frozenset(("driver", "passenger")),
    "rear": frozenset(("rear_left", "rear_right")),
    "left": frozenset(("driver", "rear_left")),
    "right": frozenset(("passenger", "rear_right")),
}
_ENDS = frozenset(".;?!")  # free text never goes beyond a sentence

# One step of a walk: network, slot, value, start, end, inner trace; then the steps before it.
type _Trace = tuple[int, str | None, Any, int, int, Any, Any] | None
type _Item = tuple[float, int, _Trace]  # cost so far, first token, trace
type _Branch = tuple[dict[str, _Branch], list[float]]  # words that may follow; costs that end here


@dataclass(frozen=True, slots=True)
class Piece:
    """A list or rule in a match, with the tokens it covers."""

    network: Network
    slot: str | None
    value: Any
    start: int
    end: int


def narrowed(first: Any, second: Any) -> Any:
    """The area that two names of one thing mean: "the left window in the back" is one window."""
    if first == "mine" and second in ("front", "rear"):
        return first
    both = _SEATS.get(str(first), frozenset()) & _SEATS.get(str(second), frozenset())
    return next((name for name, seats in _SEATS.items() if seats == both), second)


@dataclass(frozen=True, slots=True)
class Match:
    """A template that explains tokens ``start`` to ``end``.

    Attributes:
        cost: 0 where every word is the template's own; more for skipped words and free text.
        pieces: lists and rules, inner ones too, left to right.
    """

    template: Template
    start: int
    end: int
    cost: float
    pieces: tuple[Piece, ...]

    @property
    def arguments(self) -> dict[str, Any]:
        """The slots: what was said over what the template holds constant."""
        found = dict(self.template.slots)
        named = False
        for piece in self.pieces:
            slot, value = piece.slot, piece.value
            if not slot:
                continue
            if slot == _AREA and named:
                value = narrowed(found[slot], value)
            named = named or slot == _AREA
            found[slot] = value
        return found

    @property
    def free(self) -> tuple[Piece, ...]:
        """Slots that took any text."""
        return tuple(piece for piece in self.pieces if piece.network.kind == "wildcard")


class Phrases:
    """Short word sequences with a cost each, found at a position.

    Args:
        costs: phrase, as a person writes it, to the cost of skipping it.
    """

    def __init__(self, costs: Mapping[str, float]) -> None:
        self._root: _Branch = ({}, [])
        for phrase, cost in costs.items():
            branch = self._root
            for word in split_words(phrase):
                branch = branch[0].setdefault(canonical(word), ({}, []))
            branch[1].append(cost)

    def at(self, keys: Sequence[str], position: int) -> Iterable[tuple[int, float]]:
        """End positions of the phrases that start here, with their costs."""
        branch = self._root
        size = len(keys)
        while position < size:
            below = branch[0].get(keys[position])
            if below is None:
                return
            branch = below
            position += 1
            for cost in branch[1]:
                yield position, cost


@dataclass(frozen=True, slots=True)
class Skips:
    """What may be passed over: anywhere, before a command, behind it."""

    anywhere: Phrases
    lead: Phrases
    tail: Phrases


class Chart:
    """The matches of one token sequence.

    Args:
        free: templates with free text are looked at, too.
    """

    def __init__(
        self, grammar: Grammar, skips: Skips, tokens: Sequence[Token], *, free: bool = True
    ) -> None:
        self._free = free
        self.tokens = tuple(tokens)
        self.keys = tuple(token.key for token in tokens)
        self._grammar = grammar
        self._states = grammar.states
        self._networks = grammar.networks
        self._skips = skips
        self._jumps = self._closure((skips.anywhere,))
        self._leads = self._closure((skips.anywhere, skips.lead))
        self._tails = self._closure((skips.anywhere, skips.tail))
        known = grammar.vocabulary
        self._openings = [
            (token.key if token.key in known else "") + ("#" if token.number is not None else "")
            for token in self.tokens
        ]
        self._memo: dict[tuple[int, int], list[tuple[int, float, Any, _Trace]]] = {}
        self._found: dict[int, tuple[Match, ...]] = {}

    def _closure(self, phrases: Sequence[Phrases]) -> list[list[tuple[int, float]]]:
        """For every position, where one may go on after skipping, cheapest first."""
        size = len(self.keys)
        reach: list[dict[int, float]] = [{} for _ in range(size + 1)]
        for position in range(size, -1, -1):
            costs = {position: 0.0}
            if position < size:
                for table in phrases:
                    for end, cost in table.at(self.keys, position):
                        if end == position + 1 and self._is_intensifier(position):
                            continue
                        for further, more in reach[end].items():
                            total = cost + more
                            if total < costs.get(further, 9e9):
                                costs[further] = total
            reach[position] = costs
        return [sorted(costs.items(), key=lambda item: item[1]) for costs in reach]

    def _is_intensifier(self, position: int) -> bool:
        """ "Too much" is no "also"."""
        keys = self.keys[position : position + 2]
        return len(keys) > 1 and keys[0] == _TOO and keys[1] in _DEGREES

    def tails(self, end: int) -> list[tuple[int, float]]:
        """Where a clause that ends here may end after trailing politeness, with costs."""
        return self._tails[end]

    def leads(self, start: int) -> list[tuple[int, float]]:
        """Where a clause that starts here may really start, with costs."""
        return self._leads[start]

    def matches(self, start: int) -> tuple[Match, ...]:
        """Every template that explains tokens from here (after politeness) to some end."""
        if start not in self._found:
            self._found[start] = tuple(self._templates(start))
        return self._found[start]

    def whole(self, start: int, end: int) -> list[Match]:
        """The templates that explain exactly these tokens, cheapest first."""
        return sorted(
            (match for match in self.matches(start) if match.end == end),
            key=lambda match: match.cost,
        )

    def values(self, network: int, position: int) -> list[tuple[int, float, Any]]:
        """What a list matches at a position: end, cost, value."""
        return [(end, cost, value) for end, cost, value, _ in self._match(network, position)]

    # -- the walk -------------------------------------------------------------------------

    def _templates(self, start: int) -> Iterable[Match]:
        best: dict[tuple[int, int], _Item] = {}
        agenda: list[dict[int, _Item]] = [{} for _ in range(len(self.keys) + 1)]
        for position, cost in self._leads[start]:
            if position < len(self.keys):
                self._step(self._grammar.root, position, (cost, position, None), agenda, root=True)
        for position in range(start + 1, len(self.keys) + 1):
            for state_index, item in agenda[position].items():
                state = self._states[state_index]
                for template in state.finals:
                    known = best.get((template, position))
                    if known is None or item[0] < known[0]:
                        best[template, position] = item
                if position < len(self.keys):
                    self._step(state, position, item, agenda)
        templates = self._grammar.templates
        for (template, end), (cost, first, trace) in best.items():
            yield Match(templates[template], first, end, cost, tuple(self._flat(trace)))

    def _step(
        self,
        state: State,
        position: int,
        item: _Item,
        agenda: list[dict[int, _Item]],
        root: bool = False,
    ) -> None:
        """Follow every word, list and rule that may come next."""
        if not state.words and not state.arcs:
            return
        base, first, trace = item
        keys = self.keys
        for place, skipped in self._jumps[position] if not root else ((position, 0.0),):
            if place >= len(keys):
                continue
            cost = base + skipped
            for target in state.words.get(keys[place], ()):
                row = agenda[place + 1]
                known = row.get(target)
                if known is None or cost < known[0]:
                    row[target] = (cost, first, trace)
            opening = self._openings[place]
            arcs = state.openings.get(opening)
            if arcs is None:
                arcs = state.openings[opening] = self._grammar.arcs(
                    state, opening.rstrip("#"), number=opening.endswith("#")
                )
            for (network, slot), targets in arcs:
                for end, more, value, inner in self._match(network, place):
                    total = cost + more
                    row = agenda[end]
                    step: _Trace = None
                    for target in targets:
                        known = row.get(target)
                        if known is None or total < known[0]:
                            if step is None:
                                step = (network, slot, value, place, end, inner, trace)
                            row[target] = (total, first, step)

    def _match(self, index: int, position: int) -> list[tuple[int, float, Any, _Trace]]:
        """Ends, costs, values and traces of a list or rule at a position."""
        key = (index, position)
        found = self._memo.get(key)
        if found is None:
            network = self._networks[index]
            token = self.tokens[position]
            if (
                network.firsts is not None
                and token.key not in network.firsts
                and not (network.numeric and token.number is not None)
            ):
                found = []
            elif network.kind == "range":
                found = self._range(network, token, position)
            elif network.kind == "wildcard":
                found = self._wildcard(network, position)
            else:
                found = self._network(network, position)
            self._memo[key] = found
        return found

    @staticmethod
    def _range(
        network: Network, token: Token, position: int
    ) -> list[tuple[int, float, Any, _Trace]]:
        number = token.number
        if number is None or not network.bounds[0] <= number <= network.bounds[1]:
            return []
        if network.multiplier is not None:
            number *= network.multiplier
        value = int(number) if number.is_integer() else number
        return [(position + 1, _VALUE + _VALUE_WORD, value, None)]

    def _wildcard(self, network: Network, position: int) -> list[tuple[int, float, Any, _Trace]]:
        if not self._free or self.tokens[position].mark:
            return []
        found: list[tuple[int, float, Any, _Trace]] = []
        for end in range(position + 1, len(self.tokens) + 1):
            last = self.keys[end - 1]
            if last in _ENDS or (network.within and last in MARKS):
                break
            if last in MARKS or last == "and":
                continue
            cost = _WILDCARD + _WILDCARD_WORD * (end - position)
            found.append((end, cost, None, None))
        return found

    def _network(self, network: Network, position: int) -> list[tuple[int, float, Any, _Trace]]:
        # The agenda may be longer than what the network can cover; rows stay empty then.
        size = len(self.keys)
        agenda: list[dict[int, _Item]] = [{} for _ in range(size + 1)]
        self._step(self._states[network.start], position, (0.0, position, None), agenda, root=True)
        # A rule keeps its cheapest reading per end, a list every value.
        best: dict[tuple[int, int, int], tuple[int, float, Any, _Trace]] = {}
        several = network.kind == "values"
        for place in range(position + 1, size + 1):
            for state_index, item in agenda[place].items():
                state = self._states[state_index]
                for number, value in enumerate(state.finals):
                    mark = (place, state_index, number) if several else (place, 0, 0)
                    known = best.get(mark)
                    if known is None or item[0] < known[1]:
                        cost = item[0]
                        if several:
                            cost += _VALUE + _VALUE_WORD * (place - position)
                        best[mark] = (place, cost, value, item[2])
                if place < size:
                    self._step(state, place, item, agenda)
        return list(best.values())

    def _flat(self, trace: _Trace) -> list[Piece]:
        pieces: list[Piece] = []
        while trace is not None:
            index, slot, value, start, end, inner, trace = trace
            network = self._networks[index]
            if network.kind == "wildcard":
                value = plain(self.tokens[start:end])
            below = self._flat(inner)
            pieces[:0] = [Piece(network, slot, value, start, end), *below]
        return pieces


class Charts:
    """Makes charts and keeps the latest ones, since clauses are looked at again and again."""

    def __init__(self, grammar: Grammar, skips: Skips) -> None:
        self._grammar = grammar
        self._skips = skips
        self._kept: OrderedDict[tuple[bool, tuple[str, ...]], Chart] = OrderedDict()

    def of(self, tokens: Sequence[Token], *, free: bool = True) -> Chart:
        """The chart of a token sequence, with or without templates that take free text."""
        key = (free, tuple(token.text for token in tokens))
        chart = self._kept.get(key)
        if chart is None:
            chart = self._kept[key] = Chart(self._grammar, self._skips, tokens, free=free)
            if len(self._kept) > _CHARTS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return chart


def moved(match: Match, by: int) -> Match:
    """The same match with its positions counted from elsewhere."""
    pieces = tuple(
        Piece(piece.network, piece.slot, piece.value, piece.start + by, piece.end + by)
        for piece in match.pieces
    )
    return Match(match.template, match.start + by, match.end + by, match.cost, pieces)
