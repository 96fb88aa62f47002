"""Reading places, streets and addresses out of an OpenStreetMap extract."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from skills.navigation.categories import vocabulary
from skills.navigation.geo import Point, distance_m
from skills.navigation.matching import fold

# Keys that make something a place, the most telling first.
KEYS = (
    "amenity",
    "shop",
    "tourism",
    "railway",
    "aeroway",
    "healthcare",
    "leisure",
    "historic",
    "public_transport",
    "place",
    "natural",
    "office",
    "craft",
    "man_made",
    "highway",
    "building",
)
SKIPPED = {
    "railway": frozenset(
        {
            *("switch", "signal", "milestone", "railway_crossing", "level_crossing", "crossing"),
            *("stop", "platform", "derail", "buffer_stop", "rail", "tram", "subway"),
            *("abandoned", "disused"),
        }
    ),
    "public_transport": frozenset({"platform", "stop_position", "stop_area"}),
    "natural": frozenset({"tree", "tree_row", "scrub", "stone", "grassland"}),
}
HIGHWAY_PLACES = frozenset({"bus_stop", "rest_area", "services"})
# Extra tags that tell kinds of a place apart.
DETAILS = ("station", "religion", "sport", "theatre:genre")
NOT_STREETS = frozenset(
    (
        *("platform", "bus_stop", "proposed", "construction", "rest_area", "services", "steps"),
        *("elevator", "corridor"),
    )
)
SAME_STREET_M = 2500.0
CELL = 0.001  # degrees: how finely streets are remembered to name the one nearest to a place
PROGRESS_EVERY = 50_000


@dataclass(slots=True)
class FoundPlace:
    """A place as the database keeps it; see ``schema.TABLES``."""

    id: str
    kind: str
    name: str
    position: Point
    tags: tuple[str, ...] = ()
    name_en: str = ""
    name_sv: str = ""
    other_names: str = ""
    street: str = ""
    number: str = ""
    near_street: str = ""
    opening_hours: str = ""
    phone: str = ""
    website: str = ""
    notable: bool = False


@dataclass(slots=True)
class FoundAddress:
    """A house number."""

    street: str
    number: int
    suffix: str
    position: Point


@dataclass(slots=True)
class _Street:
    """One street: its ways' middles, and the names in other languages."""

    name: str
    names: Mapping[str, str]
    middles: list[Point] = field(default_factory=list)


@dataclass
class Extract:
    """What an extract holds that we keep."""

    places: list[FoundPlace] = field(default_factory=list)
    addresses: list[FoundAddress] = field(default_factory=list)
    box: tuple[float, float, float, float] | None = None  # south, west, north, east


_HOUSE = re.compile(r"(\d+)\s*([a-zA-Z]?)")


def read_extract(source: Path, progress: Callable[[int], None]) -> Extract:
    """Read an extract.

    Args:
        source: an ``.osm.pbf`` file, or any that libosmium reads.
        progress: called now and then with the number of objects seen.

    Raises:
        RuntimeError: libosmium cannot read the file.
    """
    import osmium  # optional: the extra "maps"

    reader = _Reader()
    header = osmium.io.Reader(str(source)).header().box()
    if header.valid():
        low, high = header.bottom_left, header.top_right
        reader.extract.box = (low.lat, low.lon, high.lat, high.lon)
    objects = osmium.FileProcessor(str(source)).with_locations().with_areas()
    objects.with_filter(osmium.filter.EmptyTagFilter())
    for count, item in enumerate(objects):
        if count % PROGRESS_EVERY == 0:
            progress(count)
        reader.take(item)
    return reader.finish()


class _Reader:
    """Collects while the objects go by."""

    def __init__(self) -> None:
        self.extract = Extract()
        self._streets: dict[str, list[_Street]] = {}
        self._cells: dict[tuple[int, int], dict[str, Point]] = {}
        self._addresses: set[tuple[str, int, str]] = set()

    def take(self, item: Any) -> None:
        tags = {tag.k: tag.v for tag in item.tags}
        match item.type_str():
            case "n":
                location = item.location
                self._place(f"n{item.id}", tags, Point(location.lat, location.lon))
            case "a":
                centre = _centroid(item)
                if centre is not None:
                    kind = "w" if item.from_way() else "r"
                    self._place(f"{kind}{item.orig_id()}", tags, centre)
            case "w" if "name" in tags and tags.get("highway", "steps") not in NOT_STREETS:
                self._way(item, tags)

    def _way(self, item: Any, tags: Mapping[str, str]) -> None:
        points = [
            Point(node.location.lat, node.location.lon)
            for node in item.nodes
            if node.location.valid()
        ]
        if not points:
            return
        name = tags["name"]
        for point in points:
            self._cells.setdefault(_cell(point), {}).setdefault(name, point)
        middle = points[len(points) // 2]
        known = self._streets.setdefault(name, [])
        for street in known:
            if distance_m(street.middles[0], middle) < SAME_STREET_M:
                street.middles.append(middle)
                return
        known.append(_Street(name, tags, [middle]))

    def _place(self, identity: str, tags: Mapping[str, str], position: Point) -> None:
        self._address(tags, position)
        kept = tuple(_telling(tags))
        name = tags.get("name", tags.get("brand", tags.get("operator", "")))
        useful = vocabulary().useful_tags
        if not kept or (not tags.get("name") and not any(tag in useful for tag in kept)):
            return
        if not tags.get("name") and tags.get("access") in ("private", "no"):
            return
        if not tags.get("name") and all(tag.startswith("building=") for tag in kept):
            return
        self.extract.places.append(
            FoundPlace(
                id=identity,
                kind="place",
                name=name,
                position=position,
                tags=kept,
                name_en=tags.get("name:en", ""),
                name_sv=tags.get("name:sv", ""),
                other_names=_others(tags),
                street=_first(tags.get("addr:street", "")),
                number=tags.get("addr:housenumber", ""),
                opening_hours=tags.get("opening_hours", ""),
                phone=tags.get("phone", tags.get("contact:phone", "")),
                website=tags.get("website", tags.get("contact:website", "")),
                notable="wikidata" in tags or "wikipedia" in tags,
            )
        )

    def _address(self, tags: Mapping[str, str], position: Point) -> None:
        street, house = _first(tags.get("addr:street", "")), tags.get("addr:housenumber", "")
        found = _HOUSE.match(house)
        if not street or found is None:
            return
        key = (fold(street), int(found[1]), found[2].lower())
        if key not in self._addresses:
            self._addresses.add(key)
            self.extract.addresses.append(FoundAddress(street, key[1], key[2], position))

    def finish(self) -> Extract:
        for place in self.extract.places:
            if not place.street:
                place.near_street = self._street_near(place.position)
        for name, streets in self._streets.items():
            for street in streets:
                middle = _most_central(street.middles)
                self.extract.places.append(
                    FoundPlace(
                        id=f"s{fold(name)}@{middle.latitude:.5f},{middle.longitude:.5f}",
                        kind="street",
                        name=name,
                        position=middle,
                        tags=("street",),
                        name_en=street.names.get("name:en", ""),
                        name_sv=street.names.get("name:sv", ""),
                        other_names=_others(street.names),
                    )
                )
        if self.extract.box is None and self.extract.places:
            points = [place.position for place in self.extract.places]
            self.extract.box = (
                min(point.latitude for point in points),
                min(point.longitude for point in points),
                max(point.latitude for point in points),
                max(point.longitude for point in points),
            )
        return self.extract

    def _street_near(self, position: Point) -> str:
        row, column = _cell(position)
        near = [
            (distance_m(point, position), name)
            for r in (row - 1, row, row + 1)
            for c in (column - 1, column, column + 1)
            for name, point in self._cells.get((r, c), {}).items()
        ]
        return min(near)[1] if near else ""


def _telling(tags: Mapping[str, str]) -> Iterator[str]:
    """The tags that say what a place is, as ``key=value``."""
    for key in KEYS:
        for value in _split(tags.get(key, "")):
            if value in SKIPPED.get(key, ()) or (key == "highway" and value not in HIGHWAY_PLACES):
                continue
            if key in ("railway", "public_transport") and tags.get("station") == "subway":
                continue  # a metro station is no railway station
            yield f"{key}={value}"
    for key in DETAILS:
        for value in _split(tags.get(key, "")):
            yield f"{key}={value}"
    for value in _split(tags.get("cuisine", "")):
        yield "cuisine=" + value.lower().replace(" ", "_")


def _split(values: str) -> list[str]:
    return [value.strip().replace(" ", "_") for value in values.split(";") if value.strip()]


def _first(value: str) -> str:
    return re.split(r"[;/,]", value)[0].strip()


def _others(tags: Mapping[str, str]) -> str:
    keys = ("alt_name", "short_name", "official_name", "old_name", "name:fi", "brand", "loc_name")
    found = {tags[key] for key in keys if key in tags} - {tags.get("name")}
    return ";".join(sorted(found))


def _cell(point: Point) -> tuple[int, int]:
    return (int(point.latitude / CELL), int(point.longitude / (2 * CELL)))


def _most_central(points: list[Point]) -> Point:
    """The point that is closest to the mean of all."""
    mean = Point(
        sum(point.latitude for point in points) / len(points),
        sum(point.longitude for point in points) / len(points),
    )
    return min(points, key=lambda point: distance_m(point, mean))


def _centroid(area: Any) -> Point | None:
    """Centroid of an area's largest outer ring, by the shoelace formula."""
    best: tuple[float, Point] | None = None
    for ring in area.outer_rings():
        points = [(node.lon, node.lat) for node in ring if node.location.valid()]
        if len(points) < 3:
            continue
        x0, y0 = points[0]
        twice, sx, sy = 0.0, 0.0, 0.0
        for (ax, ay), (bx, by) in pairwise(points):
            cross = (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
            twice += cross
            sx += (ax + bx - 2 * x0) * cross
            sy += (ay + by - 2 * y0) * cross
        if twice == 0:
            centre = Point(y0, x0)
        else:
            centre = Point(y0 + sy / (3 * twice), x0 + sx / (3 * twice))
        if best is None or abs(twice) > best[0]:
            best = (abs(twice), centre)
    return None if best is None else best[1]
