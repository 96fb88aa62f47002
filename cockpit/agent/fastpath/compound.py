""" "If it's raining and a window is open, close it": two conditions, of which a plan holds one.

Such a sentence is recognised, so that no planner acts on half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cockpit.agent.fastpath.conditional import Conditionals
from cockpit.agent.fastpath.normalise import Token, trimmed

ONE_AT_A_TIME: Final = "Sorry, I can only check one condition at a time."
"""What is said to it."""

_JOINTS: Final = frozenset(("and", "or"))
_BEHIND_JOINT: Final = frozenset(("also", "either", "then", "both"))
_IF: Final = frozenset(("if", "unless", "when"))
_LONGEST: Final = 12
"""Words of a condition that is not known."""
_BEING: Final = frozenset(
    (
        *("is", "are", "am", "was", "were", "has", "have", "does", "do", "can", "will", "feels"),
        *("gets", "looks", "seems", "wants", "needs", "feel", "get", "want", "need", "goes"),
    )
)
_SO: Final = frozenset(("so", "yes", "true", "is", "are"))
_OURS: Final = frozenset(("you",))  # "if you do not mind"
_ASIDE: Final = frozenset(("then", "please", "so", "and", "just", "also", "but"))

_ONE: Final = Token("is", "is")

type _Acts = Callable[[Sequence[Token]], bool]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two clauses behind an "if" at ``start``, joined by "and" or "or"; tokens to ``end``.

    Attributes:
        known: where the second clause is a condition that we know.
        again: the second clause has an "if" of its own.
        shared: both have one verb: "the windows and the sunroof are open".
    """

    start: int
    first: tuple[Token, ...]
    begin: int
    end: int
    first_known: bool
    known: bool
    again: bool
    shared: bool = False


class Compounds:
    """Finds commands that hang on several conditions.

    Args:
        conditionals: knows the conditions.
        acts: True for words that are a command.
        begins: True for a word that a command may begin with.
    """

    def __init__(
        self, conditionals: Conditionals, acts: _Acts, begins: Callable[[Token], bool]
    ) -> None:
        self._conditionals = conditionals
        self._acts = acts
        self._begins = begins

    def found(self, tokens: Sequence[Token]) -> bool:
        """True where a command hangs on two conditions, one of which at least is known."""
        words = tuple(tokens)
        return any(self._governs(words, pair) for pair in self._pairs(words))

    def _pairs(self, tokens: tuple[Token, ...]) -> Iterator[_Pair]:
        keys = tuple(token.key for token in tokens)
        for place in range(len(keys)):
            for begin, _ in self._conditionals.markers(keys, place):
                ends = self._ends(tokens, begin)
                for joint in range(begin + 1, min(len(keys), begin + _LONGEST + 1)):
                    if keys[joint] not in _JOINTS:
                        continue
                    known = any(_only_marks(tokens[end:joint]) for end in ends if end <= joint)
                    known = known or _is_range(tokens[begin:joint], tokens[joint + 1 :])
                    yield from self._seconds(tokens, (place, begin, joint), first_known=known)

    def _seconds(
        self, tokens: tuple[Token, ...], at: tuple[int, int, int], *, first_known: bool
    ) -> Iterator[_Pair]:
        place, begin, joint = at
        first = trimmed(tokens[begin:joint], _ASIDE)
        start = joint + 1
        while start < len(tokens) and tokens[start].key in _BEHIND_JOINT:
            start += 1
        again = start < len(tokens) and tokens[start].key in _IF
        start += again
        if start >= len(tokens) or not first:
            return
        ends = self._ends(tokens, start)
        for end in ends or [start]:
            yield _Pair(place, first, start, end, first_known, bool(ends), again)
        single = tuple(_ONE if token.key == "are" else token for token in tokens[start:])
        if not ends and _ONE in single:
            for end in self._ends(single, 0):
                yield _Pair(place, first, start, start + end, first_known, True, again, True)

    def _ends(self, tokens: tuple[Token, ...], begin: int) -> list[int]:
        """Where a condition that begins there may end."""
        if begin >= len(tokens):
            return []
        return [end for end, _, _ in self._conditionals.conditions(tokens, begin)]

    def _governs(self, tokens: tuple[Token, ...], pair: _Pair) -> bool:
        """True where both clauses are conditions, and a command stands before or behind them."""
        before = trimmed(tokens[: pair.start], _ASIDE)
        behind = trimmed(tokens[pair.end :], _ASIDE)
        leads = self._conditionals.only_lead(before)
        if not pair.first_known:
            clause = pair.shared or (not pair.again and _is_clause(pair.first))
            if not pair.known or not clause:
                return False
        if leads:
            if pair.known:
                return self._is_command(behind)
            if not pair.first_known or self._begins(tokens[pair.begin]):
                return False
            return any(
                self._begins(tokens[place]) and self._is_command(tokens[place:])
                for place in range(pair.begin + 1, len(tokens))
            )
        if not self._acts(before):
            return False
        if pair.known:
            return not pair.again or not behind
        second = tokens[pair.begin :]
        return second[0].number is not None or (not self._begins(second[0]) and _is_clause(second))

    def _is_command(self, tokens: Sequence[Token]) -> bool:
        """A command, or the beginning of one: what "it" is may stand in the condition."""
        words = trimmed(tokens, _ASIDE)
        if words and words[0].key == "if":  # "and if so close it"
            agreed = next((n for n, word in enumerate(words[1:4], 1) if word.key in _SO), 0)
            words = words[agreed + 1 :] if agreed else ()
        return bool(words) and (self._begins(words[0]) or self._acts(words))


def _is_clause(tokens: Sequence[Token]) -> bool:
    """True for "my wife is asleep", not for "the passenger's", nor for "you do not mind"."""
    return tokens[0].key not in _OURS and any(token.key in _BEING for token in tokens[1:])


def _is_range(first: Sequence[Token], second: Sequence[Token]) -> bool:
    """True for "between 20" and "25 degrees"."""
    numbers = first and second and first[-1].number is not None and second[0].number is not None
    return bool(numbers) and "between" in {token.key for token in first}


def _only_marks(tokens: Sequence[Token]) -> bool:
    return all(token.mark for token in tokens)
