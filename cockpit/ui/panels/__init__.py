"""Panels of the dashboard.

How to write a panel
--------------------
One module here, one subclass of ``Panel``, one line in ``KINDS``. The smallest that works::

    class Doors(Panel):
        sections = frozenset({Section.VEHICLE})          # what of the state it shows

        def compose(self) -> ComposeResult:
            yield Static(id="doors")

        def update_from(self, state: State) -> None:     # state is cockpit.ui.state.State
            self.query_one("#doors", Static).update(...)

- ``update_from`` is called when the panel comes into sight, and then whenever one of its
  ``sections`` changed, at most 15 times a second, only while it can be seen. Keep no timers and
  subscribe to nothing; add ``Section.CLOCK`` to be called once a second, for ages. Do little when
  little changed: compare with what is drawn, and update only that.
- What can be done goes through ``self.cockpit`` (``cockpit.ui.cockpit.Cockpit``), which is None
  until the car is there: ``self.act(self.cockpit.set(path, value))`` runs a coroutine in the
  background and shows the sentence of a ``CockpitError``. ``self.cockpit.world`` is the simulator
  or None.
- Where a panel has nothing to show, ``unavailable(state)`` returns one line that says why and
  what to do; it is shown instead of the body, and ``update_from`` is not called.
- It has to work at 80 x 24 (it then has about 80 x 19, no border) and at 70 x 28 among others,
  with the keyboard alone. ``BINDINGS`` of the panel are shown in the footer while it has the
  focus; ``focus_on`` names the widget that gets it (else the first that can have it). Single
  letters are free; ``?``, digits, F-keys, Esc and Ctrl-P/Q/C/S/T/N/O/Y are the frame's.
- Colours come from the theme (``$primary``, ``$success``, ``$text-muted``, ... in CSS and in
  ``Content.styled(text, "$success")``; ``self.colour("success")`` in Rich text and strips), so
  that both themes and others work. What is drawn in strips is drawn anew in ``on_theme``. Styles
  that are only the panel's go into its ``DEFAULT_CSS``.
- Texts from the bus, the map or a message are data: put them into ``rich.text.Text`` or
  ``textual.content.Content``, never into markup.
- Import lightly at the top of the module (textual, ``cockpit.ui``, ``cockpit.events``,
  ``vehicle_bus.seats``): the first paint waits for it. What is heavy (``skills.navigation``,
  ``cockpit.session``) is imported in the method that needs it, and blocking work is done in
  ``asyncio.to_thread``.
- ``copy_text()`` is what "copy" puts on the clipboard while the panel has the focus.
- Tests: ``tests/tui/dashboards.py`` opens a dashboard on a state of your own (snapshots), or on a
  real bus with the simulated car (Pilot).
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from cockpit.ui.state import Section, State, TurnRecord

if TYPE_CHECKING:
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.cockpit import Cockpit


@dataclass(frozen=True, slots=True)
class Kind:
    """A panel that can be opened.

    Attributes:
        name: identifier, for CSS and commands.
        title: on its tab and border.
        key: function key and digit, 2 to 9.
        column: 0 to 2, where it stands in a wide terminal.
        place: module and class below ``cockpit.ui.panels``; loaded when first seen.
        about: one line for help and the command palette.
    """

    name: str
    title: str
    key: int
    column: int
    place: str
    about: str

    def make(self) -> Panel:
        """A new panel of this kind."""
        module, _, name = self.place.partition(":")
        panel: Panel = getattr(import_module(f"cockpit.ui.panels.{module}"), name)(self)
        return panel


KINDS = (
    Kind("conversation", "Talk", 2, 0, "conversation:ConversationPanel",
         "What is said and answered, as it happens"),
    Kind("inspector", "Turn", 3, 0, "inspector:InspectorPanel",
         "One turn in detail: stages, planner, policies, calls"),
    Kind("vehicle", "Car", 4, 1, "vehicle:VehiclePanel",
         "The car from above, live; change anything that can be changed"),
    Kind("map", "Map", 5, 1, "map:MapPanel",
         "Roads around the car, route and next instruction"),
    Kind("bus", "Bus", 6, 2, "bus:BusPanel",
         "Topics with rate, last value and age; publish by hand"),
    Kind("apps", "Apps", 7, 2, "apps:AppsPanel",
         "Shopping list and places"),
    Kind("system", "System", 8, 2, "system:SystemPanel",
         "Engines, CPU, memory, queues and the log"),
    Kind("world", "World", 9, 2, "world:WorldPanel",
         "Faults, weather, driving and scenarios of the simulator"),
)  # fmt: skip


class Panel(Vertical):
    """Base of all panels; see the top of this module.

    Args:
        kind: what it is.
    """

    sections: ClassVar[frozenset[Section]] = frozenset()
    focus_on: ClassVar[str] = ""
    """CSS selector of the widget that gets the focus with the panel."""

    DEFAULT_CSS = """
    Panel > .unavailable { display: none; color: $text-muted; padding: 1 2; }
    Panel.-unavailable > .unavailable { display: block; }
    Panel.-unavailable > * { display: none; }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(id=kind.name, classes="panel")
        self.kind = kind
        self.border_title = kind.title
        self._why: str | None = None
        self._awaited = False  # it was chosen, and had nothing to give the focus to

    @property
    def dashboard(self) -> CockpitApp:
        """The app that it is part of."""
        return cast("CockpitApp", self.app)

    @property
    def cockpit(self) -> Cockpit | None:
        """What to act on; None until the car is there."""
        return self.dashboard.cockpit

    @property
    def state(self) -> State:
        """What is known."""
        return self.dashboard.state

    def update_from(self, state: State) -> None:
        """Show what is known; called only while the panel can be seen."""

    def unavailable(self, state: State) -> str | None:
        """Why there is nothing to show, and what to do about it; None where there is."""
        return None

    def on_theme(self) -> None:
        """The theme changed; what was drawn in colours of the old one is drawn anew."""

    def give_up(self, why: str) -> None:
        """Show a sentence for good, in place of the body."""
        self._say_why(why)

    def copy_text(self) -> str:
        """What "copy" copies while the panel has the focus; empty for nothing."""
        return ""

    def refresh_from(self, state: State) -> None:
        """Called by the dashboard; panels override ``update_from``."""
        why = self.unavailable(state)
        if why != self._why:
            self._say_why(why)
        if why is None:
            self.update_from(state)

    def _say_why(self, why: str | None) -> None:
        self._why = why
        focused = self.app.focused
        if why is not None and focused is not None and self in focused.ancestors:
            self.screen.set_focus(None)  # what is hidden takes no keys
            self._awaited = True
        self.set_class(why is not None, "-unavailable")
        line = self.query(".unavailable")
        if why is not None and line:
            line.first(Static).update(why)
        elif why is not None:
            self.mount(Static(why, classes="unavailable", markup=False))
        elif self._awaited:
            self._awaited = False
            self.call_after_refresh(self._take_focus)

    def _take_focus(self) -> None:
        if self.app.focused is None and (widget := self.first_focus()) is not None:
            widget.focus()

    def act(self, work: Coroutine[Any, Any, object], done: str = "") -> None:
        """Run something in the background; say how it ended.

        Args:
            work: e.g. ``self.cockpit.set(path, value)``.
            done: shown when it succeeded; nothing by default.
        """
        self.dashboard.act(work, done)

    @property
    def turn(self) -> TurnRecord | None:
        """The turn to show in detail: the chosen one, else the newest.

        ``self.dashboard.choose_turn`` chooses; ``Section.CONVERSATION`` changes then.
        """
        return self.dashboard.chosen_turn or self.state.last_turn

    def colour(self, name: str) -> str:
        """A colour of the theme for Rich text, e.g. ``success``, ``text-muted``, ``primary``."""
        return self.dashboard.colour(name)

    def first_focus(self) -> Widget | None:
        """The widget that gets the focus with the panel."""
        if self._why is not None:
            self._awaited = True
            return None
        if self.focus_on:
            found = self.query(self.focus_on)
            if found and found.first().focusable:
                return found.first()
        if self.focusable:
            return self
        return next((widget for widget in self.query("*") if widget.focusable), None)
