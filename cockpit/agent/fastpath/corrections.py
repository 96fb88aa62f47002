"""Corrections inside a sentence: "set it to 27, no wait, 21"."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.agent.fastpath.clauses import Clause, Reading, Role
from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.match import Phrases
from cockpit.agent.fastpath.normalise import Token
from cockpit.agent.fastpath.segment import Segmenter

_THINGS_NAMED = frozenset(("it", "them", "that", "those"))
_COMMA = Token(",", ",")
_MARKS = frozenset(",.;:?!-")
_BEING = frozenset(("is", "are", "am", "was", "were", "be", "do", "does", "did", "can", "would"))
_HESITATION = 2.0  # the weight of a mere "uh"
_BEGUN = 2  # words that may be dropped after "sorry"


class Corrector:
    """Reads a sentence in which the speaker changes their mind."""

    def __init__(self, segmenter: Segmenter, conversation: Conversation) -> None:
        self._segmenter = segmenter
        self._talk = conversation

    def retracted(self, tokens: Sequence[Token]) -> bool:
        """True where the end takes everything back: "open the window, never mind"."""
        keys = tuple(token.key for token in tokens if token.key not in _MARKS)
        return any(
            end == len(keys)
            for place in range(2, len(keys))
            for end, _ in self._talk.retraction.at(keys, place)
        )

    def read(
        self, tokens: Sequence[Token], before: tuple[Clause, ...], skill: str | None
    ) -> Reading | None:
        """The reading after its corrections, or None where there are none to be understood."""
        keys = tuple(token.key for token in tokens)
        # "No, I meant 18" corrects the turn before.
        for start in range(max(1, self._past_markers(keys)), len(keys) - 1):
            for end, weight in sorted(self._talk.correction.at(keys, start), reverse=True):
                left = _trimmed(tokens[:start])
                right = self._after(tokens, end)
                if not left or not right or left[-1].key == "and":
                    continue
                if keys[start] == "not" and keys[start - 1] in _BEING:
                    continue  # "it is not that cold" corrects nothing
                # A weak marker ("sorry", "actually") is only one where something is replaced.
                found = self._merge(left, right, before, skill, weight)
                if found is not None:
                    return found
        return None

    def _past_markers(self, keys: tuple[str, ...]) -> int:
        """Where something begins that is neither a marker nor a greeting."""
        place = 0
        while place < len(keys):
            ends = [
                end
                for table in (self._talk.correction, self._talk.follow, self._talk.skips.anywhere)
                for end, _ in table.at(keys, place)
            ]
            if keys[place] not in _MARKS and not ends:
                return place
            place = max(ends, default=place + 1)
        return place

    def _after(self, tokens: Sequence[Token], start: int) -> tuple[Token, ...]:
        """What follows a marker, without further markers and marks."""
        keys = tuple(token.key for token in tokens)
        while start < len(tokens):
            if keys[start] in _MARKS:
                start += 1
                continue
            end = _longest(self._talk.correction, keys, start)
            if end is None:
                break
            start = end
        return tuple(tokens[start:])

    def _merge(
        self,
        left: tuple[Token, ...],
        right: tuple[Token, ...],
        before: tuple[Clause, ...],
        skill: str | None,
        weight: float,
    ) -> Reading | None:
        weak = weight > 0
        # More corrections may follow in the right part ("25 no 23 no 22"); the last one counts.
        again = self._split(right)
        if again is not None:
            first = self._merge(left, again[0], before, skill, weight)
            if first is not None:
                tokens = _joined(first)
                return self._merge(tokens, again[1], before, skill, 0.0)
        earlier = self._segmenter.read(left, before, skill)
        if weight >= _HESITATION:
            found = earlier is not None and earlier.commands
            return self._replace_slot(earlier, right) if found and earlier else None
        if earlier is not None and earlier.commands:
            return (
                self._replace_slot(earlier, right)
                or (self._replace_end(left, right, before, skill) if len(right) == 1 else None)
                or self._replace_clause(left, earlier, right, before, skill)
                or self._replace_end(left, right, before, skill)
            )
        return self._replace_end(left, right, before, skill) or (
            None if weak and len(left) > _BEGUN else self._restart(left, right, before, skill)
        )

    def _split(
        self, tokens: tuple[Token, ...]
    ) -> tuple[tuple[Token, ...], tuple[Token, ...]] | None:
        keys = tuple(token.key for token in tokens)
        for start in range(1, len(keys) - 1):
            end = _longest(self._talk.correction, keys, start)
            if end is not None and end < len(tokens):
                left, right = _trimmed(tokens[:start]), self._after(tokens, end)
                if left and right:
                    return left, right
        return None

    def _replace_slot(self, earlier: Reading, right: tuple[Token, ...]) -> Reading | None:
        """The right part stands for one value: "... to 25 for the passenger, no, 23"."""
        clause = next(c for c in reversed(earlier.clauses) if c.acts)
        words = clause.tokens
        pieces = sorted(
            (piece for piece in clause.match.pieces if piece.slot or piece.network.kind == "rule"),
            key=lambda piece: (piece.end - piece.start, -piece.start),
        )
        zone = _without_one(right)
        for piece in pieces:
            if piece.end - piece.start >= len(words):
                continue
            said = zone if zone is not None and piece.slot in ("where", "which") else right
            changed = self._segmenter.filler.command(
                (*words[: piece.start], *said, *words[piece.end :]),
                0.0,
                "corrected",
                free=clause.match.template.intent,
            )
            if changed is None or changed.match.template.intent != clause.match.template.intent:
                continue
            arguments = changed.match.arguments
            if arguments.keys() >= clause.match.arguments.keys() and (
                arguments != clause.match.arguments
            ):
                return _with_last(earlier, clause, changed)
        return None

    def _replace_clause(
        self,
        left: tuple[Token, ...],
        earlier: Reading,
        right: tuple[Token, ...],
        before: tuple[Clause, ...],
        skill: str | None,
    ) -> Reading | None:
        """The right part is a clause of its own: "open the window, I mean close it"."""
        after = self._segmenter.read(right, before + earlier.clauses, earlier.commands[-1].skill)
        if after is None or not any(clause.acts for clause in after.clauses):
            return None
        kept = list(earlier.clauses)
        old = next(c for c in reversed(kept) if c.acts)
        kept.remove(old)
        new = next(c for c in after.clauses if c.acts)
        merged = _inherit(old, new)
        clauses = (*kept, *(merged if clause is new else clause for clause in after.clauses))
        return Reading(clauses, earlier.cost + after.cost, len(left) + len(right))

    def _replace_end(
        self,
        left: tuple[Token, ...],
        right: tuple[Token, ...],
        before: tuple[Clause, ...],
        skill: str | None,
    ) -> Reading | None:
        """The right part replaces the last words: "set the passenger, sorry, the driver to 20"."""
        for length in range(len(left) - 1, 0, -1):
            tokens = (*left[:length], *right)
            reading = self._segmenter.read(tokens, before, skill)
            if reading is None or not reading.commands or reading.gaps:
                continue
            if any(clause.role is Role.ASIDE for clause in reading.clauses):
                continue
            if _spans(reading, tokens, length):
                return reading
        return None

    def _restart(
        self,
        left: tuple[Token, ...],
        right: tuple[Token, ...],
        before: tuple[Clause, ...],
        skill: str | None,
    ) -> Reading | None:
        """What was begun is dropped: "turn on the, no wait, open the sunroof"."""
        after = self._segmenter.read(right, before, skill)
        if after is None or not after.commands:
            return None
        # What stood before the unfinished clause stays.
        keys = tuple(token.key for token in left)
        for cut in range(len(left) - 1, 0, -1):
            if keys[cut] in _MARKS or any(True for _ in self._talk.cut.at(keys, cut)):
                first = self._segmenter.read(_trimmed(left[:cut]), before, skill)
                if first is not None and first.commands:
                    return Reading(
                        first.clauses + after.clauses, first.cost + after.cost, after.position
                    )
        # Nothing understood before: only where it was clearly the start of a command.
        return after if len(left) <= 5 else None


def _longest(table: Phrases, keys: tuple[str, ...], start: int) -> int | None:
    return max((end for end, _ in table.at(keys, start)), default=None)


def _without_one(tokens: tuple[Token, ...]) -> tuple[Token, ...] | None:
    """ "The rear right one" names the place of a thing that was named before."""
    if len(tokens) < 2 or tokens[-1].text not in ("one", "ones"):
        return None
    begin = 1 if tokens[0].key == "the" else 0
    return tuple(tokens[begin:-1]) or None


def _trimmed(tokens: Sequence[Token]) -> tuple[Token, ...]:
    end = len(tokens)
    while end and tokens[end - 1].key in _MARKS:
        end -= 1
    return tuple(tokens[:end])


def _joined(reading: Reading) -> tuple[Token, ...]:
    tokens: list[Token] = []
    for clause in reading.clauses:
        if tokens:
            tokens.append(_COMMA)
        tokens.extend(clause.tokens)
    return tuple(tokens)


def _with_last(reading: Reading, old: Clause, new: Clause) -> Reading:
    clauses = tuple(new if clause is old else clause for clause in reading.clauses)
    return Reading(clauses, reading.cost, reading.position)


def _inherit(old: Clause, new: Clause) -> Clause:
    """A clause of the same function keeps what the corrected one does not say again."""
    where = old.call.arguments.get("where")
    leans = any(token.key in _THINGS_NAMED for token in new.tokens)
    if leans and where is not None and old.skill == new.skill and "where" not in new.call.arguments:
        return new.given_too({"where": where})  # "unlock my door, no I mean lock it"
    if old.match.template.intent != new.match.template.intent:
        return new
    return new.given_too(old.call.arguments)


def _spans(reading: Reading, tokens: Sequence[Token], length: int) -> bool:
    """True where one clause holds words of both sides of the seam."""
    before, after = tokens[length - 1], tokens[length]
    return any(
        left is before and right is after
        for clause in reading.clauses
        for left, right in zip(clause.tokens, clause.tokens[1:], strict=False)
    )
