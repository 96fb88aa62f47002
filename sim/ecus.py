"""All the ECUs that there are, and who owns what.

====================  ====================================================================
ECU                   branches; the most specific claim wins
====================  ====================================================================
body                  Vehicle.Body, Vehicle.Cabin
climate               Vehicle.Cabin.HVAC
seats                 Vehicle.Cabin.Seat, Vehicle.Chassis.SteeringWheel
lights                Vehicle.Body.Lights, Vehicle.Cabin.Light
drivetrain            Vehicle.Powertrain, Vehicle.Chassis, and Vehicle: all that is left
location              Vehicle.CurrentLocation
media                 Vehicle.Cabin.Infotainment
environment           Vehicle.Exterior, Vehicle.Driver, Vehicle.Body.Raindetection
====================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Collection

from rapidfuzz import process

from sim.body import Body
from sim.cabin import Environment, Lights, Media, Seats
from sim.climate import Climate
from sim.drivetrain import Drivetrain
from sim.ecu import Ecu
from sim.location import Location
from vehicle_bus.errors import CockpitError

ECUS: dict[str, type[Ecu]] = {
    kind.name: kind
    # Physics run in this order: outside before inside, driving before being somewhere.
    for kind in (Environment, Drivetrain, Location, Climate, Body, Seats, Lights, Media)
}
CLAIMS: dict[str, tuple[str, ...]] = {name: kind.claims for name, kind in ECUS.items()}


class EcuUnknown(CockpitError):
    """There is no ECU of this name."""

    exit_code = 2  # wrong arguments


def chosen(names: Collection[str] | None) -> tuple[str, ...]:
    """The named ECUs in the order of their physics; all of them for None or no name.

    Raises:
        EcuUnknown: with the nearest right name.
    """
    for name in names or ():
        if name not in ECUS:
            near = process.extractOne(name, list(ECUS))
            hint = f'; try "{near[0]}"' if near else ""
            raise EcuUnknown(f'There is no ECU called "{name}"{hint}.')
    return tuple(name for name in ECUS if not names or name in names)
