"""Two models: a quick one, and a better one that decides where the quick one is unsure."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from cockpit.agent.llm.calibration import Thresholds, calibration_of
from cockpit.agent.llm.errors import ModelError
from cockpit.agent.llm.model import ModelFile, ModelPlanner, Startup
from cockpit.agent.llm.planner import LlmPlanner
from cockpit.agent.plan import DialogueContext, Plan, Utterance, Verdict
from cockpit.settings import AgentSettings
from skills.api import SkillSet

_log = logging.getLogger(__name__)


class CascadePlanner:
    """Plans with the first model, and with the second where the first is unsure.

    While the second one is loading, and where it fails, the first one's plan counts.

    Args:
        below: confidence of the first below which the second decides.
    """

    name = "lm"

    def __init__(self, first: LlmPlanner, second: LlmPlanner, below: float) -> None:
        self._first = first
        self._second = second
        self._below = below
        self._loading: asyncio.Task[Startup] | None = None

    async def start(self) -> Startup:
        """Load the first model; the second one goes on loading in the background.

        Raises:
            ModelError: the first one cannot be loaded.
        """
        startup = await self._first.start()
        if self._loading is None:
            self._loading = asyncio.create_task(self._second.start(), name="second model")
            self._loading.add_done_callback(_report)
        return startup

    async def both(self) -> None:
        """Wait until the second one is loaded, too, well or not."""
        await self.start()
        assert self._loading is not None
        await asyncio.wait([self._loading])

    async def close(self) -> None:
        """Free both."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        await self._first.close()
        await self._second.close()

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """The first one's plan, or the second one's.

        Raises:
            ModelError: the first one failed.
        """
        await self.start()
        plan = await self._first.plan(utterance, context)
        unsure = plan is None or plan.verdict is Verdict.UNSURE or plan.confidence < self._below
        if not unsure or not self._second_is_there():
            return plan
        try:
            other = await self._second.plan(utterance, context)
        except ModelError as error:
            _log.warning("the second language model failed: %s", error.spoken)
            return plan
        if plan is None or other is None:
            return other or plan
        first = {**plan.detail, "verdict": plan.verdict.value, "confidence": plan.confidence}
        detail = {**other.detail, "second_model": self._second.model_name, "first": first}
        return replace(other, detail=detail)

    def _second_is_there(self) -> bool:
        loading = self._loading
        return loading is not None and loading.done() and not _fault(loading)


def planner_of(
    models: Sequence[ModelFile],
    skills: SkillSet,
    settings: AgentSettings,
    event: Callable[[], threading.Event] = threading.Event,
) -> ModelPlanner:
    """The planner with one model, or with two.

    Args:
        event: makes what is looked at between two steps, whether to stop.
    """
    first, *more = (
        LlmPlanner(skills, model.path, settings, name=model.name, event=event) for model in models
    )
    if not more:
        return first
    below = Thresholds.of(settings, calibration_of(models[0].name)).cascade
    return CascadePlanner(first, more[0], below)


def _fault(done: asyncio.Task[Startup]) -> bool:
    return done.cancelled() or done.exception() is not None


def _report(done: asyncio.Task[Startup]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.warning("the second language model cannot be used: %s", error)
