"""What of a car can be pointed at, and what of it can be changed; without textual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vehicle_bus.seats import ALL_SEATS, Seat

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Signal, Value

CABIN: Final = "Vehicle.Cabin"
BODY: Final = "Vehicle.Body"
LIGHTS: Final = f"{BODY}.Lights"
HVAC: Final = f"{CABIN}.HVAC"
MEDIA: Final = f"{CABIN}.Infotainment.Media"
BATTERY: Final = "Vehicle.Powertrain.TractionBattery"
GEAR: Final = "Vehicle.Powertrain.Transmission.SelectedGear"
BRAKE: Final = "Vehicle.Chassis.ParkingBrake.IsEngaged"
PARK, DRIVE, NEUTRAL, REVERSE = 126, 127, 0, -1
GEARS: Final = {PARK: "P", REVERSE: "R", NEUTRAL: "N", DRIVE: "D"}
"""As VSS spells them."""

_HEAT: Final = (-100, -67, -33, 0, 33, 67, 100)
_LEVELS: Final = (0, 33, 67, 100)
_FAN: Final = (0, 20, 40, 60, 80, 100)
# End of the path: positions that a hand would choose, or the distance between them.
_POSITIONS: Final[tuple[tuple[str, tuple[float, ...] | float], ...]] = (
    ("Seat.*.HeatingCooling", _HEAT),
    ("SteeringWheel.HeatingCooling", _LEVELS),
    ("Massage.Level", _LEVELS),
    ("FanSpeed", _FAN),
    ("Temperature", 0.5),
    ("Volume", 5.0),
    ("ChargeLimit", 5.0),
    ("Recline", 1.0),
    ("PlaybackRate", 0.25),
    ("SelectedGear", (PARK, REVERSE, NEUTRAL, DRIVE)),
    ("Latitude", 0.001),
    ("Longitude", 0.001),
)
_WORDS: Final = {
    "IsOpen": ("open", "closed"),
    "IsLocked": ("locked", "unlocked"),
    "IsFolded": ("folded", "unfolded"),
    "IsEngaged": ("engaged", "released"),
}
_UNITS: Final = {"percent": " %", "Celsius": " °C", "degrees": "°", None: ""}


class Form(StrEnum):
    """How a control is handled."""

    SWITCH = "switch"  # on or off
    LEVEL = "level"  # a number between two others
    NUMBER = "number"  # a number without bounds
    CHOICE = "choice"  # one of some words
    TEXT = "text"  # anything, e.g. a colour


@dataclass(frozen=True, slots=True)
class Control:
    """An actuator as a switch or a slider.

    Attributes:
        path: of the signal.
        label: what it is, beside its thing: "Lock".
        low, high: bounds of a number; None where it has none.
        positions: where a slider rests; empty where it rests anywhere, ``step`` apart.
        choices: words of a choice.
        words: for on and off.
        unit: with its blank.
    """

    path: str
    label: str
    form: Form
    low: float | None = None
    high: float | None = None
    step: float = 10.0
    positions: tuple[float, ...] = ()
    choices: tuple[str, ...] = ()
    words: tuple[str, str] = ("on", "off")
    unit: str = ""
    whole: bool = False

    @classmethod
    def of(cls, signal: Signal, label: str) -> Control:
        """The control of an actuator."""
        last = signal.path.rsplit(".", 1)[-1]
        if signal.datatype == "boolean":
            return cls(signal.path, label, Form.SWITCH, words=_WORDS.get(last, ("on", "off")))
        if signal.allowed:
            return cls(signal.path, label, Form.CHOICE, choices=signal.allowed)
        if signal.datatype.startswith("string"):
            return cls(signal.path, label, Form.TEXT)
        positions, step = _positions(signal.path)
        bounded = signal.minimum is not None and signal.maximum is not None
        return cls(
            signal.path,
            label,
            Form.LEVEL if bounded or positions else Form.NUMBER,
            low=signal.minimum,
            high=signal.maximum,
            step=step,
            positions=positions,
            unit=_UNITS.get(signal.unit, f" {signal.unit}"),
            whole="int" in signal.datatype,
        )

    def show(self, value: Value | None) -> str:
        """A value in words; a dash for none."""
        if value is None:
            return "—"
        if isinstance(value, bool):
            return self.words[0] if value else self.words[1]
        if self.path == GEAR:
            return GEARS.get(int(str(value)), str(value))
        if isinstance(value, int | float):
            text = f"{value:.1f}" if self.step < 1 and self.step >= 0.1 else f"{value:g}"
            return f"{text}{self.unit}"
        if isinstance(value, str) and self.form is Form.CHOICE:
            return value.lower().replace("_", " ")
        return str(value)

    def turned(self, value: Value | None) -> Value | None:
        """The other end of it, as one touch of a button: None where there is no such thing."""
        match self.form:
            case Form.SWITCH:
                return not value
            case Form.CHOICE:
                return self.moved(value, 1)
            case Form.LEVEL if self.path.endswith((".Position", ".HeatingCooling", ".Level")):
                if not self.positions:
                    return self._number(self.high if not value else self.low or 0)
                # Off, or to the first level.
                above = [p for p in self.positions if p > 0]
                return self._number(0 if value else above[-1])
            case _:
                return None

    def moved(self, value: Value | None, steps: int) -> Value | None:
        """The value so many positions further; None where it has no order."""
        if self.form is Form.SWITCH:
            return steps > 0
        if self.form is Form.CHOICE:
            at = self.choices.index(str(value)) if value in self.choices else -steps
            return self.choices[(at + steps) % len(self.choices)]
        if self.form is Form.TEXT:
            return None
        now = float(value) if isinstance(value, int | float) else 0.0
        return self._number(self._next(now, steps))

    def at(self, share: float) -> Value | None:
        """The value at a share of the way from the least to the greatest."""
        if self.low is None or self.high is None:
            return None
        wanted = self.low + min(1.0, max(0.0, share)) * (self.high - self.low)
        rests = self.positions or (self.low, self.high, round(wanted / self.step) * self.step)
        return self._number(min(rests, key=lambda rest: abs(rest - wanted)))

    def read(self, text: str) -> Value:
        """What somebody typed, as a value; the bus checks it.

        Raises:
            ValueError: a number was needed.
        """
        text = text.strip()
        match self.form:
            case Form.SWITCH:
                return text.lower() in ("1", "true", "yes", "on", self.words[0])
            case Form.CHOICE:
                return text.upper().replace(" ", "_")
            case Form.TEXT:
                return text
            case _:
                return self._number(float(text.removesuffix(self.unit.strip()).replace(",", ".")))

    def _next(self, now: float, steps: int) -> float:
        if self.positions:
            ordered = self.positions
            if ordered != tuple(sorted(ordered)):  # gears stand in their own order
                at = ordered.index(now) if now in ordered else 0
                return ordered[max(0, min(len(ordered) - 1, at + steps))]
            beyond = [p for p in ordered if (p > now if steps > 0 else p < now)]
            if not beyond:
                return ordered[-1] if steps > 0 else ordered[0]
            return min(beyond) if steps > 0 else max(beyond)
        # To the next multiple of the step, as a knob that clicks.
        count = now / self.step
        near = round(count)
        if abs(count - near) > 0.01:
            near = int(count // 1) if steps > 0 else int(-(-count // 1))
        wanted = (near + steps) * self.step
        if self.low is not None:
            wanted = max(self.low, wanted)
        if self.high is not None:
            wanted = min(self.high, wanted)
        return wanted

    def _number(self, value: float | None) -> int | float:
        number = 0.0 if value is None else value
        return round(number) if self.whole else round(number, 6)


def _positions(path: str) -> tuple[tuple[float, ...], float]:
    for pattern, found in _POSITIONS:
        head, star, tail = pattern.partition("*")
        if path.endswith(tail if star else pattern) and (not star or head in path):
            return (found, 1.0) if isinstance(found, tuple) else ((), found)
    return (), 10.0


@dataclass(frozen=True, slots=True)
class Fact:
    """A sensor beside the controls of a thing."""

    path: str
    label: str
    unit: str = ""
    words: tuple[str, str] = ("yes", "no")

    def show(self, value: Value) -> str:
        """Its value in words."""
        if isinstance(value, bool):
            return self.words[0] if value else self.words[1]
        if isinstance(value, float):
            return f"{value:.1f}{self.unit}"
        if isinstance(value, str):
            return value.lower()
        return f"{value}{self.unit}"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of the car that can be pointed at.

    Attributes:
        name: identifier.
        title: as a heading.
        controls: the most important one first.
    """

    name: str
    title: str
    controls: tuple[Control, ...]
    facts: tuple[Fact, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All signals of it."""
        return (*(entry.path for entry in self.controls), *(entry.path for entry in self.facts))


def things_of(catalogue: Mapping[str, Signal]) -> dict[str, Thing]:
    """Everything of a car that its catalogue knows, by name; "other" holds what has no place."""
    made = _Maker(catalogue)
    for seat in ALL_SEATS:
        made.seat(seat)
    made.outside()
    made.inside()
    made.rest()
    return made.things


_OWN: Final = {Seat.DRIVER: "Driver's", Seat.PASSENGER: "Passenger's"}
_TYRES: Final = (
    ("Row1.Wheel.Left", "front left"),
    ("Row1.Wheel.Right", "front right"),
    ("Row2.Wheel.Left", "rear left"),
    ("Row2.Wheel.Right", "rear right"),
)


class _Maker:
    def __init__(self, catalogue: Mapping[str, Signal]) -> None:
        self._catalogue = catalogue
        self._taken: set[str] = set()
        self.things: dict[str, Thing] = {}

    def _thing(
        self, name: str, title: str, paths: Iterable[tuple[str, str]], facts: Iterable[Fact] = ()
    ) -> None:
        controls = tuple(self._controls(paths))
        known = tuple(fact for fact in facts if fact.path in self._catalogue)
        if controls or known:
            self.things[name] = Thing(name, title, controls, known)

    def _controls(self, paths: Iterable[tuple[str, str]]) -> Iterator[Control]:
        for path, label in paths:
            signal = self._catalogue.get(path)
            if signal is not None and signal.kind == "actuator" and path not in self._taken:
                self._taken.add(path)
                yield Control.of(signal, label)

    def seat(self, seat: Seat) -> None:
        own = _OWN.get(seat, seat.spoken.capitalize())
        at, door = seat.position, f"{CABIN}.Door.{seat.position}"
        child = Fact(f"{door}.IsChildLockActive", "Child lock", words=("on", "off"))
        self._thing(f"window-{seat}", f"{own} window", [(f"{door}.Window.Position", "Open")])
        self._thing(
            f"door-{seat}",
            f"{own} door",
            [(f"{door}.IsOpen", "Door"), (f"{door}.IsLocked", "Lock")],
            [child],
        )
        chair = f"{CABIN}.Seat.{at}"
        self._thing(
            f"seat-{seat}",
            f"{own} seat",
            [
                (f"{chair}.HeatingCooling", "Heating"),
                (f"{chair}.Massage.Level", "Massage"),
                (f"{chair}.Position", "Forward"),
                (f"{chair}.Height", "Height"),
                (f"{chair}.Backrest.Recline", "Recline"),
            ],
            [
                Fact(f"{chair}.OccupancyStatus", "Seat"),
                Fact(f"{chair}.IsBelted", "Belt", words=("fastened", "open")),
            ],
        )
        self._thing(
            f"air-{seat}",
            f"{own} climate",
            [
                (f"{seat.station}.Temperature", "Temperature"),
                (f"{seat.station}.FanSpeed", "Fan"),
                (f"{seat.station}.AirDistribution", "Air"),
            ],
            [Fact(f"{HVAC}.AmbientAirTemperature", "Cabin", " °C")],
        )
        lamps = []
        for kind, label in (("Spotlight", "Reading"), ("AmbientLight", "Ambient")):
            lamp = f"{CABIN}.Light.{kind}.{at}"
            lamps += [
                (f"{lamp}.IsLightOn", label),
                (f"{lamp}.Intensity", "  bright"),
                (f"{lamp}.Color", "  colour"),
            ]
        self._thing(f"lamp-{seat}", f"{own} lights", lamps)

    def outside(self) -> None:
        self._thing(
            "headlights",
            "Lights outside",
            [
                (f"{LIGHTS}.Beam.Low.IsOn", "Low beam"),
                (f"{LIGHTS}.Beam.High.IsOn", "High beam"),
                (f"{LIGHTS}.Fog.Front.IsOn", "Fog, front"),
                (f"{LIGHTS}.Fog.Rear.IsOn", "Fog, rear"),
                (f"{LIGHTS}.Parking.IsOn", "Parking"),
                (f"{LIGHTS}.Hazard.IsSignaling", "Hazard"),
                (f"{LIGHTS}.DirectionIndicator.Left.IsSignaling", "Left"),
                (f"{LIGHTS}.DirectionIndicator.Right.IsSignaling", "Right"),
                (f"{LIGHTS}.LightSwitch", "Switch"),
            ],
        )
        self._thing(
            "hood",
            "Hood",
            [
                (f"{BODY}.Hood.IsOpen", "Hood"),
                (f"{BODY}.Trunk.Front.IsOpen", "Front trunk"),
                (f"{BODY}.Trunk.Front.IsLocked", "Its lock"),
            ],
        )
        self._thing(
            "trunk",
            "Trunk",
            [(f"{BODY}.Trunk.Rear.IsOpen", "Trunk"), (f"{BODY}.Trunk.Rear.IsLocked", "Lock")],
        )
        for side, name in (("DriverSide", "left"), ("PassengerSide", "right")):
            mirror = f"{BODY}.Mirrors.{side}"
            self._thing(
                f"mirror-{name}",
                f"{name.capitalize()} mirror",
                [
                    (f"{mirror}.IsFolded", "Mirror"),
                    (f"{mirror}.IsHeatingOn", "Heating"),
                    (f"{mirror}.Tilt", "Tilt"),
                    (f"{mirror}.Yaw", "Yaw"),
                ],
            )
        self._thing(
            "windscreen",
            "Windscreen",
            [
                (f"{BODY}.Windshield.Front.Wiping.Mode", "Wipers"),
                (f"{HVAC}.IsFrontDefrosterActive", "Defrost"),
            ],
            [Fact(f"{BODY}.Raindetection.Intensity", "Rain", " %")],
        )
        self._thing(
            "rear-window",
            "Rear window",
            [
                (f"{BODY}.Windshield.Rear.Wiping.Mode", "Wiper"),
                (f"{HVAC}.IsRearDefrosterActive", "Defrost"),
            ],
        )
        for wheel, where in _TYRES:
            tyre = f"Vehicle.Chassis.Axle.{wheel}.Tire"
            self._thing(
                f"tyre-{where.replace(' ', '-')}",
                f"Tyre {where}",
                [],
                [
                    Fact(f"{tyre}.Pressure", "Pressure", " kPa"),
                    Fact(f"{tyre}.IsPressureLow", "Too low"),
                ],
            )

    def inside(self) -> None:
        self._thing(
            "roof",
            "Roof",
            [
                (f"{CABIN}.Sunroof.Position", "Sunroof"),
                (f"{CABIN}.Sunroof.Shade.Position", "Sunshade"),
                (f"{CABIN}.Light.IsDomeOn", "Dome light"),
            ],
        )
        self._thing(
            "wheel",
            "Steering wheel",
            [
                ("Vehicle.Chassis.SteeringWheel.HeatingCooling", "Heating"),
                (f"{BODY}.Horn.IsActive", "Horn"),
            ],
            [Fact("Vehicle.Driver.FatigueLevel", "Fatigue", " %")],
        )
        self._thing(
            "drive",
            "Drive",
            [(GEAR, "Gear"), (BRAKE, "Brake")],
            [
                Fact("Vehicle.Speed", "Speed", " km/h"),
                Fact("Vehicle.TraveledDistance", "Odo", " m"),
            ],
        )
        charging = f"{BATTERY}.Charging"
        cable = f"{charging}.ChargingPort.AnyPosition.IsChargingCableConnected"
        self._thing(
            "battery",
            "Battery",
            [
                (f"{charging}.ChargeLimit", "Limit"),
                (f"{charging}.StartStopCharging", "Charging"),
            ],
            [
                Fact(cable, "Cable", words=("plugged in", "none")),
                Fact(f"{charging}.AveragePower", "Charges", " kW"),
                Fact(f"{BATTERY}.CurrentPower", "Uses", " W"),
                Fact(f"{BATTERY}.Temperature.Average", "Cells", " °C"),
            ],
        )
        self._thing(
            "air",
            "Air",
            [
                (f"{HVAC}.IsAirConditioningActive", "AC"),
                (f"{HVAC}.IsRecirculationActive", "Recirculate"),
            ],
            [
                Fact(f"{HVAC}.AmbientAirTemperature", "Cabin", " °C"),
                Fact("Vehicle.Exterior.AirTemperature", "Outside", " °C"),
            ],
        )
        self._thing(
            "sound",
            "Sound",
            [
                (f"{MEDIA}.Volume", "Volume"),
                (f"{MEDIA}.Action", "Action"),
                (f"{MEDIA}.Played.Source", "Source"),
                (f"{MEDIA}.Played.PlaybackRate", "Rate"),
            ],
            [
                Fact(f"{MEDIA}.Played.Artist", "Artist"),
                Fact(f"{MEDIA}.Played.Track", "Track"),
                Fact(f"{MEDIA}.Played.Album", "Album"),
            ],
        )

    def rest(self) -> None:
        left = [
            (path, signal.label.capitalize())
            for path, signal in self._catalogue.items()
            if signal.kind == "actuator" and path not in self._taken
        ]
        self._thing("other", "Other", left)
