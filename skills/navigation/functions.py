"""What the navigation skill can do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from skills.api import (
    AnswerNeeded,
    Change,
    Choice,
    Context,
    NotFound,
    Result,
    SkillError,
    Status,
    VehicleResult,
    function,
)
from skills.navigation.categories import vocabulary
from skills.navigation.geo import Point, distance_m
from skills.navigation.matching import name_score
from skills.navigation.places import Place, Places
from skills.navigation.resolve import (
    CHOICES,
    Query,
    candidates,
    choice,
    label,
    one_place,
    position,
    street_of,
    told,
    which,
)
from skills.navigation.router import Route, Router
from skills.navigation.saved import SavedPlace, SavedPlaces, canonical
from skills.navigation.trip import ActiveRoute, Progress, Trip
from skills.phrasing import join

DESTINATION = "Vehicle.Cabin.Infotainment.Navigation.DestinationSet"
DOCUMENT = "nav/route"
STOP_LIKENESS = 70.0
# Free text may hold the stop: "kiasma via the railway station".
_VIA = re.compile(r"\s+(?:via|by way of|with a stop(?:over)? at|stopping at|passing by)\s+", re.I)
MAIN_STREETS = 3

PlaceText = Annotated[
    str,
    Field(
        description="Name, street, address or kind of place, e.g. 'railway station', 'home'.",
        min_length=1,
        max_length=200,
    ),
]
Nearest = Annotated[bool, Field(description="The closest one is wanted.")]
Near = Annotated[
    str | None, Field(description="Another place that it should be close to.", max_length=200)
]


@dataclass(frozen=True)
class RouteStarted(VehicleResult):
    """Guidance to a destination is on, unless the car refused it.

    Attributes:
        destination: where to.
        stops: on the way, in order.
        distance_m, duration_s: of the whole way.
        arrival: local time.
        added: the stop that this call added, if it did.
        removed: the stops that this call removed.
    """

    destination: Place
    stops: tuple[Place, ...]
    distance_m: float
    duration_s: float
    arrival: datetime
    added_stop: Place | None = None
    removed_stops: tuple[Place, ...] = ()

    @property
    def status(self) -> Status:
        """A car without the destination signals is guided all the same."""
        trouble = _trouble(self.changes)
        return trouble.status if trouble else Status.DONE

    @property
    def reason(self) -> str | None:
        """The car's own sentence where it refused."""
        trouble = _trouble(self.changes)
        return trouble.reason if trouble else None


@dataclass(frozen=True)
class RouteCancelled(Result):
    """Guidance is off; ``destination`` is where it led, None where there was none."""

    destination: Place | None

    @property
    def status(self) -> Status:
        """ALREADY where there was no route."""
        return Status.DONE if self.destination else Status.ALREADY


@dataclass(frozen=True)
class PlaceSaved(Result):
    """A place was saved under a name, or forgotten.

    Attributes:
        address: where it is, in words; may be empty.
        saved: False where it was forgotten.
        replaced: there was another place of that name.
    """

    name: str
    address: str
    saved: bool
    replaced: bool = False


@dataclass(frozen=True)
class SavedNames(Result):
    """Names of all saved places."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Arrival(Result):
    """How far the destination is.

    Attributes:
        wanted: ``time`` or ``distance``: what the question was about.
    """

    destination: Place
    distance_m: float
    duration_s: float
    arrival: datetime
    arrived: bool
    wanted: str
    active: bool = True


@dataclass(frozen=True)
class NextInstruction(Result):
    """What to do next, and in how many metres."""

    instruction: str
    in_m: float
    arrived: bool


@dataclass(frozen=True)
class Overview(Result):
    """The route in short."""

    destination: Place
    stops: tuple[Place, ...]
    distance_m: float
    duration_s: float
    arrival: datetime
    streets: tuple[str, ...]


@dataclass(frozen=True)
class Whereabouts(Result):
    """Where the car is.

    Attributes:
        landmark: a known place close by, or None.
        coordinates: they were asked for.
    """

    street: str
    landmark: Place | None
    latitude: float
    longitude: float
    coordinates: bool


def _trouble(changes: Sequence[Change]) -> Change | None:
    bad = (Status.REJECTED, Status.FAILED)
    return next((change for change in changes if change.status in bad), None)


@function()
async def go_to(
    ctx: Context,
    place: PlaceText,
    nearest: Nearest = False,
    near: Near = None,
    via: Annotated[
        str | None, Field(description="A stop on the way there.", max_length=200)
    ] = None,
) -> RouteStarted:
    """Start navigation to a place, an address, a kind of place, or home or work."""
    async with (await ctx.resources.get(ActiveRoute)).changing:
        if via is None and (parts := _VIA.split(place, maxsplit=1))[1:]:
            place, via = parts
        destination = await one_place(ctx, Query(place, nearest, near))
        stops: tuple[Place, ...] = ()
        if via:
            query = Query(via, nearest=True, argument="via")
            stops = (await one_place(ctx, query, destination.point),)
        return await _start(ctx, destination, stops)


@function()
async def search(
    ctx: Context,
    query: PlaceText,
    near: Near = None,
) -> RouteStarted:
    """Find places by name or kind and offer the best ones; going there starts on the answer."""
    wanted = Query(query, near=near, argument="query")
    if wanted.chosen:
        return await _start(ctx, await one_place(ctx, wanted), ())
    origin = position(ctx)
    found, beside = await candidates(ctx, wanted, origin)
    parsed = vocabulary().parse(query)
    if not found or found[0].place.category == "nearby address":
        return await _start(ctx, await one_place(ctx, wanted), ())
    best = found[0]
    fitting = [entry for entry in found if entry.score >= best.score - CHOICES]
    whole_kind = parsed.category is not None and (not parsed.rest or parsed.chief)
    if beside:
        raise which(wanted, found[:CHOICES], f"I found {len(found[:CHOICES])} close to it")
    if parsed.nearest or len(fitting) == 1 or not (whole_kind or fitting[1:]):
        closest = min(fitting, key=lambda entry: entry.distance_m) if parsed.nearest else best
        kind = f"The nearest {closest.place.category} is " if parsed.nearest else "I found "
        raise AnswerNeeded(
            f"{kind}{told(closest)}. Shall I take you there?",
            key="navigation.found",
            choices=(choice(wanted, closest.place),),
        )
    options = fitting[:CHOICES]
    plural = parsed.category.plural if whole_kind and parsed.category else "places"
    raise which(wanted, options, f"I found {len(options)} {plural}")


@function()
async def add_stop(
    ctx: Context, place: PlaceText, nearest: Nearest = False, near: Near = None
) -> RouteStarted:
    """Add a stop on the way to the destination.

    Without a route, the place becomes the destination.
    """
    active = await ctx.resources.get(ActiveRoute)
    async with active.changing:
        query = Query(place, nearest, near)
        if active.trip is None:
            return await _start(ctx, await one_place(ctx, query), ())
        trip, progress = await _on_trip(ctx)
        ahead = progress.stops_ahead
        stop = await one_place(ctx, query, (*ahead, trip.destination)[0].point)
        stops = _inserted(position(ctx), ahead, stop, trip.destination)
        return await _start(ctx, trip.destination, stops, added_stop=stop)


@function()
async def remove_stop(
    ctx: Context,
    stop: Annotated[
        str | None, Field(description="Which stop; left out, the only one.", max_length=200)
    ] = None,
    every: Annotated[bool, Field(description="All stops.")] = False,
) -> RouteStarted:
    """Take a stop, or all stops, out of the route."""
    async with (await ctx.resources.get(ActiveRoute)).changing:
        trip, progress = await _on_trip(ctx)
        ahead = progress.stops_ahead
        if not ahead:
            raise NotFound("There are no stops on the route.")
        removed = ahead if every else (_stop_meant(ahead, stop),)
        left = tuple(entry for entry in ahead if entry not in removed)
        return await _start(ctx, trip.destination, left, removed_stops=removed)


@function()
async def cancel(ctx: Context) -> RouteCancelled:
    """Stop navigation and forget the route."""
    active = await ctx.resources.get(ActiveRoute)
    async with active.changing:
        before = active.trip
        await _show(ctx, None)
        if before is not None:
            _record(ctx, before)
    return RouteCancelled(before.destination if before else None)


@function()
async def save_place(
    ctx: Context,
    name: Annotated[
        str, Field(description="Name to keep it under, e.g. 'home'.", min_length=1, max_length=60)
    ],
    place: Annotated[
        str | None,
        Field(description="Place or address; left out, where the car is.", max_length=200),
    ] = None,
) -> PlaceSaved:
    """Save a place under a name such as home or work."""
    saved = await ctx.resources.get(SavedPlaces)
    if place is None:
        point = position(ctx)
        address = await street_of(ctx, point)
    else:
        found = await one_place(ctx, Query(place))
        point, address = found.point, label(found)
    entry = SavedPlace(latitude=point.latitude, longitude=point.longitude, address=address)
    before = saved.put(name, entry)

    async def revert() -> None:
        saved.put(name, before)

    ctx.journal.record(revert)
    return PlaceSaved(canonical(name), address, saved=True, replaced=before is not None)


@function()
async def forget_place(
    ctx: Context,
    name: Annotated[str, Field(description="Name of a saved place.", min_length=1, max_length=60)],
) -> PlaceSaved:
    """Forget a saved place."""
    saved = await ctx.resources.get(SavedPlaces)
    before = saved.entry(name)
    if before is None:
        raise NotFound(f"You have no saved place called {canonical(name)}.")
    saved.put(name, None)

    async def revert() -> None:
        saved.put(name, before)

    ctx.journal.record(revert)
    return PlaceSaved(canonical(name), before.address, saved=False)


@function(question=True)
async def saved_places(ctx: Context) -> SavedNames:
    """Say which places are saved."""
    return SavedNames((await ctx.resources.get(SavedPlaces)).names())


@function(question=True)
async def eta(ctx: Context) -> Arrival:
    """Say when the car will arrive and how long it still takes."""
    return await _arrival(ctx, "time")


@function(question=True)
async def distance_left(ctx: Context) -> Arrival:
    """Say how far the destination still is."""
    return await _arrival(ctx, "distance")


@function(question=True)
async def travel_to(
    ctx: Context, place: PlaceText, nearest: Nearest = False, near: Near = None
) -> Arrival:
    """Say how far a place is and how long the drive there takes, without going there."""
    destination = await one_place(ctx, Query(place, nearest, near))
    route = await _route(ctx, (destination,))
    arrival = ctx.clock.now() + timedelta(seconds=route.duration_s)
    return Arrival(
        destination,
        route.distance_m,
        route.duration_s,
        arrival,
        arrived=False,
        wanted="both",
        active=False,
    )


@function(question=True)
async def next_instruction(ctx: Context) -> NextInstruction:
    """Say what to do next on the route."""
    trip, progress = await _on_trip(ctx)
    if progress.arrived or progress.following is None:
        return NextInstruction(f"You have arrived at {trip.destination.spoken}.", 0.0, True)
    if not progress.begun:
        return NextInstruction(progress.current.instruction, 0.0, False)
    return NextInstruction(progress.following.instruction, progress.following_in_m, False)


@function(question=True)
async def route_overview(ctx: Context) -> Overview:
    """Describe the route: destination, stops, length and main streets."""
    trip, progress = await _on_trip(ctx)
    lengths: dict[str, float] = {}
    for entry in trip.route.manoeuvres:
        if entry.streets:
            lengths[entry.streets[0]] = lengths.get(entry.streets[0], 0.0) + entry.distance_m
    longest = sorted(lengths, key=lambda street: -lengths[street])[:MAIN_STREETS]
    return Overview(
        trip.destination,
        progress.stops_ahead,
        progress.distance_m,
        progress.duration_s,
        ctx.clock.now() + timedelta(seconds=progress.duration_s),
        tuple(street for street in lengths if street in longest),
    )


@function(question=True)
async def where_am_i(
    ctx: Context,
    coordinates: Annotated[bool, Field(description="Latitude and longitude are wanted.")] = False,
) -> Whereabouts:
    """Say where the car is."""
    point = position(ctx)
    street = await street_of(ctx, point)
    landmark = await (await ctx.resources.get(Places)).landmark(point)
    return Whereabouts(street, landmark, point.latitude, point.longitude, coordinates)


async def _route(ctx: Context, waypoints: Sequence[Place]) -> Route:
    router = await ctx.resources.get(Router)
    return await router.route([position(ctx), *(place.point for place in waypoints)])


async def _start(
    ctx: Context,
    destination: Place,
    stops: tuple[Place, ...],
    added_stop: Place | None = None,
    removed_stops: tuple[Place, ...] = (),
) -> RouteStarted:
    """Guide to a destination, in place of any route there is."""
    route = await _route(ctx, (*stops, destination))
    active = await ctx.resources.get(ActiveRoute)
    before = active.trip
    changes = await ctx.vehicle.apply(
        {
            f"{DESTINATION}.Latitude": destination.latitude,
            f"{DESTINATION}.Longitude": destination.longitude,
        }
    )
    if _trouble(changes) is None:
        await _show(ctx, Trip(destination, stops, route))
        _record(ctx, before)
    return RouteStarted(
        changes,
        destination,
        stops,
        route.distance_m,
        route.duration_s,
        ctx.clock.now() + timedelta(seconds=route.duration_s),
        added_stop,
        removed_stops,
    )


async def _show(ctx: Context, trip: Trip | None) -> None:
    """Make a trip the active one, on the bus as well; None ends it."""
    await ctx.vehicle.publish(DOCUMENT, trip.document() if trip else None)
    (await ctx.resources.get(ActiveRoute)).trip = trip


def _record(ctx: Context, before: Trip | None) -> None:
    async def revert() -> None:
        await _show(ctx, before)

    ctx.journal.record(revert)


async def _on_trip(ctx: Context) -> tuple[Trip, Progress]:
    """The active trip and how far it is done; a new way is found where the car left the old."""
    active = await ctx.resources.get(ActiveRoute)
    trip = active.trip
    if trip is None:
        raise SkillError("There is no route at the moment. Say “take me to” and a place.")
    progress = trip.progress(position(ctx))
    if progress.off_route:
        stops = progress.stops_ahead
        trip = Trip(trip.destination, stops, await _route(ctx, (*stops, trip.destination)))
        progress = trip.progress(position(ctx))
    return trip, progress


async def _arrival(ctx: Context, wanted: str) -> Arrival:
    trip, progress = await _on_trip(ctx)
    arrival = ctx.clock.now() + timedelta(seconds=progress.duration_s)
    return Arrival(
        trip.destination,
        progress.distance_m,
        progress.duration_s,
        arrival,
        progress.arrived,
        wanted,
    )


def _inserted(
    origin: Point, ahead: tuple[Place, ...], stop: Place, destination: Place
) -> tuple[Place, ...]:
    """The stops with the new one where it lengthens the way least, as the crow flies."""

    def length(stops: tuple[Place, ...]) -> float:
        points = [origin, *(entry.point for entry in stops), destination.point]
        return sum(distance_m(a, b) for a, b in pairwise(points))

    orders = [(*ahead[:at], stop, *ahead[at:]) for at in range(len(ahead) + 1)]
    return min(orders, key=length)


def _stop_meant(ahead: tuple[Place, ...], text: str | None) -> Place:
    if text is None:
        if len(ahead) == 1:
            return ahead[0]
        raise AnswerNeeded(
            f"Which stop shall I remove: {join([stop.spoken for stop in ahead], 'or')}?",
            key="navigation.stop",
            choices=tuple(Choice(stop.spoken, {"stop": stop.spoken}) for stop in ahead),
        )
    scored = [
        (
            max(
                name_score(text.lower(), name.lower())
                for name in (stop.name, stop.name_en, stop.category)
                if name
            ),
            -index,
        )
        for index, stop in enumerate(ahead)
    ]
    score, index = max(scored)
    if score < STOP_LIKENESS:
        raise NotFound(f"There is no stop called {text} on the route.")
    return ahead[-index]
