"""Shopping list and saved places as a person at the keyboard changes them; without textual.

They are the stores that the skills use: what is said and what is typed is the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cockpit.ui.state import Entry, TurnRecord
from vehicle_bus.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.ui.cockpit import Cockpit
    from skills.navigation.places import Place
    from skills.navigation.saved import SavedPlaces
    from skills.shopping.amounts import Item
    from skills.shopping.store import ShoppingList

STEPS: Final = 20
"""Changes that can be taken back."""
RECENT: Final = 8
"""Destinations that are remembered."""
HERE: Final = ("Vehicle.CurrentLocation.Latitude", "Vehicle.CurrentLocation.Longitude")
LONGEST: Final = 60
"""Letters in the name of a place."""


class Undo:
    """Changes that can be taken back, the last one first."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, Callable[[], object]]] = []

    def record(self, what: str, revert: Callable[[], object]) -> None:
        """Remember how to take something back."""
        self._steps.append((what, revert))
        del self._steps[:-STEPS]

    def last(self) -> str:
        """Take the last change back; what it was, or empty where there is none."""
        if not self._steps:
            return ""
        what, revert = self._steps.pop()
        revert()
        return what


@dataclass(frozen=True, slots=True)
class Entered:
    """An item as it is listed: its key, its words, and whether it is ticked off."""

    key: str
    text: str
    ticked: bool


class Shopping:
    """The shopping list; what is ticked off leaves it, and stays in sight here.

    Args:
        store: the skill's.
    """

    def __init__(self, store: ShoppingList) -> None:
        self.undo = Undo()
        self._store = store
        self._ticked: dict[str, Item] = {}
        self._order: list[str] = []

    def entries(self) -> tuple[Entered, ...]:
        """Everything in the order in which it came, whoever changed it."""
        from skills.shopping.amounts import singular

        items = {singular(item.name): item for item in self._store.items()}
        for key in self._ticked.keys() & items.keys():
            del self._ticked[key]  # somebody asked for it again
        self._order = [key for key in self._order if key in items or key in self._ticked]
        self._order += [key for key in items if key not in self._order]
        return tuple(
            Entered(key, items[key].spoken, ticked=False)
            if key in items
            else Entered(key, self._ticked[key].spoken, ticked=True)
            for key in self._order
        )

    def add(self, text: str) -> tuple[str, ...]:
        """Put on the list what somebody wrote: ``2 litres of milk, eggs and bread``.

        Returns:
            how each item stands on the list now; empty where nothing was meant.
        """
        from skills.shopping.amounts import parse_item, split_items
        from skills.shopping.store import merged

        before: dict[str, Item | None] = {}
        said: list[str] = []
        for part in split_items(text):
            item = parse_item(part)
            if item is None:
                continue
            known = self._store.get(item.name)
            before.setdefault(item.name, known)
            entry = item if known is None else merged(known, item)
            if known is None or item.amounts:
                self._store.put(entry)
            said.append(entry.spoken)
        if said:
            self.undo.record(f"added {', '.join(said)}", lambda: self._as_before(before))
        return tuple(said)

    def _as_before(self, items: Mapping[str, Item | None]) -> None:
        """These items as they were, by name; what was said about others meanwhile stays."""
        for name, item in items.items():
            if item is not None:
                self._store.put(item)
            elif (added := self._store.get(name)) is not None:
                self._store.remove([added])

    def tick(self, key: str) -> None:
        """Tick an item off, or put it back on the list."""
        item = self._ticked.get(key) or self._store.get(key)
        if item is not None:
            back = "put back" if key in self._ticked else "ticked off"
            self._turn(key)
            self.undo.record(f"{back} {item.spoken}", lambda: self._turn(key))

    def _turn(self, key: str) -> None:
        if key in self._ticked:
            self._store.put(self._ticked.pop(key))
        elif (item := self._store.get(key)) is not None:
            self._store.remove([item])
            self._ticked[key] = item

    def remove(self, key: str) -> str:
        """Take an item away; how it stood on the list."""
        item = self._ticked.pop(key, None)
        if item is not None:
            return item.spoken
        item = self._store.get(key)
        if item is None:
            return ""
        gone = item
        self._store.remove([gone])
        self.undo.record(f"removed {gone.spoken}", lambda: self._store.put(gone))
        return gone.spoken

    def forget_ticked(self) -> int:
        """What is ticked off goes out of sight; how much that was."""
        gone = dict(self._ticked)
        self._ticked.clear()
        if gone:
            self.undo.record(f"cleared {len(gone)} ticked off", lambda: self._ticked.update(gone))
        return len(gone)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that can be driven to.

    Attributes:
        name: what it is called, and what is said to get there.
        address: street and number; empty where unknown.
        latitude, longitude: degrees.
        saved: it has a name of the user's.
    """

    name: str
    address: str
    latitude: float
    longitude: float
    saved: bool


class SavedSpots:
    """The saved places.

    Args:
        store: the skill's.
    """

    def __init__(self, store: SavedPlaces) -> None:
        self.undo = Undo()
        self._store = store

    def spots(self) -> tuple[Spot, ...]:
        """All of them, home and work first."""
        found = ((name, self._store.entry(name)) for name in self._store.names())
        return tuple(
            Spot(name, entry.address, entry.latitude, entry.longitude, saved=True)
            for name, entry in found
            if entry is not None
        )

    def fault(self, name: str, but: str = "") -> str:
        """Why a place cannot be called this; empty where it can.

        Args:
            but: a place that may have the name.
        """
        from skills.navigation.saved import canonical

        if not canonical(name):
            return "A place needs a name."
        if len(name) > LONGEST:
            return f"A name has {LONGEST} letters at most."
        if canonical(name) != but and self._store.entry(name) is not None:
            return f"There is a place called {canonical(name)} already."
        return ""

    def keep(self, name: str, spot: Spot) -> str:
        """Save a place; the name that it is kept under."""
        from skills.navigation.saved import SavedPlace, canonical

        self._store.put(
            name,
            SavedPlace(latitude=spot.latitude, longitude=spot.longitude, address=spot.address),
        )
        self.undo.record(f"saved {canonical(name)}", lambda: self._store.put(name, None))
        return canonical(name)

    def rename(self, old: str, new: str) -> None:
        """Call a place something else."""
        entry = self._store.entry(old)
        if entry is None:
            return

        def back() -> None:
            self._store.put(new, None)
            self._store.put(old, entry)

        self._store.put(old, None)
        self._store.put(new, entry)
        self.undo.record(f"renamed {old} to {new}", back)

    def remove(self, name: str) -> None:
        """Forget a place."""
        before = self._store.put(name, None)
        if before is not None:
            self.undo.record(f"removed {name}", lambda: self._store.put(name, before))


async def here(cockpit: Cockpit) -> Spot:
    """Where the car is, with its street where there is a map.

    Raises:
        CockpitError: the car does not say.
    """
    from skills.navigation.geo import Point
    from skills.navigation.router import Router

    session = cockpit.session
    point = Point(*(float(str(session.bus.get(path))) for path in HERE))
    try:
        street = await (await session.resources.get(Router)).street_at(point)
    except CockpitError:
        street = None  # no map
    return Spot("", street or "", point.latitude, point.longitude, saved=False)


def recent(entries: Iterable[Entry]) -> tuple[Spot, ...]:
    """Where the requests so far led to, the newest first; saved places are not among them."""
    found: dict[str, Spot] = {}
    for entry in reversed(tuple(entries)):
        if not isinstance(entry, TurnRecord):
            continue
        for call in reversed(entry.calls):
            result = call.outcome.result if call.outcome is not None else None
            place: Place | None = getattr(result, "destination", None)
            if not hasattr(result, "arrival") or not hasattr(result, "stops") or place is None:
                continue  # not the beginning of a route
            if place.id.startswith("saved:") or place.id in found:
                continue
            found[place.id] = Spot(
                place.spoken, place.address, place.latitude, place.longitude, saved=False
            )
    return tuple(found.values())[:RECENT]


def leads_to(route: Mapping[str, Any] | None, spot: Spot) -> bool:
    """Whether the route on the bus ends at a place."""
    goal = route.get("destination") if route is not None else None
    if not isinstance(goal, Mapping):
        return False
    try:
        off = (float(goal["latitude"]) - spot.latitude, float(goal["longitude"]) - spot.longitude)
    except (KeyError, TypeError, ValueError):
        return False
    return max(map(abs, off)) < 1e-5


def how_far(spot: Spot, latitude: object, longitude: object) -> str:
    """How far away a place is, as the crow flies; empty where nobody knows where the car is."""
    from skills.navigation.geo import Point, distance_m

    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return ""
    metres = distance_m(Point(latitude, longitude), Point(spot.latitude, spot.longitude))
    return f"{metres:.0f} m" if metres < 950 else f"{metres / 1000:.1f} km"
