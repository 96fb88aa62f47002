"""Whisper by CTranslate2, encoding only as much audio as there is.

Whisper was trained on windows padded to 30 s, and the encoder of the padded window is most
of the work for a short command. Encoding a window of the utterance's length plus a margin
gives the same text several times sooner in nearly all cases. Where it does not, the decoder
tends to loop or to be unsure, which ``decoding.find_fault`` notices; that utterance is then
encoded again in the padded form, with a beam search.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.decoding import (
    Decoded,
    Hypothesis,
    first_credible,
    is_invented,
    token_limit,
    without_captions,
)
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.recognizer import Transcript
from cockpit.speech.segments import SegmentRules, VoiceActivity

WINDOW = 30 * RATE
"""Samples of Whisper's own window."""

SHORTEST_WINDOW = 12.0
"""Seconds. In a shorter window the decoder says short commands again and again."""

MARGIN = 4.0
"""Least seconds of silence after the utterance in the variable-length form."""

DOUBT = -0.7
"""Average log probability below which the padded form is tried as well."""

_OTHER_BEAM = 5
_HOP = 160
_MAX_TOKENS = 224


class Cancelled(Exception):
    """The caller does not want the rest."""


class WhisperEngine:
    """The blocking engine: one model, used by one thread at a time."""

    def __init__(
        self,
        model: Path,
        *,
        variable_length: bool = True,
        threads: int = 2,
        beam: int = 5,
        language: str = "en",
        window: float = SHORTEST_WINDOW,
        margin: float = MARGIN,
        doubt: float = DOUBT,
    ) -> None:
        """Load a CTranslate2 Whisper model, English-only or multilingual.

        Args:
            model: folder with ``model.bin`` and ``tokenizer.json``.
            variable_length: encode only the audio there is.
            threads: threads of the matrix products.
            beam: beam of the first decoding; 1 is greedy.
            language: of a multilingual model.
            window: shortest window of the variable-length form, in seconds.
            margin: least silence after the utterance in that form, in seconds.
            doubt: log probability below which the padded form gets its say.

        Raises:
            RecognizerUnavailable: library or model missing or broken.
        """
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
                str(model), device="cpu", compute_type="int8", intra_threads=threads
            )
            # The tokenizers library raises bare Exception for a file it cannot read.
            vocabulary = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
            self._tokenizer = Tokenizer(
                vocabulary, self._model.is_multilingual, task="transcribe", language=language
            )
        except Exception as error:
            raise RecognizerUnavailable(
                f"The Whisper model {model.name} does not load ({error}); "
                "run `cockpit models verify`."
            ) from error
        self._view = ctranslate2.StorageView.from_array
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._activity = VoiceActivity()
        self._variable = variable_length
        self._beam = beam
        self._window = round(window * RATE)
        self._margin = round(margin * RATE)
        self._doubt = doubt
        self.name = f"whisper/{model.name}"

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
            confidence=_confidence(decoded),
            audio_seconds=audio.seconds,
            processing_seconds=time.perf_counter() - started,
            engine=self.name,
            utterances=len(decoded),
            fallbacks=sum(outcome.attempts > 1 for outcome in decoded),
        )

    def decode(self, samples: Samples, stop: threading.Event) -> Decoded:
        """Recognise one utterance of at most 28 s at 16 kHz, with the guard and fall-back."""

        def attempts() -> Iterator[Hypothesis]:
            if self._variable:
                length = min(WINDOW, max(self._window, len(samples) + self._margin))
                yield self._attempt(samples, length, self._beam, stop)
            yield self._attempt(samples, WINDOW, self._beam, stop)
            yield self._attempt(samples, WINDOW, 1 if self._beam > 1 else _OTHER_BEAM, stop)

        return first_credible(
            attempts(),
            len(samples) / RATE,
            first_is_short=self._variable,
            doubt=self._doubt,
        )

    def _attempt(
        self, samples: Samples, length: int, beam: int, stop: threading.Event
    ) -> Hypothesis:
        features = self._features(np.pad(samples, (0, max(0, length - len(samples)))), padding=0)
        frames = np.ascontiguousarray(features[np.newaxis, :, : length // _HOP], np.float32)
        encoded = self._model.encode(self._view(frames))
        _check(stop)
        limit = min(_MAX_TOKENS, token_limit(len(samples) / RATE))
        result: Any = self._model.generate(
            encoded,
            [self._prompt],
            beam_size=beam,
            max_length=2 * limit,  # CTranslate2 keeps half of it for a previous text
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens: list[int] = result.sequences_ids[0]
        text = without_captions(self._tokenizer.decode(tokens))
        return Hypothesis(
            text, len(tokens), _logprob(result.scores[0], len(tokens)), result.no_speech_prob
        )


def _check(stop: threading.Event) -> None:
    if stop.is_set():
        raise Cancelled


def _logprob(score: float, tokens: int) -> float:
    # The score is the sum of log probabilities over the text tokens' count; the sum also
    # holds the end token, so the average is over one more (as OpenAI and faster-whisper do).
    return score * tokens / (tokens + 1)


def _confidence(decoded: Sequence[Decoded]) -> float:
    weights = [max(1, outcome.hypothesis.tokens) for outcome in decoded]
    if not weights:
        return 0.0
    parts = [outcome.hypothesis.confidence for outcome in decoded]
    return sum(w * part for w, part in zip(weights, parts, strict=True)) / sum(weights)
