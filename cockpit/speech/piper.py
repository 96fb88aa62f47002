"""Piper, in a process of its own that is watched over and started again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

from cockpit.speech.audio import Audio
from cockpit.speech.errors import SynthesisFailed, SynthesisUnavailable
from cockpit.speech.speakable import sentences, speakable
from cockpit.workers.errors import RequestRefused, WorkerLost, WorkerUnavailable
from cockpit.workers.process import Rules
from cockpit.workers.supervisor import StateListener, Supervisor, program

VOICE = "voice"
"""The engine's name in ``EngineChanged`` events."""

SENTENCE_TIMEOUT = 10.0
"""Seconds without any audio after which the process counts as hung."""

_READ_AHEAD = 4  # chunks made before somebody takes them
_WORKER = program("cockpit.speech.piper_worker")


class PiperVoice:
    """Speaks with a Piper voice; an async context manager.

    A crash or a hang of the process costs at most one sentence: the sentence is tried once
    more in a new process. Where that fails too it is left out, the following sentences are
    spoken, and ``SynthesisFailed`` is raised at the end.

    Attributes:
        model: the voice's file.
    """

    def __init__(
        self,
        model: Path,
        *,
        on_state: StateListener | None = None,
        command: Sequence[str] = _WORKER,
        sentence_timeout: float = SENTENCE_TIMEOUT,
        rules: Rules | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            model: the voice, an ``.onnx`` file with its ``.onnx.json`` beside it.
            on_state: told ``started``, ``crashed``, ``hung``, ``failed`` and ``stopped``.
            command: program to run instead of our worker.
            sentence_timeout: seconds without audio that mean a hang.
            rules: when else the process counts as broken.
        """
        self.model = model
        self._sentence_timeout = sentence_timeout
        self._worker = Supervisor(
            VOICE, command, {"model": str(model)}, rules=rules, on_state=on_state
        )
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Start the process and wait for the voice.

        Raises:
            SynthesisUnavailable: voice or library is missing.
        """
        if not self.model.is_file():
            raise SynthesisUnavailable(
                f"There is no voice {self.model}; run `cockpit models pull` with its name."
            )
        try:
            await self._worker.start()
        except WorkerUnavailable as error:
            await self.close()
            raise _unavailable(error) from error
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the process; nothing can be spoken any more."""
        await self._worker.close()

    @property
    def pid(self) -> int | None:
        """Process id of the running process, None while there is none."""
        return self._worker.pid

    @property
    def rate(self) -> int:
        """Sample rate of the voice in hertz; 0 before the first start."""
        return int(self._worker.facts.get("rate", 0))

    async def synthesize(self, text: str) -> Audio:
        """The whole text as one audio at the voice's rate; empty where nothing is to be said.

        Raises:
            SynthesisFailed: a sentence could not be spoken, twice.
            SynthesisUnavailable: the voice does not start any more.
        """
        async with aclosing(self.stream(text)) as chunks:
            return Audio.join([chunk async for chunk in chunks], self.rate or 22_050)

    async def stream(self, text: str) -> AsyncGenerator[Audio]:
        """Audio of the text, in pieces of a sentence, made ahead of whoever plays it.

        Closing the generator (``contextlib.aclosing``) stops the process's current sentence.

        Raises:
            SynthesisFailed: after the other sentences, when one could not be spoken.
            SynthesisUnavailable: the voice does not start any more.
        """
        queue: asyncio.Queue[Audio | None] = asyncio.Queue(_READ_AHEAD)

        async def produce() -> None:
            try:
                await self._speak_all(sentences(speakable(text)), queue)
            finally:
                if not self._cancelling():
                    await queue.put(None)

        producer = asyncio.create_task(produce(), name="piper-stream")
        producer.add_done_callback(_retrieve)
        try:
            while (chunk := await queue.get()) is not None:
                yield chunk
            await producer
        finally:
            producer.cancel()
            await asyncio.wait([producer])

    @staticmethod
    def _cancelling() -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    async def _speak_all(self, parts: Sequence[str], queue: asyncio.Queue[Audio | None]) -> None:
        lost: list[str] = []
        for part in parts:
            try:
                await self._speak(part, queue)
            except SynthesisFailed:
                lost.append(part)
        if lost:
            raise SynthesisFailed(f"I could not say this aloud: {' '.join(lost)}")

    async def _speak(self, sentence: str, queue: asyncio.Queue[Audio | None]) -> None:
        """Speak one sentence, with one more try in a new process when it dies."""
        spoken = 0
        async with self._turn:
            for _ in range(2):
                request = self._worker.request(
                    "say", payload=sentence.encode(), patience=self._sentence_timeout
                )
                try:
                    async with aclosing(request) as answers:
                        index = 0
                        async for frame in answers:
                            index += 1
                            if index > spoken:  # the first try may have got so far
                                spoken = index
                                await queue.put(Audio.from_pcm16(frame.payload, self.rate))
                    return
                except WorkerUnavailable as error:
                    raise _unavailable(error) from error
                except RequestRefused as error:
                    raise SynthesisFailed(f"I could not say this aloud: {sentence}") from error
                except WorkerLost:
                    continue
        raise SynthesisFailed(f"I could not say this aloud: {sentence}")


def _unavailable(error: WorkerUnavailable) -> SynthesisUnavailable:
    return SynthesisUnavailable(
        error.spoken or f"The voice does not work ({error.reason}); run `cockpit doctor`."
    )


def _retrieve(task: asyncio.Task[Any]) -> None:
    # A task in the background may fail with nobody waiting any more; asyncio would complain.
    if not task.cancelled():
        task.exception()
