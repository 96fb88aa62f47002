"""Short answers to a question of the car: yes, no, and what else was said with it."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.match import Phrases
from cockpit.agent.fastpath.normalise import Normaliser, Token, plain


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer begins with, and the rest.

    Attributes:
        yes: True for yes, False for no, None where it is neither.
        rest: what else was said, without fillers; empty for a bare answer.
    """

    yes: bool | None
    rest: str


_NORMALISE = Normaliser()


def answers(text: str) -> Answer:
    """Read a text as an answer: "yes, and close the roof", "no, 23", "nope"."""
    conversation = Conversation.default()
    tokens = tuple(token for token in _NORMALISE(text) if not token.mark or token.key == ",")
    start = _past(conversation.filler, tokens, 0, unless=(conversation.yes, conversation.no))
    for verdict, table in ((False, conversation.no), (True, conversation.yes)):
        end = _longest(table, tokens, start)
        if end is None:
            continue
        # "no, yes": the longest phrase of either kind that starts here wins.
        other = conversation.no if verdict else conversation.yes
        rival = _longest(other, tokens, start)
        if rival is not None and rival > end:
            continue
        return _with_rest(conversation, verdict, table, tokens, end)
    return Answer(None, plain(tokens))


def is_yes(text: str) -> bool:
    """True where the whole text is a yes."""
    answer = answers(text)
    return answer.yes is True and not answer.rest


def is_no(text: str) -> bool:
    """True where the whole text is a no."""
    answer = answers(text)
    return answer.yes is False and not answer.rest


def _with_rest(
    conversation: Conversation,
    verdict: bool,
    table: Phrases,
    tokens: tuple[Token, ...],
    end: int,
) -> Answer:
    # "yes yes do it", "no no leave it": more of the same kind adds nothing.
    while end < len(tokens):
        further = _longest(table, tokens, end)
        passed = _past(conversation.filler, tokens, end, unless=())
        if further is None and passed == end:
            break
        end = max(further or 0, passed)
    return Answer(verdict, plain(tokens[end:]))


def _longest(table: Phrases, tokens: tuple[Token, ...], start: int) -> int | None:
    if start >= len(tokens):
        return None
    keys = tuple(token.key for token in tokens)
    return max((end for end, _ in table.at(keys, start)), default=None)


def _past(
    table: Phrases, tokens: tuple[Token, ...], start: int, unless: tuple[Phrases, ...]
) -> int:
    while start < len(tokens):
        if tokens[start].mark:
            start += 1
            continue
        if any(_longest(other, tokens, start) is not None for other in unless):
            break
        end = _longest(table, tokens, start)
        if end is None:
            break
        start = end
    return start
