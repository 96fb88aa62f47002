"""Recognisers in processes of their own, which are watched over and started again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from pydantic import TypeAdapter

from cockpit.settings import RecognizerChoice
from cockpit.speech.audio import Audio
from cockpit.speech.errors import RecognizerFailed, RecognizerUnavailable, SpeechError
from cockpit.speech.recognizer import Partial, Transcript
from cockpit.workers.errors import (
    RequestRefused,
    WorkerError,
    WorkerStarting,
    WorkerUnavailable,
)
from cockpit.workers.frames import Frame
from cockpit.workers.process import Rules
from cockpit.workers.supervisor import StateListener, Supervisor, program

RECOGNIZER: Final = "recogniser"
CAPTIONER: Final = "captions"
"""The engines' names in ``EngineChanged`` events."""

LOST: Final = "Sorry, I didn't catch that: my hearing stopped and is starting again."
STARTING: Final = "Sorry, I didn't catch that: my hearing is still starting. Please say it again."
REFUSED: Final = "Sorry, I didn't catch that. Please say it again."

HANG: Final = 6.0
"""Seconds without an answer or a sign of life after which the process counts as hung. An engine
gives one between two steps, of which the longest takes a second."""
HANG_FACTOR: Final = 0.5
"""Seconds more for each second of sound, which is first searched for speech as a whole."""
PATIENCE: Final = 5.0
"""Seconds that an utterance waits for a process that is starting again."""

_TRANSCRIPT = TypeAdapter(Transcript)
_WORKER = program("cockpit.speech.recognizer_worker")


class _Remote:
    """A recogniser in a process.

    A crash or a hang costs one utterance, which ends in ``RecognizerFailed``. The next one finds a
    new process, or waits for it for a while.

    Args:
        worker: started.
    """

    def __init__(self, worker: Supervisor) -> None:
        self._worker = worker
        self._name = str(worker.facts["name"])

    @classmethod
    async def _open(
        cls,
        options: dict[str, Any],
        on_state: StateListener | None,
        command: Sequence[str],
        rules: Rules | None,
    ) -> Self:
        worker = Supervisor(RECOGNIZER, command, options, rules=rules, on_state=on_state)
        try:
            await worker.start()
        except WorkerError as error:
            await worker.close()
            raise _told(error) from error
        except BaseException:
            await worker.close()
            raise
        return cls(worker)

    @property
    def name(self) -> str:
        """Engine and model."""
        return self._name

    @property
    def pid(self) -> int | None:
        """Process id of the running process, None while there is none."""
        return self._worker.pid

    async def transcribe(self, audio: Audio) -> Transcript:
        """Recognise all utterances; cancelling the task ends the engine's work soon after.

        Raises:
            RecognizerFailed: the process died, hung, or is still starting again.
            RecognizerUnavailable: it does not start any more.
        """
        began = time.perf_counter()
        transcript = _transcript(await self._ask("transcribe", audio))
        return replace(transcript, processing_seconds=time.perf_counter() - began)

    async def close(self) -> None:
        """End the process; nothing can be recognised any more."""
        await self._worker.close()

    async def _ask(self, kind: str, audio: Audio | None = None) -> Frame:
        sound = audio or Audio.silence(0)
        try:
            answer = await self._worker.ask(
                kind,
                {"rate": sound.rate},
                sound.samples.astype("<f4", copy=False).tobytes(),
                patience=HANG + HANG_FACTOR * sound.seconds,
                start_patience=PATIENCE,
            )
        except WorkerError as error:
            raise _told(error) from error
        return answer or Frame("nothing")


class WhisperRecognizer(_Remote):
    """Whisper in a process of its own. One utterance at a time; a second one waits."""

    @classmethod
    async def open(
        cls,
        model: Path,
        *,
        second: Path | None = None,
        beam: int = 5,
        window: float = 8.0,
        variable_length: bool = True,
        threads: int = 2,
        language: str = "en",
        on_state: StateListener | None = None,
        command: Sequence[str] = _WORKER,
        rules: Rules | None = None,
    ) -> Self:
        """Start the process, load the model, and run it once so that the first turn is quick.

        Args:
            model: folder of a CTranslate2 model.
            second: folder of another one, which is asked where the first is unsure.
            beam: hypotheses that are followed.
            window: shortest window that is encoded, in seconds.
            variable_length: encode only the audio there is.
            threads: threads of the matrix products.
            language: of a multilingual model.
            on_state: told ``started``, ``crashed``, ``hung``, ``failed`` and ``stopped``.
            command: program to run instead of our worker.
            rules: when the process counts as broken, beside taking too long.

        Raises:
            RecognizerUnavailable: library or model missing or broken.
        """
        options = {
            "engine": RecognizerChoice.WHISPER.value,
            "model": str(model),
            "second": str(second) if second is not None else None,
            "beam": beam,
            "window": window,
            "variable_length": variable_length,
            "threads": threads,
            "language": language,
        }
        return await cls._open(options, on_state, command, rules)


class VoskRecognizer(_Remote):
    """Vosk in a process of its own. One stream at a time; a second one waits."""

    def __init__(self, worker: Supervisor) -> None:
        super().__init__(worker)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        model: Path,
        *,
        on_state: StateListener | None = None,
        command: Sequence[str] = _WORKER,
        rules: Rules | None = None,
    ) -> Self:
        """Start the process and load a model folder, which takes one to two seconds.

        Args:
            model: folder of a Vosk model.
            on_state: told ``started``, ``crashed``, ``hung``, ``failed`` and ``stopped``.
            command: program to run instead of our worker.
            rules: when the process counts as broken, beside taking too long.

        Raises:
            RecognizerUnavailable: library or model missing or broken.
        """
        options = {"engine": RecognizerChoice.VOSK.value, "model": str(model)}
        return await cls._open(options, on_state, command, rules)

    async def stream(self, chunks: AsyncIterable[Audio]) -> AsyncGenerator[Partial | Transcript]:
        """Changed partial texts while the chunks come, then the transcript.

        Nothing is recognised before the voice detector hears somebody, so that silence and
        noise give no partial text and an empty transcript.

        Raises:
            RecognizerFailed: the process died, hung, or is still starting again.
            RecognizerUnavailable: it does not start any more.
        """
        async with self._turn:
            await self._ask("listen")
            heard, shown = 0.0, ""
            async for chunk in chunks:
                heard += chunk.seconds
                text = str((await self._ask("feed", chunk)).json())
                if text != shown:
                    shown = text
                    yield Partial(text, heard)
            yield _transcript(await self._ask("finish"))


def _transcript(frame: Frame) -> Transcript:
    return _TRANSCRIPT.validate_json(frame.payload)


def _told(error: WorkerError) -> SpeechError:
    """What is said about a fault."""
    match error:
        case WorkerStarting():
            return RecognizerFailed(STARTING)
        case WorkerUnavailable():
            sentence = f"The recogniser does not work ({error.reason}); run `cockpit doctor`."
            return RecognizerUnavailable(error.spoken or sentence)
        case RequestRefused():
            return RecognizerFailed(error.spoken or REFUSED)
        case _:
            return RecognizerFailed(LOST)
