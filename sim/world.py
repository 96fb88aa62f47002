"""The state that all simulated ECUs of one process share."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sim.route import Point, Trip
from sim.start import consequences, start_state
from vehicle_bus.catalogue import Catalogue, Value

MOVING = 1.0  # km/h, from which a car counts as moving


class World:
    """Every signal's true value, and what no signal tells.

    True values are what the vehicle does; what its ECUs publish may differ where a fault is
    active. Values of ECUs that run elsewhere are mirrored from the bus.

    Attributes:
        catalogue: the signals there can be.
        absent: signals that this vehicle lacks.
        held: nothing drifts: temperatures, charge and position stay as they are. Commanded
            motion goes on.
        local: names of the ECUs that this process simulates.
        driving: a driver follows the route whenever there is one.
        trip: the route that the car is on.
        hvac_power: what the climate unit draws, W.
    """

    def __init__(self, catalogue: Catalogue, local: Collection[str] = ()) -> None:
        self.catalogue = catalogue
        self.local = frozenset(local)
        self.absent: frozenset[str] = frozenset()
        self.held = False
        self.driving = False
        self.trip: Trip | None = None
        self.hvac_power = 0.0
        self._values: dict[str, Value] = start_state(catalogue)

    def restore(
        self,
        signals: Mapping[str, Value] | None = None,
        absent: Collection[str] = (),
        *,
        held: bool = False,
    ) -> None:
        """Go to the start state with some values of its own.

        Raises:
            SignalUnknown: a path is in no catalogue.
            ValueInvalid: a value does not fit its signal.
        """
        given = {path: self.catalogue.check(path, value) for path, value in (signals or {}).items()}
        for path in absent:
            self.catalogue.signal(path)
        values = start_state(self.catalogue)
        values |= {path: value for path, value in consequences(given).items() if path in values}
        self._values = values | given
        self.absent = frozenset(absent)
        self.held = held
        self.trip = None
        self.hvac_power = 0.0

    def has(self, path: str) -> bool:
        """True where this vehicle has the signal."""
        return path in self._values and path not in self.absent

    def get(self, path: str) -> Value | None:
        """The true value; None where this vehicle has no such signal."""
        return self._values.get(path) if path not in self.absent else None

    def number(self, path: str, otherwise: float = 0.0) -> float:
        """A numeric value, or ``otherwise`` where this vehicle has none."""
        value = self.get(path)
        return float(value) if isinstance(value, int | float) else otherwise

    def is_on(self, path: str) -> bool:
        """True where a boolean signal is there and true."""
        return self.get(path) is True

    def write(self, path: str, value: Value) -> None:
        """Make a value true; ignored where this vehicle has no such signal."""
        if self.has(path):
            self._values[path] = value

    def snapshot(self) -> dict[str, Value]:
        """All values of this vehicle, by path."""
        return {path: value for path, value in self._values.items() if path not in self.absent}

    @property
    def speed(self) -> float:
        """km/h."""
        return self.number("Vehicle.Speed")

    @property
    def moving(self) -> bool:
        """True where doors had better stay shut."""
        return self.speed >= MOVING

    @property
    def position(self) -> Point:
        """Where the car is."""
        return (
            self.number("Vehicle.CurrentLocation.Latitude"),
            self.number("Vehicle.CurrentLocation.Longitude"),
        )
