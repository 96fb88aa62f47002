"""What of the simulated world can be turned, and how; without textual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cockpit.ui.panels.asking import Candidate
from vehicle_bus.catalogue import label_of

if TYPE_CHECKING:
    from cockpit.ui.cockpit import FaultForm, World
    from cockpit.ui.state import Value

OUTSIDE: Final = "Vehicle.Exterior.AirTemperature"
RAIN: Final = "Vehicle.Body.Raindetection.Intensity"
CABIN: Final = "Vehicle.Cabin.HVAC.AmbientAirTemperature"
SPEED: Final = "Vehicle.Speed"
CHARGE: Final = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"
CABLE: Final = (
    "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsChargingCableConnected"
)
CONNECTED: Final = "Vehicle.Connectivity.IsConnectivityAvailable"
PACES: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Vehicle seconds in one second on the wall."""
FILES: Final = 300
"""Scenario files that are offered at most."""

type Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Dial:
    """A number of the world.

    Attributes:
        title: what it is called.
        path: of its signal.
        unit: as it is written behind the number.
        step: by which one key changes it.
        low, high: its ends.
    """

    title: str
    path: str
    unit: str
    step: float
    low: float
    high: float

    def stepped(self, values: Values, steps: int) -> dict[str, Value]:
        """What becomes true when it is turned so many steps; nothing where it is absent."""
        now = values.get(self.path)
        if isinstance(now, bool) or not isinstance(now, int | float):
            return {}
        # To the next full step, so that 12.3 becomes 13 and not 13.3.
        full = now // self.step + (1 if steps > 0 or now % self.step else 0)
        wanted = (full + (steps - 1 if steps > 0 else steps)) * self.step
        return {self.path: min(self.high, max(self.low, wanted))}

    def shown(self, values: Values) -> str:
        """Its value; a dash where this car has none."""
        now = values.get(self.path)
        if isinstance(now, bool) or not isinstance(now, int | float):
            return "–"
        return f"{now:.1f} {self.unit}" if self.step < 5 and now % 1 else f"{now:.0f} {self.unit}"

    def share(self, values: Values) -> float:
        """Where it stands between its ends, 0 to 1."""
        now = values.get(self.path)
        if isinstance(now, bool) or not isinstance(now, int | float):
            return 0.0
        return min(1.0, max(0.0, (now - self.low) / (self.high - self.low)))


DIALS: Final = (
    Dial("Outside", OUTSIDE, "°C", 1, -40, 50),
    Dial("Rain", RAIN, "%", 10, 0, 100),
    Dial("Cabin", CABIN, "°C", 1, -30, 60),
    Dial("Speed", SPEED, "km/h", 10, 0, 200),
    Dial("Battery", CHARGE, "%", 5, 0, 100),
)


@dataclass(frozen=True, slots=True)
class Switch:
    """Something of the world that is so or not.

    Attributes:
        on, off: in words.
    """

    title: str
    path: str
    on: str
    off: str

    def turned(self, values: Values) -> dict[str, Value]:
        """What becomes true when it is switched over; nothing where it is absent."""
        now = values.get(self.path)
        return {self.path: not now} if isinstance(now, bool) else {}

    def shown(self, values: Values) -> str:
        """How it is; a dash where this car has none."""
        now = values.get(self.path)
        return (self.on if now else self.off) if isinstance(now, bool) else "–"


SWITCHES: Final = (
    Switch("Cable", CABLE, "plugged in", "unplugged"),
    Switch("Network", CONNECTED, "online", "offline"),
)

WEATHERS: Final[tuple[tuple[str, dict[str, Value]], ...]] = (
    ("mild", {OUTSIDE: 12.0, RAIN: 0}),
    ("sunny", {OUTSIDE: 24.0, RAIN: 0}),
    ("heat", {OUTSIDE: 36.0, RAIN: 0}),
    ("drizzle", {OUTSIDE: 10.0, RAIN: 20}),
    ("downpour", {OUTSIDE: 14.0, RAIN: 90}),
    ("sleet", {OUTSIDE: 1.0, RAIN: 40}),
    ("frost", {OUTSIDE: -15.0, RAIN: 0}),
)
"""Kinds of weather, and what is then true."""


def weather(values: Values) -> str:
    """The kind of weather there is; "own" where it is none of the known ones."""
    for name, signals in WEATHERS:
        if all(values.get(path) == value for path, value in signals.items()):
            return name
    return "own"


def next_weather(values: Values, step: int) -> dict[str, Value]:
    """What is true in the kind of weather before or after the present one."""
    names = [name for name, _ in WEATHERS]
    now = weather(values)
    at = names.index(now) + step if now in names else 0
    return WEATHERS[at % len(WEATHERS)][1]


def next_pace(pace: float, step: int) -> float:
    """The next slower or quicker pace."""
    if step > 0:
        return next((one for one in PACES if one > pace), PACES[-1])
    return next((one for one in reversed(PACES) if one < pace), PACES[0])


# Faults.


def faults_of(world: World, path_label: dict[str, str]) -> list[Candidate]:
    """Every fault there can be, the likeliest first, each with what it does.

    Args:
        path_label: signals of the car, and how a person calls them.
    """
    movable = sorted(world.movable, key=lambda path: "Window" not in path)
    paths = [*movable, *(path for path in path_label if path not in movable)]
    found: list[Candidate] = []
    forms = {form.kind: form for form in world.fault_forms}
    for kind in ("jam", "offline", *forms):
        form = forms.pop(kind, None)
        if form is None:
            continue
        ending = "" if form.seconds is None else f"={form.seconds:g}"
        targets = {"ECU": world.ecus, "PATH": paths}.get(form.target, ("",))
        for target in targets:
            name = path_label.get(target, target)
            colon = ":" if target else ""
            about = form.about[0].lower() + form.about[1:].rstrip(".")
            title = f"{kind} {name}".strip() + (f" {form.seconds:g} s" if form.seconds else "")
            found.append(Candidate(f"{kind}{colon}{target}{ending}", about, title))
    return found


def fault_in_words(fault: str) -> tuple[str, str]:
    """Kind and place of a fault: ``jam``, ``driver window position``."""
    head, _, seconds = fault.partition("=")
    kind, _, target = head.partition(":")
    place = label_of(target) if target.startswith("Vehicle.") else target
    return kind, f"{place} {seconds} s".strip() if seconds else place


def fault_fault(text: str, world: World, paths: Mapping[str, object]) -> str:
    """Why a text is no fault; empty where it may be one. The simulator has the last word."""
    forms: dict[str, FaultForm] = {form.kind: form for form in world.fault_forms}
    head, _, _ = text.partition("=")
    kind, _, target = head.partition(":")
    form = forms.get(kind.strip())
    if form is None:
        return f"{kind.strip() or 'That'} is no kind of fault; there are {', '.join(forms)}."
    if form.target == "ECU" and target.strip() not in world.ecus:
        return f"{kind} needs an ECU: {', '.join(world.ecus)}."
    if form.target == "PATH" and target.strip() not in paths:
        return f"{kind} needs a signal of the car, e.g. {kind}:{OUTSIDE}."
    return ""


# Scenario files.


def scenario_files(folder: Path) -> list[Candidate]:
    """Scenario files near a folder, no deeper than three levels; blocks for a moment."""
    patterns = ("*scenario*/*.yaml", "*/*scenario*/*.yaml", "*scenario*.yaml")
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    near = [path.relative_to(folder) for path in found[:FILES]]
    return [Candidate(str(path)) for path in near if not path.parts[0].startswith(".")]
