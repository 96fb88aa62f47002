"""The real map of central Helsinki: import, search and routes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.assets.store import AssetStore
from cockpit.settings import load_settings
from skills.navigation.geo import Point, distance_m
from skills.navigation.importer import import_map
from skills.navigation.places import Places
from skills.navigation.router import Router
from skills.navigation.schema import read_info
from vehicle_bus.errors import CockpitError

pytestmark = pytest.mark.models
pytest.importorskip("valhalla")

CAR = Point(60.1708, 24.9375)  # where the default vehicle stands


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        extract = AssetStore.from_settings(load_settings().assets).path("map-helsinki")
    except CockpitError as error:
        pytest.skip(f"the map is not in the asset store: {error.spoken}")
    root = tmp_path_factory.mktemp("maps")
    import_map(extract, root, "helsinki")
    return root / "helsinki"


@pytest.fixture
def places(helsinki: Path) -> Iterator[Places]:
    opened = Places(helsinki)
    yield opened
    opened.close()


def test_import_counts(helsinki: Path) -> None:
    counts = read_info(helsinki).counts
    assert counts["places"] > 1500
    assert counts["streets"] > 90
    assert counts["addresses"] > 500


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("central railway station", "Helsingin päärautatieasema"),
        ("the train station", "Helsingin päärautatieasema"),
        ("helsinki cathedral", "Helsingin tuomiokirkko"),
        ("cathedral", "Helsingin tuomiokirkko"),
        ("senate square", "Senaatintori"),
        ("stockmann", "Stockmann"),
        ("stock man department store", "Stockmann"),
        ("kiasma", "Kiasma"),
        ("hotel camp", "Hotel Kämp"),
        ("hard rock cafe", "Hard Rock Cafe Helsinki"),
        ("kamppi chapel", "Kampin kappeli"),
        ("mannerheimintie", "Mannerheimintie"),
        ("manner heim in tie", "Mannerheimintie"),
        ("fredrik in katu", "Fredrikinkatu"),
        ("aleksanterinkatu 52", "Aleksanterinkatu 52"),
        ("the biggest library", "Helsingin keskustakirjasto Oodi"),
        ("nearest metro station", "Rautatientori"),
    ],
)
async def test_search_finds_known_places(places: Places, text: str, name: str) -> None:
    found = await places.search(text, CAR)
    assert found[0].place.name == name


@pytest.mark.parametrize(
    "text",
    ["pharmacy", "car park", "charging station", "cash machine", "public toilet", "sushi", "hotel"],
)
async def test_search_by_kind_goes_outwards(places: Places, text: str) -> None:
    found = await places.search(text, CAR)
    away = [entry.distance_m for entry in found]
    assert len(away) >= 3
    assert away == sorted(away)


async def test_route_to_the_cathedral(helsinki: Path, places: Places) -> None:
    cathedral = (await places.search("helsinki cathedral", CAR))[0].place
    router = Router(helsinki)
    route = await router.route([CAR, cathedral.point])
    assert 800 < route.distance_m < 3000
    assert 60 < route.duration_s < 900
    assert distance_m(route.line[-1], cathedral.point) < 100
    assert all(step.instruction.endswith(".") for step in route.manoeuvres)
    assert any("onto" in step.instruction for step in route.manoeuvres)


async def test_route_reaches_every_cafe_and_goes_on(helsinki: Path, places: Places) -> None:
    router = Router(helsinki)
    kiasma = (await places.search("kiasma", CAR))[0].place
    cafes = await places.search("cafe", CAR, limit=100)
    assert len(cafes) > 60
    for cafe in cafes[:40]:
        await router.route([CAR, cafe.place.point, kiasma.point])


async def test_street_at_the_start_position(helsinki: Path) -> None:
    assert await Router(helsinki).street_at(CAR) == "Postikatu"


async def test_search_and_route_are_quick(helsinki: Path, places: Places) -> None:
    # Far above what is measured (about 10 and 5 ms); only a runaway fails.
    router = Router(helsinki)
    await router.route([CAR, Point(60.165, 24.94)])
    begun = time.perf_counter()
    for text in ("central railway station", "italian restaurant", "manner heim in tie"):
        await places.search(text, CAR)
        await router.route([CAR, Point(60.165, 24.94)])
    assert time.perf_counter() - begun < 3.0
