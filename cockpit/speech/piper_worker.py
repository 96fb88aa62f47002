"""The process that speaks: ``python -m cockpit.speech.piper_worker VOICE.onnx``.

Piper and its phonemizer are GPL-3. This is the only module that imports them, and it runs
as a program of its own that talks frames over its pipes (see ``piper_protocol``).
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

from cockpit.speech.piper_protocol import Frame, ProtocolError, read_frame_blocking


class StoppableSession:
    """Stands in for Piper's model session, so that a running inference can be stopped."""

    def __init__(self, session: Any, options: type[Any]) -> None:
        self._session = session
        self._new_options = options
        self._running: Any = None

    def run(self, names: Any, feeds: Any) -> Any:
        """As ``onnxruntime.InferenceSession.run``."""
        self._running = self._new_options()
        try:
            return self._session.run(names, feeds, self._running)
        finally:
            self._running = None

    def stop(self) -> None:
        """Make the running inference, if any, raise."""
        running = self._running
        if running is not None:
            running.terminate = True


class Worker:
    """Reads requests in one thread and speaks in another."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._sentences: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._session: StoppableSession | None = None

    def run(self, model: str) -> None:
        """Load the voice, say so, then speak until the requests end."""
        threading.Thread(target=self._listen, name="requests", daemon=True).start()
        try:
            from onnxruntime import RunOptions
            from piper import PiperVoice

            voice = PiperVoice.load(model)
            self._session = StoppableSession(voice.session, RunOptions)
            voice.session = self._session
            for _ in voice.synthesize("Ready."):  # the first inference is the slowest
                pass
        except Exception as error:  # whatever it was, the parent shall say it
            self._send(Frame("unavailable", {"reason": f"{type(error).__name__}: {error}"}))
            return
        self._send(Frame("ready", {"rate": voice.config.sample_rate}))
        while True:
            self._speak(voice, self._sentences.get())

    def _speak(self, voice: Any, request: Frame) -> None:
        number = request.id
        try:
            if number not in self._cancelled:
                for chunk in voice.synthesize(str(request.fields.get("text", ""))):
                    if number in self._cancelled:
                        break
                    self._send(Frame("audio", {"id": number}, chunk.audio_int16_bytes))
        except Exception as error:  # of Piper's phonemizer or model; the parent shall know
            if number not in self._cancelled:
                reason = f"{type(error).__name__}: {error}"
                self._send(Frame("failed", {"id": number, "reason": reason}))
                return
        self._cancelled.discard(number)
        self._send(Frame("done", {"id": number}))

    def _listen(self) -> None:
        while (frame := self._next()) is not None:
            if frame.type == "say":
                self._sentences.put(frame)
            elif frame.type == "cancel":
                self._cancelled.add(frame.id)
                if self._session:
                    self._session.stop()
        # The parent closed the pipe or is gone: nobody is left to speak to. An inference may
        # be running, so this does not wait for the other thread.
        os._exit(0)

    def _next(self) -> Frame | None:
        try:
            return read_frame_blocking(self._requests)
        except ProtocolError:
            return None

    def _send(self, frame: Frame) -> None:
        try:
            self._answers.write(frame.encode())
            self._answers.flush()
        except BrokenPipeError:
            os._exit(0)


def main() -> None:
    """Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the frames
    Worker(sys.stdin.buffer, answers).run(sys.argv[1])


if __name__ == "__main__":
    main()
