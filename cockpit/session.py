"""A session: one vehicle, one agent, and everything that they need."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.agent.agent import Agent
from cockpit.agent.dialogue import Conversation
from cockpit.agent.executor import Executor
from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.gate import Gate
from cockpit.agent.llm.calibration import Thresholds, calibration_of
from cockpit.agent.llm.errors import ModelError, ModelStarting, ModelStopped, PlanLost
from cockpit.agent.llm.model import ModelFile
from cockpit.agent.llm.remote import LANGUAGE_MODEL, RemotePlanner
from cockpit.agent.plan import DialogueContext, Plan, Planner, Utterance, Verdict
from cockpit.agent.resources import SessionResources
from cockpit.assets.errors import AdapterMissing
from cockpit.assets.store import AssetStore
from cockpit.events import EngineChanged, EventStream
from cockpit.settings import AgentSettings, PlannerChoice, Settings
from skills.api import Clock, Environment, SkillSet
from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import CockpitError

PATIENCE = 4.0
"""Seconds that a speaker waits for a model that is still loading, or starting again."""


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
        gate: the agent's way to the vehicle.
        events: everything that happens, in order.
        settings: of this session.
        environment: where its data live.
        skills: everything the agent can do.
        resources: what skills keep.
        notices: sentences about what is missing, e.g. the language model.
        model: the language model, where it may plan and is there.
    """

    bus: VehicleBus
    agent: Agent
    gate: Gate
    events: EventStream
    settings: Settings
    environment: Environment
    skills: SkillSet
    resources: SessionResources
    notices: tuple[str, ...] = ()
    model: LanguageModel | None = None

    async def ready(self) -> None:
        """Wait until the language model is loaded, too, for measuring; turns need not wait."""
        if self.model is not None:
            await self.model.loaded()

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
    events: EventStream | None = None,
) -> AsyncIterator[Session]:
    """Open a session; the template path is ready at once, the language model when it is loaded.

    Args:
        settings: everything that can be set.
        bus: the broker to connect to; its host must be set.
        clock: the session's time; the system's by default.
        planner: in place of ``settings.agent.planner``.
        preload: load the language model in the background now, not when it is first needed.
        events: in place of a stream of its own; for what was opened before.

    Raises:
        BusUnreachable: the broker does not answer.
        SignatureInvalid, SentencesInvalid: a skill has faults.
        CockpitError: the language model was asked for and is not there.
    """
    if planner is not None:
        chosen = settings.agent.model_copy(update={"planner": planner})
        settings = settings.model_copy(update={"agent": chosen})
    events = events or EventStream()
    skills = await asyncio.to_thread(SkillSet.installed)
    environment = Environment(
        data_dir=settings.data_dir, map_dir=_map_dir(settings), clock=clock or SystemClock()
    )
    environment.data_dir.mkdir(parents=True, exist_ok=True)
    notices: list[str] = []
    planners: list[Planner] = []
    agent_settings = settings.agent
    model: LanguageModel | None = None
    async with AsyncExitStack() as stack:
        # It connects while the sentences are compiled.
        vehicle = await stack.enter_async_context(VehicleBus(bus))
        if settings.agent.planner is not PlannerChoice.TEMPLATE:
            try:
                model = LanguageModel(settings, events)
            except CockpitError as error:
                if settings.agent.planner is PlannerChoice.LM:
                    raise
                notices.append(f"Only the templates understand you now. {error.spoken}")
                events.publish(EngineChanged(LANGUAGE_MODEL, "missing", {"why": error.spoken}))
            else:
                notices += model.notices
                agent_settings = model.settings
                # It loads in its own process while the sentences are compiled.
                await stack.enter_async_context(model.running(preload=preload))
        if settings.agent.planner is not PlannerChoice.LM:
            with _without_collection():
                planners.append(await asyncio.to_thread(TemplatePlanner, skills))
        if model is not None:
            planners.append(model)
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
        agent = Agent(planners, executor, gate, conversation, events, agent_settings)
        await vehicle.ready()
        # The compiled sentences are 300,000 objects that stay: looking through them now and then
        # cost a turn 100 ms.
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        yield Session(
            bus=vehicle,
            agent=agent,
            gate=gate,
            events=events,
            settings=settings,
            environment=environment,
            skills=skills,
            resources=resources,
            notices=tuple(notices),
            model=model,
        )


@asynccontextmanager
async def open_beside(session: Session, data_dir: Path, clock: Clock) -> AsyncIterator[Session]:
    """Another conversation with the same car: it shares planners and events, and nothing else.

    Args:
        session: stays open as long.
        data_dir: for the lists and places of this one.
        clock: its time.

    Raises:
        BusUnreachable: the broker does not answer.
    """
    environment = replace(session.environment, data_dir=data_dir, clock=clock)
    async with (
        VehicleBus(session.bus.settings) as vehicle,
        SessionResources.open(environment) as resources,
    ):
        gate = Gate(vehicle)
        conversation = Conversation(session.skills, clock, session.settings.agent.answer_timeout)
        executor = Executor(
            session.skills,
            gate,
            resources=resources,
            environment=environment,
            dialogue=conversation,
            events=session.events,
        )
        planners = session.agent.planners
        settings = session.settings.agent if session.model is None else session.model.settings
        agent = Agent(planners, executor, gate, conversation, session.events, settings)
        await vehicle.ready()
        yield replace(
            session,
            bus=vehicle,
            agent=agent,
            gate=gate,
            environment=environment,
            resources=resources,
            notices=(),
        )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Make what stays without looking through it again and again: a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class LanguageModel:
    """The local model as a planner that may fail without taking the session along.

    It runs in a process of its own. A crash or a hang of that costs one turn, which says so.

    Args:
        settings: which model.
        events: told of its state.

    Attributes:
        notices: sentences about models that are missing.
        models: the first, and the one that decides where the first is unsure, if any.
        settings: the agent's, with the models' own thresholds.

    Raises:
        AssetMissing, AssetUnknown: the model is not there.
    """

    name = "lm"

    def __init__(self, settings: Settings, events: EventStream) -> None:
        self._needed = settings.agent.planner is PlannerChoice.LM
        self._events = events
        found = find_models(settings)
        self.notices = found.notices
        self.models = found.models
        names = [model.name for model in found.models]
        self.settings = _calibrated(settings.agent, names)
        self._planner = RemotePlanner(found.models, settings.agent, on_state=self._changed)
        self._calibrated = bool(calibration_of(names[0]).points)
        self._failed = False
        self._loading: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Its word may count against the templates': it is loaded, and its confidence is honest."""
        return self._planner.ready and self._calibrated and not self._failed

    @property
    def pid(self) -> int | None:
        """Id of its process, None while there is none."""
        return self._planner.pid

    @asynccontextmanager
    async def running(self, *, preload: bool) -> AsyncIterator[LanguageModel]:
        """Load it in the background, if wanted, and free it at the end.

        Raises:
            ModelError: it cannot be loaded, and no other planner may plan.
        """
        try:
            if self._needed:
                await self._load()
            elif preload:
                self._loading = asyncio.create_task(self._load(), name=LANGUAGE_MODEL)
            yield self
        finally:
            if self._loading is not None:
                self._loading.cancel()
                await asyncio.gather(self._loading, return_exceptions=True)
            await self._planner.close()

    async def loaded(self) -> None:
        """Wait until the background loading has ended, well or not, of a second model too."""
        if self._loading is not None:
            await asyncio.wait([self._loading])
        if self._planner.ready:
            await self._planner.both()

    async def _load(self) -> None:
        self._events.publish(EngineChanged(LANGUAGE_MODEL, "loading", {}))
        try:
            await self._planner.start()
        except ModelError as error:
            self._failed = not isinstance(error, ModelStopped)
            if self._needed:
                raise

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """The model's plan; None where it has failed and others may plan.

        Raises:
            ModelError: it has failed, and no other planner may plan.
        """
        if self._failed and not self._needed:
            return None
        try:
            if not self._planner.ready:
                # Whoever asks first, where it was not to be loaded before, waits until it is.
                patience = None if self._loading is None else PATIENCE
                await self._planner.start(patience)
            return await self._planner.plan(utterance, context)
        except (ModelStarting, PlanLost) as error:
            return Plan((), self.name, Verdict.UNSURE, 0.0, error.spoken)
        except ModelError as error:
            self._failed = not isinstance(error, ModelStopped)
            if self._needed:
                raise
            return None

    def _changed(self, state: str, detail: Mapping[str, Any]) -> None:
        if state == "started":
            state, detail = "ready", {"milliseconds": round(1000 * detail["seconds"])}
        self._events.publish(EngineChanged(LANGUAGE_MODEL, state, detail))


def find_model(settings: Settings) -> ModelFile:
    """The language model, or its untrained base where it cannot be made here.

    Raises:
        AssetMissing, AssetOutdated, AssetUnknown: it is not there.
    """
    name = settings.agent.model
    try:
        return ModelFile(name, model_file(settings))
    except AdapterMissing as error:
        store = AssetStore.from_settings(settings.assets)
        merged = store.catalog[name].merged
        assert merged is not None
        notice = f"{error.spoken} Until then {merged.base} plans, which makes many mistakes."
        return ModelFile(merged.base, store.path(merged.base), notice)


def model_file(settings: Settings, name: str = "") -> Path:
    """The GGUF file of the language model: a path, or an asset's.

    Args:
        name: in place of ``agent.model``.

    Raises:
        AssetMissing, AssetOutdated, AssetUnknown, AdapterMissing: it is not there.
    """
    name = name or settings.agent.model
    if name.lower().endswith(".gguf"):
        return Path(name).expanduser()
    return AssetStore.from_settings(settings.assets).path(name)


@dataclass(frozen=True, slots=True)
class FoundModels:
    """The files of one language model, or two.

    Attributes:
        models: the second decides where the first is unsure.
        notices: sentences about models that are missing.
    """

    models: tuple[ModelFile, ...]
    notices: tuple[str, ...]


def find_models(settings: Settings) -> FoundModels:
    """The language model, and the second one where there is one and it is wanted.

    Raises:
        AssetMissing, AssetOutdated, AssetUnknown: the first is not there.
    """
    first = find_model(settings)
    second, notice = _find_second(settings)
    return FoundModels(
        tuple(model for model in (first, second) if model is not None),
        tuple(text for text in (first.notice, notice) if text),
    )


def _find_second(settings: Settings) -> tuple[ModelFile | None, str]:
    """The second model, or what is the matter with it."""
    name = settings.agent.second_model
    if not name:
        return None, ""
    try:
        return ModelFile(name, model_file(settings, name)), ""
    except CockpitError as error:
        return None, f"Only the first language model plans. {error.spoken}"


def _calibrated(settings: AgentSettings, names: Sequence[str]) -> AgentSettings:
    """The agent's settings with the thresholds of these models.

    Each planner applies its own; the agent's are for both, so they are the lower ones.
    """
    found = [Thresholds.of(settings, calibration_of(name)) for name in names]
    return settings.model_copy(
        update={
            "confidence_to_act": min(one.act for one in found),
            "confidence_to_ask": min(one.ask for one in found),
        }
    )


def _map_dir(settings: Settings) -> Path | None:
    folder = settings.maps.root / settings.maps.name
    return folder if folder.is_dir() else None
