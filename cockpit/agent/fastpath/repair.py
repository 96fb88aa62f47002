"""What a recogniser or a hasty typist got wrong, put right.

Only tried where the words as they came make no sense, and what comes out must be explained from
its first word to its last like anything else: "open the truck", "fan to for", "temperature 22
front and 20 back", "turn of the seet heating".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from cockpit.agent.fastpath.conversation import spelled_out
from cockpit.agent.fastpath.match import Phrases
from cockpit.agent.fastpath.normalise import Token

type _Words = tuple[Token, ...]

_LONGEST = 24  # words; longer text holds too much to guess at
_SHORTEST_MISSPELT = 5  # letters
_OPENED = frozenset(("open", "close", "shut", "pop", "opened", "closed", "unlock", "lock", "up"))
_COUNTED = frozenset(
    (
        *("level", "fan", "to", "at", "on", "heating", "cooling", "speed", "massage", "stage"),
        *("step", "number", "seat", "heat", "blower", "setting", "volume", "heater"),
    )
)
_REARS = frozenset(
    (
        *("window", "windows", "seat", "seats", "door", "doors", "left", "right", "defroster"),
        *(
            "fog",
            "wiper",
            "passenger",
            "passengers",
            "heating",
            "windscreen",
            "light",
            "temperature",
        ),
    )
)
_SIDES = frozenset(("window", "windows", "seat", "side", "door", "mirror", "reading", "rear"))
_HEATED = frozenset(("seat", "wheel", "mirror", "window", "seats", "mirrors", "steering", "my"))
_FANNED = frozenset(("speed", "level", "up", "down", "on", "off", "to", "higher", "lower", "at"))
_HEARD_AS_NUMBER = {"for": "4", "four": "4", "to": "2", "too": "2", "tree": "3", "free": "3"} | {
    "won": "1",
    "fife": "5",
}
# Words that sound or look alike; the words in the middle stand before or behind, if any are given.
_ALIKE: tuple[tuple[tuple[str, ...], frozenset[str], tuple[str, ...]], ...] = (
    (("truck",), _OPENED, ("trunk",)),
    (("drunk",), _OPENED, ("trunk",)),
    (("trunks",), _OPENED, ("trunk",)),
    (("booth",), _OPENED, ("boot",)),
    (("boots",), _OPENED, ("boot",)),
    (("boat",), _OPENED, ("boot",)),
    (("the", "but"), _OPENED, ("the", "boot")),
    (("whippers",), frozenset(), ("wipers",)),
    (("vipers",), frozenset(), ("wipers",)),
    (("wipe", "us"), frozenset(), ("wipers",)),
    (("wife", "us"), frozenset(), ("wipers",)),
    (("son", "roof"), frozenset(), ("sunroof",)),
    (("some", "roof"), frozenset(), ("sunroof",)),
    (("sun", "proof"), frozenset(), ("sunroof",)),
    (("sunproof",), frozenset(), ("sunroof",)),
    (("sun", "rough"), frozenset(), ("sunroof",)),
    (("son", "shade"), frozenset(), ("sunshade",)),
    (("high", "beans"), frozenset(), ("high", "beams")),
    (("low", "beans"), frozenset(), ("low", "beams")),
    (("high", "being"), frozenset(), ("high", "beam")),
    (("steering", "will"), frozenset(), ("steering", "wheel")),
    (("steering", "we", "will"), frozenset(), ("steering", "wheel")),
    (("string", "wheel"), frozenset(), ("steering", "wheel")),
    (("a", "see"), frozenset(), ("ac",)),
    (("a", "c"), frozenset(), ("ac",)),
    (("ace",), frozenset(("the", "turn", "on", "off")), ("ac",)),
    (("air", "con", "edition"), frozenset(), ("air", "conditioning")),
    (("air", "condition"), frozenset(), ("air", "conditioning")),
    (("hair", "conditioning"), frozenset(), ("air", "conditioning")),
    (("air", "conditioned"), frozenset(), ("air", "conditioning")),
    (("clothes",), frozenset(("the", "my", "all", "both", "sunroof")), ("close",)),
    (("clothe",), frozenset(("the", "my", "all", "both", "sunroof")), ("close",)),
    (("cloth",), frozenset(("the", "my", "all", "both")), ("close",)),
    (("chose",), frozenset(("the", "my", "all", "both")), ("close",)),
    (("opened",), frozenset(("the", "my", "all", "both")), ("open",)),
    (("rare",), _REARS, ("rear",)),
    (("real",), _REARS, ("rear",)),
    (("wear",), _REARS, ("rear",)),
    (("reer",), _REARS, ("rear",)),
    (("write",), _SIDES, ("right",)),
    (("fun",), _FANNED, ("fan",)),
    (("van",), _FANNED, ("fan",)),
    (("phan",), frozenset(), ("fan",)),
    (("eating",), _HEATED, ("heating",)),
    (("heeding",), _HEATED, ("heating",)),
    (("hitting",), _HEATED, ("heating",)),
    (("heading",), _HEATED, ("heating",)),
    (("hating",), _HEATED, ("heating",)),
    (("sit",), frozenset(("heating", "my", "heat", "the", "cooling", "warmer")), ("seat",)),
    (("seed",), frozenset(("heating", "my", "heat", "the", "cooling")), ("seat",)),
    (("seek",), frozenset(("heating", "heat", "cooling")), ("seat",)),
    (("see",), frozenset(("heating", "heat", "cooling")), ("seat",)),
    (("sheet",), frozenset(("heating", "heat", "cooling", "my")), ("seat",)),
    (("heat", "it"), frozenset(("seat", "seats")), ("heated",)),
    (("message",), frozenset(("seat", "back", "level", "driver", "passenger")), ("massage",)),
    (("de", "frost"), frozenset(), ("defrost",)),
    (("the", "frost"), frozenset(("windscreen", "window", "front", "rear")), ("defrost",)),
    (("the", "froster"), frozenset(), ("defroster",)),
    (("d", "froster"), frozenset(), ("defroster",)),
    (("little", "bit"), frozenset(), ("a", "little", "bit")),
    (("bit",), frozenset(("open", "down", "up", "more", "close", "window")), ("a", "bit")),
    (("seet",), frozenset(), ("seat",)),
    (("seets",), frozenset(), ("seats",)),
    (("heet",), frozenset(), ("heat",)),
    (("turn", "of"), frozenset(), ("turn", "off")),
    (("switch", "of"), frozenset(), ("switch", "off")),
    (("turn", "1"), frozenset(), ("turn", "on")),
    (("switch", "1"), frozenset(), ("switch", "on")),
    (("look",), frozenset(("doors", "car", "door")), ("lock",)),
    (("log",), frozenset(("doors", "car", "door")), ("lock",)),
    (("luck",), frozenset(("doors", "car", "door")), ("lock",)),
    (("hazard", "slides"), frozenset(), ("hazard", "lights")),
    (("mirrows",), frozenset(), ("mirrors",)),
    (("widow",), frozenset(), ("window",)),
    (("widows",), frozenset(), ("windows",)),
    (("wind", "those"), frozenset(), ("windows",)),
    (("wind", "does"), frozenset(), ("windows",)),
    (("lite",), frozenset(), ("light",)),
    (("lites",), frozenset(), ("lights",)),
    (("lied",), frozenset(("reading",)), ("light",)),
    (("lie",), frozenset(("reading",)), ("light",)),
    (("ambience",), frozenset(("light", "lights", "lighting")), ("ambient",)),
    (("ambulance",), frozenset(("light", "lights", "lighting")), ("ambient",)),
    (("ambien",), frozenset(("light", "lights", "lighting")), ("ambient",)),
    (("frog",), frozenset(("light", "lights", "rear")), ("fog",)),
    (("fork",), frozenset(("light", "lights")), ("fog",)),
)
_ZONES = Phrases(
    {
        phrase: 0.0
        for entry in (
            "(front|rear|back|left|right|driver|passenger|me|mine|everyone|everybody)",
            "[the] (driver|driver's|passenger|passenger's|left|right|front|rear|my) (side|seat)",
            "(front|rear|back) (left|right|seats|row|passenger|passengers)",
            "[all] the (front|rear|back|driver|passenger)",
        )
        for phrase in spelled_out(entry)
    }
)
_HESITATIONS = frozenset(("um", "uh", "uhm", "umm", "er", "erm", "hmm", "hm", "ah", "eh", ","))
_BEFORE_ZONE = frozenset(("degrees", "percent", "celsius", "on", "off", "max", "high", "low"))
_PREPOSITIONS = frozenset(("for", "on", "at", "in", "to", "of", "the", "my", "by", "with"))


def repaired(
    tokens: Sequence[Token], vocabulary: Collection[str], cuts: Collection[int]
) -> Iterable[_Words]:
    """What may have been said instead, the likeliest first.

    Args:
        vocabulary: canonical words of all templates.
        cuts: positions before which a clause may end.
    """
    if len(tokens) > _LONGEST:
        return
    words = _unstuttered(tuple(tokens))
    if len(words) < len(tokens):
        yield words
        cuts = ()
    heard = _alike(_numbers(_joined(words, vocabulary)))
    if _keys(heard) != _keys(words):
        yield heard
        cuts = ()
    zoned = _zoned(heard, cuts)
    if zoned is not None:
        yield zoned
    spelled = _spelled(heard, vocabulary)
    if spelled is not None:
        yield spelled


def _keys(words: _Words) -> tuple[str, ...]:
    return tuple(token.key for token in words)


def _word(key: str) -> Token:
    return Token(key, key, float(key) if key.isdigit() else None)


def _alike(words: _Words) -> _Words:
    keys = _keys(words)
    found: list[Token] = []
    at = 0
    while at < len(words):
        for heard, beside, meant in _ALIKE:
            size = len(heard)
            if keys[at : at + size] != heard:
                continue
            around = (*keys[max(0, at - 3) : at], *keys[at + size : at + size + 2])
            if beside and beside.isdisjoint(around):
                continue
            if heard in (("little", "bit"), ("bit",)) and at and keys[at - 1] in ("a", "little"):
                continue
            found += [_word(key) for key in meant]
            at += size
            break
        else:
            found.append(words[at])
            at += 1
    return tuple(found)


def _numbers(words: _Words) -> _Words:
    """ "Fan to for" ends in a number; "temperature 2 22" holds a preposition."""
    found: list[Token] = []
    for at, token in enumerate(words):
        before = words[at - 1] if at else None
        behind = words[at + 1] if at + 1 < len(words) else None
        found.append(_number(token, before, behind))
    return tuple(found)


def _number(token: Token, before: Token | None, behind: Token | None) -> Token:
    last = behind is None or behind.mark or behind.key in ("and", "please", "then")
    if before is None:
        return token
    if token.key in _HEARD_AS_NUMBER and last:
        return _word(_HEARD_AS_NUMBER[token.key]) if before.key in _COUNTED else token
    if behind is None:
        return token
    numeric = behind.number is not None
    if token.key == "2" and (numeric or behind.key in ("max", "maximum", "my")):
        return _word("to")
    if token.key == "4" and behind.key in ("me", "my", "the", "all"):
        return _word("for")
    if token.key == "way" and numeric and before.number is not None:
        return _word("wait")
    return token


def _joined(words: _Words, vocabulary: Collection[str]) -> _Words:
    """ "Sun shade" as one word, "seatheating" as two, where templates write it so."""
    found: list[Token] = []
    at = 0
    while at < len(words):
        token = words[at]
        if at + 1 < len(words) and token.key.isalpha() and words[at + 1].key.isalpha():
            both = token.key + words[at + 1].key
            if len(both) > 6 and len(token.key) > 1 and both in vocabulary:
                found.append(_word(both))
                at += 2
                continue
        if token.key not in vocabulary and token.key.isalpha() and len(token.key) > 7:
            parts = next(
                (
                    (token.key[:cut], token.key[cut:])
                    for cut in range(3, len(token.key) - 3)
                    if token.key[:cut] in vocabulary and token.key[cut:] in vocabulary
                ),
                None,
            )
            if parts is not None:
                found += [_word(part) for part in parts]
                at += 1
                continue
        found.append(token)
        at += 1
    return tuple(found)


def _zoned(words: _Words, cuts: Collection[int]) -> _Words | None:
    """ "22 front and 20 back" as "22 for front and 20 for back"."""
    keys = _keys(words)
    found: list[Token] = []
    changed = False
    for at, token in enumerate(words):
        ends = [end for end, _ in _ZONES.at(keys, at)]
        before = words[at - 1] if at else None
        if ends and (before is None or before.key not in _PREPOSITIONS):
            end = max(ends)
            closes = end == len(words) or words[end].mark or words[end].key in ("and", "please")
            leads = end < len(words) and words[end].number is not None
            valued = before is not None and (
                before.number is not None or before.key in _BEFORE_ZONE
            )
            starts = before is None or before.mark or before.key == "and"
            if (valued and (closes or end in cuts)) or (starts and leads) or (valued and leads):
                found.append(_word("for"))
                changed = True
        found.append(token)
    return tuple(found) if changed else None


def _spelled(words: _Words, vocabulary: Collection[str]) -> _Words | None:
    """Words that no template knows, as the nearest ones that some do."""
    found: list[Token] = []
    changed = False
    for token in words:
        key = token.key
        if key in vocabulary or not key.isalpha() or len(key) < _SHORTEST_MISSPELT:
            found.append(token)
            continue
        near = [
            other for other in vocabulary if abs(len(other) - len(key)) <= 1 and other[0] == key[0]
        ]
        close = get_close_matches(key, near, n=1, cutoff=0.82 if len(key) < 7 else 0.8)
        if close:
            found.append(_word(close[0]))
            changed = True
        else:
            found.append(token)
    return tuple(found) if changed else None


def _unstuttered(words: _Words) -> _Words:
    """ "Louder louder", "can you can you close it": what is said twice in a row is said once."""
    keys = _keys(words)
    at = 0
    while at < len(words):
        for size in (3, 2, 1):
            behind = at + size
            if keys[at:behind] == keys[behind : behind + size] and not _has_number(
                words[at:behind]
            ):
                rest = (*words[:behind], *words[behind + size :])
                return _unstuttered(rest)
        at += 1
    return words


def _has_number(words: Sequence[Token]) -> bool:
    return any(token.number is not None for token in words)


def unhesitating(tokens: Sequence[Token]) -> _Words:
    """ "Twenty um twenty two" as "22": a number is said anew after a hesitation."""
    found: list[Token] = []
    at = 0
    words = tuple(tokens)
    while at < len(words):
        behind = at + 1
        while behind < len(words) and words[behind].key in _HESITATIONS:
            behind += 1
        if (
            words[at].number is not None
            and at + 1 < behind < len(words)
            and words[behind].number is not None
            and any(word.key != "," for word in words[at + 1 : behind])
        ):
            at = behind
            continue
        found.append(words[at])
        at += 1
    return tuple(found)
