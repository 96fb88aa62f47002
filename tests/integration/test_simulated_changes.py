"""Values that are made true from outside: weather, a foot on the pedal, a cable."""

from __future__ import annotations

import pytest

from tests.fakes.waiting import until
from tests.integration.test_simulated_vehicle import CABIN, SOC, SPEED, WINDOW, running
from vehicle_bus.errors import SignalAbsent, SignalUnknown, ValueInvalid

OUTSIDE = "Vehicle.Exterior.AirTemperature"
BRAKE = "Vehicle.Chassis.ParkingBrake.IsEngaged"
RANGE = "Vehicle.Powertrain.TractionBattery.Range"


async def test_change_of_weather_is_published_and_stays() -> None:
    async with running() as (vehicle, bus):
        await vehicle.change({OUTSIDE: -15, "Vehicle.Body.Raindetection.Intensity": 70})
        await until(lambda: bus.get(OUTSIDE) == -15.0)
        # The cabin cools towards it by the model, from where it was.
        await until(lambda: bus.get(CABIN) < 18)
        assert bus.get(OUTSIDE) == -15.0
        assert bus.get("Vehicle.Body.Raindetection.Intensity") == 70


async def test_change_of_speed_takes_the_brake_along_and_physics_keep_it() -> None:
    async with running() as (vehicle, bus):
        await vehicle.change({SPEED: 80})
        await until(lambda: bus.get(SPEED) == 80.0 and bus.get(BRAKE) is False)
        odometer = vehicle.world.number("Vehicle.TraveledDistance")
        await until(lambda: vehicle.world.number("Vehicle.TraveledDistance") > odometer)
        assert bus.get(SPEED) == 80.0
        await vehicle.change({SPEED: 0})
        await until(lambda: bus.get(SPEED) == 0.0 and bus.get(BRAKE) is True)


async def test_change_of_charge_takes_the_range_along() -> None:
    async with running() as (vehicle, bus):
        await vehicle.change({SOC: 10})
        await until(lambda: bus.get(SOC) == 10.0 and bus.get(RANGE) == 40_000)


async def test_change_stops_what_is_on_its_way() -> None:
    async with running(time_scale=1.0) as (vehicle, bus):
        await bus.set(WINDOW, 100)
        await vehicle.change({WINDOW: 50})
        await vehicle.settled()
        assert vehicle.snapshot()[WINDOW] == 50


async def test_change_that_cannot_be_changes_nothing() -> None:
    async with running() as (vehicle, _):
        before = vehicle.snapshot()[SOC]
        with pytest.raises(ValueInvalid, match="between 0 and 100"):
            await vehicle.change({SOC: 10, "Vehicle.Body.Raindetection.Intensity": 300})
        with pytest.raises(SignalUnknown):
            await vehicle.change({SOC: 10, "Vehicle.Nonsense": 1})
        await vehicle.reset(absent=[OUTSIDE])
        with pytest.raises(SignalAbsent):
            await vehicle.change({SOC: 10, OUTSIDE: 1})
        assert vehicle.snapshot()[SOC] == before
