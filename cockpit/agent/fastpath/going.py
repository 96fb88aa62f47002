""" "Take me there", "let's go": to the place that was spoken of just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.match import Phrases
from cockpit.agent.fastpath.normalise import Normaliser, Token
from cockpit.agent.plan import Call
from skills.api import SkillError, SkillSet

WHICH_PLACE: Final = "Sorry, I don't know which place you mean."
"""What is said where no place was spoken of."""
GOES: Final = frozenset(("navigation.search", "navigation.go_to"))
"""Functions whose question offers places to go to."""

_GO_TO: Final = "navigation.go_to"
_SKILL: Final = "navigation."
# The arguments that hold a place, and what is said of it besides.
_PLACES: Final = ("place", "query")
_DETAILS: Final = ("near", "nearest")
_POINTING: Final = frozenset(("there", "it", "that", "this"))
_NORMALISE: Final = Normaliser()


def goes_there(text: str) -> bool:
    """True where a whole text is "take me there" or the like."""
    return says_go(_NORMALISE(text))


def says_go(tokens: Sequence[Token]) -> bool:
    """True where all words are "take me there" or the like, politeness aside."""
    talk = Conversation.default()
    keys = tuple(token.key for token in tokens if not token.mark)
    around = (talk.skips.lead, talk.skips.tail, talk.skips.anywhere, talk.filler)
    return any(
        len(keys) in _passed(keys, end, around)
        for start in _passed(keys, 0, around)
        for end, _ in talk.going.at(keys, start)
    )


def points(tokens: Sequence[Token]) -> bool:
    """True where the words need a place that was spoken of: "there", not "start the route"."""
    return bool(_POINTING & {token.key for token in tokens})


def going_there(last: Sequence[Call], functions: SkillSet) -> Call | None:
    """The call that starts the way to the place that the last turn was about; None without one."""
    function = functions.get(_GO_TO)
    for call in reversed(last):
        place = next((call.arguments[name] for name in _PLACES if call.arguments.get(name)), None)
        if function is None or place is None or str(place).startswith("$"):
            continue
        if not call.function.startswith(_SKILL):
            continue
        details = {name: call.arguments[name] for name in _DETAILS if call.arguments.get(name)}
        arguments: Mapping[str, Any] = {"place": place, **details}
        try:
            function.validate(arguments)
        except SkillError:
            continue
        return Call(_GO_TO, arguments)
    return None


def _passed(keys: tuple[str, ...], start: int, tables: Sequence[Phrases]) -> frozenset[int]:
    """Where one may be after passing over phrases of the tables."""
    reached = {start}
    for place in range(start, len(keys)):
        if place in reached:
            reached.update(end for table in tables for end, _ in table.at(keys, place))
    return frozenset(reached)
