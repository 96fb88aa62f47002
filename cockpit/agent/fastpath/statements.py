"""Statements around a request: "we just left the motorway", "I don't like this street".

What speakers tell the car before or after a request has no end of wordings. It can be left out
where it surely is a statement, and surely changes nothing: it begins with a subject and goes on
with a finite verb; it neither wishes nor commands, holds no command that would be understood by
itself, and, behind a request, sets no condition and takes nothing back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.agent.fastpath.grammar import Template
from cockpit.agent.fastpath.normalise import Token

STATEMENT = Template("aside.statement", {}, {"role": "aside"}, "(statement)")
"""What a statement that no template explains is said to match."""
LONGEST = 18
"""Words of a statement."""

RUNNING_ON = frozenset(
    (
        *("i", "we", "it", "he", "she", "they", "there", "my", "our", "nobody", "everyone", "to"),
        *("somebody", "someone"),
    )
)
"""A statement that follows a request without a pause begins with one of these."""
# After these any word that is no modal verb is a finite verb.
_PERSONS = frozenset(
    (
        *("i", "we", "they", "he", "she", "it", "this", "that", "there", "everyone", "everybody"),
        *("someone", "somebody", "nobody", "everything", "something", "nothing", "who", "you"),
    )
)
# A noun phrase begins with these; its verb must be seen further on.
_NOUNS = frozenset(
    (
        *("the", "my", "our", "his", "her", "their", "a", "an", "some", "these", "those", "all"),
        *("both", "another", "no", "this", "that", "every", "your", "its", "half", "most", "one"),
        *("two", "2", "people", "traffic", "rain", "snow", "kids", "children", "mom", "dad"),
        *("grandma", "grandpa", "granny", "outside", "today", "everything"),
    )
)
_FINITE = frozenset(
    (
        *(
            "is",
            "are",
            "was",
            "were",
            "has",
            "have",
            "had",
            "does",
            "did",
            "will",
            "seems",
            "looks",
        ),
        *(
            "feels",
            "sounds",
            "smells",
            "keeps",
            "makes",
            "says",
            "wants",
            "needs",
            "likes",
            "loves",
        ),
        *("hates", "got", "gets", "went", "goes", "came", "comes", "fell", "feel", "feel", "hurts"),
        *("hurt", "started", "starts", "stopped", "stinks", "blinds", "gives", "gave", "took"),
        *("takes", "left", "can", "cannot", "just", "really", "always", "never", "still", "do"),
        *("keep", "want", "need", "like", "get", "look", "seem", "ran", "runs", "sleeps", "slept"),
        *("shines", "bothers", "annoys", "drives", "blows", "forgot", "told", "said", "asked"),
    )
)
_PARTICIPLE = re.compile(r"^[a-z]{3,}ed$")
# A wish, an order, or a rule: not for leaving out.
_MODAL = frozenset(
    (
        *("should", "must", "would", "could", "may", "might", "shall", "want", "wants", "need"),
        *("needs", "wish", "wishes", "prefer", "ought", "better", "mean", "meant", "said", "say"),
        *("wanted", "needed", "told", "tell", "please", "asked", "ask", "rather", "hope", "let"),
        *("think", "thought", "guess", "suppose"),
    )
)
_OK_AFTER_FIRST = frozenset(("hope", "think", "thought", "guess"))  # "I hope you slept well"
_CONDITIONS = frozenset(
    (
        *("if", "unless", "until", "when", "once", "whenever", "later", "tomorrow", "except"),
        *("only", "instead", "but", "not", "never", "whether", "while", "after", "otherwise"),
    )
)
# What still wants a verb or a noun is no whole statement.
_UNFINISHED = frozenset(
    (
        *("to", "not", "never", "should", "will", "would", "can", "could", "must", "may", "might"),
        *(
            "always",
            "the",
            "a",
            "an",
            "my",
            "your",
            "or",
            "of",
            "for",
            "that",
            "says",
            "said",
            "if",
        ),
        *(
            "when",
            "and",
            "but",
            "please",
            "is",
            "are",
            "was",
            "were",
            "i",
            "we",
            "he",
            "she",
            "they",
        ),
        *("who", "just", "do", "does", "did", "usually", "often", "sometimes", "go", "let", "in"),
    )
)
# "... to clear the mist": what a command is for.
_PURPOSES = frozenset(
    (
        *("clear", "see", "hear", "keep", "get", "let", "save", "avoid", "help", "stay", "enjoy"),
        *("relax", "sleep", "freshen", "air", "dry", "prevent", "protect", "calm", "wake", "block"),
        *("match", "celebrate", "impress", "watch", "look", "read", "park", "pass", "fit", "smoke"),
        *(
            "breathe",
            "feel",
            "find",
            "load",
            "unload",
            "put",
            "take",
            "pick",
            "grab",
            "pay",
            "talk",
        ),
    )
)
# "I want to turn the ..." is a request, "I want to take a nap" is not.
_DOING = frozenset(
    (
        *(
            "turn",
            "switch",
            "set",
            "open",
            "close",
            "shut",
            "put",
            "change",
            "adjust",
            "make",
            "lock",
        ),
        *("unlock", "heat", "cool", "play", "stop", "start", "activate", "lower", "raise", "dim"),
        *("have", "go", "drive", "navigate", "add", "know", "fold", "charge", "increase", "reduce"),
        *(
            "get",
            "find",
            "hear",
            "listen",
            "roll",
            "pause",
            "mute",
            "be",
            "use",
            "disable",
            "enable",
        ),
    )
)
_NEGATED_SENSE = frozenset(("can", "could", "do", "does", "did", "is", "am", "are", "was", "has"))


def is_statement(words: Sequence[Token], *, behind: bool) -> bool:
    """True where the words are a statement that may be left out.

    Args:
        words: without marks.
        behind: a request was said before them.
    """
    keys = [token.key for token in words]
    while (
        keys
        and keys[0] in ("so", "well", "and", "but", "oh", "because", "you", "know")
        and (keys[0] != "you" or keys[1:2] == ["know"])
    ):
        keys = keys[1:]
    if not 3 <= len(keys) <= LONGEST:
        return False
    if keys[-1] in _UNFINISHED:
        return False
    if behind and keys[0] == "to" and keys[1] in _PURPOSES:
        return not _conditions(keys)
    if not _has_subject_and_verb(keys):
        return False
    return not behind or not _conditions(keys)


def _has_subject_and_verb(keys: Sequence[str]) -> bool:
    first, second = keys[0], keys[1]
    if first == "you":
        return second in ("are", "were", "have", "know", "see", "left", "look", "always", "never")
    if first in _PERSONS and first not in ("this", "that"):
        meaning = second in ("want", "need", "have", "like") and keys[2] == "to"
        if first in ("i", "we") and meaning and len(keys) > 3:
            return keys[3] not in _DOING
        wants_to = first in ("he", "she", "they") and second in ("wants", "want", "needs", "need")
        if wants_to and keys[2] == "to":
            return True
        if second in _MODAL and not (second in _OK_AFTER_FIRST and len(keys) > 4):
            return False
        return not any(key in ("should", "must", "please", "want") for key in keys[2:5])
    if first in _NOUNS or first in _PERSONS:
        place = next(
            (at for at, key in enumerate(keys[1:8], start=1) if _is_finite(key)),
            None,
        )
        return place is not None and not _MODAL & set(keys[: place + 1])
    return False


def _is_finite(key: str) -> bool:
    return key in _FINITE or _PARTICIPLE.match(key) is not None


def _conditions(keys: Sequence[str]) -> bool:
    """Words that limit or take back what was said before; "I can't see" does not."""
    for place, key in enumerate(keys):
        if key not in _CONDITIONS:
            continue
        if key == "not" and place and keys[place - 1] in _NEGATED_SENSE:
            continue
        if key in ("only", "while", "never"):
            continue
        return True
    return False
