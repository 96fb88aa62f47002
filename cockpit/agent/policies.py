"""The vehicle's rules: what a write brings along, what is refused, what needs a yes (DESIGN §6).

A policy is a small function that looks at a :class:`View`, the state as it would be after the
writes, and yields findings: :class:`Add` a further write, :class:`After` (send one write only
once another is done), :class:`Refuse` or :class:`Ask`. ``judge`` runs a pack of policies again
and again until none of them finds anything new, so that one rule's addition triggers the next
(defrosting switches the air conditioning on, which closes the windows).

Policies are code and run on every write, whoever planned it. To extend the pack, write one more
generator and add it to a tuple like ``PACK``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isclose

from skills.api import Value
from vehicle_bus.seats import ALL_SEATS, FRONT

SPEED = "Vehicle.Speed"
WINDOWS = tuple(f"Vehicle.Cabin.Door.{seat.position}.Window.Position" for seat in ALL_SEATS)
FRONT_FANS = tuple(f"{seat.station}.FanSpeed" for seat in FRONT)
FRONT_AIR = tuple(f"{seat.station}.AirDistribution" for seat in FRONT)
AC = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
DEFROSTER = "Vehicle.Cabin.HVAC.IsFrontDefrosterActive"
SUNROOF = "Vehicle.Cabin.Sunroof.Position"
SHADE = "Vehicle.Cabin.Sunroof.Shade.Position"
LOW_BEAM = "Vehicle.Body.Lights.Beam.Low.IsOn"
HIGH_BEAM = "Vehicle.Body.Lights.Beam.High.IsOn"
FOG = ("Vehicle.Body.Lights.Fog.Front.IsOn", "Vehicle.Body.Lights.Fog.Rear.IsOn")
TRUNKS = ("Vehicle.Body.Trunk.Rear.IsOpen", "Vehicle.Body.Trunk.Front.IsOpen")

MOVING_FROM = 1.0
"""Speed in km/h from which the car counts as moving; wheel sensors are noisy below."""
WINDOW_WITH_AC = 25
"""Opening a window further than this, in percent, asks first while the AC is on."""
WINDOW_CLOSED_BY_AC = 20
"""Windows open more than this, in percent, are closed when the AC is switched on."""
FAN_LEVEL_1 = 20
FAN_LEVEL_2 = 40


@dataclass(frozen=True, slots=True)
class Add:
    """A further write.

    Attributes:
        trigger: the write that brings it along.
        because: spoken clause that begins with "because".
    """

    trigger: str
    path: str
    value: Value
    because: str


@dataclass(frozen=True, slots=True)
class After:
    """``path`` is sent only once ``needs`` is done, and not at all if that failed."""

    path: str
    needs: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The write ``trigger`` is not done; ``sentence`` says why and how to get there."""

    trigger: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The write ``trigger`` needs a yes to ``question`` first; ``key`` names the question."""

    trigger: str
    question: str
    key: str


type Finding = Add | After | Refuse | Ask


def same(one: Value | None, other: Value | None) -> bool:
    """True where two values of a signal mean the same; numbers within 0.01."""
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, numbers) and isinstance(other, numbers):
        return isclose(one, other, abs_tol=0.01)
    return one == other


@dataclass(frozen=True, slots=True)
class View:
    """What a policy judges by.

    Attributes:
        asked: writes that the speaker asked for, in this call and beside it.
        writes: those and what policies have added so far.
        current: reads a signal; None where this vehicle has no trusted value of it. A signal
            on its way to a value counts as being there.
        reported: the same, but what the signal says itself.
        confirmed: keys of the questions that were answered with yes, by path.
    """

    asked: Mapping[str, Value]
    writes: Mapping[str, Value]
    current: Callable[[str], Value | None]
    reported: Callable[[str], Value | None]
    confirmed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def after(self, path: str) -> Value | None:
        """The value once everything is written."""
        return self.writes[path] if path in self.writes else self.current(path)

    def number(self, path: str) -> float | None:
        """``after`` of a number; None where it is not known."""
        return _number(self.after(path))

    def before(self, path: str) -> float | None:
        """The current value of a number; None where it is not known."""
        return _number(self.current(path))

    def turned(self, path: str, value: Value = True) -> bool:
        """True where the writes bring the signal to ``value`` and it is not there yet."""
        return (
            path in self.writes
            and same(self.writes[path], value)
            and not same(self.reported(path), value)
        )

    def written(self, pattern: str, value: Value | None) -> Iterator[str]:
        """Written paths that match a glob and bring their signal to ``value`` (None: any)."""
        for path, target in self.writes.items():
            wanted = target if value is None else value
            if fnmatchcase(path, pattern) and self.turned(path, wanted):
                yield path

    def add(self, trigger: str, path: str, value: Value, because: str) -> Iterator[Add]:
        """Add a write unless it is so, the speaker asked otherwise, or the car lacks it."""
        if path in self.asked or self.current(path) is None or same(self.after(path), value):
            return
        yield Add(trigger, path, value, because)


type Policy = Callable[[View], Iterator[Finding]]


def _number(value: Value | None) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


# What is unsafe while the car moves: glob, the unsafe value (None: any), what was wanted.
# Closing, locking and switching off are missing on purpose: they are never refused.
UNSAFE_WHILE_MOVING: tuple[tuple[str, Value | None, str], ...] = (
    ("Vehicle.Cabin.Door.*.IsOpen", True, "open the doors"),
    ("Vehicle.Cabin.Door.*.IsLocked", False, "unlock the doors"),
    ("Vehicle.Body.Trunk.*.IsOpen", True, "open the trunk"),
    ("Vehicle.Body.Trunk.*.IsLocked", False, "unlock the trunk"),
    ("Vehicle.Body.Hood.IsOpen", True, "open the hood"),
    ("Vehicle.Body.Mirrors.*.IsFolded", True, "fold the mirrors"),
    ("Vehicle.Chassis.ParkingBrake.IsEngaged", True, "set the parking brake"),
    ("Vehicle.Cabin.Seat.Row1.DriverSide.Position", None, "move the driver's seat"),
    ("Vehicle.Cabin.Seat.Row1.DriverSide.Backrest.Recline", None, "move the driver's backrest"),
    (
        "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.*.IsFlapOpen",
        True,
        "open the charging flap",
    ),
)


def unsafe_while_moving(view: View) -> Iterator[Finding]:
    """Doors and trunk stay shut, and nothing else unsafe is done, unless the car stands still."""
    speed = view.before(SPEED)
    if speed is not None and abs(speed) < MOVING_FROM:
        return
    for pattern, value, wish in UNSAFE_WHILE_MOVING:
        for path in view.written(pattern, value):
            if speed is None:
                yield Refuse(
                    path, f"I can't {wish} because I can't tell whether the car is standing still."
                )
            else:
                yield Refuse(path, f"I can't {wish} while the car is moving.")


def trunk_needs_a_yes(view: View) -> Iterator[Finding]:
    """The trunk opens only after a yes."""
    for path in TRUNKS:
        if view.turned(path):
            name = "trunk" if path == TRUNKS[0] else "front trunk"
            yield Ask(path, f"Should I open the {name}?", "open-trunk")


def fog_lights_set_beams(view: View) -> Iterator[Finding]:
    """Fog lights need the low beam on and the high beam off."""
    for path in FOG:
        if not view.turned(path):
            continue
        yield from view.add(path, LOW_BEAM, True, "because the fog lights need it")
        yield from view.add(path, HIGH_BEAM, False, "because it blinds with the fog lights on")
        for beam in (LOW_BEAM, HIGH_BEAM):
            if beam in view.writes and beam not in view.asked:
                yield After(path, beam)


def no_high_beam_in_fog(view: View) -> Iterator[Finding]:
    """No high beam while fog lights are on."""
    if view.turned(HIGH_BEAM) and any(view.after(path) is True for path in FOG):
        yield Refuse(
            HIGH_BEAM,
            "I can't turn on the high beam with the fog lights on. Turn the fog lights off first.",
        )


def sunroof_needs_open_shade(view: View) -> Iterator[Finding]:
    """The sunshade is open at least as far as the sunroof, and moves first when opening."""
    roof, shade = view.number(SUNROOF), view.number(SHADE)
    if roof is None or shade is None:
        return
    roof_now, shade_now = view.before(SUNROOF) or 0, view.before(SHADE) or 0
    opening = SUNROOF in view.writes and roof > roof_now
    if shade < roof:
        if opening and SHADE in view.asked:
            yield Refuse(SUNROOF, "The sunroof can't be open further than the sunshade.")
        elif opening:
            yield from view.add(
                SUNROOF, SHADE, 100, "because the sunroof needs the sunshade to be open"
            )
        elif SHADE in view.writes and shade < shade_now:
            yield Refuse(
                SHADE,
                f"The sunroof is {roof:.0f} percent open, so I can't close the sunshade further. "
                "Close the sunroof first.",
            )
    elif opening and SHADE in view.writes and shade > shade_now:
        yield After(SUNROOF, SHADE)
    elif SHADE in view.writes and SUNROOF in view.writes and shade < shade_now:
        yield After(SHADE, SUNROOF)


def defrost_helpers(view: View) -> Iterator[Finding]:
    """Front defrost sets the air to the windscreen, the fan to level 2 and the AC on."""
    if not view.turned(DEFROSTER):
        return
    because = "because the front defroster needs it"
    for path in FRONT_AIR:
        yield from view.add(DEFROSTER, path, "UP", because)
    for path in FRONT_FANS:
        if (view.number(path) or 0) < FAN_LEVEL_2:
            yield from view.add(DEFROSTER, path, FAN_LEVEL_2, because)
    yield from view.add(DEFROSTER, AC, True, because)


def ac_helpers(view: View) -> Iterator[Finding]:
    """Switching the AC on closes windows that are open wide, and needs a running fan."""
    if not view.turned(AC):
        return
    for path in WINDOWS:
        if (view.number(path) or 0) > WINDOW_CLOSED_BY_AC:
            yield from view.add(AC, path, 0, "because the air conditioning is on")
    for path in FRONT_FANS:
        if (view.number(path) or 0) < FAN_LEVEL_1:
            yield from view.add(AC, path, FAN_LEVEL_1, "because the air conditioning needs the fan")


def window_with_ac_asks(view: View) -> Iterator[Finding]:
    """Opening a window wide while the AC is on asks first."""
    if view.after(AC) is not True:
        return
    opened = [path for path in WINDOWS if path in view.asked and _opened_wide(path, view)]
    what = "windows" if len(opened) > 1 else "window"
    for path in opened:
        yield Ask(
            path,
            f"The air conditioning is on. Should I open the {what} anyway?",
            "window-with-ac",
        )


def _opened_wide(path: str, view: View) -> bool:
    target, now = view.number(path), view.before(path)
    return target is not None and target > WINDOW_WITH_AC and (now is None or target > now)


PACK: tuple[Policy, ...] = (
    unsafe_while_moving,
    trunk_needs_a_yes,
    no_high_beam_in_fog,
    fog_lights_set_beams,
    sunroof_needs_open_shade,
    defrost_helpers,
    ac_helpers,
    window_with_ac_asks,
)
"""The policies of the default vehicle, in the order in which they are asked."""


# What leaves the car cannot be taken back: glob of the function, the question, its key.
ASKED_BEFORE: tuple[tuple[str, str, str], ...] = (
    ("*.send", "Should I send it?", "send-message"),
    ("*.send_*", "Should I send it?", "send-message"),
)


def ask_before(function: str) -> Ask | None:
    """The question that a function may not run without a yes to; None where there is none."""
    for pattern, question, key in ASKED_BEFORE:
        if fnmatchcase(function, pattern):
            return Ask(function, question, key)
    return None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policies make of some writes.

    Attributes:
        writes: everything to write, the speaker's own writes first.
        because: for an added write, its trigger and its spoken reason.
        needs: for a write, those that have to succeed before it is sent.
        stops: refusals and open questions, refusals first.
    """

    writes: Mapping[str, Value]
    because: Mapping[str, Add]
    needs: Mapping[str, frozenset[str]]
    stops: tuple[Refuse | Ask, ...]


def judge(
    asked: Mapping[str, Value],
    current: Callable[[str], Value | None],
    confirmed: Mapping[str, frozenset[str]] | None = None,
    policies: tuple[Policy, ...] = PACK,
    reported: Callable[[str], Value | None] | None = None,
) -> Judgement:
    """Run policies over writes to a fixed point.

    Args:
        asked: the writes that were asked for.
        current: see :class:`View`.
        confirmed: keys of questions answered with yes, by path.
        policies: the pack; later ones see what earlier ones added.
        reported: see :class:`View`; ``current`` where nothing is on its way.
    """
    granted = confirmed or {}
    writes = dict(asked)
    added: dict[str, Add] = {}
    findings: list[Finding] = []
    # Two policies that disagree about a value would go on for ever, hence the limit.
    for _ in range(len(policies) + 2):
        findings, settled = [], True
        for policy in policies:
            for finding in policy(View(asked, dict(writes), current, reported or current, granted)):
                findings.append(finding)
                if isinstance(finding, Add) and not same(writes.get(finding.path), finding.value):
                    writes[finding.path] = finding.value
                    added[finding.path] = finding
                    settled = False
        if settled:
            break
    needs: dict[str, set[str]] = {}
    stops: list[Refuse | Ask] = []
    for found in findings:
        match found:
            case After(path, prerequisite):
                needs.setdefault(path, set()).add(prerequisite)
            case Refuse():
                stops.append(found)
            case Ask(trigger=trigger, key=key):
                if key not in granted.get(trigger, frozenset()):
                    stops.append(found)
            case Add():
                pass
    stops.sort(key=lambda stop: isinstance(stop, Ask))
    return Judgement(
        writes, added, {path: frozenset(paths) for path, paths in needs.items()}, tuple(stops)
    )
