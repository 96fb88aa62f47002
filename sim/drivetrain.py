"""Drivetrain ECU: speed, gear, brake, battery, charging, odometer, tyres."""

from __future__ import annotations

from collections.abc import Mapping

from sim.battery import CHARGER, Battery, driving_power, range_left
from sim.ecu import Ecu
from sim.route import BRAKING, Trip
from sim.start import CABLE, DRIVE, PARK
from vehicle_bus.catalogue import Value

SPEED = "Vehicle.Speed"
ODOMETER = "Vehicle.TraveledDistance"
BRAKE = "Vehicle.Chassis.ParkingBrake.IsEngaged"
GEAR = "Vehicle.Powertrain.Transmission.SelectedGear"
_TURNING = "Vehicle.Powertrain.Transmission.CurrentGear"
_BATTERY = "Vehicle.Powertrain.TractionBattery"
SOC = f"{_BATTERY}.StateOfCharge.Current"
CHARGING = f"{_BATTERY}.Charging"


class Drivetrain(Ecu):
    """Also owner of every signal that no other ECU claims.

    Interlocks: park, reverse and the parking brake not while moving, no gear while the
    charging cable is plugged in, charging only with the cable in and below the limit.

    Charge, range and odometer change only by driving and charging; tyres do not change.
    """

    name = "drivetrain"
    title = "drivetrain"
    claims = ("Vehicle", "Vehicle.Powertrain", "Vehicle.Chassis")

    def refuse(self, path: str, value: Value) -> str | None:
        """See the class."""
        world = self.world
        if path == GEAR:
            forward = isinstance(value, int) and 0 <= value != PARK
            if world.moving and not forward:
                gear = "park" if value == PARK else "reverse"
                return f"I can't shift to {gear} while the car is moving."
            if value not in (PARK, 0) and world.is_on(CABLE):
                return "The charging cable is still plugged in."
        if path == BRAKE and value is True and world.moving:
            return "The parking brake can't be set while the car is moving."
        if path == f"{CHARGING}.StartStopCharging" and value == "START":
            if not world.is_on(CABLE):
                return "The charging cable isn't plugged in."
            if self.battery.soc >= self._limit:
                return "The battery is already charged to its limit."
        return None

    def follow(self, path: str, value: Value) -> Mapping[str, Value]:
        """The gear turns as selected, and charging starts and stops."""
        if path == GEAR and isinstance(value, int):
            return {_TURNING: {PARK: 0, DRIVE: 1}.get(value, value)}
        if path == f"{CHARGING}.StartStopCharging":
            return self._charging(value == "START")
        return {}

    def restored(self) -> None:
        """The battery is as full as the world says, and a moving car keeps its speed."""
        world = self.world
        self.battery = Battery(world.number(SOC, 62.0))
        self.range_bias = world.number(f"{_BATTERY}.Range") - range_left(self.battery.soc)
        self.speed = world.speed
        self.metres = world.number(ODOMETER)
        self.steered = False  # the speed is a driver's who follows the route, not a scenario's

    @property
    def _limit(self) -> float:
        return self.world.number(f"{CHARGING}.ChargeLimit", 100.0)

    def step(self, dt: float) -> Mapping[str, Value]:
        """Speed, what it costs, and what the charger brings."""
        before = self.speed
        changes = dict(self._drive(dt))
        metres = (before + self.speed) / 2 / 3.6 * dt
        if metres > 0:
            self.metres += metres
            power = driving_power((before + self.speed) / 2) + self.world.hvac_power
            self.battery = self.battery.used(power, dt)
            changes |= {
                ODOMETER: round(self.metres, -1),
                f"{_BATTERY}.CurrentPower": round(-power, -2),
            }
        elif before > 0 or self.world.number(f"{_BATTERY}.CurrentPower") < 0:
            changes[f"{_BATTERY}.CurrentPower"] = 0.0
        if self.world.is_on(f"{CHARGING}.IsCharging"):
            self.battery = self.battery.charged(self._limit, dt)
            changes |= self._charging(self.battery.soc < self._limit)
        if metres > 0 or f"{CHARGING}.IsCharging" in changes:
            changes |= self._gauge()
        return changes

    def _gauge(self) -> dict[str, Value]:
        soc = round(self.battery.soc, 1)
        metres = max(0.0, range_left(self.battery.soc) + self.range_bias)
        return {
            SOC: soc,
            f"{_BATTERY}.StateOfCharge.Displayed": soc,
            f"{_BATTERY}.Range": int(round(metres, -2)),
        }

    def _charging(self, on: bool) -> dict[str, Value]:
        left = self.battery.time_to(self._limit) if on else 0.0
        return {
            f"{CHARGING}.IsCharging": on,
            f"{CHARGING}.AveragePower": CHARGER / 1000 if on else 0.0,
            f"{CHARGING}.TimeToComplete": int(round(left / 60) * 60),
            f"{_BATTERY}.CurrentPower": CHARGER if on else 0.0,
        }

    def _drive(self, dt: float) -> Mapping[str, Value]:
        """The driver: follows the route where there is one, else keeps the speed."""
        trip = self.world.trip
        changes: dict[str, Value] = {}
        if trip is not None and self._underway(trip):
            if not self.steered and self.speed == 0:
                changes |= {BRAKE: False, GEAR: DRIVE, _TURNING: 1}
            self.steered = True
            # A step may be long at a high time scale: drive it in pieces of half a second.
            count = max(1, min(2000, round(dt / 0.5)))
            for _ in range(count):
                after = trip.speed_after(self.speed, dt / count)
                trip = trip.moved((self.speed + after) / 2 / 3.6 * dt / count)
                self.speed = after
                if trip.arrived:
                    break
            self.world.trip = trip
        elif self.steered and self.speed > 0:
            self.speed = max(0.0, self.speed - BRAKING * 3.6 * dt)
        if trip is not None and trip.arrived:
            self.speed = 0.0
        if self.steered and self.speed == 0:
            self.steered = False
            changes |= {BRAKE: True, GEAR: PARK, _TURNING: 0}
        shown = round(self.speed, 1)
        return {**changes, SPEED: shown, "Vehicle.IsMoving": shown > 0}

    def _underway(self, trip: Trip) -> bool:
        return not trip.arrived and (self.world.driving or self.speed > 0)
