"""How the navigation skill answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from skills.api import Result
from skills.navigation.functions import (
    Arrival,
    NextInstruction,
    Overview,
    PlaceSaved,
    RouteCancelled,
    RouteStarted,
    SavedNames,
    Whereabouts,
)
from skills.navigation.places import Place
from skills.navigation.resolve import label
from skills.phrasing import distance, duration, join, sentence

SOON_M = 20.0


def clock(time: datetime) -> str:
    """``14:05``."""
    return f"{time:%H:%M}"


def _to(place: Place) -> str:
    if place.id.startswith("saved:"):
        return place.name if place.name in ("home", "work") else f"your {place.name}"
    return label(place)


def route_started(result: RouteStarted) -> str:
    """Where to, how far and how long; or why not."""
    if not result.status.ok:
        return sentence(
            f"I couldn't start navigation to {_to(result.destination)}"
            + (f": {result.reason}" if result.reason else "")
        )
    way = f"{distance(result.distance_m)}, {duration(result.duration_s)}"
    if result.added_stop:
        return (
            f"I've added {label(result.added_stop)} as a stop. "
            f"You will arrive at {_to(result.destination)} at {clock(result.arrival)}."
        )
    if result.removed_stops:
        gone = join([stop.spoken for stop in result.removed_stops])
        return (
            f"I've taken {gone} off the route. "
            f"You will arrive at {_to(result.destination)} at {clock(result.arrival)}."
        )
    goal = _to(result.destination)
    lead = f"Navigating {goal}" if goal == "home" else f"Navigating to {goal}"
    if result.stops:
        lead += f" via {join([stop.spoken for stop in result.stops])}"
    return f"{lead}: {way}."


def route_cancelled(result: RouteCancelled) -> str:
    """That there is no route any more."""
    if result.destination is None:
        return "There was no route to cancel."
    return f"I've cancelled the route to {_to(result.destination)}."


def place_saved(result: PlaceSaved) -> str:
    """What was saved or forgotten."""
    if not result.saved:
        return f"I've forgotten your saved place {result.name}."
    where = result.address or "this place"
    return f"I've saved {where} as {result.name}{', in place of the old one' * result.replaced}."


def saved_names(result: SavedNames) -> str:
    """All names."""
    if not result.names:
        return "You have no saved places yet. Say “save this place as home” when you are there."
    return f"Your saved places are {join(result.names)}."


def arrival(result: Arrival) -> str:
    """Time or distance to the destination."""
    goal = _to(result.destination)
    if result.arrived:
        return f"You have arrived at {goal}."
    left, takes = distance(result.distance_m), duration(result.duration_s)
    if result.wanted == "distance":
        return f"It is {left} to {goal}."
    if not result.active:
        return f"It is {left} to {goal}, {takes} by car."
    return f"You will arrive at {goal} at {clock(result.arrival)}, in {takes}."


def next_instruction(result: NextInstruction) -> str:
    """The next manoeuvre."""
    if result.arrived or result.in_m < SOON_M:
        return result.instruction
    text = result.instruction
    return f"In {distance(result.in_m)}, {text[:1].lower()}{text[1:]}"


def overview(result: Overview) -> str:
    """The route in two sentences."""
    stops = f" with a stop at {join([stop.spoken for stop in result.stops])}" * bool(result.stops)
    streets = f" mostly along {join(result.streets)}," * bool(result.streets)
    return (
        f"The route to {_to(result.destination)}{stops} is {distance(result.distance_m)},"
        f"{streets} and takes {duration(result.duration_s)}. "
        f"You will arrive at {clock(result.arrival)}."
    )


def whereabouts(result: Whereabouts) -> str:
    """Street and landmark, or coordinates."""
    if result.coordinates:
        return (
            f"You are at {abs(result.latitude):.4f} degrees "
            f"{'north' if result.latitude >= 0 else 'south'}, {abs(result.longitude):.4f} degrees "
            f"{'east' if result.longitude >= 0 else 'west'}."
        )
    near = f"near {result.landmark.spoken}" if result.landmark else ""
    if result.street:
        return sentence(f"You are on {result.street}{', ' if near else ''}{near}")
    if near:
        return sentence(f"You are {near}")
    return "You are off the named streets of my map."


REPLIES: Mapping[type[Result], Callable[[Any], str]] = {
    RouteStarted: route_started,
    RouteCancelled: route_cancelled,
    PlaceSaved: place_saved,
    SavedNames: saved_names,
    Arrival: arrival,
    NextInstruction: next_instruction,
    Overview: overview,
    Whereabouts: whereabouts,
}
