"""Which signals a vehicle has, and what values they may take.

The names and ranges are those of COVESA VSS 6.0 (``vss.csv``, the subset that the default vehicle
needs), with the vendor's overlay (``overlay.yaml``) on top. A settings file can name a full VSS
JSON export in place of the subset, and one further overlay.
"""

from __future__ import annotations

import csv
import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusError, NotWritable, SignalUnknown, ValueInvalid

type Value = bool | int | float | str | list[str]
"""A signal's value as JSON carries it. Arrays of numbers are not carried."""

_HERE = Path(__file__).parent

_INTEGERS = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_SCALARS = {*_INTEGERS, "boolean", "float", "double", "string"}
_OVERLAY_KEYS = {"type", "datatype", "unit", "min", "max", "allowed", "pattern"}


class CatalogueInvalid(BusError):
    """A catalogue or overlay file cannot be used; the sentence names the file and the fault."""


class Kind(StrEnum):
    """What may be done with a signal."""

    SENSOR = "sensor"  # read only
    ACTUATOR = "actuator"  # read, and brought to a target
    ATTRIBUTE = "attribute"  # a constant of the vehicle


@dataclass(frozen=True, slots=True)
class Signal:
    """One VSS leaf.

    Attributes:
        path: full VSS path.
        kind: sensor, actuator or attribute.
        datatype: VSS datatype, e.g. ``uint8`` or ``string[]``.
        unit: VSS unit, e.g. ``percent``, or None.
        minimum: least value, inclusive, or None.
        maximum: greatest value, inclusive, or None.
        allowed: allowed strings; empty where any string goes.
        pattern: regular expression that a string must match wholly, or None.
    """

    path: str
    kind: Kind
    datatype: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None

    @property
    def label(self) -> str:
        """How a person calls it, e.g. ``driver window position``."""
        return label_of(self.path)

    def check(self, value: object) -> Value:
        """The value in the signal's own type: 21 becomes 21.0 for a float, 40.0 becomes 40.

        Raises:
            ValueInvalid: wrong type, out of range, not allowed.
        """
        if self.datatype.endswith("[]"):
            return self._check_strings(value)
        if self.datatype == "boolean":
            if isinstance(value, bool):
                return value
            raise self._invalid(value, "must be on or off")
        if self.datatype == "string":
            return self._check_string(value)
        return self._check_number(value)

    def _check_strings(self, value: object) -> list[str]:
        if self.datatype != "string[]":
            raise self._invalid(value, "is a list of numbers, which this bus does not carry")
        if not isinstance(value, list | tuple):
            raise self._invalid(value, "must be a list of texts")
        return [self._check_string(item) for item in value]

    def _check_string(self, value: object) -> str:
        if not isinstance(value, str):
            raise self._invalid(value, "must be a text")
        if self.allowed and value not in self.allowed:
            raise self._invalid(value, f"must be one of {', '.join(self.allowed)}")
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise self._invalid(value, f"must match {self.pattern}")
        return value

    def _check_number(self, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._invalid(value, "must be a number")
        if not math.isfinite(value):
            raise self._invalid(value, "must be a finite number")
        low, high = self.minimum, self.maximum
        number: int | float = float(value)
        if self.datatype in _INTEGERS:
            if value != int(value):
                raise self._invalid(value, "must be a whole number")
            number = int(value)
            least, most = _INTEGERS[self.datatype]
            low = least if low is None else max(low, least)
            high = most if high is None else min(high, most)
        if (low is not None and number < low) or (high is not None and number > high):
            raise self._invalid(value, _limits(low, high, self.unit))
        return number

    def _invalid(self, value: object, fault: str) -> ValueInvalid:
        shown = repr(value) if len(repr(value)) <= 40 else repr(value)[:37] + "..."
        return ValueInvalid(f"The {self.label} cannot be {shown}: it {fault}.")


class Catalogue(Mapping[str, Signal]):
    """All signals of a vehicle by path, in the order of the file."""

    def __init__(self, signals: Iterable[Signal]) -> None:
        self._signals = {signal.path: signal for signal in signals}
        self._branches: dict[str, tuple[Signal, ...]] = {}

    def __getitem__(self, path: str) -> Signal:
        return self._signals[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._signals)

    def __len__(self) -> int:
        return len(self._signals)

    @classmethod
    def default(cls) -> Catalogue:
        """The default vehicle's catalogue; one shared object."""
        return _default()

    @classmethod
    def load(cls, settings: BusSettings) -> Catalogue:
        """The catalogue that the settings ask for.

        The default vehicle's overlay also holds for a full VSS JSON, where the signals exist.

        Raises:
            CatalogueInvalid: a file cannot be read or is wrong.
        """
        base = cls.default()
        if settings.catalogue is not None:
            full = cls.from_vss_json(settings.catalogue)
            base = full._overlaid(_HERE / "overlay.yaml", only_known=True)
        return base if settings.overlay is None else base.with_overlay(settings.overlay)

    @classmethod
    def from_vss_json(cls, path: Path) -> Catalogue:
        """Read a VSS JSON export (``vspec export json``).

        Branches nest under ``children``; a leaf has ``type``, ``datatype`` and, where it has
        them, ``unit``, ``min``, ``max``, ``allowed`` and ``pattern``. Anything else is ignored.

        Raises:
            CatalogueInvalid: the file cannot be read, or a leaf is wrong.
        """
        data = _read(path)
        if not isinstance(data, dict) or not data:
            raise CatalogueInvalid(f"{path} is not a VSS JSON export: it holds no branches.")
        signals = list(_leaves(data, "", path))
        if not signals:
            raise CatalogueInvalid(f"{path} is not a VSS JSON export: it holds no signals.")
        return cls(signals)

    def with_overlay(self, path: Path) -> Catalogue:
        """This catalogue with changes and additions from a YAML or JSON file.

        The file maps full VSS paths to what differs, in one flat mapping::

            Vehicle.Cabin.Sunroof.Position: {type: actuator, min: 0, max: 100}
            Vehicle.Vendor.Fragrance.Level:
              {type: actuator, datatype: uint8, unit: percent, min: 0, max: 100}

        Keys are ``type`` (sensor, actuator, attribute), ``datatype``, ``unit``, ``min``, ``max``,
        ``allowed`` (list of strings) and ``pattern`` (regular expression of the whole string). A
        path that the catalogue lacks needs ``type`` and ``datatype``. ``null`` as the whole
        entry removes the signal, or every signal below a branch; as a key's value it takes that
        limit away.

        Raises:
            CatalogueInvalid: the file cannot be read, or an entry is wrong.
        """
        return self._overlaid(path, only_known=False)

    def _overlaid(self, path: Path, *, only_known: bool) -> Catalogue:
        data = _read(path)
        if not isinstance(data, dict):
            raise CatalogueInvalid(f"{path} must map VSS paths to their changes.")
        signals = dict(self._signals)
        for name, fields in data.items():
            if only_known and name not in signals:
                continue
            if fields is None:
                gone = [key for key in signals if key == name or key.startswith(f"{name}.")]
                if not gone:
                    raise CatalogueInvalid(f"{path} removes {name}, which is not there.")
                for key in gone:
                    del signals[key]
                continue
            if not isinstance(fields, dict):
                raise CatalogueInvalid(f"{path}: the entry of {name} must be a mapping.")
            unknown = sorted(set(map(str, fields)) - _OVERLAY_KEYS)
            if unknown:
                raise CatalogueInvalid(f"{path}: {name} has the unknown key {unknown[0]!r}.")
            signals[str(name)] = _signal(str(name), fields, path, signals.get(str(name)))
        return Catalogue(signals.values())

    def signal(self, path: str) -> Signal:
        """The signal of this path.

        Raises:
            SignalUnknown: there is none; the sentence suggests the nearest path.
        """
        try:
            return self._signals[path]
        except KeyError:
            near = difflib.get_close_matches(path, self._signals, n=1, cutoff=0.8)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise SignalUnknown(f"The catalogue has no signal {path}.{hint}") from None

    def actuator(self, path: str) -> Signal:
        """The signal of this path, if it can be commanded.

        Raises:
            SignalUnknown: there is none.
            NotWritable: it is a sensor or an attribute.
        """
        signal = self.signal(path)
        if signal.kind is not Kind.ACTUATOR:
            raise NotWritable(f"The {signal.label} can be read but not set.")
        return signal

    def branch(self, pattern: str) -> tuple[Signal, ...]:
        """Signals of a branch (``Vehicle.Cabin.HVAC``: itself and all below), or of a glob.

        In a glob ``*`` stands for anything within one level and ``**`` for any number of levels:
        ``Vehicle.Cabin.Door.*.*.Window.Position``, ``**.IsLocked``. Empty where none matches.
        """
        found = self._branches.get(pattern)
        if found is None:
            expression = _expression(pattern)
            found = tuple(s for path, s in self._signals.items() if expression.fullmatch(path))
            self._branches[pattern] = found
        return found

    def check(self, path: str, value: object) -> Value:
        """The value in the signal's own type.

        Raises:
            SignalUnknown: the catalogue has no such path.
            ValueInvalid: wrong type, out of range, or not an allowed value.
        """
        return self.signal(path).check(value)


@cache
def _default() -> Catalogue:
    source = _HERE / "vss.csv"
    with source.open(encoding="utf-8", newline="") as file:
        rows = [
            {key: text for key, text in row.items() if text != ""} for row in csv.DictReader(file)
        ]
    signals = []
    for row in rows:
        fields: dict[str, object] = dict(row)
        path = str(fields.pop("path"))
        for limit in ("min", "max"):
            if limit in fields:
                fields[limit] = float(row[limit])
        if "allowed" in fields:
            fields["allowed"] = row["allowed"].split("|")
        signals.append(_signal(path, fields, source, None))
    return Catalogue(signals).with_overlay(_HERE / "overlay.yaml")


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CatalogueInvalid(f"The catalogue file {path} cannot be read: {reason}.") from error
    try:
        # The safe YAML loader is far too slow for a full VSS export, which is JSON.
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except json.JSONDecodeError as error:
        fault = f"{error.msg} in line {error.lineno}"
        raise CatalogueInvalid(f"The catalogue file {path} is not JSON: {fault}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        fault = f"{getattr(error, 'problem', None) or 'malformed'}{where}"
        raise CatalogueInvalid(f"The catalogue file {path} is not YAML: {fault}.") from error


def _leaves(nodes: Mapping[str, Any], prefix: str, source: Path) -> Iterator[Signal]:
    for name, node in nodes.items():
        path = f"{prefix}.{name}" if prefix else name
        if not isinstance(node, dict):
            raise CatalogueInvalid(f"{source}: {path} must be an object with a type.")
        if "children" in node:
            if not isinstance(node["children"], dict):
                raise CatalogueInvalid(f"{source}: the children of {path} must be an object.")
            yield from _leaves(node["children"], path, source)
        elif node.get("type") != "branch":
            yield _signal(path, node, source, None)


def _signal(path: str, fields: Mapping[Any, Any], source: Path, known: Signal | None) -> Signal:
    def wrong(fault: str) -> CatalogueInvalid:
        return CatalogueInvalid(f"{source}: {path} {fault}.")

    if known is None:
        for key in ("type", "datatype"):
            if key not in fields:
                raise wrong(f"has no {key}")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*", path):
            raise wrong("is not a VSS path: levels of letters and digits, joined by dots")
    changes: dict[str, Any] = {}
    if "type" in fields:
        try:
            changes["kind"] = Kind(fields["type"])
        except ValueError:
            raise wrong(f"has the unknown type {fields['type']!r}") from None
    if "datatype" in fields:
        datatype = fields["datatype"]
        if not isinstance(datatype, str) or datatype.removesuffix("[]") not in _SCALARS:
            raise wrong(f"has the unknown datatype {datatype!r}")
        changes["datatype"] = datatype
    for key, name in (("unit", "unit"), ("pattern", "pattern")):
        if key in fields:
            if not isinstance(fields[key], str | None):
                raise wrong(f"has a {key} that is not a text")
            changes[name] = fields[key]
    if changes.get("pattern") is not None:
        try:
            re.compile(changes["pattern"])
        except re.error as error:
            raise wrong(f"has a pattern that is no regular expression ({error})") from None
    for key, name in (("min", "minimum"), ("max", "maximum")):
        if key in fields:
            number = fields[key]
            if number is not None and (
                isinstance(number, bool) or not isinstance(number, int | float)
            ):
                raise wrong(f"has a {key} that is not a number")
            changes[name] = number
    if "allowed" in fields:
        allowed = fields["allowed"] or []
        if not isinstance(allowed, list):
            raise wrong("has allowed values that are not a list")
        changes["allowed"] = tuple(map(str, allowed))
    signal = replace(known, **changes) if known is not None else Signal(path, **changes)
    if (
        signal.minimum is not None
        and signal.maximum is not None
        and signal.minimum > signal.maximum
    ):
        raise wrong("has a min above its max")
    return signal


def _expression(pattern: str) -> re.Pattern[str]:
    if "*" not in pattern:
        return re.compile(re.escape(pattern) + r"(\..+)?")
    pieces = []
    for level in pattern.split("."):
        pieces.append(
            r"(?:[^.]+\.)*" if level == "**" else re.escape(level).replace(r"\*", "[^.]*") + r"\."
        )
    text = "".join(pieces)
    # Every piece carries the dot behind it; the last one has none.
    text = text.removesuffix(r"\.") if not text.endswith("*") else text + r"[^.]+"
    return re.compile(text)


def _limits(low: float | None, high: float | None, unit: str | None) -> str:
    name = {None: "", "percent": " percent", "Celsius": " degrees"}.get(unit, f" {unit}")
    if low is None:
        return f"must be at most {high:g}{name}"
    if high is None:
        return f"must be at least {low:g}{name}"
    return f"must be between {low:g} and {high:g}{name}"


_SEATS = {
    ("Row1", "Driver"): "driver",
    ("Row1", "Passenger"): "passenger",
    ("Row2", "Driver"): "rear left",
    ("Row2", "Passenger"): "rear right",
}
_SIDES = {
    ("Row1", "Left"): "front left",
    ("Row1", "Right"): "front right",
    ("Row2", "Left"): "rear left",
    ("Row2", "Right"): "rear right",
}
_SILENT = {
    "Vehicle",
    "Cabin",
    "Body",
    "Chassis",
    "Powertrain",
    "HVAC",
    "Station",
    "Infotainment",
    "Light",
    "Axle",
}


@cache
def label_of(path: str) -> str:
    """A path as a person might say it: ``Vehicle.Cabin.Seat.Row2.DriverSide.HeatingCooling``
    becomes ``rear left seat heating cooling``."""
    levels = path.split(".")
    place = ""
    row = next((level for level in levels if level in ("Row1", "Row2")), "")
    words = []
    for level in levels:
        side = level.removesuffix("Side")
        if (row, side) in _SEATS:
            place = _SEATS[row, side]
        elif (row, side) in _SIDES:
            place = _SIDES[row, side]
        elif level in ("DriverSide", "PassengerSide"):  # mirrors, which have no row
            place = side.lower()
        elif level == row or level in _SILENT or (level == "Door" and "Window" in levels):
            continue
        else:
            text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", level).lower()
            words.append(text.removeprefix("is "))
    return " ".join(filter(None, [place, *words])) or path
