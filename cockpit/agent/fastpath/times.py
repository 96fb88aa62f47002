""" "In ten minutes", "every evening", "whenever it rains": commands that are not for now.

The car does what it is told at once and keeps no rules, so such a command is beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from cockpit.agent.fastpath.conversation import spelled_out
from cockpit.agent.fastpath.match import Phrases
from cockpit.agent.fastpath.normalise import Token, trimmed


def _phrases(*entries: str) -> Phrases:
    return Phrases({phrase: 0.0 for entry in entries for phrase in spelled_out(entry)})


_UNITS: Final = "(second|seconds|minute|minutes|hour|hours|day|days|week|weeks|month|months)"
_DAYS: Final = "(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_PARTS: Final = "(morning|noon|afternoon|evening|night)"
# A number in a sentence is compared as "#".
_TIMES = _phrases(
    "(in|after|for|within) [about|another|the next|exactly] "
    f"(#|a|an|half a|half an|a few|a couple of|some) {_UNITS} [from now|time|or so]",
    f"(#|a|half an|a few) {_UNITS} (from now|later|before we arrive)",
    f"[by|from|until|starting] tomorrow [at noon|{_PARTS}]",
    f"(today|tonight|tomorrow|this {_PARTS}) at # [am|pm|o'clock]",
    f"(tonight|later|later on|later today|later tonight|this {_PARTS}|in the {_PARTS}|at night|"
    "this weekend|sometime later|some time later)",
    f"(on|next|every|each|this|last) {_DAYS} [{_PARTS}]",
    f"(every|each) (day|{_PARTS}|week|hour|month|weekday|weekend|# {_UNITS}|other day|few minutes|"
    "half hour|time)",
    "(daily|hourly|weekly|regularly|from now on|always|automatically|every now and then)",
    "(at|by|around|before|after|until|till|from|since) # [#] [am|pm|o'clock|a m|p m]",
    "(at|by|before|around) (noon|midnight|lunch|lunchtime|sunset|sunrise|dawn|dusk|half past #|"
    "quarter (to|past) #)",
    "(after|before|during) (work|lunch|dinner|breakfast|school|the (meeting|trip|ride|drive|next "
    "turn|concert|song|news|call|tunnel|junction|exit|rain|match|game))",
    "[the] next (week|month|year|morning|time)",
)
_RULES = _phrases(
    "(whenever|every time|each time|any time|anytime|as soon as|the (moment|second|minute|instant)|"
    "once|when|always when|as long as|until|till|after|before|next time|the next time|while|"
    "whilst) [that]",
)
_AFTER_RULE: Final = frozenset(
    (
        *("i", "we", "you", "he", "she", "it", "they", "the", "my", "our", "somebody", "someone"),
        *("anyone", "anybody", "there", "this", "that", "a", "an", "everyone", "nobody", "rain"),
        *("his", "her", "their", "driving", "parking", "leaving", "arriving", "getting", "another"),
    )
)
_SHORTEST: Final = 2
_JOINTS: Final = frozenset(("then", "and", "please", "so", "just"))


def without_time(
    tokens: Sequence[Token],
    begins_command: Callable[[Token], bool],
    polite: Collection[int] = (),
) -> Iterator[tuple[Token, ...]]:
    """What is left of a sentence without the words that put it off; nothing where none do.

    Args:
        begins_command: true for words that commands begin with.
        polite: words that put nothing off, like "while you are at it".
    """
    keys = tuple("#" if token.number is not None else token.key for token in tokens)
    for place in range(len(keys)):
        for end, _ in _TIMES.at(keys, place):
            rest = _bare((*tokens[:place], *tokens[end:]))
            if len(rest) >= _SHORTEST:
                yield rest
        if place in polite:
            continue
        if any(end < len(keys) and keys[end] in _AFTER_RULE for end, _ in _RULES.at(keys, place)):
            before = _bare(tokens[:place])
            if len(before) >= _SHORTEST:
                yield before
            for start in range(place + 3, len(keys) - 1):
                if begins_command(tokens[start]) or tokens[start].mark:
                    yield _bare(tokens[start:])


def _bare(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return trimmed(tokens, _JOINTS)
