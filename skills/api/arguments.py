"""Argument types that many skills share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vehicle_bus.seats import ALL_SEATS, FRONT, REAR, Seat


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts, said behind it; stands in ``Annotated`` beside the ``Field``."""

    spoken: str


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
            case _:
                return (Seat(self.value),)
