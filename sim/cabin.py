"""The ECUs of the cabin that only switch: seats, lights, media, and the environment sensors."""

from __future__ import annotations

from collections.abc import Mapping

from sim.ecu import Ecu, is_off
from sim.names import spoken_name
from vehicle_bus.catalogue import Value

_MEDIA = "Vehicle.Cabin.Infotainment.Media"

# Made up, so that nobody's rights are touched.
PLAYLIST: tuple[tuple[str, str, str], ...] = (
    ("Morning Ferry", "The Harbour Lights", "Archipelago"),
    ("Paper Maps", "The Harbour Lights", "Archipelago"),
    ("Long Way North", "Aino Virta", "Tailwind"),
    ("Second Gear", "Aino Virta", "Tailwind"),
    ("Rain on the Roof", "Quiet Engine", "Idle"),
    ("Charging", "Quiet Engine", "Idle"),
)


class Seats(Ecu):
    """Seat and steering wheel heating, massage, occupancy and belts. It refuses nothing."""

    name = "seats"
    title = "seat"
    claims = ("Vehicle.Cabin.Seat", "Vehicle.Chassis.SteeringWheel")

    def follow(self, path: str, value: Value) -> Mapping[str, Value]:
        """The massage status follows its level, where the catalogue has it."""
        if path.endswith(".Massage.Level"):
            return {path.removesuffix("Level") + "Status": "OFF" if is_off(value) else "ON"}
        return {}


class Lights(Ecu):
    """Exterior, reading and ambient lights; each switches by itself.

    A lamp that is known to be broken does not turn on. Which beams go together is a matter of
    the cockpit's policies, not of this ECU.
    """

    name = "lights"
    title = "light"
    claims = ("Vehicle.Body.Lights", "Vehicle.Cabin.Light")

    def refuse(self, path: str, value: Value) -> str | None:
        """See the class."""
        lamp, _, leaf = path.rpartition(".")
        if (
            leaf in ("IsOn", "IsSignaling")
            and value is True
            and self.world.is_on(f"{lamp}.IsDefect")
        ):
            return f"The {spoken_name(path)} is broken."
        return None


class Media(Ecu):
    """Volume, playing, the list of tracks, and the destination that the display shows."""

    name = "media"
    title = "media"
    claims = ("Vehicle.Cabin.Infotainment",)

    def restored(self) -> None:
        """The first track is loaded; a track that a scenario names stays."""
        self._index = 0
        if not self.world.get(f"{_MEDIA}.Played.Track"):
            for path, value in self._track().items():
                self.world.write(path, value)

    def follow(self, path: str, value: Value) -> Mapping[str, Value]:
        """Skipping changes the track. What a skip ends in is that the music plays."""
        if path != f"{_MEDIA}.Action" or value not in ("SKIP_FORWARD", "SKIP_BACKWARD"):
            return {}
        self._index = (self._index + (1 if value == "SKIP_FORWARD" else -1)) % len(PLAYLIST)
        return {**self._track(), path: "PLAY"}

    def _track(self) -> dict[str, Value]:
        track, artist, album = PLAYLIST[self._index]
        played = f"{_MEDIA}.Played"
        return {f"{played}.Track": track, f"{played}.Artist": artist, f"{played}.Album": album}


class Environment(Ecu):
    """Rain, outside temperature and the driver's fatigue: as the world has them."""

    name = "environment"
    title = "environment sensor"
    claims = ("Vehicle.Exterior", "Vehicle.Body.Raindetection", "Vehicle.Driver")
