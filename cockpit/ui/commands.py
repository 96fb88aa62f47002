"""What the command palette offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cockpit.ui import telling
from cockpit.ui.panels import KINDS
from cockpit.ui.state import TurnRecord
from vehicle_bus.seats import ALL_SEATS

if TYPE_CHECKING:
    from cockpit.ui.app import CockpitApp

REQUESTS: Final = 6
"""Requests that are offered for what was typed into the palette."""
_BEHIND: Final = 0.5
"""Factor of their score: commands come first."""
_LAST: Final = 0.01


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette."""

    name: str
    about: str
    run: Callable[[], object]


class Commands(Provider):
    """Panels, seats, themes and everything else that can be done; and requests to the car."""

    @property
    def _dashboard(self) -> CockpitApp:
        return cast("CockpitApp", self.app)

    async def discover(self) -> Hits:
        """Everything, the likeliest first."""
        for command in commands(self._dashboard):
            yield DiscoveryHit(command.name, command.run, help=command.about)

    async def search(self, query: str) -> Hits:
        """What fits; then requests that could be meant."""
        matcher = self.matcher(query)
        for command in commands(self._dashboard):
            score = max(matcher.match(command.name), matcher.match(command.about) * _BEHIND)
            if score > 0:
                shown = matcher.highlight(command.name)
                yield Hit(score, shown, command.run, help=command.about)
        for request in self._dashboard.completer.candidates(query, REQUESTS):
            ask = partial(self._dashboard.ask, request)
            score = matcher.match(request) * _BEHIND
            if score > 0:
                yield Hit(score, matcher.highlight(f"Say: {request}"), ask, help="A request")
        ask = partial(self._dashboard.ask, query)
        said = Content(f"Say: {query}")  # typed text is no markup
        yield Hit(_LAST, said, ask, help="To the car, as it stands here")


def commands(app: CockpitApp) -> Iterator[Command]:
    """Every command, the likeliest first."""
    for kind in KINDS:
        show = partial(app.action_show_panel, kind.name)
        yield Command(f"Panel: {kind.title}", f"{kind.about} (F{kind.key})", show)
    yield Command("Talk", "The talk button: listen now (Ctrl-T)", app.action_talk)
    turn = "on" if app.state.muted else "off"
    yield Command(f"Microphone {turn}", "The car hears or does not (Ctrl-N)", app.action_mute)
    for seat in ALL_SEATS:
        speak = partial(app.choose_seat, seat)
        yield Command(f"Seat: {seat.spoken}", f"Type as the {seat.spoken} (Ctrl-S)", speak)
    yield Command(
        "One panel or several",
        "The chosen panel alone, or as many as fit (Ctrl-O)",
        app.action_zoom,
    )
    yield Command("Light or dark", "The other of the two own themes (F12)", app.action_other_theme)
    yield Command("Copy", "What is selected, or what the panel shows (Ctrl-Y)", app.action_copy)
    yield Command(
        "Copy the conversation",
        "All requests and replies, as text",
        lambda: app.copy(_conversation(app)),
    )
    yield Command("Copy the log", "All lines of the log", lambda: app.copy(_log(app)))
    yield Command("Screenshot", "Save the screen as an SVG file in the current folder", app.save)
    yield Command("Keys", "Show all keys (F1)", app.action_keys)
    yield Command("Quit", "End the car and the dashboard (Ctrl-Q)", app.exit)
    own = sorted(app.available_themes, key=lambda name: (not name.startswith("cockpit"), name))
    for theme in own:
        choose = partial(app.choose_theme, theme)
        yield Command(f"Theme: {theme}", "Change the colours, for the next starts, too", choose)


def _conversation(app: CockpitApp) -> str:
    turns = (entry for entry in app.state.entries if isinstance(entry, TurnRecord))
    return "\n".join(telling.as_text(turn) for turn in turns)


def _log(app: CockpitApp) -> str:
    return "\n".join(telling.log_line(line) for line in app.state.log)
