"""The process that plans: ``python -m cockpit.agent.llm.worker``.

A request ``plan`` (see ``wire``) is answered by a ``plan``; ``both`` is done when a second model
is loaded, too.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cockpit.agent.llm.cascade import planner_of
from cockpit.agent.llm.model import ModelFile
from cockpit.agent.llm.wire import read_request, write_plan
from cockpit.settings import AgentSettings
from cockpit.workers.frames import Frame, json_frame
from cockpit.workers.serving import Alive, Pulse, Request, serve
from skills.api import SkillSet


class Thinking:
    """A loaded model, or two.

    Args:
        options: ``models``, each a ``name`` and a ``path``, and the agent's ``settings``.
    """

    def __init__(self, options: Mapping[str, Any], alive: Alive) -> None:
        models = [ModelFile(one["name"], Path(one["path"])) for one in options["models"]]
        settings = AgentSettings.model_validate(options["settings"])
        skills = SkillSet.installed()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="planner", daemon=True).start()
        self._planner = planner_of(models, skills, settings, event=lambda: Pulse(alive))
        startup = self._run(self._planner.start())
        self.facts = {"startup": asdict(startup)}

    def answer(self, request: Request) -> Iterator[Frame]:
        """The plan."""
        if request.type == "both":
            self._run(self._planner.both(), request)
            return
        utterance, context = read_request(request.json())
        plan = self._run(self._planner.plan(utterance, context), request)
        if plan is not None:
            yield json_frame("plan", write_plan(plan))

    def _run[T](self, work: Coroutine[Any, Any, T], request: Request | None = None) -> T:
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        if request is not None:
            request.on_cancel(running.cancel)
        return running.result()


if __name__ == "__main__":
    serve(Thinking)
