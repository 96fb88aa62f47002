"""Wishes about a state: "make sure the roof is closed", "the fan should be on three".

A state that is wished for is turned into the command that brings it about. The candidates are
only tried against the templates; what no template knows stays unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cockpit.agent.fastpath.conversation import spelled_out
from cockpit.agent.fastpath.match import Phrases
from cockpit.agent.fastpath.normalise import Token

type _Words = tuple[Token, ...]

_OPENINGS = Phrases(
    dict.fromkeys(
        [
            phrase
            for entry in (
                "(make|be|making|just make) (sure|certain) [that]",
                "[please] see (that|to it that|to it)",
                "(ensure|guarantee|arrange) [that]",
                "(i|we) would (like|love|prefer|appreciate) it if",
                "(i|we) (want|need|prefer) it that",
                "[my|the|our] (kids|children|passenger|passengers|wife|husband|boys|girls|friend|"
                "son|daughter|mother|father|mum|mom|dad|partner|girlfriend|boyfriend|baby) "
                "(want|wants|need|needs|would like|would love|would prefer)",
                "(he|she|they|everyone|everybody) (want|wants|need|needs|would like|would prefer)",
                "it would be (nice|good|great|better|best|lovely|perfect) if",
                "(i|we) (want|need|prefer|wish|require|expect) [that]",
                "(i|we) would [really] (like|love|prefer|rather have) [to (have|see|get)]",
                "(can|could|may) (i|we) (have|get) ",
                "let us (have|get|make sure)",
                "have|get",
            )
            for phrase in spelled_out(entry)
        ],
        0.0,
    )
)
_BEING = (
    *(("should", "be"), ("must", "be"), ("has", "to", "be"), ("have", "to", "be")),
    *(("needs", "to", "be"), ("need", "to", "be"), ("ought", "to", "be"), ("to", "be")),
    *(("could", "be"), ("can", "be"), ("is", "to", "be"), ("are", "to", "be")),
    *(("is", "set", "to"), ("are", "set", "to"), ("is", "set"), ("are", "set")),
    *(("should", "go"), ("needs", "to", "go"), ("need", "to", "go"), ("should", "get")),
    *(("is",), ("are",), ("was",), ("were",), ("be",), ("stays",), ("stay",), ("remains",)),
    *(("gets",), ("get",), ("remain",), ("being",), ("needs",), ("need",)),
)
# Alone, only these say what is wished for; "the window is open" says what is so.
_WISHING = _BEING[:9] + _BEING[14:18]
_REFUSED = frozenset(
    ("not", "no", "never", "if", "when", "unless", "until", "why", "what", "who", "how", "nobody")
)
_STATES = frozenset(("on", "off", "up", "down"))
_LONGEST = 14


def wished(span: Sequence[Token], base: Callable[[str], str | None]) -> Iterable[_Words]:
    """Commands that may bring about what the words wish for, the likeliest first.

    Args:
        base: the verb of a participle or adjective ("closed" is "close"), where it has one.
    """
    words = tuple(span)
    keys = tuple(token.key for token in words)
    if not 2 < len(words) <= _LONGEST:
        return
    begin = max((end for end, _ in _OPENINGS.at(keys, 0)), default=0)
    if _REFUSED & set(keys[begin:]):
        return
    if keys[-2] in ("need", "needs") and keys[-1].endswith("ing"):
        verb = base(keys[-1])  # "the mirrors need heating"
        if verb is not None:
            yield (_word(verb), *words[begin:-2])
    forms = _BEING if begin else _WISHING
    for place in range(begin + 1, len(keys) - 1):
        form = next((form for form in forms if keys[place : place + len(form)] == form), None)
        if form is not None:
            yield from _commands(words[begin:place], words[place + len(form) :], base)
            return
    if begin:  # "I would like my seat heated on level one"
        for place in range(begin + 1, len(keys) - 1):
            verb = base(keys[place])
            if verb is not None:
                yield (_word(verb), *words[begin:place], *words[place + 1 :])
                return
        if _STATES & set(keys[begin + 1 :]):  # "the kids want the reading lights on in the back"
            yield (_word("turn"), *words[begin:])


def _commands(thing: _Words, state: _Words, base: Callable[[str], str | None]) -> Iterable[_Words]:
    if not thing or not state:
        return
    for place in (0, len(state) - 1):
        verb = base(state[place].key)
        if verb is not None:
            rest = (*state[:place], *state[place + 1 :])
            yield (_word(verb), *thing, *rest)
            if place == len(state) - 1 == 0:
                break
    yield (_word("turn"), *thing, *state)
    yield (_word("set"), *thing, *state)
    yield (_word("set"), *thing, _word("to"), *state)
    yield (_word("make"), *thing, *state)


def _word(key: str) -> Token:
    return Token(key, key)
