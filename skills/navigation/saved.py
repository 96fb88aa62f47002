"""Places that the driver gave a name: home, work and favourites."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from skills.api import Environment, SkillError
from skills.navigation.matching import fold, name_score
from skills.navigation.places import Place

FILE = "places.json"
HOME, WORK = "home", "work"
ALIASES = {
    HOME: "home,my home,house,my house,my place,back home,our house,our home,home address,"
    "our place,my home address,my flat,my apartment,my residence,the house,home please,at home",
    WORK: "work,my work,office,the office,my office,workplace,my workplace,my job,job,at work,"
    "place of work,my place of work,our office,the workplace,to work",
}
_ALIAS = {fold(word): name for name, words in ALIASES.items() for word in words.split(",")}
LIKE_ENOUGH = 92.0


class SavedPlacesDamaged(SkillError):
    """The file of saved places cannot be read."""


class SavedPlace(BaseModel):
    """A saved position, and what the map called it then."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    address: str = ""


_FILE: TypeAdapter[dict[str, SavedPlace]] = TypeAdapter(dict[str, SavedPlace])


def canonical(name: str) -> str:
    """The name a place is kept under: ``my house`` → ``home``."""
    folded = fold(name)
    if folded in _ALIAS:
        return _ALIAS[folded]
    for lead in ("my ", "our ", "the "):
        folded = folded.removeprefix(lead)
    return _ALIAS.get(folded, folded)


class SavedPlaces:
    """Saved places of this user, in one JSON file (Resource)."""

    def __init__(self, folder: Path) -> None:
        """Read the file, if there is one.

        Raises:
            SavedPlacesDamaged: it is not what we wrote.
        """
        self._path = folder / FILE
        self._places: dict[str, SavedPlace] = {}
        if self._path.exists():
            try:
                self._places = _FILE.validate_json(self._path.read_bytes())
            except (ValidationError, OSError) as error:
                raise SavedPlacesDamaged(
                    f"I can't read your saved places; mend or delete {self._path}."
                ) from error

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """Open the user's places."""
        yield cls(environment.data_dir)

    def replace(self, places: Mapping[str, Any]) -> None:
        """Keep exactly these: name → ``{"latitude": …, "longitude": …}``."""
        checked = _FILE.validate_python(dict(places))
        self._places = {canonical(name): place for name, place in checked.items()}
        self._write()

    def names(self) -> tuple[str, ...]:
        """All names, home and work first."""
        first = [name for name in (HOME, WORK) if name in self._places]
        return (*first, *sorted(name for name in self._places if name not in first))

    def entry(self, name: str) -> SavedPlace | None:
        """What is kept under exactly this name."""
        return self._places.get(canonical(name))

    def find(self, text: str) -> Place | None:
        """The saved place that is meant, or None."""
        name = canonical(text)
        if name not in self._places and name not in (HOME, WORK):
            scored = [(name_score(name, other), other) for other in self._places]
            best = max(scored, default=(0.0, ""))
            name = best[1] if best[0] >= LIKE_ENOUGH else name
        found = self._places.get(name)
        if found is None:
            return None
        return Place(
            id=f"saved:{name}",
            name=name,
            name_en=name,
            category="saved place",
            address=found.address,
            latitude=found.latitude,
            longitude=found.longitude,
        )

    def put(self, name: str, place: SavedPlace | None) -> SavedPlace | None:
        """Save a place, or forget it with None; returns what was there before."""
        key = canonical(name)
        before = self._places.pop(key, None)
        if place is not None:
            self._places[key] = place
        self._write()
        return before

    def _write(self) -> None:
        content = json.dumps(
            {name: place.model_dump() for name, place in self._places.items()},
            indent=2,
            ensure_ascii=False,
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._path.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_text(content + "\n", encoding="utf-8")
        scratch.replace(self._path)
