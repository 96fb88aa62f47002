"""A parked simulated vehicle and an agent that knows some sentences by heart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.agent.agent import Agent
from cockpit.agent.dialogue import Conversation
from cockpit.agent.executor import Executor
from cockpit.agent.gate import Gate
from cockpit.agent.plan import Call, Plan, Turn, Utterance
from cockpit.agent.resources import SessionResources
from cockpit.events import EventStream
from cockpit.settings import AgentSettings
from sim.vehicle import SimulatedVehicle
from skills.api import Environment, Value
from tests.fakes.brokers import Embedded
from tests.fakes.planner import FakePlanner
from tests.fakes.skill import all_skills
from tests.fakes.vehicle import FakeClock
from vehicle_bus.client import VehicleBus


@dataclass
class Car:
    """The simulated vehicle and an agent that knows some sentences by heart."""

    broker: Embedded
    vehicle: SimulatedVehicle
    bus: VehicleBus
    agent: Agent
    planner: FakePlanner
    events: EventStream

    async def say(self, *calls: Call) -> Turn:
        """One turn with these calls as its plan."""
        self.planner.plans["do it"] = Plan(calls, "template")
        return await self.agent.turn(Utterance("do it"))

    async def settled(self) -> dict[str, Value]:
        """The vehicle's true values once nothing moves any more."""
        await self.vehicle.settled()
        return self.vehicle.snapshot()


@asynccontextmanager
async def parked(ttl: float = 3.0, time_scale: float = 200, **signals: Value) -> AsyncIterator[Car]:
    """A parked car with some signals of its own (dots as ``__``)."""
    broker = Embedded()
    await broker.start()
    settings = broker.settings.model_copy(update={"command_ttl": ttl})
    skills, clock, events, planner = all_skills(), FakeClock(), EventStream(), FakePlanner()
    environment = Environment(Path("unused"), None, clock)
    try:
        async with (
            SimulatedVehicle(settings, time_scale=time_scale) as vehicle,
            VehicleBus(settings) as bus,
            SessionResources.open(environment) as resources,
        ):
            await vehicle.reset({path.replace("__", "."): value for path, value in signals.items()})
            await bus.ready()
            await vehicle.shown_on(bus)
            gate, conversation = Gate(bus), Conversation(skills, clock, 20)
            executor = Executor(
                skills,
                gate,
                resources=resources,
                environment=environment,
                dialogue=conversation,
                events=events,
            )
            agent = Agent([planner], executor, gate, conversation, events, AgentSettings())
            yield Car(broker, vehicle, bus, agent, planner, events)
    finally:
        await broker.stop()


def given(values: dict[str, Value]) -> dict[str, Value]:
    """Signals as ``parked`` takes them."""
    return {path.replace(".", "__"): value for path, value in values.items()}


def write(path: str, value: float | bool) -> Call:
    """A call that writes one signal."""
    kind = "on" if isinstance(value, bool) else "number"
    return Call("test.write", {"path": path, kind: value})
