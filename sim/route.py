"""Driving along a line on the map: where the car is after so many metres, and how fast."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

EARTH = 6_371_008.8  # m, mean radius
ACCELERATION = 2.0  # m/s²
BRAKING = 2.5  # m/s²

type Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def distance(a: Point, b: Point) -> float:
    """Metres between two points (haversine)."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b[1] - a[1]) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(chord)))


def bearing(a: Point, b: Point) -> float:
    """Initial course from one point to another, degrees clockwise from north, 0 to 360."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    lon = math.radians(b[1] - a[1])
    east = math.sin(lon) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(lon)
    return math.degrees(math.atan2(east, north)) % 360


class RouteLine:
    """A polyline measured in metres from its start."""

    def __init__(self, points: Sequence[Point]) -> None:
        """Raises ValueError for fewer than two different points."""
        kept = [points[0]] if points else []
        for point in points:
            if point != kept[-1]:
                kept.append(point)
        if len(kept) < 2:
            raise ValueError("a route needs at least two different points")
        self.points = tuple(kept)
        self._marks = [0.0]
        for a, b in itertools.pairwise(kept):
            self._marks.append(self._marks[-1] + distance(a, b))

    @property
    def length(self) -> float:
        """Metres from start to end."""
        return self._marks[-1]

    def at(self, metres: float) -> tuple[Point, float]:
        """Point and heading after so many metres; beyond the ends, the ends."""
        metres = min(max(metres, 0.0), self.length)
        leg = min(bisect.bisect_right(self._marks, metres), len(self.points) - 1)
        a, b = self.points[leg - 1], self.points[leg]
        share = (metres - self._marks[leg - 1]) / (self._marks[leg] - self._marks[leg - 1])
        point = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
        return point, bearing(a, b)

    def nearest(self, point: Point) -> float:
        """Metres from the start to the spot of the line that is nearest to a point."""
        shrink = math.cos(math.radians(point[0]))
        best, found = math.inf, 0.0
        for index, (a, b) in enumerate(itertools.pairwise(self.points)):
            # Flat around the point: exact enough over the length of one leg.
            ax, ay = (a[1] - point[1]) * shrink, a[0] - point[0]
            bx, by = (b[1] - point[1]) * shrink, b[0] - point[0]
            dx, dy = bx - ax, by - ay
            share = min(max(-(ax * dx + ay * dy) / (dx * dx + dy * dy), 0.0), 1.0)
            off = math.hypot(ax + dx * share, ay + dy * share)
            if off < best:
                leg = self._marks[index + 1] - self._marks[index]
                best, found = off, self._marks[index] + leg * share
        return found


@dataclass(frozen=True, slots=True)
class Trip:
    """A car on a route.

    Attributes:
        line: the way.
        cruise: speed between start and end, km/h.
        progress: metres driven of the line.
    """

    line: RouteLine
    cruise: float
    progress: float = 0.0

    @classmethod
    def from_document(cls, document: Mapping[str, object], position: Point) -> Trip | None:
        """The trip that a ``nav/route`` document describes, from where the car is.

        Returns:
            None where the document has no usable line: whoever wrote it, the car stands still.
        """
        line = document.get("line")
        pairs = line.get("coordinates") if isinstance(line, Mapping) else None
        if not isinstance(pairs, Sequence):
            return None
        try:
            way = RouteLine([(float(lat), float(lon)) for lon, lat, *_ in pairs])
        except (TypeError, ValueError):
            return None
        duration = document.get("duration_s")
        cruise = 30.0
        if isinstance(duration, int | float) and duration > 0:
            cruise = min(max(way.length / duration * 3.6, 10.0), 130.0)
        return cls(way, cruise, way.nearest(position))

    @property
    def remaining(self) -> float:
        """Metres to the end."""
        return self.line.length - self.progress

    @property
    def arrived(self) -> bool:
        """True at the end of the line."""
        return self.remaining < 0.5

    def moved(self, metres: float) -> Trip:
        """After so many metres, at most to the end."""
        return replace(self, progress=min(self.progress + metres, self.line.length))

    def speed_after(self, speed: float, dt: float) -> float:
        """The speed in km/h of a careful driver ``dt`` seconds later.

        Speeds up to the cruising speed, and brakes so as to stand at the end.
        """
        if self.arrived:
            return 0.0
        stopping = math.sqrt(2 * BRAKING * self.remaining) * 3.6
        wanted = min(self.cruise, stopping)
        if wanted < speed:
            return wanted
        # Creeping the last metres keeps the car from standing still short of the end.
        return max(min(wanted, speed + ACCELERATION * dt * 3.6), 1.0)
