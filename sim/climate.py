"""Climate ECU: four stations, and a cabin that warms and cools by the thermal model."""

from __future__ import annotations

from collections.abc import Mapping

from sim.ecu import Ecu
from sim.thermal import Cabin, Demand, hvac_power, step
from vehicle_bus.catalogue import Value
from vehicle_bus.seats import ALL_SEATS

_HVAC = "Vehicle.Cabin.HVAC"
CABIN = f"{_HVAC}.AmbientAirTemperature"
OUTSIDE = "Vehicle.Exterior.AirTemperature"


class Climate(Ecu):
    """Blowers, compressor, defrosters. It refuses nothing."""

    name = "climate"
    title = "climate control"
    claims = (_HVAC,)

    def restored(self) -> None:
        """The cabin has had its temperature for long."""
        self.cabin = Cabin.at(self.world.number(CABIN, 19.0))

    def step(self, dt: float) -> Mapping[str, Value]:
        """The cabin's temperature, to a tenth of a degree."""
        demand = self.demand()
        self.cabin = step(self.cabin, demand, dt)
        self.world.hvac_power = hvac_power(self.cabin, demand)
        return {CABIN: round(self.cabin.air, 1)}

    def demand(self) -> Demand:
        """What the stations ask for, weighted by their blowers, and what is open."""
        world = self.world
        fans = {seat: world.number(f"{seat.station}.FanSpeed") / 100 for seat in ALL_SEATS}
        total = sum(fans.values())
        wanted = sum(fan * world.number(f"{s.station}.Temperature") for s, fan in fans.items())
        openings = [f"Vehicle.Cabin.Door.{seat.position}.Window.Position" for seat in ALL_SEATS]
        openings.append("Vehicle.Cabin.Sunroof.Position")
        cooling = world.is_on(f"{_HVAC}.IsAirConditioningActive") or world.is_on(
            f"{_HVAC}.IsFrontDefrosterActive"
        )
        return Demand(
            setpoint=wanted / total if total > 0 else None,
            fan=total / len(fans),
            cooling=cooling,
            recirculation=world.is_on(f"{_HVAC}.IsRecirculationActive"),
            openness=sum(max(0.0, world.number(path)) for path in openings) / 100 / len(openings),
            outside=world.number(OUTSIDE, 12.0),
            speed=world.speed,
        )
