"""Compares what happened with what a scenario expects; pure functions, one sentence a failure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cockpit.evaluation.scenario import Bound, Expect
from skills.api import Value

TOLERANCE = 0.05
NEAR_METRES = 300.0


@dataclass(frozen=True, slots=True)
class Observation:
    """The world after a turn.

    Attributes:
        before: all signals when the scenario began.
        after: all signals once the vehicle has settled.
        actuators: paths that a command can change.
        reply: what was said.
        asks: whether an answer is awaited.
        shopping: names on the shopping list.
        destination: ``destination`` of the route document on the bus, or None.
    """

    before: Mapping[str, Value]
    after: Mapping[str, Value]
    actuators: frozenset[str]
    reply: str
    asks: bool
    shopping: Sequence[str]
    destination: Mapping[str, Any] | None


def failures(expect: Expect, seen: Observation) -> list[str]:
    """Why the expectation does not hold; empty where it does."""
    return [
        *_signals(expect, seen),
        *_speech(expect, seen),
        *_shopping(expect, seen.shopping),
        *_destination(expect, seen.destination),
        *_later(expect),
    ]


def _signals(expect: Expect, seen: Observation) -> list[str]:
    found = []
    for path, wanted in expect.signals.items():
        value = seen.after.get(path)
        if not _holds(value, wanted):
            shown = (
                wanted.model_dump(exclude_none=True, by_alias=True)
                if isinstance(wanted, Bound)
                else wanted
            )
            found.append(f"{path} is {value!r}, expected {shown!r}")
    for path in sorted(seen.actuators):
        before, after = seen.before.get(path), seen.after.get(path)
        if _equal(before, after) or path in expect.signals:
            continue
        if not any(_glob(pattern).fullmatch(path) for pattern in expect.allow):
            found.append(f"{path} changed from {before!r} to {after!r}")
    return found


def _holds(value: Value | None, wanted: Bound | Value) -> bool:
    if not isinstance(wanted, Bound):
        return _equal(value, wanted)
    if wanted.not_ is not None and _equal(value, wanted.not_):
        return False
    limits = (wanted.gt, wanted.ge, wanted.lt, wanted.le, wanted.between)
    if all(limit is None for limit in limits):
        return value is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (
        (wanted.gt is None or value > wanted.gt)
        and (wanted.ge is None or value >= wanted.ge - TOLERANCE)
        and (wanted.lt is None or value < wanted.lt)
        and (wanted.le is None or value <= wanted.le + TOLERANCE)
        and (
            wanted.between is None
            or wanted.between[0] - TOLERANCE <= value <= wanted.between[1] + TOLERANCE
        )
    )


def _equal(one: Value | None, other: Value | None) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= TOLERANCE
    return one == other


@lru_cache(maxsize=1000)
def _glob(pattern: str) -> re.Pattern[str]:
    """``*`` is one level of the path, ``**`` any number of them."""
    parts = [re.escape(part).replace(r"\*", "[^.]*") for part in pattern.split("**")]
    return re.compile(".*".join(parts))


def _speech(expect: Expect, seen: Observation) -> list[str]:
    found = []
    if expect.says is not None and not re.search(expect.says, seen.reply):
        found.append(f"said {seen.reply!r}, expected /{expect.says}/")
    if expect.asks is not None and expect.asks != seen.asks:
        found.append("asked nothing" if expect.asks else f"asked: {seen.reply!r}")
    return found


def _shopping(expect: Expect, items: Sequence[str]) -> list[str]:
    def on_list(entry: str) -> bool:
        return any(entry.lower() in item.lower() for item in items)

    wanted = [*(expect.shopping_after or ()), *expect.shopping_includes]
    found = [f"{entry} is not on the shopping list" for entry in wanted if not on_list(entry)]
    found += [f"{entry} is on the shopping list" for entry in expect.shopping_excludes if on_list(entry)]  # fmt: skip  # noqa: E501
    if expect.shopping_after is not None:
        found += [
            f"{item} is on the shopping list too"
            for item in items
            if not any(entry.lower() in item.lower() for entry in expect.shopping_after)
        ]
    return found


def _destination(expect: Expect, destination: Mapping[str, Any] | None) -> list[str]:
    found = []
    if "destination" in expect.model_fields_set:
        if expect.destination is None:
            if destination is not None:
                found.append(f"a route to {destination.get('name')} is active, expected none")
        elif destination is None:
            found.append(f"no route, expected one to /{expect.destination}/")
        else:
            names = " | ".join(str(value) for value in destination.values() if value)
            if not re.search(expect.destination, names):
                found.append(f"the route leads to {names}, expected /{expect.destination}/")
    if expect.destination_near is not None:
        if destination is None:
            found.append("no route, expected one")
        else:
            here = (float(destination["latitude"]), float(destination["longitude"]))
            distance = metres(here, expect.destination_near)
            if distance > NEAR_METRES:
                found.append(f"the route ends {distance:.0f} m away from {expect.destination_near}")
    return found


def _later(expect: Expect) -> list[str]:
    """Checks whose skills do not exist yet fail, so that nobody takes them for passed."""
    found = []
    if expect.calendar_after is not None:
        found.append("there is no calendar skill yet")
    if expect.sent_includes:
        found.append("there is no message skill yet")
    return found


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance in metres between two (latitude, longitude) points (haversine)."""
    lat1, lon1, lat2, lon2 = (math.radians(value) for value in (*one, *other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6_371_000 * math.asin(math.sqrt(half))
