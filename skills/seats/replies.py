"""How the seats skill's results are said."""

from __future__ import annotations

from skills.api import Result, Status
from skills.api.skill import Render
from skills.phrasing import join, of_seats, say, seat_level, seat_of, sentence
from skills.seats.functions import Direction, SeatMoved, SeatState, SeatTopic
from skills.zones import Acted
from vehicle_bus.seats import Seat

_MOVED = {
    Direction.FORWARD: "forward",
    Direction.BACKWARD: "back",
    Direction.UP: "up",
    Direction.DOWN: "down",
    Direction.RECLINE: "back",
    Direction.UPRIGHT: "upright",
}
_AT_END = {
    Direction.FORWARD: "as far forward as it goes",
    Direction.BACKWARD: "as far back as it goes",
    Direction.UP: "as high as it goes",
    Direction.DOWN: "as low as it goes",
    Direction.RECLINE: "as far back as it goes",
    Direction.UPRIGHT: "as upright as it goes",
}


def seat_moved(result: SeatMoved) -> str:
    """A move by direction, since nobody thinks in millimetres."""
    backrest = result.direction in (Direction.RECLINE, Direction.UPRIGHT)
    noun, plural = ("backrest", "backrests") if backrest else ("seat", "seats")
    fine = [change for change in result.asked if change.status.ok]
    if len(fine) < len(result.changes):
        return say(result)
    seats = [seat for change in fine if (seat := seat_of(change.path)) is not None]
    name = of_seats(noun, seats, result.speaker, plural)
    if result.status is Status.ALREADY:
        return sentence(
            f"{name} {'are' if len(seats) > 1 else 'is'} already {_AT_END[result.direction]}"
        )
    return sentence(f"moving {name} {_MOVED[result.direction]}")


def seat_state(state: SeatState) -> str:
    """Levels of heating, cooling or massage."""
    if state.topic is SeatTopic.WHEEL:
        return sentence(f"the steering wheel heating is {seat_level(state.wheel or 0)}")
    by_value: dict[float, list[Seat]] = {}
    for seat, value in state.seats.items():
        by_value.setdefault(value, []).append(seat)
    parts = []
    for value, seats in by_value.items():
        if state.topic is SeatTopic.MASSAGE:
            noun = "seat massage"
        else:
            noun = "seat cooling" if value < 0 else "seat heating"
        parts.append(f"{of_seats(noun, seats, state.speaker)} is {seat_level(value)}")
    return sentence(join(parts))


REPLIES: dict[type[Result], Render] = {
    Acted: say,
    SeatMoved: seat_moved,
    SeatState: seat_state,
}
