"""The state in which the default vehicle starts (DESIGN §4)."""

from __future__ import annotations

from collections.abc import Mapping

from sim.battery import CAPACITY, CHARGER, range_left
from vehicle_bus.catalogue import Catalogue, Signal, Value
from vehicle_bus.seats import ALL_SEATS, FRONT

PARK, DRIVE = 126, 127  # as VSS spells gears
LATITUDE, LONGITUDE = 60.1708, 24.9375
LOW_PRESSURE = 200  # kPa
_BATTERY = "Vehicle.Powertrain.TractionBattery"
_GEARBOX = "Vehicle.Powertrain.Transmission"
CABLE = f"{_BATTERY}.Charging.ChargingPort.AnyPosition.IsChargingCableConnected"

# Words with which an enumeration says that nothing happens, in the order of preference.
_IDLE = ("OFF", "INACTIVE", "STOP", "EMPTY", "NONE", "UNKNOWN")


def _default_vehicle() -> dict[str, Value]:
    start: dict[str, Value] = {
        "Vehicle.Speed": 0.0,
        "Vehicle.IsMoving": False,
        "Vehicle.TraveledDistance": 12_345_000,
        "Vehicle.CurrentLocation.Latitude": LATITUDE,
        "Vehicle.CurrentLocation.Longitude": LONGITUDE,
        "Vehicle.CurrentLocation.Heading": 0.0,
        "Vehicle.Chassis.ParkingBrake.IsEngaged": True,
        f"{_GEARBOX}.SelectedGear": PARK,
        f"{_GEARBOX}.CurrentGear": 0,
        f"{_BATTERY}.StateOfCharge.Current": 62.0,
        f"{_BATTERY}.StateOfCharge.Displayed": 62.0,
        f"{_BATTERY}.Range": 248_000,
        f"{_BATTERY}.NetCapacity": round(CAPACITY / 1000),
        f"{_BATTERY}.Temperature.Average": 18.0,
        f"{_BATTERY}.Charging.ChargeLimit": 80,
        f"{_BATTERY}.Charging.MaxPower": CHARGER / 1000,
        f"{_BATTERY}.Charging.StartStopCharging": "STOP",
        "Vehicle.Exterior.AirTemperature": 12.0,
        "Vehicle.Cabin.HVAC.AmbientAirTemperature": 19.0,
        "Vehicle.Cabin.Infotainment.Media.Volume": 30,
        "Vehicle.Cabin.Infotainment.Media.Action": "STOP",
        "Vehicle.Cabin.Infotainment.Media.Played.Source": "USB",
        "Vehicle.Cabin.Infotainment.Media.Played.PlaybackRate": 1.0,
        "Vehicle.Driver.FatigueLevel": 10.0,
    }
    for seat in ALL_SEATS:
        chair = f"Vehicle.Cabin.Seat.{seat.position}"
        driver = seat is ALL_SEATS[0]
        start |= {
            f"{seat.station}.Temperature": 21.0,
            f"{seat.station}.FanSpeed": 40 if seat in FRONT else 0,
            f"{seat.station}.AirDistribution": "MIDDLE",
            f"{chair}.OccupancyStatus": "OCCUPIED" if driver else "EMPTY",
            f"{chair}.IsBelted": driver,
            f"{chair}.Position": 150,
            f"{chair}.Height": 50,
            f"{chair}.Backrest.Recline": 20.0,
        }
        for kind in ("Spotlight", "AmbientLight"):
            lamp = f"Vehicle.Cabin.Light.{kind}.{seat.position}"
            start |= {f"{lamp}.Color": "#FFFFFF", f"{lamp}.Intensity": 50}
    for wheel in ("Row1.Wheel.Left", "Row1.Wheel.Right", "Row2.Wheel.Left", "Row2.Wheel.Right"):
        start[f"Vehicle.Chassis.Axle.{wheel}.Tire.Pressure"] = 240
    return start


_START: Mapping[str, Value] = _default_vehicle()


def start_state(catalogue: Catalogue) -> dict[str, Value]:
    """A value for every signal of a catalogue that the bus can carry.

    What the default vehicle does not know starts off, closed, empty or zero.
    """
    return {
        path: _START.get(path, _nothing(signal))
        for path, signal in catalogue.items()
        if not signal.datatype.endswith("[]") or signal.datatype == "string[]"
    }


def _nothing(signal: Signal) -> Value:
    if signal.datatype.endswith("[]"):
        return []
    if signal.datatype == "boolean":
        return False
    if signal.datatype == "string":
        if signal.allowed:
            return next((word for word in _IDLE if word in signal.allowed), signal.allowed[0])
        return ""
    low = signal.minimum if signal.minimum is not None else 0.0
    high = signal.maximum if signal.maximum is not None else 0.0
    number = min(max(0.0, low), max(high, low))
    return number if signal.datatype in ("float", "double") else int(number)


def consequences(given: Mapping[str, Value]) -> dict[str, Value]:
    """What else must be so where some values are given and the rest is as it was.

    A moving car is in gear with its brake off and one that was stopped is parked; a charging one
    is plugged in and one that was unplugged does not charge; the range follows the state of
    charge. What is given itself is never overruled.
    """
    so: dict[str, Value] = {}
    speed = given.get("Vehicle.Speed")
    if isinstance(speed, int | float):
        moving = speed > 0
        so |= {
            "Vehicle.IsMoving": moving,
            "Vehicle.Chassis.ParkingBrake.IsEngaged": not moving,
            f"{_GEARBOX}.SelectedGear": DRIVE if moving else PARK,
            f"{_GEARBOX}.CurrentGear": int(moving),
        }
    charge = given.get(f"{_BATTERY}.StateOfCharge.Current")
    if isinstance(charge, int | float):
        so[f"{_BATTERY}.StateOfCharge.Displayed"] = charge
        so[f"{_BATTERY}.Range"] = round(range_left(charge))
    if given.get(f"{_BATTERY}.Charging.IsCharging") is True:
        so[CABLE] = True
        so[f"{_BATTERY}.Charging.StartStopCharging"] = "START"
        so[f"{_BATTERY}.Charging.AveragePower"] = CHARGER / 1000
    if given.get(CABLE) is False:
        so |= {
            f"{_BATTERY}.Charging.IsCharging": False,
            f"{_BATTERY}.Charging.StartStopCharging": "STOP",
            f"{_BATTERY}.Charging.AveragePower": 0.0,
            f"{_BATTERY}.CurrentPower": 0.0,
        }
    for path, value in given.items():
        if path.endswith(".Tire.Pressure") and isinstance(value, int | float):
            so[path.removesuffix("Pressure") + "IsPressureLow"] = value < LOW_PRESSURE
        if path.endswith(".OccupancyStatus"):
            so[path.removesuffix("OccupancyStatus") + "IsBelted"] = value == "OCCUPIED"
    return {path: value for path, value in so.items() if path not in given}
