"""Vosk: recognition while somebody still speaks.

Two uses: partial texts for the screen while Whisper waits for the end of the utterance, and
the final text where only a Vosk model is there.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cockpit.speech.audio import RATE, Audio
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.recognizer import Transcript
from cockpit.speech.segments import SpeechGate, VoiceActivity

_CHUNK = round(0.2 * RATE)  # the decoder runs in steps of about this length


class VoskEngine:
    """The blocking engine: one model, used by one thread at a time.

    Args:
        model: folder of a Vosk model.

    Attributes:
        name: engine and model.

    Raises:
        RecognizerUnavailable: library or model missing or broken.
    """

    def __init__(self, model: Path) -> None:
        self.name = f"vosk/{model.name}"
        self._model = _load(model)
        self._activity = VoiceActivity()

    def listen(self) -> VoskStream:
        """Begin to recognise what somebody says."""
        import vosk

        recognizer = vosk.KaldiRecognizer(self._model, RATE)
        recognizer.SetWords(True)
        return VoskStream(recognizer, SpeechGate(self._activity), self.name)

    def transcribe(self, audio: Audio, cancelled: threading.Event | None = None) -> Transcript:
        """Recognise a whole audio.

        Args:
            cancelled: looked at every 0.2 s; what was recognised until then is the result.
        """
        stream = self.listen()
        whole = audio.resampled(RATE).samples
        for at in range(0, len(whole), _CHUNK):
            if cancelled is not None and cancelled.is_set():
                break
            stream.feed(Audio(whole[at : at + _CHUNK]))
        return stream.finish()


class VoskStream:
    """One utterance under way. Nothing is recognised before the voice detector hears somebody,
    so that silence and noise give no partial text and an empty transcript.
    """

    def __init__(self, recognizer: Any, gate: SpeechGate, name: str) -> None:
        self._recognizer = recognizer
        self._gate = gate
        self._name = name
        self._words: list[dict[str, Any]] = []
        self._heard = 0.0
        self._worked = 0.0

    def feed(self, audio: Audio) -> str:
        """Take the next piece, of any rate and length; the text so far."""
        began = time.perf_counter()
        samples = audio.resampled(RATE).samples
        self._heard += audio.seconds
        passed = self._gate.feed(samples)
        partial = ""
        for at in range(0, len(passed), _CHUNK):
            pcm = Audio(np.ascontiguousarray(passed[at : at + _CHUNK])).pcm16()
            if self._recognizer.AcceptWaveform(pcm):
                self._take(self._recognizer.Result())
        if self._gate.is_open:
            partial = json.loads(self._recognizer.PartialResult()).get("partial", "")
        self._worked += time.perf_counter() - began
        return _join([*_texts(self._words), partial])

    def finish(self) -> Transcript:
        """The text of it all; nothing can be fed any more."""
        began = time.perf_counter()
        if self._gate.is_open:
            self._take(self._recognizer.FinalResult())
        confidence = 0.0
        if self._words:
            total = sum(float(word.get("conf", 1.0)) for word in self._words)
            confidence = min(1.0, total / len(self._words))
        return Transcript(
            text=_join(_texts(self._words)),
            confidence=confidence,
            audio_seconds=self._heard,
            processing_seconds=self._worked + time.perf_counter() - began,
            engine=self._name,
            utterances=1 if self._words else 0,
        )

    def _take(self, result: str) -> None:
        self._words += json.loads(result).get("result", [])


def _texts(words: Sequence[dict[str, Any]]) -> list[str]:
    # Models write noise as bracketed marks: "[unk]", "[25]".
    return [word["word"] for word in words if not word["word"].startswith(("[", "<"))]


def _join(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _load(model: Path) -> Any:
    try:
        import vosk
    except ImportError as error:
        raise RecognizerUnavailable(
            "Vosk needs the speech extra: pip install 'offline-cockpit[speech]'."
        ) from error
    vosk.SetLogLevel(-1)
    if not (model / "am" / "final.mdl").is_file():
        raise RecognizerUnavailable(
            f"{model} is not a Vosk model; run `cockpit models pull` with its name."
        )
    try:
        return vosk.Model(str(model))
    except Exception as error:  # the library raises the bare class
        raise RecognizerUnavailable(
            f"The Vosk model {model.name} does not load; run `cockpit models verify`."
        ) from error
