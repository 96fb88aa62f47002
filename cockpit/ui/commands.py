"""What the command palette offers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from cockpit.ui import telling
from cockpit.ui.panels import KINDS
from cockpit.ui.state import TurnRecord
from vehicle_bus.seats import ALL_SEATS

if TYPE_CHECKING:
    from cockpit.ui.app import CockpitApp


def commands(app: CockpitApp) -> Iterator[SystemCommand]:
    """Every command, the likeliest first."""
    for kind in KINDS:
        show = partial(app.action_show_panel, kind.name)
        yield SystemCommand(f"Panel: {kind.title}", f"{kind.about} (F{kind.key})", show)
    yield SystemCommand("Talk", "The talk button: listen now (Ctrl-T)", app.action_talk)
    state = "on" if app.state.muted else "off"
    yield SystemCommand(
        f"Microphone {state}", f"Switch the microphone {state} (Ctrl-N)", app.action_mute
    )
    for seat in ALL_SEATS:
        speak = partial(app.choose_seat, seat)
        yield SystemCommand(f"Seat: {seat.spoken}", f"Type as the {seat.spoken} (Ctrl-S)", speak)
    yield SystemCommand(
        "One panel or several", "The chosen panel alone, or as many as fit (Ctrl-O)",
        app.action_zoom,
    )  # fmt: skip
    yield SystemCommand("Light or dark", "The other of the two own themes (F12)",
                        app.action_other_theme)  # fmt: skip
    for theme in sorted(app.available_themes, key=lambda name: (not name.startswith("c"), name)):
        yield SystemCommand(
            f"Theme: {theme}", "Change the colours", partial(app.choose_theme, theme)
        )
    yield SystemCommand("Copy", "What is selected, or what the panel shows (Ctrl-Y)",
                        app.action_copy)  # fmt: skip
    yield SystemCommand("Copy the conversation", "All requests and replies, as text",
                        lambda: app.copy(_conversation(app)))  # fmt: skip
    yield SystemCommand("Copy the log", "All lines of the log", lambda: app.copy(_log(app)))
    yield SystemCommand("Screenshot", "Save the screen as an SVG file", app.save)
    yield SystemCommand("Keys", "Show all keys (F1)", app.action_keys)
    yield SystemCommand("Quit", "End the car and the dashboard (Ctrl-Q)", app.exit)


def _conversation(app: CockpitApp) -> str:
    turns = (entry for entry in app.state.entries if isinstance(entry, TurnRecord))
    return "\n".join(telling.as_text(turn) for turn in turns)


def _log(app: CockpitApp) -> str:
    return "\n".join(telling.log_line(line) for line in app.state.log)
