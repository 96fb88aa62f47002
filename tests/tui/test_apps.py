"""The apps panel: pictures, and its main tasks by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.ui.app import CockpitApp
from cockpit.ui.panels.apps import AppsPanel, PlaceRows, ShoppingRows
from cockpit.ui.panels.rows import Rows
from skills.navigation.saved import SavedPlaces
from skills.shopping.store import ShoppingList
from tests.tui.cars import PaperApp, errands, lines
from tests.tui.dashboards import SIZES, SMALL, THEMES, drawn, frozen_state, running, until


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("theme", THEMES)
def test_apps_look_as_they_did(
    snap_compare: Callable[..., bool], tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    app = PaperApp(errands(tmp_path), "apps", theme, tmp_path)
    assert snap_compare(app, terminal_size=size, run_before=drawn)


async def opened(app: CockpitApp, pilot: Pilot[int]) -> None:
    await pilot.press("f7")
    await until(pilot, lambda: isinstance(app.focused, ShoppingRows) and lines(app, ShoppingRows))


async def asked(app: CockpitApp, pilot: Pilot[int], *keys: str) -> None:
    """Press a key that opens a question, type the answer, and take it."""
    await pilot.press(keys[0])
    await until(pilot, lambda: isinstance(app.focused, Input))
    await pilot.press(*keys[1:], "enter")
    await until(pilot, lambda: isinstance(app.focused, Rows))


async def test_shopping_is_written_down_ticked_off_and_brought_back(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None
        store = await app.cockpit.session.resources.get(ShoppingList)
        await asked(app, pilot, "a", *"2 litres of milk, eggs")
        await until(pilot, lambda: lines(app, ShoppingRows) == ["☐ 2 litres of milk", "☐ eggs"])
        await pilot.press("home", "space")
        await until(pilot, lambda: lines(app, ShoppingRows)[0] == "☑ 2 litres of milk")
        assert [item.name for item in store.items()] == ["eggs"]
        await pilot.press("u")
        await until(pilot, lambda: {item.name for item in store.items()} == {"eggs", "milk"})
        await pilot.press("home", "d")
        await until(pilot, lambda: len(store.items()) == 1)


async def test_shopping_that_was_asked_for_by_voice_is_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None
        await app.cockpit.request("add bread to the shopping list", app.seat)
        await until(pilot, lambda: lines(app, ShoppingRows) == ["☐ bread"])


async def test_place_is_saved_renamed_and_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None
        kept = await app.cockpit.session.resources.get(SavedPlaces)
        await pilot.press("tab")
        await until(pilot, lambda: isinstance(app.focused, PlaceRows))
        await asked(app, pilot, "a", *"grandma")
        await until(pilot, lambda: kept.names() == ("grandma",))
        await until(pilot, lambda: "grandma" in lines(app, PlaceRows)[0])
        await pilot.press("home")
        await asked(app, pilot, "r", *["backspace"] * 7, *"home")
        await until(pilot, lambda: kept.names() == ("home",))
        await pilot.press("home", "d")
        await until(pilot, lambda: kept.names() == ())
        await pilot.press("u")
        await until(pilot, lambda: kept.names() == ("home",))


async def test_place_is_driven_to_by_asking_the_cockpit(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("tab")
        await asked(app, pilot, "a", *"work")
        await until(pilot, lambda: "work" in lines(app, PlaceRows)[0])
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.state.last_turn is not None)
        assert app.state.last_turn is not None
        assert app.state.last_turn.utterance.text == "take me to work"


async def test_list_in_focus_is_copied(tmp_path: Path) -> None:
    app = PaperApp(errands(tmp_path), "apps", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(lines(app, ShoppingRows)) == 5)
        panel = app.query_one(AppsPanel)
        assert panel.copy_text().splitlines()[:2] == ["2 litres of milk", "12 eggs"]
        await pilot.press("tab")
        await until(pilot, lambda: isinstance(app.focused, PlaceRows))
        assert panel.copy_text().startswith("home\tMannerheimintie 12\t60.")


async def test_list_that_cannot_be_read_is_told_and_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "shopping.json").write_text("no JSON")
    app = PaperApp(frozen_state(), "apps", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: lines(app, ShoppingRows))
        assert "shopping" in lines(app, ShoppingRows)[0]
        await pilot.press("a")
        await pilot.pause()
    assert (data / "shopping.json").read_text() == "no JSON"
