"""Whisper by CTranslate2, encoding only as much audio as there is.

Whisper was trained on windows padded to 30 s, and the encoder of the padded window is most
of the work for a short command. Encoding a window of the utterance's length plus a margin
gives the same text several times sooner, and in noise a better one. Where it does not, the
decoder tends to loop or to be unsure, which ``decoding.find_fault`` notices; then the next
best hypothesis is taken, a second model is asked, and at last the padded form.

Slot words heard in 60 recorded commands (364 words, noise of a kitchen; ``speech.measure``):

=========================  =====  =====  =====
models, beam of 5          clean  6 dB   0 dB
=========================  =====  =====  =====
tiny.en, window of 12 s    93.4%  82.1%  48.4%
base, window of 12 s       95.1%  87.6%  59.9%
base, window of 8 s        95.9%  88.2%  59.9%
base, window of 6 s        95.3%  86.3%
base and tiny.en, 8 s      95.9%  89.3%
=========================  =====  =====  =====

At 6 dB a beam of 2 costs a point, a raised level two, names as the previous text three, and noise
suppression one (WebRTC, mildest) to fifteen (DTLN); a high-pass at 100 Hz and a length penalty
change nothing. Commands of 2 to 5 s took 180 to 260 ms of one core with base, and 110 to 155 ms
more where tiny.en was asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cockpit.memory import give_back
from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.decoding import (
    Attempt,
    Decoded,
    Hypothesis,
    first_credible,
    is_invented,
    token_limit,
    without_captions,
)
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.recognizer import Alternative, Transcript
from cockpit.speech.segments import SegmentRules, VoiceActivity

WINDOW = 30 * RATE
"""Samples of Whisper's own window."""

SHORTEST_WINDOW = 8.0
"""Seconds. A shorter one costs words and a longer one time."""

MARGIN = 2.0
"""Least seconds of silence after the utterance in the variable-length form."""

BEAM = 5

DOUBT = -0.5
"""Average log probability below which a second model is asked."""

HANDICAP = 0.1
"""By how much the second model has to be surer than the first, in log probability."""

_LARGE = 15 * RATE
_HOP = 160
_MAX_TOKENS = 224


class Cancelled(Exception):
    """The caller does not want the rest."""


class WhisperEngine:
    """The blocking engine: one model or two, used by one thread at a time."""

    def __init__(
        self,
        model: Path,
        *,
        second: Path | None = None,
        variable_length: bool = True,
        threads: int = 2,
        beam: int = BEAM,
        language: str = "en",
        window: float = SHORTEST_WINDOW,
        margin: float = MARGIN,
        doubt: float = DOUBT,
    ) -> None:
        """Load CTranslate2 Whisper models, English-only or multilingual.

        Args:
            model: folder with ``model.bin`` and ``tokenizer.json``.
            second: another model, which is asked where the first is unsure; only used with
                the variable-length form.
            variable_length: encode only the audio there is.
            threads: threads of the matrix products.
            beam: hypotheses that are followed; 1 is greedy.
            language: of a multilingual model.
            window: shortest window of the variable-length form, in seconds.
            margin: least silence after the utterance in that form, in seconds.
            doubt: log probability below which the second model gets its say.

        Raises:
            RecognizerUnavailable: library or model missing or broken.
        """
        self._model = _Model(model, threads=threads, language=language)
        self._second = (
            _Model(second, threads=threads, language=language)
            if second is not None and variable_length
            else None
        )
        self._activity = VoiceActivity()
        self._variable = variable_length
        self._beam = beam
        self._window = round(window * RATE)
        self._margin = round(margin * RATE)
        self._doubt = doubt
        names = [part.name for part in (model, second) if part is not None]
        self.name = f"whisper/{'+'.join(names)}"

    def warm_up(self) -> None:
        """Run each model once: the first time is the slowest."""
        silence = np.zeros(RATE // 2, np.float32)
        for model in (self._model, self._second):
            if model is not None:
                model.hypotheses(silence, self._window, self._beam, threading.Event())
        give_back()  # loading converts the weights: 100 MB for a moment

    def transcribe(self, audio: Audio, cancelled: threading.Event | None = None) -> Transcript:
        """Recognise all utterances of an audio of any length and rate.

        Raises:
            Cancelled: ``cancelled`` was set; checked between utterances and between
                the encoder and the decoder.
        """
        started = time.perf_counter()
        stop = cancelled or threading.Event()
        audio = audio.resampled(RATE)
        decoded: list[Decoded] = []
        for segment in self._activity.segments(audio, SegmentRules()):
            _check(stop)
            samples = audio.slice(segment.start, segment.end).samples
            outcome = self.decode(samples, stop)
            if not is_invented(outcome.hypothesis):
                decoded.append(outcome)
        return Transcript(
            text=" ".join(outcome.hypothesis.text for outcome in decoded),
            confidence=_confidence([outcome.hypothesis for outcome in decoded]),
            audio_seconds=audio.seconds,
            processing_seconds=time.perf_counter() - started,
            engine=self.name,
            utterances=len(decoded),
            fallbacks=sum(outcome.attempts > 1 for outcome in decoded),
            alternatives=_alternatives(decoded),
        )

    def decode(self, samples: Samples, stop: threading.Event) -> Decoded:
        """Recognise one utterance of at most 28 s at 16 kHz, with the guard and fall-backs."""

        def attempts() -> Iterator[Attempt]:
            if self._variable:
                length = min(WINDOW, max(self._window, len(samples) + self._margin))
                found = self._model.hypotheses(samples, length, self._beam, stop)
                doubt = self._doubt if self._second is not None else float("-inf")
                yield Attempt(found, strict=True, doubt=doubt)
                if self._second is not None:
                    found = self._second.hypotheses(samples, length, self._beam, stop)
                    yield Attempt(found, strict=True, handicap=HANDICAP)
            yield Attempt(self._model.hypotheses(samples, WINDOW, self._beam, stop))
            other = 1 if self._beam > 1 else BEAM
            yield Attempt(self._model.hypotheses(samples, WINDOW, other, stop))

        return first_credible(attempts(), len(samples) / RATE)


class _Model:
    """One loaded model with its tokenizer."""

    def __init__(self, folder: Path, *, threads: int, language: str) -> None:
        try:
            import ctranslate2
            import tokenizers
            from faster_whisper.feature_extractor import FeatureExtractor
            from faster_whisper.tokenizer import Tokenizer
        except ImportError as error:
            raise RecognizerUnavailable(
                "Whisper needs the speech extra: pip install 'offline-cockpit[speech]'."
            ) from error
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads
            )
            # The tokenizers library raises bare Exception for a file it cannot read.
            vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer = Tokenizer(
                vocabulary, self._model.is_multilingual, task="transcribe", language=language
            )
        except Exception as error:
            raise RecognizerUnavailable(
                f"The Whisper model {folder.name} does not load ({error}); "
                "run `cockpit models verify`."
            ) from error
        self._view = ctranslate2.StorageView.from_array
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]

    def hypotheses(
        self, samples: Samples, length: int, beam: int, stop: threading.Event
    ) -> tuple[Hypothesis, ...]:
        """What a window of ``length`` samples may say, likeliest first; as many as the beam."""
        features = self._features(np.pad(samples, (0, max(0, length - len(samples)))), padding=0)
        frames = np.ascontiguousarray(features[np.newaxis, :, : length // _HOP], np.float32)
        encoded = self._model.encode(self._view(frames))
        if length > _LARGE:
            give_back()
        _check(stop)
        limit = min(_MAX_TOKENS, token_limit(len(samples) / RATE))
        result: Any = self._model.generate(
            encoded,
            [self._prompt],
            beam_size=beam,
            num_hypotheses=beam,
            max_length=2 * limit,  # CTranslate2 keeps half of it for a previous text
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        return tuple(
            Hypothesis(
                without_captions(self._tokenizer.decode(tokens)),
                len(tokens),
                _logprob(score, len(tokens)),
                result.no_speech_prob,
            )
            for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
        )


def _check(stop: threading.Event) -> None:
    if stop.is_set():
        raise Cancelled


def _logprob(score: float, tokens: int) -> float:
    # The score is the sum of log probabilities over the text tokens' count; the sum also
    # holds the end token, so the average is over one more (as OpenAI and faster-whisper do).
    return score * tokens / (tokens + 1)


def _confidence(hypotheses: Sequence[Hypothesis]) -> float:
    weights = [max(1, hypothesis.tokens) for hypothesis in hypotheses]
    if not weights:
        return 0.0
    parts = [hypothesis.confidence for hypothesis in hypotheses]
    return sum(w * part for w, part in zip(weights, parts, strict=True)) / sum(weights)


def _alternatives(decoded: Sequence[Decoded]) -> tuple[Alternative, ...]:
    """The whole text, and the same with one utterance heard otherwise."""
    believed = [outcome.hypothesis for outcome in decoded]
    found = {_joined(believed): _mean(believed)} if believed else {}
    for index, outcome in enumerate(decoded):
        for other in outcome.others:
            varied = [*believed[:index], other, *believed[index + 1 :]]
            found.setdefault(_joined(varied), _mean(varied))
    return tuple(Alternative(text, logprob) for text, logprob in found.items())


def _joined(hypotheses: Sequence[Hypothesis]) -> str:
    return " ".join(hypothesis.text for hypothesis in hypotheses)


def _mean(hypotheses: Sequence[Hypothesis]) -> float:
    tokens = sum(max(1, hypothesis.tokens) for hypothesis in hypotheses)
    return sum(max(1, one.tokens) * one.logprob for one in hypotheses) / tokens
