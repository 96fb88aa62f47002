"""The one reader of the session's events and of the bus, for everything that is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from cockpit.ui.state import Section, State
from vehicle_bus.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.events import Event
    from cockpit.session import Session
    from vehicle_bus.client import VehicleBus
    from vehicle_bus.feed import Feed as BusFeed
    from vehicle_bus.records import Message, Update

FRAME: Final = 1 / 15
"""Seconds between two drawings at least."""
SLICE: Final = 200
"""Messages taken at once before others get their turn."""
DOCUMENTS: Final = ("nav/route",)
"""Retained documents that panels read."""

type Draw = Callable[[frozenset[Section]], None]


class Feed:
    """Brings events and bus traffic into the state and has them drawn, not too often.

    Nothing runs while nothing happens.

    Args:
        state: written.
        draw: called with the sections that changed, at most once in ``FRAME`` seconds.
    """

    def __init__(self, state: State, draw: Draw) -> None:
        self.state = state
        self._draw = draw
        self._timer: asyncio.TimerHandle | None = None
        self._drawn = float("-inf")
        self._owners: object = None
        self._closed = False

    def touch(self, *sections: Section) -> None:
        """Something was written; have it drawn soon."""
        self.state.changed.update(sections)
        if self._timer is None and not self._closed:
            loop = asyncio.get_running_loop()
            wait = self._drawn + FRAME - loop.time()
            self._timer = loop.call_later(max(0.0, wait), self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._drawn = asyncio.get_running_loop().time()
        changes = self.state.take_changes()
        if changes:
            self._draw(changes)

    def close(self) -> None:
        """Draw no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def tick(self) -> None:
        """Once a second: ages, and whether the bus is there; until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.touch(Section.CLOCK)

    async def follow_events(self, events: asyncio.Queue[Event]) -> None:
        """Take the session's events, until cancelled."""
        while True:
            self.state.on_event(await events.get())
            self.touch()

    async def follow_bus(self, session: Session) -> None:
        """Take everything of the bus, until cancelled."""
        bus = session.bus
        async with bus.traffic() as traffic, bus.watch() as updates, asyncio.TaskGroup() as group:
            self._look(bus)
            group.create_task(self._take_messages(traffic), name="dashboard traffic")
            group.create_task(self._take_updates(updates), name="dashboard values")
            group.create_task(self._look_often(bus), name="dashboard connection")

    async def _take_messages(self, traffic: BusFeed[Message]) -> None:
        taken = 0
        async for message in traffic:
            self.state.on_message(message)
            self.touch()
            taken += 1
            if taken % SLICE == 0:
                await asyncio.sleep(0)

    async def _take_updates(self, updates: BusFeed[Update]) -> None:
        async for update in updates:
            self.state.on_value(update.path, update.value)
            self.touch()

    async def _look_often(self, bus: VehicleBus) -> None:
        while True:
            await asyncio.sleep(0.2)
            if self._owners != _signature(bus):
                self._look(bus)
            self._look_at_documents(bus)

    def _look(self, bus: VehicleBus) -> None:
        """All values anew: ECUs came or went, or the connection did."""
        self._owners = _signature(bus)
        vehicle = self.state.vehicle
        vehicle.connected = bus.connected
        vehicle.fault = "" if bus.connected or bus.fault is None else bus.fault.spoken
        vehicle.owners = dict(bus.owners)
        vehicle.values.clear()
        vehicle.unknown.clear()
        for path in bus.catalogue:
            try:
                vehicle.values[path] = bus.get(path)
            except CockpitError as error:
                vehicle.unknown[path] = error.spoken
        self.touch(Section.VEHICLE)

    def _look_at_documents(self, bus: VehicleBus) -> None:
        documents = self.state.vehicle.documents
        for name in DOCUMENTS:
            found = bus.document(name)
            if found is documents.get(name):
                continue
            if found is None:
                with suppress(KeyError):
                    del documents[name]
            else:
                documents[name] = found
            self.touch(Section.VEHICLE)


def _signature(bus: VehicleBus) -> object:
    return bus.connected, bus.fault, dict(bus.owners)
