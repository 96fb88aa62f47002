"""Location ECU: where the car is on its route."""

from __future__ import annotations

from collections.abc import Mapping

from sim.ecu import Ecu
from vehicle_bus.catalogue import Value

_LOCATION = "Vehicle.CurrentLocation"


class Location(Ecu):
    """Drives along the retained ``nav/route``; without a route the car's place stays.

    Off a route there is no road to follow, and a position that runs over roofs and water helps
    nobody, so a moving car without a route keeps its place.
    """

    name = "location"
    title = "position"
    claims = (_LOCATION,)

    def step(self, dt: float) -> Mapping[str, Value]:
        """Place and heading on the line."""
        trip = self.world.trip
        if trip is None:
            return {}
        if "drivetrain" not in self.world.local:
            # Nobody here moves the car: go by the speed that the bus tells.
            trip = self.world.trip = trip.moved(self.world.speed / 3.6 * dt)
        if trip.progress == 0:
            return {}
        (latitude, longitude), heading = trip.line.at(trip.progress)
        return {
            f"{_LOCATION}.Latitude": round(latitude, 6),
            f"{_LOCATION}.Longitude": round(longitude, 6),
            f"{_LOCATION}.Heading": round(heading, 1) % 360,
        }
