"""A session: one vehicle, one agent, and everything that they need."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cockpit.agent.agent import Agent
from cockpit.agent.dialogue import Conversation
from cockpit.agent.executor import Executor
from cockpit.agent.fastpath import TemplatePlanner
from cockpit.agent.gate import Gate
from cockpit.agent.plan import Planner
from cockpit.agent.resources import SessionResources
from cockpit.events import EngineChanged, EventStream
from cockpit.settings import PlannerChoice, Settings
from skills.api import Clock, Environment, SkillSet
from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import CockpitError

log = logging.getLogger(__name__)


class SystemClock:
    """The machine's local time."""

    def now(self) -> datetime:
        """Timezone-aware."""
        return datetime.now().astimezone()


@dataclass(frozen=True)
class Session:
    """What is open while somebody talks to the car.

    Attributes:
        bus: the connected vehicle bus.
        agent: takes utterances.
        events: everything that happens, in order.
        settings: of this session.
        environment: where its data live.
        skills: everything the agent can do.
        resources: what skills keep.
        notices: sentences about what is missing, e.g. the language model.
    """

    bus: VehicleBus
    agent: Agent
    events: EventStream
    settings: Settings
    environment: Environment
    skills: SkillSet
    resources: SessionResources
    notices: tuple[str, ...] = ()

    async def restart(self) -> None:
        """Forget the conversation: open questions, corrections, undo, the last reply."""
        await self.agent.restart()


@asynccontextmanager
async def open_session(
    settings: Settings,
    bus: BusSettings,
    *,
    clock: Clock | None = None,
    planner: PlannerChoice | None = None,
    preload: bool = True,
) -> AsyncIterator[Session]:
    """Open a session; the template path is ready at once, the language model when it is loaded.

    Args:
        settings: everything that can be set.
        bus: the broker to connect to; its host must be set.
        clock: the session's time; the system's by default.
        planner: in place of ``settings.agent.planner``.
        preload: load the language model in the background now, not when it is first needed.

    Raises:
        BusUnreachable: the broker does not answer.
        SignatureInvalid, SentencesInvalid: a skill has faults.
        CockpitError: the language model was asked for and is not there.
    """
    if planner is not None:
        agent_settings = settings.agent.model_copy(update={"planner": planner})
        settings = settings.model_copy(update={"agent": agent_settings})
    events = EventStream()
    skills = SkillSet.installed()
    environment = Environment(
        data_dir=settings.data_dir, map_dir=_map_dir(settings), clock=clock or SystemClock()
    )
    environment.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        vehicle = await stack.enter_async_context(VehicleBus(bus))
        planners, notices = await _planners(settings, skills, events, stack, preload=preload)
        resources = await stack.enter_async_context(SessionResources.open(environment))
        gate = Gate(vehicle)
        conversation = Conversation(skills, environment.clock, settings.agent.answer_timeout)
        executor = Executor(
            skills,
            gate,
            resources=resources,
            environment=environment,
            dialogue=conversation,
            events=events,
        )
        agent = Agent(planners, executor, gate, conversation, events, settings.agent)
        await vehicle.ready()
        yield Session(
            vehicle, agent, events, settings, environment, skills, resources, tuple(notices)
        )


def _map_dir(settings: Settings) -> Path | None:
    folder = settings.maps.root / settings.maps.name
    return folder if folder.is_dir() else None
