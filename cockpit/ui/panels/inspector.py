"""Shows the selected turn: stages in milliseconds, who planned and why, what was called."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.canvas import Canvas, Drawing, Ink, Palette, mix
from cockpit.ui.panels.inspector_detail import described
from cockpit.ui.state import Section, State, TurnRecord
from skills.api.results import Status
from vehicle_bus.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.ui.panels.inspector_scenario import Surroundings

SCENARIOS: Final = "scenarios"
"""Folder for written scenarios, in the data folder."""
_WIDE: Final = 110
"""Columns from which the list stands beside the turn."""
_TROUBLE: Final = (Status.FAILED, Status.REJECTED, Status.ABSENT, Status.REFUSED, Status.PARTIAL)


class TurnList(Drawing, can_focus=True):
    """One line a turn, the newest last."""

    DEFAULT_CSS = """
    TurnList { height: 5; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Choose", key_display="↑↓"),
        Binding("down,j", "step(1)", show=False),
        Binding("home", "step(-1000)", "The first turn", show=False, key_display="Home"),
        Binding("end", "step(1000)", "Follow the newest turn", show=False, key_display="End"),
        Binding("pageup", "scroll(-1)", "Read the turn on", show=False, key_display="PgUp PgDn"),
        Binding("pagedown", "scroll(1)", show=False),
        Binding("space", "mark", "Begin here"),
    ]

    class Chosen(Message):
        """A turn was chosen."""

        def __init__(self, turn: TurnRecord) -> None:
            super().__init__()
            self.turn = turn

    class Marked(Message):
        """A scenario shall begin with the chosen turn, or not any more."""

    class Scrolled(Message):
        """The turn is to be read on, or back."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    def __init__(self) -> None:
        super().__init__(id="turns")
        self._turns: list[TurnRecord] = []
        self._chosen = -1
        self._marked = -1
        self._top = 0

    def show(self, turns: list[TurnRecord], chosen: int, marked: int) -> None:
        """Draw these turns.

        Args:
            chosen: index of the one that is looked at.
            marked: index of the one with which a scenario of it begins; -1 for that one itself.
        """
        self._turns, self._chosen, self._marked = turns, chosen, marked
        self.redraw()

    def paint(self, canvas: Canvas) -> None:
        """What is in sight of the list."""
        height = canvas.height
        last = max(0, len(self._turns) - height)
        self._top = max(0, min(self._top, last, self._chosen))
        if self._chosen >= self._top + height:
            self._top = self._chosen - height + 1
        for y, index in enumerate(range(self._top, min(self._top + height, len(self._turns)))):
            self._line(canvas, y, index)
        if last:  # a scroll bar of one column
            size = max(1, height * height // len(self._turns))
            at = round(self._top / last * (height - size))
            for y in range(height):
                ink = Ink(self.palette.primary if at <= y < at + size else self.palette.line)
                canvas.put(canvas.width - 1, y, "▐", ink)

    def _line(self, canvas: Canvas, y: int, index: int) -> None:
        turn, palette = self._turns[index], self.palette
        chosen = index == self._chosen
        over = None
        if chosen:
            ground = palette.cursor if self.has_focus else palette.raised
            canvas.fill(0, y, canvas.width, 1, ground)
            over = palette.cursor_text if self.has_focus else None
        sign, colour = _sign(turn, palette)
        within = 0 <= self._marked <= index <= self._chosen
        mark = "▎" if within and self._marked < self._chosen else " "
        x = canvas.put(0, y, mark, Ink(palette.accent))
        x = canvas.put(x, y, f"{turn.number:>3} ", Ink(over or palette.faint))
        x = canvas.put(x, y, f"{sign} ", Ink(over or colour, bold=True))
        took = _took(turn)
        end = canvas.width - 2
        if took and canvas.width >= 50:
            end = canvas.right(end, y, took, Ink(over or palette.faint)) - 1
        seat = f"{turn.utterance.seat.spoken}: "
        x = canvas.put(x, y, seat, Ink(over or palette.faint))
        text = turn.utterance.text
        room = max(0, end - x)
        if len(text) > room:
            text = text[: max(0, room - 1)] + "…"
        canvas.put(x, y, text, Ink(over or palette.text))

    def on_focus(self) -> None:
        """The keys are for it."""
        self.redraw()

    def on_blur(self) -> None:
        """They are not any more."""
        self.redraw()

    def action_step(self, steps: int) -> None:
        """Choose another turn."""
        if self._turns:
            at = max(0, min(len(self._turns) - 1, self._chosen + steps))
            self.post_message(self.Chosen(self._turns[at]))

    def action_mark(self) -> None:
        """A scenario begins here."""
        self.post_message(self.Marked())

    def action_scroll(self, pages: int) -> None:
        """Read the turn on, or back."""
        self.post_message(self.Scrolled(pages))

    def on_click(self, event: events.Click) -> None:
        """Choose the turn under the pointer."""
        at = self._top + event.y
        if 0 <= at < len(self._turns):
            self.post_message(self.Chosen(self._turns[at]))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """To the turn before."""
        event.stop()
        self.action_step(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """To the turn after."""
        event.stop()
        self.action_step(1)


class InspectorPanel(Panel):
    """Shows the selected turn: stages in milliseconds, who planned and why, what was called."""

    sections = frozenset({Section.CONVERSATION})
    focus_on = "#turns"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_scenario", "Copy scenario"),
        Binding("w", "write_scenario", "Write it"),
    ]

    DEFAULT_CSS = """
    InspectorPanel { layout: vertical; }
    InspectorPanel > #turns { height: 4; border-bottom: solid $border; }
    InspectorPanel > #detail { height: 1fr; overflow-y: scroll; overflow-x: hidden; }
    InspectorPanel.-high > #turns { height: 7; }
    InspectorPanel.-wide { layout: horizontal; }
    InspectorPanel.-wide > #turns {
        width: 56; height: 1fr; border-bottom: none; border-right: solid $border;
    }
    InspectorPanel.-wide > #detail { width: 1fr; padding-left: 1; }
    InspectorPanel #turn { height: auto; }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._marked: TurnRecord | None = None
        self._seen: object = None

    def compose(self) -> ComposeResult:
        """The list, and the turn."""
        yield TurnList()
        with VerticalScroll(id="detail"):
            yield Static(id="turn", markup=False)

    def unavailable(self, state: State) -> str | None:
        """Until somebody has said something."""
        if state.last_turn is None:
            return "Nothing was said yet. Say or type something; here is how it was understood."
        return None

    def on_resize(self) -> None:
        """The list beside the turn, or above it."""
        self.set_class(self.size.width >= _WIDE, "-wide")
        self.set_class(self.size.height >= 24, "-high")
        self._seen = None
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        self.refresh_from(self.state)

    @property
    def turns(self) -> list[TurnRecord]:
        """All turns that are known, the oldest first."""
        return [entry for entry in self.state.entries if isinstance(entry, TurnRecord)]

    def update_from(self, state: State) -> None:
        """Show the chosen turn."""
        turns, turn = self.turns, self.turn
        if turn is None:
            return
        chosen = next((i for i, one in enumerate(turns) if one is turn), len(turns) - 1)
        detail = self.query_one("#detail", VerticalScroll)
        width = max(20, detail.scrollable_content_region.width)
        seen = (turns[0].number, len(turns), chosen, id(self._marked), width, *_version(turn))
        if seen == self._seen:
            return
        same = isinstance(self._seen, tuple) and self._seen[2] == chosen
        self._seen = seen
        self.query_one(TurnList).show(turns, chosen, self._first(turns, chosen))
        self.query_one("#turn", Static).update(described(turn, width))
        if not same:
            detail.scroll_home(animate=False)

    # Choosing.

    def on_turn_list_chosen(self, message: TurnList.Chosen) -> None:
        """Look at it; at the newest one means at whatever is the newest."""
        newest = message.turn is self.state.last_turn
        self.dashboard.choose_turn(None if newest else message.turn)

    def on_turn_list_marked(self) -> None:
        """A scenario begins with this turn, or again where it seems right."""
        turn = self.turn
        self._marked = None if self._marked is turn else turn
        self._again()

    def on_turn_list_scrolled(self, message: TurnList.Scrolled) -> None:
        """Scroll the turn."""
        detail = self.query_one("#detail", VerticalScroll)
        if message.pages > 0:
            detail.scroll_page_down(animate=False)
        else:
            detail.scroll_page_up(animate=False)

    # Scenarios.

    def _first(self, turns: list[TurnRecord], chosen: int) -> int:
        """Index of the turn with which a scenario of the chosen one begins."""
        from cockpit.ui.panels.inspector_scenario import beginning

        for index, turn in enumerate(turns[: chosen + 1]):
            if turn is self._marked:
                return index
        return beginning(turns, chosen)

    async def _around(self, last: TurnRecord) -> Surroundings:
        from cockpit.ui.panels.inspector_scenario import Surroundings

        cockpit = self.cockpit
        if cockpit is None:
            raise CockpitError("The car is not there, so nobody knows what is usual in it.")
        turns = self.turns
        at = next(index for index, turn in enumerate(turns) if turn is last)
        following = turns[at + 1].before if at + 1 < len(turns) else None
        if following is not None:
            after, names = following.values, following.kept.items
        else:
            after, names = dict(self.state.vehicle.values), await cockpit.item_names()
        return Surroundings(
            start=cockpit.start(cockpit.session.bus.catalogue),
            catalogue=cockpit.session.bus.catalogue,
            after=after,
            shopping=names,
            faults=cockpit.world.faults if cockpit.world is not None else (),
        )

    async def _scenario(self) -> dict[str, Any]:
        """The scenario of the chosen turn.

        Raises:
            CockpitError: it is not finished, or the car is not there.
        """
        from cockpit.ui.panels.inspector_scenario import scenario

        turn, turns = self.turn, self.turns
        if turn is None or turn.turn is None:
            raise CockpitError("The turn is not finished yet.")
        last = next((i for i, one in enumerate(turns) if one is turn), len(turns) - 1)
        around = await self._around(turn)
        return scenario(turns[self._first(turns, last) : last + 1], around)

    def action_copy_scenario(self) -> None:
        """Put the turn on the clipboard as a scenario."""
        self.act(self._copy())

    async def _copy(self) -> None:
        from cockpit.ui.panels.inspector_scenario import as_yaml

        found = await self._scenario()
        self.app.copy_to_clipboard(as_yaml(found))
        count = len(found["turns"])
        what = "1 turn" if count == 1 else f"{count} turns"
        self.notify(f"Copied a scenario of {what}; w writes it to a file.", markup=False)

    def action_write_scenario(self) -> None:
        """Write the turn to a file as a scenario."""
        self.act(self._write())

    async def _write(self) -> None:
        from cockpit.ui.panels.inspector_scenario import as_yaml, file_name

        found = await self._scenario()
        folder = self.dashboard.settings.data_dir / SCENARIOS
        path = folder / file_name(found)
        try:
            await asyncio.to_thread(_write, path, as_yaml(found))
        except OSError as error:
            raise CockpitError(f"{path} cannot be written: {error.strerror}.") from error
        self.notify(f"Written. Try it with: cockpit eval {path}", timeout=12, markup=False)

    def copy_text(self) -> str:
        """The turn as it is shown."""
        turn = self.turn
        return _plain(described(turn, 100)) if turn is not None else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _plain(content: Content) -> str:
    return content.plain


def _version(turn: TurnRecord) -> tuple[object, ...]:
    """What of a turn may still change; the same for as long as none of it does."""
    finished = sum(entry.outcome is not None for entry in turn.calls)
    heard = turn.reply.heard if turn.reply is not None else None
    return (
        turn.plan is not None,
        len(turn.calls),
        finished,
        turn.turn is not None,
        len(turn.stages),
        turn.reply is not None,
        heard,
        len(turn.failures),
    )


def _sign(turn: TurnRecord, palette: Palette) -> tuple[str, str]:
    """What became of a turn in one sign, with its colour."""
    done = turn.turn
    if done is None:
        return "…", palette.accent
    if turn.failures or any(outcome.status in _TROUBLE for outcome in done.outcomes):
        return "✗", palette.error
    if done.asks:
        return "?", palette.accent
    if done.planner == "none" or (turn.plan is not None and turn.plan.verdict == "unsure"):
        return "○", palette.warning
    return "✓", palette.success if done.outcomes else mix(palette.success, palette.ground, 0.5)


def _took(turn: TurnRecord) -> str:
    if turn.turn is None:
        return ""
    who = {"template": "templates", "lm": "model"}.get(turn.turn.planner, turn.turn.planner)
    return f"{who} {turn.turn.timings_ms.get('total', 0):.0f} ms"
