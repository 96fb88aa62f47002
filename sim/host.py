"""Puts one simulated ECU on the bus: targets in, motion, values out, faults in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sim.clock import VehicleClock
from sim.ecu import Ecu, branches
from sim.faults import FaultKind, FaultSet
from sim.motion import FULL, Motion
from sim.names import no_such, spoken_name
from sim.unreliable import UnreliableConnection
from vehicle_bus.catalogue import Value
from vehicle_bus.config import BusSettings
from vehicle_bus.connection import Connection, Pulse
from vehicle_bus.owner import Decision, SignalOwner, Target


@dataclass(slots=True)
class _Moving:
    """A commanded motion under way; ``value`` is what was asked for."""

    motion: Motion
    since: float
    value: Value
    outcome: asyncio.Future[Decision]


class EcuHost:
    """An ECU on the bus, as an MQTT client of its own. An async context manager.

    Args:
        settings: where the broker is.
        ecu: what it does.
        paths: signals that it owns.
        faults: which are active; shared by all ECUs.
        clock: the vehicle's time.
        pulse: beaten whenever the ECU may have come to rest or begun to move.
    """

    def __init__(
        self,
        settings: BusSettings,
        ecu: Ecu,
        paths: Sequence[str],
        *,
        faults: FaultSet,
        clock: VehicleClock,
        pulse: Pulse,
    ) -> None:
        self.ecu = ecu
        self.paths = tuple(paths)
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._pulse = pulse
        self._moving: dict[str, _Moving] = {}
        self._working = 0
        self._epoch = 0  # counts resets: what was asked before one is not done after it
        self._owner: SignalOwner | None = None
        self._connection: UnreliableConnection | None = None

    async def __aenter__(self) -> Self:
        if not self._faults.has(FaultKind.OFFLINE, self.ecu.name):
            await self._connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.halt()
        owner, self._owner = self._owner, None
        if owner is not None:
            await owner.__aexit__(kind, error, trace)

    async def ready(self) -> None:
        """Wait until it is on the bus; an ECU that a fault keeps off it is not waited for.

        Raises:
            BusUnreachable: it cannot get there.
        """
        if self._owner is not None:
            await self._owner.ready()

    @property
    def moving(self) -> tuple[str, ...]:
        """Paths that are on their way."""
        return tuple(self._moving)

    @property
    def published(self) -> dict[str, Value]:
        """What it has published; empty while it is off the bus."""
        return dict(self._owner.values) if self._owner is not None else {}

    @property
    def busy(self) -> bool:
        """True while something commanded is moving or not answered yet."""
        return bool(self._moving) or self._working > 0

    @property
    def rest_in(self) -> float:
        """Vehicle seconds until the first motion ends; infinite where nothing moves."""
        now = self._clock.now()
        ends = (each.since + each.motion.remaining - now for each in self._moving.values())
        return min(ends, default=float("inf"))

    # Faults

    async def go_offline(self) -> None:
        """Vanish from the bus without a word."""
        self.halt()
        owner, connection = self._owner, self._connection
        self._owner = self._connection = None
        if owner is not None and connection is not None:
            await connection.hang_up()
            await owner.__aexit__(None, None, None)

    async def go_online(self) -> None:
        """Come back, with the values of now."""
        if self._owner is None:
            await self._connect()
            await self.ready()

    async def _connect(self) -> None:
        world = self.ecu.world
        self._owner = SignalOwner(
            self._settings,
            self.ecu.name,
            branches(world.catalogue, self.paths),
            catalogue=world.catalogue,
            on_target=self._on_target,
            values=self._visible(),
            connect=self._unreliable,
        )
        # The broker may have retained values of what this car lacks.
        for path in self.paths:
            if not self._present(path):
                await self._owner.clear(path)
        await self._owner.__aenter__()

    def _unreliable(self, *args: object, **options: object) -> Connection:
        self._connection = UnreliableConnection(self._faults, *args, **options)
        return self._connection

    def _present(self, path: str) -> bool:
        return self.ecu.world.has(path) and not self._faults.has(FaultKind.MISSING, path)

    def _visible(self) -> dict[str, Value]:
        state = self.ecu.world.snapshot()
        return {path: state[path] for path in self.paths if self._present(path)}

    # Values

    async def flush(self, but: str | None = None) -> None:
        """Publish what has changed, and take away what is not there any more.

        Args:
            but: a path that is left out, because its answer is about to publish it.
        """
        owner = self._owner
        if owner is None:
            return
        published = owner.values
        visible = self._visible()
        changed = {
            path: value
            for path, value in visible.items()
            if published.get(path) != value
            and path != but
            and not (path in published and self._faults.has(FaultKind.STUCK, path))
        }
        if changed:
            await owner.publish_all(changed)
        for path in published.keys() - visible.keys():
            await owner.clear(path)

    def measure(self, dt: float) -> None:
        """Let ``dt`` vehicle seconds of physics pass."""
        for path, value in self.ecu.step(dt).items():
            self._write(path, value)

    def _write(self, path: str, value: Value) -> None:
        world = self.ecu.world
        if world.has(path):
            world.write(path, world.catalogue.check(path, value))

    def _reach(self, path: str, value: Value) -> None:
        self._write(path, value)
        for other, consequence in self.ecu.follow(path, value).items():
            self._write(other, consequence)

    # Motion

    def halt(self, only: str | None = None) -> None:
        """Stop everything that moves where it is, and forget what waits; or one path only."""
        if only is None:
            self._epoch += 1
        for path in tuple(self._moving) if only is None else self._moving.keys() & {only}:
            self._end(path, Decision.failed(f"The {spoken_name(path)} was stopped."))

    def advance(self) -> None:
        """Bring what moves to where it is now."""
        now = self._clock.now()
        for path, moving in tuple(self._moving.items()):
            moving.motion = moving.motion.step(now - moving.since)
            moving.since = now
            self._write(path, self._value_at(path, moving))
            if moving.motion.blocked:
                self._end(path, Decision.failed(f"The {spoken_name(path)} is jammed."))
            elif moving.motion.finished:
                self._reach(path, moving.value)
                self._end(path, Decision.done(self._stuck_at(path, moving.value)))

    def _stuck_at(self, path: str, value: Value) -> Value:
        """A signal that stuck while it moved is not reported as if it had arrived."""
        if self._owner is not None and self._faults.has(FaultKind.STUCK, path):
            return self._owner.values.get(path, value)
        return value

    def _end(self, path: str, outcome: Decision) -> None:
        moving = self._moving.pop(path)
        if not moving.outcome.done():
            moving.outcome.set_result(outcome)
        self._pulse.beat()

    def _value_at(self, path: str, moving: _Moving) -> Value:
        position = moving.motion.position
        if isinstance(moving.value, bool):
            return position > 0  # open as soon as it is not shut
        if isinstance(moving.value, int):
            return round(position)
        return round(position, 1)

    def _position(self, path: str) -> float:
        if path in self._moving:
            return self._moving[path].motion.position
        return _as_position(self.ecu.world.get(path))

    # Targets

    async def _on_target(self, target: Target) -> Decision:
        self._working += 1
        try:
            seconds = self._faults.seconds(FaultKind.SLOW, self.ecu.name)
            if seconds:
                epoch = self._epoch
                await asyncio.sleep(seconds)
                if epoch != self._epoch:
                    return Decision.failed(f"The {spoken_name(target.path)} was stopped.")
            decision = self._decide(target.path, target.value)
            await self.flush(but=target.path)
            return decision
        finally:
            self._working -= 1
            self._pulse.beat()

    def _decide(self, path: str, value: Value) -> Decision:
        name = spoken_name(path)
        if not self._present(path):
            return Decision.rejected(no_such(path))
        if self._faults.has(FaultKind.REJECT, self.ecu.name):
            return Decision.rejected(f"The {self.ecu.title} unit refuses commands right now.")
        if self._faults.has(FaultKind.STUCK, path):
            return Decision.accepted()
        reason = self.ecu.refuse(path, value)
        if reason is not None:
            return Decision.rejected(reason)
        travel = self.ecu.travel(path, value)
        jammed = self._faults.has(FaultKind.JAM, path)
        if travel is not None:
            return self._start(path, value, travel, jammed=jammed)
        if jammed and self.ecu.world.get(path) != value:
            return Decision.failed(f"The {name} is jammed.")
        self._reach(path, value)
        # What it is now may differ from the target, where that only sets something off.
        return Decision.done(value)

    def _start(self, path: str, value: Value, travel: float, *, jammed: bool) -> Decision:
        position = self._position(path)
        if path in self._moving:
            self._end(path, Decision.failed(f"The {spoken_name(path)} was told to go elsewhere."))
        motion = Motion.towards(position, _as_position(value), travel, jammed=jammed)
        if motion.target == position:
            self._reach(path, value)
            return Decision.done(value)
        outcome: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._moving[path] = _Moving(motion, self._clock.now(), value, outcome)
        self._pulse.beat()
        return Decision.accepted(outcome)


def _as_position(value: Value | None) -> float:
    if isinstance(value, bool):
        return FULL if value else 0.0
    return float(value) if isinstance(value, int | float) else 0.0
