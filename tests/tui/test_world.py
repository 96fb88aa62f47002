"""The world panel: pictures, and its main tasks by keyboard on the simulated car."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input, Static

from cockpit.cli.vehicle import SimulatedWorld
from cockpit.ui.app import CockpitApp
from cockpit.ui.cockpit import ScenarioEnd, ScenarioNews
from cockpit.ui.panels.rows import Rows
from cockpit.ui.panels.world import DialRows, EcuRows, FaultRows, ScenarioRows, WorldPanel
from cockpit.ui.panels.world_dials import CHARGE, OUTSIDE, RAIN
from sim.ecus import CLAIMS
from tests.fakes.world import PaperWorld
from tests.tui.cars import WINDOW, PaperApp, lines
from tests.tui.dashboards import SIZES, SMALL, THEMES, drawn, frozen_state, running, until
from vehicle_bus.records import OwnerState

SCENARIOS = """
- id: window-opens
  turns:
    - user: open my window
      expect: {signals: {Vehicle.Cabin.Door.Row1.DriverSide.Window.Position: 100}}
- id: window-stays
  turns:
    - user: open my window
      expect: {signals: {Vehicle.Cabin.Door.Row1.DriverSide.Window.Position: 0}}
"""


def paper(folder: Path, theme: str) -> PaperApp:
    """A world in which a window is jammed and one ECU is off, after a run of three scenarios."""
    world = PaperWorld()
    world.faults = (f"jam:{WINDOW}", "offline:media", "slow:climate=1.5")
    world.time_scale = 5.0
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    for name, owns in CLAIMS.items():
        state.vehicle.owners[name] = OwnerState(name, name != "media", owns)
    return PaperApp(state, "world", theme, folder, world)


def told(panel: WorldPanel) -> None:
    """Two scenarios have ended."""
    wrong = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature is 21, not 23."
    ends = {
        "warmer-passenger": ScenarioEnd((), "template", 12.0),
        "warmer-driver": ScenarioEnd((wrong,), "lm", 188.0),
    }
    panel._file = "warmth.yaml"
    for number, (name, end) in enumerate(ends.items(), 1):
        panel._told(ScenarioNews(name, number, len(ends), end))


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("theme", THEMES)
def test_world_looks_as_it_did(
    snap_compare: Callable[..., bool], tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    app = paper(tmp_path, theme)

    async def look(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: app.query(WorldPanel) and lines(app, EcuRows))
        told(app.query_one(WorldPanel))
        await drawn(pilot)

    assert snap_compare(app, terminal_size=size, run_before=look)


def test_world_of_a_real_car_looks_as_it_did(
    snap_compare: Callable[..., bool], tmp_path: Path
) -> None:
    app = PaperApp(frozen_state(), "world", THEMES[0], tmp_path)
    assert snap_compare(app, terminal_size=SMALL, run_before=drawn)


def line(app: CockpitApp, kind: type[Rows], word: str) -> str:
    """The first line of a list that begins with this word, but for a sign; else empty."""
    return next((text for text in lines(app, kind) if text.lstrip("●◌✗ ").startswith(word)), "")


def title(app: CockpitApp, kind: type[Rows]) -> str:
    """What stands above a list."""
    return Content.from_markup(str(app.query_one(kind).border_title)).plain


async def opened(app: CockpitApp, pilot: Pilot[int]) -> SimulatedWorld:
    await pilot.press("f9")
    await until(pilot, lambda: isinstance(app.focused, DialRows) and lines(app, DialRows))
    assert app.cockpit is not None
    world = app.cockpit.world
    assert isinstance(world, SimulatedWorld)
    return world


async def focus(app: CockpitApp, pilot: Pilot[int], kind: type[Rows], row: str = "") -> None:
    """Go to a list with Tab, and to a row of it with the arrow keys."""
    for _ in range(5):
        if isinstance(app.focused, kind):
            break
        await pilot.press("tab")
    rows = app.query_one(kind)
    assert rows.has_focus
    await pilot.press("home")
    for _ in range(len(rows.options)):
        if not row or rows.row == row:
            return
        await pilot.press("down")
    raise AssertionError(f"no row {row}")


async def asked(app: CockpitApp, pilot: Pilot[int], *keys: str) -> None:
    """Press a key that opens a question, type the answer, and take it."""
    await pilot.press(keys[0])
    await until(pilot, lambda: isinstance(app.focused, Input))
    await pilot.press(*keys[1:], "enter")


async def test_ecu_is_switched_off_and_comes_back(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        world = await opened(app, pilot)
        await focus(app, pilot, EcuRows, "body")
        await pilot.press("space")
        await until(pilot, lambda: line(app, EcuRows, "body").endswith("off"))
        assert world.faults == ("offline:body",)
        await until(pilot, lambda: not app.state.vehicle.owners["body"].online)
        await pilot.press("space")
        await until(pilot, lambda: line(app, EcuRows, "body").endswith(" on"))
        assert app.state.vehicle.owners["body"].online


async def test_window_is_jammed_by_words_and_healed(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        world = await opened(app, pilot)
        await focus(app, pilot, FaultRows)
        await asked(app, pilot, "a", *"jam driver window")
        await until(pilot, lambda: world.faults == (f"jam:{WINDOW}",))
        await until(pilot, lambda: "jam driver window position" in lines(app, FaultRows)[0])
        await focus(app, pilot, FaultRows)
        await pilot.press("d")
        await until(pilot, lambda: world.faults == ())
        await until(pilot, lambda: "Nothing is wrong." in lines(app, FaultRows)[0])


async def test_fault_that_means_nothing_is_told_where_it_is_typed(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        world = await opened(app, pilot)
        await focus(app, pilot, FaultRows)
        await asked(app, pilot, "a", *"offline=climat")
        await until(pilot, lambda: "ECU" in str(app.screen.query_one("#fault", Static).visual))
        await pilot.press("escape")
        assert world.faults == ()


async def test_weather_and_dials_change_what_the_car_measures(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        values = app.state.vehicle.values
        await focus(app, pilot, DialRows, "weather")
        before = values.get(OUTSIDE), values.get(RAIN)
        await pilot.press("right")
        await until(pilot, lambda: (values.get(OUTSIDE), values.get(RAIN)) != before)
        await focus(app, pilot, DialRows, "Battery")
        await asked(app, pilot, "enter", *"15")
        await until(pilot, lambda: values.get(CHARGE) == pytest.approx(15, abs=0.5))
        await until(pilot, lambda: line(app, DialRows, "Battery").endswith("15 %"))


async def test_time_runs_faster_and_as_on_the_wall(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        world = await opened(app, pilot)
        assert world.time_scale == 20
        await focus(app, pilot, DialRows, "time")
        await pilot.press("enter")
        await until(pilot, lambda: line(app, DialRows, "Time").endswith(" 1 ×"))
        await pilot.press("right")
        await until(pilot, lambda: world.time_scale == 2)


async def test_signal_of_any_name_is_changed(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        await focus(app, pilot, DialRows, "any")
        await asked(app, pilot, "enter", *"ambient air temp")
        await until(pilot, lambda: "now" in app.screen.query_one(Input).placeholder)
        await pilot.press(*"31", "enter")
        path = "Vehicle.Cabin.HVAC.AmbientAirTemperature"
        await until(pilot, lambda: app.state.vehicle.values[path] == pytest.approx(31, abs=2))


async def test_signal_of_no_name_is_told_where_it_is_typed(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        await focus(app, pilot, DialRows, "any")
        await asked(app, pilot, "enter", *"no such thing")
        await until(pilot, lambda: "Nothing is" in str(app.screen.query_one("#fault").render()))
        await pilot.press("escape")


async def test_drive_names_itself_beside_a_destination_of_any_length(tmp_path: Path) -> None:
    app = paper(tmp_path, THEMES[0])
    goal = {"destination": {"name": "Helsinki Central Railway Station, the northern entrance"}}
    app.state.vehicle.documents["nav/route"] = goal
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: line(app, DialRows, "Drive ").endswith("…"))


async def test_drive_without_a_route_asks_where_to_and_tells_what_is_in_the_way(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (app, pilot):
        world = await opened(app, pilot)
        await focus(app, pilot, DialRows, "drive")
        await asked(app, pilot, "enter", *"mannerheimintie")
        await until(pilot, lambda: app.state.last_turn is not None)
        await until(pilot, lambda: app._notifications)
        assert not world.driving


async def test_scenarios_of_a_file_are_run_and_watched(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(SCENARIOS)
    async with running(tmp_path) as (app, pilot):
        world = await opened(app, pilot)
        await focus(app, pilot, ScenarioRows)
        await asked(app, pilot, "r", *str(file))
        await until(pilot, lambda: "1 passed, 1 failed" in title(app, ScenarioRows))
        assert line(app, ScenarioRows, "window-stays").endswith("1 wrong")
        await focus(app, pilot, ScenarioRows, "window-stays")
        await until(pilot, lambda: app.query_one("#why", Static).display)
        assert "Window.Position" in str(app.query_one("#why", Static).visual)
        await pilot.press("f")
        await until(pilot, lambda: len(lines(app, ScenarioRows)) == 1)
        assert "failed window-stays" in app.query_one(WorldPanel).copy_text()
        # The car is as it was.
        await until(pilot, lambda: world.truth()[WINDOW] == 0)


async def test_file_that_is_no_scenario_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("turns: 3")
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        await focus(app, pilot, ScenarioRows)
        await asked(app, pilot, "r", *str(file))
        await until(pilot, lambda: app._notifications)
        assert "bad.yaml" in str(next(iter(app._notifications)).message)
