"""The shopping list and the places, as they are kept by the skills."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList, Static

from cockpit.ui.cockpit import Cockpit
from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.apps_lists import (
    HERE,
    SavedSpots,
    Shopping,
    Spot,
    here,
    how_far,
    leads_to,
    recent,
)
from cockpit.ui.panels.asking import AskScreen
from cockpit.ui.panels.rows import KeyedRows, Row, between, hint
from cockpit.ui.state import Section, State
from vehicle_bus.errors import CockpitError

SIDE_BY_SIDE: Final = 56
"""Columns of the panel from which the lists stand beside each other."""
_SIGNS: Final = {"home": "⌂", "work": "▣"}


class ShoppingRows(KeyedRows):
    """Items; those that are ticked off are struck out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "select", "Tick off", key_display="␣"),
        Binding("a", "ask('add')", "Add"),
        Binding("d,delete", "ask('remove')", "Remove"),
        Binding("u", "ask('undo')", "Undo"),
        Binding("x", "ask('clear')", "Clear ticked"),
    ]


class PlaceRows(KeyedRows):
    """Saved places and where one drove lately."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Go there"),
        Binding("a", "ask('save')", "Save"),
        Binding("r", "ask('rename')", "Rename"),
        Binding("d,delete", "ask('remove')", "Remove"),
        Binding("u", "ask('undo')", "Undo"),
    ]


class AppsPanel(Panel):
    """Two lists, and a line about what is still to come."""

    sections = frozenset({Section.CONVERSATION, Section.VEHICLE, Section.CLOCK})
    focus_on = "ShoppingRows"

    DEFAULT_CSS = """
    AppsPanel > #lists { height: 1fr; }
    AppsPanel > #lists.-stacked { layout: vertical; }
    AppsPanel ShoppingRows { width: 2fr; }
    AppsPanel PlaceRows { width: 3fr; margin: 0 0 0 1; }
    AppsPanel .-stacked ShoppingRows, AppsPanel .-stacked PlaceRows { width: 100%; margin: 0; }
    AppsPanel > #later {
        height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._of: Cockpit | None = None
        self._shopping: Shopping | str = ""
        self._places: SavedSpots | str = ""
        self._spots: dict[str, Spot] = {}

    def compose(self) -> ComposeResult:
        """Shopping list, places, and a line."""
        with Horizontal(id="lists"):
            yield ShoppingRows("Shopping list", id="shopping")
            yield PlaceRows("Places", id="places")
        yield Static("Calendar and messages do not exist yet.", id="later", markup=False)

    def unavailable(self, state: State) -> str | None:
        """The lists are the session's."""
        return "The lists are there as soon as the car is." if self.cockpit is None else None

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room."""
        self.query_one("#lists").set_class(event.size.width < SIDE_BY_SIDE, "-stacked")
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        if self.cockpit is not None:
            self.update_from(self.state)

    @property
    def _shopping_rows(self) -> ShoppingRows:
        return self.query_one(ShoppingRows)

    @property
    def _place_rows(self) -> PlaceRows:
        return self.query_one(PlaceRows)

    def update_from(self, state: State) -> None:
        """Both lists as they are now."""
        if self.cockpit is not self._of:
            self._of = self.cockpit
            if self.cockpit is not None:
                self.act(self._open(self.cockpit))
        self._shopping_rows.show(self._shopping_list())
        self._place_rows.show(self._place_list(state))

    async def _open(self, cockpit: Cockpit) -> None:
        from skills.navigation.saved import SavedPlaces
        from skills.shopping.store import ShoppingList

        resources = cockpit.session.resources
        try:
            self._shopping = Shopping(await resources.get(ShoppingList))
        except CockpitError as error:
            self._shopping = error.spoken
        try:
            self._places = SavedSpots(await resources.get(SavedPlaces))
        except CockpitError as error:
            self._places = error.spoken
        self._again()

    # What is shown.

    def _shopping_list(self) -> list[Row]:
        if isinstance(self._shopping, str):
            return [hint("damaged", self._shopping)] if self._shopping else []
        entries = self._shopping.entries()
        still = sum(not entry.ticked for entry in entries)
        self._shopping_rows.call("Shopping list", f" · {still}" if entries else "")
        if not entries:
            return [hint("nothing", "Nothing to buy."), hint("how", "a adds something.")]
        return [
            Row(
                entry.key,
                Content.assemble(("☑ ", "$success"), (entry.text, "$text-muted strike"))
                if entry.ticked
                else Content.assemble(("☐ ", "$primary"), entry.text),
            )
            for entry in entries
        ]

    def _place_list(self, state: State) -> list[Row]:
        if isinstance(self._places, str):
            return [hint("damaged", self._places)] if self._places else []
        saved, lately = self._places.spots(), recent(state.entries)
        self._spots = {f"{'saved' if s.saved else 'recent'} {s.name}": s for s in (*saved, *lately)}
        self._place_rows.call("Places", f" · {len(saved)}" if saved else "")
        rows = [self._place(key, spot, state) for key, spot in self._spots.items()]
        if lately:
            heading = Row("recent", Content.styled("Lately", "$text-muted bold"), chosen=False)
            rows.insert(len(saved), heading)
        if not saved:
            rows[:0] = [
                hint("none", "No saved places."),
                hint("how", "a saves where the car is now."),
            ]
        return rows

    def _place(self, key: str, spot: Spot, state: State) -> Row:
        values = state.vehicle.values
        going = leads_to(state.vehicle.documents.get("nav/route"), spot)
        sign = "▶" if going else _SIGNS.get(spot.name, "●" if spot.saved else "○")
        colour = "$accent" if going else "$primary" if spot.saved else "$text-muted"
        address = f"  {spot.address}" if spot.address and spot.address != spot.name else ""
        left = Content.assemble((f"{sign} ", colour), spot.name, (address, "$text-muted"))
        far = how_far(spot, *(values.get(path) for path in HERE))
        return Row(key, between(left, Content.styled(far, "$text-muted"), self._place_rows.room))

    # What the keys do.

    @on(OptionList.OptionSelected, "ShoppingRows")
    def _on_ticked(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        if isinstance(self._shopping, Shopping) and message.option_id is not None:
            self._shopping.tick(message.option_id)
            self._again()

    @on(OptionList.OptionSelected, "PlaceRows")
    def _on_chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        spot = self._spots.get(message.option_id or "")
        if spot is not None and self.cockpit is not None:
            # As anybody would say it, so that it is in the conversation and can be taken back.
            self.act(self.cockpit.request(f"take me to {spot.name}", self.dashboard.seat))

    @on(KeyedRows.Asked)
    def _on_asked(self, message: KeyedRows.Asked) -> None:
        message.stop()
        if isinstance(message.rows, ShoppingRows) and isinstance(self._shopping, Shopping):
            self._change_shopping(self._shopping, message.what, message.rows.row or "")
        elif isinstance(message.rows, PlaceRows) and isinstance(self._places, SavedSpots):
            self._change_places(self._places, message.what, message.rows.row or "")
        self._again()

    def _change_shopping(self, shopping: Shopping, what: str, key: str) -> None:
        match what:
            case "add":
                screen = AskScreen("Add to the shopping list", hint="2 litres of milk, eggs")
                self.dashboard.push_screen(screen, lambda text: self._add(shopping, text))
            case "remove":
                gone = shopping.remove(key)
                if gone:
                    self._tell(f"{gone} is off the list; u brings it back.")
            case "undo":
                self._told(shopping.undo.last())
            case "clear":
                count = shopping.forget_ticked()
                self._tell(f"{count} ticked off." if count else "Nothing is ticked off.")

    def _add(self, shopping: Shopping, text: str | None) -> None:
        if text is None:
            return
        if not shopping.add(text):
            self._tell("That names nothing to buy.")
        self._again()

    def _change_places(self, places: SavedSpots, what: str, key: str) -> None:
        spot = self._spots.get(key)
        match what:
            case "save":
                self._save(places, spot if spot is not None and not spot.saved else None)
            case "rename" if spot is not None and spot.saved:
                screen = AskScreen(
                    f"A new name for {spot.name}",
                    value=spot.name,
                    check=lambda text: places.fault(text, spot.name),
                )
                self.dashboard.push_screen(
                    screen, lambda name: self._rename(places, spot.name, name)
                )
            case "remove" if spot is not None and spot.saved:
                places.remove(spot.name)
                self._tell(f"{spot.name} is forgotten; u brings it back.")
            case "undo":
                self._told(places.undo.last())
            case "rename" | "remove":
                self._tell("Only a saved place can be changed; a saves it.")

    def _save(self, places: SavedSpots, spot: Spot | None) -> None:
        """Save a place of the list, or where the car is, under a name."""
        what = spot.name if spot is not None else "where the car is"

        def named(name: str | None) -> None:
            if name is not None and self.cockpit is not None:
                self.act(self._keep(self.cockpit, places, name, spot))

        screen = AskScreen(f"Save {what} as", hint="home", check=places.fault)
        self.dashboard.push_screen(screen, named)

    async def _keep(
        self, cockpit: Cockpit, places: SavedSpots, name: str, spot: Spot | None
    ) -> None:
        if spot is None:
            spot = await here(cockpit)
        self._tell(f"Saved as {places.keep(name, spot)}.")
        self._again()

    def _rename(self, places: SavedSpots, old: str, new: str | None) -> None:
        if new is not None and new != old:
            places.rename(old, new)
            self._again()

    def _told(self, what: str) -> None:
        self._tell(f"Taken back: {what}." if what else "There is nothing to take back.")

    def _tell(self, text: str) -> None:
        self.notify(text, markup=False)

    def copy_text(self) -> str:
        """The list in focus."""
        if self._place_rows.has_focus:
            return "\n".join(
                f"{spot.name}\t{spot.address}\t{spot.latitude:.6f}, {spot.longitude:.6f}"
                for spot in self._spots.values()
            )
        if isinstance(self._shopping, str):
            return ""
        return "\n".join(entry.text for entry in self._shopping.entries() if not entry.ticked)
