"""Vosk: recognition while somebody still speaks.

Two uses: partial texts for the screen while Whisper waits for the end of the utterance, and
the final text where only a Vosk model is there.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

import numpy as np

from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.recognizer import Partial, Transcript
from cockpit.speech.segments import SpeechGate, VoiceActivity

_CHUNK = round(0.2 * RATE)  # the decoder runs in steps of about this length


class VoskRecognizer:
    """One model and a thread of its own. One stream at a time; a second one waits."""

    def __init__(self, model: Any, name: str, executor: ThreadPoolExecutor) -> None:
        self._model = model
        self._name = f"vosk/{name}"
        self._executor = executor
        self._activity = VoiceActivity()
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, model: Path) -> Self:
        """Load a model folder off the event loop (one to two seconds).

        Raises:
            RecognizerUnavailable: library or model missing or broken.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vosk")
        try:
            loaded = await asyncio.get_running_loop().run_in_executor(executor, _load, model)
            return cls(loaded, model.name, executor)
        except BaseException:
            executor.shutdown(wait=False)
            raise

    @property
    def name(self) -> str:
        """Engine and model."""
        return self._name

    async def transcribe(self, audio: Audio) -> Transcript:
        """Recognise a whole audio; cancelling the task stops after the running 0.2 s."""

        async def chunks() -> AsyncGenerator[Audio]:
            whole = audio.resampled(RATE).samples
            for at in range(0, len(whole), _CHUNK):
                yield Audio(whole[at : at + _CHUNK])

        result: Transcript | None = None
        async with aclosing(self.stream(chunks())) as stream:
            async for item in stream:
                if isinstance(item, Transcript):
                    result = item
        if result is None:
            raise AssertionError("a stream ends with its transcript")
        return result

    async def stream(self, chunks: AsyncIterable[Audio]) -> AsyncGenerator[Partial | Transcript]:
        """Changed partial texts while the chunks come, then the transcript.

        Nothing is recognised before the voice detector hears somebody, so that silence and
        noise give no partial text and an empty transcript.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            decoder = await loop.run_in_executor(self._executor, self._decoder)
            heard, worked, shown = 0.0, 0.0, ""
            async for chunk in chunks:
                samples = chunk.resampled(RATE).samples
                heard += len(samples) / RATE
                started = time.perf_counter()
                text = await loop.run_in_executor(self._executor, decoder.feed, samples)
                worked += time.perf_counter() - started
                if text != shown:
                    shown = text
                    yield Partial(text, heard)
            started = time.perf_counter()
            text, confidence = await loop.run_in_executor(self._executor, decoder.finish)
            worked += time.perf_counter() - started
            yield Transcript(
                text, confidence, heard, worked, self._name, utterances=decoder.utterances
            )

    async def close(self) -> None:
        """Wait for the step that runs now, and end the thread."""
        await asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)

    def _decoder(self) -> _Decoder:
        import vosk

        recognizer = vosk.KaldiRecognizer(self._model, RATE)
        recognizer.SetWords(True)
        return _Decoder(recognizer, SpeechGate(self._activity))


class _Decoder:
    """Blocking state of one stream."""

    def __init__(self, recognizer: Any, gate: SpeechGate) -> None:
        self._recognizer = recognizer
        self._gate = gate
        self._words: list[dict[str, Any]] = []

    @property
    def utterances(self) -> int:
        """1 once somebody spoke."""
        return 1 if self._words else 0

    def feed(self, samples: Samples) -> str:
        passed = self._gate.feed(samples)
        partial = ""
        for at in range(0, len(passed), _CHUNK):
            pcm = Audio(np.ascontiguousarray(passed[at : at + _CHUNK])).pcm16()
            if self._recognizer.AcceptWaveform(pcm):
                self._take(self._recognizer.Result())
        if self._gate.is_open:
            partial = json.loads(self._recognizer.PartialResult()).get("partial", "")
        return _join([*_texts(self._words), partial])

    def finish(self) -> tuple[str, float]:
        if self._gate.is_open:
            self._take(self._recognizer.FinalResult())
        if not self._words:
            return "", 0.0
        confidence = sum(float(word.get("conf", 1.0)) for word in self._words) / len(self._words)
        return _join(_texts(self._words)), min(1.0, confidence)

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
