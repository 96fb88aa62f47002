"""The process that hears: ``python -m cockpit.speech.recognizer_worker``.

Requests carry sound as float32 (``rate`` is its sample rate). ``transcribe`` is answered by a
``transcript``; ``listen`` begins a stream, ``feed`` is answered by the ``partial`` text so far,
and ``finish`` by the stream's ``transcript``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cockpit.memory import give_back
from cockpit.settings import RecognizerChoice
from cockpit.speech.audio import Audio
from cockpit.speech.recognizer import Transcript
from cockpit.speech.vosk import VoskEngine, VoskStream
from cockpit.speech.whisper import WhisperEngine
from cockpit.workers.frames import Frame, json_frame
from cockpit.workers.serving import Alive, Request, serve

# Read when OpenMP is loaded; see cockpit.agent.llm.engine.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


class Hearing:
    """A loaded recogniser.

    Args:
        options: ``engine``, ``model``, and what else ``WhisperEngine`` takes.
    """

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        self._engine = _opened(**options)
        self._stream: VoskStream | None = None
        self.facts = {"name": self._engine.name}

    def answer(self, request: Request) -> Iterator[Frame]:
        """The transcript, or the partial text of a stream."""
        match request.type:
            case "transcribe":
                yield _frame(self._engine.transcribe(_audio(request), request.cancelled))
                give_back()  # 40 MB, in 3 ms
            case "listen" if isinstance(self._engine, VoskEngine):
                self._stream = self._engine.listen()
            case "feed" if self._stream is not None:
                yield json_frame("partial", self._stream.feed(_audio(request)))
            case "finish" if self._stream is not None:
                stream, self._stream = self._stream, None
                yield _frame(stream.finish())
            case other:
                raise ValueError(f"{other} cannot be answered now")


def _opened(
    engine: str, model: str, second: str | None = None, **options: Any
) -> WhisperEngine | VoskEngine:
    if engine == RecognizerChoice.VOSK.value:
        return VoskEngine(Path(model), **options)
    whisper = WhisperEngine(Path(model), second=Path(second) if second else None, **options)
    whisper.warm_up()
    return whisper


def _audio(request: Request) -> Audio:
    return Audio(np.frombuffer(request.payload, "<f4"), request.fields["rate"])


def _frame(transcript: Transcript) -> Frame:
    return json_frame("transcript", asdict(transcript))


if __name__ == "__main__":
    serve(Hearing)
