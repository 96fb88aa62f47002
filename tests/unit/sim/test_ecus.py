"""Ownership, interlocks, consequences and measured values of the ECUs, without a bus."""

from __future__ import annotations

import pytest

from sim.climate import CABIN
from sim.drivetrain import BRAKE, CABLE, CHARGING, GEAR, ODOMETER, SOC, SPEED
from sim.ecu import Ecu, assign, branches
from sim.ecus import CLAIMS, ECUS, EcuUnknown, chosen
from sim.names import no_such, spoken_name
from sim.route import RouteLine, Trip, distance
from sim.start import DRIVE, PARK
from sim.world import World
from vehicle_bus.catalogue import Catalogue, Kind, Value
from vehicle_bus.errors import SignalUnknown, ValueInvalid

DOOR = "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen"
LOCK = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"
REAR_WINDOW = "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position"
CHILD_LOCK = "Vehicle.Cabin.Door.Row2.DriverSide.IsChildLockActive"
SUNROOF = "Vehicle.Cabin.Sunroof.Position"
MIRROR = "Vehicle.Body.Mirrors.DriverSide.IsFolded"
HIGH = "Vehicle.Body.Lights.Beam.High.IsOn"
FOG = "Vehicle.Body.Lights.Fog.Front.IsOn"
START_STOP = f"{CHARGING}.StartStopCharging"
BATTERY_RANGE = "Vehicle.Powertrain.TractionBattery.Range"


def car() -> World:
    return World(Catalogue.default(), ECUS)


def world_with(signals: dict[str, Value]) -> World:
    world = car()
    world.restore(signals)
    return world


def ecu(name: str, world: World) -> Ecu:
    return ECUS[name](world)


def run(world: World, *names: str, seconds: float, dt: float = 0.5) -> None:
    ecus = [ecu(name, world) for name in names]
    for _ in range(round(seconds / dt)):
        for each in ecus:
            for path, value in each.step(dt).items():
                if path in world.catalogue:
                    world.write(path, world.catalogue.check(path, value))


def test_assign_gives_every_signal_one_owner() -> None:
    catalogue = Catalogue.default()
    owned = assign(catalogue, CLAIMS)
    everything = [path for paths in owned.values() for path in paths]
    assert sorted(everything) == sorted(catalogue)
    assert "Vehicle.Body.Raindetection.Intensity" in owned["environment"]
    assert HIGH in owned["lights"]
    assert "Vehicle.Speed" in owned["drivetrain"]


def test_branches_of_different_ecus_never_overlap() -> None:
    catalogue = Catalogue.default()
    owned = assign(catalogue, CLAIMS)
    for name, paths in owned.items():
        reached = {
            s.path for branch in branches(catalogue, paths) for s in catalogue.branch(branch)
        }
        assert reached == set(paths), name


def test_assign_refuses_double_and_missing_claims() -> None:
    catalogue = Catalogue.default()
    with pytest.raises(ValueError, match="both claim"):
        assign(catalogue, {"a": ["Vehicle"], "b": ["Vehicle"]})
    with pytest.raises(ValueError, match="no ECU claims"):
        assign(catalogue, {"a": ["Vehicle.Body"]})


def test_chosen_unknown_name_suggests() -> None:
    assert chosen(None) == tuple(ECUS)
    assert chosen(["climate", "body"]) == ("climate", "body")
    with pytest.raises(EcuUnknown, match="climate"):
        chosen(["climat"])


def test_start_state_is_that_of_the_design() -> None:
    state = car().snapshot()
    expected: dict[str, Value] = {
        SPEED: 0.0,
        "Vehicle.Cabin.HVAC.Station.Row2.Passenger.Temperature": 21.0,
        "Vehicle.Cabin.HVAC.Station.Row1.Passenger.FanSpeed": 40,
        "Vehicle.Cabin.HVAC.Station.Row1.Driver.AirDistribution": "MIDDLE",
        "Vehicle.Cabin.HVAC.IsAirConditioningActive": False,
        SUNROOF: 0,
        TRUNK: False,
        LOCK: False,
        "Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Color": "#FFFFFF",
        "Vehicle.Body.Windshield.Front.Wiping.Mode": "OFF",
        "Vehicle.Cabin.Infotainment.Media.Volume": 30,
        SOC: 62.0,
        BATTERY_RANGE: 248_000,
        f"{CHARGING}.ChargeLimit": 80,
        "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure": 240,
        "Vehicle.Exterior.AirTemperature": 12.0,
        CABIN: 19.0,
        "Vehicle.Cabin.Seat.Row1.DriverSide.OccupancyStatus": "OCCUPIED",
        "Vehicle.Cabin.Seat.Row1.PassengerSide.OccupancyStatus": "EMPTY",
        "Vehicle.CurrentLocation.Latitude": 60.1708,
        "Vehicle.CurrentLocation.Longitude": 24.9375,
    }
    assert {path: state[path] for path in expected} == expected


def test_start_state_fits_the_catalogue() -> None:
    catalogue = Catalogue.default()
    for path, value in car().snapshot().items():
        assert catalogue.check(path, value) == value


def test_restore_moving_car_is_in_gear_with_brake_off() -> None:
    world = world_with({SPEED: 80})
    assert world.get(GEAR) == DRIVE
    assert world.get(BRAKE) is False
    assert world.moving
    world.restore()
    assert world.get(GEAR) == PARK
    assert not world.moving


def test_restore_charge_sets_range_unless_given() -> None:
    assert world_with({SOC: 47}).get(BATTERY_RANGE) == 188_000
    assert world_with({SOC: 47, BATTERY_RANGE: 9}).get(BATTERY_RANGE) == 9


def test_restore_checks_what_it_is_given() -> None:
    world = car()
    with pytest.raises(SignalUnknown):
        world.restore({"Vehicle.Nonsense": 1})
    with pytest.raises(SignalUnknown):
        world.restore(absent=["Vehicle.Nonsense"])
    with pytest.raises(ValueInvalid):
        world.restore({SUNROOF: 200})


def test_restore_absent_signal_is_not_there() -> None:
    world = car()
    world.restore(absent=[SUNROOF])
    assert world.get(SUNROOF) is None
    assert SUNROOF not in world.snapshot()
    world.write(SUNROOF, 5)
    assert not world.has(SUNROOF)


@pytest.mark.parametrize(
    ("name", "given", "path", "value", "words"),
    [
        ("body", {SPEED: 30}, DOOR, True, "moving"),
        ("body", {SPEED: 30}, TRUNK, True, "trunk stays shut"),
        ("body", {LOCK: True}, DOOR, True, "driver's door is locked"),
        ("body", {CHILD_LOCK: True}, REAR_WINDOW, 40, "child lock"),
        ("body", {SPEED: 50}, MIRROR, True, "mirrors"),
        ("drivetrain", {SPEED: 50}, GEAR, PARK, "park"),
        ("drivetrain", {SPEED: 50}, GEAR, -1, "reverse"),
        ("drivetrain", {SPEED: 50}, BRAKE, True, "parking brake"),
        ("drivetrain", {CABLE: True}, GEAR, DRIVE, "cable"),
        ("drivetrain", {}, START_STOP, "START", "isn't plugged in"),
        ("drivetrain", {CABLE: True, SOC: 85}, START_STOP, "START", "limit"),
    ],
)
def test_interlock_refuses_with_a_reason(
    name: str, given: dict[str, Value], path: str, value: Value, words: str
) -> None:
    reason = ecu(name, world_with(given)).refuse(path, value)
    assert reason is not None
    assert words in reason
    assert reason.endswith(".")


@pytest.mark.parametrize(
    ("name", "given", "path", "value"),
    [
        ("body", {}, DOOR, True),
        ("body", {SPEED: 30, DOOR: True}, DOOR, False),
        ("body", {SPEED: 30, TRUNK: True}, TRUNK, False),
        ("body", {CHILD_LOCK: True, REAR_WINDOW: 60}, REAR_WINDOW, 20),
        ("body", {SPEED: 120}, SUNROOF, 100),
        ("body", {SPEED: 120}, "Vehicle.Body.Horn.IsActive", True),
        ("body", {SPEED: 120, MIRROR: True}, MIRROR, False),
        ("lights", {HIGH: True}, FOG, True),
        ("lights", {FOG: True}, HIGH, True),
        ("drivetrain", {SPEED: 50}, GEAR, DRIVE),
        ("drivetrain", {CABLE: True}, START_STOP, "START"),
    ],
)
def test_interlock_allows(name: str, given: dict[str, Value], path: str, value: Value) -> None:
    assert ecu(name, world_with(given)).refuse(path, value) is None


@pytest.mark.parametrize("speed", [0, 130])
def test_interlock_never_refuses_turning_off(speed: float) -> None:
    catalogue = Catalogue.default()
    world = world_with({SPEED: speed})
    owned = assign(catalogue, CLAIMS)
    for name, paths in owned.items():
        one = ecu(name, world)
        for path in paths:
            signal = catalogue[path]
            if signal.kind is not Kind.ACTUATOR or path == GEAR:
                continue
            off: Value = False if signal.datatype == "boolean" else 0
            if signal.datatype == "string":
                off = next((w for w in ("OFF", "STOP") if w in signal.allowed), "")
            assert one.refuse(path, off) is None, path


def test_travel_of_what_moves() -> None:
    body = ecu("body", car())
    assert body.travel(REAR_WINDOW, 100) == 4
    assert body.travel(SUNROOF, 100) == 6
    assert body.travel("Vehicle.Cabin.Sunroof.Shade.Position", 100) == 6
    assert body.travel(TRUNK, True) == 2.5
    assert body.travel(LOCK, True) is None


def test_climate_warms_the_cabin_and_open_windows_cool_it() -> None:
    world = car()
    run(world, "climate", seconds=1200)
    warmed = world.number(CABIN)
    assert warmed > 19.5
    run(world, "climate", seconds=30)
    for seat in ("Row1.DriverSide", "Row1.PassengerSide", "Row2.DriverSide", "Row2.PassengerSide"):
        world.write(f"Vehicle.Cabin.Door.{seat}.Window.Position", 100)
    run(world, "climate", seconds=300)
    assert world.number(CABIN) < warmed - 0.5


def test_drivetrain_parked_changes_nothing() -> None:
    world = car()
    before = world.snapshot()
    run(world, "drivetrain", "location", "environment", seconds=600, dt=100)
    assert world.snapshot() == before


def test_drivetrain_at_80_keeps_its_speed_and_drains() -> None:
    world = world_with({SPEED: 80})
    run(world, "drivetrain", seconds=1800)
    assert world.get(SPEED) == 80
    assert world.number(ODOMETER) == pytest.approx(12_345_000 + 40_000, abs=100)
    assert world.number(SOC) == pytest.approx(62 - 11.1, abs=0.5)
    assert world.number(BATTERY_RANGE) == pytest.approx(world.number(SOC) * 4000, abs=400)


def test_drivetrain_charges_to_the_limit_and_stops() -> None:
    world = world_with({f"{CHARGING}.IsCharging": True, SOC: 79})
    assert world.get(CABLE) is True
    run(world, "drivetrain", seconds=900)
    assert world.get(SOC) == 80
    assert world.get(f"{CHARGING}.IsCharging") is False


ROUTE = RouteLine([(60.1708, 24.9375), (60.1758, 24.9375), (60.1758, 24.9475)])


@pytest.mark.parametrize("dt", [0.5, 60.0])
def test_location_with_driver_arrives_and_parks(dt: float) -> None:
    world = car()
    world.driving = True
    world.trip = Trip(ROUTE, cruise=50)
    run(world, "drivetrain", "location", seconds=240, dt=dt)
    assert distance(world.position, (60.1758, 24.9475)) < 1
    assert world.get(SPEED) == 0
    assert world.get(GEAR) == PARK
    assert world.get(BRAKE) is True
    assert world.number("Vehicle.CurrentLocation.Heading") == pytest.approx(90, abs=1)


def test_location_parked_without_driver_stays() -> None:
    world = car()
    world.trip = Trip(ROUTE, cruise=50)
    run(world, "drivetrain", "location", seconds=60)
    assert world.position == (60.1708, 24.9375)


def test_drivetrain_route_cancelled_under_way_comes_to_a_stop() -> None:
    world = car()
    world.driving = True
    world.trip = Trip(ROUTE, cruise=50)
    drivetrain = ecu("drivetrain", world)
    for _ in range(40):
        for path, value in drivetrain.step(0.5).items():
            world.write(path, value)
    assert world.speed > 40
    world.trip = None
    for _ in range(20):
        for path, value in drivetrain.step(0.5).items():
            world.write(path, value)
    assert world.speed == 0
    assert world.get(GEAR) == PARK


def test_media_skip_changes_track_and_plays() -> None:
    world = car()
    media = ecu("media", world)
    track = "Vehicle.Cabin.Infotainment.Media.Played.Track"
    first = world.get(track)
    changes = media.follow("Vehicle.Cabin.Infotainment.Media.Action", "SKIP_FORWARD")
    assert changes[track] != first
    assert changes["Vehicle.Cabin.Infotainment.Media.Action"] == "PLAY"
    back = media.follow("Vehicle.Cabin.Infotainment.Media.Action", "SKIP_BACKWARD")
    assert back[track] == first


def test_spoken_name_of_every_signal_is_words() -> None:
    for path in Catalogue.default():
        name = spoken_name(path)
        assert name == name.lower()
        assert "row" not in name.split()
        assert "." not in name
    assert no_such("Vehicle.Cabin.Seat.Row1.DriverSide.Massage.Level") == (
        "This car has no massage in the driver's seat."
    )
    assert spoken_name("Vehicle.Vendor.ScentLevel") == "vendor scent level"
