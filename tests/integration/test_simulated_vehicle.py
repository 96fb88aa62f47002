"""The simulated vehicle over the embedded broker, as a client of the bus meets it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sim.clock import VirtualClock
from sim.faults import FaultInvalid
from sim.vehicle import SimulatedVehicle, VehicleUnsettled
from tests.fakes.waiting import until
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import VehicleBus
from vehicle_bus.errors import (
    BusUnreachable,
    CommandFailed,
    CommandRejected,
    CommandTimeout,
    SignalAbsent,
    SignalStale,
    SignalUnknown,
)

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
SUNROOF = "Vehicle.Cabin.Sunroof.Position"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"
LOW_BEAM = "Vehicle.Body.Lights.Beam.Low.IsOn"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
CABIN = "Vehicle.Cabin.HVAC.AmbientAirTemperature"
MASSAGE = "Vehicle.Cabin.Seat.Row1.DriverSide.Massage.Level"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"
SPEED = "Vehicle.Speed"
ACTION = "Vehicle.Cabin.Infotainment.Media.Action"


@asynccontextmanager
async def running(**options: object) -> AsyncIterator[tuple[SimulatedVehicle, VehicleBus]]:
    options.setdefault("time_scale", 200.0)
    async with (
        EmbeddedBroker() as broker,
        SimulatedVehicle(broker.settings, **options) as vehicle,  # type: ignore[arg-type]
        VehicleBus(broker.settings) as bus,
    ):
        await bus.ready()
        await vehicle.shown_on(bus)
        yield vehicle, bus


async def test_vehicle_publishes_a_value_of_every_signal() -> None:
    async with running() as (vehicle, bus):
        state = {path: bus.get(path) for path in bus.catalogue}
        assert state == vehicle.snapshot()
        assert {owner.name for owner in bus.owners.values() if owner.online} == set(vehicle.ecus)


async def test_vehicle_instant_target_is_done_and_moving_one_accepted() -> None:
    async with running() as (vehicle, bus):
        assert (await bus.set(LOW_BEAM, True)).status == "done"
        assert bus.get(LOW_BEAM) is True
        assert (await bus.set(WINDOW, 50)).status == "accepted"
        await vehicle.settled()
        await vehicle.shown_on(bus)
        assert bus.get(WINDOW) == 50


async def test_vehicle_windows_take_their_time() -> None:
    clock = VirtualClock()
    async with running(clock=clock) as (vehicle, bus):
        command = asyncio.create_task(bus.set(WINDOW, 100))
        with pytest.raises(VehicleUnsettled, match="driver's window"):
            await _passing(clock, 2.0, command)
            await vehicle.settled(timeout=0.05)
        assert vehicle.snapshot()[WINDOW] == pytest.approx(50, abs=3)
        await clock.advance(2.1)
        await vehicle.settled()
        assert vehicle.snapshot()[WINDOW] == 100


async def _passing(clock: VirtualClock, seconds: float, command: asyncio.Task[object]) -> None:
    """Let vehicle time pass in tenths, once the command has set something in motion."""
    await until(lambda: clock.sleeping(0.2))
    for _ in range(round(seconds * 10)):
        await clock.advance(0.1)
    await command


async def test_vehicle_new_target_under_way_wins() -> None:
    async with running(time_scale=20.0) as (vehicle, bus):
        await bus.set(WINDOW, 100)
        await bus.set(WINDOW, 0)
        await vehicle.settled()
        assert vehicle.snapshot()[WINDOW] == 0


async def test_vehicle_trunk_closing_is_answered_in_time() -> None:
    async with running(time_scale=20.0) as (vehicle, bus):
        await vehicle.reset({TRUNK: True})
        await vehicle.shown_on(bus)
        await bus.set(TRUNK, False)
        assert vehicle.snapshot()[TRUNK] is False


async def test_vehicle_interlock_is_heard() -> None:
    async with running() as (vehicle, bus):
        await vehicle.reset({SPEED: 80})
        await vehicle.shown_on(bus)
        with pytest.raises(CommandRejected, match="trunk stays shut while the car is moving"):
            await bus.set(TRUNK, True)


async def test_vehicle_skip_ends_in_play() -> None:
    async with running() as (vehicle, bus):
        await bus.set(ACTION, "SKIP_FORWARD")
        await vehicle.settled()
        await vehicle.shown_on(bus)
        assert bus.get(ACTION) == "PLAY"


async def test_reset_cancels_motion_and_restores_everything() -> None:
    async with running(time_scale=1.0) as (vehicle, bus):
        start = vehicle.snapshot()
        await bus.set(SUNROOF, 100)
        await bus.set(LOW_BEAM, True)
        await vehicle.inject("reject:lights")
        await vehicle.reset()
        await vehicle.settled(timeout=0.1)
        await vehicle.shown_on(bus)
        assert vehicle.snapshot() == start
        assert {path: bus.get(path) for path in bus.catalogue} == start
        await bus.set(LOW_BEAM, True)


async def test_reset_forgets_a_command_that_a_slow_unit_has_not_begun() -> None:
    async with running(faults=["slow:lights=0.2"]) as (vehicle, bus):
        with pytest.raises(CommandTimeout):
            await bus.set(LOW_BEAM, True, ttl=0.1)
        await vehicle.reset()
        await vehicle.settled()
        assert vehicle.snapshot()[LOW_BEAM] is False


async def test_reset_absent_signal_and_back() -> None:
    async with running() as (vehicle, bus):
        await vehicle.reset(absent=[MASSAGE])
        await vehicle.shown_on(bus)
        with pytest.raises(SignalAbsent):
            bus.get(MASSAGE)
        assert MASSAGE not in vehicle.snapshot()
        await vehicle.reset()
        await vehicle.shown_on(bus)
        assert bus.get(MASSAGE) == 0


async def test_reset_with_unknown_signal_changes_nothing() -> None:
    async with running() as (vehicle, _):
        before = vehicle.snapshot()
        with pytest.raises(SignalUnknown):
            await vehicle.reset({WINDOW: 10, "Vehicle.Nonsense": 1})
        assert vehicle.snapshot() == before


async def test_reset_holds_measured_values_until_release() -> None:
    async with running(time_scale=1000.0) as (vehicle, bus):
        await vehicle.reset({SPEED: 80, SOC: 47, CABIN: 25})
        await vehicle.shown_on(bus)
        await asyncio.sleep(0.25)  # four minutes of the vehicle's time
        assert (bus.get(SPEED), bus.get(SOC), bus.get(CABIN)) == (80, 47, 25)
        vehicle.release()
        async with bus.watch(SOC) as updates:
            assert (await anext(updates)).value < 47  # type: ignore[operator]
        assert bus.get(SPEED) == 80


async def test_reset_and_settled_are_quick() -> None:
    async with running() as (vehicle, bus):
        started = time.perf_counter()
        for opening in range(20):
            await vehicle.reset({WINDOW: opening})
            await vehicle.settled()
            await vehicle.shown_on(bus)
        assert time.perf_counter() - started < 2.0


async def test_route_is_driven_to_its_end() -> None:
    line = [[24.9375, 60.1708], [24.9375, 60.1758], [24.9475, 60.1758]]
    route = {"line": {"type": "LineString", "coordinates": line}, "duration_s": 90}
    async with running(driving=True, time_scale=500.0) as (vehicle, bus):
        await bus.publish_document("nav/route", route)
        async with bus.watch("Vehicle.Chassis.ParkingBrake") as updates:
            brake = [(await anext(updates)).value for _ in range(2)]
        assert brake == [False, True]
        await vehicle.shown_on(bus)
        assert bus.get("Vehicle.CurrentLocation.Longitude") == pytest.approx(24.9475, abs=1e-4)
        assert bus.get(SPEED) == 0
        await vehicle.reset()
        await vehicle.shown_on(bus)
        assert bus.get("Vehicle.CurrentLocation.Longitude") == 24.9375
        await until(lambda: bus.document("nav/route") is None)


async def test_fault_offline_fires_the_last_will_and_heals() -> None:
    async with running() as (vehicle, bus):
        await vehicle.inject("offline:climate")
        await until(lambda: not bus.owners["climate"].online)
        with pytest.raises(SignalStale):
            bus.get(TEMPERATURE)
        assert bus.get(WINDOW) == 0
        await vehicle.heal("offline:climate")
        await bus.set(TEMPERATURE, 23)
        assert bus.get(TEMPERATURE) == 23


async def test_fault_reject_jam_stuck_and_missing_are_told_apart() -> None:
    async with running() as (vehicle, bus):
        for fault in ("reject:climate", f"jam:{WINDOW}", f"stuck:{LOW_BEAM}", f"missing:{MASSAGE}"):
            await vehicle.inject(fault)
        with pytest.raises(CommandRejected, match="climate control unit refuses"):
            await bus.set(TEMPERATURE, 23)
        with pytest.raises(CommandTimeout, match="has not moved"):
            await bus.set(LOW_BEAM, True, ttl=1.0)
        await until(lambda: MASSAGE not in _known(bus))
        with pytest.raises(SignalAbsent):
            await bus.set(MASSAGE, 50)
        await bus.set(WINDOW, 100)
        await vehicle.settled()
        assert 0 < vehicle.snapshot()[WINDOW] < 100  # type: ignore[operator]
        await vehicle.heal()
        await bus.set(LOW_BEAM, True)
        await bus.set(WINDOW, 100)
        await vehicle.settled()
        assert vehicle.snapshot()[WINDOW] == 100


def _known(bus: VehicleBus) -> set[str]:
    found = set()
    for path in bus.catalogue:
        try:
            bus.get(path)
        except SignalAbsent:
            continue
        found.add(path)
    return found


async def test_fault_jam_of_what_is_instant_fails() -> None:
    async with running() as (vehicle, bus):
        lock = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"
        await vehicle.inject(f"jam:{lock}")
        with pytest.raises(CommandFailed, match="The driver's door lock is jammed"):
            await bus.set(lock, True)
        assert vehicle.snapshot()[lock] is False


async def test_fault_slow_delays_the_answer() -> None:
    async with running() as (vehicle, bus):
        await vehicle.inject("slow:lights=0.3")
        started = time.perf_counter()
        await bus.set(LOW_BEAM, True)
        assert time.perf_counter() - started >= 0.3
        with pytest.raises(CommandTimeout):
            await bus.set(LOW_BEAM, False, ttl=0.1)
        await vehicle.settled()
        assert vehicle.snapshot()[LOW_BEAM] is False


async def test_fault_duplicate_and_delay_leave_the_result_right() -> None:
    async with running(faults=["duplicate", "delay=0.1"]) as (_, bus):
        started = time.perf_counter()
        async with bus.traffic() as traffic:
            await bus.set(LOW_BEAM, True)
            assert time.perf_counter() - started >= 0.1
            acks = 0
            while acks < 2:
                message = await anext(traffic)
                acks += message.topic.endswith("/Low/IsOn/ack")
        assert bus.get(LOW_BEAM) is True


async def test_fault_broker_goes_and_all_comes_back() -> None:
    async with EmbeddedBroker() as broker:

        async def restart(seconds: float) -> None:
            await broker.__aexit__(None, None, None)
            await asyncio.sleep(seconds)
            await broker.__aenter__()

        async with (
            SimulatedVehicle(broker.settings, restart_broker=restart) as vehicle,
            VehicleBus(broker.settings) as bus,
        ):
            await bus.ready()
            await bus.set(TEMPERATURE, 24)
            await vehicle.inject("broker=0.2")
            await bus.ready()
            await vehicle.shown_on(bus)
            assert bus.get(TEMPERATURE) == 24
            await bus.set(TEMPERATURE, 22)


async def test_fault_broker_needs_an_embedded_one() -> None:
    async with running() as (vehicle, _):
        with pytest.raises(FaultInvalid, match="started here"):
            await vehicle.inject("broker")


async def test_ecus_in_two_processes_see_each_other() -> None:
    async with EmbeddedBroker() as broker:
        others = ["climate", "seats", "lights", "drivetrain", "location", "media"]
        async with (
            SimulatedVehicle(broker.settings, ecus=["body"]) as body,
            SimulatedVehicle(broker.settings, ecus=others) as rest,
            VehicleBus(broker.settings) as bus,
        ):
            await bus.ready()
            await rest.reset({SPEED: 50})
            await until(lambda: body.world.speed == 50)
            with pytest.raises(CommandRejected, match="moving"):
                await bus.set(TRUNK, True)
            with pytest.raises(SignalStale):
                bus.get("Vehicle.Exterior.AirTemperature")


async def test_vehicle_without_broker_says_so() -> None:
    async with EmbeddedBroker() as broker:
        settings = broker.settings
    with pytest.raises(BusUnreachable):
        async with SimulatedVehicle(settings, patience=0.3):
            pass


async def test_fault_in_the_physics_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_dt: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with running() as (vehicle, _):
            monkeypatch.setattr(vehicle, "_look_at_route", lambda: broken(0))
            await asyncio.sleep(0.15)
            await vehicle.settled()
