"""The process that speaks: ``python -m cockpit.speech.piper_worker VOICE.onnx``.

Piper and its phonemizer are GPL-3. This is the only module that imports them, and it runs
as a program of its own that talks frames over its pipes (see ``piper_protocol``).
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cockpit.speech.piper_chunks import Feeds, WholeModel, gain_for, limited, open_model
from cockpit.speech.piper_protocol import Frame, ProtocolError, read_frame_blocking

TRIAL = "Ready when you are, and happy to go anywhere."
"""Spoken to nobody when a voice is loaded: it sets the level, and the first run is the slowest."""


class StoppableSession:
    """A model session whose running inference can be stopped."""

    def __init__(self, session: Any, options: type[Any]) -> None:
        self._session = session
        self._new_options = options
        self._running: Any = None

    def run(self, names: Sequence[str] | None, feeds: Feeds) -> Any:
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


class Voice:
    """Piper's phonemes and the voice's model.

    Raises:
        Exception: whatever Piper or the runtime has to say against the files.
    """

    def __init__(self, path: Path) -> None:
        from onnxruntime import InferenceSession, RunOptions
        from piper import PiperConfig, PiperVoice

        self._sessions: list[StoppableSession] = []

        def session(model: str | bytes) -> StoppableSession:
            made = StoppableSession(InferenceSession(model), RunOptions)
            self._sessions.append(made)
            return made

        config = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
        self.config = PiperConfig.from_dict(config)
        self._piper = PiperVoice(None, self.config)
        self._model = open_model(path, session, next(self._feeds(TRIAL)))
        if isinstance(self._model, WholeModel):
            del self._sessions[:-1]  # of halves that were no good
        trial = [part for feeds in self._feeds(TRIAL) for part in self._model.chunks(feeds)]
        self._gain = gain_for(np.concatenate(trial))

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.config.sample_rate)

    def speak(self, text: str) -> Iterator[bytes]:
        """Signed 16-bit PCM, piece by piece."""
        for feeds in self._feeds(text):
            for part in self._model.chunks(feeds):
                yield (limited(part * self._gain) * 32767).astype("<i2").tobytes()

    def stop(self) -> None:
        """Make the running inference, if any, raise."""
        for session in self._sessions:
            session.stop()

    def _feeds(self, text: str) -> Iterator[Feeds]:
        """The model's inputs for each of the sentences that Piper sees in the text."""
        config = self.config
        scales = (config.noise_scale, config.length_scale, config.noise_w_scale)
        for phonemes in self._piper.phonemize(text):
            if not phonemes:
                continue
            ids = np.array([self._piper.phonemes_to_ids(phonemes)], np.int64)
            feeds: dict[str, Any] = {
                "input": ids,
                "input_lengths": np.array([ids.shape[1]], np.int64),
                "scales": np.array(scales, np.float32),
            }
            if config.num_speakers > 1:
                feeds["sid"] = np.array([config.default_speaker_id], np.int64)
            yield feeds


class Worker:
    """Reads requests in one thread and speaks in another."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._sentences: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._voice: Voice | None = None

    def run(self, model: str) -> None:
        """Load the voice, say so, then speak until the requests end."""
        threading.Thread(target=self._listen, name="requests", daemon=True).start()
        try:
            voice = self._voice = Voice(Path(model))
        except Exception as error:  # whatever it was, the parent shall say it
            self._send(Frame("unavailable", {"reason": f"{type(error).__name__}: {error}"}))
            return
        self._send(Frame("ready", {"rate": voice.rate}))
        while True:
            self._speak(voice, self._sentences.get())

    def _speak(self, voice: Voice, request: Frame) -> None:
        number = request.id
        try:
            if number not in self._cancelled:
                for chunk in voice.speak(str(request.fields.get("text", ""))):
                    if number in self._cancelled:
                        break
                    self._send(Frame("audio", {"id": number}, chunk))
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
                if self._voice:
                    self._voice.stop()
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
