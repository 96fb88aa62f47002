"""A hearing process without a recogniser: its transcripts say how long the sound was.

Started as ``python listener.py``. The level of the sound can make it misbehave; see ``LEVELS``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cockpit.workers.frames import Frame, json_frame
from cockpit.workers.serving import Alive, Request, serve

LEVELS = {"crash": 0.25, "hang": 0.5, "spin": 0.625, "refuse": 0.75}
"""Exact in float32."""


class Listener:
    """Measures sound."""

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        folder = Path(options["model"])
        if (folder / "deaf").exists():
            raise ValueError("no ears")
        self._heard = -1.0
        self.facts = {"name": f"{options['engine']}/{folder.name}"}

    def answer(self, request: Request) -> Iterator[Frame]:
        samples = np.frombuffer(request.payload, "<f4")
        if samples.size:
            misbehave(float(samples[0]))
        seconds = samples.size / request.fields["rate"]
        match request.type:
            case "transcribe":
                yield transcript(seconds)
            case "listen":
                self._heard = 0.0
            case "feed" if self._heard >= 0:
                self._heard += seconds
                yield json_frame("partial", f"{self._heard:.0f} seconds")
            case "finish" if self._heard >= 0:
                yield transcript(self._heard)
            case _:
                raise ValueError("nobody listens")


def transcript(seconds: float) -> Frame:
    text = f"{seconds:.1f} seconds"
    return json_frame(
        "transcript",
        {
            "text": text,
            "confidence": 0.9,
            "audio_seconds": seconds,
            "processing_seconds": 0.0,
            "engine": "listener",
        },
    )


def misbehave(level: float) -> None:
    if level == LEVELS["crash"]:
        os._exit(3)
    if level == LEVELS["hang"]:
        threading.Event().wait()
    while level == LEVELS["spin"]:
        pass
    if level == LEVELS["refuse"]:
        raise ValueError("too loud")


if __name__ == "__main__":
    serve(Listener)
