"""Import, search, routes and the navigation functions on a made-up town."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.agent.resources import SessionResources
from skills.api import AnswerNeeded, Context, Environment, NotFound, SkillError, Status
from skills.navigation import SKILL, functions
from skills.navigation.geo import Point, distance_m
from skills.navigation.importer import ImportFailed, Progress, import_map, installed_maps
from skills.navigation.places import Places
from skills.navigation.replies import REPLIES
from skills.navigation.router import NoRoute, Router
from skills.navigation.saved import SavedPlaces
from skills.navigation.schema import MapMissing, read_info
from skills.navigation.trip import ActiveRoute
from tests.fakes.town import LATITUDE_STEP, LONGITUDE_STEP, SOUTH, WEST, write_town
from tests.fakes.vehicle import FakeVehicle, make_context

pytest.importorskip("valhalla")

LATITUDE = "Vehicle.CurrentLocation.Latitude"
LONGITUDE = "Vehicle.CurrentLocation.Longitude"
DESTINATION = "Vehicle.Cabin.Infotainment.Navigation.DestinationSet"
CORNER = Point(SOUTH, WEST)


def at(column: float, row: float) -> Point:
    return Point(SOUTH + row * LATITUDE_STEP, WEST + column * LONGITUDE_STEP)


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("extract") / "town.osm.pbf"
    write_town(path)
    return path


@pytest.fixture(scope="module")
def town(extract: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("maps")
    import_map(extract, root, "town")
    return root / "town"


@pytest.fixture
def places(town: Path) -> Iterator[Places]:
    opened = Places(town)
    yield opened
    opened.close()


@pytest.fixture
def vehicle() -> FakeVehicle:
    vehicle = FakeVehicle()
    vehicle.state |= {LATITUDE: CORNER.latitude, LONGITUDE: CORNER.longitude}
    vehicle.state |= {f"{DESTINATION}.Latitude": 0.0, f"{DESTINATION}.Longitude": 0.0}
    return vehicle


@pytest.fixture
async def ctx(town: Path, vehicle: FakeVehicle, tmp_path: Path) -> AsyncIterator[Context]:
    made = make_context(vehicle, data_dir=tmp_path)
    environment = Environment(data_dir=tmp_path, map_dir=town, clock=made.clock)
    async with SessionResources.open(environment) as resources:
        yield replace(made, environment=environment, resources=resources)


def drive_to(vehicle: FakeVehicle, point: Point) -> None:
    vehicle.state |= {LATITUDE: point.latitude, LONGITUDE: point.longitude}


# --- import ------------------------------------------------------------------------------


def test_import_counts_what_the_extract_holds(town: Path) -> None:
    info = read_info(town)
    # All but the bench, the private car park and the two bare addresses; and the park.
    assert info.counts == {"places": 13, "named_places": 11, "streets": 16, "addresses": 2}
    assert info.attribution == "© OpenStreetMap contributors (ODbL)"
    assert info.box.south == pytest.approx(SOUTH)
    assert re.fullmatch(r"[0-9a-f]{64}", info.source_sha256)


def test_import_reports_every_stage(extract: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    import_map(extract, tmp_path, "town", seen.append)
    assert [step.step for step in seen if step.objects is None] == [1, 2, 3, 4]
    assert any(step.objects is not None for step in seen)


def test_import_replaces_the_older_map_and_leaves_nothing_behind(
    extract: Path, tmp_path: Path
) -> None:
    import_map(extract, tmp_path, "town")
    (tmp_path / "town" / "old").touch()
    import_map(extract, tmp_path, "town")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["town"]
    assert sorted(entry.name for entry in (tmp_path / "town").iterdir()) == [
        "map.json",
        "places.sqlite",
        "tiles",
    ]
    assert [info.name for info in installed_maps(tmp_path)] == ["town"]


@pytest.mark.parametrize("content", [b"", b"no map at all", bytes(5000)])
def test_import_of_a_bad_file_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(content)
    with pytest.raises(ImportFailed, match=r"^bad\.osm\.pbf .*\.$"):
        import_map(bad, tmp_path / "maps", "bad")
    assert list((tmp_path / "maps").iterdir()) == []


def test_import_of_a_damaged_file_keeps_the_older_map(extract: Path, tmp_path: Path) -> None:
    import_map(extract, tmp_path, "town")
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(extract.read_bytes()[:-40])
    with pytest.raises(ImportFailed):
        import_map(cut, tmp_path, "town")
    assert read_info(tmp_path / "town").source == "town.osm.pbf"


def test_import_under_a_bad_name_is_refused(extract: Path, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="lower-case"):
        import_map(extract, tmp_path, "../town")


def test_open_without_map_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(MapMissing, match="cockpit maps import"):
        Places(tmp_path)


def test_open_of_a_damaged_map_says_so(town: Path, tmp_path: Path) -> None:
    (tmp_path / "map.json").write_bytes((town / "map.json").read_bytes())
    (tmp_path / "places.sqlite").write_bytes(b"not a database at all")
    with pytest.raises(MapMissing, match="damaged"):
        Places(tmp_path)


# --- search ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the railway station", "Rautatieasema"),
        ("train station", "Rautatieasema"),
        ("testby railway station", "Rautatieasema"),
        ("nearest chemist", "Apteekki Omena"),
        ("a drugstore", "Apteekki Omena"),
        ("university pharmacy", "Yliopiston apteekki"),
        ("coffee shop", "Kahvila Kukka"),
        ("cafe engel", "Café Engel"),
        ("italian restaurant", "Luigi"),
        ("pizza", "Luigi"),
        ("mannerheim intie", "Mannerheimintie"),
        ("manner heim in tea", "Mannerheimintie"),
        ("central park", "Keskuspuisto"),
        ("keskus puisto", "Keskuspuisto"),
        ("katu 5", "Katu 5"),
    ],
)
async def test_search_finds_what_is_meant(places: Places, text: str, name: str) -> None:
    found = await places.search(text, CORNER)
    assert found[0].place.name == name


async def test_search_by_kind_is_sorted_by_distance(places: Places) -> None:
    found = await places.search("pharmacy", at(6, 5))
    assert [entry.place.name for entry in found] == ["Yliopiston apteekki", "Apteekki Omena"]
    assert found[0].distance_m == pytest.approx(200, abs=2)


async def test_search_leaves_out_what_nobody_may_use(places: Places) -> None:
    found = await places.search("parking", CORNER)
    assert len(found) == 1
    assert found[0].place.address == "Katu 0"  # the closest street


async def test_search_takes_the_area_by_its_middle(places: Places) -> None:
    park = (await places.search("central park", CORNER))[0].place
    assert distance_m(park.point, at(2.5, 4.5)) < 2


@pytest.mark.parametrize("text", ["katu 2 4b", "katu 2 number 4", "4 katu 2"])
async def test_search_finds_an_address(places: Places, text: str) -> None:
    found = await places.search(text.replace("number ", ""), CORNER)
    assert found[0].place.name == "Katu 2 4b"


@pytest.mark.parametrize("text", ["zxqwv", "the", "", "elephant museum of lyon", '"; DROP'])
async def test_search_for_nonsense_finds_nothing(places: Places, text: str) -> None:
    assert await places.search(text, CORNER) == []


# --- routes ------------------------------------------------------------------------------


async def test_route_follows_the_streets(town: Path) -> None:
    route = await Router(town).route([at(0, 0), at(3, 2)])
    assert route.distance_m == pytest.approx(1000, rel=0.02)
    assert route.duration_s > 30
    assert distance_m(route.line[-1], at(3, 2)) < 10
    assert route.manoeuvres[-1].arrival
    assert any("Turn" in step.instruction for step in route.manoeuvres)
    assert route.geojson["type"] == "LineString"
    assert route.geojson["coordinates"][0] == pytest.approx([WEST, SOUTH], abs=1e-4)  # type: ignore[index]


async def test_route_via_a_stop_passes_it(town: Path) -> None:
    route = await Router(town).route([at(0, 0), at(0, 6), at(6, 6)])
    assert min(distance_m(point, at(0, 6)) for point in route.line) < 5
    assert sum(step.arrival for step in route.manoeuvres) == 2


async def test_route_to_where_no_road_is_says_so(town: Path) -> None:
    with pytest.raises(NoRoute, match="can't find a way"):
        await Router(town).route([at(0, 0), Point(61.5, 26.0)])


async def test_street_at_names_the_street(town: Path) -> None:
    assert await Router(town).street_at(at(1.5, 4)) == "Katu 4"


# --- functions ---------------------------------------------------------------------------


async def test_go_to_starts_guidance_and_publishes_it(ctx: Context, vehicle: FakeVehicle) -> None:
    result = await functions.go_to(ctx, "railway station")
    assert result.status is Status.DONE
    assert result.destination.name_en == "Testby Railway Station"
    document = vehicle.documents["nav/route"]
    assert document is not None
    assert document["destination"]["name"] == "Rautatieasema"  # type: ignore[index]
    assert document["line"]["coordinates"]  # type: ignore[index]
    assert document["distance_m"] == pytest.approx(1000, rel=0.1)
    assert vehicle.state[f"{DESTINATION}.Latitude"] == result.destination.latitude
    assert (await ctx.resources.get(ActiveRoute)).destination == result.destination
    assert REPLIES[type(result)](result).startswith("Navigating to Testby Railway Station")


async def test_go_to_works_in_a_car_without_destination_signals(
    ctx: Context, vehicle: FakeVehicle
) -> None:
    vehicle.without("DestinationSet")
    assert (await functions.go_to(ctx, "pharmacy")).status is Status.DONE


async def test_go_to_that_the_car_rejects_starts_nothing(
    ctx: Context, vehicle: FakeVehicle
) -> None:
    reason = "The destination can't be changed now."
    vehicle.outcomes[f"{DESTINATION}.Latitude"] = (Status.REJECTED, reason)
    result = await functions.go_to(ctx, "pharmacy")
    assert result.status is Status.REJECTED
    assert reason in REPLIES[type(result)](result)
    assert "nav/route" not in vehicle.documents
    assert (await ctx.resources.get(ActiveRoute)).destination is None


async def test_go_to_asks_between_far_apart_places_of_one_name(ctx: Context) -> None:
    with pytest.raises(AnswerNeeded) as asked:
        await functions.go_to(ctx, "burgerila")
    assert len(asked.value.choices) == 2
    result = await functions.go_to(ctx, **asked.value.choices[1].args)  # type: ignore[arg-type]
    assert distance_m(result.destination.point, at(6.1, 3.1)) < 5


async def test_go_to_the_nearest_does_not_ask(ctx: Context) -> None:
    result = await functions.go_to(ctx, "the nearest burgerila")
    assert distance_m(result.destination.point, at(1.1, 2.1)) < 5


async def test_go_to_an_unknown_place_says_what_to_do(ctx: Context) -> None:
    with pytest.raises(NotFound, match="can't find zxqwv on the map"):
        await functions.go_to(ctx, "zxqwv")


async def test_go_to_a_kind_that_the_map_lacks_says_so(ctx: Context) -> None:
    with pytest.raises(NotFound, match="no petrol station"):
        await functions.go_to(ctx, "gas station")


async def test_go_to_a_house_number_that_is_missing_asks(ctx: Context) -> None:
    with pytest.raises(AnswerNeeded, match="closest it has is Katu 2 8"):
        await functions.go_to(ctx, "katu 2 9")


async def test_go_to_near_a_place_takes_the_closest_to_it(ctx: Context) -> None:
    result = await functions.go_to(ctx, "cafe", near="luigi")
    assert result.destination.name == "Café Engel"


async def test_go_to_understands_near_within_the_text(ctx: Context) -> None:
    result = await functions.go_to(ctx, "pharmacy close to central park")
    assert result.destination.name == "Apteekki Omena"


async def test_go_to_via_takes_the_stop_with_the_smallest_detour(ctx: Context) -> None:
    result = await functions.go_to(ctx, "university pharmacy via a cafe")
    assert [stop.name for stop in result.stops] == ["Café Engel"]


async def test_go_home_without_home_says_how_to_set_it(ctx: Context) -> None:
    with pytest.raises(NotFound, match="save this place as home"):
        await functions.go_to(ctx, "home")


async def test_save_here_as_home_then_go_home(ctx: Context, vehicle: FakeVehicle) -> None:
    drive_to(vehicle, at(7, 4))
    saved = await functions.save_place(ctx, "my house")
    assert saved.name == "home"
    assert saved.address in ("Katu 4", "Tie 7")
    drive_to(vehicle, CORNER)
    result = await functions.go_to(ctx, "home")
    assert distance_m(result.destination.point, at(7, 4)) < 1
    assert REPLIES[type(result)](result).startswith("Navigating home")


async def test_saved_places_survive_and_can_be_undone(ctx: Context, tmp_path: Path) -> None:
    await functions.save_place(ctx, "work", "luigi")
    assert SavedPlaces(tmp_path).names() == ("work",)
    await ctx.journal.reverts[-1]()  # type: ignore[attr-defined]
    assert SavedPlaces(tmp_path).names() == ()


async def test_forget_place_that_is_not_saved_says_so(ctx: Context) -> None:
    with pytest.raises(NotFound, match="no saved place called grandma"):
        await functions.forget_place(ctx, "grandma")


async def test_search_offers_three_and_starts_the_chosen_one(ctx: Context) -> None:
    with pytest.raises(AnswerNeeded, match="Which one") as asked:
        await functions.search(ctx, "cafes")
    labels = [choice.label for choice in asked.value.choices]
    assert labels == ["Kahvila Kukka on Katu 0", "Café Engel on Katu 3"]
    result = await functions.search(ctx, **asked.value.choices[1].args)  # type: ignore[arg-type]
    assert result.destination.name == "Café Engel"


async def test_search_for_the_nearest_offers_it(ctx: Context, vehicle: FakeVehicle) -> None:
    with pytest.raises(AnswerNeeded, match="nearest pharmacy is Apteekki Omena") as asked:
        await functions.search(ctx, "nearest pharmacy")
    assert len(asked.value.choices) == 1
    assert vehicle.documents == {}


async def test_add_and_remove_stop_change_the_route(ctx: Context) -> None:
    direct = await functions.go_to(ctx, "railway station")
    added = await functions.add_stop(ctx, "central park")
    assert [stop.name for stop in added.stops] == ["Keskuspuisto"]
    assert added.distance_m > direct.distance_m
    assert added.destination == direct.destination
    removed = await functions.remove_stop(ctx)
    assert removed.stops == ()
    assert removed.distance_m == pytest.approx(direct.distance_m)
    with pytest.raises(NotFound, match="no stops"):
        await functions.remove_stop(ctx)


async def test_add_stop_without_route_makes_it_the_destination(ctx: Context) -> None:
    result = await functions.add_stop(ctx, "luigi")
    assert result.destination.name == "Luigi"


async def test_remove_stop_asks_which_of_several(ctx: Context) -> None:
    await functions.go_to(ctx, "university pharmacy")
    await functions.add_stop(ctx, "luigi")
    await functions.add_stop(ctx, "cafe engel")
    with pytest.raises(AnswerNeeded, match="Which stop") as asked:
        await functions.remove_stop(ctx)
    assert len(asked.value.choices) == 2
    left = await functions.remove_stop(ctx, "luigi")
    assert [stop.name for stop in left.stops] == ["Café Engel"]
    assert (await functions.remove_stop(ctx, every=True)).stops == ()


async def test_cancel_clears_the_route_and_undo_brings_it_back(
    ctx: Context, vehicle: FakeVehicle
) -> None:
    await functions.go_to(ctx, "luigi")
    result = await functions.cancel(ctx)
    assert result.status is Status.DONE
    assert vehicle.documents["nav/route"] is None
    await ctx.journal.reverts[-1]()  # type: ignore[attr-defined]
    assert vehicle.documents["nav/route"] is not None
    await functions.cancel(ctx)
    assert (await functions.cancel(ctx)).status is Status.ALREADY


async def test_undo_of_go_to_clears_the_route(ctx: Context, vehicle: FakeVehicle) -> None:
    await functions.go_to(ctx, "luigi")
    for revert in reversed(ctx.journal.reverts):  # type: ignore[attr-defined]
        await revert()
    assert vehicle.documents["nav/route"] is None


async def test_eta_and_distance_shrink_on_the_way(ctx: Context, vehicle: FakeVehicle) -> None:
    started = await functions.go_to(ctx, "railway station")
    before = await functions.eta(ctx)
    assert before.distance_m == pytest.approx(started.distance_m, rel=0.05)
    drive_to(vehicle, at(3, 0))
    after = await functions.distance_left(ctx)
    assert after.distance_m == pytest.approx(400, abs=30)
    assert after.duration_s < before.duration_s
    drive_to(vehicle, started.destination.point)
    assert (await functions.eta(ctx)).arrived


async def test_eta_off_the_route_counts_from_where_the_car_is(
    ctx: Context, vehicle: FakeVehicle
) -> None:
    await functions.go_to(ctx, "railway station")
    drive_to(vehicle, at(5, 7))
    assert (await functions.distance_left(ctx)).distance_m == pytest.approx(1400, rel=0.1)


async def test_questions_without_route_say_so(ctx: Context) -> None:
    for ask in (functions.eta, functions.next_instruction, functions.route_overview):
        with pytest.raises(SkillError, match="no route at the moment"):
            await ask(ctx)


async def test_next_instruction_names_the_turn_and_how_far_it_is(
    ctx: Context, vehicle: FakeVehicle
) -> None:
    await functions.go_to(ctx, "katu 2 8")
    line = (await ctx.resources.get(ActiveRoute)).trip.route.line
    drive_to(vehicle, line[1])
    result = await functions.next_instruction(ctx)
    assert re.match(
        r"In (\d+ metres|1 kilometre), turn (left|right) onto ", REPLIES[type(result)](result)
    )


async def test_travel_to_starts_nothing(ctx: Context, vehicle: FakeVehicle) -> None:
    result = await functions.travel_to(ctx, "railway station")
    assert result.distance_m == pytest.approx(1000, rel=0.1)
    assert vehicle.documents == {}
    assert (await ctx.resources.get(ActiveRoute)).destination is None


async def test_where_am_i_names_street_and_landmark(ctx: Context, vehicle: FakeVehicle) -> None:
    drive_to(vehicle, at(3.1, 3))
    result = await functions.where_am_i(ctx)
    assert REPLIES[type(result)](result) == "You are on Katu 3, near Café Engel."
    where = await functions.where_am_i(ctx, coordinates=True)
    assert "60.0054 degrees north" in REPLIES[type(where)](where)


async def test_route_overview_names_the_main_streets(ctx: Context) -> None:
    await functions.go_to(ctx, "railway station")
    result = await functions.route_overview(ctx)
    assert "Katu 0" in result.streets


def test_questions_are_marked_as_such() -> None:
    questions = {name for name, function in SKILL.functions.items() if function.question}
    assert questions == {
        f"navigation.{name}"
        for name in (
            *("saved_places", "eta", "distance_left", "travel_to"),
            *("next_instruction", "route_overview", "where_am_i"),
        )
    }
