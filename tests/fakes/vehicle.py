"""A vehicle in a dict, for tests of skill functions.

It behaves as ``skills.api.Vehicle`` promises: what is already so is not sent, one failure does
not stop the others, and an absent signal raises. Nothing moves by itself and there are no
policies; a test that wants either says so with ``outcomes`` or ``added``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import vehicle_bus
from skills.api import Change, Context, Environment, Status, Value
from vehicle_bus.errors import SignalAbsent
from vehicle_bus.seats import ALL_SEATS, Seat

_CABIN = "Vehicle.Cabin"


def start_state() -> dict[str, Value]:
    """The default vehicle as it stands before a test (DESIGN §4)."""
    state: dict[str, Value] = {
        f"{_CABIN}.HVAC.IsAirConditioningActive": False,
        f"{_CABIN}.HVAC.IsRecirculationActive": False,
        f"{_CABIN}.HVAC.IsFrontDefrosterActive": False,
        f"{_CABIN}.HVAC.IsRearDefrosterActive": False,
        f"{_CABIN}.HVAC.AmbientAirTemperature": 19.0,
        f"{_CABIN}.Sunroof.Position": 0,
        f"{_CABIN}.Sunroof.Shade.Position": 0,
        f"{_CABIN}.Light.IsDomeOn": False,
        f"{_CABIN}.Infotainment.Media.Volume": 30,
        f"{_CABIN}.Infotainment.Media.Action": "STOP",
        f"{_CABIN}.Infotainment.Media.Played.Source": "FM",
        f"{_CABIN}.Infotainment.Media.Played.Artist": "The Beatles",
        f"{_CABIN}.Infotainment.Media.Played.Track": "Yellow Submarine",
        f"{_CABIN}.Infotainment.Media.Played.Album": "Revolver",
        "Vehicle.Body.Trunk.Rear.IsOpen": False,
        "Vehicle.Body.Trunk.Rear.IsLocked": False,
        "Vehicle.Body.Trunk.Front.IsOpen": False,
        "Vehicle.Body.Trunk.Front.IsLocked": False,
        "Vehicle.Body.Hood.IsOpen": False,
        "Vehicle.Body.Horn.IsActive": False,
        "Vehicle.Body.Raindetection.Intensity": 0,
        "Vehicle.Body.Windshield.Front.Wiping.Mode": "OFF",
        "Vehicle.Body.Windshield.Rear.Wiping.Mode": "OFF",
        "Vehicle.Body.Lights.Beam.Low.IsOn": False,
        "Vehicle.Body.Lights.Beam.High.IsOn": False,
        "Vehicle.Body.Lights.Fog.Front.IsOn": False,
        "Vehicle.Body.Lights.Fog.Rear.IsOn": False,
        "Vehicle.Body.Lights.Hazard.IsSignaling": False,
        "Vehicle.Body.Lights.Parking.IsOn": False,
        "Vehicle.Chassis.SteeringWheel.HeatingCooling": 0,
        "Vehicle.Chassis.ParkingBrake.IsEngaged": True,
        "Vehicle.CurrentLocation.Latitude": 60.1708,
        "Vehicle.CurrentLocation.Longitude": 24.9375,
        "Vehicle.CurrentLocation.Heading": 90.0,
        "Vehicle.Driver.FatigueLevel": 10.0,
        "Vehicle.Exterior.AirTemperature": 12.0,
        "Vehicle.Powertrain.Transmission.SelectedGear": 126,
        "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current": 62.0,
        "Vehicle.Powertrain.TractionBattery.Range": 248000,
        "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit": 80,
        "Vehicle.Powertrain.TractionBattery.Charging.StartStopCharging": "STOP",
        "Vehicle.Powertrain.TractionBattery.Charging.IsCharging": False,
        "Vehicle.Powertrain.TractionBattery.Charging.TimeToComplete": 0,
        "Vehicle.Powertrain.TractionBattery.Charging.AveragePower": 0.0,
        "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition"
        ".IsChargingCableConnected": False,
        "Vehicle.Speed": 0.0,
        "Vehicle.TraveledDistance": 12345000,
    }
    for side in ("DriverSide", "PassengerSide"):
        mirror = f"Vehicle.Body.Mirrors.{side}"
        state |= {f"{mirror}.IsFolded": False, f"{mirror}.IsHeatingOn": False}
        state |= {f"{mirror}.Tilt": 0, f"{mirror}.Yaw": 0}
    for row in (1, 2):
        for side in ("Left", "Right"):
            tire = f"Vehicle.Chassis.Axle.Row{row}.Wheel.{side}.Tire"
            state |= {f"{tire}.Pressure": 240, f"{tire}.IsPressureLow": False}
    for seat in ALL_SEATS:
        chair = f"{_CABIN}.Seat.{seat.position}"
        door = f"{_CABIN}.Door.{seat.position}"
        ambient = f"{_CABIN}.Light.AmbientLight.{seat.position}"
        spot = f"{_CABIN}.Light.Spotlight.{seat.position}"
        state |= {
            f"{seat.station}.Temperature": 21.0,
            f"{seat.station}.FanSpeed": 40,
            f"{seat.station}.AirDistribution": "MIDDLE",
            f"{door}.Window.Position": 0,
            f"{door}.IsLocked": False,
            f"{door}.IsOpen": False,
            f"{door}.IsChildLockActive": False,
            f"{chair}.HeatingCooling": 0,
            f"{chair}.Massage.Level": 0,
            f"{chair}.OccupancyStatus": "OCCUPIED" if seat is Seat.DRIVER else "EMPTY",
            f"{chair}.IsBelted": seat is Seat.DRIVER,
            f"{ambient}.IsLightOn": False,
            f"{ambient}.Color": "#FFFFFF",
            f"{ambient}.Intensity": 50,
            f"{spot}.IsLightOn": False,
            f"{spot}.Color": "#FFFFFF",
            f"{spot}.Intensity": 80,
        }
        if seat.row == 1:
            state |= {
                f"{chair}.Position": 400,
                f"{chair}.Height": 100,
                f"{chair}.Backrest.Recline": 20.0,
            }
    return state


def _actuators() -> dict[str, tuple[str, ...]]:
    """Writable signals of the catalogue's table and their allowed values."""
    table = Path(vehicle_bus.__file__).with_name("vss.csv")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["path"]: tuple(filter(None, (row["allowed"] or "").split("|")))
        for row in rows
        if row["type"] == "actuator" or row["path"] == "Vehicle.Cabin.Sunroof.Position"
    }


ACTUATORS = _actuators()


@dataclass
class FakeVehicle:
    """A vehicle whose state is a dict.

    Attributes:
        state: value of every signal by path.
        outcomes: what a write of a path ends as instead of DONE, with the ECU's reason; MOVING
            leaves the value as it was.
        added: changes that a policy is said to have added to the next write.
        sent: what was sent, in order.
    """

    state: dict[str, Value] = field(default_factory=start_state)
    outcomes: dict[str, tuple[Status, str | None]] = field(default_factory=dict)
    added: tuple[Change, ...] = ()
    sent: list[tuple[str, Value]] = field(default_factory=list)
    documents: dict[str, Mapping[str, object] | None] = field(default_factory=dict)

    def without(self, *fragments: str) -> FakeVehicle:
        """This vehicle lacks every signal whose path contains one of these."""
        for path in list(self.state):
            if any(fragment in path for fragment in fragments):
                del self.state[path]
        return self

    def has(self, path: str) -> bool:
        return path in self.state

    def read(self, path: str) -> Value:
        if path not in self.state:
            raise SignalAbsent(f"This car has no {path.rpartition('.')[2]}.")
        return self.state[path]

    def number(self, path: str) -> float:
        value = self.read(path)
        assert isinstance(value, int | float), f"{path} is {value!r}"
        return float(value)

    async def apply(self, writes: Mapping[str, Value]) -> tuple[Change, ...]:
        changes = tuple(self._apply(path, value) for path, value in writes.items())
        added, self.added = self.added, ()
        return changes + added

    def _apply(self, path: str, value: Value) -> Change:
        assert path in ACTUATORS, f"{path} is not writable"
        allowed = ACTUATORS[path]
        assert not allowed or value in allowed, f"{path} cannot be {value!r}"
        before = self.state.get(path)
        if before is None:
            return Change(path, None, value, Status.ABSENT)
        if before == value:
            return Change(path, before, value, Status.ALREADY)
        status, reason = self.outcomes.get(path, (Status.DONE, None))
        self.sent.append((path, value))
        if status is Status.DONE:
            self.state[path] = value
        return Change(path, before, value, status, reason=reason)

    async def publish(self, subtopic: str, payload: Mapping[str, object] | None) -> None:
        self.documents[subtopic] = payload


class FakeResources:
    """Opens resources on first use and never closes them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._open: dict[type[Any], Any] = {}

    async def get(self, kind: Any) -> Any:
        if kind not in self._open:
            manager: AbstractAsyncContextManager[Any] = kind.open(self._environment)
            self._open[kind] = await manager.__aenter__()
        return self._open[kind]


class FakeClock:
    """A clock that stands still at breakfast."""

    def now(self) -> datetime:
        return datetime(2026, 6, 1, 8, 30)


@dataclass
class FakeJournal:
    reverts: list[Any] = field(default_factory=list)

    def record(self, revert: Any) -> None:
        self.reverts.append(revert)


class FakeDialogue:
    """A conversation in which nothing was said yet."""

    last_reply: str | None = None

    def drop_question(self) -> bool:
        return False

    async def undo(self) -> str | None:
        return None

    def interrupt(self) -> None:
        return None

    def abilities(self) -> tuple[str, ...]:
        return ()


def make_context(
    vehicle: FakeVehicle | None = None,
    seat: Seat = Seat.DRIVER,
    confirmed: Iterable[str] = (),
    data_dir: Path = Path("unused"),
) -> Context:
    """A context for calling a skill function directly."""
    clock = FakeClock()
    environment = Environment(data_dir=data_dir, map_dir=None, clock=clock)
    return Context(
        seat=seat,
        vehicle=vehicle or FakeVehicle(),
        resources=FakeResources(environment),
        clock=clock,
        journal=FakeJournal(),
        dialogue=FakeDialogue(),
        environment=environment,
        confirmed=frozenset(confirmed),
    )
