"""A worker whose engine does as it is told, so that everything can go wrong with it.

Started as ``python engine_worker.py``. The type of a request says what to do: ``echo`` its
payload, ``count`` to ``to``, ``work`` for ``seconds`` with signs of life, ``wait`` until
cancelled, ``crash``, ``hang`` (sleep for ever), ``spin`` (use a core for ever), ``freeze`` (block
all of Python, as a bad library can), ``refuse``, ``apologise``, ``chatter`` on standard output,
``eat`` standard input, ``babble`` between the frames, and ``later`` to do the type in ``then`` in
the background.

Options: ``load`` may be ``missing``, ``crash`` or ``hang``; ``folder`` holds a file ``broken`` or
``mute`` while it shall be ``missing`` or hang.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.workers import serving
from cockpit.workers.frames import Frame
from cockpit.workers.serving import Alive, Request, serve
from vehicle_bus.errors import CockpitError

serving.BEAT = 0.05


class Obedient:
    """Does what requests say."""

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        load = options.get("load")
        if "folder" in options and (Path(options["folder"]) / "broken").exists():
            load = "missing"
        if load == "missing":
            raise CockpitError("There is no such model; run something.")
        if load is not None:
            misbehave(load)
        for _ in range(int(options.get("beats", 0))):
            time.sleep(serving.BEAT * 2)
            alive()
        self.facts = {"pid": os.getpid(), "options": dict(options)}

    def answer(self, request: Request) -> Iterator[Frame]:
        match request.type:
            case "echo":
                yield Frame("echoed", request.fields, request.payload)
            case "count":
                for number in range(request.fields["to"]):
                    yield Frame("number", {"number": number})
            case "work":
                end = time.monotonic() + request.fields["seconds"]
                while time.monotonic() < end and not request.cancelled.is_set():
                    time.sleep(0.01)
                yield Frame("worked")
            case "wait":
                yield Frame("waiting")
                request.cancelled.wait()
            case "refuse":
                raise ValueError("no such thing")
            case "apologise":
                raise CockpitError("I would rather not.")
            case "chatter":
                sys.stdout.write("hello\n")
                sys.stdout.flush()
                os.write(1, b'{"type": "done"}\n')
                yield Frame("said")
            case "eat":
                yield Frame("eaten", {}, os.read(0, 100))
            case "later":
                work = threading.Thread(target=misbehave, args=[request.fields["then"]])
                work.daemon = True
                work.start()
            case other:
                misbehave(other)


def misbehave(how: str) -> None:
    match how:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            threading.Event().wait()
        case "spin":
            while True:
                pass
        case "freeze":
            ctypes.PyDLL(None).pause()  # keeps the interpreter's lock
        case "babble":
            # The frames' pipe is the only one that serving opened for writing.
            for descriptor in range(3, 10):
                try:
                    os.write(descriptor, b"hello\n")
                except OSError:
                    continue
        case _:
            raise ValueError(how)


if __name__ == "__main__":
    serve(Obedient)
