"""The frame: starting, arranging panels, commands, trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.cli.vehicle import open_cockpit_vehicle
from cockpit.settings import Settings
from cockpit.ui.app import CockpitApp
from cockpit.ui.arranging import arrange
from cockpit.ui.cockpit import OpenVehicle
from cockpit.ui.keys import KeysScreen
from cockpit.ui.panels import KINDS, Panel
from cockpit.ui.panels.conversation import ConversationPanel, Transcript
from cockpit.ui.panels.system import LogView
from cockpit.ui.preferences import Preferences
from cockpit.ui.prompt import RequestInput
from cockpit.ui.state import State
from cockpit.ui.trouble import TroubleScreen
from tests.tui import scenes
from tests.tui.dashboards import (
    LARGE,
    SMALL,
    THEMES,
    StillApp,
    drawn,
    frozen_state,
    quiet_settings,
    running,
    until,
)
from vehicle_bus.errors import BusUnreachable
from vehicle_bus.records import OwnerState
from vehicle_bus.seats import Seat

COLUMNS = (("a", "b"), ("c", "d"), ("e", "f"))
ALL = [name for column in COLUMNS for name in column]


def test_arrange_small_terminal_shows_only_the_chosen_panel() -> None:
    assert arrange(80, 24, COLUMNS, ["d", *ALL]) == ((), ("d",), ())


def test_arrange_middle_terminal_keeps_the_conversation_beside_the_chosen_panel() -> None:
    assert arrange(120, 30, COLUMNS, ["e", "d", "a", "b", "c", "f"]) == (("a",), (), ("e",))


def test_arrange_large_terminal_shows_three_columns_of_two() -> None:
    assert arrange(220, 60, COLUMNS, ALL) == COLUMNS


def test_arrange_chosen_panel_is_always_seen() -> None:
    for width in (60, 80, 120, 220):
        for height in (20, 24, 60):
            for name in ALL:
                recent = [name, *(other for other in ALL if other != name)]
                assert any(name in column for column in arrange(width, height, COLUMNS, recent))


def seen(app: CockpitApp) -> list[str | None]:
    return [panel.id for panel in app.query(Panel) if panel.display]


async def test_every_panel_opens_by_its_key(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        for kind in KINDS:
            await pilot.press(f"f{kind.key}")
            await until(pilot, lambda name=kind.name: seen(app) == [name])  # type: ignore[misc]


async def test_panels_that_were_never_seen_are_not_made(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, _):
        assert [panel.id for panel in app.query(Panel)] == ["conversation"]


async def test_panel_out_of_sight_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[State] = []
    monkeypatch.setattr(ConversationPanel, "update_from", lambda self, state: drawn.append(state))
    async with running(tmp_path) as (app, pilot):
        await pilot.press("f8")
        await pilot.pause(0.2)
        drawn.clear()
        app.note("something new")
        await pilot.pause(0.3)
        assert drawn == []
        await pilot.press("f2")
        await until(pilot, lambda: drawn)


async def test_zoom_shows_one_panel_of_many_and_all_again(tmp_path: Path) -> None:
    async with running(tmp_path, LARGE) as (app, pilot):
        await until(pilot, lambda: len(seen(app)) == 6)
        await pilot.press("f5", "ctrl+o")
        await until(pilot, lambda: seen(app) == ["map"])
        await pilot.press("ctrl+o")
        await until(pilot, lambda: len(seen(app)) == 6)


async def test_tab_walks_through_the_panels_and_not_into_the_prompt(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press("f7")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "shopping")
        await pilot.press("tab", "tab")
        assert app.focused is not None and app.focused.id == "shopping"
        await pilot.press("shift+tab")
        assert app.focused is not None and app.focused.id == "places"


async def test_panels_fit_again_when_the_terminal_is_resized(tmp_path: Path) -> None:
    async with running(tmp_path, LARGE) as (app, pilot):
        await until(pilot, lambda: len(seen(app)) == 6)
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: len(seen(app)) == 1)
        await pilot.resize_terminal(*LARGE)
        await until(pilot, lambda: len(seen(app)) == 6)


async def test_escape_before_a_panel_is_made_leads_to_the_prompt(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        app.action_show_panel("bus")
        app.action_to_prompt()
        await until(pilot, lambda: seen(app) == ["bus"])
        await pilot.pause(0.2)
        assert isinstance(app.focused, RequestInput)


async def test_page_keeps_the_keyboard_whatever_is_told_of_it(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        app.served = True
        app.post_message(events.AppBlur())
        await pilot.press(*"hello")
        assert isinstance(app.focused, RequestInput) and app.focused.value == "hello"


async def test_escape_goes_from_the_prompt_to_the_panel_and_back(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        assert isinstance(app.focused, RequestInput)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.focused, RequestInput))
        await pilot.press("8")
        await until(pilot, lambda: seen(app) == ["system"])
        await until(pilot, lambda: app.query(LogView) and app.query_one(LogView).has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.focused, RequestInput))


async def test_request_before_the_car_is_there_is_sent_when_it_is(tmp_path: Path) -> None:
    wanted = asyncio.Event()

    @asynccontextmanager
    async def open_later(settings: Settings) -> AsyncIterator[OpenVehicle]:
        await wanted.wait()
        async with open_cockpit_vehicle(settings) as vehicle:
            yield vehicle

    app = CockpitApp(quiet_settings(tmp_path), open_later, listen=False, speak=False)
    try:
        async with app.run_test(size=SMALL) as pilot:
            await pilot.press(*"stop", "enter")
            assert not app.state.ready
            wanted.set()
            await until(pilot, lambda: app.state.last_turn is not None)
            assert app.state.last_turn is not None
            assert app.state.last_turn.utterance.text == "stop"
    finally:
        await app.boot.close()


def offered(app: CockpitApp) -> list[str]:
    """What the palette shows."""
    options = app.screen.query_one(CommandList).options
    return [str(option.prompt).splitlines()[0] for option in options]


async def test_palette_finds_a_panel_and_a_request(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"system")
        await until(pilot, lambda: "Panel: System" in offered(app)[:1])
        await pilot.press("enter")
        await until(pilot, lambda: seen(app) == ["system"])
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"never", "space", *"mind")
        await until(pilot, lambda: "Say: never mind" in offered(app)[:1])
        await pilot.press("enter")
        await until(pilot, lambda: app.state.last_turn is not None)
        assert app.state.last_turn is not None
        assert app.state.last_turn.utterance.text == "never mind"


async def test_theme_that_was_chosen_is_there_at_the_next_start(tmp_path: Path) -> None:
    app = StillApp(frozen_state(), "conversation", THEMES[0], tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("f12")
        assert app.theme == THEMES[1]
    assert Preferences(app.settings.data_dir).theme == THEMES[1]


async def test_talk_without_a_microphone_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await until(pilot, lambda: app.state.typed_because)
        await pilot.press("enter")
        await until(pilot, lambda: len(app._notifications))
        assert [toast.message for toast in app._notifications] == [app.state.typed_because]


async def test_seat_that_nobody_has_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        app.ask("@trunk open")
        await until(pilot, lambda: len(app._notifications))
        assert "There is no seat @trunk" in next(toast.message for toast in app._notifications)
        app.ask("@rear_left stop")
        await until(pilot, lambda: app.state.last_turn is not None)
        assert app.state.last_turn is not None
        assert app.state.last_turn.utterance.seat is Seat.REAR_LEFT


class Nowhere:
    """Opens no vehicle the first time, and the simulated one the second."""

    def __init__(self) -> None:
        self.tries = 0

    @asynccontextmanager
    async def __call__(self, settings: Settings) -> AsyncIterator[OpenVehicle]:
        self.tries += 1
        if self.tries == 1:
            raise BusUnreachable("Nothing answers; start the broker.")
        async with open_cockpit_vehicle(settings) as vehicle:
            yield vehicle


async def test_car_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    app = CockpitApp(quiet_settings(tmp_path), Nowhere(), listen=False, speak=False)
    try:
        async with app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: isinstance(app.screen, TroubleScreen))
            assert app.boot.fault == "Nothing answers; start the broker."
            assert app.boot.exit_code == 3
            await pilot.press("r")
            await until(pilot, lambda: app.state.ready)
            assert app.boot.fault == ""
    finally:
        await app.boot.close()


async def test_connection_that_breaks_is_said_in_the_status_line(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        assert app.cockpit is not None and app.cockpit.world is not None
        await app.cockpit.world.inject("offline:climate")
        await until(pilot, lambda: not app.state.vehicle.owners["climate"].online)
        line = app.query_one("StatusLine")
        await until(pilot, lambda: "offline: climate" in str(line.render()))


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (("body",), "offline: body"),
        (("body", "media", "seats"), "offline: body, media, seats"),
        (("body", "lights", "media", "seats"), "offline: body, lights and 2 more"),
        (("body", "climate", "lights", "media", "seats"), "no ECU answers"),
    ],
)
async def test_status_line_tells_in_few_words_who_is_offline(
    tmp_path: Path, off: tuple[str, ...], words: str
) -> None:
    state = scenes.talking()
    state.ready = state.vehicle.connected = True
    for name in ("body", "climate", "lights", "media", "seats"):
        state.vehicle.owners[name] = OwnerState(name, name not in off, ())
    app = StillApp(state, "conversation", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        line = app.query_one("StatusLine")
        await until(pilot, lambda: str(line.render()).rstrip().endswith(words))


@pytest.mark.parametrize("key", ["f1", "ctrl+p", "trouble"], ids=["keys", "palette", "trouble"])
def test_screens_look_as_they_did(
    snap_compare: Callable[..., bool], tmp_path: Path, key: str
) -> None:
    app = StillApp(scenes.talking(), "conversation", THEMES[0], tmp_path)

    async def open_screen(pilot: Pilot[int]) -> None:
        if key == "trouble":
            app.push_screen(TroubleScreen("Nothing answers at 10.0.0.5:1883; start the broker."))
        else:
            await app.run_action("keys" if key == "f1" else "command_palette")
        if key == "ctrl+p":
            await until(pilot, lambda: len(offered(app)) > 20)
            app.screen.query_one(Input).cursor_blink = False
        await drawn(pilot)

    assert snap_compare(app, terminal_size=SMALL, run_before=open_screen)


async def test_keys_screen_lists_the_keys_of_the_panels_that_were_opened(tmp_path: Path) -> None:
    app = StillApp(scenes.talking(), "conversation", THEMES[0], tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.query(Transcript))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        text = "\n".join(str(widget.render()) for widget in app.screen.query("Static"))
        assert "In Talk" in text and "Inspect" in text
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, KeysScreen))
