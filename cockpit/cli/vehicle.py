"""The vehicle that a command talks to: the configured broker's, or a simulated one of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cockpit.settings import Settings
from cockpit.ui.cockpit import OpenVehicle
from sim.faults import FORMS
from sim.vehicle import SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.catalogue import Value
from vehicle_bus.config import BusSettings

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
    def fault_forms(self) -> tuple[tuple[str, str, str], ...]:
        """Kinds of faults: what is written, what it does, an example."""
        return tuple((kind.value, form.about, form.example) for kind, form in FORMS.items())

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

    async def drive(self) -> None:
        """A driver takes over and follows the route, where there is one."""
        await self.car.drive()


@asynccontextmanager
async def open_cockpit_vehicle(settings: Settings) -> AsyncIterator[OpenVehicle]:
    """The vehicle for the dashboard: with its world, where that is simulated here.

    Raises:
        BusUnreachable: the embedded broker cannot start.
        FaultInvalid: a fault of the settings means nothing.
    """
    if settings.bus.host is not None:
        yield OpenVehicle(settings.bus)
        return
    async with open_simulated_vehicle(settings) as car:
        yield OpenVehicle(car.bus, SimulatedWorld(car))


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
