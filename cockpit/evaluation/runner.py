"""Runs scenarios against the simulated vehicle: one process, one broker, sped-up time."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cockpit.agent.plan import Turn, Utterance
from cockpit.evaluation.checks import Observation, failures
from cockpit.evaluation.scenario import Expect, Scenario, ScenarioTurn
from cockpit.evaluation.shares import Share, count_shares, who_planned
from cockpit.events import EventStream
from cockpit.session import Session, open_session
from cockpit.settings import Settings
from sim.vehicle import SimulatedVehicle
from skills.navigation.saved import SavedPlaces
from skills.navigation.trip import ActiveRoute
from skills.shopping.store import ShoppingList
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.catalogue import Kind

TIME_SCALE = 200.0
FAULT_SHOWS = 0.1
"""Seconds until what a fault publishes has passed the broker."""


class SetClock:
    """A clock that stands where the scenario put it, or runs with the system's."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def now(self) -> datetime:
        """The scenario's ``now``; the system's time where it gives none."""
        return self.at or datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How a scenario went.

    Attributes:
        id: the scenario's.
        failures: one sentence each; empty where it passed.
        planner: who planned the last turn (``shares.who_planned``).
        latency_ms: planning and acting of the slowest turn.
        plan_ms: planning alone, of every turn that was no answer to a question.
    """

    id: str
    failures: tuple[str, ...]
    planner: str
    latency_ms: float
    plan_ms: tuple[float, ...] = ()

    @property
    def passed(self) -> bool:
        """True where nothing failed."""
        return not self.failures

    def to_json(self) -> dict[str, Any]:
        """An entry of ``results`` (DESIGN §10)."""
        return {
            "id": self.id,
            "passed": self.passed,
            "failures": list(self.failures),
            "planner": self.planner,
            "latency_ms": round(self.latency_ms, 1),
        }


class Evaluation:
    """A vehicle and a session that run one scenario after another.

    Args:
        car: goes to a scenario's start state.
        session: says the scenario's sentences; its lists and places are replaced.
        clock: the session's.
        patience: seconds in which the car must have settled after a turn.
    """

    def __init__(
        self, car: SimulatedVehicle, session: Session, clock: SetClock, patience: float = 10.0
    ) -> None:
        self._car = car
        self._session = session
        self._clock = clock
        self._patience = patience
        self._actuators = frozenset(
            path for path, signal in session.bus.catalogue.items() if signal.kind is Kind.ACTUATOR
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Start broker, vehicle and session; the user's own data are not touched."""
        clock = SetClock()
        with tempfile.TemporaryDirectory(prefix="cockpit-eval-") as folder:
            own = settings.model_copy(update={"data_dir": Path(folder)})
            map_dir = settings.maps.root / settings.maps.name
            async with (
                EmbeddedBroker(settings.bus) as broker,
                SimulatedVehicle(broker.settings, time_scale=TIME_SCALE, map_dir=map_dir) as car,
                open_session(own, broker.settings, clock=clock) as session,
            ):
                await session.ready()
                yield cls(car, session, clock)

    @property
    def events(self) -> EventStream:
        """What happens in the session."""
        return self._session.events

    async def run(self, scenario: Scenario) -> ScenarioResult:
        """Run one scenario from a fresh start."""
        before = await self._begin(scenario)
        found: list[str] = []
        slowest = 0.0
        plan_ms: list[float] = []
        turn: Turn | None = None
        for number, step in enumerate(scenario.turns, 1):
            began = time.perf_counter()
            seat = step.seat or scenario.given.seat
            turn = await self._session.agent.turn(Utterance(step.user, seat))
            slowest = max(slowest, (time.perf_counter() - began) * 1000)
            if turn.planner != "dialogue":
                plan_ms.append(turn.timings_ms["plan"])
            if step.expect is not None:
                await self._car.settled(self._patience)
                seen = await self._observe(before, turn)
                prefix = f"turn {number}: " if len(scenario.turns) > 1 else ""
                found += [prefix + text for text in failures(step.expect, seen)]
        assert turn is not None
        if not any(step.expect for step in scenario.turns):
            await self._car.settled(self._patience)
            found = failures(Expect(), await self._observe(before, turn))
        planner = who_planned(turn)
        return ScenarioResult(scenario.id, tuple(found), planner, slowest, tuple(plan_ms))

    async def say_alone(self, text: str) -> Turn:
        """One turn from a fresh start, with nothing to expect."""
        await self._begin(Scenario(id="alone", turns=(ScenarioTurn(user=text),)))
        return await self._session.agent.turn(Utterance(text))

    async def _begin(self, scenario: Scenario) -> dict[str, Any]:
        given = scenario.given
        self._clock.at = given.now
        await self._session.restart()
        resources = self._session.resources
        (await resources.get(ActiveRoute)).clear()
        places = {name: place.model_dump() for name, place in given.places.items()}
        (await resources.get(SavedPlaces)).replace(places)
        (await resources.get(ShoppingList)).replace(given.shopping)
        await self._car.reset(given.signals, given.absent)
        before = self._car.snapshot()
        await self._car.shown_on(self._session.bus)
        for fault in given.faults:
            await self._car.inject(fault)
        if given.faults:
            await asyncio.sleep(FAULT_SHOWS)
        return before

    async def _observe(self, before: dict[str, Any], turn: Turn) -> Observation:
        shopping = await self._session.resources.get(ShoppingList)
        route = self._session.bus.document("nav/route")
        return Observation(
            before=before,
            after=self._car.snapshot(),
            actuators=self._actuators,
            reply=turn.reply,
            asks=turn.asks,
            shopping=[item.name for item in shopping.items()],
            destination=route.get("destination") if route else None,
        )


async def evaluate(
    settings: Settings,
    scenarios: Sequence[Scenario],
    finished: Callable[[ScenarioResult], None],
) -> list[ScenarioResult]:
    """Run all scenarios, telling each result as it comes."""
    results = []
    async with Evaluation.open(settings) as evaluation:
        for scenario in scenarios:
            result = await evaluation.run(scenario)
            finished(result)
            results.append(result)
    return results


def report(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    """The object that ``eval --json`` writes."""
    passed = sum(result.passed for result in results)
    shares = planner_shares(results)
    return {
        "total": len(results),
        "passed": passed,
        "failed": len(results) - passed,
        "planners": {name: share.to_json() for name, share in shares.items()},
        "results": [result.to_json() for result in results],
    }


def planner_shares(results: Sequence[ScenarioResult]) -> dict[str, Share]:
    """Which planner planned how many last turns, and how many of those scenarios failed."""
    return count_shares((result.planner, result.passed) for result in results)
