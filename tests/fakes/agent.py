"""An agent that knows some sentences by heart, on a bus in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.agent.agent import Agent
from cockpit.agent.dialogue import Conversation
from cockpit.agent.executor import Executor
from cockpit.agent.gate import Gate
from cockpit.agent.plan import Call, Plan, Turn, Utterance
from cockpit.agent.resources import SessionResources
from cockpit.events import EventStream
from cockpit.settings import AgentSettings
from skills.api import Environment
from tests.fakes.bus import FakeBus
from tests.fakes.planner import FakePlanner
from tests.fakes.skill import all_skills
from vehicle_bus.seats import Seat

VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"


@dataclass
class VirtualClock:
    """Time that a test moves."""

    time: datetime = field(default_factory=lambda: datetime(2026, 6, 1, 8, 30))

    def now(self) -> datetime:
        return self.time


@dataclass
class Car:
    """An agent with two fake planners on a fake bus."""

    settings: AgentSettings = field(default_factory=AgentSettings)
    bus: FakeBus = field(default_factory=FakeBus)
    template: FakePlanner = field(default_factory=FakePlanner)
    lm: FakePlanner = field(default_factory=lambda: FakePlanner(name="lm"))
    clock: VirtualClock = field(default_factory=VirtualClock)
    events: EventStream = field(default_factory=EventStream)

    def __post_init__(self) -> None:
        skills = all_skills()
        environment = Environment(Path("unused"), None, self.clock)
        self.gate = gate = Gate(self.bus)  # type: ignore[arg-type]
        self.conversation = Conversation(skills, self.clock, self.settings.answer_timeout)
        executor = Executor(
            skills,
            gate,
            resources=SessionResources(environment),
            environment=environment,
            dialogue=self.conversation,
            events=self.events,
        )
        self.agent = Agent(
            [self.template, self.lm], executor, gate, self.conversation, self.events, self.settings
        )

    def knows(self, text: str, *calls: Call, **more: Any) -> None:
        """The template planner plans these calls for a sentence."""
        self.template.plans[text] = Plan(calls, "template", **more)

    def guesses(self, text: str, *calls: Call, **more: Any) -> None:
        """The language model plans these calls for a sentence."""
        self.lm.plans[text] = Plan(calls, "lm", **more)

    async def say(self, text: str, seat: Seat = Seat.DRIVER, confidence: float = 1.0) -> Turn:
        return await self.agent.turn(Utterance(text, seat, confidence))


def call(name: str, /, **arguments: Any) -> Call:
    return Call(f"test.{name}", arguments)


def write(path: str, value: float | bool) -> Call:
    kind = "on" if isinstance(value, bool) else "number"
    return call("write", path=path, **{kind: value})
