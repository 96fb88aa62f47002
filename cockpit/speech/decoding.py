"""Judging what a decoder wrote: loops, invented sentences, confidence.

Whisper fails in known ways: it repeats itself until its token limit, and it writes film
captions where nobody speaks. The thresholds of compression ratio, log probability and
no-speech probability are those of OpenAI's ``transcribe.py``; the others were chosen here.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
NO_SPEECH = 0.6
TOKENS_PER_SECOND = 7.0
"""Fast English is about 5 tokens a second."""
TOKENS_ALLOWANCE = 8
"""Tokens that even the shortest utterance may have."""

LOOP_CONFIDENCE = 0.3
"""Confidence of a text of which only loops could be decoded."""

_MAX_NGRAM = 6
_REPEATS = {1: 5}  # "no no no no" is said by people
_REPEATS_LONGER = 3
_RESTART = 3

# What Whisper writes for music, breath and hum, learnt from captions of videos.
_INVENTED = re.compile(
    r"(thanks?( you)?( (so|very) much)?( for (watching|listening|your (attention|time)))?"
    r"|(please )?(like and )?subscribe.*|you|bye( bye)?|so|the end|i will see you.*"
    r"|we will be right back|subtitles by .*|uh+|um+|oh|hmm+|mm+|ah+)"
)
_CAPTION = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫]+|\*[^*]*\*")


class Fault(StrEnum):
    """Why a hypothesis is not believed."""

    REPETITIVE = "repetitive"
    TOO_LONG = "too many tokens for the duration"
    UNLIKELY = "low log probability"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One decoding of one utterance.

    Attributes:
        text: without captions and outer white space.
        tokens: how many text tokens the decoder wrote.
        logprob: average natural log probability of a token.
        no_speech: probability that nobody speaks.
    """

    text: str
    tokens: int
    logprob: float
    no_speech: float

    @property
    def confidence(self) -> float:
        """Geometric mean of the token probabilities, 0 to 1."""
        return math.exp(min(0.0, self.logprob))


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one pass of a decoder thinks was said.

    Attributes:
        hypotheses: likeliest first, at least one.
        strict: a sentence that is said twice is doubted, which decoders of short windows write.
        doubt: average log probability below which another attempt is worth its time.
        handicap: taken off the log probability where attempts are compared, for a decoder that
            is right less often.
    """

    hypotheses: tuple[Hypothesis, ...]
    strict: bool = False
    doubt: float = float("-inf")
    handicap: float = 0.0


@dataclass(frozen=True, slots=True)
class Decoded:
    """Outcome for one utterance.

    Attributes:
        hypothesis: the decoding that is believed.
        attempts: how many attempts it took.
        others: what else it may have been, likeliest first; nothing that is known to be wrong.
    """

    hypothesis: Hypothesis
    attempts: int
    others: tuple[Hypothesis, ...] = ()


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers of a text, without punctuation."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.lower())


def without_captions(text: str) -> str:
    """The text without "[MUSIC]", "(applause)", notes and the like."""
    return " ".join(_CAPTION.sub(" ", text).split())


def compression_ratio(text: str) -> float:
    """Bytes of the text to bytes of its zlib form; natural speech stays under 2.4."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def repeats(text: str) -> bool:
    """Whether some group of one to six words comes again and again with nothing between."""
    words = words_of(text)
    for size in range(1, _MAX_NGRAM + 1):
        needed = _REPEATS.get(size, _REPEATS_LONGER)
        run = 1
        index = size
        while index + size <= len(words):
            if words[index : index + size] == words[index - size : index]:
                run += 1
                if run >= needed:
                    return True
                index += size
            else:
                run = 1
                index += 1
    return False


def restarts(text: str) -> bool:
    """Whether the text ends by saying again what it just said, wholly or in its beginning.

    Stricter than ``repeats``: a text that is one thing said twice, or a second round of at
    least three words, cut off or not. Somebody may well say a thing twice, so this is a
    reason to listen again and not a proof.
    """
    words = words_of(text)
    for period in range(1, len(words)):
        again = 0
        while again < len(words) - period and _same(
            words[-1 - again - period], words[-1 - again], cut_off=again == 0
        ):
            again += 1
        if again >= min(_RESTART, len(words) - period) and again >= min(_RESTART, period):
            return True
    return False


def _same(first: str, second: str, *, cut_off: bool) -> bool:
    return first.startswith(second) if cut_off else first == second


def without_repeats(text: str) -> str:
    """The text with each directly repeated group of words written once."""
    words = text.split()
    size = len(words) // 2
    while size:
        index = size
        while index + size <= len(words):
            now = words_of(" ".join(words[index : index + size]))
            if now and now == words_of(" ".join(words[index - size : index])):
                del words[index : index + size]
            else:
                index += 1
        size = min(size - 1, len(words) // 2)
    return " ".join(words)


def token_limit(seconds: float) -> int:
    """Most tokens that a person can say in this time."""
    return math.ceil(TOKENS_ALLOWANCE + TOKENS_PER_SECOND * seconds)


def find_fault(hypothesis: Hypothesis, seconds: float, *, strict: bool = False) -> Fault | None:
    """What is wrong with a hypothesis for an utterance of this many seconds, if anything.

    Args:
        hypothesis: the decoding.
        seconds: duration of what was decoded.
        strict: also doubt a sentence that is said twice; for a first attempt.
    """
    text = hypothesis.text
    if compression_ratio(text) > MAX_COMPRESSION or repeats(text):
        return Fault.REPETITIVE
    if strict and restarts(text):
        return Fault.REPETITIVE
    if hypothesis.tokens >= token_limit(seconds):
        return Fault.TOO_LONG
    if hypothesis.logprob < MIN_LOGPROB:
        return Fault.UNLIKELY
    return None


def first_credible(attempts: Iterable[Attempt], seconds: float) -> Decoded:
    """The decoding to believe, making no more attempts than needed.

    Of each attempt the likeliest hypothesis without a fault counts. Where no attempt has one,
    the likeliest that does not loop is taken; where all loop, what was said once, with a
    confidence that nobody acts on.

    Args:
        attempts: made when asked for; at least one.
        seconds: duration of the utterance.
    """
    credible: list[tuple[float, Hypothesis]] = []
    doubtful: list[Hypothesis] = []
    last: Hypothesis | None = None
    made = 0
    for attempt in attempts:
        made += 1
        last = attempt.hypotheses[0]
        for hypothesis in attempt.hypotheses:
            fault = find_fault(hypothesis, seconds, strict=attempt.strict)
            if fault is None:
                credible.append((hypothesis.logprob - attempt.handicap, hypothesis))
            elif fault is Fault.UNLIKELY:
                doubtful.append(hypothesis)
        credible.sort(key=_likeliest, reverse=True)
        if credible and credible[0][1].logprob >= attempt.doubt:
            break
    if credible:
        (_, best), *others = credible
        return Decoded(best, made, tuple(hypothesis for _, hypothesis in others))
    if doubtful:
        return Decoded(max(doubtful, key=lambda item: item.logprob), made)
    if last is None:
        raise ValueError("there was no attempt")
    collapsed = replace(
        last,
        text=without_repeats(last.text),
        logprob=min(last.logprob, math.log(LOOP_CONFIDENCE)),
    )
    return Decoded(collapsed, made)


def _likeliest(entry: tuple[float, Hypothesis]) -> float:
    return entry[0]


def is_invented(hypothesis: Hypothesis) -> bool:
    """Whether the text is what Whisper writes where nobody speaks.

    Either the model itself says so, or the text is a stock phrase of captions and the
    model was not sure that there is speech.
    """
    if not words_of(hypothesis.text):
        return True
    if hypothesis.no_speech > NO_SPEECH and hypothesis.logprob < MIN_LOGPROB:
        return True
    stock = _INVENTED.fullmatch(" ".join(words_of(hypothesis.text)).replace("'ll", " will"))
    return bool(stock) and (hypothesis.no_speech > 0.2 or hypothesis.logprob < -0.7)
