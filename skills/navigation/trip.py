"""The trip that is being driven, and how far along it the car is."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from skills.api import Environment
from skills.navigation.geo import Point, cumulative_m, project
from skills.navigation.places import Place
from skills.navigation.router import Manoeuvre, Route

OFF_ROUTE_M = 60.0  # further from the line than this, the car is on another way
ARRIVED_M = 30.0


@dataclass(frozen=True)
class Trip:
    """A destination, the stops before it, and the way.

    Attributes:
        stops: in the order they are driven to.
    """

    destination: Place
    stops: tuple[Place, ...]
    route: Route

    @cached_property
    def along_m(self) -> list[float]:
        """Metres from the start of the line to each of its points."""
        return cumulative_m(self.route.line)

    def document(self) -> dict[str, object]:
        """The document ``nav/route`` (DESIGN §3)."""
        return {
            "destination": self.destination.document(),
            "stops": [stop.document() for stop in self.stops],
            "line": self.route.geojson,
            "manoeuvres": [
                {
                    "instruction": entry.instruction,
                    "streets": list(entry.streets),
                    "distance_m": round(entry.distance_m, 1),
                    "duration_s": round(entry.duration_s, 1),
                    "begin": entry.begin,
                }
                for entry in self.route.manoeuvres
            ],
            "distance_m": round(self.route.distance_m, 1),
            "duration_s": round(self.route.duration_s, 1),
        }

    def progress(self, position: Point) -> Progress:
        """How far the car has come."""
        on_line = project(self.route.line, position)
        along, total = on_line.along_m, self.along_m[-1]
        starts = [self.along_m[entry.begin] for entry in self.route.manoeuvres]
        current = max(0, bisect_right(starts, along + 1.0) - 1)
        manoeuvres = self.route.manoeuvres
        later = sum(entry.duration_s for entry in manoeuvres[current + 1 :])
        end = starts[current + 1] if current + 1 < len(starts) else total
        length = end - starts[current]
        left = 0.0 if length <= 0 else max(0.0, min(1.0, (end - along) / length))
        following = manoeuvres[current + 1] if current + 1 < len(manoeuvres) else None
        ends = [start for start, entry in zip(starts, manoeuvres, strict=True) if entry.arrival]
        # The last arrival is the destination's, the others are the stops' in their order.
        passed = sum(end <= along + ARRIVED_M for end in ends[: len(self.stops)])
        remaining = max(0.0, total - along)
        return Progress(
            distance_m=remaining,
            duration_s=later + left * manoeuvres[current].duration_s,
            current=manoeuvres[current],
            following=following,
            following_in_m=max(0.0, end - along),
            begun=along > ARRIVED_M,
            off_route=on_line.off_m > OFF_ROUTE_M,
            stops_ahead=self.stops[passed:],
            arrived=remaining <= ARRIVED_M and on_line.off_m <= OFF_ROUTE_M,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where on a trip the car is.

    Attributes:
        distance_m, duration_s: left to the destination.
        current: the manoeuvre that was made last.
        following: the next one, or None at the end.
        following_in_m: metres until then.
        begun: the car has left the start.
        off_route: the car is not on the way, so the other values are those of the nearest point.
        stops_ahead: stops not reached yet.
        arrived: the destination is reached.
    """

    distance_m: float
    duration_s: float
    current: Manoeuvre
    following: Manoeuvre | None
    following_in_m: float
    begun: bool
    off_route: bool
    stops_ahead: tuple[Place, ...]
    arrived: bool


class ActiveRoute:
    """The trip of this session, or none (Resource).

    Attributes:
        trip: the active trip.
        changing: held while a call changes the trip. Calls of one sentence run at the same
            time; the lock keeps their order ("go to the museum and add a stop at a cafe").
    """

    def __init__(self) -> None:
        self.trip: Trip | None = None
        self.changing = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """A session starts without a trip."""
        yield cls()

    @property
    def destination(self) -> Place | None:
        """Where the car is being guided to."""
        return self.trip.destination if self.trip else None

    def clear(self) -> None:
        """Forget the trip; the document on the bus is not this class's business."""
        self.trip = None
