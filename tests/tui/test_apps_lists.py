"""Shopping list and places as the dashboard changes them, over the skills' own stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.agent.plan import Call, Outcome, Turn, Utterance
from cockpit.events import CallFinished, TurnFinished, UtteranceHeard
from cockpit.ui.panels.apps_lists import SavedSpots, Shopping, Spot, how_far, leads_to, recent
from skills.api import Status
from skills.navigation.functions import RouteStarted
from skills.navigation.places import Place
from skills.navigation.saved import SavedPlace, SavedPlaces
from skills.shopping.amounts import parse_item
from skills.shopping.store import ShoppingList
from tests.tui.dashboards import NOW, frozen_state

STATION = Spot("station", "Kaivokatu 1", 60.1719, 24.9414, saved=False)


@pytest.fixture
def store(tmp_path: Path) -> ShoppingList:
    return ShoppingList(tmp_path)


@pytest.fixture
def shopping(store: ShoppingList) -> Shopping:
    return Shopping(store)


@pytest.fixture
def kept(tmp_path: Path) -> SavedPlaces:
    return SavedPlaces(tmp_path)


def texts(shopping: Shopping) -> list[str]:
    return [("✓ " if entry.ticked else "") + entry.text for entry in shopping.entries()]


def test_shopping_adds_as_people_write(shopping: Shopping) -> None:
    assert shopping.add("2 litres of milk, a dozen eggs and bread") == (
        "2 litres of milk",
        "12 eggs",
        "bread",
    )
    assert shopping.add("1 litre of milk") == ("3 litres of milk",)
    assert shopping.add(" , ") == ()
    assert texts(shopping) == ["3 litres of milk", "12 eggs", "bread"]


def test_shopping_ticked_off_leaves_the_list_and_stays_in_sight(
    shopping: Shopping, store: ShoppingList
) -> None:
    shopping.add("milk, eggs, bread")
    eggs = shopping.entries()[1].key
    shopping.tick(eggs)
    assert texts(shopping) == ["milk", "✓ eggs", "bread"]
    assert [item.name for item in store.items()] == ["milk", "bread"]
    shopping.tick(eggs)
    assert texts(shopping) == ["milk", "eggs", "bread"]


def test_shopping_asked_for_again_is_no_longer_ticked(
    shopping: Shopping, store: ShoppingList
) -> None:
    shopping.add("milk, eggs")
    shopping.tick(shopping.entries()[0].key)
    item = parse_item("2 litres of milk")
    assert item is not None
    store.put(item)  # as the skill does
    assert texts(shopping) == ["2 litres of milk", "eggs"]


def test_shopping_forgets_what_is_ticked(shopping: Shopping) -> None:
    shopping.add("milk, eggs")
    shopping.tick(shopping.entries()[0].key)
    assert shopping.forget_ticked() == 1
    assert texts(shopping) == ["eggs"]


def test_shopping_takes_changes_back(shopping: Shopping) -> None:
    shopping.add("milk, eggs")
    shopping.add("6 eggs")
    assert shopping.remove(shopping.entries()[0].key) == "milk"
    assert texts(shopping) == ["6 eggs"]
    assert shopping.undo.last() == "removed milk"
    assert sorted(texts(shopping)) == ["6 eggs", "milk"]
    assert shopping.undo.last() == "added 6 eggs"
    assert sorted(texts(shopping)) == ["eggs", "milk"]
    assert shopping.undo.last() == "added milk, eggs"
    assert shopping.undo.last() == ""
    assert texts(shopping) == []


def test_shopping_takes_back_what_was_ticked_off_or_cleared(shopping: Shopping) -> None:
    shopping.add("milk, eggs")
    eggs = shopping.entries()[1].key
    shopping.tick(eggs)
    shopping.forget_ticked()
    assert shopping.undo.last() == "cleared 1 ticked off"
    assert texts(shopping)[0] == "milk" and "✓ eggs" in texts(shopping)
    assert shopping.undo.last() == "ticked off eggs"
    assert sorted(texts(shopping)) == ["eggs", "milk"]


def test_shopping_keeps_what_was_asked_for_after_an_addition_taken_back(
    shopping: Shopping, store: ShoppingList
) -> None:
    shopping.add("milk, 6 eggs")
    item = parse_item("bread")
    assert item is not None
    store.put(item)  # as the skill does
    assert shopping.undo.last() == "added milk, 6 eggs"
    assert texts(shopping) == ["bread"]


def test_places_are_kept_renamed_and_forgotten(kept: SavedPlaces) -> None:
    spots = SavedSpots(kept)
    assert spots.keep("My House", STATION) == "home"
    spots.rename("home", "grandma")
    assert kept.names() == ("grandma",)
    spots.remove("grandma")
    assert kept.names() == ()
    assert spots.undo.last() == "removed grandma"
    assert spots.undo.last() == "renamed home to grandma"
    assert kept.names() == ("home",)
    assert kept.entry("home") == SavedPlace(
        latitude=60.1719, longitude=24.9414, address="Kaivokatu 1"
    )


def test_place_cannot_take_the_name_of_another(kept: SavedPlaces) -> None:
    spots = SavedSpots(kept)
    spots.keep("home", STATION)
    assert "already" in spots.fault("my house")
    assert spots.fault("my house", but="home") == ""
    assert spots.fault("  ") == "A place needs a name."
    assert "60 letters" in spots.fault("x" * 61)
    assert spots.fault("gym") == ""


def test_recent_destinations_come_from_the_turns() -> None:
    state = frozen_state()
    for name in ("Luigi", "Café Engel", "Luigi"):
        place = Place(f"osm:{name}", name, "", "restaurant", "Katu 1", 60.1, 24.9)
        call = Call("navigation.go_to", {"place": name})
        result = RouteStarted((), place, (), 1000.0, 120.0, NOW)
        state.on_event(UtteranceHeard(Utterance(f"take me to {name}")))
        state.on_event(CallFinished(Outcome(call, Status.DONE, result=result), 10.0))
        turn = Turn(Utterance(name), "Okay.", False, "template", (), {}, {})
        state.on_event(TurnFinished(turn))
    assert [spot.name for spot in recent(state.entries)] == ["Luigi", "Café Engel"]


def test_route_that_ends_at_a_place() -> None:
    route = {"destination": {"latitude": 60.1719, "longitude": 24.9414}}
    assert leads_to(route, STATION)
    assert not leads_to({"destination": {"latitude": 60.2, "longitude": 24.9414}}, STATION)
    assert not leads_to({"destination": {}}, STATION)
    assert not leads_to(None, STATION)


def test_distance_is_unknown_where_the_car_is_lost() -> None:
    assert how_far(STATION, 60.1708, 24.9375) == "248 m"
    assert how_far(STATION, 60.2, 24.9375) == "3.1 km"
    assert how_far(STATION, None, 24.9375) == ""
