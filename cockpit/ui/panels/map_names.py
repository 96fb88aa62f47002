"""Names of streets and well-known places of an imported map. Reading blocks."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cockpit.ui.panels.map_tiles import degrees, mercator
from skills.navigation.schema import DATABASE

_TILES_KEPT: Final = 128
_PLACES: Final = 60
"""Well-known places of a tile at most."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name at a place, in Web Mercator.

    Attributes:
        street: it is a street's; else that of a well-known place.
    """

    text: str
    x: float
    y: float
    street: bool


class Names:
    """Reads the names of one imported map; any thread may ask."""

    def __init__(self, folder: Path) -> None:
        """Open the map's places; a map without them has no names."""
        path = folder / DATABASE
        self._database: sqlite3.Connection | None = None
        if path.is_file():
            address = f"{path.resolve().as_uri()}?mode=ro"
            self._database = sqlite3.connect(address, uri=True, check_same_thread=False)
        self._lock = threading.Lock()
        self._read = lru_cache(_TILES_KEPT)(self._read_anew)

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def read(self, zoom: int, column: int, row: int) -> tuple[Name, ...]:
        """The names in a tile, streets first; none where they cannot be read."""
        return self._read(zoom, column, row)

    def _read_anew(self, zoom: int, column: int, row: int) -> tuple[Name, ...]:
        if self._database is None:
            return ()
        count = 2**zoom
        north, west = degrees(column / count, row / count)
        south, east = degrees((column + 1) / count, (row + 1) / count)
        box = (south, north, west, east)
        inside = "latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ? AND name <> ''"
        columns = "SELECT name, latitude, longitude FROM places WHERE"
        try:
            with self._lock:
                streets = self._database.execute(
                    f"{columns} kind = 'street' AND {inside}", box
                ).fetchall()
                places = self._database.execute(
                    f"{columns} kind = 'place' AND notable = 1 AND {inside} "
                    f"AND tags NOT LIKE 'historic=%' AND tags NOT LIKE '%artwork%' LIMIT {_PLACES}",
                    box,
                ).fetchall()
        except sqlite3.Error:
            return ()
        return tuple(
            Name(str(name), *mercator(float(latitude), float(longitude)), street=street)
            for rows, street in ((streets, True), (places, False))
            for name, latitude, longitude in rows
        )
