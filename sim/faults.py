"""Faults on demand, and how they are written: ``offline:climate``, ``slow:body=1.5``, ..."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from vehicle_bus.errors import CockpitError

LONGEST = 60.0  # s


class FaultInvalid(CockpitError):
    """A fault was written in a way that means nothing."""

    exit_code = 2  # wrong arguments


class FaultKind(StrEnum):
    """What can go wrong."""

    OFFLINE = "offline"
    SLOW = "slow"
    REJECT = "reject"
    JAM = "jam"
    STUCK = "stuck"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    DELAY = "delay"
    BROKER = "broker"


class Target(StrEnum):
    """What a fault is about."""

    ECU = "ECU"
    SIGNAL = "PATH"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of fault is written and what it does.

    Attributes:
        target: what stands after the colon.
        seconds: what stands after the equals sign where it is left out; None where no number
            may stand there.
        about: one sentence for the list of faults.
        example: a text that works with the default vehicle.
    """

    target: Target
    seconds: float | None
    about: str
    example: str

    @property
    def timed(self) -> bool:
        """True where a number of seconds may be given."""
        return self.seconds is not None


_WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
FORMS: dict[FaultKind, Form] = {
    FaultKind.OFFLINE: Form(
        Target.ECU, None, "The ECU vanishes without a word; its last will fires.", "offline:climate"
    ),
    FaultKind.SLOW: Form(Target.ECU, 1.0, "The ECU answers so many seconds late.", "slow:body=1.5"),
    FaultKind.REJECT: Form(Target.ECU, None, "The ECU refuses every command.", "reject:lights"),
    FaultKind.JAM: Form(
        Target.SIGNAL, None, "What moves the signal gets stuck on its way.", f"jam:{_WINDOW}"
    ),
    FaultKind.STUCK: Form(
        Target.SIGNAL,
        None,
        "The value freezes; commands are taken and nothing happens.",
        "stuck:Vehicle.Cabin.HVAC.AmbientAirTemperature",
    ),
    FaultKind.MISSING: Form(
        Target.SIGNAL,
        None,
        "The car lacks the signal.",
        "missing:Vehicle.Cabin.Seat.Row1.DriverSide.Massage.Level",
    ),
    FaultKind.DUPLICATE: Form(
        Target.NONE, None, "Every message of the ECUs comes twice.", "duplicate"
    ),
    FaultKind.DELAY: Form(
        Target.NONE, 0.3, "Every message of the ECUs comes so many seconds late.", "delay=0.3"
    ),
    FaultKind.BROKER: Form(
        Target.NONE, 1.0, "The embedded broker goes away for so many seconds.", "broker=1"
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: what goes wrong.
        target: name of an ECU, path of a signal, or empty.
        seconds: of delay, on the wall's clock and not the vehicle's, because it is the
            cockpit's patience that it tries; 0 where the kind has none.
    """

    kind: FaultKind
    target: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        """The text that ``parse_fault`` understands."""
        target = f":{self.target}" if self.target else ""
        return f"{self.kind.value}{target}" + (f"={self.seconds:g}" if self.seconds else "")

    def same_place(self, other: Fault) -> bool:
        """True where both are the same kind of fault at the same place."""
        return (self.kind, self.target) == (other.kind, other.target)


def parse_fault(text: str, *, ecus: Collection[str], signals: Iterable[str]) -> Fault:
    """Read one fault.

    Args:
        text: e.g. ``slow:body=1.5``.
        ecus: names of the ECUs there are.
        signals: paths of the signals there are.

    Raises:
        FaultInvalid: with one sentence that names the nearest right text.
    """
    written = text.strip()
    head, equals, number = written.partition("=")
    word, colon, target = (part.strip() for part in head.partition(":"))
    try:
        kind = FaultKind(word)
    except ValueError:
        guess = FORMS[FaultKind(_nearest(word, [kind.value for kind in FaultKind]))]
        raise _invalid(written, f'"{word}" is no kind of fault', guess.example) from None
    form = FORMS[kind]
    seconds = form.seconds or 0.0
    if equals:
        if not form.timed:
            raise _invalid(written, f'"{word}" takes no number', head.strip())
        try:
            seconds = float(number)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= LONGEST:
            right = f"{head.strip()}={form.seconds:g}"
            raise _invalid(
                written, f'"{number.strip()}" is not a number of seconds up to {LONGEST:g}', right
            )
    known = list(ecus if form.target is Target.ECU else signals)
    if form.target is Target.NONE:
        if colon:
            raise _invalid(written, f'"{word}" concerns every ECU', form.example)
    elif target not in known:
        ending = f"={seconds:g}" if form.timed else ""
        right = f"{word}:{_nearest(target, known)}{ending}" if target else form.example
        what = "ECU" if form.target is Target.ECU else "signal"
        problem = f'"{target}" is no {what}' if target else f'"{word}" needs the name of a {what}'
        if not target and what == "ECU":
            problem = f'"{word}" needs the name of an ECU'
        raise _invalid(written, problem, right)
    return Fault(kind, target, seconds)


def _nearest(word: str, known: list[str]) -> str:
    found = process.extractOne(word, known, scorer=fuzz.WRatio)
    return known[0] if found is None else found[0]


def _invalid(text: str, problem: str, right: str) -> FaultInvalid:
    return FaultInvalid(f'The fault "{text}" means nothing, because {problem}; try "{right}".')


class FaultSet:
    """The faults that are active now, as the ECUs ask about them."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    @property
    def active(self) -> tuple[Fault, ...]:
        """All of them, oldest first."""
        return tuple(self._active)

    def add(self, fault: Fault) -> None:
        """Activate a fault; one of the same kind at the same place is replaced."""
        self.remove(fault)
        self._active.append(fault)

    def remove(self, fault: Fault) -> bool:
        """Take a fault away, whatever its seconds; True where it was active."""
        kept = [active for active in self._active if not active.same_place(fault)]
        gone = len(kept) < len(self._active)
        self._active = kept
        return gone

    def has(self, kind: FaultKind, target: str = "") -> bool:
        """True where such a fault is active at this place."""
        return any((fault.kind, fault.target) == (kind, target) for fault in self._active)

    def seconds(self, kind: FaultKind, target: str = "") -> float:
        """Its seconds; 0 where it is not active."""
        return next((f.seconds for f in self._active if (f.kind, f.target) == (kind, target)), 0.0)
