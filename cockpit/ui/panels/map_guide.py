"""The route as the bus tells it, and how far along it the car is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from cockpit.ui.panels.map_tiles import Floats, mercator

OFF_ROUTE: Final = 60.0
"""Metres from the line from which the car is on another way; as the navigation skill's."""
ARRIVED: Final = 30.0
_METRES_PER_DEGREE: Final = 111_195.0


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """An instruction, and where it is due.

    Attributes:
        at: metres from the start.
        duration: seconds from it to the next one.
    """

    instruction: str
    at: float
    duration: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Where on a route the car is.

    Attributes:
        along: metres from the start.
        left: metres to the end.
        seconds: to the end.
        following: the next instruction; None at the end.
        ahead: metres until then.
        off: the car is not on the route.
        arrived: it is where it wanted to be.
    """

    along: float
    left: float
    seconds: float
    following: Manoeuvre | None
    ahead: float
    off: bool
    arrived: bool


@dataclass(frozen=True)
class Guide:
    """A route.

    Attributes:
        name: of the destination.
        points: of the line: latitude and longitude.
        line: the same in Web Mercator.
        marks: metres from the start to each point.
        manoeuvres: in order.
        stops: places on the way, in Web Mercator.
    """

    name: str
    points: Floats
    line: Floats
    marks: Floats
    manoeuvres: tuple[Manoeuvre, ...]
    stops: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self | None:
        """The route of a document ``nav/route``; None where it has none that can be drawn."""
        try:
            line = document["line"]["coordinates"]
            points = np.array([[point[1], point[0]] for point in line], np.float64)
            if len(points) < 2 or not np.isfinite(points).all():
                return None
            marks = np.concatenate(([0.0], np.cumsum(_lengths(points))))
            manoeuvres = tuple(
                Manoeuvre(
                    str(entry["instruction"]),
                    float(marks[max(0, min(int(entry["begin"]), len(marks) - 1))]),
                    float(entry["duration_s"]),
                )
                for entry in document.get("manoeuvres", ())
            )
            stops = tuple(
                mercator(float(stop["latitude"]), float(stop["longitude"]))
                for stop in document.get("stops", ())
            )
            destination = document.get("destination") or {}
            name = destination.get("name") or destination.get("address") or "the destination"
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            return None
        drawn = np.array([mercator(*point) for point in points.tolist()])
        return cls(str(name), points, drawn, marks, manoeuvres, stops)

    @property
    def length(self) -> float:
        """Metres from start to end."""
        return float(self.marks[-1])

    def progress(self, latitude: float, longitude: float) -> Progress:
        """How far the car has come."""
        along, off = self._nearest(latitude, longitude)
        left = max(0.0, self.length - along)
        starts = [entry.at for entry in self.manoeuvres]
        current = max((i for i, start in enumerate(starts) if start <= along + 1.0), default=0)
        following = self.manoeuvres[current + 1] if current + 1 < len(starts) else None
        end = following.at if following is not None else self.length
        seconds = sum(entry.duration for entry in self.manoeuvres[current + 1 :])
        if self.manoeuvres:
            span = end - starts[current]
            share = 0.0 if span <= 0 else max(0.0, min(1.0, (end - along) / span))
            seconds += share * self.manoeuvres[current].duration
        return Progress(
            along=along,
            left=left,
            seconds=seconds,
            following=following,
            ahead=max(0.0, end - along),
            off=off > OFF_ROUTE,
            arrived=left <= ARRIVED and off <= OFF_ROUTE,
        )

    def split(self, along: float) -> tuple[Floats, Floats]:
        """The line up to a distance from the start, and from there, in Web Mercator."""
        index = int(np.searchsorted(self.marks, along, side="right")) - 1
        if index + 1 >= len(self.marks):
            return self.line, self.line[-1:]
        span = float(self.marks[index + 1] - self.marks[index])
        share = 0.0 if span <= 0 else (along - float(self.marks[index])) / span
        here = self.line[index] + share * (self.line[index + 1] - self.line[index])
        return np.vstack((self.line[: index + 1], here)), np.vstack((here, self.line[index + 1 :]))

    def _nearest(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Metres along the line to its nearest point, and from there to a position."""
        flat = self.points - (latitude, longitude)
        flat = flat * (_METRES_PER_DEGREE, _METRES_PER_DEGREE * np.cos(np.radians(latitude)))
        start, delta = flat[:-1], np.diff(flat, axis=0)
        squared = (delta**2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(squared > 0, -(start * delta).sum(axis=1) / squared, 0.0)
        share = np.clip(share, 0.0, 1.0)
        off = np.hypot(*(start + share[:, None] * delta).T)
        best = int(off.argmin())
        span = self.marks[best + 1] - self.marks[best]
        return float(self.marks[best] + share[best] * span), float(off[best])


def _lengths(points: Floats) -> Floats:
    """Metres between neighbouring points (haversine)."""
    radians = np.radians(points)
    a, b = radians[:-1], radians[1:]
    half = np.sin((b - a) / 2) ** 2
    chord = half[:, 0] + np.cos(a[:, 0]) * np.cos(b[:, 0]) * half[:, 1]
    lengths: Floats = 2 * 6_371_009.0 * np.arcsin(np.sqrt(chord.clip(0, 1)))
    return lengths
