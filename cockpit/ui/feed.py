"""The one reader of the session's events and of the bus, for everything that is drawn."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from cockpit.ui.logs import LogBook
from cockpit.ui.machine import Lag, Processes
from cockpit.ui.state import Kept, MachineFigures, Section, State
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
        book: the log, which is read here.

    Attributes:
        measuring: somebody looks at what everything costs.
    """

    def __init__(self, state: State, draw: Draw, book: LogBook | None = None) -> None:
        self.state = state
        self.measuring = False
        self._draw = draw
        self._book = book
        self._lag = Lag()
        self._processes: Processes | None = None
        self._events: asyncio.Queue[Event] | None = None
        self._traffic: BusFeed[Message] | None = None
        self._updates: BusFeed[Update] | None = None
        self._bus: VehicleBus | None = None
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
        if self._book is not None:
            for line in self._book.take():
                self.state.on_log(line)
        changes = self.state.take_changes()
        if changes:
            self._draw(changes)

    def close(self) -> None:
        """Draw no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def follow_log(self) -> None:
        """Have what is logged drawn, from whatever thread it comes."""
        if self._book is None:
            return
        loop = asyncio.get_running_loop()

        def told() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self.touch, Section.LOG)

        self._book.on_line = told
        self.touch(Section.LOG)

    async def tick(self) -> None:
        """Once a second: ages, and what everything costs; until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lag.watch(), name="dashboard lag")
            while True:
                if self.measuring:
                    await self._measure()
                self.touch(Section.CLOCK)
                await asyncio.sleep(1.0)

    async def _measure(self) -> None:
        from vehicle_bus.client import FEED_SIZE

        if self._processes is None:
            self._processes = Processes()
        processes = await asyncio.to_thread(self._processes.measure)
        queues: dict[str, tuple[int, int | None]] = {"tasks": (len(asyncio.all_tasks()), None)}
        counters: dict[str, int] = {}
        if self._events is not None:
            queues["events"] = (self._events.qsize(), self._events.maxsize)
        for name, feed in (("messages", self._traffic), ("values", self._updates)):
            if feed is not None:
                queues[name] = (feed.waiting, FEED_SIZE)
                counters[f"{name} lost"] = feed.dropped
        if self._bus is not None:
            counters |= {"malformed": self._bus.malformed, "late": self._bus.late}
        self.state.on_machine(
            MachineFigures(
                processes=processes,
                cores=os.cpu_count() or 1,
                total_memory=psutil.virtual_memory().total,
                queues=queues,
                counters=counters,
                lags=self._lag.last,
            )
        )

    async def follow_events(self, events: asyncio.Queue[Event]) -> None:
        """Take the session's events, until cancelled."""
        self._events = events
        while True:
            self.state.on_event(await events.get())
            self.touch()

    async def follow_bus(self, session: Session) -> None:
        """Take everything of the bus, until cancelled."""
        bus = session.bus
        async with (
            bus.traffic(newest=True) as traffic,
            bus.watch() as updates,
            asyncio.TaskGroup() as group,
        ):
            self._traffic, self._updates, self._bus = traffic, updates, bus
            self.state.kept = lambda: _kept(session)
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
        vehicle.catalogue = bus.catalogue
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


def _kept(session: Session) -> Kept:
    """What the skills keep, as far as they have it at hand."""
    from skills.navigation.saved import SavedPlaces
    from skills.shopping.store import ShoppingList

    shopping = session.resources.opened(ShoppingList)
    saved = session.resources.opened(SavedPlaces)
    places = {}
    for name in saved.names() if saved is not None else ():
        if saved is not None and (place := saved.entry(name)) is not None:
            places[name] = (place.latitude, place.longitude)
    items = shopping.items() if shopping is not None else ()
    return Kept(tuple(item.spoken for item in items), tuple(item.name for item in items), places)
