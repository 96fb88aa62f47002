"""The car panel: by keyboard and pointer on the simulated car, and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot

from cockpit.ui.app import CockpitApp
from cockpit.ui.panels.vehicle import CarView, VehiclePanel
from cockpit.ui.state import State
from sim.start import start_state
from tests.tui.dashboards import LARGE, SMALL, THEMES, StillApp, frozen_state, running, until
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.seats import Seat

DOOR = "Vehicle.Cabin.Door.Row1.DriverSide"
WINDOW = f"{DOOR}.Window.Position"
SEAT = "Vehicle.Cabin.Seat.Row1.DriverSide"


async def car_of(app: CockpitApp, pilot: Pilot[int]) -> CarView:
    """The car panel with the focus."""
    await pilot.press("f4")
    await until(pilot, lambda: app.query(CarView) and app.query_one(CarView).things)
    view = app.query_one(CarView)
    await until(pilot, lambda: view.has_focus)
    return view


async def test_window_opens_by_keys_and_is_drawn_open(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        assert view.selected == "window-driver"
        await pilot.press("plus", "plus")
        await until(pilot, lambda: app.state.vehicle.values[WINDOW] == 20)
        await until(pilot, lambda: "20 % ✓ done" in view.canvas.text)
        assert "20%│" in view.canvas.text  # beside the window
        await pilot.press("enter")  # what is open is closed by one touch
        await until(pilot, lambda: app.state.vehicle.values[WINDOW] == 0)


async def test_keys_pressed_quickly_add_up(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        await pilot.press(*["plus"] * 7)
        await until(pilot, lambda: app.state.vehicle.values[WINDOW] == 70)
        await pilot.press("end")
        await until(pilot, lambda: app.state.vehicle.values[WINDOW] == 100)
        assert view.selected == "window-driver"


async def test_arrows_move_over_the_car_and_tab_over_controls(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        await pilot.press("right")
        assert view.selected == "seat-driver"
        await pilot.press("right")
        assert view.selected == "seat-passenger"
        view.select("seat-driver")
        await pilot.press("tab")
        assert view.chosen is not None
        assert view.chosen.path == f"{SEAT}.Massage.Level"
        await pilot.press("shift+tab", "plus")
        await until(pilot, lambda: app.state.vehicle.values[f"{SEAT}.HeatingCooling"] == 33)
        await until(pilot, lambda: "≈" in view.canvas.text)
        await pilot.press("minus", "minus")
        await until(pilot, lambda: app.state.vehicle.values[f"{SEAT}.HeatingCooling"] == -33)


async def test_every_thing_is_reached_by_arrows(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        seen, edge = {view.selected}, [view.selected]
        while edge:
            here = edge.pop()
            for x, y in ((0, -1), (0, 1), (-1, 0), (1, 0)):
                view.select(here)
                assert view.canvas  # painted anew, as on a screen
                view.action_go(x, y)
                if view.selected not in seen:
                    seen.add(view.selected)
                    edge.append(view.selected)
        assert seen == set(view.things)


async def test_refusal_of_an_ecu_is_told_where_it_was_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        assert app.cockpit is not None
        await app.cockpit.set(f"{DOOR}.IsLocked", True)
        view.select("door-driver")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ open" in view.canvas.text)
        assert "driver's door is locked." in " ".join(view.canvas.text.split())
        assert app.state.vehicle.values[f"{DOOR}.IsOpen"] is False


async def test_jam_on_the_way_is_told_where_it_was_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        assert app.cockpit is not None
        assert app.cockpit.world is not None
        await app.cockpit.world.inject(f"jam:{WINDOW}")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ 100 %" in view.canvas.text)
        assert 0 < float(str(app.state.vehicle.values[WINDOW])) < 100


async def test_dead_ecu_is_told_and_comes_back(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        assert app.cockpit is not None
        assert app.cockpit.world is not None
        await app.cockpit.world.inject("offline:body")
        await until(pilot, lambda: "isn't answering" in " ".join(view.canvas.text.split()))
        await app.cockpit.world.heal()
        await until(pilot, lambda: "isn't answering" not in view.canvas.text)


async def test_exact_value_is_typed(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        view.select("air-passenger")
        await pilot.press("e", *"23.4", "enter")
        path = "Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature"
        await until(pilot, lambda: app.state.vehicle.values[path] == 23.4)
        assert view.has_focus
        await pilot.press("e", *"99", "enter")
        await until(pilot, lambda: "between 16 and 28" in " ".join(view.canvas.text.split()))
        await pilot.press("e", "escape")
        assert view.has_focus


async def test_clicks_select_switch_and_set(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        lamps = view.area_of("headlights")
        assert lamps is not None
        await pilot.click(view, Offset(lamps.x + 2, lamps.y))
        assert view.selected == "headlights"
        await pilot.click(view, Offset(lamps.x + 2, lamps.y))
        path = "Vehicle.Body.Lights.Beam.Low.IsOn"
        await until(pilot, lambda: app.state.vehicle.values[path] is True)
        view.select("roof")
        await pilot.pause()
        bar = view.spots[0].bar
        assert bar is not None
        await pilot.click(view, Offset(bar.x + bar.width - 1, bar.y))
        await until(
            pilot, lambda: app.state.vehicle.values["Vehicle.Cabin.Sunroof.Position"] == 100
        )


async def test_values_of_the_bus_are_drawn_as_they_come(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        view = await car_of(app, pilot)
        assert app.cockpit is not None
        await app.cockpit.set("Vehicle.Body.Windshield.Front.Wiping.Mode", "FAST")
        await until(pilot, lambda: "wipers fast" in view.canvas.text)


# Pictures.


def busy_car() -> State:
    """A car in which much is open and on."""
    state = frozen_state()
    state.ready = True
    vehicle = state.vehicle
    vehicle.connected = True
    vehicle.catalogue = Catalogue.default()
    cabin, lights = "Vehicle.Cabin", "Vehicle.Body.Lights"
    battery = "Vehicle.Powertrain.TractionBattery"
    vehicle.values = start_state(Catalogue.default()) | {
        WINDOW: 40,
        f"{cabin}.Door.Row2.PassengerSide.IsOpen": True,
        f"{cabin}.Door.Row2.DriverSide.IsLocked": True,
        f"{SEAT}.HeatingCooling": 67,
        f"{SEAT}.Massage.Level": 33,
        f"{cabin}.Seat.Row1.PassengerSide.OccupancyStatus": "OCCUPIED",
        f"{cabin}.Seat.Row1.PassengerSide.HeatingCooling": -33,
        f"{cabin}.Seat.Row2.PassengerSide.OccupancyStatus": "OCCUPIED",
        f"{cabin}.Light.AmbientLight.Row2.PassengerSide.IsLightOn": True,
        f"{cabin}.Light.AmbientLight.Row2.PassengerSide.Color": "#8040FF",
        f"{cabin}.Light.Spotlight.Row1.DriverSide.IsLightOn": True,
        f"{cabin}.Sunroof.Position": 50,
        f"{cabin}.HVAC.IsAirConditioningActive": True,
        f"{cabin}.HVAC.Station.Row1.Passenger.Temperature": 23.5,
        f"{cabin}.HVAC.IsRearDefrosterActive": True,
        f"{lights}.Beam.Low.IsOn": True,
        f"{lights}.Fog.Rear.IsOn": True,
        f"{lights}.Hazard.IsSignaling": True,
        "Vehicle.Body.Windshield.Front.Wiping.Mode": "SLOW",
        "Vehicle.Body.Trunk.Rear.IsOpen": True,
        "Vehicle.Body.Mirrors.PassengerSide.IsFolded": True,
        "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure": 180,
        "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.IsPressureLow": True,
        f"{battery}.Charging.IsCharging": True,
        f"{battery}.Charging.ChargingPort.AnyPosition.IsChargingCableConnected": True,
    }
    state.listening_seat = Seat.PASSENGER
    return state


async def test_car_is_painted_again_only_for_what_it_shows(tmp_path: Path) -> None:
    state = busy_car()
    app = StillApp(state, "vehicle", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.query(CarView) and app.query_one(CarView).things)
        await pilot.pause()
        panel, view = app.query_one(VehiclePanel), app.query_one(CarView)
        before = view.canvas
        state.vehicle.values["Vehicle.CurrentLocation.Latitude"] = 1.0
        panel.update_from(state)
        assert view.canvas is before
        state.vehicle.values["Vehicle.Speed"] = 50.0
        panel.update_from(state)
        assert view.canvas is not before


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "220x60"])
def test_picture(snap_compare: Any, tmp_path: Path, size: tuple[int, int], theme: str) -> None:
    app = StillApp(busy_car(), "vehicle", theme, tmp_path)

    async def choose(pilot: Pilot[int]) -> None:
        await pilot.pause()
        await until(pilot, lambda: app.query_one(CarView).things)
        app.query_one(CarView).select("seat-driver")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=choose)


def test_picture_of_nothing_yet(snap_compare: Any, tmp_path: Path) -> None:
    app = StillApp(frozen_state(), "vehicle", THEMES[0], tmp_path)
    assert snap_compare(app, terminal_size=SMALL)
