"""Routes on the imported map, by Valhalla."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from skills.api import Environment, SkillError
from skills.navigation.geo import Point
from skills.navigation.importer import tile_config
from skills.navigation.schema import TILES, MapMissing, map_folder, read_info

POLYLINE_FACTOR = 1e-6  # Valhalla encodes shapes with six decimals
WALK_M = 150  # how far from a place the route may end where no road leads there
WELL_CONNECTED = 200  # roads that can be reached from a road of the network proper
NO_ROUTE = frozenset({170, 171, 442, 443})  # unreachable, or no road near a place
TOO_FAR = frozenset({154})


class NoRoute(SkillError):
    """There is no way by car between the places."""


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """One instruction of a route.

    Attributes:
        instruction: English sentence.
        streets: names of the street that one is on after it.
        distance_m, duration_s: from this manoeuvre to the next one.
        begin: index into the route's line where it happens.
        arrival: it is the end of a leg: a stop or the destination.
    """

    instruction: str
    streets: tuple[str, ...]
    distance_m: float
    duration_s: float
    begin: int
    arrival: bool


@dataclass(frozen=True)
class Route:
    """A way from the car via stops to a destination.

    Attributes:
        line: points of the way.
        manoeuvres: in order; the last one is the arrival.
        distance_m: length in metres.
        duration_s: expected driving time in seconds.
    """

    line: tuple[Point, ...]
    manoeuvres: tuple[Manoeuvre, ...]
    distance_m: float
    duration_s: float

    @property
    def geojson(self) -> dict[str, object]:
        """The line as a GeoJSON LineString (longitude first)."""
        return {
            "type": "LineString",
            "coordinates": [[point.longitude, point.latitude] for point in self.line],
        }


class Router:
    """Finds routes on one imported map (Resource)."""

    def __init__(self, folder: Path) -> None:
        """Open the tiles of a map folder.

        Raises:
            MapMissing: the folder has none, or pyvalhalla is not installed.
        """
        self.name = read_info(folder).name
        if not any((folder / TILES).rglob("*.gph")):
            raise MapMissing(
                f"The map {folder.name} lacks its road network; import it again with: "
                "cockpit maps import FILE.osm.pbf."
            )
        try:
            import valhalla  # optional: the extra "maps"
        except ImportError as error:
            raise MapMissing(
                "Routes need the extra “maps”: pip install 'offline-cockpit[maps]'."
            ) from error
        self._failure: type[Exception] = valhalla.ValhallaError
        self._actor: Any = valhalla.Actor(tile_config(folder / TILES))
        self._lock = threading.Lock()  # the actor is not safe to share between threads

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """Open the session's map.

        Raises:
            MapMissing: none was imported.
        """
        yield await asyncio.to_thread(cls, map_folder(environment))

    async def route(self, waypoints: Sequence[Point]) -> Route:
        """The fastest way by car through the points, in their order.

        Raises:
            NoRoute: there is none.
            ValueError: fewer than two points.
        """
        if len(waypoints) < 2:
            raise ValueError("a route needs a start and a destination")
        return await asyncio.to_thread(self._route, tuple(waypoints))

    async def street_at(self, position: Point) -> str | None:
        """Name of the street at a position, or None where no named one is near."""
        return await asyncio.to_thread(self._street_at, position)

    def _route(self, waypoints: tuple[Point, ...]) -> Route:
        def request(**nearby: object) -> dict[str, object]:
            return {
                "locations": [{**_location(point), **nearby} for point in waypoints],
                "costing": "auto",
                "units": "kilometers",
                "language": "en-US",
            }

        try:
            answer = self._ask("route", request())
        except NoRoute:
            # The closest road may be a courtyard, or end where the map was cut off: take one
            # close by that is connected to the others.
            answer = self._ask("route", request(radius=WALK_M, minimum_reachability=WELL_CONNECTED))
        return read_route(answer)

    def _street_at(self, position: Point) -> str | None:
        request = {"locations": [_location(position)], "costing": "auto", "verbose": True}
        try:
            answer = self._ask("locate", request)
        except NoRoute:
            return None
        edges = answer[0].get("edges") or []
        for edge in sorted(edges, key=lambda edge: edge.get("distance", 0.0)):
            names = edge.get("edge_info", {}).get("names") or []
            if names:
                return str(names[0])
        return None

    def _ask(self, action: str, request: dict[str, object]) -> Any:
        try:
            with self._lock:
                answer = getattr(self._actor, action)(json.dumps(request))
        except self._failure as error:
            code = getattr(error, "code", None)
            if code in TOO_FAR:
                raise NoRoute("That is too far for a route.") from error
            if code is None or code in NO_ROUTE:
                raise NoRoute("I can't find a way there by car.") from error
            raise NoRoute(f"I can't find a way there by car ({error}).") from error
        return json.loads(answer)


def _location(point: Point) -> dict[str, object]:
    return {"lat": point.latitude, "lon": point.longitude, "type": "break"}


def read_route(answer: dict[str, Any]) -> Route:
    """A route out of Valhalla's answer; kilometres become metres."""
    line: list[Point] = []
    manoeuvres: list[Manoeuvre] = []
    for leg in answer["trip"]["legs"]:
        # The first point of a leg is the last one of the leg before.
        first = max(0, len(line) - 1)
        points = list(decode_polyline(leg["shape"]))
        line.extend(points[1:] if line else points)
        for entry in leg["maneuvers"]:
            manoeuvres.append(
                Manoeuvre(
                    instruction=entry["instruction"],
                    streets=tuple(entry.get("street_names", ())),
                    distance_m=entry["length"] * 1000.0,
                    duration_s=entry["time"],
                    begin=first + entry["begin_shape_index"],
                    arrival=entry["type"] in (4, 5, 6),  # destination, and its two sides
                )
            )
    summary = answer["trip"]["summary"]
    return Route(tuple(line), tuple(manoeuvres), summary["length"] * 1000.0, summary["time"])


def decode_polyline(text: str) -> Iterator[Point]:
    """Points of an encoded polyline with six decimals (Google's algorithm)."""
    values = [0, 0]
    which, shift, number = 0, 0, 0
    for sign in text:
        chunk = ord(sign) - 63
        number |= (chunk & 0x1F) << shift
        shift += 5
        if chunk < 0x20:
            values[which] += ~(number >> 1) if number & 1 else number >> 1
            shift, number = 0, 0
            which = 1 - which
            if which == 0:
                yield Point(values[0] * POLYLINE_FACTOR, values[1] * POLYLINE_FACTOR)
