"""A speaking process without a voice: answers the frames of ``cockpit.workers.frames``.

Started as ``python talker.py FOLDER``. One chunk of ten samples a word is its speech. A word
of the sentence can make it misbehave: "crash" ends it, "crash-once" ends it the first time
(it remembers in FOLDER), "hang" answers nothing, "babble" writes something that is no frame,
"refuse" fails politely. A file FOLDER/broken makes it unable to start.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from cockpit.workers.frames import Frame, read_frame_blocking


def send(frame: Frame) -> None:
    sys.stdout.buffer.write(frame.encode())
    sys.stdout.buffer.flush()


def speak(request: Frame, folder: Path) -> None:
    number = request.id
    for index, word in enumerate(request.payload.decode().strip(".!?").split()):
        match word:
            case "crash":
                os._exit(7)
            case "crash-once" if not (folder / "crashed").exists():
                (folder / "crashed").touch()
                os._exit(7)
            case "hang":
                threading.Event().wait()
            case "babble":
                sys.stdout.buffer.write(b"hello\n")
                sys.stdout.buffer.flush()
            case "refuse":
                send(Frame("failed", {"id": number, "reason": "no such sound"}))
                return
        send(Frame("audio", {"id": number}, bytes([0, index + 1]) * 10))
    send(Frame("done", {"id": number}))


def main() -> None:
    folder = Path(sys.argv[1])
    while (frame := read_frame_blocking(sys.stdin.buffer)) is not None:
        match frame.type:
            case "open" if (folder / "broken").exists():
                send(Frame("unavailable", {"reason": "no vocal cords"}))
                return
            case "open":
                send(Frame("ready", {"rate": 1000}))
            case "say":
                speak(frame, folder)
            case "ping":
                send(Frame("pong"))
            case other:
                (folder / f"{other}-{frame.id}").touch()


main()
