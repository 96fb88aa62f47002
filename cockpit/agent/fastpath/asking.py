"""Questions in other words than templates spell out.

"The ac, is it on", "any windows open", "have I got the fog lights on", "did I forget to lock the
car", "the boot is shut, isn't it", "what have I got the fan set to", "check on the tyres": each is
put into the plain form that templates know ("is the ac on", "are any windows open", ...). The
caller only accepts functions that answer, so nothing here can make anything happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.agent.fastpath.normalise import Token

type _Words = tuple[Token, ...]

_BE = ("is", "are")
_AUXILIARY = frozenset(("is", "are", "was", "were", "has", "have", "did", "do", "does", "can"))
_ASKING = frozenset(("what", "which", "how", "where", "who", "when", *_AUXILIARY))
_ITSELF = frozenset(("it", "they", "them", "that", "those", "these"))
_SPEAKERS = frozenset(("i", "we", "you", "he", "she", "they", "someone", "somebody", "anyone"))
_SPEAKERS_TOO = frozenset(("anybody", "everyone", "everybody", "kids", "passenger", "driver"))
# "have i | got | the lights on"
_LEFT = frozenset(
    (
        *("got", "left", "leave", "have", "turned", "turn", "switched", "switch", "put", "set"),
        *("kept", "keep", "still"),
    )
)
_PARTICLES = frozenset(("on", "off", "up", "down", "in", "out"))
# "did i remember to | lock | the doors"
_AFTER = {
    "close": "closed",
    "closed": "closed",
    "shut": "closed",
    "open": "open",
    "opened": "open",
    "lock": "locked",
    "locked": "locked",
    "unlock": "unlocked",
    "unlocked": "unlocked",
    "fold": "folded",
    "folded": "folded",
}
_REMEMBER = (("remember", "to"), ("remembered", "to"), ("manage", "to"), ("properly",))
_FORGET = (("forget", "to"), ("forgotten", "to"), ("forgot", "to"))
_OPPOSITE = {"closed": "open", "open": "closed", "locked": "unlocked", "unlocked": "locked"}
_TAGS = (
    *(("is", "not", who) for who in ("it", "that")),
    *(("is", who, "not") for who in ("it", "that")),
    *(("are", "not", who) for who in ("they", "we", "those")),
    *(("are", who, "not") for who in ("they", "we", "those")),
    *(("is", "it"), ("are", "they"), ("is", "that", "right"), ("is", "that", "correct")),
    *(("right",), ("correct",), ("or", "not"), ("or", "what"), ("huh",), ("yes",), ("yeah",)),
    *(("am", "i", "right"), ("or", "is", "it"), ("or", "is", "it", "not"), ("have", "not", "i")),
)
_CHECKING = (
    *(("check",), ("check", "on"), ("check", "up", "on"), ("look", "at"), ("status", "of")),
    *(("a", "look", "at"), ("look", "into"), ("status", "on"), ("state", "of"), ("status",)),
    *(("update", "on"), ("up", "with"), ("going", "on", "with"), ("happening", "with")),
    *(
        ("situation", "with"),
        ("story", "with"),
        ("deal", "with"),
        ("report", "on"),
        ("are", "things", "with"),
    ),
    *(("a", "quick", "look", "at"), ("reading", "on"), ("condition", "of"), ("monitor",)),
    *(("inspect",), ("verify",), ("view",), ("display",), ("tell", "me", "about"), ("info", "on")),
    *(("information", "on"), ("information", "about"), ("know", "about"), ("hear", "about")),
)
_ENDINGS = (("looking", "like"), ("looking",), ("like",), ("doing",), ("saying",), ("at",))
_LOOKS = frozenset(
    (
        "status",
        "stat",
        "stats",
        "state",
        "check",
        "reading",
        "report",
        "update",
        "info",
        "condition",
    )
)
_ARTICLES = frozenset(("a", "the", "any", "my", "our", "your", "all"))
_ANY = frozenset(("any", "anyone", "anybody", "anything", "everything", "everyone", "everybody"))
_MOST = 12


def plain_questions(span: Sequence[Token], *, asked: bool = False) -> Iterable[_Words]:
    """Plain questions that the words may stand for, the likeliest first.

    Args:
        asked: a question mark follows; "window heating off" without one is rather a command.
    """
    words = tuple(span)
    if not 1 < len(words) <= _MOST:
        return
    untagged = _without_tag(words)
    if untagged is not None:
        yield untagged
        yield from _rephrased(untagged, asked=True)
    yield from _rephrased(words, asked=asked)


def _rephrased(words: _Words, *, asked: bool) -> Iterable[_Words]:
    yield from _topic_first(words, asked=asked)
    yield from _is_it(words, asked=asked)
    yield from _have_i_got(words)
    yield from _did_i(words)
    yield from _what_have_i(words)
    yield from _looking_like(words)
    yield from _check(words)


def _word(key: str) -> Token:
    return Token(key, key)


def _ask(*words: Token) -> Iterable[_Words]:
    """ "Is ...", "are ..."."""
    for verb in _BE:
        yield (_word(verb), *words)


def _keys(words: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.key for token in words)


def _without_tag(words: _Words) -> _Words | None:
    """ "The window is open, isn't it" as "the window is open"; "open or closed" as "open"."""
    keys = _keys(words)
    for tag in _TAGS:
        if len(keys) > len(tag) + 1 and keys[-len(tag) :] == tag:
            return _unmarked(words[: -len(tag)])
    if len(keys) > 3 and keys[-2] == "or":
        return _unmarked(words[:-2])
    return None


def _unmarked(words: _Words) -> _Words:
    while words and words[-1].mark:
        words = words[:-1]
    return words


def _topic_first(words: _Words, *, asked: bool) -> Iterable[_Words]:
    """ "The ac | is | it | on" and "the fan | what is | it | set to"."""
    keys = _keys(words)
    begin = next((at for at, key in enumerate(keys) if key in _ASKING), 0)
    if not begin:
        return
    topic, rest = _unmarked(words[:begin]), words[begin:]
    if not topic or topic[0].key in _ITSELF:
        return
    for at, token in enumerate(rest):
        if at and token.key in _ITSELF:
            yield (*rest[:at], *topic, *rest[at + 1 :])
            break
    else:
        # "The windows are all closed" with a tag, or a rising voice.
        if asked and rest[0].key in _BE and len(rest) > 1:
            yield (rest[0], *topic, *rest[1:])


def _is_it(words: _Words, *, asked: bool) -> Iterable[_Words]:
    """ "Any windows open", "handbrake on", "everyone buckled up"."""
    if words[0].key in _ASKING:
        return
    if asked or words[0].key in _ANY or words[-1].key not in _PARTICLES:
        yield from _ask(*words)


def _have_i_got(words: _Words) -> Iterable[_Words]:
    """ "Have I got | the lights | on", "did someone leave | on | the radio"."""
    rest = _behind_speaker(words)
    if rest is None or len(rest) < 3 or rest[0].key not in _LEFT:
        return
    while rest and rest[0].key in _LEFT:
        rest = rest[1:]
    if len(rest) < 2:
        return
    if rest[0].key in _PARTICLES or rest[0].key == "open":
        rest = (*rest[1:], rest[0])
    yield from _ask(*rest)


def _did_i(words: _Words) -> Iterable[_Words]:
    """ "Did I forget to | close | the boot", "have I locked up the car"."""
    rest = _behind_speaker(words)
    if rest is None or len(rest) < 2:
        return
    forgot = False
    for phrases, negative in ((_REMEMBER, False), (_FORGET, True)):
        for phrase in phrases:
            if _keys(rest[: len(phrase)]) == phrase:
                rest, forgot = rest[len(phrase) :], negative
    if len(rest) < 2:
        return
    state = _AFTER.get(rest[0].key)
    if state is not None:
        state = _OPPOSITE.get(state, state) if forgot else state
        rest = rest[2:] if rest[1].key == "up" else rest[1:]
        yield from _ask(*rest, _word(state))
    elif rest[0].key in _LEFT and rest[1].key in _PARTICLES:
        yield from _ask(*rest[2:], rest[1])
    elif rest[0].key in _LEFT and rest[-1].key in _PARTICLES:
        yield from _ask(*rest[1:])


def _behind_speaker(words: _Words) -> _Words | None:
    """What follows "have I", "did the kids"."""
    keys = _keys(words)
    if keys[0] not in ("have", "has", "did", "do", "does"):
        return None
    begin = 2 if keys[1] in _ARTICLES and len(keys) > 2 else 1
    if keys[begin] in _SPEAKERS or keys[begin] in _SPEAKERS_TOO:
        begin += 1
        while begin < len(keys) and keys[begin] in ("actually", "really", "all", "just", "already"):
            begin += 1
        return words[begin:] or None
    return None


def _what_have_i(words: _Words) -> Iterable[_Words]:
    """ "What (speed) have I got | the fan | set to"."""
    keys = _keys(words)
    if keys[0] not in ("what", "which", "how", "where"):
        return
    verb = next((at for at in range(1, min(4, len(keys))) if keys[at] in _AUXILIARY), None)
    if verb is None:
        return
    rest = _behind_speaker(words[verb:]) if len(words) > verb + 2 else None
    if rest is None:
        return
    while rest and rest[0].key in _LEFT:
        rest = rest[1:]
    topic = rest
    while topic and topic[-1].key in ("set", "to", "on", "at", "currently", "running", "in"):
        topic = topic[:-1]
    if not topic:
        return
    asked = words[1:verb]
    for verb_key in _BE:
        be = _word(verb_key)
        for ending in (("set", "to"), ("on",), ("at",), ()):
            yield (words[0], *asked, be, *topic, *(_word(key) for key in ending))
        if asked:
            yield (words[0], be, *topic, *asked)


def _looking_like(words: _Words) -> Iterable[_Words]:
    """ "What is the range | looking like", "how is the battery | doing"."""
    keys = _keys(words)
    if keys[0] not in ("what", "how") or len(keys) < 4 or keys[1] not in _BE:
        return
    for ending in _ENDINGS:
        if keys[-len(ending) :] == ending and len(keys) > len(ending) + 2:
            topic = words[1 : -len(ending)]
            yield (_word("what"), *topic)
            yield (_word("how"), *topic)
            yield from _status_of(topic[1:])


def _check(words: _Words) -> Iterable[_Words]:
    """ "Check on the tyres", "what is going on with the windows", "windows status"."""
    keys = _keys(words)
    for phrase in _CHECKING:
        size = len(phrase)
        for begin in range(min(5, len(keys) - size)):
            if keys[begin : begin + size] == phrase:
                yield from _status_of(words[begin + size :])
    if keys[-1] in _LOOKS:
        yield from _status_of(words[:-1])


def _status_of(topic: _Words) -> Iterable[_Words]:
    what, be, status = _word("what"), _word("is"), _word("status")
    yield (what, be, _word("the"), status, _word("of"), *topic)
    yield (what, be, *topic, status)
    yield (what, be, *topic)
