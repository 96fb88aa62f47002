"""The system's panel: pictures, and the log's keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.ui.panels.system import LogView
from tests.tui import scenes
from tests.tui.dashboards import SIZES, SMALL, THEMES, StillApp, drawn, running, until


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("theme", THEMES)
def test_system_looks_as_it_did(
    snap_compare: Callable[..., bool], tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    assert snap_compare(
        StillApp(scenes.busy(), "system", theme, tmp_path), terminal_size=size, run_before=drawn
    )


async def test_system_keys_choose_what_of_the_log_is_seen(tmp_path: Path) -> None:
    app = StillApp(scenes.busy(), "system", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.query(LogView))
        view = app.query_one(LogView)

        def lines() -> str:
            return "\n".join(line.text for line in view.lines)

        await until(pilot, lambda: "first paint" in lines())
        assert "ALSA" not in lines()
        await pilot.press("d")
        await until(pilot, lambda: "ALSA" in lines())
        await pilot.press("e")
        await until(pilot, lambda: "ALSA" not in lines())
        assert "the turn failed" in lines() and "first paint" not in lines()
        assert view.border_title == "Log: errors"


async def test_system_shows_what_the_real_thing_costs(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        assert not app.feed.measuring
        await pilot.press("f8")
        await until(pilot, lambda: app.state.machine.processes)
        figures = app.state.machine
        assert figures.processes[0].memory > 20 * 2**20
        assert figures.queues["messages"][0] >= 0
        await pilot.press("f2")
        assert not app.feed.measuring
