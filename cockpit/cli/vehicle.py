"""The vehicle that a command talks to: the configured broker's, or a simulated one of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.settings import Settings
from cockpit.ui.cockpit import FaultForm, OpenVehicle, ScenarioEnd, ScenarioNews
from sim.clock import ScaledClock
from sim.faults import FORMS
from sim.start import start_state
from sim.vehicle import SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.catalogue import Value
from vehicle_bus.config import BusSettings

if TYPE_CHECKING:
    from cockpit.evaluation.runner import ScenarioResult
    from cockpit.evaluation.scenario import Scenario
    from cockpit.session import Session

STARTING = 5.0
"""Seconds that a driver may take to drive off."""


@dataclass(frozen=True, slots=True)
class SimulatedCar:
    """An embedded broker with a simulated vehicle on it.

    Attributes:
        bus: how to connect to it.
        vehicle: the simulation, for whoever wants to change or look at it.
    """

    bus: BusSettings
    vehicle: SimulatedVehicle

    async def drive(self) -> None:
        """A driver takes over: follows the route while there is one. Waits until it moves.

        Without a route the car stays where it is.
        """
        self.vehicle.world.driving = True
        try:
            async with asyncio.timeout(STARTING):
                while not self.vehicle.world.moving:  # noqa: ASYNC110  (physics has no event)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return


@dataclass(frozen=True, slots=True)
class SimulatedWorld:
    """The simulator as the dashboard knows it: ``cockpit.ui.cockpit.World``."""

    car: SimulatedCar

    @property
    def ecus(self) -> tuple[str, ...]:
        """Names of the ECUs that are simulated here."""
        return self.car.vehicle.ecus

    @property
    def faults(self) -> tuple[str, ...]:
        """Active faults, oldest first."""
        return tuple(str(fault) for fault in self.car.vehicle.faults.active)

    @property
    def fault_forms(self) -> tuple[FaultForm, ...]:
        """Kinds of faults."""
        return tuple(
            FaultForm(kind.value, form.target.value, form.seconds, form.about)
            for kind, form in FORMS.items()
        )

    @property
    def movable(self) -> tuple[str, ...]:
        """Signals that take time to get to a target, and can get stuck on their way."""
        return self.car.vehicle.movable

    def truth(self) -> Mapping[str, Value]:
        """All true values by path."""
        return self.car.vehicle.snapshot()

    async def inject(self, fault: str) -> None:
        """Make something go wrong.

        Raises:
            FaultInvalid: the text means nothing.
        """
        await self.car.vehicle.inject(fault)

    async def heal(self, fault: str | None = None) -> None:
        """Take a fault away, or all of them.

        Raises:
            FaultInvalid: the text means nothing.
            BusUnreachable: an ECU cannot come back, because the broker is away.
        """
        await self.car.vehicle.heal(fault)

    async def change(self, values: Mapping[str, Value]) -> None:
        """Make values true at once: weather, speed, charge, what any sensor measures.

        Raises:
            SignalUnknown, ValueInvalid, SignalAbsent: nothing changed.
        """
        await self.car.vehicle.change(values)

    @property
    def time_scale(self) -> float:
        """Vehicle seconds in one second on the wall."""
        return self.car.vehicle.clock.scale

    def run_at(self, time_scale: float) -> None:
        """Let the vehicle's time pass at another pace."""
        clock = self.car.vehicle.clock
        if isinstance(clock, ScaledClock):
            clock.run_at(time_scale)

    @property
    def driving(self) -> bool:
        """Somebody drives along the route, whenever there is one."""
        return self.car.vehicle.world.driving

    async def drive(self) -> None:
        """A driver takes over and follows the route, where there is one."""
        await self.car.drive()

    async def park(self) -> None:
        """The driver stops at once and gets out."""
        self.car.vehicle.world.driving = False
        await self.car.vehicle.change({"Vehicle.Speed": 0})

    async def rehearse(
        self, session: Session, path: Path, tell: Callable[[ScenarioNews], None]
    ) -> None:
        """Run the scenarios of a file or a folder in this car; everything is as before afterwards.

        Raises:
            ScenarioInvalid: a file cannot be read or breaks the format.
            VehicleUnsettled, BusUnreachable: the car does not come to rest, or cannot be reached.
        """
        # Slow to import, and seldom needed.
        from cockpit.evaluation.scenario import load_scenarios
        from cockpit.evaluation.watching import rehearse

        scenarios = await asyncio.to_thread(load_scenarios, [path])
        number = 0

        def began(scenario: Scenario) -> None:
            nonlocal number
            number += 1
            tell(ScenarioNews(scenario.id, number, len(scenarios)))

        def finished(result: ScenarioResult) -> None:
            end = ScenarioEnd(result.failures, result.planner, result.latency_ms)
            tell(ScenarioNews(result.id, number, len(scenarios), end))

        await rehearse(session, self.car.vehicle, scenarios, began, finished)


@asynccontextmanager
async def open_cockpit_vehicle(settings: Settings) -> AsyncIterator[OpenVehicle]:
    """The vehicle for the dashboard: with its world, where that is simulated here.

    Raises:
        BusUnreachable: the embedded broker cannot start.
        FaultInvalid: a fault of the settings means nothing.
    """
    if settings.bus.host is not None:
        yield OpenVehicle(settings.bus, start=start_state)
        return
    async with open_simulated_vehicle(settings) as car:
        yield OpenVehicle(car.bus, SimulatedWorld(car), start_state)


@asynccontextmanager
async def open_vehicle(settings: Settings) -> AsyncIterator[BusSettings]:
    """How to reach the vehicle; without a configured broker it is a simulated one.

    Raises:
        BusUnreachable: the embedded broker cannot start.
        FaultInvalid: a fault of the settings means nothing.
    """
    if settings.bus.host is not None:
        yield settings.bus
        return
    async with open_simulated_vehicle(settings) as car:
        yield car.bus


@asynccontextmanager
async def open_simulated_vehicle(settings: Settings) -> AsyncIterator[SimulatedCar]:
    """An embedded broker and a simulated vehicle, whatever broker is configured.

    Raises:
        BusUnreachable: the embedded broker cannot start.
        FaultInvalid: a fault of the settings means nothing.
    """
    async with (
        EmbeddedBroker(settings.bus) as broker,
        SimulatedVehicle(
            broker.settings,
            time_scale=settings.sim.time_scale,
            faults=settings.sim.faults,
            restart_broker=broker.restart,
        ) as vehicle,
    ):
        yield SimulatedCar(broker.settings, vehicle)
