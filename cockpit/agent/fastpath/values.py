"""Words that only name values of a function: "the passenger's sixty", "for me, please"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.agent.fastpath.grammar import Grammar
from cockpit.agent.fastpath.match import Chart, Phrases
from cockpit.agent.plan import Call

# Words that stand around a value and add nothing: "for the passenger side", "to 20 degrees".
_AROUND = Phrases(
    dict.fromkeys(
        (
            *("for", "on", "at", "in", "to", "of", "by", "with", "from", "over", "the", "side"),
            *("seat", "seats", "zone", "area", "one", "ones", "please", "too", "also", "instead"),
            *("again", "then", "now", "degrees", "celsius", "percent", "level", "back", "up"),
            *("all but", "all except", "all except for", "all of them but", "everything but"),
            *("all of them except", "everyone but", "everyone except", "all apart from"),
            *("down", "as well", "just", "only", "it", "them", "that", "those", "rather"),
            *(
                "i mean",
                "i meant",
                "uh",
                "um",
                "both",
                "and",
                "instead",
                "i said",
                "do the same for",
                "make it",
            ),
        ),
        0.1,
    )
    | {"for me": 0.5}
)


# The list of what is left out, and the words that stand before it.
_EXCEPTION = "exception"
_LEAVING_OUT = frozenset(("but", "except", "besides", "excluding", "bar"))
_LEAVING_OUT_TOO = (("except", "for"), ("apart", "from"), ("other", "than"))


def _leaves_out(chart: Chart, position: int) -> bool:
    """Behind "all but", "except for" and the like."""
    keys = chart.keys[max(0, position - 3) : position]
    while keys and keys[-1] in ("the", "my", "our"):
        keys = keys[:-1]
    return keys[-1:] != () and (keys[-1] in _LEAVING_OUT or keys[-2:] in _LEAVING_OUT_TOO)


def _is_back(chart: Chart, position: int) -> bool:
    """ "Back to 20" goes back, it names no seat."""
    return chart.keys[position : position + 1] == ("back",) and (
        chart.keys[position + 1 : position + 2] in (("to",), ("at",), ("up",), ("down",))
    )


def named_values(grammar: Grammar, chart: Chart, start: int, call: Call) -> dict[str, Any] | None:
    """The arguments of the call's function that the words from here to the end name, or None."""
    feeds = grammar.feeds.get(call.function)
    if not feeds:
        return None
    best: list[tuple[float, Mapping[str, Any]] | None] = [None] * (len(chart.keys) + 1)
    best[start] = (0.0, {})
    for position in range(start, len(chart.keys)):
        here = best[position]
        if here is None:
            continue
        cost, named = here
        for end, more in _AROUND.at(chart.keys, position):
            _relax(best, end, cost + more, named)
        for argument, networks in feeds.items():
            if argument in named or (argument == "where" and _is_back(chart, position)):
                continue
            for network in networks:
                if grammar.networks[network].kind == "wildcard":
                    continue
                excluding = grammar.networks[network].name == _EXCEPTION
                if excluding and not _leaves_out(chart, position):
                    continue
                for end, more, value in chart.values(network, position):
                    # What the call has already is the likelier thing to be changed.
                    new = 0.0 if argument in call.arguments or argument == "where" else 0.2
                    _relax(best, end, cost + more + new, {**named, argument: value})
    size = len(chart.keys)
    # What comes last may be politeness ("50 thanks"), but nothing before it is.
    ends = [
        end
        for end in range(start + 1, size + 1)
        if any(stop == size for stop, _ in chart.tails(end))
    ]
    final = max(
        (found for end in ends if (found := best[end]) is not None),
        key=lambda found: (len(found[1]), -found[0]),
        default=None,
    )
    return dict(final[1]) if final is not None and final[1] else None


def _relax(
    best: list[tuple[float, Mapping[str, Any]] | None],
    end: int,
    cost: float,
    named: Mapping[str, Any],
) -> None:
    known = best[end]
    if known is None or (len(named), -cost) > (len(known[1]), -known[0]):
        best[end] = (cost, named)
