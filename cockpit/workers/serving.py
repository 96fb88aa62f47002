"""The worker's side: a loop over the frames of its standard input.

    if __name__ == "__main__":
        serve(MyEngine)

One thread reads the frames, so that cancelling works at any time and the host's pings are
answered while the engine works; the engine works in the main thread.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn, Protocol

from cockpit.workers.frames import Frame, ProtocolError, read_frame_blocking

BEAT = 1.0
"""Least seconds between two signs of life."""

_PIPE = 1 << 20  # bytes; a short command's sound goes through at once
_PR_SET_PDEATHSIG = 1
_F_SETPIPE_SZ = 1031

type Alive = Callable[[], None]


class Pulse(threading.Event):
    """An event that tells the host each time somebody looks at it.

    Engines look between two steps whether they shall stop: whoever does that does not hang.
    """

    def __init__(self, alive: Alive) -> None:
        super().__init__()
        self._alive = alive

    def is_set(self) -> bool:
        """Whether to stop."""
        self._alive()
        return super().is_set()


class Request:
    """Something to be done.

    Attributes:
        type: what.
        fields: of the header.
        payload: raw bytes.
        cancelled: set when nobody wants the rest; to be looked at between two steps.
    """

    def __init__(self, frame: Frame, alive: Alive) -> None:
        self.type = frame.type
        self.fields = frame.fields
        self.payload = frame.payload
        self.json = frame.json
        self.id = frame.id
        self.cancelled: threading.Event = Pulse(alive)
        self._hooks: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def on_cancel(self, hook: Callable[[], object]) -> None:
        """Have ``hook`` called, in another thread, when nobody wants the rest; now if so."""
        with self._lock:
            if not self.cancelled.is_set():
                self._hooks.append(hook)
                return
        hook()

    def cancel(self) -> None:
        """Nobody wants the rest."""
        with self._lock:
            self.cancelled.set()
            hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook()


class Engine(Protocol):
    """What a worker runs."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """Told to the host once it is loaded; JSON."""
        ...

    def answer(self, request: Request) -> Iterator[Frame]:
        """Frames, without ids, as they are made; whatever it raises refuses the request."""
        ...


type OpenEngine = Callable[[Mapping[str, Any], Alive], Engine]
"""Loads an engine from its options; may call the second argument as a sign of life."""


def serve(open_engine: OpenEngine) -> NoReturn:
    """Be a worker: load the engine and answer requests until the host is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host, which ends us
    _end_with_host()
    faulthandler.enable()
    requests, answers = _own_pipes()
    _Server(requests, answers).run(open_engine)


def _end_with_host() -> None:
    """Even where the end of the input cannot be noticed, as a library blocks all of Python."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The host's pipes, out of reach of libraries that read or print."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # it may be no pipe, or more than is allowed
            fcntl.fcntl(requests, _F_SETPIPE_SZ, _PIPE)
    return requests, answers


class _Server:
    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._input = requests
        self._output = answers
        self._sending = threading.Lock()
        self._beaten = time.monotonic()
        self._open: dict[int, Request] = {}
        self._opening: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()

    def run(self, open_engine: OpenEngine) -> NoReturn:
        gc.disable()
        threading.Thread(target=self._listen, name="frames", daemon=True).start()
        try:
            engine = open_engine(self._opening.get().json(), self._alive)
        except Exception as error:  # whatever it was, the host shall say it
            self._send(Frame("unavailable", _described(error)))
            os._exit(0)  # the other thread still reads
        # What was loaded stays; looking through it now and then would only cost time.
        gc.collect()
        gc.freeze()
        gc.enable()
        self._send(Frame("ready", dict(engine.facts)))
        while True:
            self._answer(engine, self._requests.get())

    def _answer(self, engine: Engine, request: Request) -> None:
        number = {"id": request.id}
        end = Frame("done", number)
        try:
            if not request.cancelled.is_set():
                for frame in engine.answer(request):
                    if request.cancelled.is_set():
                        break
                    self._send(Frame(frame.type, {**frame.fields, **number}, frame.payload))
        except Exception as error:  # the host shall know; a cancelled engine may raise anything
            if not request.cancelled.is_set():
                end = Frame("failed", {**_described(error), **number})
        self._open.pop(request.id, None)
        self._send(end)

    def _listen(self) -> None:
        while (frame := self._next()) is not None:
            if frame.type == "open":
                self._opening.put(frame)
            elif frame.type == "ping":
                self._send(Frame("pong"))
            elif frame.type == "cancel":
                if request := self._open.get(frame.id):
                    request.cancel()
            else:
                request = self._open[frame.id] = Request(frame, self._alive)
                self._requests.put(request)
        # The host closed the pipe or is gone: nobody wants anything any more. The engine may
        # be working, so this does not wait for the other thread.
        os._exit(0)

    def _next(self) -> Frame | None:
        try:
            return read_frame_blocking(self._input)
        except ProtocolError:
            return None

    def _alive(self) -> None:
        now = time.monotonic()
        if now - self._beaten >= BEAT:
            self._beaten = now
            self._send(Frame("working"))

    def _send(self, frame: Frame) -> None:
        try:
            with self._sending:
                self._output.write(frame.encode())
                self._output.flush()
        except BrokenPipeError:
            os._exit(0)


def _described(error: Exception) -> dict[str, str]:
    """Its kind and text, and the sentence to say that errors of ours carry."""
    spoken = str(getattr(error, "spoken", ""))
    return {"reason": spoken or f"{type(error).__name__}: {error}", "spoken": spoken}
