"""What people call a signal: used in the reasons that ECUs give."""

from __future__ import annotations

import re

from vehicle_bus.seats import ALL_SEATS

_CABIN = "Vehicle.Cabin."
_OWN: dict[str, str] = {
    seat.position: "driver's" if seat.value == "driver" else f"{seat.spoken}" for seat in ALL_SEATS
} | {"Row1.PassengerSide": "passenger's"}

# First match wins; {own} is the seat's "driver's", "rear left", ...
_NAMES: tuple[tuple[str, str], ...] = (
    (r"Cabin\.Door\.{at}\.Window\.", "{own} window"),
    (r"Cabin\.Door\.{at}\.Shade\.", "{own} window shade"),
    (r"Cabin\.Door\.{at}\.IsLocked", "{own} door lock"),
    (r"Cabin\.Door\.{at}\.", "{own} door"),
    (r"Cabin\.Seat\.{at}\.Massage\.", "massage in the {own} seat"),
    (r"Cabin\.Seat\.{at}\.HeatingCooling", "heating and cooling in the {own} seat"),
    (r"Cabin\.Seat\.{at}\.OccupancyStatus", "occupancy sensor in the {own} seat"),
    (r"Cabin\.Seat\.{at}\.IsBelted", "belt sensor in the {own} seat"),
    (r"Cabin\.Seat\.{at}\.", "such adjustment of the {own} seat"),
    (r"Cabin\.Light\.Spotlight\.{at}\.", "{own} reading light"),
    (r"Cabin\.Light\.AmbientLight\.{at}\.", "{own} ambient light"),
    (r"Cabin\.Light\.IsDomeOn", "dome light"),
    (r"Cabin\.Sunroof\.Shade\.", "sunshade"),
    (r"Cabin\.Sunroof\.", "sunroof"),
    (r"Cabin\.RearShade\.", "rear shade"),
    (r"Cabin\.IsWindowChildLockEngaged", "window child lock"),
    (r"Cabin\.HVAC\.Station\.{zone}\.Temperature", "{own} temperature control"),
    (r"Cabin\.HVAC\.Station\.{zone}\.FanSpeed", "{own} fan"),
    (r"Cabin\.HVAC\.Station\.{zone}\.AirDistribution", "{own} air direction"),
    (r"Cabin\.HVAC\.IsAirConditioningActive", "air conditioning"),
    (r"Cabin\.HVAC\.IsRecirculationActive", "air recirculation"),
    (r"Cabin\.HVAC\.IsFrontDefrosterActive", "front defroster"),
    (r"Cabin\.HVAC\.IsRearDefrosterActive", "rear defroster"),
    (r"Cabin\.HVAC\.AmbientAirTemperature", "cabin thermometer"),
    (r"Cabin\.Infotainment\.Media\.", "media player"),
    (r"Cabin\.Infotainment\.Navigation\.", "navigation"),
    (r"Body\.Trunk\.Rear\.IsLocked", "trunk lock"),
    (r"Body\.Trunk\.Rear\.", "trunk"),
    (r"Body\.Trunk\.Front\.", "front trunk"),
    (r"Body\.Hood\.", "hood"),
    (r"Body\.Horn\.", "horn"),
    (r"Body\.Mirrors\.DriverSide\.IsHeatingOn", "left mirror heating"),
    (r"Body\.Mirrors\.PassengerSide\.IsHeatingOn", "right mirror heating"),
    (r"Body\.Mirrors\.DriverSide\.", "left mirror"),
    (r"Body\.Mirrors\.PassengerSide\.", "right mirror"),
    (r"Body\.Windshield\.Front\.IsHeatingOn", "windshield heating"),
    (r"Body\.Windshield\.Front\.", "front wiper"),
    (r"Body\.Windshield\.Rear\.", "rear wiper"),
    (r"Body\.Raindetection\.", "rain sensor"),
    (r"Body\.Lights\.Beam\.Low\.", "low beam"),
    (r"Body\.Lights\.Beam\.High\.", "high beam"),
    (r"Body\.Lights\.Fog\.Front\.", "front fog light"),
    (r"Body\.Lights\.Fog\.Rear\.", "rear fog light"),
    (r"Body\.Lights\.Hazard\.", "hazard light"),
    (r"Body\.Lights\.", "such exterior light"),
    (r"Chassis\.SteeringWheel\.HeatingCooling", "steering wheel heating"),
    (r"Chassis\.ParkingBrake\.", "parking brake"),
    (r"Chassis\.Axle\..*\.Tire\.", "tyre sensor"),
    (r"Powertrain\.Transmission\.", "gear selector"),
    (r"Powertrain\.TractionBattery\.Charging\.ChargeLimit", "charge limit"),
    (r"Powertrain\.TractionBattery\.Charging\.", "charger"),
    (r"Powertrain\.TractionBattery\.", "battery gauge"),
    (r"CurrentLocation\.", "position receiver"),
    (r"Exterior\.AirTemperature", "outside thermometer"),
    (r"Driver\.FatigueLevel", "driver monitor"),
    (r"Speed$", "speedometer"),
    (r"TraveledDistance$", "odometer"),
)


def _compile(pattern: str) -> re.Pattern[str]:
    pattern = pattern.replace("{at}", r"(?P<at>Row\d\.(?:Driver|Passenger)Side)")
    return re.compile(r"Vehicle\." + pattern.replace("{zone}", r"(?P<at>Row\d\.\w+)"))


_COMPILED = tuple((_compile(pattern), name) for pattern, name in _NAMES)


def spoken_name(path: str) -> str:
    """What a person calls the thing a signal belongs to, without an article.

    Unknown paths are spelled from their last parts, so a user's own overlay speaks as well.
    """
    for pattern, name in _COMPILED:
        found = pattern.match(path)
        if found is None:
            continue
        at = found.groupdict().get("at")
        if at is None:
            return name
        position = at if at.endswith("Side") else f"{at}Side"
        return name.format(own=_OWN.get(position, _words(position)))
    return _words(".".join(path.split(".")[-2:]))


def _words(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\.", " ", text)
    return " ".join(spaced.lower().split())


def no_such(path: str) -> str:
    """The sentence for a signal that this car lacks."""
    return f"This car has no {spoken_name(path)}."
