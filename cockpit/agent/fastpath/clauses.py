"""What a sentence is cut into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from cockpit.agent.fastpath.match import Match
from cockpit.agent.fastpath.normalise import Token, plain
from cockpit.agent.plan import Call


class Role(StrEnum):
    """What a clause is for."""

    COMMAND = "command"
    INDIRECT = "indirect"  # a complaint that is a command only where no direct one stands
    NEGATED = "negated"  # a command that is not to be carried out
    TALK = "talk"
    ASIDE = "aside"
    UNKNOWN = "unknown"  # for the car, but beyond it


# What a clause costs before its words: an explanation that is thrown away is the last resort.
CLAUSE_COST: Mapping[Role, float] = {
    Role.COMMAND: 1.0,
    Role.INDIRECT: 1.1,
    Role.NEGATED: 1.3,
    Role.TALK: 1.05,  # a command that is worded the same comes first
    Role.ASIDE: 2.6,
    Role.UNKNOWN: 1.6,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that a template explains.

    Attributes:
        role: what it is for.
        tokens: its words, after what it left out was filled in.
        match: the template, with token positions counted in ``tokens``.
        cost: how far-fetched the reading is.
        how: ``said``, or what was filled in: ``carried``, ``pronoun``, ``shared``, ``corrected``.
        given: arguments that a corrected clause handed on.
    """

    role: Role
    tokens: tuple[Token, ...]
    match: Match
    cost: float
    how: str = "said"
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def call(self) -> Call:
        """The call it asks for."""
        return Call(self.match.template.intent, {**self.given, **self.match.arguments})

    def costing(self, cost: float) -> Clause:
        """The same at another cost."""
        return replace(self, cost=cost)

    def given_too(self, arguments: Mapping[str, Any], how: str = "corrected") -> Clause:
        """The same, with arguments that it does not name itself."""
        return replace(self, given=arguments, how=how)

    @property
    def skill(self) -> str:
        """The skill of its function."""
        return self.match.template.intent.partition(".")[0]

    @property
    def acts(self) -> bool:
        """True where it asks for a call."""
        return self.role in (Role.COMMAND, Role.INDIRECT)

    def describe(self) -> dict[str, Any]:
        """For the inspector."""
        return {
            "text": plain(self.tokens),
            "role": self.role.value,
            "template": self.match.template.text,
            "how": self.how,
            "cost": round(self.cost, 2),
            "free": [str(piece.value) for piece in self.match.free],
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence cut into clauses.

    Attributes:
        clauses: in the order they were said.
        cost: of all of them.
        position: how many tokens they explain.
    """

    clauses: tuple[Clause, ...] = ()
    cost: float = 0.0
    position: int = 0
    gaps: int = field(default=0)

    def and_then(self, *clauses: Clause, end: int, gap: bool = False) -> Reading:
        """This reading with further clauses."""
        cost = self.cost + sum(clause.cost for clause in clauses) + (0.9 if gap else 0.0)
        return Reading(self.clauses + clauses, cost, end, self.gaps + gap)

    @property
    def commands(self) -> tuple[Clause, ...]:
        """The clauses to act on: complaints only where no direct command stands."""
        direct = [clause for clause in self.clauses if clause.role is Role.COMMAND]
        if direct:
            return tuple(direct)
        return tuple(clause for clause in self.clauses if clause.role is Role.INDIRECT)
