"""How the status skill's results are said."""

from __future__ import annotations

from skills.api import Result
from skills.api.skill import Render
from skills.phrasing import count, distance, join, number, of_seats, percent, sentence
from skills.status.functions import (
    Battery,
    Fact,
    Occupancy,
    Openings,
    Overview,
    Position,
    Range,
    Trait,
    Tyres,
)

_COMPASS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)
_PARK, _DRIVE = 126, 127  # VSS numbers of a selected gear
_TIRED, _VERY_TIRED = 40, 70
_DRIZZLE, _HEAVY = 5, 60


def battery(result: Battery) -> str:
    """State of charge first."""
    far = "" if result.metres is None else f", enough for about {distance(result.metres)}"
    return f"The battery is at {percent(result.level)}{far}."


def driving_range(result: Range) -> str:
    """Range first."""
    return (
        f"You can drive about {distance(result.metres)}; the battery is at {percent(result.level)}."
    )


def _bar(kpa: float) -> str:
    return f"{number(kpa / 100)} bar"


def tyres(result: Tyres) -> str:
    """Fine or not, then the pressures in bar."""
    values = set(result.pressures.values())
    if result.low or result.high:
        parts = [
            f"the {name} tyre is too {word} with {_bar(result.pressures[name])}"
            for word, names in (("low", result.low), ("high", result.high))
            for name in names
            if name in result.pressures
        ]
        rest = len(result.pressures) - len(parts)
        others = f", the other{'s are' if rest > 1 else ' one is'} fine" if rest else ""
        return sentence(join(parts) + others)
    if len({_bar(kpa) for kpa in values}) == 1:
        return f"All tyres are fine at {_bar(values.pop())}."
    parts = [f"{name} {_bar(kpa)}" for name, kpa in result.pressures.items()]
    return sentence(f"the tyres are fine: {join(parts)}")


def vehicle_fact(result: Fact) -> str:
    """One fact."""
    value = float(result.value)
    match result.trait:
        case Trait.SPEED:
            if abs(value) < 1:
                return "The car is standing still."
            return f"You're driving {number(value, 0)} kilometres an hour."
        case Trait.GEAR:
            known = {_PARK: "park", _DRIVE: "drive", 0: "neutral"}
            gear = "reverse" if value < 0 else known.get(int(value), f"gear {value:.0f}")
            return f"The car is in {gear}."
        case Trait.ODOMETER:
            return f"The car has driven {distance(value)}."
        case Trait.PARKING_BRAKE:
            return f"The parking brake is {'on' if result.value else 'off'}."
        case Trait.RAIN:
            if value < _DRIZZLE:
                return "It isn't raining."
            return "It's raining heavily." if value > _HEAVY else "It's raining."
        case Trait.FATIGUE:
            said = f"The driver's fatigue is at {percent(value)}."
            if value >= _VERY_TIRED:
                return f"{said} Please take a break soon."
            return f"{said} A break would do good." if value >= _TIRED else said
        case Trait.HEADING:
            return f"You're heading {_COMPASS[round(value / 45) % 8]}."


def position(result: Position) -> str:
    """Coordinates, as one reads them to somebody on the phone."""
    north = f"{abs(result.latitude):.4f} {'north' if result.latitude >= 0 else 'south'}"
    east = f"{abs(result.longitude):.4f} {'east' if result.longitude >= 0 else 'west'}"
    return f"You're at {north}, {east}."


def occupancy(result: Occupancy) -> str:
    """Who sits where, and who is not belted."""
    if not result.occupied:
        return "All seats are empty."
    seats = [seat.spoken for seat in result.occupied]
    said = sentence(f"{count(len(seats), 'seat')} taken: {join(seats)}")
    if result.unbelted:
        return f"{said} {sentence(f'not belted: {join([one.spoken for one in result.unbelted])}')}"
    return f"{said} {'Everyone is' if len(seats) > 1 else 'The belt is'} buckled."


def openings(result: Openings) -> str:
    """What is open, or that nothing is, and whether the car is locked."""
    parts = [
        of_seats(noun, seats, result.speaker, f"{noun}s")
        for noun, seats in (("door", result.doors), ("window", result.windows))
        if seats
    ]
    parts += result.others
    many = len(parts) > 1 or len(result.doors) > 1 or len(result.windows) > 1
    said = sentence(f"{join(parts)} {'are' if many else 'is'} open") if parts else ""
    locks = (
        f"{of_seats('door', result.unlocked, result.speaker, 'doors')} "
        f"{'are' if len(result.unlocked) > 1 else 'is'} unlocked"
        if result.unlocked
        else "the car is locked"
    )
    if not said:
        return sentence(f"everything is closed, and {locks}")
    return f"{said} {sentence(locks)}"


def overview(result: Overview) -> str:
    """Battery, tyres, openings."""
    return " ".join([battery(result.battery), tyres(result.tyres), openings(result.openings)])


REPLIES: dict[type[Result], Render] = {
    Battery: battery,
    Range: driving_range,
    Tyres: tyres,
    Fact: vehicle_fact,
    Position: position,
    Occupancy: occupancy,
    Openings: openings,
    Overview: overview,
}
