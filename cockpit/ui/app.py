"""The dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer

from cockpit.settings import Settings
from cockpit.ui.arranging import COLUMNS, arrange
from cockpit.ui.boot import Boot, Opener
from cockpit.ui.cockpit import Cockpit
from cockpit.ui.feed import Feed
from cockpit.ui.frame import StatusLine, TabLine
from cockpit.ui.panels import KINDS, Panel
from cockpit.ui.state import Section, State
from cockpit.ui.themes import DARK, THEMES
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat


class CockpitApp(App[int]):
    """Tabs, panels, a status line and a prompt.

    Args:
        settings: everything that can be set.
        opener: opens the vehicle.
        seat: where the person at the keyboard sits.
        listen: a spoken conversation is wanted.
        state: what is known; tests hand in one with a frozen clock.

    Attributes:
        cockpit: what to act on; None until the car is there.
    """

    TITLE = "Cockpit"
    CSS_PATH = "styles/app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"f{kind.key}", f"show_panel('{kind.name}')", kind.title, show=False)
            for kind in KINDS
        ),
        *(
            Binding(f"{kind.key}", f"show_panel('{kind.name}')", kind.title, show=False)
            for kind in KINDS
        ),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(
        self,
        settings: Settings,
        opener: Opener,
        *,
        seat: Seat = Seat.DRIVER,
        listen: bool = True,
        state: State | None = None,
    ) -> None:
        super().__init__()
        self.state = state or State()
        self.feed = Feed(self.state, self.draw)
        self.settings = settings
        self.seat = seat
        self.cockpit: Cockpit | None = None
        self.boot = Boot(
            settings,
            opener,
            self.feed,
            listen=listen,
            on_ready=self._on_cockpit,
            on_failed=self._on_boot_failed,
        )
        self._panels: dict[str, Panel] = {}
        self._recent = [kind.name for kind in KINDS]
        self._shown: tuple[str, ...] = ()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        """The frame; panels are made when they are first seen."""
        yield TabLine()
        with Horizontal(id="columns"):
            for index in range(COLUMNS):
                yield Vertical(id=f"column-{index}", classes="column")
        yield StatusLine()
        yield Footer()

    def on_mount(self) -> None:
        """The first panels; everything else begins behind the first paint."""
        self.arrange()
        self.call_after_refresh(self.begin)

    def on_unmount(self) -> None:
        """Nothing can be drawn any more."""
        self.feed.close()

    def begin(self) -> None:
        """Open the car."""
        self.boot.begin()

    def on_resize(self) -> None:
        """More or fewer panels fit."""
        self.arrange()

    # Panels.

    def arrange(self) -> None:
        """Show the panels that fit."""
        names = [[k.name for k in KINDS if k.column == column] for column in range(COLUMNS)]
        chosen = arrange(self.size.width, self.size.height, names, self._recent)
        self.screen.set_class(sum(map(len, chosen)) == 1, "-single")
        self._shown = tuple(name for column in chosen for name in column)
        for index, column in enumerate(chosen):
            parent = self.query_one(f"#column-{index}", Vertical)
            parent.display = bool(column)
            for name in names[index]:
                self._place(parent, name, name in column)
        self.query_one(TabLine).show(self._shown, self._recent[0])
        self.draw(frozenset(Section))

    def _place(self, parent: Vertical, name: str, wanted: bool) -> None:
        panel = self._panels.get(name)
        if panel is None and wanted:
            kinds = [kind.name for kind in KINDS]
            panel = next(kind for kind in KINDS if kind.name == name).make()
            self._panels[name] = panel
            later = [
                other
                for other in parent.children
                if other.id in kinds and kinds.index(other.id) > kinds.index(name)
            ]
            parent.mount(panel, before=later[0] if later else None)
            panel.call_after_refresh(self._first_sight, panel)
        if panel is not None:
            panel.display = wanted

    def _first_sight(self, panel: Panel) -> None:
        panel.refresh_from(self.state)

    def action_show_panel(self, name: str) -> None:
        """Bring a panel into sight and give it the focus."""
        self._recent.remove(name)
        self._recent.insert(0, name)
        self.arrange()
        self.call_after_refresh(self._focus_panel, name)

    def _focus_panel(self, name: str) -> None:
        widget = self._panels[name].first_focus()
        if widget is not None:
            widget.focus()

    def on_tab_line_chosen(self, message: TabLine.Chosen) -> None:
        """A tab was clicked."""
        self.action_show_panel(message.name)

    def draw(self, changes: frozenset[Section]) -> None:
        """Bring what is seen up to date."""
        because = self.cockpit.typed_because if self.cockpit is not None else ""
        self.query_one(StatusLine).show(self.state, because, self.seat)
        for name in self._shown:
            panel = self._panels[name]
            if panel.is_mounted and panel.sections & changes:
                panel.refresh_from(self.state)

    # The car.

    def _on_cockpit(self, cockpit: Cockpit) -> None:
        self.cockpit = cockpit
        self.draw(frozenset(Section))

    def _on_boot_failed(self, fault: str) -> None:
        self.cockpit = None
        self.notify(fault, severity="error", timeout=60)

    def act(self, work: Coroutine[Any, Any, object], done: str = "") -> None:
        """Run something in the background, and say how it ended."""
        self.run_worker(self._acted(work, done), name="action", exit_on_error=False)

    async def _acted(self, work: Coroutine[Any, Any, object], done: str) -> None:
        try:
            await work
        except CockpitError as error:
            self.notify(error.spoken, severity="warning", markup=False)
        else:
            if done:
                self.notify(done, markup=False)

    def colour(self, name: str) -> str:
        """A colour of the theme, for Rich text."""
        return self.theme_variables[name]


async def dashboard(settings: Settings, opener: Opener, *, seat: Seat, listen: bool) -> int:
    """Show the dashboard until the user quits; then end everything that it opened.

    Returns:
        the exit code.
    """
    app = CockpitApp(settings, opener, seat=seat, listen=listen)
    try:
        await app.run_async()
    finally:
        app.feed.close()
        await asyncio.shield(app.boot.close())
    return app.return_code or 0
