"""What is the speaker's own: "same here" after somebody else's wish, and "my mirror"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, get_args

from cockpit.agent.conditions import Settled
from cockpit.agent.fastpath.clauses import Clause
from cockpit.agent.plan import Call
from skills.api import SkillSet
from skills.api.arguments import Area
from vehicle_bus.seats import Seat

_WHERE: Final = "where"
_SIDES: Final = frozenset(("left", "right"))
_MINE: Final = frozenset(("my", "mine", "me"))


def own_calls(last: Sequence[Call], functions: SkillSet, seat: Seat) -> tuple[Call, ...]:
    """The calls of the last turn that can be for one seat, for the speaker's own.

    They stay under the condition that they were under.
    """
    found: list[Call] = []
    for call in last:
        named = _own_arguments(call, functions, seat)
        if not named:
            continue
        when = call.when.open if isinstance(call.when, Settled) else call.when
        found.append(Call(call.function, {**call.arguments, **named}, when))
    return tuple(one for place, one in enumerate(found) if one not in found[:place])


def _own_arguments(call: Call, functions: SkillSet, seat: Seat) -> Mapping[str, Any]:
    """The argument that says whose, with the speaker's own value."""
    function = functions.get(call.function)
    known = function.arguments.model_fields if function is not None else {}
    if _WHERE in known and Area in _kinds(known[_WHERE].annotation):
        return {_WHERE: Area.MINE.value}
    for name, info in known.items():
        if any(_values(kind) >= _SIDES for kind in _kinds(info.annotation)):
            return {name: side(seat)}
    return {}


def side(seat: Seat) -> str:
    """``left`` or ``right``, the side of the car that a seat is on."""
    return "left" if seat.side == Seat.DRIVER.side else "right"


def seen_from(seat: Seat, call: Call, clause: Clause) -> Call:
    """A call as somebody in this seat means it: "my mirror" is on the speaker's side.

    The sentences are written as the driver says them.
    """
    if side(seat) == side(Seat.DRIVER):
        return call
    own = {
        name: side(seat)
        for name, words in _named(clause).items()
        if call.arguments.get(name) == side(Seat.DRIVER) and _MINE & words
    }
    return replace(call, arguments={**call.arguments, **own}) if own else call


def _named(clause: Clause) -> Mapping[str, frozenset[str]]:
    """The words that name each argument of a clause."""
    return {
        piece.slot: frozenset(token.key for token in clause.tokens[piece.start : piece.end])
        for piece in clause.match.pieces
        if piece.slot
    }


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """A type, or the types of a union."""
    return get_args(annotation) or (annotation,)


def _values(kind: Any) -> frozenset[str]:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return frozenset(one.value for one in kind)
    return frozenset()
