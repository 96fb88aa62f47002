"""Seats of a left-hand-drive car and where VSS keeps what belongs to them (DESIGN §3)."""

from __future__ import annotations

from enum import StrEnum


class Seat(StrEnum):
    """A seat, which is also a climate and an audio zone."""

    DRIVER = "driver"
    PASSENGER = "passenger"
    REAR_LEFT = "rear_left"
    REAR_RIGHT = "rear_right"

    @property
    def row(self) -> int:
        """VSS row, 1 or 2."""
        return 1 if self in (Seat.DRIVER, Seat.PASSENGER) else 2

    @property
    def side(self) -> str:
        """``Driver`` or ``Passenger``, the side of the car the seat is on."""
        return "Driver" if self in (Seat.DRIVER, Seat.REAR_LEFT) else "Passenger"

    @property
    def station(self) -> str:
        """Branch of its climate station, e.g. ``Vehicle.Cabin.HVAC.Station.Row1.Driver``."""
        return f"Vehicle.Cabin.HVAC.Station.Row{self.row}.{self.side}"

    @property
    def position(self) -> str:
        """Row and side as doors, seats and lights spell them, e.g. ``Row1.DriverSide``."""
        return f"Row{self.row}.{self.side}Side"

    @property
    def spoken(self) -> str:
        """How a person calls it: ``driver``, ``passenger``, ``rear left``, ``rear right``."""
        return self.value.replace("_", " ")


FRONT = (Seat.DRIVER, Seat.PASSENGER)
REAR = (Seat.REAR_LEFT, Seat.REAR_RIGHT)
ALL_SEATS = FRONT + REAR
