"""The bus panel: pictures, and its main tasks by keyboard on a real bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cockpit.ui.app import CockpitApp
from cockpit.ui.panels import bus_table
from cockpit.ui.panels.bus_detail import MessageDetail
from cockpit.ui.panels.bus_publish import PublishForm
from cockpit.ui.panels.bus_table import TopicTable
from tests.tui.cars import CABIN, WINDOW, heard, signal_topic, traffic
from tests.tui.dashboards import CLOCK, SIZES, SMALL, THEMES, StillApp, running, until
from vehicle_bus.records import Message


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("theme", THEMES)
def test_bus_looks_as_it_did(
    snap_compare: Callable[..., bool], tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    app = StillApp(traffic(), "bus", theme, tmp_path)
    assert snap_compare(app, terminal_size=size, press=["s", "s", "enter"] if size == SMALL else [])


def table(app: CockpitApp) -> TopicTable:
    return app.query_one(TopicTable)


def rows(app: CockpitApp) -> list[str]:
    """The table's lines that are seen, without the padding."""
    found = table(app)
    return [found.render_line(y).text.rstrip() for y in range(found.size.height)]


def line(app: CockpitApp, *parts: str) -> str:
    """The first line that has all these parts; empty where none has."""
    return next((row for row in rows(app) if all(part in row for part in parts)), "")


def said(app: CockpitApp, where: str) -> str:
    """What a text of the panel says."""
    return str(app.query_one(where, Static).visual)


async def opened(app: CockpitApp, pilot: Pilot[int]) -> None:
    await pilot.press("f6")
    await until(pilot, lambda: isinstance(app.focused, TopicTable) and len(rows(app)) > 3)


async def test_bus_shows_every_topic_with_its_last_value(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None
        catalogue = app.cockpit.session.bus.catalogue
        await until(pilot, lambda: len(app.state.topics) >= len(catalogue) + 8)
        await pilot.press("slash", *"front wiping", "enter")
        await until(pilot, lambda: line(app, "Front.Wiping.Mode", "value", "OFF"))
        await app.cockpit.set("Vehicle.Body.Windshield.Front.Wiping.Mode", "SLOW")
        await until(pilot, lambda: line(app, "Front.Wiping.Mode", "value", "SLOW"))
        await until(pilot, lambda: line(app, "Front.Wiping.Mode", "target", "→ SLOW by"))
        await until(pilot, lambda: line(app, "Front.Wiping.Mode", "ack", "done"))


async def test_bus_filter_finds_by_words_and_escape_brings_all_back(tmp_path: Path) -> None:
    app = StillApp(traffic(), "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        everything = said(app, "#summary")
        await pilot.press("slash", *"driver window", "down")
        await until(pilot, lambda: len([row for row in rows(app) if row]) == 4)
        assert all("DriverSide.Window.Position" in row for row in rows(app) if row)
        assert f"4 of {len(app.state.topics)}" in said(app, "#summary")
        await pilot.press("slash", "escape", "escape")
        await until(pilot, lambda: said(app, "#summary") == everything)
        assert isinstance(app.focused, TopicTable)


async def test_bus_pause_holds_everything_until_it_goes_on(tmp_path: Path) -> None:
    app = StillApp(traffic(), "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        await pilot.press("slash", *"window", "enter", "space")
        before = rows(app)
        heard(app.state, signal_topic(WINDOW, "value"), {"value": 77}, 0.0)
        heard(app.state, "vehicle/DEMO0000000000001/window", {"new": 1}, 0.0)
        app.feed.touch()
        await until(pilot, lambda: "2 since" in said(app, "#summary"))
        assert "paused" in said(app, "#summary")
        assert rows(app) == before
        await pilot.press("space")
        await until(pilot, lambda: line(app, "77 %"))
        assert line(app, "{new}")


async def test_bus_sorts_by_rate_and_by_newest(tmp_path: Path) -> None:
    app = StillApp(traffic(), "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        await pilot.press("s")
        await until(pilot, lambda: "Rate ▾" in said(app, "#bus-columns"))
        assert "AmbientAirTemperature" in rows(app)[0] or "Window.Position" in rows(app)[0]
        await pilot.press("s")
        await until(pilot, lambda: "Age ▾" in said(app, "#bus-columns"))
        assert "ack" in rows(app)[0] and "done" in rows(app)[0]


async def test_bus_detail_tells_what_a_signal_is_and_what_came_before(tmp_path: Path) -> None:
    app = StillApp(traffic(), "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        assert not app.query_one(MessageDetail).display
        await pilot.press("slash", *"ambient air", "enter", "enter")
        await until(pilot, lambda: app.query_one(MessageDetail).display)
        await until(pilot, lambda: '"value": 20.9' in said(app, "MessageDetail #content"))
        head = said(app, "MessageDetail #head")
        assert "ambient air temperature · sensor · float" in head
        assert "climate" in head
        assert "live" in said(app, "MessageDetail #came")
        assert "21 messages" in said(app, "MessageDetail #came")
        assert "20.8 °C" in said(app, "MessageDetail #earlier")
        await pilot.press("ctrl+y")
        assert app.clipboard.startswith(signal_topic(CABIN, "value"))
        assert '"value": 20.9' in app.clipboard


async def test_bus_detail_marks_what_came_from_the_brokers_store(tmp_path: Path) -> None:
    app = StillApp(traffic(), "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        await pilot.press("slash", *"rain", "enter", "enter")
        await until(pilot, lambda: "retained" in said(app, "MessageDetail #came"))


async def test_bus_publishes_a_target_by_hand_and_shows_the_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None
        bus = app.cockpit.session.bus
        await pilot.press("slash", *"ecu body", "enter", "p")
        await until(pilot, lambda: app.query_one(PublishForm).display)
        await pilot.press(*"driver window", "enter")
        await until(pilot, lambda: "0 to 100 %" in said(app, "#meaning"))
        await pilot.press(*"150")
        await until(pilot, lambda: "between 0 and 100" in said(app, "#answer"))
        await pilot.press("enter")
        await pilot.pause()
        assert bus.get(WINDOW) == 0
        await pilot.press("backspace", "backspace", "backspace", *"50", "enter")
        await until(pilot, lambda: "✓ done" in said(app, "#answer"))
        assert bus.get(WINDOW) == 50
        await pilot.press("escape")
        await until(pilot, lambda: not app.query_one(PublishForm).display)
        assert isinstance(app.focused, TopicTable)


async def test_bus_publish_offers_the_values_that_there_are(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None
        mode = "Vehicle.Body.Windshield.Front.Wiping.Mode"
        await pilot.press("slash", *"front wiping", "enter", "p", "down", "down", "enter")
        await until(pilot, lambda: "✓ done" in said(app, "#answer"))
        assert app.cockpit.session.bus.get(mode) == "SLOW"


async def test_bus_publish_shows_why_an_ecu_refuses(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await opened(app, pilot)
        assert app.cockpit is not None and app.cockpit.world is not None
        await app.cockpit.world.inject("reject:body")
        await pilot.press("slash", *"driver window", "enter", "p", *"50", "enter")
        await until(pilot, lambda: "✗ rejected" in said(app, "#answer"))
        assert "refuses commands" in said(app, "#answer")


async def test_bus_formats_only_the_rows_that_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = traffic()
    for number in range(3000):
        heard(state, f"vehicle/DEMO0000000000001/many/topic-{number:04}", {"n": number}, 50.0)
    formatted: list[str] = []
    line_of = bus_table.line_of

    def counted(message: Message, unit: str | None = None) -> tuple[str, str]:
        formatted.append(message.topic)
        return line_of(message, unit)

    monkeypatch.setattr(bus_table, "line_of", counted)
    app = StillApp(state, "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        await pilot.pause()
        height = table(app).size.height
        formatted.clear()
        for number in range(3000):
            heard(state, f"vehicle/DEMO0000000000001/many/topic-{number:04}", {"n": -1}, 1.5)
        app.feed.touch()
        await pilot.pause(0.2)
        assert len(set(formatted)) <= height
        # One that changed is drawn again, and the others are not.
        formatted.clear()
        seen = table(app)._order[2]
        state.on_message(Message(seen, b'{"value": 1}', False, CLOCK))
        app.feed.touch()
        await until(pilot, lambda: formatted)
        assert set(formatted) == {seen}


async def test_bus_costs_nothing_while_it_is_out_of_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = traffic()
    app = StillApp(state, "bus", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, TopicTable))
        app._only = "system"
        app.action_show_panel("system")
        await pilot.pause(0.2)

        def never(*args: object) -> None:
            raise AssertionError("the bus panel is out of sight")

        monkeypatch.setattr(app._panels["bus"], "update_from", never)
        for _ in range(3):
            heard(state, signal_topic(WINDOW, "value"), {"value": 1}, 0.0)
            app.feed.touch()
            await asyncio.sleep(0.1)
        assert state.topics[signal_topic(WINDOW, "value")].count == 15
