"""Piper, in a process of its own that is watched over and started again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

from cockpit.speech.audio import Audio
from cockpit.speech.errors import SynthesisFailed, SynthesisUnavailable
from cockpit.speech.piper_protocol import MAX_HEADER, Frame, ProtocolError, read_frame
from cockpit.speech.speakable import sentences, speakable

logger = logging.getLogger(__name__)

START_TIMEOUT = 30.0
"""Seconds that the process has to load its voice (about one second is usual)."""

SENTENCE_TIMEOUT = 10.0
"""Seconds without any audio after which the process counts as hung."""

BACKOFF = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the first, second, … start in a row without a sentence spoken between."""

_READ_AHEAD = 4  # chunks made before somebody takes them
_STOP_TIMEOUT = 2.0

type StateListener = Callable[[str, Mapping[str, Any]], None]


class _WorkerGone(Exception):
    """The process died, hung or spoke nonsense."""


class _SentenceRefused(Exception):
    """The process lives and could not speak this sentence."""


class _Worker:
    """One running process. Requests are answered in order; nobody shares an id."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.rate = 0
        self.complaints: deque[str] = deque(maxlen=20)
        self._answers: dict[int, asyncio.Queue[Frame | None]] = {}
        self._ids = itertools.count(1)
        self._ready: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.gone = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._read(), name="piper-frames"),
            asyncio.create_task(self._read_complaints(), name="piper-stderr"),
        ]

    @classmethod
    async def start(cls, command: Sequence[str], patience: float) -> Self:
        """Start the process and wait until its voice is loaded.

        Raises:
            SynthesisUnavailable: it does not start, or its library or voice is missing.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_HEADER,
            )
        except OSError as error:
            raise SynthesisUnavailable(
                f"The voice process cannot be started: {error.strerror}."
            ) from error
        worker = cls(process)
        try:
            async with asyncio.timeout(patience):
                frame = await worker._ready.get()
        except TimeoutError:
            await worker.stop()
            raise SynthesisUnavailable(
                f"The voice did not load within {patience:.0f} seconds; the machine may be busy."
            ) from None
        except asyncio.CancelledError:
            await worker.stop()
            raise
        if frame is None or frame.type != "ready":
            reason = frame.fields.get("reason", "") if frame else ""
            await worker.stop()
            last = worker.complaints[-1] if worker.complaints else "it ended at once"
            raise SynthesisUnavailable(
                f"The voice does not load ({reason or last}); run `cockpit doctor`."
            )
        worker.rate = int(frame.fields["rate"])
        return worker

    @property
    def alive(self) -> bool:
        return not self.gone.is_set() and self.process.returncode is None

    async def say(self, text: str, patience: float) -> AsyncGenerator[Audio]:
        """Audio of one sentence; closing the generator stops the process's work on it.

        Raises:
            _WorkerGone: the process died or hung in the middle.
            _SentenceRefused: the process could not speak this sentence.
        """
        number = next(self._ids)
        answers: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._answers[number] = answers
        finished = False
        try:
            await self._send(Frame("say", {"id": number, "text": text}))
            while True:
                try:
                    async with asyncio.timeout(patience):
                        frame = await answers.get()
                except TimeoutError:
                    self.kill()
                    raise _WorkerGone(f"no audio for {patience:.0f} s") from None
                if frame is None:
                    raise _WorkerGone("the process ended")
                finished = frame.type != "audio"
                if frame.type == "done":
                    return
                if frame.type == "failed":
                    raise _SentenceRefused(str(frame.fields.get("reason", "")))
                yield Audio.from_pcm16(frame.payload, self.rate)
        finally:
            del self._answers[number]
            if not finished and self.alive:
                with contextlib.suppress(_WorkerGone):
                    await self._send(Frame("cancel", {"id": number}))

    def kill(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()

    async def stop(self) -> None:
        """End the process: close its input, and kill it if it does not go."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()
        await asyncio.gather(*self._tasks)

    async def _send(self, frame: Frame) -> None:
        if self.process.stdin is None or not self.alive:
            raise _WorkerGone("the process ended")
        try:
            self.process.stdin.write(frame.encode())
            await self.process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise _WorkerGone("the process ended") from error

    async def _read(self) -> None:
        if self.process.stdout is None:
            raise AssertionError("started with a pipe")
        try:
            while (frame := await read_frame(self.process.stdout)) is not None:
                if frame.type in ("ready", "unavailable"):
                    self._ready.put_nowait(frame)
                elif frame.id in self._answers:  # the others were cancelled
                    self._answers[frame.id].put_nowait(frame)
        except ProtocolError as error:
            self.complaints.append(str(error))
        finally:
            self.kill()
            self.gone.set()
            for answers in (self._ready, *self._answers.values()):
                answers.put_nowait(None)

    async def _read_complaints(self) -> None:
        if self.process.stderr is None:
            raise AssertionError("started with a pipe")
        while block := await self.process.stderr.read(4096):
            for line in block.decode(errors="replace").splitlines():
                if line.strip():
                    logger.debug("piper: %s", line)
                    self.complaints.append(line.strip())


class PiperVoice:
    """Speaks with a Piper voice; an async context manager.

    A crash or a hang of the process costs at most one sentence: the sentence is tried once
    more in a new process. Where that fails too it is left out, the following sentences are
    spoken, and ``SynthesisFailed`` is raised at the end.
    """

    def __init__(
        self,
        model: Path,
        *,
        on_state: StateListener | None = None,
        command: Sequence[str] | None = None,
        start_timeout: float = START_TIMEOUT,
        sentence_timeout: float = SENTENCE_TIMEOUT,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        """Nothing is started yet.

        Args:
            model: the voice, an ``.onnx`` file with its ``.onnx.json`` beside it.
            on_state: told ``started``, ``crashed``, ``failed`` and ``stopped`` with details.
            command: program to run instead of our worker.
            start_timeout: seconds for loading.
            sentence_timeout: seconds without audio that mean a hang.
            backoff: seconds before each start in a row.
        """
        self._command = command or [sys.executable, "-m", "cockpit.speech.piper_worker", str(model)]
        self._model = model
        self._on_state = on_state
        self._start_timeout = start_timeout
        self._sentence_timeout = sentence_timeout
        self._backoff = backoff
        self._worker: _Worker | None = None
        self._starting: asyncio.Task[_Worker] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._starts = 0  # since a sentence was last spoken
        self._turn = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        """Start the process and wait for the voice.

        Raises:
            SynthesisUnavailable: voice or library is missing.
        """
        if not self._model.is_file():
            raise SynthesisUnavailable(
                f"There is no voice {self._model}; run `cockpit models pull` with its name."
            )
        try:
            await self._ready()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the process; nothing can be spoken any more."""
        self._closed = True
        for task in (self._watching, self._starting):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        self._watching = self._starting = None
        if self._worker is not None:
            worker, self._worker = self._worker, None
            await worker.stop()
            self._tell("stopped")

    @property
    def pid(self) -> int | None:
        """Process id of the running process, None while there is none."""
        return self._worker.process.pid if self._worker and self._worker.alive else None

    @property
    def rate(self) -> int:
        """Sample rate of the voice in hertz; 0 before the first start."""
        return self._worker.rate if self._worker else 0

    async def synthesize(self, text: str) -> Audio:
        """The whole text as one audio at the voice's rate; empty where nothing is to be said.

        Raises:
            SynthesisFailed: a sentence could not be spoken, twice.
            SynthesisUnavailable: the voice does not start any more.
        """
        async with aclosing(self.stream(text)) as chunks:
            return Audio.join([chunk async for chunk in chunks], self.rate or 22_050)

    async def stream(self, text: str) -> AsyncGenerator[Audio]:
        """Audio of the text, a sentence at a time, made ahead of whoever plays it.

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
                worker = await self._ready()
                try:
                    async with aclosing(worker.say(sentence, self._sentence_timeout)) as chunks:
                        index = 0
                        async for chunk in chunks:
                            index += 1
                            if index > spoken:  # the first try may have got so far
                                spoken = index
                                await queue.put(chunk)
                    self._starts = 0
                    return
                except _SentenceRefused as error:
                    raise SynthesisFailed(f"I could not say this aloud: {sentence}") from error
                except _WorkerGone as error:
                    logger.warning("The voice process failed (%s).", error)
                    await worker.gone.wait()
        raise SynthesisFailed(f"I could not say this aloud: {sentence}")

    async def _ready(self) -> _Worker:
        if self._closed:
            raise SynthesisUnavailable("The voice was closed; start the session again.")
        if self._worker is not None and self._worker.alive:
            return self._worker
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start(), name="piper-start")
            self._starting.add_done_callback(_retrieve)
        return await asyncio.shield(self._starting)

    async def _start(self) -> _Worker:
        delay = self._backoff[min(self._starts, len(self._backoff) - 1)]
        self._starts += 1
        await asyncio.sleep(delay)
        began = asyncio.get_running_loop().time()
        try:
            worker = await _Worker.start(self._command, self._start_timeout)
        except SynthesisUnavailable as error:
            self._tell("failed", reason=error.spoken)
            raise
        self._worker = worker
        seconds = asyncio.get_running_loop().time() - began
        self._tell("started", pid=worker.process.pid, seconds=round(seconds, 3))
        self._watching = asyncio.create_task(self._watch(worker), name="piper-watch")
        return worker

    async def _watch(self, worker: _Worker) -> None:
        """Start the next process as soon as this one is gone, before anybody asks."""
        await worker.gone.wait()
        await worker.stop()
        reason = worker.complaints[-1] if worker.complaints else ""
        self._tell("crashed", returncode=worker.process.returncode, reason=reason)
        if not self._closed:
            # Its failure is told by _start and met by the next one who wants to speak.
            with contextlib.suppress(SynthesisUnavailable):
                await self._ready()

    def _tell(self, state: str, **detail: Any) -> None:
        if self._on_state is not None:
            self._on_state(state, detail)


def _retrieve(task: asyncio.Task[Any]) -> None:
    # A task in the background may fail with nobody waiting any more; asyncio would complain.
    if not task.cancelled():
        task.exception()
