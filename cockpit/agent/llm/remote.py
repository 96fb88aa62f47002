"""The language model in a process of its own, which is watched over and started again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Self

from cockpit.agent.llm.errors import ModelError, ModelStarting, ModelStopped, PlanLost
from cockpit.agent.llm.model import ModelFile, Startup
from cockpit.agent.llm.wire import read_plan, write_request
from cockpit.agent.plan import DialogueContext, Plan, Utterance
from cockpit.settings import AgentSettings
from cockpit.workers.errors import (
    RequestRefused,
    WorkerError,
    WorkerStarting,
    WorkerUnavailable,
)
from cockpit.workers.process import Rules
from cockpit.workers.supervisor import StateListener, Supervisor, program

LANGUAGE_MODEL: Final = "language model"
"""The engine's name in ``EngineChanged`` events."""

HANG: Final = 10.0
"""Seconds without a sign of life after which the process counts as hung; it gives one between two
tokens, and two pieces of a prompt."""
LOADING: Final = 120.0
"""The same while a second model is read from the disk."""

REFUSED: Final = "Sorry, I can't make sense of that. Please say it another way."

_WORKER = program("cockpit.agent.llm.worker")


class RemotePlanner:
    """Plans with one or two models in a process.

    An async context manager. A crash or a hang costs one plan, which ends in ``PlanLost``. The
    process is then started again in the background; until it is there, ``ready`` is False.

    Args:
        models: the first, and the one that decides where the first is unsure, if any.
        settings: the agent's.
        on_state: told ``started``, ``crashed``, ``hung``, ``failed`` and ``stopped``.
        command: program to run instead of our worker.
        rules: when the process counts as broken, beside taking too long.
    """

    name = "lm"

    def __init__(
        self,
        models: Sequence[ModelFile],
        settings: AgentSettings,
        *,
        on_state: StateListener | None = None,
        command: Sequence[str] = _WORKER,
        rules: Rules | None = None,
    ) -> None:
        self.models = tuple(models)
        options = {
            "models": [{"name": model.name, "path": str(model.path)} for model in models],
            # What nobody set must stay so: a model's own thresholds count only there.
            "settings": settings.model_dump(mode="json", exclude_unset=True),
        }
        self._worker = Supervisor(LANGUAGE_MODEL, command, options, rules=rules, on_state=on_state)

    @property
    def ready(self) -> bool:
        """Whether a process runs that plans."""
        return self._worker.ready

    @property
    def pid(self) -> int | None:
        """Process id of the running process, None while there is none."""
        return self._worker.pid

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def start(self, patience: float | None = None) -> Startup:
        """Wait until the first model is loaded; a second one goes on loading.

        Args:
            patience: seconds to wait at most; None for as long as it takes.

        Raises:
            ModelStarting: it is not loaded yet.
            ModelStopped: the process ended or hung while it loaded.
            ModelError: there is nothing to plan with.
        """
        try:
            facts = await self._worker.start(patience)
        except WorkerError as error:
            raise _told(error) from error
        return Startup(**facts["startup"])

    async def both(self) -> None:
        """Wait until the second model is loaded, too, well or not.

        Raises:
            ModelError: as ``plan``.
        """
        if len(self.models) > 1:
            try:
                await self._worker.ask("both", patience=LOADING)
            except WorkerError as error:
                raise _told(error) from error

    async def close(self) -> None:
        """End the process."""
        await self._worker.close()

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """A plan; cancelling the task stops the model at its next token.

        Raises:
            PlanLost: the process died or hung.
            ModelError: there is no process.
        """
        request = json.dumps(write_request(utterance, context)).encode()
        try:
            answer = await self._worker.ask("plan", payload=request, patience=HANG)
        except WorkerError as error:
            raise _told(error) from error
        return read_plan(answer.json()) if answer is not None else None


def _told(error: WorkerError) -> ModelError:
    """What is said about a fault."""
    match error:
        case WorkerStarting():
            return ModelStarting()
        case WorkerUnavailable(final=True):
            return ModelError(error.spoken or ModelStopped(error.reason).spoken)
        case WorkerUnavailable():
            return ModelStopped(error.reason)
        case RequestRefused():
            return PlanLost(error.spoken or REFUSED)
        case _:
            return PlanLost()
