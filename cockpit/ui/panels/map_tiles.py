"""Roads of an imported map, tile by tile, as arrays of short lines.

Valhalla draws its own road network as Mapbox vector tiles (MVT 2.1), with fewer kinds of roads
the further away one looks, so that a country costs no more than a town. Reading blocks; one tile
takes some milliseconds.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skills.navigation.importer import tile_config
from skills.navigation.schema import TILES, MapMissing

type Floats = NDArray[np.float64]

DEEPEST: Final = 14
"""Zoom of the tiles that hold every road."""
_TILES_KEPT: Final = 128
_CAR: Final = 1  # bit of Valhalla's access masks
_ATTRIBUTES: Final = ("edge.access_forward", "edge.access_backward")
_LAYER, _FEATURE, _KEY, _VALUE, _EXTENT = 3, 2, 3, 4, 5
_TAGS, _GEOMETRY = 2, 4
_MOVE: Final = 1


class Rank(IntEnum):
    """How important a road is; the greater covers the lesser."""

    NONE = 0
    PATH = 1  # not for cars
    MINOR = 2
    MIDDLE = 3
    MAJOR = 4
    BEHIND = 5  # of the route: where the car has been
    ROUTE = 6


@dataclass(frozen=True, slots=True)
class Lines:
    """Straight pieces of roads, in Web Mercator: 0 to 1 from west to east and north to south.

    Attributes:
        start, end: one row (x, y) a piece.
        rank: of each.
    """

    start: Floats
    end: Floats
    rank: NDArray[np.uint8]

    @classmethod
    def none(cls) -> Lines:
        """No roads."""
        return cls(np.empty((0, 2)), np.empty((0, 2)), np.empty(0, np.uint8))

    @classmethod
    def along(cls, points: Floats, rank: Rank) -> Lines:
        """A line through points."""
        count = max(0, len(points) - 1)
        return cls(points[:-1], points[1:], np.full(count, rank, np.uint8))


def mercator(latitude: float, longitude: float) -> tuple[float, float]:
    """Degrees to Web Mercator, 0 to 1; near the poles the edge."""
    latitude = max(-85.05, min(85.05, latitude))
    y = 0.5 - math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi)
    return (longitude + 180) / 360, y


def degrees(x: float, y: float) -> tuple[float, float]:
    """The reverse: latitude and longitude."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y)))), x * 360 - 180


class RoadTiles:
    """Reads the roads of one imported map; any thread may ask."""

    def __init__(self, folder: Path) -> None:
        """Open the map.

        Raises:
            MapMissing: it has no roads, or the library is missing.
        """
        again = "import it again with: cockpit maps import FILE.osm.pbf"
        if not any((folder / TILES).rglob("*.gph")):
            raise MapMissing(f"The map {folder.name} lacks its road network; {again}.")
        try:
            import valhalla  # optional: the extra "maps"
        except ImportError as error:
            raise MapMissing(
                "Maps need the extra “maps”: pip install 'offline-cockpit[maps]'."
            ) from error
        self._failure: type[Exception] = valhalla.ValhallaError
        self._actor: Any = valhalla.Actor(tile_config(folder / TILES))
        self._lock = threading.Lock()  # the actor is not safe to share between threads
        self._read = lru_cache(_TILES_KEPT)(self._read_anew)

    def read(self, zoom: int, column: int, row: int) -> Lines:
        """The roads of a tile; none where it cannot be read."""
        return self._read(zoom, column, row)

    def _read_anew(self, zoom: int, column: int, row: int) -> Lines:
        request = {
            "tile": {"z": zoom, "x": column, "y": row},
            "filters": {"action": "include", "attributes": list(_ATTRIBUTES)},
            "tile_options": {"exclude_layers": ["nodes", "shortcuts", "access_restrictions"]},
        }
        try:
            with self._lock:
                data = self._actor.tile(json.dumps(request))
        except self._failure:
            return Lines.none()
        return decode(data, zoom, column, row)


def decode(data: bytes, zoom: int, column: int, row: int) -> Lines:
    """The roads of a vector tile of Valhalla."""
    for number, layer in _fields(data):
        if number == _LAYER and isinstance(layer, bytes):
            found = _decode_layer(layer)
            if found is not None:
                points, begins, ranks, extent = found
                place = (points / extent + (column, row)) / 2**zoom
                joined = ~begins[1:]
                return Lines(place[:-1][joined], place[1:][joined], ranks[1:][joined])
    return Lines.none()


def _decode_layer(
    layer: bytes,
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.uint8], int] | None:
    """Points, which of them begin a line, and their ranks; None for any layer but the roads."""
    keys: list[str] = []
    values: list[int] = []
    tags: list[bytes] = []
    shapes: list[bytes] = []
    extent = 4096
    for number, content in _fields(layer):
        if number == 1 and content != b"edges":
            return None
        if number == _EXTENT and isinstance(content, int):
            extent = content
        if not isinstance(content, bytes):
            continue
        if number == _KEY:
            keys.append(content.decode("utf-8", "replace"))
        elif number == _VALUE:
            values.append(next((v for _, v in _fields(content) if isinstance(v, int)), 0))
        elif number == _FEATURE:
            parts = dict(_fields(content))
            tag, shape = parts.get(_TAGS), parts.get(_GEOMETRY)
            if isinstance(tag, bytes) and isinstance(shape, bytes):
                tags.append(tag)
                shapes.append(shape)
    if not shapes:
        return None
    ranks = _ranks(keys, values, tags)
    points, begins, counts = _points(shapes)
    return points, begins, np.repeat(ranks, counts), extent


def _ranks(keys: list[str], values: list[int], tags: list[bytes]) -> NDArray[np.uint8]:
    known: dict[bytes, Rank] = {}
    for tag in tags:
        if tag not in known:
            numbers = _varints(tag).tolist()
            pairs = zip(numbers[::2], numbers[1::2], strict=False)
            known[tag] = _rank({keys[key]: values[value] for key, value in pairs})
    return np.array([known[tag] for tag in tags], np.uint8)


def _rank(tags: dict[str, int]) -> Rank:
    ways = [tags[key] for key in ("access:fwd", "access:bwd") if key in tags]
    if ways and not any(way & _CAR for way in ways):
        return Rank.PATH
    match tags.get("road_class", 7):
        case 0 | 1 | 2:
            return Rank.MAJOR
        case 3 | 4:
            return Rank.MIDDLE
        case _:
            return Rank.MINOR


def _points(shapes: list[bytes]) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int64]]:
    """All points of all shapes, which of them begin a line, and how many each shape has."""
    joined = b"".join(shapes)
    numbers = _varints(joined)
    lasts = np.cumsum([len(shape) for shape in shapes]) - 1
    ends = np.cumsum(np.frombuffer(joined, np.uint8) < 128)[lasts]  # numbers up to each shape's end
    is_place = np.zeros(len(numbers), bool)
    moves: list[int] = []  # positions of the first number behind a MoveTo
    at = 0
    for end in ends.tolist():
        while at < end:
            command = int(numbers[at])
            count = 2 * (command >> 3)
            if command & 7 == _MOVE:
                moves.append(at + 1)
            is_place[at + 1 : at + 1 + count] = True
            at += 1 + max(0, count)
    kept = numbers[is_place]
    steps = ((kept >> 1) ^ -(kept & 1)).reshape(-1, 2)
    before = np.cumsum(is_place) // 2  # points up to each number
    begins = np.zeros(len(steps), bool)
    begins[before[moves] if moves else []] = True
    counts = np.diff(before[ends - 1], prepend=0)
    # A shape starts at the tile's corner, all that follows is relative to the point before.
    sums = np.cumsum(steps, axis=0)
    firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    offsets = np.where((firsts > 0)[:, None], sums[firsts - 1], 0)
    points = sums - np.repeat(offsets, counts, axis=0)
    return points.astype(np.float64), begins, counts


def _varints(data: bytes) -> NDArray[np.int64]:
    """All numbers of a packed field."""
    octets = np.frombuffer(data, np.uint8).astype(np.int64)
    ends = np.flatnonzero(octets < 128)
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    lengths = ends - starts + 1
    numbers = np.zeros(len(ends), np.int64)
    for place in range(int(lengths.max(initial=0))):
        longer = lengths > place
        numbers[longer] |= (octets[starts[longer] + place] & 127) << (7 * place)
    return numbers


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a protobuf message: number, and an integer or bytes."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
            case 1:
                yield key >> 3, data[at : at + 8]
                at += 8
            case 2:
                length, at = _varint(data, at)
                yield key >> 3, data[at : at + length]
                at += length
            case 5:
                yield key >> 3, data[at : at + 4]
                at += 4
            case _:
                return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[at]
        at += 1
        value |= (octet & 127) << shift
        if octet < 128:
            return value, at
        shift += 7
