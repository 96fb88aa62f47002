"""The dashboard."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar

import psutil
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.widgets import Footer, Input

from cockpit.addressing import AddressUnknown, addressed
from cockpit.settings import Settings
from cockpit.ui.arranging import COLUMNS, TWO_ROWS, arrange
from cockpit.ui.boot import Boot, Opener
from cockpit.ui.cockpit import Cockpit
from cockpit.ui.commands import Commands
from cockpit.ui.completion import Completer
from cockpit.ui.feed import Feed
from cockpit.ui.frame import StatusLine, TabLine
from cockpit.ui.history import History
from cockpit.ui.keys import KeysScreen
from cockpit.ui.logs import LogBook
from cockpit.ui.panels import KINDS, Kind, Panel
from cockpit.ui.preferences import Preferences
from cockpit.ui.prompt import Prompt
from cockpit.ui.state import NoteKind, Section, State, TurnRecord
from cockpit.ui.themes import DARK, THEMES, concrete, other
from cockpit.ui.trouble import TroubleScreen
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

log = logging.getLogger(__name__)

LOW = 30
"""Lines of the terminal below which nothing is spent on empty ones."""


class CockpitApp(App[int], inherit_bindings=False):
    """Tabs, panels, a status line and a prompt.

    Args:
        settings: everything that can be set.
        opener: opens the vehicle.
        seat: where the person at the keyboard sits.
        listen: a microphone is wanted.
        speak: replies are said aloud.
        state: what is known; tests hand in one with a frozen clock.
        book: what is logged.

    Attributes:
        cockpit: what to act on; None until the car is there.
        crash: what broke the dashboard itself.
        served: it is shown in a browser.
    """

    TITLE = "Cockpit"
    CSS_PATH = Path(__file__).parent / "styles" / "app.tcss"
    AUTO_FOCUS = "RequestInput"
    COMMANDS = {Commands}  # noqa: RUF012  (textual's own type)
    COMMAND_PALETTE_DISPLAY = "^P"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark,1", "keys", "Keys", key_display="F1"),
        *(
            Binding(f"f{kind.key},{kind.key}", f"show_panel('{kind.name}')", kind.title, show=False)
            for kind in KINDS
        ),
        Binding("ctrl+t", "talk", "Talk", key_display="^T"),
        Binding("ctrl+n", "mute", "Mic", show=False),
        Binding("ctrl+s", "next_seat", "Seat", show=False),
        Binding("ctrl+o", "zoom", "Zoom", show=False),
        Binding("ctrl+y", "copy", "Copy", key_display="^Y", show=False),
        Binding("f12", "other_theme", "Light or dark", show=False),
        Binding("ctrl+r", "try_again", "Try again", show=False),
        Binding("escape", "to_prompt", "To the prompt", show=False),
        Binding("ctrl+q", "quit", "Quit", key_display="^Q", priority=True),
        Binding("ctrl+c", "interrupt", "Quit", show=False, priority=True),
    ]

    def __init__(
        self,
        settings: Settings,
        opener: Opener,
        *,
        seat: Seat = Seat.DRIVER,
        listen: bool = True,
        speak: bool = True,
        state: State | None = None,
        book: LogBook | None = None,
    ) -> None:
        super().__init__()
        self.state = state or State()
        self.feed = Feed(self.state, self.draw, book)
        self.settings = settings
        self.cockpit: Cockpit | None = None
        self.crash: Exception | None = None
        self.served = False
        self.completer = Completer()
        self.boot = Boot(
            settings,
            opener,
            self.feed,
            listen=listen,
            speak=speak,
            on_examples=self.completer.learn,
            on_ready=self._on_cockpit,
            on_failed=self._on_boot_failed,
        )
        self.preferences = Preferences(settings.data_dir)
        self._prompt = Prompt(History(settings.data_dir), self.completer, seat)
        self._panels: dict[str, Panel] = {}
        self._recent = [kind.name for kind in KINDS]
        self._shown: tuple[str, ...] = ()
        self._broken: set[str] = set()
        self._zoomed = False
        self._room: Size | None = None
        self._chosen: TurnRecord | None = None
        self._pending: list[tuple[str, Seat]] = []
        self._filled_after = -1
        for theme in THEMES:
            self.register_theme(theme)
        wanted = self.preferences.theme
        self.theme = wanted if wanted in self.available_themes else DARK.name

    # The frame.

    def compose(self) -> ComposeResult:
        """The frame; panels are made when they are first seen."""
        yield TabLine()
        with Horizontal(id="columns"):
            for index in range(COLUMNS):
                yield Vertical(id=f"column-{index}", classes="column")
        yield StatusLine()
        yield self._prompt
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """The first panels; everything else begins behind the first paint."""
        self.served = self.is_web
        self.feed.follow_log()
        self.arrange()
        self.theme_changed_signal.subscribe(self, lambda _: self._redraw())
        self.keep_time()
        self.call_after_refresh(self._painted)

    def on_unmount(self) -> None:
        """Nothing can be drawn any more."""
        self.feed.close()

    def _painted(self) -> None:
        since = time.time() - psutil.Process().create_time()
        log.info("first paint after %.2f s (CPU %.2f s)", since, time.process_time())
        self.begin()

    def keep_time(self) -> None:
        """Have ages drawn, and measured what it costs."""
        self.run_worker(self.feed.tick(), name="clock", group="clock")

    def begin(self) -> None:
        """Open the car."""
        self.boot.begin()

    def on_resize(self, event: events.Resize) -> None:
        """More or fewer panels fit; ``size`` is still the one before."""
        self._room = event.size
        self.arrange()

    def _redraw(self) -> None:
        for name in self._shown:
            self._panels[name].on_theme()
        self.draw(frozenset(Section))

    # Panels.

    def arrange(self) -> None:
        """Show the panels that fit."""
        names = [[k.name for k in KINDS if k.column == column] for column in range(COLUMNS)]
        size = self._room or self.size
        chosen = arrange(0 if self._zoomed else size.width, size.height, names, self._recent)
        screen = self.screen_stack[0]
        screen.set_class(sum(map(len, chosen)) == 1, "-single")
        screen.set_class(size.height < LOW, "-low")
        screen.set_class(size.height >= TWO_ROWS, "-high")
        self._shown = tuple(name for column in chosen for name in column)
        self.feed.measuring = "system" in self._shown
        for index, column in enumerate(chosen):
            parent = screen.query_one(f"#column-{index}", Vertical)
            parent.display = bool(column)
            for name in names[index]:
                self._place(parent, name, name in column)
        screen.query_one(TabLine).show(self._shown, self._recent[0])
        self.draw(frozenset(Section))

    def _place(self, parent: Vertical, name: str, wanted: bool) -> None:
        panel = self._panels.get(name)
        if panel is None and wanted:
            order = [kind.name for kind in KINDS]
            panel = self._make(KINDS[order.index(name)])
            self._panels[name] = panel
            later = [
                one
                for one in parent.children
                if one.id in order and order.index(one.id) > order.index(name)
            ]
            parent.mount(panel, before=later[0] if later else None)
            panel.call_after_refresh(self._refresh, name)
        if panel is not None:
            panel.display = wanted

    def _make(self, kind: Kind) -> Panel:
        """A new panel; one that cannot be made says so."""
        try:
            return kind.make()
        except Exception as error:
            if self.is_headless:
                raise
            log.exception("the panel %s cannot be made", kind.title)
            self._broken.add(kind.name)
            panel = Panel(kind)
            panel.call_after_refresh(
                panel.give_up, f"This panel broke ({error}); F8 shows the log."
            )
            return panel

    def action_show_panel(self, name: str) -> None:
        """Bring a panel into sight and give it the focus."""
        self._recent.remove(name)
        self._recent.insert(0, name)
        self.arrange()
        # Who goes to the conversation wants to say something.
        if name == "conversation":
            self.call_after_refresh(self.action_to_prompt)
        else:
            # Once the panel is made, which takes its time where it is seen for the first time.
            self.screen.set_focus(None)
            self._panels[name].call_after_refresh(self._focus_unless, name)

    def _focus_unless(self, name: str) -> None:
        """Give a panel the focus, unless Esc was pressed meanwhile."""
        if self.focused is None:
            self.focus_panel(name)

    def focus_panel(self, name: str) -> None:
        """Give a panel's keys the focus."""
        widget = self._panels[name].first_focus()
        if widget is not None:
            widget.focus()
        else:
            self.screen.set_focus(None)

    def on_tab_line_chosen(self, message: TabLine.Chosen) -> None:
        """A tab was clicked."""
        self.action_show_panel(message.name)

    def action_zoom(self) -> None:
        """One panel alone, or as many as fit."""
        self._zoomed = not self._zoomed
        self.arrange()

    def draw(self, changes: frozenset[Section]) -> None:
        """Bring what is seen up to date."""
        if not self.is_running or not self._shown:
            return
        screen = self.screen_stack[0]
        screen.query_one(StatusLine).show(self.state, "conversation" in self._shown)
        if Section.CONVERSATION in changes:
            self._fill_completions()
        for name in self._shown:
            panel = self._panels[name]
            if panel.is_mounted and panel.sections & changes:
                self._refresh(name)

    def _refresh(self, name: str) -> None:
        """Draw a panel; one that breaks says so and costs the others nothing."""
        if name in self._broken:
            return
        panel = self._panels[name]
        try:
            panel.refresh_from(self.state)
        except Exception as error:
            if self.is_headless:
                raise
            self._broken.add(name)
            log.exception("the panel %s broke", panel.kind.title)
            panel.give_up(f"This panel broke ({error}). The others go on; F8 shows the log.")

    # The car.

    def _on_cockpit(self, cockpit: Cockpit) -> None:
        self.cockpit = cockpit
        self._filled_after = -1
        for text, seat in self._pending:
            self.act(cockpit.request(text, seat))
        self._pending.clear()
        self.draw(frozenset(Section))

    def _on_boot_failed(self, fault: str) -> None:
        self.cockpit = None
        self.push_screen(TroubleScreen(fault), self._after_trouble)

    def _after_trouble(self, again: bool | None) -> None:
        if again:
            self.begin()

    def action_try_again(self) -> None:
        """Open the car anew, after it could not be opened."""
        if self.boot.fault:
            self.begin()

    def _fill_completions(self) -> None:
        """Names of places and items, after each turn that may have changed them."""
        finished = sum(1 for e in self.state.entries if isinstance(e, TurnRecord) and e.turn)
        if self.cockpit is not None and finished != self._filled_after:
            self._filled_after = finished
            self.run_worker(self._fill(self.cockpit), group="completions", exclusive=True)

    async def _fill(self, cockpit: Cockpit) -> None:
        self.completer.fill(await cockpit.place_names(), await cockpit.item_names())

    def act(self, work: Coroutine[Any, Any, object], done: str = "") -> None:
        """Run something in the background, and say how it ended."""
        self.run_worker(self._acted(work, done), name="action", exit_on_error=False)

    async def _acted(self, work: Coroutine[Any, Any, object], done: str) -> None:
        try:
            await work
        except CockpitError as error:
            self.notify(error.spoken, severity="warning", markup=False)
        except Exception as error:
            log.exception("that could not be done")
            text = f"That did not work: {error}. F8 shows the log."
            self.notify(text, severity="error", markup=False)
        else:
            if done:
                self.notify(done, markup=False)

    # Requests.

    @property
    def seat(self) -> Seat:
        """Who types."""
        return self._prompt.seat

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """A request, or only the return key: the talk button."""
        if not message.text:
            self.action_talk()
            return
        try:
            seat, text = addressed(message.text, message.seat)
        except AddressUnknown as error:
            self.notify(error.spoken, severity="warning", markup=False)
            return
        if self.cockpit is None:
            self._pending.append((text, seat))
            self.notify("It is sent as soon as the car is there.", markup=False)
            return
        self.act(self.cockpit.request(text, seat))

    def ask(self, line: str) -> None:
        """Make a request as whoever types; ``@passenger …`` from another seat."""
        self.on_prompt_sent(Prompt.Sent(line, self.seat))

    def on_prompt_left(self) -> None:
        """Escape in the prompt: on with the keys of the panel."""
        self.focus_panel(self._recent[0])

    def action_to_prompt(self) -> None:
        """Escape elsewhere: back to the prompt."""
        self._prompt.input.focus()

    def on_app_blur(self, event: events.AppBlur) -> None:
        """A page has the keyboard when keys come from it; textual takes it for left at first."""
        if self.served:
            event.prevent_default()

    def action_focus_next(self) -> None:
        """To the next part of the panels; the prompt, where Tab completes, is no stop."""
        self.screen.focus_next(self._stops)

    def action_focus_previous(self) -> None:
        """To the part before."""
        self.screen.focus_previous(self._stops)

    @property
    def _stops(self) -> str:
        return ".panel, .panel *" if len(self.screen_stack) == 1 else "*"

    def action_next_seat(self) -> None:
        """Somebody else types."""
        self._prompt.next_seat()

    def choose_seat(self, seat: Seat) -> None:
        """This seat types."""
        self._prompt.choose_seat(seat)

    def type_again(self, text: str, seat: Seat) -> None:
        """Put a request into the prompt, to be changed or sent."""
        self._prompt.choose_seat(seat)
        self._prompt.say(text)

    def action_talk(self) -> None:
        """The talk button."""
        if self.cockpit is None or not self.cockpit.push_to_talk(self.seat):
            self.notify(self._why_not_talk(), markup=False)

    def action_mute(self) -> None:
        """Switch the microphone off, or on again."""
        muted = not self.state.muted
        if self.cockpit is None or not self.cockpit.mute(muted):
            self.notify(self._why_not_talk(), markup=False)
            return
        self.state.muted = muted
        self.feed.touch(Section.LISTENING)

    def _why_not_talk(self) -> str:
        if self.cockpit is None:
            return "The car is still loading."
        if self.state.muted:
            return "The microphone is off; Ctrl-N switches it on."
        return self.state.typed_because or "The microphone is still loading."

    # Turns.

    @property
    def chosen_turn(self) -> TurnRecord | None:
        """The turn that the user chose; None where the newest is followed."""
        return self._chosen

    def choose_turn(self, turn: TurnRecord | None) -> None:
        """Look at a turn; None follows the newest."""
        self._chosen = turn
        self.feed.touch(Section.CONVERSATION)

    # Everything else.

    def action_command_palette(self) -> None:
        """Find a command by a part of its name."""
        if not isinstance(self.screen, CommandPalette):
            hint = "Panel, seat, theme, command, or a request …"
            self.push_screen(CommandPalette(placeholder=hint, id="--command-palette"))

    def action_keys(self) -> None:
        """Every key."""
        self.push_screen(KeysScreen(list(self._panels.values())))

    def action_other_theme(self) -> None:
        """Light for dark, and the other way round."""
        self.choose_theme(other(self.theme))

    def choose_theme(self, name: str) -> None:
        """Change the colours, now and at the next start."""
        self.theme = name
        self.preferences.keep(theme=name)

    def action_copy(self) -> None:
        """What is selected, or what the panel in focus gives."""
        text = self.screen.get_selected_text()
        if not text:
            panel = self._panels.get(self._recent[0])
            focused = self.focused
            for ancestor in focused.ancestors_with_self if focused is not None else ():
                if isinstance(ancestor, Panel):
                    panel = ancestor
            text = panel.copy_text() if panel is not None else ""
        self.copy(text or "")

    def copy(self, text: str) -> None:
        """Put text on the clipboard, and say so."""
        if not text:
            self.notify("There is nothing to copy here.", markup=False)
            return
        self.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        self.notify("Copied." if lines == 1 else f"Copied {lines} lines.", markup=False)

    def action_interrupt(self) -> None:
        """Ctrl-C copies what is selected, else it quits."""
        if self.screen.get_selected_text():
            self.action_copy()
        elif isinstance(self.focused, Input) and self.focused.selected_text:
            self.copy(self.focused.selected_text)
        else:
            self.exit()

    async def action_quit(self) -> None:
        """End; the car is ended once the terminal is as it was."""
        self.exit()

    def save(self) -> None:
        """Save the screen as a picture in the current folder, once the palette has gone."""
        self.set_timer(0.3, lambda: self.deliver_screenshot(path=str(Path.cwd())))

    def note(self, text: str, kind: NoteKind = NoteKind.INFO) -> None:
        """Add a sentence to the conversation."""
        self.state.note(text, kind)
        self.feed.touch()

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables, with muted text that is muted everywhere."""
        self.theme_variables = concrete(super().get_css_variables())
        return self.theme_variables

    def colour(self, name: str) -> str:
        """A colour of the theme, for Rich text."""
        return self.theme_variables[name]

    def _fatal_error(self) -> None:
        """Textual would print a page of source code; one sentence follows when all has ended."""
        self.crash = self._exception
        if self.crash is not None:
            log.error("the dashboard broke", exc_info=self.crash)
        self._close_messages_no_wait()


async def show(app: CockpitApp) -> None:
    """Run a dashboard, and end what it opened; ``start`` is the whole program."""
    try:
        await app.run_async()
    finally:
        await asyncio.shield(app.boot.close())
