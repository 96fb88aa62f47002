"""Finding places, streets and addresses of the imported map."""

from __future__ import annotations

import asyncio
import math
import re
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from skills.api import Environment
from skills.navigation.categories import Category, Wanted, vocabulary
from skills.navigation.geo import METRES_PER_DEGREE, Point, distance_m
from skills.navigation.matching import fold, name_score, sound_key
from skills.navigation.schema import DATABASE, MapInfo, MapMissing, map_folder, read_info

CANDIDATES = 300  # names that are compared in full
NEAR_ENOUGH = 78.0  # least score of a match
SHORT_NAME = 5  # names up to this many letters must match better
SHORT_NEAR_ENOUGH = 88.0
SAME_PLACE_M = 200.0  # the same name this close together is one place drawn twice
IN_SIGHT_M = 100.0
KILOMETRE_COSTS = 0.4  # of the score, up to COST_LIMIT: a match beats nearness
COST_LIMIT = 3.0
OF_ITS_KIND = 5.0
EXACT = 98.5  # from here on, query and name are equal
SAID_IN_FULL = 86.0  # from here on, all words of the query are in the name
NOTABLE = 2.0
MINOR_COSTS = 9.0
STREET_GAINS = 1.0  # a street against the things that are named after it
# Things that carry the name of what they stand at.
MINOR = frozenset(
    (
        *("highway=bus_stop", "railway=tram_stop", "railway=subway_entrance", "tourism=artwork"),
        *("amenity=bicycle_rental", "amenity=bicycle_parking", "amenity=toilets", "amenity=atm"),
        "man_made=monitoring_station",
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """Something that one can drive to. Its names come from the map: they are data.

    Attributes:
        id: ``osm:`` and the map's number, ``saved:`` and a name, or ``at:`` and coordinates.
        name: local name; empty where it has none.
        name_en: English name; empty where the map has none.
        category: what a person calls such a place, singular.
        address: street and number, or the closest street; empty where unknown.
        latitude, longitude: degrees, WGS 84.
        tags: OpenStreetMap tags, ``key=value``.
    """

    id: str
    name: str
    name_en: str
    category: str
    address: str
    latitude: float
    longitude: float
    tags: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    opening_hours: str = ""
    phone: str = ""
    website: str = ""
    notable: bool = False

    @property
    def point(self) -> Point:
        """Its position."""
        return Point(self.latitude, self.longitude)

    @property
    def spoken(self) -> str:
        """What to call it aloud: the English name, the local one, or its kind."""
        return self.name_en or self.name or f"the {self.category}"

    def document(self) -> dict[str, object]:
        """As it stands in ``nav/route``."""
        return {
            "name": self.name,
            "name_en": self.name_en,
            "category": self.category,
            "address": self.address,
            "latitude": self.latitude,
            "longitude": self.longitude,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A place that a search found.

    Attributes:
        place: the place.
        score: 0 to about 110; how well it fits what was asked for.
        distance_m: metres from the car, as the crow flies.
    """

    place: Place
    score: float
    distance_m: float


_COLUMNS = (
    "rowid, id, kind, name, name_en, name_sv, other_names, tags, street, number, near_street, "
    "opening_hours, phone, website, notable, latitude, longitude"
)
_HOUSE_LAST = re.compile(r"^(?P<street>.*\S)\s+(?P<number>\d{1,4})\s?(?P<suffix>[a-z]?)$")
_HOUSE_FIRST = re.compile(
    r"^(?:number )?(?P<number>\d{1,4})\s?(?P<suffix>[a-z]?)\s+(?P<street>.+)$"
)


class Places:
    """The places of one imported map (Resource)."""

    def __init__(self, folder: Path) -> None:
        """Open a map folder.

        Raises:
            MapMissing: it is not one.
        """
        self.info: MapInfo = read_info(folder)
        path = folder / DATABASE
        try:
            self._database = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
            self._database.execute("SELECT 1 FROM places LIMIT 1")
        except sqlite3.Error as error:
            raise MapMissing(
                f"The map {folder.name} is damaged; import it again with: "
                "cockpit maps import FILE.osm.pbf."
            ) from error
        vocabulary()  # read now rather than in the first search
        self._lock = threading.Lock()  # searches run on worker threads, one at a time

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """Open the session's map.

        Raises:
            MapMissing: none was imported.
        """
        places = await asyncio.to_thread(cls, map_folder(environment))
        try:
            yield places
        finally:
            places.close()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @cached_property
    def attribution(self) -> str:
        """What must be shown beside the map's data."""
        return self.info.attribution

    async def search(self, text: str, origin: Point, limit: int = 20) -> list[Found]:
        """Places that fit the words, best first.

        Args:
            text: a name, a street, an address or a kind of place, in English or as on the map.
            origin: where the car is; among equals the closer one comes first.
        """
        return await asyncio.to_thread(self._locked_search, text, origin, limit)

    async def landmark(self, position: Point) -> Place | None:
        """The best known named place within sight of a position."""
        return await asyncio.to_thread(self._landmark, position)

    async def by_id(self, identity: str) -> Place | None:
        """The place with an id that a search gave out."""
        return await asyncio.to_thread(self._by_id, identity)

    async def names(self) -> tuple[str, ...]:
        """What places and streets are called, in English and as on the map."""
        return await asyncio.to_thread(
            self._listed,
            "SELECT name FROM places UNION SELECT name_en FROM places "
            "UNION SELECT shown FROM addresses ORDER BY 1",
        )

    async def streets(self) -> tuple[str, ...]:
        """What streets are called, as on the map."""
        return await asyncio.to_thread(
            self._listed, "SELECT DISTINCT name FROM places WHERE kind = 'street' ORDER BY 1"
        )

    def _listed(self, query: str) -> tuple[str, ...]:
        with self._lock:
            rows = self._database.execute(query).fetchall()
        return tuple(name for (name,) in rows if name)

    def _locked_search(self, text: str, origin: Point, limit: int) -> list[Found]:
        with self._lock:
            return self._search(text, origin)[:limit]

    def _search(self, text: str, origin: Point) -> list[Found]:
        wanted = vocabulary().parse(text)
        if not wanted.text:
            return []
        named = self._by_name(wanted, origin)
        # "katu 5" may be the name of a street and not a house.
        if not named or named[0].score < EXACT:
            house = self._address(wanted.text, origin)
            if house:
                return house
        if wanted.category is None:
            return named
        kind = self._of_kind(wanted.category, wanted, origin)
        if wanted.rest and not wanted.chief:
            # "opera parking": a kind at a name; the name alone may be a place as well.
            return _merged(named, kind)
        return kind or [found for found in named if found.score >= SAID_IN_FULL]

    def _by_name(self, wanted: Wanted, origin: Point) -> list[Found]:
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM places WHERE rowid IN "  # noqa: S608 (a constant)
            "(SELECT rowid FROM names WHERE names MATCH ? ORDER BY rank LIMIT ?)",
            (_trigrams(wanted.text), CANDIDATES),
        ).fetchall()
        tags = frozenset(wanted.category.tags) if wanted.category else frozenset()
        found = []
        for row in rows:
            place = _place(row)
            queries = {wanted.text}
            of_kind = bool(tags & set(place.tags))
            if of_kind and wanted.rest:
                queries.add(wanted.rest)  # "stockmann department store" is called "Stockmann"
            score = max(
                name_score(query, fold(name))
                for query in queries
                for name in (place.name, place.name_en, *place.other_names)
                if name
            )
            if score < (SHORT_NEAR_ENOUGH if len(wanted.text) <= SHORT_NAME else NEAR_ENOUGH):
                continue
            if of_kind:
                score += OF_ITS_KIND
            elif tags and score < SAID_IN_FULL:
                score -= OF_ITS_KIND
            if not of_kind and MINOR & set(place.tags):
                score -= MINOR_COSTS
            found.append(_found(place, score, origin))
        return _merged(found)

    def _of_kind(self, category: Category, wanted: Wanted, origin: Point) -> list[Found]:
        marks = ",".join("?" * len(category.tags))
        scale = math.cos(math.radians(origin.latitude)) ** 2
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM places WHERE rowid IN "  # noqa: S608 (marks only)
            f"(SELECT place FROM place_tags WHERE tag IN ({marks})) "
            "ORDER BY (latitude - ?) * (latitude - ?) + ? * (longitude - ?) * (longitude - ?) "
            "LIMIT ?",
            (
                *category.tags,
                origin.latitude,
                origin.latitude,
                scale,
                origin.longitude,
                origin.longitude,
                CANDIDATES,
            ),
        ).fetchall()
        found = []
        for row in rows:
            place = replace(_place(row), category=category.label)
            away = distance_m(origin, place.point)
            score = 95.0
            if wanted.rest and not wanted.chief:
                names = (place.name, place.name_en, *place.other_names, place.address)
                score = (
                    max(name_score(wanted.rest, fold(name)) for name in names if name)
                    if any(names)
                    else 0.0
                )
                if score < NEAR_ENOUGH:
                    continue
            if wanted.chief:
                score += NOTABLE * place.notable
            found.append(Found(place, score, away))
        if wanted.chief:
            found.sort(key=lambda entry: (-entry.score, entry.distance_m))
        elif wanted.rest:
            found.sort(key=lambda entry: (-round(entry.score, -1), entry.distance_m))
        return _without_doubles(found, category.apart_m)

    def _address(self, words: str, origin: Point) -> list[Found]:
        readings = [form.match(words) for form in (_HOUSE_LAST, _HOUSE_FIRST)]
        if not any(readings):
            return []
        known = self._database.execute("SELECT DISTINCT street FROM addresses").fetchall()
        score, name, match = max(
            (
                (name_score(reading["street"].strip(), name), name, reading)
                for reading in readings
                if reading is not None
                for (name,) in known
            ),
            key=lambda entry: entry[0],
            default=(0.0, "", None),
        )
        if match is None or score < NEAR_ENOUGH:
            return []
        number, suffix = int(match["number"]), match["suffix"]
        houses = self._database.execute(
            "SELECT shown, number, suffix, latitude, longitude FROM addresses WHERE street = ?",
            (name,),
        ).fetchall()
        ranked = []
        for shown, found_number, found_suffix, latitude, longitude in houses:
            point = Point(latitude, longitude)
            off = abs(found_number - number)
            # House numbers of one side of a street are all odd or all even.
            other_side = (found_number - number) % 2
            exact = off == 0 and (not suffix or suffix == found_suffix)
            label = f"{shown} {found_number}{found_suffix}"
            place = Place(
                id=f"at:{latitude:.6f},{longitude:.6f},{label}",
                name=label,
                name_en="",
                category="address" if off == 0 else "nearby address",
                address=label,
                latitude=latitude,
                longitude=longitude,
            )
            ranked.append(
                (
                    (not exact, off, other_side, found_suffix, distance_m(origin, point)),
                    Found(place, score - (off > 0) * 5, distance_m(origin, point)),
                )
            )
        ranked.sort(key=lambda entry: entry[0])
        best = ranked[0][1]
        same = [
            found
            for key, found in ranked[1:]
            if key[:2] == ranked[0][0][:2]
            and distance_m(found.place.point, best.place.point) > SAME_PLACE_M
            and found.place.name == best.place.name
        ]
        return [best, *same]

    def _landmark(self, position: Point) -> Place | None:
        reach = IN_SIGHT_M / METRES_PER_DEGREE
        wide = reach / math.cos(math.radians(position.latitude))
        with self._lock:
            rows = self._database.execute(
                f"SELECT {_COLUMNS} FROM places WHERE kind = 'place' AND name <> '' "  # noqa: S608
                "AND latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ?",
                (
                    position.latitude - reach,
                    position.latitude + reach,
                    position.longitude - wide,
                    position.longitude + wide,
                ),
            ).fetchall()
        seen = [
            place
            for place in map(_place, rows)
            if not MINOR & set(place.tags)
            and not place.tags[0].startswith("office=")
            and distance_m(position, place.point) <= IN_SIGHT_M
        ]
        if not seen:
            return None
        return min(seen, key=lambda at: (not at.notable, distance_m(position, at.point)))

    def _by_id(self, identity: str) -> Place | None:
        kind, _, rest = identity.partition(":")
        if kind == "at":
            latitude, longitude, label = rest.split(",", 2)
            return Place(identity, label, "", "address", label, float(latitude), float(longitude))
        with self._lock, closing(self._database.cursor()) as cursor:
            row = cursor.execute(
                f"SELECT {_COLUMNS} FROM places WHERE id = ?",  # noqa: S608 (a constant)
                (rest,),
            ).fetchone()
        return None if row is None else _place(row)


def _place(row: Sequence[object]) -> Place:
    (
        _rowid,
        identity,
        kind,
        name,
        name_en,
        name_sv,
        others,
        tags,
        street,
        number,
        near_street,
        hours,
        phone,
        website,
        notable,
        latitude,
        longitude,
    ) = row
    telling = tuple(str(tags).split())
    address = f"{street} {number}".strip() if street else str(near_street)
    assert isinstance(latitude, float)
    assert isinstance(longitude, float)
    return Place(
        id=f"osm:{identity}",
        name=str(name),
        name_en=str(name_en),
        category="street" if kind == "street" else vocabulary().label(telling),
        address=str(name) if kind == "street" else address,
        latitude=latitude,
        longitude=longitude,
        tags=telling,
        other_names=tuple(other for other in (str(name_sv), *str(others).split(";")) if other),
        opening_hours=str(hours),
        phone=str(phone),
        website=str(website),
        notable=bool(notable),
    )


def _found(place: Place, score: float, origin: Point) -> Found:
    away = distance_m(origin, place.point)
    score += NOTABLE * place.notable + STREET_GAINS * (place.category == "street")
    return Found(place, score - min(COST_LIMIT, KILOMETRE_COSTS * away / 1000), away)


def _merged(*lists: Iterable[Found]) -> list[Found]:
    """All of them, best first, each place once."""
    everything = [found for entries in lists for found in entries]
    everything.sort(key=lambda found: (-round(found.score, 1), found.distance_m))
    return _without_doubles(everything)


def _without_doubles(found: Iterable[Found], apart_m: float = 0.0) -> list[Found]:
    """What is drawn more than once, once: the first one stays."""
    kept: list[Found] = []
    for entry in found:
        names = _names(entry.place)
        if any(
            entry.place.id == other.place.id
            or distance_m(entry.place.point, other.place.point)
            < (SAME_PLACE_M if names & _names(other.place) else apart_m)
            for other in kept
        ):
            continue
        kept.append(entry)
    return kept


def _names(place: Place) -> set[str]:
    return {fold(name) for name in (place.name, place.name_en) if name}


def _trigrams(text: str) -> str:
    """A full-text query for names that share letters with the text or with its sound."""
    found: dict[str, None] = {}
    for form in (text, sound_key(text)):
        for index in range(max(1, len(form) - 2)):
            found[form[index : index + 3]] = None
    return " OR ".join(f'"{gram}"' for gram in found)
