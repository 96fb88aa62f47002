"""Importing an OpenStreetMap extract: places into SQLite, roads into Valhalla tiles."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skills.api import SkillError
from skills.navigation.extract import Extract, FoundPlace, read_extract
from skills.navigation.matching import fold, sound_key
from skills.navigation.schema import DATABASE, INDEXES, INFO, TABLES, TILES, Box, MapInfo, read_info

NAME = re.compile(r"^[a-z0-9_-]+$")


class ImportFailed(SkillError):
    """An extract could not be imported; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is.

    Attributes:
        stage: what is being done, for a person.
        step: number of the stage, from 1.
        steps: how many stages there are.
        objects: map objects seen so far, in the stages that count them.
    """

    stage: str
    step: int
    steps: int
    objects: int | None = None


type Report = Callable[[Progress], None]
STAGES = ("checking the file", "reading places", "writing places", "building the road network")


def import_map(source: Path, root: Path, name: str, report: Report = lambda _: None) -> MapInfo:
    """Import an extract as ``root/name``, replacing an older import of that name at once.

    Args:
        source: an ``.osm.pbf`` file.
        root: folder of all maps; made if need be.
        name: lower-case letters, digits, ``-`` and ``_``.
        report: told about every stage.

    Raises:
        ImportFailed: the name or the file is bad, a part is missing, or the disk is full.
    """
    if not NAME.match(name):
        raise ImportFailed(
            f"“{name}” cannot be a map's name: use lower-case letters, digits, - and _."
        )
    if not source.is_file():
        raise ImportFailed(f"There is no file {source}.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=root) as scratch:
            made = Path(scratch) / name
            made.mkdir()
            info = _build(source, made, name, report)
            _replace(made, root / name, Path(scratch))
    except OSError as error:
        raise ImportFailed(f"The map could not be written below {root}: {error}.") from error
    return info


def _build(source: Path, folder: Path, name: str, report: Report) -> MapInfo:
    def stage(number: int, objects: int | None = None) -> None:
        report(Progress(STAGES[number - 1], number, len(STAGES), objects))

    stage(1)
    digest = _sha256(source)
    stage(2)
    try:
        extract = read_extract(source, lambda objects: stage(2, objects))
    except ImportError as error:
        raise ImportFailed(
            "Importing maps needs the extra “maps”: pip install 'offline-cockpit[maps]'."
        ) from error
    except RuntimeError as error:
        raise ImportFailed(
            f"{source.name} is not an OpenStreetMap extract that can be read ({error})."
        ) from error
    if not extract.places or extract.box is None:
        raise ImportFailed(f"{source.name} holds no named places or streets.")
    stage(3)
    counts = _write(extract, folder / DATABASE)
    stage(4)
    build_tiles(source, folder / TILES)
    info = MapInfo(
        name=name,
        source=source.name,
        source_sha256=digest,
        imported=datetime.now(UTC).replace(microsecond=0),
        box=Box(
            **dict(zip(("south", "west", "north", "east"), map(_short, extract.box), strict=True))
        ),
        counts=counts,
    )
    (folder / INFO).write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return info


def _short(degrees: float) -> float:
    return round(degrees, 6)


def _replace(made: Path, target: Path, scratch: Path) -> None:
    """Put the finished folder in its place; the old one goes with the scratch folder."""
    if target.exists():
        target.rename(scratch / "old")
    made.rename(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(extract: Extract, path: Path) -> dict[str, int]:
    """Write the database; returns how much of what it holds."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + TABLES)
        with database:
            for row, place in enumerate(extract.places, start=1):
                database.execute(
                    "INSERT INTO places VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                    _columns(row, place),
                )
                database.executemany(
                    "INSERT INTO place_tags VALUES (?, ?)",
                    [(tag, row) for tag in dict.fromkeys(place.tags)],
                )
                if place.name:
                    database.execute(
                        "INSERT INTO names (rowid, folded) VALUES (?, ?)",
                        (row, " / ".join(_searchable(place))),
                    )
            database.executemany(
                "INSERT INTO addresses VALUES (?,?,?,?,?,?)",
                [
                    (fold(entry.street), entry.street, entry.number, entry.suffix, *entry.position)
                    for entry in extract.addresses
                ],
            )
        database.executescript(INDEXES)
        database.execute("INSERT INTO names (names) VALUES ('optimize')")
        database.execute("ANALYZE")
        database.commit()
    streets = sum(place.kind == "street" for place in extract.places)
    return {
        "places": len(extract.places) - streets,
        "named_places": sum(bool(place.name) for place in extract.places if place.kind == "place"),
        "streets": streets,
        "addresses": len(extract.addresses),
    }


def _columns(row: int, place: FoundPlace) -> tuple[Any, ...]:
    return (
        row,
        place.id,
        place.kind,
        place.name,
        place.name_en,
        place.name_sv,
        place.other_names,
        " ".join(dict.fromkeys(place.tags)),
        place.street,
        place.number,
        place.near_street,
        place.opening_hours,
        place.phone,
        place.website,
        int(place.notable),
        *place.position,
    )


def _searchable(place: FoundPlace) -> Iterator[str]:
    """Every name, folded, and as it sounds."""
    names = (place.name, place.name_en, place.name_sv, *place.other_names.split(";"))
    for name in dict.fromkeys(fold(name) for name in names if name):
        yield name
        yield sound_key(name)


def tile_config(tiles: Path) -> dict[str, Any]:
    """Valhalla's configuration for a folder of tiles.

    Raises:
        ImportError: pyvalhalla is not installed.
    """
    import valhalla  # optional: the extra "maps"

    config: dict[str, Any] = valhalla.get_config(tile_extract="", tile_dir=tiles, verbose=False)
    config["mjolnir"]["concurrency"] = os.cpu_count() or 1
    return config


def build_tiles(source: Path, tiles: Path) -> None:
    """Build routing tiles with the program that pyvalhalla brings along.

    Raises:
        ImportFailed: pyvalhalla is missing, or it found no roads.
    """
    try:
        from valhalla import PYVALHALLA_DIR
    except ImportError as error:
        raise ImportFailed(
            "Importing maps needs the extra “maps”: pip install 'offline-cockpit[maps]'."
        ) from error
    tiles.mkdir()
    program = Path(PYVALHALLA_DIR) / "bin" / "valhalla_build_tiles"
    if not program.is_file():
        found = shutil.which("valhalla_build_tiles")
        if found is None:
            raise ImportFailed("The installed pyvalhalla lacks valhalla_build_tiles.")
        program = Path(found)
    config = tiles.parent / "valhalla.json"
    config.write_text(json.dumps(tile_config(tiles)), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 (our own program and paths)
        [str(program), "-c", str(config), str(source)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    config.unlink()
    if done.returncode != 0 or not any(tiles.rglob("*.gph")):
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ImportFailed(
            f"{source.name} gave no road network"
            + (f" ({last[0].strip()})." if last else "; does it hold roads?")
        )


def installed_maps(root: Path) -> list[MapInfo]:
    """Descriptions of all usable imported maps, by name."""
    if not root.is_dir():
        return []
    found = []
    for folder in sorted(root.iterdir()):
        if (folder / INFO).is_file() and not folder.name.startswith("."):
            found.append(read_info(folder))
    return found
