"""Body ECU: doors, windows, locks, roof, trunk, mirrors, wipers, horn."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim.ecu import Ecu, is_off
from sim.names import spoken_name
from vehicle_bus.catalogue import Value
from vehicle_bus.seats import REAR

FOLDING_LIMIT = 20.0  # km/h, above which mirrors stay unfolded

_TRAVEL: tuple[tuple[str, float], ...] = (
    (r"Vehicle\.Cabin\.Door\..*\.Window\.Position", 4.0),
    (r"Vehicle\.Cabin\.Door\..*\.Shade\.Position", 5.0),
    (r"Vehicle\.Cabin\.Sunroof\..*Position", 6.0),
    (r"Vehicle\.Cabin\.RearShade\.Position", 6.0),
    (r"Vehicle\.Body\.Trunk\.Rear\.(IsOpen|Position)", 2.5),
)
_TRAVEL_OF = tuple((re.compile(pattern), seconds) for pattern, seconds in _TRAVEL)
_LID = re.compile(r"Vehicle\.Body\.(Trunk\.(?:Rear|Front)|Hood)\.(?:IsOpen|Position)")
_DOOR = re.compile(r"(Vehicle\.Cabin\.Door\.Row\d\.\w+Side)\.(?:IsOpen|Position)")
_REAR_WINDOWS = frozenset(f"Vehicle.Cabin.Door.{seat.position}.Window.Position" for seat in REAR)


class Body(Ecu):
    """Everything that opens, and what keeps the view clear.

    Interlocks: doors, trunk and hood stay shut while moving or locked, rear windows do not
    open with the child lock on, mirrors do not fold at speed.
    """

    name = "body"
    title = "body"
    claims = ("Vehicle.Body", "Vehicle.Cabin")

    def travel(self, path: str, value: Value) -> float | None:
        """Windows 4 s, roof and its shade 6 s, trunk 2.5 s."""
        return next((s for pattern, s in _TRAVEL_OF if pattern.fullmatch(path)), None)

    def refuse(self, path: str, value: Value) -> str | None:
        """See the class."""
        if is_off(value):
            return None
        world = self.world
        if lid := _LID.fullmatch(path):
            if world.moving:
                return f"The {spoken_name(path)} stays shut while the car is moving."
            if world.is_on(f"Vehicle.Body.{lid[1]}.IsLocked"):
                return f"The {spoken_name(path)} is locked."
        elif door := _DOOR.fullmatch(path):
            if world.moving:
                return "The doors stay shut while the car is moving."
            if world.is_on(f"{door[1]}.IsLocked"):
                return f"The {spoken_name(path)} is locked."
        elif path in _REAR_WINDOWS:
            locked = world.is_on("Vehicle.Cabin.IsWindowChildLockEngaged") or world.is_on(
                path.replace("Window.Position", "IsChildLockActive")
            )
            if locked and float(str(value)) > world.number(path):
                return f"The child lock keeps the {spoken_name(path)} from opening."
        elif path.endswith(".IsFolded") and world.speed > FOLDING_LIMIT:
            return "The mirrors can't be folded at this speed."
        return None

    def follow(self, path: str, value: Value) -> Mapping[str, Value]:
        """Open and closed follow positions, where the catalogue has both."""
        if path.endswith(".Position"):
            return {path.removesuffix("Position") + "IsOpen": not is_off(value)}
        return {}
