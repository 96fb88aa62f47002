"""Dashboards for tests: on a state of the test's own, or on a real bus with the simulated car."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from textual.containers import Vertical
from textual.pilot import Pilot

from cockpit.cli.vehicle import open_cockpit_vehicle
from cockpit.settings import Settings
from cockpit.ui.app import CockpitApp
from cockpit.ui.cockpit import OpenVehicle
from cockpit.ui.state import Section, State

SMALL = (80, 24)
LARGE = (220, 60)
SIZES = (SMALL, LARGE)
THEMES = ("cockpit-dark", "cockpit-light")

CLOCK = 1000.0
NOW = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


def frozen_state() -> State:
    """A state on which no time passes."""
    return State(clock=lambda: CLOCK, now=lambda: NOW)


def quiet_settings(folder: Path) -> Settings:
    """Nothing of the user's; templates only, no models, a quick car."""
    return Settings.model_validate(
        {
            "data_dir": folder / "data",
            "assets": {"root": folder / "models", "offline": True},
            "maps": {"root": folder / "maps"},
            "agent": {"planner": "template"},
            "sim": {"time_scale": 20},
        }
    )


class StillApp(CockpitApp):
    """A dashboard that opens nothing: it shows one panel on the state it was given.

    In a wide terminal the panel has the width of its column, and the others are empty.

    Args:
        state: what to show.
        panel: name of the panel.
        theme: name of the theme.
        folder: for settings and history.
    """

    def __init__(self, state: State, panel: str, theme: str, folder: Path) -> None:
        super().__init__(quiet_settings(folder), _open_nothing, state=state)
        self.theme = theme
        self._only = panel

    def keep_time(self) -> None:
        """Time stands still, and nothing is measured."""

    def begin(self) -> None:
        """Choose the panel in place of opening the car."""
        self.action_show_panel(self._only)
        self.call_after_refresh(self.focus_panel, self._only)

    def _place(self, parent: Vertical, name: str, wanted: bool) -> None:
        super()._place(parent, name, wanted and name == self._only)

    def draw(self, changes: frozenset[Section]) -> None:
        """The one panel only."""
        self._shown = tuple(name for name in self._shown if name == self._only)
        super().draw(changes)


@asynccontextmanager
async def _open_nothing(settings: Settings) -> AsyncIterator[OpenVehicle]:
    raise AssertionError("a still dashboard opens nothing")
    yield


@asynccontextmanager
async def running(
    folder: Path, size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[CockpitApp, Pilot[int]]]:
    """A dashboard with the simulated car, ready for requests, and the keyboard."""
    app = CockpitApp(quiet_settings(folder), open_cockpit_vehicle, listen=False, speak=False)
    try:
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.state.ready)
            yield app, pilot
    finally:
        await app.boot.close()


async def until(pilot: Pilot[int], holds: object, patience: float = 60.0) -> None:
    """Wait until ``holds()`` is true; fails after ``patience`` seconds."""
    assert callable(holds)
    waited = 0.0
    while not holds():
        assert waited < patience, "it did not come true"
        await pilot.pause(0.05)
        waited += 0.05


async def drawn(pilot: Pilot[int]) -> None:
    """Wait until the screen has stopped changing, for pictures: ``run_before=drawn``."""
    before = ""
    for _ in range(100):
        await pilot.pause(0.1)
        now = pilot.app.export_screenshot(simplify=True)
        if now == before:
            return
        before = now
    raise AssertionError("the screen does not come to rest")
