"""Distances and lines on the earth, good to a fraction of a percent within a city."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_009.0  # mean radius, IUGG
METRES_PER_DEGREE = math.radians(1.0) * EARTH_RADIUS_M


class Point(NamedTuple):
    """A WGS 84 position in degrees."""

    latitude: float
    longitude: float


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres (haversine formula)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b.longitude - a.longitude) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


COMPASS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")


def compass(a: Point, b: Point) -> str:
    """Which way b lies from a, as one of eight winds."""
    east = (b.longitude - a.longitude) * math.cos(math.radians(a.latitude))
    angle = math.degrees(math.atan2(east, b.latitude - a.latitude)) % 360
    return COMPASS[round(angle / 45) % 8]


@dataclass(frozen=True, slots=True)
class Projection:
    """The point of a line that is closest to some position.

    Attributes:
        segment: index of the line's segment it lies on.
        along_m: metres from the start of the line.
        off_m: metres between the position and the line.
    """

    segment: int
    along_m: float
    off_m: float


def cumulative_m(line: Sequence[Point]) -> list[float]:
    """Metres from the start of the line to each of its points."""
    total = 0.0
    sums = [0.0]
    for a, b in pairwise(line):
        total += distance_m(a, b)
        sums.append(total)
    return sums


def project(line: Sequence[Point], position: Point) -> Projection:
    """Where on the line a position is, on a plane around the position.

    Raises:
        ValueError: the line has no points.
    """
    if not line:
        raise ValueError("a line needs points")
    if len(line) == 1:
        return Projection(0, 0.0, distance_m(line[0], position))
    scale = math.cos(math.radians(position.latitude))

    def flat(point: Point) -> tuple[float, float]:
        return (
            (point.longitude - position.longitude) * scale * METRES_PER_DEGREE,
            (point.latitude - position.latitude) * METRES_PER_DEGREE,
        )

    best = Projection(0, 0.0, math.inf)
    travelled = 0.0
    for index, (a, b) in enumerate(pairwise(line)):
        (ax, ay), (bx, by) = flat(a), flat(b)
        dx, dy = bx - ax, by - ay
        length = math.hypot(dx, dy)
        share = 0.0 if length == 0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / length**2))
        off = math.hypot(ax + share * dx, ay + share * dy)
        if off < best.off_m:
            best = Projection(index, travelled + share * length, off)
        travelled += length
    return best
