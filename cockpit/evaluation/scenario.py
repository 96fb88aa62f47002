"""Scenario files (DESIGN §10): what is given, what is said, what must hold afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from skills.api import Value
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat


class ScenarioInvalid(CockpitError):
    """A scenario file cannot be read or breaks the format; the sentence says where."""

    exit_code = 2


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


type Pattern = Annotated[str, AfterValidator(_compiles)]


class Place(_Part):
    """A saved place."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Bound(_Part):
    """A condition on a signal other than being equal."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    not_: Value | None = Field(None, alias="not")
    between: tuple[float, float] | None = None


class Given(_Part):
    """The world when the scenario begins, beside the start state of DESIGN §4.

    ``faults`` of the simulated vehicle are written as for ``cockpit sim run --fault``.
    """

    seat: Seat = Seat.DRIVER
    signals: dict[str, Value] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    shopping: tuple[str, ...] = ()
    calendar: tuple[dict[str, Any], ...] = ()
    contacts: tuple[dict[str, Any], ...] | dict[str, Any] = ()
    messages: tuple[dict[str, Any], ...] = ()
    places: dict[str, Place] = Field(default_factory=dict)
    connectivity: Any = None
    now: datetime | None = None


class Expect(_Part):
    """What must hold once the vehicle has settled after a turn.

    ``destination`` given as null means that no route is active; left out it is not checked.
    """

    signals: dict[str, Bound | Value] = Field(default_factory=dict)
    allow: tuple[str, ...] = ()
    says: Pattern | None = None
    asks: bool | None = None
    shopping_after: tuple[str, ...] | None = None
    shopping_includes: tuple[str, ...] = ()
    shopping_excludes: tuple[str, ...] = ()
    calendar_after: tuple[dict[str, Any], ...] | None = None
    destination: Pattern | None = None
    destination_near: tuple[float, float] | None = None
    sent_includes: tuple[dict[str, Any], ...] = ()


class ScenarioTurn(_Part):
    """One thing that is said."""

    user: str
    seat: Seat | None = None
    expect: Expect | None = None


class Scenario(_Part):
    """One conversation and its checks."""

    id: str
    source: str = ""
    given: Given = Field(default_factory=Given)
    turns: tuple[ScenarioTurn, ...] = Field(min_length=1)


def load_scenarios(paths: Sequence[Path]) -> tuple[Scenario, ...]:
    """Scenarios of files, or of all ``*.yaml`` files in folders, in order.

    Raises:
        ScenarioInvalid: a file is missing, is not YAML, or breaks the format.
    """
    found: list[Scenario] = []
    for path in paths:
        files = sorted(path.glob("**/*.yaml")) if path.is_dir() else [path]
        if not files:
            raise ScenarioInvalid(f"There is no scenario file in {path}.")
        for file in files:
            found.extend(_load(file))
    if not found:
        named = ", ".join(str(path) for path in paths)
        raise ScenarioInvalid(f"There is no scenario in {named}.")
    return tuple(found)


def _load(file: Path) -> tuple[Scenario, ...]:
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ScenarioInvalid(f"The scenario file {file} does not exist.") from error
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ScenarioInvalid(f"{file} is not YAML: {where}{error.problem}.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioInvalid(f"The scenario file {file} cannot be read: {error}.") from error
    if not isinstance(raw, list):
        raise ScenarioInvalid(f"{file} must hold a list of scenarios.")
    try:
        return TypeAdapter(tuple[Scenario, ...]).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ScenarioInvalid(f"{file}: {where or 'the file'}: {first['msg']}.") from error
