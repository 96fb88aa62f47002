"""What an imported map folder holds, for the importer and for those who read it.

``<root>/<name>/`` has ``places.sqlite`` (the schema below), ``tiles/`` (Valhalla) and
``map.json`` (``MapInfo``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from skills.api import Environment, SkillError

DATABASE = "places.sqlite"
TILES = "tiles"
INFO = "map.json"
ATTRIBUTION = "© OpenStreetMap contributors (ODbL)"
FORMAT = 1

TABLES = """
CREATE TABLE places (
    rowid INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,       -- n, w or r and the OpenStreetMap number; s for a street
    kind TEXT NOT NULL,            -- place or street
    name TEXT NOT NULL,            -- local name; empty where it has none
    name_en TEXT NOT NULL,
    name_sv TEXT NOT NULL,
    other_names TEXT NOT NULL,     -- separated by semicolons
    tags TEXT NOT NULL,            -- key=value, separated by blanks, the most telling first
    street TEXT NOT NULL,
    number TEXT NOT NULL,
    near_street TEXT NOT NULL,     -- closest named street, where the address is not known
    opening_hours TEXT NOT NULL,
    phone TEXT NOT NULL,
    website TEXT NOT NULL,
    notable INTEGER NOT NULL,      -- 1 where it has an entry in Wikidata or Wikipedia
    latitude REAL NOT NULL,
    longitude REAL NOT NULL
);
CREATE TABLE place_tags (tag TEXT NOT NULL, place INTEGER NOT NULL) ;
CREATE TABLE addresses (
    street TEXT NOT NULL,          -- folded name
    shown TEXT NOT NULL,
    number INTEGER NOT NULL,
    suffix TEXT NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL
);
CREATE VIRTUAL TABLE names USING fts5(folded, content='', tokenize='trigram');
"""

INDEXES = """
CREATE INDEX places_by_latitude ON places (latitude);
CREATE INDEX place_tags_by_tag ON place_tags (tag, place);
CREATE INDEX addresses_by_street ON addresses (street, number);
"""


class Box(BaseModel):
    """Bounding box in degrees."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    south: float
    west: float
    north: float
    east: float


class MapInfo(BaseModel):
    """What ``map.json`` says about an imported map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    name: str
    source: str
    source_sha256: str
    imported: datetime
    box: Box
    counts: dict[str, int]
    attribution: str = ATTRIBUTION


class MapMissing(SkillError):
    """There is no usable imported map."""


def map_folder(environment: Environment) -> Path:
    """The session's map.

    Raises:
        MapMissing: none was imported.
    """
    if environment.map_dir is None:
        raise MapMissing("I have no map yet; import one with: cockpit maps import FILE.osm.pbf.")
    return environment.map_dir


def read_info(folder: Path) -> MapInfo:
    """The description of an imported map.

    Raises:
        MapMissing: the folder is no imported map, or of another format.
    """
    again = "import it again with: cockpit maps import FILE.osm.pbf"
    try:
        info = MapInfo.model_validate_json((folder / INFO).read_text(encoding="utf-8"))
    except OSError as error:
        raise MapMissing(f"There is no map called {folder.name} yet; {again}.") from error
    except ValidationError as error:
        raise MapMissing(f"The map {folder.name} is damaged; {again}.") from error
    if info.format != FORMAT:
        raise MapMissing(f"The map {folder.name} was made by another version; {again}.")
    return info
