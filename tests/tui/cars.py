"""Dashboards with a car on paper: lists in a folder, a world that only notes what it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from cockpit.session import Session
from cockpit.ui.app import CockpitApp
from cockpit.ui.cockpit import Cockpit, World
from cockpit.ui.panels.rows import Rows
from cockpit.ui.state import State
from sim.ecus import CLAIMS
from skills.navigation.saved import SavedPlace, SavedPlaces
from skills.shopping.store import ShoppingList
from tests.fakes.world import PaperWorld
from tests.tui.dashboards import CLOCK, StillApp, frozen_state
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.config import BusSettings
from vehicle_bus.records import Message, OwnerState

VIN = "DEMO0000000000001"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
CABIN = "Vehicle.Cabin.HVAC.AmbientAirTemperature"


class Shelf:
    """Resources of a session: one of each kind, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[type[Any], Any] = {}

    async def get(self, kind: type[Any]) -> Any:
        if kind not in self._kept:
            self._kept[kind] = kind(self._folder)
        return self._kept[kind]


def paper_cockpit(folder: Path, world: World | None = None) -> Cockpit:
    """A cockpit whose session has lists and a catalogue, and nobody to talk with."""
    folder.mkdir(parents=True, exist_ok=True)
    bus = SimpleNamespace(
        catalogue=Catalogue.default(), settings=BusSettings(host="10.0.0.5", port=1883)
    )
    session = SimpleNamespace(resources=Shelf(folder), bus=bus)
    return Cockpit(cast("Session", session), world=world)


class PaperApp(StillApp):
    """One panel on a state, with a car on paper."""

    def __init__(
        self, state: State, panel: str, theme: str, folder: Path, world: World | None = None
    ) -> None:
        super().__init__(state, panel, theme, folder)
        self._paper = paper_cockpit(folder / "data", world)

    def begin(self) -> None:
        """The car is there at once."""
        self.cockpit = self._paper
        super().begin()


def lines(app: CockpitApp, kind: type[Rows]) -> list[str]:
    """What a list shows, line by line; nothing before it is made."""
    return [str(option.prompt).strip() for rows in app.query(kind) for option in rows.options]


def signal_topic(path: str, kind: str) -> str:
    """Topic of a signal."""
    return f"vehicle/{VIN}/vss/{path.replace('.', '/')}/{kind}"


def heard(state: State, topic: str, content: object, ago: float, *, retained: bool = False) -> None:
    """A message came so many seconds ago."""
    payload = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    state.on_message(Message(topic, payload, retained, CLOCK - ago))


def traffic() -> State:
    """A bus on which something happens: retained values, a command, a document, an odd message."""
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    world = PaperWorld()
    for path, value in world.values.items():
        heard(state, signal_topic(path, "value"), _value(value), 400.0, retained=True)
        state.on_value(path, value)
    for name, owns in CLAIMS.items():
        content = {"state": "offline" if name == "media" else "online", "owns": list(owns)}
        heard(state, f"vehicle/{VIN}/ecu/{name}/state", content, 400.0, retained=True)
        state.vehicle.owners[name] = OwnerState(name, name != "media", owns)
    route = {"destination": {"name": "Rautatieasema"}, "stops": [], "distance_m": 1200.5}
    heard(state, f"vehicle/{VIN}/nav/route", route, 90.0)
    heard(state, f"vehicle/{VIN}/odd", "this is [no] JSON", 30.0)
    for step in range(20):
        heard(state, signal_topic(CABIN, "value"), _value(19.0 + step / 10), 9.9 - step / 2)
    target = {"id": "1", "value": 40, "ttl_ms": 3000, "source": "cockpit"}
    heard(state, signal_topic(WINDOW, "target"), target, 2.5)
    heard(state, signal_topic(WINDOW, "ack"), {"id": "1", "status": "accepted"}, 2.4)
    for step in range(11):
        heard(state, signal_topic(WINDOW, "value"), _value(4 * step), 2.3 - step / 5)
    heard(state, signal_topic(WINDOW, "ack"), {"id": "1", "status": "done", "value": 40}, 0.2)
    return state


def _value(value: object) -> dict[str, object]:
    return {"value": value, "ts": "2026-06-01T08:29:57.500Z"}


def errands(folder: Path) -> State:
    """A state of a car whose user has things to buy and places to go; the files lie there."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    shopping = ShoppingList(data)
    shopping.replace(["2 litres of milk", "12 eggs", "bread", "500 grams of flour", "coffee"])
    SavedPlaces(data).replace(
        {
            name: SavedPlace(latitude=60.16 + off / 100, longitude=24.93, address=address)
            for off, (name, address) in enumerate(
                (
                    ("home", "Mannerheimintie 12"),
                    ("work", "Itämerenkatu 5"),
                    ("grandma", "Töölönkatu 4"),
                    ("climbing hall", "Erottajankatu 9"),
                )
            )
        }
    )
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    state.on_value("Vehicle.CurrentLocation.Latitude", 60.1708)
    state.on_value("Vehicle.CurrentLocation.Longitude", 24.9375)
    state.vehicle.documents["nav/route"] = {
        "destination": {"name": "work", "latitude": 60.17, "longitude": 24.93}
    }
    return state
