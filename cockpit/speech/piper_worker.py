"""The process that speaks: ``python -m cockpit.speech.piper_worker``.

Piper and its phonemizer are GPL-3. This is the only module that imports them, and it runs as a
program of its own that talks frames over its pipes (see ``cockpit.workers.frames``): a request
``say`` with a sentence is answered by frames ``audio`` of signed 16-bit mono PCM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.workers.frames import Frame
from cockpit.workers.serving import Alive, Request, serve


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


class Talker:
    """A loaded voice.

    Args:
        options: ``model``, the voice's file.
    """

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        from onnxruntime import RunOptions
        from piper import PiperVoice

        self._voice = PiperVoice.load(options["model"])
        self._session = StoppableSession(self._voice.session, RunOptions)
        self._voice.session = self._session
        for _ in self._voice.synthesize("Ready."):  # the first inference is the slowest
            pass
        self.facts = {"rate": self._voice.config.sample_rate}

    def answer(self, request: Request) -> Iterator[Frame]:
        """Audio of a sentence, in chunks."""
        request.on_cancel(self._session.stop)
        for chunk in self._voice.synthesize(request.payload.decode()):
            yield Frame("audio", {}, chunk.audio_int16_bytes)


if __name__ == "__main__":
    serve(Talker)
