"""The host's side of one running worker."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import psutil

from cockpit.workers.errors import RequestRefused, WorkerLost, WorkerUnavailable
from cockpit.workers.frames import (
    MAX_HEADER,
    Frame,
    ProtocolError,
    decode_header,
    json_frame,
)

logger = logging.getLogger(__name__)

_SLICE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Rules:
    """When a worker counts as broken. All times are in seconds.

    Attributes:
        start: without a sign of life while it loads.
        stop: until it has ended by itself when it shall.
        beat: between two looks at it.
        silence: until a ping is answered; a library that blocks all of Python answers none.
        idle_load: share of a core used with nothing to do that is too much, ...
        idle_looks: ... at so many looks in a row.
        backoff: before the first, second, … start in a row without a request fulfilled between.
    """

    start: float = 120.0
    stop: float = 2.0
    beat: float = 5.0
    silence: float = 10.0
    idle_load: float = 0.5
    idle_looks: int = 2
    backoff: Sequence[float] = (0.0, 0.25, 1.0, 5.0, 15.0, 60.0)


@dataclass(slots=True)
class _Asked:
    """A request under way.

    Attributes:
        answers: its frames; None says that there will be no more.
        patience: seconds without a sign of life that are too many.
        dropped: since when nobody waits for it; None while somebody does.
    """

    patience: float
    answers: asyncio.Queue[Frame | None] = field(default_factory=asyncio.Queue)
    dropped: float | None = None


class WorkerProcess:
    """One running process, from its start to its end.

    Attributes:
        facts: what it told when it was ready.
        gone: set when it has ended.
        hang: why it was killed; empty where it was not.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, rules: Rules) -> None:
        self.facts: Mapping[str, Any] = {}
        self.gone = asyncio.Event()
        self.hang = ""
        self._nonsense = ""  # what it wrote in place of a frame
        self._name = name
        self._process = process
        self._rules = rules
        self._complaints: deque[str] = deque(maxlen=20)
        self._asked: dict[int, _Asked] = {}
        self._ids = itertools.count(1)
        self._worked = True  # since the last look
        self._loading: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._pong = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._tasks = [
            asyncio.create_task(self._read(), name=f"{name} frames"),
            asyncio.create_task(self._read_complaints(), name=f"{name} stderr"),
        ]

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], options: Mapping[str, Any], rules: Rules
    ) -> Self:
        """Start the process and wait until its engine is loaded.

        Raises:
            WorkerUnavailable: it does not start, dies or hangs while it loads, or says that
                something is missing.
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
            reason = f"its process cannot be started: {error.strerror}"
            raise WorkerUnavailable(reason, final=True) from error
        worker = cls(name, process, rules)
        try:
            worker.facts = await worker._loaded(options)
        except BaseException:
            await worker.stop()
            raise
        worker._watching = asyncio.create_task(worker._watch(), name=f"{name} watch")
        return worker

    async def _loaded(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        patience = self._rules.start
        try:
            await self._send(json_frame("open", dict(options)), patience)
            while (frame := await _patiently(self._loading.get, patience)) is not None:
                if frame.type != "working":
                    break
        except TimeoutError:
            self.kill(f"it did not load within {patience:.0f} seconds")
            raise WorkerUnavailable(self.end) from None
        except WorkerLost:
            frame = None
        if frame is None:
            await self.gone.wait()
            raise WorkerUnavailable(self.end)
        if frame.type != "ready":
            reason, spoken = str(frame.fields.get("reason", "")), frame.fields.get("spoken", "")
            raise WorkerUnavailable(reason, str(spoken), final=True)
        return frame.fields

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked something."""
        return not self.gone.is_set() and not self.hang and self._process.returncode is None

    @property
    def end(self) -> str:
        """Why it ended, once it has."""
        if self.hang or self._nonsense:
            return self.hang or self._nonsense
        code = self._process.returncode
        if code is not None and code < 0:
            return f"killed by {_signal_name(-code)}"
        last = self._complaints[-1] if self._complaints else ""
        return f"{last} (exit status {code})" if last else f"exit status {code}"

    async def request(
        self, kind: str, fields: Mapping[str, Any], payload: bytes, patience: float
    ) -> AsyncGenerator[Frame]:
        """Answers to a request; closing the generator stops the process's work on it.

        Args:
            patience: seconds without an answer or a sign of life after which it counts as hung.

        Raises:
            WorkerLost: the process died or hung in the middle.
            RequestRefused: it could not do this.
        """
        number = next(self._ids)
        asked = self._asked[number] = _Asked(patience)
        self._worked = True
        finished = False
        try:
            await self._send(Frame(kind, {**fields, "id": number}, payload), patience)
            while True:
                frame = await _patiently(asked.answers.get, patience)
                if frame is None:
                    raise WorkerLost(self.end, hung=bool(self.hang))
                finished = frame.type in ("done", "failed")
                if frame.type == "done":
                    return
                if frame.type == "failed":
                    raise RequestRefused(
                        str(frame.fields.get("reason", "")), str(frame.fields.get("spoken", ""))
                    )
                if frame.type != "working":
                    yield frame
        except TimeoutError:
            self.kill(f"it did nothing for {patience:.0f} seconds")
            raise WorkerLost(self.end, hung=True) from None
        finally:
            if finished or not self.alive:
                self._asked.pop(number, None)
            else:
                asked.dropped = asyncio.get_running_loop().time()
                self._post(Frame("cancel", {"id": number}))

    def kill(self, why: str = "") -> None:
        """End it at once.

        Args:
            why: what it did wrong, where it hangs.
        """
        self.hang = self.hang or why
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self) -> None:
        """End it: close its input, and kill it if it does not go."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(self._rules.stop):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        watching = [self._watching] if self._watching is not None else []
        await asyncio.gather(*self._tasks, *watching, return_exceptions=True)

    def _post(self, frame: Frame) -> None:
        """Write it as soon as the pipe takes it; of a process that is gone nothing is noticed."""
        if self._process.stdin is not None and self.alive:
            self._process.stdin.write(frame.encode())

    async def _send(self, frame: Frame, patience: float) -> None:
        if self._process.stdin is None or not self.alive:
            raise WorkerLost(self.end, hung=bool(self.hang))
        self._post(frame)
        try:
            await _patiently(self._process.stdin.drain, patience)
        except (ConnectionError, RuntimeError):
            self.kill()  # it closed its input, which it does only to end
            await self.gone.wait()
            raise WorkerLost(self.end, hung=bool(self.hang)) from None

    async def _read(self) -> None:
        if self._process.stdout is None:
            raise AssertionError("started with a pipe")
        try:
            while (frame := await read_frame(self._process.stdout)) is not None:
                self._take(frame)
        except ProtocolError as error:
            self._nonsense = str(error)
        finally:
            if self._watching is not None:
                self._watching.cancel()
            self.kill()
            await self._process.wait()
            self.gone.set()
            for answers in (self._loading, *(asked.answers for asked in self._asked.values())):
                answers.put_nowait(None)

    def _take(self, frame: Frame) -> None:
        asked = self._asked.get(frame.id)
        if frame.type == "pong":
            self._pong.set()
        elif frame.type == "working":
            self._worked = True
            for queue in self._waiting():
                queue.put_nowait(frame)
        elif frame.type in ("ready", "unavailable"):
            self._loading.put_nowait(frame)
        elif asked is not None and asked.dropped is None:
            asked.answers.put_nowait(frame)
        elif asked is not None and frame.type in ("done", "failed"):
            del self._asked[frame.id]

    def _waiting(self) -> list[asyncio.Queue[Frame | None]]:
        """Where somebody waits for a sign of life."""
        if self._watching is None:
            return [self._loading]
        return [asked.answers for asked in self._asked.values() if asked.dropped is None]

    async def _read_complaints(self) -> None:
        if self._process.stderr is None:
            raise AssertionError("started with a pipe")
        while block := await self._process.stderr.read(4096):
            for line in block.decode(errors="replace").splitlines():
                if line.strip():
                    logger.debug("%s: %s", self._name, line)
                    self._complaints.append(line.strip())

    async def _watch(self) -> None:
        """Look at it now and then: whether it answers, and what it does with nothing to do."""
        rules = self._rules
        loop = asyncio.get_running_loop()
        used, at, strikes = self._processor_seconds(), loop.time(), 0
        while True:
            await asyncio.sleep(rules.beat)
            self._pong.clear()
            self._post(Frame("ping"))
            try:
                await _patiently(self._pong.wait, rules.silence)
            except TimeoutError:
                self.kill(f"it did not answer for {rules.silence:.0f} seconds")
                return
            if any(_overdue(asked, loop.time()) for asked in self._asked.values()):
                self.kill("it did not stop what nobody wanted any more")
                return
            before, since = used, at
            used, at = self._processor_seconds(), loop.time()
            share = (used - before) / (at - since)
            idle = not self._worked and not self._asked
            self._worked = bool(self._asked)
            strikes = strikes + 1 if idle and share > rules.idle_load else 0
            if strikes >= rules.idle_looks:
                self.kill(f"it used {share:.0%} of a core with nothing to do")
                return

    def _processor_seconds(self) -> float:
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self._process.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _overdue(asked: _Asked, now: float) -> bool:
    return asked.dropped is not None and now - asked.dropped > asked.patience


async def read_frame(stream: asyncio.StreamReader) -> Frame | None:
    """The next frame; None when the other side is gone, also in the middle of a frame.

    Raises:
        ProtocolError: what came is not a frame.
    """
    try:
        line = await stream.readuntil(b"\n")
        frame, length = decode_header(line)
        if not length:
            return frame
        return Frame(frame.type, frame.fields, await stream.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise ProtocolError("a header line without end") from error


async def _patiently[T](wait: Callable[[], Awaitable[T]], patience: float) -> T:
    """Wait. Time in which this process itself stood still hardly counts.

    Args:
        wait: may be cancelled and called again.

    Raises:
        TimeoutError: nothing came for ``patience`` seconds.
    """
    left = patience
    while True:
        part = min(left, _SLICE)
        try:
            async with asyncio.timeout(part):
                return await wait()
        except TimeoutError:
            left -= part
            if left <= 0:
                raise
