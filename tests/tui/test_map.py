"""The map panel: geometry, tiles of a made-up town, keys on the simulated car, pictures."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from cockpit.cli.vehicle import SimulatedWorld
from cockpit.ui.app import CockpitApp
from cockpit.ui.panels.map import SCALES, MapPanel, RoadMap
from cockpit.ui.panels.map_dots import Dots, View
from cockpit.ui.panels.map_guide import Guide
from cockpit.ui.panels.map_names import Names
from cockpit.ui.panels.map_tiles import Lines, Rank, RoadTiles, decode, degrees, mercator
from cockpit.ui.state import State
from skills.navigation.importer import import_map
from skills.navigation.schema import MapMissing
from tests.fakes.town import LATITUDE_STEP, LONGITUDE_STEP, SIZE, SOUTH, WEST, write_town
from tests.tui.dashboards import LARGE, SMALL, THEMES, StillApp, frozen_state, running, until

PLACE = "Vehicle.CurrentLocation"


def at(column: float, row: float) -> tuple[float, float]:
    """A crossing of the town."""
    return SOUTH + row * LATITUDE_STEP, WEST + column * LONGITUDE_STEP


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town, imported."""
    pytest.importorskip("valhalla")
    folder = tmp_path_factory.mktemp("town")
    write_town(folder / "town.osm.pbf")
    import_map(folder / "town.osm.pbf", folder, "helsinki")
    return folder / "helsinki"


def route_to(*crossings: tuple[float, float]) -> dict[str, Any]:
    """A route document along crossings of the town."""
    points = [at(*crossing) for crossing in crossings]
    last = len(points) - 1
    return {
        "destination": {"name": "Café Engel", "latitude": points[-1][0]},
        "stops": [],
        "line": {"type": "LineString", "coordinates": [[p[1], p[0]] for p in points]},
        "manoeuvres": [
            {"instruction": "Drive east on Katu 0.", "duration_s": 60.0, "begin": 0},
            {"instruction": "Turn left onto Mannerheimintie.", "duration_s": 90.0, "begin": 1},
            {"instruction": "Your destination is on the right.", "duration_s": 0.0, "begin": last},
        ],
        "distance_m": 1200.0,
        "duration_s": 150.0,
    }


# Geometry.


@pytest.mark.parametrize("place", [(0.0, 0.0), (60.17, 24.94), (-33.9, 151.2)])
def test_mercator_there_and_back(place: tuple[float, float]) -> None:
    assert degrees(*mercator(*place)) == pytest.approx(place)


def lines(*pieces: tuple[float, float, float, float], rank: Rank = Rank.MINOR) -> Lines:
    found = np.array(pieces)
    return Lines(found[:, :2], found[:, 2:], np.full(len(pieces), rank, np.uint8))


def drawn(dots: Dots) -> list[str]:
    signs, _ = dots.cells()
    return ["".join(map(chr, row)) for row in signs.tolist()]


UNIT = View(x=2.0, y=2.0, scale=1.0, width=2, height=1)
"""One dot a unit, four by four of them."""


def test_dots_of_a_diagonal() -> None:
    dots = Dots(UNIT)
    dots.draw(lines((0, 0, 3.5, 3.5)))
    assert drawn(dots) == ["⠑⢄"]


def test_dots_of_a_line_that_crosses_the_view_are_its_part_in_it() -> None:
    dots = Dots(UNIT)
    dots.draw(lines((-1e6, 1.5, 1e6, 1.5), (0, -5, 4, -5)))
    assert drawn(dots) == ["⠒⠒"]


def test_dots_of_a_route_stand_alone_in_their_cell() -> None:
    dots = Dots(UNIT)
    dots.draw(lines((0, 0, 3.9, 0)))
    dots.draw(lines((0, 3, 1.9, 3), rank=Rank.ROUTE))
    assert drawn(dots) == ["⣀⠉"]
    _, ranks = dots.cells()
    assert ranks.tolist() == [[Rank.ROUTE, Rank.MINOR]]


def test_tiles_of_a_view_are_those_in_sight_nearest_first() -> None:
    x, y = (5.2 / 16, 7.5 / 16)
    view = View(x, y, scale=16 * 100, width=60, height=20)  # 1.2 by 0.8 tiles
    assert view.tiles(4) == [(4, 5, 7), (4, 4, 7)]


def test_decode_of_damaged_tile_gives_nothing() -> None:
    assert not len(decode(b"", 14, 1, 1).rank)


# The town.


def test_roads_of_the_town_are_where_they_are(town: Path) -> None:
    x, y = mercator(*at(3.5, 3.5))
    around = 40_075_016.7 * math.cos(math.radians(SOUTH))
    view = View(x, y, around / 10, 80, 40)
    tiles = RoadTiles(town)
    found = [tiles.read(*tile) for tile in view.tiles(14)]
    pieces = np.concatenate([np.hstack((found.start, found.end)) for found in found])
    # Sixteen streets of 1400 m; tiles overlap a little at their edges.
    length = float(np.hypot(*(pieces[:, 2:] - pieces[:, :2]).T).sum()) * around
    streets = 2 * SIZE * (SIZE - 1) * 200
    assert streets * 0.98 < length < streets * 1.1
    corner = np.array(mercator(*at(0, 0)))
    assert np.abs(pieces.reshape(-1, 2) - corner).max(axis=1).min() * around < 2


def test_names_of_the_town(town: Path) -> None:
    view = View(*mercator(*at(3.5, 3.5)), 40_075_016.7 / 2 / 10, 80, 40)
    names = Names(town)
    found = {name.text: name for tile in view.tiles(14) for name in names.read(*tile)}
    names.close()
    assert found["Mannerheimintie"].street
    assert not found["Café Engel"].street
    assert "Burgerila" not in found  # nobody knows it


def test_map_without_roads_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(MapMissing, match="cockpit maps import"):
        RoadTiles(tmp_path)


# The route.


def test_progress_along_a_route() -> None:
    guide = Guide.of(route_to((0, 0), (3, 0), (3, 3)))
    assert guide is not None
    assert guide.length == pytest.approx(1200, rel=0.01)
    start = guide.progress(*at(0, 0))
    assert start.left == pytest.approx(guide.length)
    assert start.seconds == 150
    half = guide.progress(*at(1.5, 0.02))
    assert half.seconds == pytest.approx(120, abs=1)
    assert half.following is not None
    assert half.following.instruction == "Turn left onto Mannerheimintie."
    assert half.ahead == pytest.approx(300, rel=0.02)
    assert not half.off
    assert guide.progress(*at(1.5, 1.5)).off
    end = guide.progress(*at(3, 2.99))
    assert end.arrived


def test_split_of_a_route_meets_at_the_car() -> None:
    guide = Guide.of(route_to((0, 0), (3, 0), (3, 3)))
    assert guide is not None
    behind, ahead = guide.split(guide.length / 4)
    assert behind[-1].tolist() == ahead[0].tolist()
    assert len(behind) + len(ahead) == 5
    whole, rest = guide.split(guide.length)
    assert len(whole) == 3
    assert len(rest) == 1


@pytest.mark.parametrize(
    "document",
    [{}, {"line": None}, {"line": {"coordinates": [[24.9, 60.1]]}}, {"line": {"coordinates": "x"}}],
)
def test_route_that_cannot_be_drawn_is_none(document: dict[str, Any]) -> None:
    assert Guide.of(document) is None


# By keyboard, on the bus.


async def map_of(app: CockpitApp, pilot: Pilot[int]) -> RoadMap:
    await pilot.press("f5")
    await until(pilot, lambda: app.query(RoadMap) and app.query_one(RoadMap).has_focus)
    return app.query_one(RoadMap)


async def test_route_of_a_request_is_shown_and_followed(tmp_path: Path, town: Path) -> None:
    shutil.copytree(town, tmp_path / "maps" / "helsinki")
    async with running(tmp_path) as (app, pilot):
        assert app.cockpit is not None
        world = app.cockpit.world
        assert isinstance(world, SimulatedWorld)
        latitude, longitude = at(0, 0)
        place = {f"{PLACE}.Latitude": latitude, f"{PLACE}.Longitude": longitude}
        await world.car.vehicle.reset(place, hold=False)
        await pilot.press(*"navigate to cafe engel", "enter")
        road_map = await map_of(app, pilot)
        await until(pilot, lambda: road_map.lines and "Mannerheimintie" in road_map.canvas.text)
        assert "km · " in road_map.canvas.text  # what is left
        before = road_map.centre
        await world.drive()
        await until(pilot, lambda: road_map.centre != before)
        assert road_map.follow
        await pilot.press("right")
        assert not road_map.follow
        await until(pilot, lambda: "Arrived at Café Engel" in road_map.canvas.text)


async def test_keys_move_the_map(tmp_path: Path, town: Path) -> None:
    app = StillApp(in_town(), "map", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        road_map = await opened(app, pilot, town)
        start = road_map.centre
        assert start == pytest.approx(mercator(*at(1, 0)))
        await pilot.press("l", "down")
        assert road_map.centre is not None
        assert road_map.centre[0] > start[0]
        assert road_map.centre[1] > start[1]
        await pilot.press("f")
        assert road_map.centre == pytest.approx(start)
        await pilot.press("minus", "minus", "plus")
        assert road_map.metres == SCALES[SCALES.index(2.0) + 1]
        await pilot.press("g")
        picture = road_map.canvas.text
        assert "◉" in picture.splitlines()[2] + picture.splitlines()[3]  # the end, high up
        await pilot.press("n")
        assert "Katu" not in road_map.canvas.text.split("\n", 1)[1]


async def test_missing_map_is_told_in_one_line(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: app.query(MapPanel))
        panel = app.query_one(MapPanel)
        await until(pilot, lambda: panel.has_class("-unavailable"))
        assert "cockpit maps import FILE.osm.pbf" in (panel.unavailable(app.state) or "")


# Pictures.


def in_town() -> State:
    """The car in the town, on its way."""
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    latitude, longitude = at(1, 0)
    state.vehicle.values = {
        f"{PLACE}.Latitude": latitude,
        f"{PLACE}.Longitude": longitude,
        f"{PLACE}.Heading": 90.0,
    }
    state.vehicle.documents["nav/route"] = route_to((0, 0), (3, 0), (3, 3))
    return state


async def opened(app: CockpitApp, pilot: Pilot[int], town: Path) -> RoadMap:
    await until(pilot, lambda: app.query(MapPanel))
    panel = app.query_one(MapPanel)
    panel.open(town)
    await until(pilot, lambda: app.query_one(RoadMap).lines)
    road_map = app.query_one(RoadMap)
    await until(pilot, lambda: not set(road_map.tiles) - set(road_map.names))
    await pilot.pause()
    return road_map


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "220x60"])
def test_picture(
    snap_compare: Any, tmp_path: Path, town: Path, size: tuple[int, int], theme: str
) -> None:
    app = StillApp(in_town(), "map", theme, tmp_path)

    async def look(pilot: Pilot[int]) -> None:
        await opened(app, pilot, town)
        await pilot.press("minus")
        await until(
            pilot, lambda: not set(app.query_one(RoadMap).tiles) - set(app.query_one(RoadMap).names)
        )
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=look)


def test_picture_without_a_map(snap_compare: Any, tmp_path: Path) -> None:
    app = StillApp(frozen_state(), "map", THEMES[0], tmp_path)
    assert snap_compare(app, terminal_size=SMALL)
