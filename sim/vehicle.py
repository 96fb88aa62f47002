"""The simulated vehicle: its ECUs on one bus, its clock, its faults."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from sim.clock import ScaledClock, VehicleClock
from sim.ecu import assign
from sim.ecus import CLAIMS, ECUS, chosen
from sim.faults import Fault, FaultInvalid, FaultKind, FaultSet, parse_fault
from sim.host import EcuHost
from sim.names import spoken_name
from sim.route import Trip
from sim.start import consequences
from sim.world import World
from vehicle_bus.catalogue import Catalogue, Value
from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.connection import Pulse
from vehicle_bus.errors import CockpitError, SignalAbsent

MOTION_EVERY = 0.1  # vehicle seconds between two values of something that moves
FIRST_MOTION = 0.05  # vehicle seconds until the first of them
SENSORS_EVERY = 0.5  # vehicle seconds between two measurements
# However fast the vehicle's time runs, the wall's sets the pace of messages.
SHORTEST_MOTION = 0.01  # s on the wall
SHORTEST_SENSORS = 0.1  # s on the wall
ROUTE = "nav/route"

type RestartBroker = Callable[[float], Awaitable[None]]


class VehicleUnsettled(CockpitError):
    """Something did not come to rest in time."""


class SimulatedVehicle:
    """A vehicle made of simulated ECUs; an async context manager.

    Args:
        bus: where the broker is.
        time_scale: vehicle seconds in one second on the wall.
        faults: active from the start, in the form of ``sim.faults``.
        map_dir: not needed; routes come over the bus with their line.
        ecus: names of the ECUs to simulate here; all by default. The others may run in other
            processes: their values are read from the bus.
        clock: the vehicle's time, in place of a scaled one.
        driving: a driver follows the route whenever there is one.
        restart_broker: takes the broker away for so many seconds; only whoever runs an embedded
            one can offer it.
        patience: seconds within which the broker must be reached at the start.
    """

    def __init__(
        self,
        bus: BusSettings,
        *,
        time_scale: float = 1.0,
        faults: Sequence[str] = (),
        map_dir: Path | None = None,
        ecus: Sequence[str] | None = None,
        clock: VehicleClock | None = None,
        driving: bool = False,
        restart_broker: RestartBroker | None = None,
        patience: float = 5.0,
    ) -> None:
        """Raises FaultInvalid or EcuUnknown for what is written wrongly."""
        catalogue = Catalogue.load(bus)
        names = chosen(ecus)
        self.world = World(catalogue, names)
        self.world.driving = driving
        self.clock = clock or ScaledClock(time_scale)
        self.faults = FaultSet()
        self._restart_broker = restart_broker
        self._patience = patience
        self._first_faults = tuple(faults)
        self._pulse = Pulse()
        self._bus = VehicleBus(bus, catalogue=catalogue, source="simulator")
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._line: object = None
        owned = assign(catalogue, CLAIMS)
        self._hosts = {
            name: EcuHost(
                bus,
                ECUS[name](self.world),
                owned[name],
                faults=self.faults,
                clock=self.clock,
                pulse=self._pulse,
            )
            for name in names
            if owned[name]
        }
        self._foreign = frozenset(
            path for name, paths in owned.items() if name not in self._hosts for path in paths
        )
        for text in faults:
            self._parse(text)

    @property
    def ecus(self) -> tuple[str, ...]:
        """Names of the ECUs that are simulated here."""
        return tuple(self._hosts)

    @property
    def movable(self) -> tuple[str, ...]:
        """Signals that take time to get to a target: windows, roof, trunk."""
        return tuple(
            path
            for host in self._hosts.values()
            for path in host.paths
            if host.ecu.travel(path, self.world.get(path) or 0) is not None
        )

    async def __aenter__(self) -> Self:
        """Put the ECUs on the bus.

        Raises:
            BusUnreachable: the broker cannot be reached.
        """
        async with AsyncExitStack() as stack:
            for text in self._first_faults:
                fault = self._parse(text)
                if fault.kind is not FaultKind.BROKER:
                    self.faults.add(fault)
            await stack.enter_async_context(self._bus)
            for host in self._hosts.values():
                await stack.enter_async_context(host)
            await self._bus.ready(self._patience)
            for host in self._hosts.values():
                await host.ready()
            stack.push_async_callback(self._end)
            self._begin(self._move(), "simulated motion")
            self._begin(self._sense(), "simulated sensors")
            if self._foreign:
                self._begin(self._mirror(), "mirror of other ECUs")
            self._stack = stack.pop_all()
        for text in self._first_faults:
            if self._parse(text).kind is FaultKind.BROKER:
                await self.inject(text)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    # State

    async def reset(
        self,
        signals: Mapping[str, Value] = MappingProxyType({}),
        absent: Collection[str] = (),
        *,
        hold: bool = True,
    ) -> None:
        """Go to the start state of DESIGN §4 with some signals of its own, all faults healed.

        Args:
            signals: values that differ, sensors and actuators.
            absent: signals that this vehicle lacks.
            hold: nothing drifts until ``release``: no temperature, charge, odometer or place
                changes by itself, so that a question finds the values that were given, however
                fast the vehicle's time runs. Commanded motion is not held.

        Raises:
            SignalUnknown, ValueInvalid: nothing was changed.
            BusUnreachable: an ECU that a fault had taken off the bus cannot come back.
        """
        self._check_tasks()
        self.world.restore(signals, absent, held=hold)
        for host in self._hosts.values():
            host.halt()
            host.ecu.restored()
        await self.heal()
        self._line = None
        if self._bus.connected and self._bus.document(ROUTE) is not None:
            await self._bus.publish_document(ROUTE, None)
        await self._flush()

    def release(self) -> None:
        """Let temperatures, charge and place change again after a ``reset`` that held them."""
        self.world.held = False

    async def change(self, signals: Mapping[str, Value]) -> None:
        """Make values true at once, as weather, a foot on the pedal or a charger would.

        What follows from them is so, too (see ``sim.start.consequences``), and physics go on
        from there. What is on its way stops.

        Raises:
            SignalUnknown, ValueInvalid: nothing was changed.
            SignalAbsent: likewise; this vehicle lacks a signal, or another process simulates it.
        """
        given = {path: self.world.catalogue.check(path, value) for path, value in signals.items()}
        for path in given:
            if not self.world.has(path) or path in self._foreign:
                label = self.world.catalogue[path].label
                raise SignalAbsent(f"No ECU that is simulated here has the {label}.")
        changed = consequences(given) | given
        for path, value in changed.items():
            self.world.write(path, value)
        for host in self._hosts.values():
            own = changed.keys() & set(host.paths)
            for path in own & given.keys():
                host.halt(only=path)
            if own:
                host.ecu.restored()
        await self._flush()

    def snapshot(self) -> dict[str, Value]:
        """All true values of this vehicle, by path; without what it lacks."""
        missing = {f.target for f in self.faults.active if f.kind is FaultKind.MISSING}
        return {p: v for p, v in self.world.snapshot().items() if p not in missing}

    async def settled(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Wait until nothing that was commanded is still moving, and all values are out.

        Raises:
            VehicleUnsettled: not within ``timeout`` seconds on the wall.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._pulse.wait_until(self._at_rest)
                await self._flush()
        except TimeoutError:
            names = [spoken_name(path) for host in self._hosts.values() for path in host.moving]
            what = " and ".join(names) or "an answer"
            raise VehicleUnsettled(f"The vehicle has not settled: {what}.") from None

    def _at_rest(self) -> bool:
        self._check_tasks()
        return not any(host.busy for host in self._hosts.values())

    async def shown_on(self, bus: VehicleBus, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until a client of the bus has this vehicle's values, e.g. after ``reset``.

        Values that a fault keeps off the bus are not waited for.

        Raises:
            VehicleUnsettled: not within ``timeout`` seconds on the wall.
        """
        online = [host for host in self._hosts.values() if host.published]
        wanted = {path: host.published.get(path) for host in online for path in host.paths}

        def seen(path: str) -> Value | None:
            try:
                return bus.get(path)
            except SignalAbsent:
                return None

        def shown() -> bool:
            try:
                return all(seen(path) == value for path, value in wanted.items())
            except CockpitError:
                return False  # not connected, or an ECU has not announced itself

        try:
            async with asyncio.timeout(timeout), bus.watch() as updates:
                while not shown():
                    with suppress(TimeoutError):  # an ECU's state changes without an update
                        await asyncio.wait_for(anext(updates), 0.05)
        except TimeoutError:
            raise VehicleUnsettled("The bus does not show the vehicle's values.") from None

    # Faults

    def _parse(self, text: str) -> Fault:
        fault = parse_fault(text, ecus=tuple(self._hosts), signals=self.world.catalogue)
        if fault.kind is FaultKind.BROKER and self._restart_broker is None:
            raise FaultInvalid("Only a broker that was started here can be taken away.")
        return fault

    async def inject(self, fault: str) -> None:
        """Make something go wrong.

        Raises:
            FaultInvalid: the text means nothing, or the broker is not ours to restart.
        """
        parsed = self._parse(fault)
        if parsed.kind is FaultKind.BROKER:
            assert self._restart_broker is not None
            await self._restart_broker(parsed.seconds)
            return
        self.faults.add(parsed)
        if parsed.kind is FaultKind.OFFLINE:
            await self._hosts[parsed.target].go_offline()
        if parsed.kind is FaultKind.MISSING:
            for host in self._hosts.values():
                host.halt(only=parsed.target)
        await self._flush()

    async def heal(self, fault: str | None = None) -> None:
        """Take a fault away, or all of them; the seconds in its text do not matter.

        Raises:
            FaultInvalid: the text means nothing.
            BusUnreachable: an ECU cannot come back, because the broker is away.
        """
        healed = self.faults.active if fault is None else (self._parse(fault),)
        for each in healed:
            self.faults.remove(each)
        for each in healed:
            if each.kind is FaultKind.OFFLINE:
                await self._hosts[each.target].go_online()
        await self._flush()

    # Time

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(lambda _: self._pulse.beat())
        self._tasks.append(task)

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._check_tasks()

    def _check_tasks(self) -> None:
        """Raise what ended a task of ours, which only a fault in the physics can do."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (fault := task.exception()) is not None:
                raise fault

    async def _move(self) -> None:
        """Bring moving things on; sleeps for good while nothing moves."""
        hosts = self._hosts.values()
        while True:
            wait = max(MOTION_EVERY, SHORTEST_MOTION * self.clock.scale)
            if not any(host.moving for host in hosts):
                await self._pulse.wait_until(lambda: any(host.moving for host in hosts))
                # Whoever gave the command waits for the first sign of motion.
                wait = max(FIRST_MOTION, SHORTEST_MOTION * self.clock.scale)
            await self.clock.sleep(min(wait, max(0.0, min(host.rest_in for host in hosts))))
            for host in hosts:
                host.advance()
            await self._flush()

    async def _sense(self) -> None:
        """Let physics pass, and publish what the sensors see."""
        before = self.clock.now()
        while True:
            await self.clock.sleep(max(SENSORS_EVERY, SHORTEST_SENSORS * self.clock.scale))
            now = self.clock.now()
            if not self.world.held:
                self._look_at_route()
                for host in self._hosts.values():
                    host.measure(now - before)
            before = now
            await self._flush()

    async def _flush(self) -> None:
        for host in self._hosts.values():
            await host.flush()

    def _look_at_route(self) -> None:
        """Take up a new route; one that only counts down goes on."""
        document = self._bus.document(ROUTE)
        line = document.get("line") if document is not None else None
        if line == self._line:
            return
        self._line = line
        trip = Trip.from_document(document, self.world.position) if document is not None else None
        if trip is not None and self.world.moving:
            trip = replace(trip, cruise=self.world.speed)
        self.world.trip = trip

    async def _mirror(self) -> None:
        """Keep the values of ECUs that run elsewhere."""
        async with self._bus.watch() as updates:
            for path in self._foreign:
                try:
                    self.world.write(path, self._bus.get(path))
                except CockpitError:
                    continue  # not there yet: the start state stands in for it
            async for update in updates:
                if update.path in self._foreign and update.value is not None:
                    self.world.write(update.path, update.value)
