"""Which planner planned how often, and how often it was wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cockpit.agent.plan import Turn

_ORDER: Final = ("template", "lm", "second model", "dialogue", "none")


@dataclass(frozen=True, slots=True)
class Share:
    """How a planner did.

    Attributes:
        planned: scenarios whose last turn it planned.
        wrong: those of them that failed.
    """

    planned: int
    wrong: int

    def to_json(self) -> dict[str, int]:
        """An entry of ``planners`` in what ``eval --json`` writes."""
        return {"planned": self.planned, "wrong": self.wrong}


def who_planned(turn: Turn) -> str:
    """``template``, ``lm``, ``second model`` (the larger one, asked in doubt), ``dialogue``
    (an answer to a question) or ``none``."""
    if turn.planner == "lm" and turn.plan is not None and turn.plan.detail.get("second_model"):
        return "second model"
    return turn.planner


def count_shares(results: Iterable[tuple[str, bool]]) -> dict[str, Share]:
    """Shares by planner, out of each scenario's planner and whether it passed."""
    counted: dict[str, Share] = {}
    for planner, passed in results:
        share = counted.get(planner, Share(0, 0))
        counted[planner] = Share(share.planned + 1, share.wrong + (not passed))
    return dict(sorted(counted.items(), key=lambda pair: _place(pair[0])))


def _place(planner: str) -> tuple[int, str]:
    return (_ORDER.index(planner) if planner in _ORDER else len(_ORDER), planner)


def say_shares(shares: Mapping[str, Share]) -> str:
    """ "template planned 80, 3 wrong; lm planned 20, 5 wrong"."""
    return "; ".join(
        f"{'nobody' if name == 'none' else name} planned {share.planned}, {share.wrong} wrong"
        for name, share in shares.items()
    )
