"""Text as it was said, to the tokens that templates are matched against.

The same canonical form is given to what people say and to the words of the templates, so that
"don't", "dont" and "do not", "colour" and "color", "two" and "2" meet. Nothing is thrown away
here: politeness and fillers are skipped while matching (see ``match``), where a template that
wants the word ("i would like") still finds it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cockpit.agent.fastpath.numbers import SMALL, as_number, read_numbers

MARKS = frozenset(",.;?!:")
"""Tokens that are punctuation."""

_LONGEST_TEXT = 600  # characters; longer text is no spoken command
_QUOTES = str.maketrans(
    {"‘": "'", "’": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": ","}
)
_TOKEN = re.compile(
    r"""
      \d{1,3}(?:,\d{3})+(?!\d)           # 1,000
    | \d+[:]\d{2}                        # 7:30
    | (?<![\w.])-?\d+(?:[.,]\d+)?        # 22  22.5  22,5  -3
    | \d+
    | km/h
    | [^\W\d_]+(?:'[^\W\d_]+)*'?         # words with their apostrophes
    | '[^\W\d_]+
    | [°%,.;?!:+&#€$/]
    """,
    re.VERBOSE,
)

# "Put it on its lowest level", which recognisers write "it's" too.
_ITS = re.compile(
    r"\b(on|to|at|in|of) it'?s\b(?= (?:low|high|max|min|full|medium|strong|weak|warmest|coldest"
    r"|hottest|slow|fast|top|own|old|previous|usual|normal|original))"
)
_NEGATED = {"won't": "will", "shan't": "shall", "can't": "can", "ain't": "is"}
_TAILS = {"'re": "are", "'ve": "have", "'ll": "will", "'m": "am", "'d": "would"}
_IS = frozenset(
    (
        *("it", "that", "what", "where", "who", "how", "there", "here", "he", "she", "when"),
        *("this", "why", "everything", "something", "everyone", "somebody", "nobody", "which"),
    )
)
_WHOLE = {
    "let's": ("let", "us"),
    "lets": ("let", "us"),
    "'em": ("them",),
    "cannot": ("can", "not"),
    "gonna": ("going", "to"),
    "wanna": ("want", "to"),
    "gotta": ("have", "to"),
    "lemme": ("let", "me"),
    "gimme": ("give", "me"),
    "ya": ("you",),
    "u": ("you",),
    "ur": ("your",),
    "r": ("are",),
    "d'you": ("do", "you"),
    "wouldja": ("would", "you"),
    "couldja": ("could", "you"),
    "imma": ("i", "am", "going", "to"),
    "ima": ("i", "am", "going", "to"),
    "tryna": ("trying", "to"),
    "outta": ("out", "of"),
    "lotta": ("lot", "of"),
    "needa": ("need", "to"),
    "hafta": ("have", "to"),
    "c'mon": ("come", "on"),
    "y'all": ("you", "all"),
    "wasnt": ("was", "not"),
    "hasnt": ("has", "not"),
    "havent": ("have", "not"),
    "hadnt": ("had", "not"),
    "weve": ("we", "have"),
    "theyve": ("they", "have"),
    "youve": ("you", "have"),
    "im": ("i", "am"),
    "ive": ("i", "have"),
    "id": ("i", "would"),
    "its": ("it", "is"),
    "thats": ("that", "is"),
    "whats": ("what", "is"),
    "wheres": ("where", "is"),
    "hows": ("how", "is"),
    "whos": ("who", "is"),
    "theres": ("there", "is"),
    "heres": ("here", "is"),
    "youre": ("you", "are"),
    "theyre": ("they", "are"),
    "were'nt": ("were", "not"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "isnt": ("is", "not"),
    "arent": ("are", "not"),
    "cant": ("can", "not"),
    "wont": ("will", "not"),
    "wouldnt": ("would", "not"),
    "couldnt": ("could", "not"),
    "shouldnt": ("should", "not"),
    "pls": ("please",),
    "plz": ("please",),
    "thx": ("thanks",),
    "ok": ("okay",),
    "kinda": ("kind", "of"),
    "sorta": ("sort", "of"),
    "'cause": ("because",),
    "cuz": ("because",),
    "coz": ("because",),
    "km": ("kilometers",),
    "kms": ("kilometers",),
    "km/h": ("kilometers", "per", "hour"),
    "kmh": ("kilometers", "per", "hour"),
    "kph": ("kilometers", "per", "hour"),
    "mph": ("miles", "per", "hour"),
    "%": ("percent",),
    "pct": ("percent",),
    "&": ("and",),
    "°": ("degrees",),
    "a/c": ("ac",),
    "aircon": ("air", "con"),
}
_SPELLING = {
    **dict.fromkeys(("grey",), "gray"),
    "colour": "color",
    "colours": "colors",
    "coloured": "colored",
    "centre": "center",
    "centres": "centers",
    "theatre": "theater",
    "tyre": "tire",
    "tyres": "tires",
    "favourite": "favorite",
    "favourites": "favorites",
    "neighbour": "neighbor",
    "litre": "liter",
    "litres": "liters",
    "metre": "meter",
    "metres": "meters",
    "kilometre": "kilometer",
    "kilometres": "kilometers",
    "programme": "program",
    "cancelled": "canceled",
    "cosy": "cozy",
    "dialling": "dialing",
    "minimise": "minimize",
    "maximise": "maximize",
    "recognise": "recognize",
    "yoghurt": "yogurt",
    "licence": "license",
    "jewellery": "jewelry",
    "catalogue": "catalog",
    "defogger": "defroster",
    "okey": "okay",
    "degree": "degrees",
}
# ASR drops the apostrophe of a possessive; before these nouns a plural makes no sense.
_POSSESSED = frozenset(
    (
        *("seat", "window", "door", "side", "temperature", "zone", "fan", "light", "mirror"),
        *("heating", "cooling", "massage", "backrest", "headrest", "climate", "air", "vent"),
        *("lamp", "seatbelt"),
    )
)
_OWNERS = {"drivers": "driver", "passengers": "passenger"}
_THINGS_IN_ING = frozenset(
    (
        *("heating", "cooling", "lighting", "parking", "setting", "reading", "steering"),
        *("opening", "ceiling", "morning", "evening", "building", "wing", "conditioning", "ring"),
    )
)
_STATES = frozenset(
    (
        *("asleep", "awake", "hungry", "tired", "ready", "sick", "thirsty"),
        *("open", "on", "off", "very", "really", "not", "still", "stuck", "closed"),
        *("shut", "pretty", "quite", "foggy", "icy", "dirty", "dark", "loud", "empty"),
        *("low", "full", "cold", "hot", "warm", "wet", "broken", "gone", "down", "up"),
        *("frozen", "misty", "steamy", "stuffy", "quite", "way", "in", "the", "my", "our", "it"),
    )
)
# "my seat on two and the passenger's on low"
_LEVELS = frozenset(("low", "medium", "high", "level", "full", "max", "maximum", "minimum"))
_ONE_OF_TWO = frozenset(
    ("me", "my", "the", "driver", "driver's", "him", "her", "our", "front", "rear", "left", "right")
)
# "would you mind opening", "how about turning": the verb that follows is meant as a command.
_PLEASE = frozenset(("please", "pls", "plz"))
_BEFORE_GERUND = frozenset(("mind", "about", "consider", "try", "suggest", "recommend"))


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark.

    Attributes:
        text: what a wildcard slot takes over.
        key: canonical form, which template words are compared with.
        number: its value, where it is one.
    """

    text: str
    key: str
    number: float | None = None

    @property
    def mark(self) -> bool:
        """True for punctuation."""
        return self.key in MARKS


def split_words(text: str) -> list[str]:
    """Lower-case words, contractions in full, marks as words of their own."""
    text = unicodedata.normalize("NFC", text[:_LONGEST_TEXT]).translate(_QUOTES).lower()
    # "p.m." and "a.m." are words, not ends of sentences; a hyphen joins what templates write apart.
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text)
    text = re.sub(r"\b(st|dr|mr|mrs|ms|ave)\.(?=\s\w)", r"\1", text)
    text = re.sub(r"(?<=[^\W\d_])-(?=\w)", " ", text)
    text = re.sub(r"(?<=\d)\s?°\s?([cf])\b", lambda m: " ° " + _SCALE[m[1]], text)
    text = re.sub(r"(?<=\d)([cf])\b", lambda m: " ° " + _SCALE[m[1]], text)
    text = re.sub(r"\bper cent\b", "percent", text)
    text = _ITS.sub(r"\1 the", text)
    text = re.sub(r"\ba/c\b|\ba\.c\.?(?=\W|$)", "ac", text)
    words: list[str] = []
    for found in _TOKEN.finditer(text):
        words.extend(expand_word(found[0]))
    return words


_SCALE = {"c": "celsius", "f": "fahrenheit"}


@lru_cache(maxsize=8192)
def expand_word(word: str) -> tuple[str, ...]:
    """One written word as the words it stands for: "don't" is two, "passenger's" too."""
    whole = _WHOLE.get(word)
    if whole is not None:
        return whole
    if word[0].isdigit() or (word[0] == "-" and len(word) > 1):
        return (_digits(word),)
    if "'" not in word:
        return (word,)
    if word in _NEGATED:
        return (_NEGATED[word], "not")
    if word.endswith("n't") and len(word) > 3:
        return (word[:-3], "not")
    for tail, verb in _TAILS.items():
        if word.endswith(tail) and len(word) > len(tail):
            return (word[: -len(tail)], verb)
    if word.endswith("'s") and len(word) > 2:
        owner = word[:-2]
        return (owner, "is") if owner in _IS else (owner, "'s")
    stripped = word.strip("'")
    return (stripped,) if stripped else ()


def _digits(word: str) -> str:
    if re.fullmatch(r"\d{1,3}(,\d{3})+", word):
        return word.replace(",", "")
    return word.replace(",", ".")


def canonical(word: str) -> str:
    """The form that a word of a template and a word of the speaker are compared in."""
    return _SPELLING.get(word) or SMALL.get(word) or word


@lru_cache(maxsize=16384)
def template_words(word: str) -> tuple[str, ...]:
    """Canonical words of one word that is written in a template; marks vanish."""
    return tuple(canonical(part) for part in split_words(word) if part not in MARKS)


class Normaliser:
    """Text to tokens.

    Args:
        vocabulary: canonical words of all templates; a gerund is only turned into a command
            ("would you mind opening") where its verb is one of them.
    """

    def __init__(self, vocabulary: Collection[str] = frozenset()) -> None:
        self._vocabulary = frozenset(vocabulary)

    def __call__(self, text: str) -> tuple[Token, ...]:
        words = self._mend(split_words(text))
        tokens: list[Token] = []
        at = 0
        for reading in read_numbers(words):
            single = reading.length == 1
            key = canonical(words[at]) if single else reading.text
            number = reading.value
            if single and number is not None and as_number(key) is None:
                key = reading.text
            tokens.append(Token(reading.text, key, number))
            at += reading.length
        return tuple(tokens)

    def _mend(self, words: list[str]) -> list[str]:
        mended: list[str] = []
        for at, word in enumerate(words):
            follower = words[at + 1] if at + 1 < len(words) else ""
            if word == "'s" and mended and _is_verb_before(words[at + 1 : at + 3]):
                mended.append("is")
                continue
            if word == "'s" and mended and not follower and mended[-1] in _POSSESSED:
                mended[-1] += "s"  # "lock the door's"
                continue
            if word == "both" and _joins_two(words, at):
                continue  # "both me and my passenger" names two anyway
            if word in MARKS and follower in _PLEASE:
                continue  # "to the Ateneum, please": no part of a name, and no new clause
            if word in _OWNERS and follower in _POSSESSED:
                mended += (_OWNERS[word], "'s")
            elif word.endswith("ing") and mended and mended[-1] in _BEFORE_GERUND:
                mended.append(self._base(word) or word)
            else:
                mended.append(word)
        return mended

    def _base(self, gerund: str) -> str | None:
        """The known verb that a gerund comes from: "setting" is "set", "closing" is "close"."""
        stem = gerund[:-3]
        for verb in (stem + "e", stem, stem[:-1]):
            if len(verb) > 1 and canonical(verb) in self._vocabulary:
                return verb
        return None


def _is_verb_before(words: Sequence[str]) -> bool:
    """Whether "'s" is "is": "the window's open", but not "the driver's heating" or "mine's too"."""
    if not words:
        return False
    word = words[0]
    if word in ("too", "so"):
        return len(words) > 1 and words[1] not in MARKS
    if word == "a":
        return words[1:] in (["bit"], ["little"], ["tad"], ["touch"])
    if word == "all":
        return _is_verb_before(words[1:])  # "the windscreen's all steamed up"
    if word == "like":
        return words[1:2] in (["ice"], ["a"], ["an"])
    if word == "on" and len(words) > 1:
        return words[1] not in _LEVELS and words[1] not in SMALL and not words[1][0].isdigit()
    if word.endswith("ing"):
        return word not in _THINGS_IN_ING
    return word in _STATES or (word.endswith("ed") and len(word) > 4)


def _joins_two(words: Sequence[str], at: int) -> bool:
    first = words[at + 1 : at + 2]
    if not first or "and" not in words[at + 2 : at + 6]:
        return False
    return first[0] in _ONE_OF_TWO or (words[at + 2] == "and" and not first[0].endswith("s"))


def trimmed(tokens: Sequence[Token], joints: Collection[str]) -> tuple[Token, ...]:
    """Tokens without the marks and joints ("then", "and") at both ends."""
    start, end = 0, len(tokens)
    while start < end and (tokens[start].mark or tokens[start].key in joints):
        start += 1
    while end > start and (tokens[end - 1].mark or tokens[end - 1].key in joints):
        end -= 1
    return tuple(tokens[start:end])


def plain(tokens: Sequence[Token]) -> str:
    """Tokens as text again, for slots and for people."""
    text = ""
    for token in tokens:
        text += token.text if not text or token.mark or token.text == "'s" else f" {token.text}"
    return text
