"""Argument types that many skills share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vehicle_bus.seats import ALL_SEATS, FRONT, REAR, Seat


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts, said behind it; stands in ``Annotated`` beside the ``Field``."""

    spoken: str


@dataclass(frozen=True, slots=True)
class Implied:
    """What an optional argument means where it is left out; stands in ``Annotated``.

    A plan with the argument is then the same as one without it.
    """

    value: StrEnum


class Area(StrEnum):
    """Which seats, windows, doors or zones are meant.

    A sentence that names none leaves the argument out, and the function applies its own
    default (DESIGN §3): the speaker's own seat, or the whole car.
    """

    MINE = "mine"
    DRIVER = "driver"
    PASSENGER = "passenger"
    REAR_LEFT = "rear_left"
    REAR_RIGHT = "rear_right"
    FRONT = "front"
    REAR = "rear"
    LEFT = "left"
    RIGHT = "right"
    ALL = "all"
    OTHERS = "others"  # all but the speaker's
    NOT_DRIVER = "not_driver"
    NOT_PASSENGER = "not_passenger"
    NOT_REAR_LEFT = "not_rear_left"
    NOT_REAR_RIGHT = "not_rear_right"
    OCCUPIED = "occupied"  # resolved by Context.seats, which can read the seats' sensors

    def seats(self, speaker: Seat) -> tuple[Seat, ...]:
        """The seats of the area, seen from the speaker's seat.

        Raises:
            ValueError: for OCCUPIED, which only ``Context.seats`` can resolve.
        """
        match self:
            case Area.MINE:
                return (speaker,)
            case Area.FRONT:
                return FRONT
            case Area.REAR:
                return REAR
            case Area.LEFT:
                return (Seat.DRIVER, Seat.REAR_LEFT)
            case Area.RIGHT:
                return (Seat.PASSENGER, Seat.REAR_RIGHT)
            case Area.ALL:
                return ALL_SEATS
            case Area.OTHERS:
                return _all_but(speaker)
            case Area.NOT_DRIVER:
                return _all_but(Seat.DRIVER)
            case Area.NOT_PASSENGER:
                return _all_but(Seat.PASSENGER)
            case Area.NOT_REAR_LEFT:
                return _all_but(Seat.REAR_LEFT)
            case Area.NOT_REAR_RIGHT:
                return _all_but(Seat.REAR_RIGHT)
            case _:
                return (Seat(self.value),)


def _all_but(left_out: Seat) -> tuple[Seat, ...]:
    return tuple(seat for seat in ALL_SEATS if seat is not left_out)
