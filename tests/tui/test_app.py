"""The frame: starting, arranging panels, quitting."""

from __future__ import annotations

from pathlib import Path

from cockpit.ui.arranging import arrange
from cockpit.ui.panels import KINDS
from tests.tui.dashboards import running

COLUMNS = (("a", "b"), ("c", "d"), ("e", "f"))
ALL = [name for column in COLUMNS for name in column]


def test_arrange_small_terminal_shows_only_the_chosen_panel() -> None:
    assert arrange(80, 24, COLUMNS, ["d", *ALL]) == ((), ("d",), ())


def test_arrange_middle_terminal_keeps_the_conversation_beside_the_chosen_panel() -> None:
    assert arrange(120, 30, COLUMNS, ["e", "d", "a", "b", "c", "f"]) == (("a",), (), ("e",))


def test_arrange_large_terminal_shows_three_columns_of_two() -> None:
    assert arrange(220, 60, COLUMNS, ALL) == COLUMNS


async def test_every_panel_opens_by_its_key(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        for kind in KINDS:
            await pilot.press(f"f{kind.key}")
            await pilot.pause()
            assert [panel.id for panel in app.query(".panel") if panel.display] == [kind.name]
