"""From what was said to one place: saved places, the map, and a question where it is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skills.api import AnswerNeeded, Choice, Context, NotFound
from skills.navigation.categories import vocabulary
from skills.navigation.geo import Point, distance_m
from skills.navigation.matching import fold
from skills.navigation.places import Found, Place, Places
from skills.navigation.router import Router
from skills.navigation.saved import HOME, WORK, SavedPlaces, canonical
from skills.phrasing import distance, join

LATITUDE = "Vehicle.CurrentLocation.Latitude"
LONGITUDE = "Vehicle.CurrentLocation.Longitude"
CHOICES = 3
AS_GOOD = 1.5  # points of score: closer than this, two candidates fit equally well
FAR_APART_M = 300.0
SURELY_NAMED = 95.0  # "cafe at the corner" is then a name, not a cafe at something
FITS = 8.0  # points below the best that still count as the same answer
_IDS = ("osm:", "at:", "saved:")


def position(ctx: Context) -> Point:
    """Where the car is.

    Raises:
        BusError: the car doesn't say.
    """
    return Point(ctx.vehicle.number(LATITUDE), ctx.vehicle.number(LONGITUDE))


@dataclass(frozen=True, slots=True)
class Query:
    """A place as the speaker described it.

    Attributes:
        text: name, address, kind of place, or the id of an earlier answer.
        nearest: the closest one that fits is wanted.
        near: another place that it should be close to.
        argument: the asking function's argument that holds ``text``.
    """

    text: str
    nearest: bool = False
    near: str | None = None
    argument: str = "place"

    @property
    def chosen(self) -> bool:
        """True where the speaker picked it from our choices."""
        return self.text.startswith(_IDS)


async def one_place(ctx: Context, query: Query, towards: Point | None = None) -> Place:
    """The one place that is meant.

    Args:
        towards: where the way goes on to; the smallest detour wins then among places of a kind.

    Raises:
        NotFound: there is no such place.
        AnswerNeeded: several are equally good.
    """
    known = await _known(ctx, query)
    if known is not None:
        return known
    origin = position(ctx)
    found, beside = await candidates(ctx, query, origin)
    if not found:
        raise await _not_found(ctx, query, origin)
    if beside:
        return found[0].place
    wanted = vocabulary().parse(query.text)
    best = found[0]
    if best.place.category == "nearby address":
        raise _other_number(query, best.place)
    of_kind = wanted.category is not None and (not wanted.rest or wanted.chief)
    if query.nearest or wanted.nearest or (of_kind and not wanted.chief):
        fitting = [entry for entry in found if entry.score >= best.score - FITS]
        return min(fitting, key=lambda entry: _effort(entry, origin, towards)).place
    if of_kind:
        return best.place
    rivals = [
        entry
        for entry in found[1:]
        if entry.score >= best.score - AS_GOOD
        and distance_m(entry.place.point, best.place.point) > FAR_APART_M
    ]
    if rivals:
        options = sorted([best, *rivals], key=lambda entry: entry.distance_m)[:CHOICES]
        raise which(query, options, f"There is more than one {best.place.spoken}")
    return best.place


def _effort(entry: Found, origin: Point, towards: Point | None) -> float:
    there = distance_m(origin, entry.place.point)
    return there if towards is None else there + distance_m(entry.place.point, towards)


async def _known(ctx: Context, query: Query) -> Place | None:
    """A saved place, or one that was chosen from an earlier answer."""
    if query.chosen and not query.text.startswith("saved:"):
        place = await (await ctx.resources.get(Places)).by_id(query.text)
        if place is None:
            raise NotFound("That place is not on the map any more; please search for it again.")
        return place
    saved = await ctx.resources.get(SavedPlaces)
    found = saved.find(query.text.removeprefix("saved:"))
    if found is not None:
        return found
    name = canonical(query.text)
    if name in (HOME, WORK):
        raise NotFound(
            f"I don't know where your {name} is yet. "
            f"Say “save this place as {name}” when you are there, "
            f"or “set my {name} address to” and the address."
        )
    return None


async def candidates(ctx: Context, query: Query, origin: Point) -> tuple[list[Found], bool]:
    """What the map has for the words, best first.

    Returns:
        The places, and whether they are sorted by closeness to another place.
    """
    places = await ctx.resources.get(Places)
    text, near = query.text, query.near
    if near is None:
        found = await places.search(text, origin)
        parts = vocabulary().apart(text)
        if parts is None or (found and found[0].score >= SURELY_NAMED):
            return found, False
        text, near = parts
    anchor = await one_place(ctx, Query(near, nearest=True, argument="near"))
    found = await places.search(text, anchor.point)
    if anchor.category == "street":
        street = fold(anchor.name)
        there = [one for one in found if fold(one.place.address).startswith(street)]
        found = there or found
    # Distances are told from the car; the order stays that of closeness to the other place.
    return [
        Found(one.place, one.score, distance_m(origin, one.place.point))
        for one in found
        if one.place.id != anchor.id
    ], True


async def _not_found(ctx: Context, query: Query, origin: Point) -> NotFound | AnswerNeeded:
    wanted = vocabulary().parse(query.text)
    if wanted.category is None:
        return NotFound(
            f"I can't find {query.text} on the map. "
            "Try the street, or a kind of place such as a pharmacy."
        )
    others = []
    if wanted.rest:
        places = await ctx.resources.get(Places)
        others = await places.search(wanted.category.label, origin)
    if not others:
        return NotFound(f"There is no {wanted.category.label} on the map that I have.")
    closest = others[0]
    return AnswerNeeded(
        f"I can't find {query.text} on the map. The nearest {wanted.category.label} is "
        f"{told(closest)}. Shall I take that one?",
        key="navigation.instead",
        choices=(choice(query, closest.place),),
    )


def _other_number(query: Query, place: Place) -> AnswerNeeded:
    return AnswerNeeded(
        f"The map doesn't have that house number. The closest it has is {place.name}. "
        "Shall I take that one?",
        key="navigation.number",
        choices=(choice(query, place),),
    )


def which(query: Query, options: Sequence[Found], lead: str) -> AnswerNeeded:
    """The question for one of several places."""
    listed = join([told(option) for option in options], "or")
    return AnswerNeeded(
        f"{lead}: {listed}. Which one?",
        key="navigation.which",
        choices=tuple(choice(query, option.place) for option in options),
    )


def choice(query: Query, place: Place) -> Choice:
    """What answering with this place means for the asking call."""
    return Choice(label(place), {query.argument: place.id})


def label(place: Place) -> str:
    """A place's name, with its street where there is one: ``Alepa on Kaivokatu``."""
    if not place.address or fold(place.address) == fold(place.name):
        return place.spoken
    return f"{place.spoken} on {place.address}"


def told(found: Found) -> str:
    """A place and how far it is."""
    return f"{label(found.place)}, {distance(found.distance_m)} away"


async def street_of(ctx: Context, point: Point) -> str:
    """Name of the street at a point; empty where there is none."""
    return await (await ctx.resources.get(Router)).street_at(point) or ""
