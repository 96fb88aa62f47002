"""Names, kinds of places and geometry: what the map search is made of."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from skills import navigation
from skills.navigation.categories import vocabulary
from skills.navigation.geo import Point, compass, cumulative_m, distance_m, project
from skills.navigation.matching import fold, name_score
from skills.navigation.places import Place
from skills.navigation.router import Manoeuvre, Route, decode_polyline, read_route
from skills.navigation.saved import SavedPlaces, SavedPlacesDamaged, canonical
from skills.navigation.trip import Trip


def test_fold_drops_accents_and_signs() -> None:
    assert fold("Café  Ångström's & Söner") == "cafe angstroms and soner"


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("manner heim in tie", "Mannerheimintie"),
        ("fredrik in kato", "Fredrikinkatu"),
        ("hotel camp", "Hotel Kämp"),
        ("stock man", "Stockmann"),
        ("alexanterin katu", "Aleksanterinkatu"),
    ],
)
def test_name_score_forgives_what_a_recogniser_makes_of_a_name(heard: str, name: str) -> None:
    assert name_score(fold(heard), fold(name)) >= 78


@pytest.mark.parametrize(
    ("heard", "name"), [("museum", "Stockmann"), ("bulevardi", "Kaivokatu"), ("", "Kiasma")]
)
def test_name_score_keeps_other_names_apart(heard: str, name: str) -> None:
    assert name_score(fold(heard), fold(name)) < 60


@pytest.mark.parametrize(
    ("text", "label", "nearest"),
    [
        ("the nearest chemist", "pharmacy", True),
        ("petrol station", "petrol station", False),
        ("a gas station near me", "petrol station", True),
        ("some good coffee shops around here", "cafe", True),
        ("cash machine", "atm", False),
        ("an Indian restaurant", "indian restaurant", False),
        ("sushi place", "sushi restaurant", False),
        ("places to eat", None, False),
        ("train station", "railway station", False),
        ("Kiasma", None, False),
    ],
)
def test_parse_finds_the_kind(text: str, label: str | None, nearest: bool) -> None:
    wanted = vocabulary().parse(text)
    assert (wanted.category.label if wanted.category else None) == label or label is None
    assert wanted.nearest is nearest


def test_parse_keeps_what_stands_beside_the_kind() -> None:
    wanted = vocabulary().parse("the hakaniemi pharmacy")
    assert wanted.category is not None
    assert (wanted.category.label, wanted.rest) == ("pharmacy", "hakaniemi")
    assert vocabulary().parse("the main library").chief


def test_apart_splits_a_kind_from_the_place_beside_it() -> None:
    words = vocabulary()
    assert words.apart("parking next to the opera") == ("parking", "the opera")
    assert words.apart("parking near me") is None
    assert words.apart("marks at spencer") is None


def test_every_kind_in_the_sentences_is_in_the_vocabulary() -> None:
    path = Path(navigation.__file__).with_name("sentences.yaml")
    kinds = yaml.safe_load(path.read_text(encoding="utf-8"))["lists"]["nav_kind"]["values"]
    assert len(kinds) > 1000
    unknown = [
        kind
        for kind in kinds
        if (wanted := vocabulary().parse(str(kind))).category is None or wanted.rest
    ]
    assert unknown == []


def test_distance_and_direction() -> None:
    helsinki, tallinn = Point(60.1699, 24.9384), Point(59.4370, 24.7536)
    assert distance_m(helsinki, tallinn) == pytest.approx(82_200, rel=0.005)
    assert compass(helsinki, tallinn) == "south"


def test_project_finds_segment_and_distance() -> None:
    line = [Point(60.0, 24.0), Point(60.0, 24.01), Point(60.01, 24.01)]
    lengths = cumulative_m(line)
    on_line = project(line, Point(60.005, 24.0109))
    assert on_line.segment == 1
    assert on_line.off_m == pytest.approx(50, abs=1)
    assert on_line.along_m == pytest.approx(lengths[1] + 556, abs=2)


def test_project_on_an_empty_line_is_an_error() -> None:
    with pytest.raises(ValueError, match="points"):
        project([], Point(0, 0))


def test_decode_polyline_of_six_decimals() -> None:
    # The example of Google's description, whose five decimals are six here.
    points = list(decode_polyline("_p~iF~ps|U_ulLnnqC_mqNvxq`@"))
    assert points[0] == pytest.approx((3.85, -12.02))
    assert points[2] == pytest.approx((4.3252, -12.6453))


def test_read_route_joins_legs() -> None:
    step = {"instruction": "Go.", "length": 0.1, "time": 9.0, "begin_shape_index": 0, "type": 1}
    end = {**step, "instruction": "Arrive.", "length": 0, "time": 0, "type": 4}
    leg = {
        "shape": "_p~iF~ps|U_ulLnnqC_mqNvxq`@",
        "maneuvers": [step, {**end, "begin_shape_index": 2}],
    }
    answer = {"trip": {"legs": [leg, leg], "summary": {"length": 0.2, "time": 18.0}}}
    route = read_route(answer)
    assert len(route.line) == 5
    assert [step.begin for step in route.manoeuvres] == [0, 2, 2, 4]
    assert route.distance_m == 200


def _place(name: str, latitude: float, longitude: float) -> Place:
    return Place(f"osm:{name}", name, "", "cafe", "", latitude, longitude)


@pytest.fixture
def trip() -> Trip:
    """Two kilometres east along one street, a stop after one."""
    line = tuple(Point(0.0, index * 0.009) for index in range(3))
    manoeuvres = (
        Manoeuvre("Drive east.", ("A",), 1000, 60, 0, arrival=False),
        Manoeuvre("You have arrived at the stop.", (), 0, 0, 1, arrival=True),
        Manoeuvre("Drive east.", ("A",), 1000, 60, 1, arrival=False),
        Manoeuvre("You have arrived.", (), 0, 0, 2, arrival=True),
    )
    stop, goal = _place("stop", 0.0, 0.009), _place("goal", 0.0, 0.018)
    return Trip(goal, (stop,), Route(line, manoeuvres, 2000, 120))


def test_progress_at_the_start(trip: Trip) -> None:
    progress = trip.progress(Point(0.0, 0.0))
    assert progress.distance_m == pytest.approx(2001, abs=3)
    assert progress.duration_s == pytest.approx(120)
    assert [stop.name for stop in progress.stops_ahead] == ["stop"]
    assert not progress.begun
    assert not progress.arrived


def test_progress_behind_the_stop(trip: Trip) -> None:
    progress = trip.progress(Point(0.0, 0.0135))
    assert progress.distance_m == pytest.approx(500, abs=3)
    assert progress.duration_s == pytest.approx(30, abs=1)
    assert progress.stops_ahead == ()
    assert progress.following is not None
    assert progress.following.instruction == "You have arrived."


def test_progress_beside_the_line_is_off_route(trip: Trip) -> None:
    assert trip.progress(Point(0.001, 0.009)).off_route
    assert not trip.progress(Point(0.0002, 0.009)).off_route


def test_progress_at_the_end_has_arrived(trip: Trip) -> None:
    assert trip.progress(Point(0.0, 0.0179)).arrived


def test_document_has_what_the_simulator_drives_along(trip: Trip) -> None:
    document = trip.document()
    assert document["line"] == {
        "type": "LineString",
        "coordinates": [[0.0, 0.0], [0.009, 0.0], [0.018, 0.0]],
    }
    assert document["destination"] == {
        "name": "goal",
        "name_en": "",
        "category": "cafe",
        "address": "",
        "latitude": 0.0,
        "longitude": 0.018,
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [("my house", "home"), ("the office", "work"), ("My Gym", "gym"), ("grandma", "grandma")],
)
def test_canonical_names_of_saved_places(said: str, kept: str) -> None:
    assert canonical(said) == kept


def test_saved_places_replace_and_find(tmp_path: Path) -> None:
    saved = SavedPlaces(tmp_path)
    saved.replace({"home": {"latitude": 60.1, "longitude": 24.9}, "Grandma": _position(60.2)})
    again = SavedPlaces(tmp_path)
    assert again.names() == ("home", "grandma")
    found = again.find("my place")
    assert found is not None
    assert found.point == Point(60.1, 24.9)
    assert again.find("somewhere else") is None


def _position(latitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": 25.0}


def test_saved_places_damaged_file_says_which(tmp_path: Path) -> None:
    (tmp_path / "places.json").write_text("{oops")
    with pytest.raises(SavedPlacesDamaged, match=r"places\.json"):
        SavedPlaces(tmp_path)
