"""The process that speaks: ``python -m cockpit.speech.piper_worker``.

Piper and its phonemizer are GPL-3. This is the only module that imports them, and it runs as a
program of its own that talks frames over its pipes (see ``cockpit.workers.frames``): a request
``say`` with a sentence is answered by frames ``audio`` of signed 16-bit mono PCM.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cockpit.memory import give_back
from cockpit.speech.piper_chunks import Feeds, WholeModel, gain_for, limited, open_model
from cockpit.workers.frames import Frame
from cockpit.workers.serving import Alive, Request, serve

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


class Talker:
    """A loaded voice: Piper's phonemes, and its model in two halves where it can be split.

    Args:
        options: ``model``, the voice's file.
    """

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        from onnxruntime import InferenceSession, RunOptions, SessionOptions
        from piper import PiperConfig, PiperVoice

        self._sessions: list[StoppableSession] = []
        # Planning which buffers are used again takes a second of the start, and of a voice's
        # model saves neither memory nor time; its arena keeps 65 MB for the longest sentence.
        settings = SessionOptions()
        settings.enable_mem_reuse = False
        settings.enable_cpu_mem_arena = False

        def session(model: str | bytes) -> StoppableSession:
            made = StoppableSession(InferenceSession(model, settings), RunOptions)
            self._sessions.append(made)
            alive()
            return made

        path = Path(options["model"])
        config = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
        self._config = PiperConfig.from_dict(config)
        self._piper = PiperVoice(None, self._config)
        self._model, trial = open_model(path, session, next(self._feeds(TRIAL)))
        if isinstance(self._model, WholeModel):
            del self._sessions[:-1]  # of halves that were no good
        self._gain = gain_for(trial)
        self.facts = {"rate": self._config.sample_rate}

    def answer(self, request: Request) -> Iterator[Frame]:
        """Audio of a sentence, piece by piece."""
        request.on_cancel(self._stop)
        for feeds in self._feeds(request.payload.decode()):
            for part in self._model.chunks(feeds):
                samples = limited(part * self._gain)
                yield Frame("audio", {}, (samples * 32767).astype("<i2").tobytes())
        give_back()

    def _stop(self) -> None:
        for session in self._sessions:
            session.stop()

    def _feeds(self, text: str) -> Iterator[Feeds]:
        """The model's inputs for each of the sentences that Piper sees in the text."""
        config = self._config
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


if __name__ == "__main__":
    serve(Talker)
