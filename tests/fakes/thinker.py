"""A planning process without a model: plans to write 50 to a signal, whatever is said.

Started as ``python thinker.py``. A word of the sentence can make it misbehave: "crash", "hang",
"spin", "refuse", "object" (refuse with a sentence) and "nothing" (no plan). A second model in its
options takes until ``both`` is asked for; a model of the name "broken" cannot be loaded, and where
the first model's file is there, the process dies while it loads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.agent.llm.wire import read_request, write_plan
from cockpit.agent.plan import Call, Plan
from cockpit.workers.frames import Frame, json_frame
from cockpit.workers.serving import Alive, Request, serve
from vehicle_bus.errors import CockpitError

VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
STARTUP = {"load_ms": 1.0, "prefix_tokens": 2, "prefix_ms": 3.0, "from_cache": True}


class Thinker:
    """Plans the same again and again."""

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        first = options["models"][0]
        if first["name"] == "broken":
            raise CockpitError("The language model is broken.")
        if Path(first["path"]).exists():
            os._exit(4)
        self._options = options
        self._both = len(options["models"]) == 1
        self.facts = {"startup": STARTUP}

    def answer(self, request: Request) -> Iterator[Frame]:
        if request.type == "both":
            self._both = True
            return
        utterance, context = read_request(request.json())
        misbehave(utterance.text)
        if "nothing" in utterance.text.split():
            return
        detail = {
            "last": [call.function for call in context.last_calls],
            "both": self._both,
            "settings": self._options["settings"],
        }
        call = Call("test.write", {"path": VOLUME, "number": 50})
        yield json_frame("plan", write_plan(Plan((call,), "lm", confidence=0.95, detail=detail)))


def misbehave(text: str) -> None:
    words = text.split()
    if "crash" in words:
        os._exit(3)
    if "hang" in words:
        threading.Event().wait()
    while "spin" in words:
        pass
    if "refuse" in words:
        raise ValueError("no idea")
    if "object" in words:
        raise CockpitError("I will not plan that.")


if __name__ == "__main__":
    serve(Thinker)
