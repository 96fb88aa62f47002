"""Names that a speaker may well say, put right where a recogniser did not know them.

Streets, places, people and dishes are what a small recogniser gets wrong, since it never read
them: it writes "Kaiba Karu" or "Kail Vincado". Where a stretch of a text holds a word that is
not ordinary English, and sounds like a name of the vocabulary, the name is written instead; all
hypotheses of the recogniser are looked through, the likeliest first. Ordinary words alone are
never changed, nor is anything that says how many, whether, or which way.

What that gains is in ``speech.measure_names``. Of 3000 correct requests about everything and other
places, one got a name that was not said where the recogniser was sure, and 30 where it was not; of
240 recorded commands in noise, none did. It takes 1 ms of one core, or 20 where names are looked
for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cockpit.speech.phonetics import likeness, sounds, weight
from cockpit.speech.recognizer import Alternative


class Kind(StrEnum):
    """What a name is of, which decides after which words it is expected."""

    PLACE = "place"
    PERSON = "person"
    THING = "thing"  # dishes, groceries, what is on the list


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written, and what it is of."""

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Correction:
    """A text with names put right.

    Attributes:
        text: the hypothesis that is believed, with the names in it.
        names: the names that were written in place of something else.
        logprob: average log probability of the hypothesis' tokens.
    """

    text: str
    names: tuple[str, ...]
    logprob: float


@dataclass(frozen=True, slots=True)
class _Words:
    """What ``hints.yaml`` says."""

    kept: frozenset[str]
    within: frozenset[str]
    not_first: frozenset[str]
    not_last: frozenset[str]
    leads: Mapping[Kind, re.Pattern[str]]

    @classmethod
    def load(cls) -> _Words:
        text = files("cockpit.speech").joinpath("hints.yaml").read_text(encoding="utf-8")
        entries = yaml.safe_load(text)
        leads = {
            Kind(kind): _after(lead["after"], lead["between"])
            for kind, lead in entries.pop("leads").items()
        }
        words = {name: frozenset(listed.split()) for name, listed in entries.items()}
        return cls(**words, leads=leads)

    def matter(self, word: str) -> bool:
        """Whether a word must be the same in all hypotheses and in a corrected text."""
        return word[0].isdigit() or (word in self.kept and word not in self.within)


def _after(words: str, between: str) -> re.Pattern[str]:
    first, then = ("|".join(listed.split(", ")) for listed in (words, between))
    return re.compile(rf"\b(?:{first})(?: (?:{then}))?$", re.I)


_WORDS: Final = _Words.load()

LIKE: Final = 0.70
"""Likeness of sounds from which a name is written where one is expected."""
ELSEWHERE: Final = 0.10
"""How much more alike it has to be where none is expected."""
SURE: Final = -0.25
"""Average log probability of a token, from which the recogniser most likely knew every word."""
_SURE_LIKE: Final = 0.93
_LONG: Final = 9.0
"""Weight of a name's sounds, below which it has to be more alike."""
_LONG_COSTS: Final = 0.02
_SHORT: Final = 4.5
_SHORT_COSTS: Final = 0.06
_UNLIKE: Final = 0.6
_LONGEST: Final = 7
_CANDIDATES: Final = 4
_ROUGHLY: Final = 0.5
_GAIN: Final = 0.3
"""What holding a name is worth, in log probability of a token."""
_GAP: Final = 0.35
"""Hypotheses that are less likely than the first by more than this are not looked at."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*")


class Vocabulary:
    """Names that may be said, and the words of ordinary English, which are left alone."""

    def __init__(self, names: Iterable[Name], ordinary: OrdinaryWords) -> None:
        """Work out how the names sound (about 0.1 s for 2000)."""
        self._ordinary = ordinary
        self._names = [name for name in dict.fromkeys(names) if len(sounds(name.text)) >= 3]
        self._sounds = [sounds(name.text) for name in self._names]
        self._known = {word for name in self._names for word in _plain(name.text) if len(word) >= 3}
        self._written = {" ".join(_plain(name.text)): name for name in self._names}

    def __len__(self) -> int:
        return len(self._names)

    def correct(self, alternatives: Sequence[Alternative]) -> Correction:
        """The text to believe, of a recogniser's hypotheses with the likeliest first.

        Raises:
            ValueError: there is none.
        """
        if not alternatives:
            raise ValueError("there is no hypothesis to correct")
        first = alternatives[0]
        kept = Counter(_kept(first.text))
        best = Correction(first.text, (), first.logprob)
        best_score = float("-inf")
        seen = set()
        for entry in alternatives:
            words = tuple(_plain(entry.text))
            if words in seen or entry.logprob < first.logprob - _GAP:
                continue
            seen.add(words)
            text, found, gain = self._put_right(entry.text, first.logprob > SURE)
            if Counter(_kept(text, found)) != kept and entry is not first:
                continue
            score = entry.logprob + gain
            if score > best_score:
                best = Correction(text, found, entry.logprob)
                best_score = score
        return best

    def _put_right(self, text: str, sure: bool) -> tuple[str, tuple[str, ...], float]:
        """The text with its names, those that were changed, and what that is worth."""
        words = list(_WORD.finditer(text))
        plain = [word[0].lower().replace("’", "'") for word in words]
        gain = 0.0
        fixed: list[_Fit] = []
        taken: set[int] = set()
        for start, end, name in self._already(plain):
            taken.update(range(start, end))
            # "a bit of brown sugar" is sugar that was expected, too.
            leads = (text[: words[at].start()] for at in range(max(0, start - 2), start + 1))
            if any(_expected(lead, name.kind) for lead in leads):
                gain = _GAIN
        anchors = {
            index for index, word in enumerate(plain) if index not in taken and self._strange(word)
        }
        if anchors:
            fits = self._fits(text, words, plain, anchors, taken, sure)
            for fit in sorted(fits, key=_rank, reverse=True):
                if not taken.intersection(range(fit.start, fit.end)):
                    taken.update(range(fit.start, fit.end))
                    fixed.append(fit)
                    gain = max(gain, _GAIN * (fit.like - 0.5) * 2)
        for fit in sorted(fixed, key=lambda fit: fit.start, reverse=True):
            before = text[: words[fit.start].start()]
            after = text[words[fit.end - 1].end() :]
            if re.match(r"-\d", after):
                after = " " + after[1:]
            text = before + fit.name.text + after
        return text, tuple(fit.name.text for fit in fixed), gain

    def _already(self, plain: Sequence[str]) -> Iterator[tuple[int, int, Name]]:
        """Names that the text holds as they are."""
        start = 0
        while start < len(plain):
            for end in range(min(len(plain), start + _LONGEST), start, -1):
                name = self._written.get(" ".join(plain[start:end]))
                if name is not None:
                    yield start, end, name
                    start = end - 1
                    break
            start += 1

    def _strange(self, word: str) -> bool:
        return (
            word.isalpha()
            and len(word) >= 3
            and word not in _WORDS.kept
            and word not in self._known
            and word not in self._ordinary
        )

    def _fits(
        self,
        text: str,
        words: Sequence[re.Match[str]],
        plain: Sequence[str],
        anchors: set[int],
        taken: set[int],
        sure: bool,
    ) -> Iterator[_Fit]:
        spans = list(_spans(plain, anchors, taken))
        if not spans:
            return
        sounded = [sounds(" ".join(plain[start:end])) for start, end in spans]
        rough = process.cdist(
            sounded,
            self._sounds,
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=_ROUGHLY,
            dtype=np.float32,
        )
        for (start, end), sound, row in zip(spans, sounded, rough, strict=True):
            before = text[: words[start].start()]
            for index in np.argsort(row)[: -_CANDIDATES - 1 : -1]:
                if row[index] < _ROUGHLY:
                    break
                name = self._names[index]
                like = likeness(sound, self._sounds[index])
                needed = _needed(weight(self._sounds[index]), _expected(before, name.kind), sure)
                if like >= needed:
                    yield _Fit(start, end, name, like)


@dataclass(frozen=True, slots=True)
class _Fit:
    start: int
    end: int
    name: Name
    like: float


def _expected(before: str, kind: Kind) -> bool:
    return _WORDS.leads[kind].search(before.rstrip(" ,")) is not None


def _needed(heavy: float, expected: bool, sure: bool) -> float:
    """Likeness from which a name is written, by the weight of its sounds."""
    needed = LIKE if expected else LIKE + ELSEWHERE
    if sure:
        needed = max(needed, _SURE_LIKE)
    return needed + _LONG_COSTS * max(0.0, _LONG - heavy) + _SHORT_COSTS * max(0.0, _SHORT - heavy)


def _rank(fit: _Fit) -> float:
    # A long name that is nearly right says more than a short one that is quite right.
    return (fit.like - _UNLIKE) * weight(sounds(fit.name.text))


def _spans(plain: Sequence[str], anchors: set[int], taken: set[int]) -> Iterator[tuple[int, int]]:
    for start in range(len(plain)):
        if plain[start] in _WORDS.not_first or plain[start] in _WORDS.kept:
            continue
        for end in range(start + 1, min(len(plain), start + _LONGEST) + 1):
            word = plain[end - 1]
            if (
                (end - 1) in taken
                or word[0].isdigit()
                or (word in _WORDS.kept and word not in _WORDS.within)
            ):
                break
            if word in _WORDS.not_last or word in _WORDS.kept:
                continue
            if anchors.intersection(range(start, end)):
                yield start, end


def _plain(text: str) -> list[str]:
    return [word[0].lower().replace("’", "'") for word in _WORD.finditer(text)]


def _kept(text: str, names: Sequence[str] = ()) -> Iterator[str]:
    """What must be the same in each hypothesis that is believed."""
    within = Counter(word for name in names for word in _plain(name))
    for word in _plain(text):
        if within[word]:
            within[word] -= 1
        elif _WORDS.matter(word):
            yield word


class OrdinaryWords:
    """Words of ordinary English.

    Whisper's own vocabulary holds the commonest 20,000 as one piece in lower case; it comes
    with the model. Their usual endings are known too, and what else is given.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)

    @classmethod
    def of_model(cls, folder: Path | None, more: Iterable[str] = ()) -> OrdinaryWords:
        """From ``vocabulary.txt`` of a CTranslate2 Whisper model.

        Args:
            folder: of the model; without one, and without that file, only ``more`` is known.
            more: further words, in lower case.
        """
        file = folder / "vocabulary.txt" if folder is not None else None
        there = file is not None and file.is_file()
        lines = file.read_text(encoding="utf-8").splitlines() if file and there else []
        # "Ġ" stands for the blank before a word.
        pieces = (line[1:] for line in lines if line.startswith("Ġ"))
        return cls([*(word for word in pieces if word.isalpha() and word.islower()), *more])

    def __contains__(self, word: str) -> bool:
        return any(form in self._words for form in _stems(word.removesuffix("'s")))


def _stems(word: str) -> Iterator[str]:
    yield word
    for ending in ("s", "es", "ed", "d", "ing", "er", "r", "ers", "ly", "est", "y", "n't", "'ll"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3:
            yield stem
            yield stem + "e"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
            if stem[-1] == "i":
                yield stem[:-1] + "y"
    for beginning in ("un", "re", "de", "dis", "non"):
        if word.startswith(beginning) and len(word) >= len(beginning) + 4:
            yield word.removeprefix(beginning)
