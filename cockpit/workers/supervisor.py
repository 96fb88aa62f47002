"""Keeps one worker running, whatever happens to its process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from cockpit.workers.errors import WorkerError, WorkerStarting, WorkerUnavailable
from cockpit.workers.frames import Frame
from cockpit.workers.process import Rules, WorkerProcess

logger = logging.getLogger(__name__)

type StateListener = Callable[[str, Mapping[str, Any]], None]
"""Told what became of the process, with details: ``started`` (``pid``, ``seconds``), ``crashed``,
``hung`` and ``failed`` to start (``why``), and ``stopped``."""

_CLOSED = "it was closed"


def program(module: str) -> tuple[str, ...]:
    """The command that runs a module of ours with this interpreter.

    It looks for modules where this process does: a file of the current folder with a module's name
    is taken for it only if that is so here, too.
    """
    here = sys.path[0] in ("", str(Path.cwd()))
    return (sys.executable, *(() if here else ("-P",)), "-m", module)


class Supervisor:
    """One engine in a process: starts it, passes requests on, starts it again.

    One request at a time: a later one waits. A process that ends is replaced at once, later where
    that happens again and again. One that says that something is missing is tried again only when
    somebody asks for something; so is one that would else have to wait for its next start.

    Args:
        name: of the engine, for the log.
        command: the program.
        options: the engine's, JSON.
        rules: when it counts as broken.
        on_state: told what becomes of it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        options: Mapping[str, Any],
        *,
        rules: Rules | None = None,
        on_state: StateListener | None = None,
    ) -> None:
        self._name = name
        self._command = command
        self._options = options
        self._rules = rules or Rules()
        self._on_state = on_state
        self._process: WorkerProcess | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._next: asyncio.Future[WorkerProcess] | None = None
        self._wanted = asyncio.Event()
        self._starts = 0  # since a request was last fulfilled
        self._turn = asyncio.Lock()
        self._closed = False

    @property
    def ready(self) -> bool:
        """Whether a process runs that takes requests."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        """Id of the running process, None while there is none."""
        return self._process.pid if self._process is not None and self._process.alive else None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the last process that started told of its engine; empty before the first."""
        return self._process.facts if self._process is not None else {}

    def begin(self) -> None:
        """Start it in the background, if that has not happened."""
        if not self._closed and (self._keeping is None or self._keeping.done()):
            self._keeping = asyncio.create_task(self._keep(), name=f"{self._name} supervisor")

    async def start(self, patience: float | None = None) -> Mapping[str, Any]:
        """Wait until it is ready, and start it for that if need be.

        Args:
            patience: seconds to wait at most; None for as long as it takes.

        Returns:
            What it told of its engine.

        Raises:
            WorkerUnavailable: it could not be started.
            WorkerStarting: it is not ready yet, and goes on starting.
        """
        return (await self._running(patience)).facts

    async def request(
        self,
        kind: str,
        fields: Mapping[str, Any] | None = None,
        payload: bytes = b"",
        *,
        patience: float,
        start_patience: float | None = None,
    ) -> AsyncGenerator[Frame]:
        """Answers to a request; closing the generator stops the process's work on it.

        Args:
            kind: type of the request's frame.
            fields: of its header.
            payload: raw bytes.
            patience: seconds without an answer or a sign of life after which it counts as hung.
            start_patience: seconds to wait for a process that is starting; None for as long as
                that takes.

        Raises:
            WorkerUnavailable: there is no process.
            WorkerLost: the process died or hung in the middle.
            RequestRefused: it could not do this.
        """
        async with self._turn:
            process = await self._running(start_patience)
            asked = process.request(kind, fields or {}, payload, patience)
            async with aclosing(asked) as answers:
                async for frame in answers:
                    yield frame
            self._starts = 0

    async def ask(
        self,
        kind: str,
        fields: Mapping[str, Any] | None = None,
        payload: bytes = b"",
        *,
        patience: float,
        start_patience: float | None = None,
    ) -> Frame | None:
        """The one answer to a request, None where there was none; as ``request`` else."""
        last: Frame | None = None
        asked = self.request(
            kind, fields, payload, patience=patience, start_patience=start_patience
        )
        async with aclosing(asked) as answers:
            async for frame in answers:
                last = frame
        return last

    async def close(self) -> None:
        """End the process; nothing can be asked any more."""
        self._closed = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        self._settle(WorkerUnavailable(_CLOSED, final=True))
        if self._process is not None:
            process, self._process = self._process, None
            await process.stop()
            self._tell("stopped")

    async def _running(self, patience: float | None) -> WorkerProcess:
        if self._closed:
            raise WorkerUnavailable(_CLOSED, final=True)
        if self._process is not None and self._process.alive:
            return self._process
        self.begin()
        self._wanted.set()
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(self._next)
        except TimeoutError:
            raise WorkerStarting("it is still starting") from None

    async def _keep(self) -> None:
        """Start a process, wait for its end, and so on."""
        while True:
            await self._rest()
            self._starts += 1
            began = asyncio.get_running_loop().time()
            try:
                process = await WorkerProcess.start(
                    self._name, self._command, self._options, self._rules
                )
            except WorkerUnavailable as error:
                self._tell("failed", why=error.spoken or error.reason)
                self._wanted.clear()
                self._settle(error)
                if error.final:
                    await self._wanted.wait()
                continue
            self._process = process
            seconds = asyncio.get_running_loop().time() - began
            self._tell("started", pid=process.pid, seconds=round(seconds, 3))
            self._wanted.clear()
            self._settle(process)
            await process.gone.wait()
            await process.stop()
            state = "hung" if process.hang else "crashed"
            logger.info("The %s %s: %s.", self._name, state, process.end)
            self._tell(state, why=process.end)

    async def _rest(self) -> None:
        """Wait before the next start, unless somebody wants something."""
        delay = self._rules.backoff[min(self._starts, len(self._rules.backoff) - 1)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._wanted.wait()

    def _settle(self, outcome: WorkerProcess | WorkerError) -> None:
        """Tell those who wait for the process how its start ended."""
        waiting, self._next = self._next, None
        if waiting is None or waiting.done():
            return
        if isinstance(outcome, WorkerProcess):
            waiting.set_result(outcome)
        else:
            waiting.set_exception(outcome)
            waiting.exception()  # it may be that nobody waits any more

    def _tell(self, state: str, **detail: Any) -> None:
        if self._on_state is not None:
            self._on_state(state, detail)
