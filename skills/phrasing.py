"""Wording that all skills share: what signals are called and what became of a change.

``say`` turns a result's changes into sentences for any signal of the default vehicle, so a
skill renders only what is special about it, and a reply holds nothing that a change does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from skills.api import Change, Status, Value, VehicleResult
from skills.colors import COLORS
from skills.zones import FAN_STEP, SEAT_LEVELS
from vehicle_bus.seats import ALL_SEATS, FRONT, REAR, Seat

# --- small words -------------------------------------------------------------------------


def join(items: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def capital(text: str) -> str:
    """The text with a capital first letter; the rest stays."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    text = capital(text.strip())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def number(value: float, decimals: int = 1) -> str:
    """A number as it reads well aloud: ``22``, ``22.5``."""
    return f"{round(value, decimals):g}" if abs(value) < 1e6 else f"{value:.0f}"


def degrees(value: float) -> str:
    """``22.5 degrees``; ``minus 3 degrees`` below zero."""
    amount = f"{'minus ' if round(value, 1) < 0 else ''}{number(abs(value))}"
    return f"{amount} degree{'' if amount == '1' else 's'}"


def percent(value: float) -> str:
    """``40 percent``."""
    return f"{number(value, 0)} percent"


def count(amount: int, one: str, many: str | None = None) -> str:
    """``1 door``, ``3 doors``."""
    return f"{amount} {one if amount == 1 else many or one + 's'}"


def distance(metres: float) -> str:
    """``250 metres``, ``3.2 kilometres``, ``248 kilometres``."""
    if metres < 950:
        return count(int(round(metres, -1)), "metre")
    kilometres = metres / 1000
    amount = number(kilometres, 1 if kilometres < 10 else 0)
    return f"{amount} kilometre{'' if amount == '1' else 's'}"


def duration(seconds: float) -> str:
    """``less than a minute``, ``25 minutes``, ``1 hour and 5 minutes``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    parts = [count(hours, "hour")] if hours else []
    if minutes:
        parts.append(count(minutes, "minute"))
    return join(parts)


def color(code: str) -> str:
    """The name of a colour; ``a custom colour`` where it has none."""
    return COLORS.get(code.upper(), "a custom colour")


def fan(value: float) -> str:
    """``off``, ``at level 3``, ``at 45 percent``."""
    if value == 0:
        return "off"
    level, rest = divmod(value, FAN_STEP)
    return f"at level {level:.0f}" if rest == 0 else f"at {percent(value)}"


def seat_level(value: float) -> str:
    """Heating, cooling or massage in levels again: ``off``, ``at level 2``."""
    value = abs(value)
    if value == 0:
        return "off"
    if value in SEAT_LEVELS:
        return f"at level {SEAT_LEVELS.index(int(value))}"
    return f"at {percent(value)}"


def openness(value: float) -> str:
    """``closed``, ``open``, ``half open``, ``30 percent open``."""
    match value:
        case 0:
            return "closed"
        case 100:
            return "open"
        case 50:
            return "half open"
        case _:
            return f"{percent(value)} open"


AIRFLOW = {"UP": "the windscreen", "MIDDLE": "the face", "DOWN": "the feet"}
WIPING = {
    "OFF": "off",
    "SLOW": "slow",
    "MEDIUM": "medium",
    "FAST": "fast",
    "INTERVAL": "interval",
    "RAIN_SENSOR": "automatic",
}


# --- seats -------------------------------------------------------------------------------

_GROUPS: dict[frozenset[Seat], tuple[str, str]] = {
    frozenset(ALL_SEATS): ("all", "everywhere"),
    frozenset(FRONT): ("both front", "in the front"),
    frozenset(REAR): ("both rear", "in the back"),
    frozenset((Seat.DRIVER, Seat.REAR_LEFT)): ("both left", "on the left"),
    frozenset((Seat.PASSENGER, Seat.REAR_RIGHT)): ("both right", "on the right"),
}


def own(seat: Seat, speaker: Seat | None) -> str:
    """``your``, ``the driver's``, ``the rear left``: what stands before the thing's name."""
    if seat is speaker:
        return "your"
    return f"the {seat.spoken}'s" if seat.row == 1 else f"the {seat.spoken}"


def of_seats(noun: str, seats: Iterable[Seat], speaker: Seat | None, plural: str = "") -> str:
    """A thing that every seat has: ``your window``, ``both rear windows``, ``all windows``.

    Args:
        noun: its name.
        seats: whose; at least one.
        speaker: the seat that is "your".
        plural: plural of the noun; without it the noun is uncountable (``the temperature in
            the back``).
    """
    wanted = tuple(dict.fromkeys(seats))
    if len(wanted) == 1:
        return f"{own(wanted[0], speaker)} {noun}"
    group = _GROUPS.get(frozenset(wanted))
    if plural:
        return (
            f"{group[0]} {plural}"
            if group
            else join([f"{own(seat, speaker)} {noun}" for seat in wanted])
        )
    place = group[1] if group else f"for {people(wanted, speaker)}"
    return f"the {noun} {place}"


def people(seats: Iterable[Seat], speaker: Seat | None) -> str:
    """``you``, ``you and the passenger``, ``everyone``."""
    wanted = tuple(seats)
    if frozenset(wanted) == frozenset(ALL_SEATS):
        return "everyone"
    return join(
        [
            "you" if seat is speaker else f"the {seat.spoken}{'' if seat.row == 1 else ' seat'}"
            for seat in wanted
        ]
    )


_SEAT = re.compile(r"\.Row(?P<row>[12])\.(?P<side>Driver|Passenger)(?:Side)?\b")


def seat_of(path: str) -> Seat | None:
    """The seat that a signal belongs to, or None."""
    found = _SEAT.search(path)
    if found is None:
        return None
    row = FRONT if found["row"] == "1" else REAR
    return row[0 if found["side"] == "Driver" else 1]


# --- changes -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Verb:
    base: str
    ing: str
    past: str


_TURN = _Verb("turn", "turning", "turned")
_SET = _Verb("set", "setting", "set")
_OPEN = _Verb("open", "opening", "opened")
_CLOSE = _Verb("close", "closing", "closed")
_LOCK = _Verb("lock", "locking", "locked")
_UNLOCK = _Verb("unlock", "unlocking", "unlocked")
_FOLD = _Verb("fold", "folding", "folded")
_UNFOLD = _Verb("unfold", "unfolding", "unfolded")
_POINT = _Verb("point", "pointing", "pointed")
_MOVE = _Verb("move", "moving", "moved")
_START = _Verb("start", "starting", "started")
_STOP = _Verb("stop", "stopping", "stopped")


@dataclass(frozen=True, slots=True)
class _Wording:
    """One change in words: ``{verb} the window{tail}``, ``the window is {state}``."""

    verb: _Verb
    tail: str
    state: str


type _Words = Callable[[Value, Value | None], _Wording]


def _float(value: Value | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _switch(value: Value, before: Value | None) -> _Wording:
    state = "on" if value else "off"
    return _Wording(_TURN, f" {state}", state)


def _position(value: Value, before: Value | None) -> _Wording:
    target = _float(value)
    if target == 0:
        return _Wording(_CLOSE, "", "closed")
    if target == 100:
        return _Wording(_OPEN, "", "open")
    verb = _CLOSE if before is not None and _float(before) > target else _OPEN
    tail = " halfway" if target == 50 else f" to {percent(target)}"
    return _Wording(verb, tail, openness(target))


def _shut(value: Value, before: Value | None) -> _Wording:
    return _Wording(_OPEN, "", "open") if value else _Wording(_CLOSE, "", "closed")


def _locked(value: Value, before: Value | None) -> _Wording:
    return _Wording(_LOCK, "", "locked") if value else _Wording(_UNLOCK, "", "unlocked")


def _folded(value: Value, before: Value | None) -> _Wording:
    return _Wording(_FOLD, "", "folded") if value else _Wording(_UNFOLD, "", "unfolded")


def _levelled(say_level: Callable[[float], str]) -> _Words:
    def word(value: Value, before: Value | None) -> _Wording:
        state = say_level(_float(value))
        if state == "off":
            return _Wording(_TURN, " off", "off")
        return _Wording(_SET, f" to {state.removeprefix('at ')}", state)

    return word


def _set_to(say_value: Callable[[float], str]) -> _Words:
    def word(value: Value, before: Value | None) -> _Wording:
        text = say_value(_float(value))
        return _Wording(_SET, f" to {text}", f"set to {text}")

    return word


def _colored(value: Value, before: Value | None) -> _Wording:
    name = color(str(value))
    return _Wording(_SET, f" to {name}", name)


def _air(value: Value, before: Value | None) -> _Wording:
    target = AIRFLOW.get(str(value), str(value).lower())
    return _Wording(_POINT, f" at {target}", f"pointed at {target}")


def _wiping(value: Value, before: Value | None) -> _Wording:
    mode = WIPING.get(str(value), str(value).lower())
    return (
        _Wording(_TURN, " off", "off")
        if mode == "off"
        else _Wording(_SET, f" to {mode}", f"set to {mode}")
    )


def _moved(say_value: Callable[[float], str]) -> _Words:
    def word(value: Value, before: Value | None) -> _Wording:
        text = say_value(_float(value))
        return _Wording(_MOVE, f" to {text}", f"at {text}")

    return word


def _charging(value: Value, before: Value | None) -> _Wording:
    return _Wording(_START, "", "on") if value == "START" else _Wording(_STOP, "", "off")


def _volume(value: Value, before: Value | None) -> _Wording:
    text = percent(_float(value))
    return _Wording(_SET, f" to {text}", f"at {text}")


def _source(value: Value, before: Value | None) -> _Wording:
    return _Wording(_SET, f" to {source(str(value))}", f"set to {source(str(value))}")


def source(value: str) -> str:
    """A media source: ``Bluetooth``, ``FM radio``."""
    names = {"BLUETOOTH": "Bluetooth", "INTERNET": "internet radio", "AUX": "the aux input"}
    radio = value in ("AM", "FM", "DAB")
    return names.get(value, f"{value} radio" if radio else value.replace("_", " "))


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a signal is called.

    Attributes:
        path: regular expression that its path matches.
        noun: name without article.
        words: wording of a change of it.
        plural: plural of the noun; empty for what cannot be counted.
        whole: what all four together are called, where that has a name of its own.
        article: False for a name that takes none ("charging").
    """

    path: str
    noun: str
    words: _Words
    plural: str = ""
    whole: str = ""
    article: bool = True


_THINGS: tuple[_Thing, ...] = (
    _Thing(r"Station\..*\.Temperature$", "temperature", _set_to(degrees)),
    _Thing(r"Station\..*\.FanSpeed$", "fan", _levelled(fan), whole="the fan"),
    _Thing(r"Station\..*\.AirDistribution$", "air", _air, whole="the air"),
    _Thing(r"IsAirConditioningActive$", "air conditioning", _switch),
    _Thing(r"IsRecirculationActive$", "air recirculation", _switch),
    _Thing(r"IsFrontDefrosterActive$", "front defroster", _switch),
    _Thing(r"IsRearDefrosterActive$", "rear defroster", _switch),
    _Thing(r"Window\.Position$", "window", _position, plural="windows"),
    _Thing(r"Sunroof\.Shade\.Position$", "sunshade", _position),
    _Thing(r"Sunroof\.Position$", "sunroof", _position),
    _Thing(r"Door\..*\.IsLocked$", "door", _locked, plural="doors"),
    _Thing(r"Door\..*\.IsOpen$", "door", _shut, plural="doors"),
    _Thing(r"Trunk\.Rear\.IsOpen$", "trunk", _shut),
    _Thing(r"Trunk\.Rear\.IsLocked$", "trunk", _locked),
    _Thing(r"Trunk\.Front\.IsOpen$", "front trunk", _shut),
    _Thing(r"Trunk\.Front\.IsLocked$", "front trunk", _locked),
    _Thing(r"Hood\.IsOpen$", "hood", _shut),
    _Thing(r"Massage\.Level$", "seat massage", _levelled(seat_level)),
    _Thing(r"SteeringWheel\.HeatingCooling$", "steering wheel heating", _levelled(seat_level)),
    _Thing(
        r"Seat\..*\.Position$",
        "seat",
        _moved(lambda value: f"{value / 10:g} centimetres from the front"),
        plural="seats",
    ),
    _Thing(
        r"Seat\..*\.Height$",
        "seat height",
        _set_to(lambda value: f"{value / 10:g} centimetres"),
    ),
    _Thing(r"Backrest\.Recline$", "backrest", _set_to(degrees), plural="backrests"),
    _Thing(r"Beam\.Low\.IsOn$", "low beam", _switch),
    _Thing(r"Beam\.High\.IsOn$", "high beam", _switch),
    _Thing(r"Fog\.Front\.IsOn$", "front fog light", _switch),
    _Thing(r"Fog\.Rear\.IsOn$", "rear fog light", _switch),
    _Thing(r"Hazard\.IsSignaling$", "hazard lights", _switch, plural="hazard lights"),
    _Thing(r"Parking\.IsOn$", "parking lights", _switch, plural="parking lights"),
    _Thing(r"IsDomeOn$", "dome light", _switch),
    _Thing(r"Spotlight\..*\.IsLightOn$", "reading light", _switch, plural="reading lights"),
    _Thing(
        r"Spotlight\..*\.Intensity$", "reading light", _set_to(percent), plural="reading lights"
    ),
    _Thing(r"Spotlight\..*\.Color$", "reading light", _colored, plural="reading lights"),
    _Thing(r"AmbientLight\..*\.IsLightOn$", "ambient light", _switch, whole="the ambient light"),
    _Thing(
        r"AmbientLight\..*\.Intensity$",
        "ambient light",
        _set_to(percent),
        whole="the ambient light",
    ),
    _Thing(r"AmbientLight\..*\.Color$", "ambient light", _colored, whole="the ambient light"),
    _Thing(r"LightSwitch$", "light switch", _set_to(number)),
    _Thing(r"Front\.Wiping\.Mode$", "wipers", _wiping, plural="wipers"),
    _Thing(r"Rear\.Wiping\.Mode$", "rear wiper", _wiping),
    _Thing(r"Mirrors\.DriverSide\.IsFolded$", "left mirror", _folded),
    _Thing(r"Mirrors\.PassengerSide\.IsFolded$", "right mirror", _folded),
    _Thing(r"Mirrors\.DriverSide\.IsHeatingOn$", "left mirror heating", _switch),
    _Thing(r"Mirrors\.PassengerSide\.IsHeatingOn$", "right mirror heating", _switch),
    _Thing(r"Mirrors\.DriverSide\.", "left mirror", _moved(percent)),
    _Thing(r"Mirrors\.PassengerSide\.", "right mirror", _moved(percent)),
    _Thing(r"Horn\.IsActive$", "horn", _switch),
    _Thing(r"ParkingBrake\.IsEngaged$", "parking brake", _switch),
    _Thing(r"Media\.Volume$", "volume", _volume),
    _Thing(r"Played\.Source$", "media source", _source),
    _Thing(r"ChargeLimit$", "charge limit", _set_to(percent)),
    _Thing(r"StartStopCharging$", "charging", _charging, article=False),
)

_HEATING = _Thing(r"", "seat heating", _levelled(seat_level))
_COOLING = _Thing(r"", "seat cooling", _levelled(seat_level))
_SEAT_CLIMATE = re.compile(r"Seat\..*HeatingCooling$")
_PAIRS = {
    ("left mirror", "right mirror"): "both mirrors",
    ("left mirror heating", "right mirror heating"): "the mirror heating",
    ("front defroster", "rear defroster"): "both defrosters",
    ("low beam", "high beam"): "the low and the high beam",
    ("front fog light", "rear fog light"): "the front and rear fog lights",
}
_PLURAL_PAIRS = frozenset(_PAIRS.values()) - {"the mirror heating"}


def _thing(change: Change) -> _Thing:
    if _SEAT_CLIMATE.search(change.path):
        wanted = _float(change.value) or _float(change.before)
        return _COOLING if wanted < 0 else _HEATING
    for thing in _THINGS:
        if re.search(thing.path, change.path):
            return thing
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", change.path.rpartition(".")[2]).lower()
    words = _switch if isinstance(change.value, bool) else _plain
    return _Thing(r"", name.removeprefix("is "), words)


def _plain(value: Value, before: Value | None) -> _Wording:
    text = number(value) if isinstance(value, int | float) else str(value)
    return _Wording(_SET, f" to {text}", f"set to {text}")


def name(path: str, speaker: Seat | None = None) -> str:
    """What a person calls a signal: ``your window``, ``the rear left door``, ``the sunroof``."""
    return _Group.of([Change(path, None, 0, Status.DONE)]).noun(speaker)


def standing(path: str, value: Value) -> str:
    """What a signal is, after its name was said: ``It is 40 percent open.``"""
    group = _Group.of([Change(path, value, value, Status.DONE)])
    return f"{'They' if group.be == 'are' else 'It'} {group.be} {group.wording.state}."


@dataclass(frozen=True, slots=True)
class _Group:
    """Changes that share their words and their outcome."""

    things: tuple[_Thing, ...]
    seats: tuple[Seat, ...]
    wording: _Wording
    status: Status
    reason: str | None
    because: str | None

    @classmethod
    def of(cls, changes: Sequence[Change]) -> _Group:
        # What was already so is said by the words of what was done now.
        first = next((one for one in changes if one.status is not Status.ALREADY), changes[0])
        things = tuple(dict.fromkeys(_thing(change) for change in changes))
        seats = tuple(seat for change in changes if (seat := seat_of(change.path)) is not None)
        order = (Status.MOVING, Status.DONE, first.status)
        statuses = {change.status for change in changes}
        status = next(one for one in order if one in statuses)
        words = things[0].words(first.value, first.before)
        return cls(things, seats, words, status, first.reason, first.because)

    def noun(self, speaker: Seat | None) -> str:
        thing = self.things[0]
        if len(self.things) > 1:
            pair = _PAIRS.get(tuple(one.noun for one in self.things))  # type: ignore[arg-type]
            return pair or join([f"the {one.noun}" for one in self.things])
        if not self.seats:
            return f"the {thing.noun}" if thing.article else thing.noun
        if thing.whole and frozenset(self.seats) == frozenset(ALL_SEATS):
            return thing.whole
        return of_seats(thing.noun, self.seats, speaker, thing.plural)

    @property
    def be(self) -> str:
        thing = self.things[0]
        if len(self.things) > 1:
            pair = _PAIRS.get(tuple(one.noun for one in self.things), "")  # type: ignore[arg-type]
            return "is" if pair == "the mirror heating" else "are"
        if thing.plural == thing.noun or (thing.plural and len(set(self.seats)) > 1):
            return "are"
        return "is"

    def asked(self, speaker: Seat | None) -> str:
        """The sentence for what the speaker asked for."""
        noun, words = self.noun(speaker), self.wording
        match self.status:
            case Status.DONE:
                return sentence(f"{noun} {self.be} now {words.state}")
            case Status.MOVING:
                return sentence(f"{words.verb.ing} {noun}{words.tail}")
            case Status.ALREADY:
                return sentence(f"{noun} {self.be} already {words.state}")
            case Status.ABSENT:
                return sentence(f"this car doesn't have {noun.replace('the ', 'a ', 1)}")
            case _:
                return self.trouble(speaker)

    def trouble(self, speaker: Seat | None) -> str:
        noun, words = self.noun(speaker), self.wording
        could = "can't" if self.status is Status.REJECTED else "couldn't"
        failed = f"I {could} {words.verb.base} {noun}{words.tail}"
        if not self.reason:
            return sentence(failed)
        return sentence(f"{failed}: {_inner(self.reason, self._names(speaker))}")

    def _names(self, speaker: Seat | None) -> tuple[str, ...]:
        if len(self.things) == 1 and len(self.seats) == 1:
            thing, seat = self.things[0], self.seats[0]
            return (self.noun(speaker), f"{own(seat, None)} {thing.noun}")
        return (self.noun(speaker),)


def _inner(reason: str, names: Iterable[str]) -> str:
    """An ECU's sentence as the second half of ours: "it is jammed"."""
    text = reason.strip()
    for known in names:
        if text.lower().startswith(f"{known} "):
            return f"it {text[len(known) + 1 :]}"
    first = text.split(" ", 1)[0]
    return text if first in ("I", "I'm") or first.isupper() else text[:1].lower() + text[1:]


def _grouped(changes: Iterable[Change]) -> list[_Group]:
    """Changes in order, those that are said together put together."""
    buckets: dict[object, list[Change]] = {}
    for change in changes:
        thing = _thing(change)
        words = thing.words(change.value, change.before)
        fine = change.status.ok
        # Already so and done now is one fact to a listener; so are both mirrors.
        outcome = "fine" if fine else (change.status, change.reason)
        pair = next((pair for pair in _PAIRS if thing.noun in pair), thing.noun)
        key = (pair, words.state, outcome, change.because)
        buckets.setdefault(key, []).append(change)
    return [_Group.of(bucket) for bucket in buckets.values()]


def _added(groups: Sequence[_Group], speaker: Seat | None) -> list[str]:
    said: list[str] = []
    for because, together in groupby(
        sorted(groups, key=lambda group: group.because or ""), key=lambda group: group.because
    ):
        batch = list(together)
        done = [
            f"{one.wording.verb.past} {one.noun(speaker)}{one.wording.tail}"
            for one in batch
            if one.status is Status.DONE
        ]
        moving = [
            f"{one.wording.verb.ing} {one.noun(speaker)}{one.wording.tail}"
            for one in batch
            if one.status is Status.MOVING
        ]
        if done:
            said.append(sentence(f"I've also {join(done)} {because}"))
        if moving:
            said.append(sentence(f"I'm also {join(moving)} {because}"))
        said += [one.trouble(speaker) for one in batch if not one.status.ok]
    return said


def say_changes(changes: Iterable[Change], speaker: Seat | None = None) -> str:
    """Sentences for any changes, what policies added last."""
    every = tuple(changes)
    asked = _grouped(change for change in every if change.because is None)
    added = _grouped(change for change in every if change.because is not None)
    # What went wrong comes after what went well.
    asked.sort(key=lambda group: not group.status.ok)
    return " ".join([*(group.asked(speaker) for group in asked), *_added(added, speaker)])


def say(result: VehicleResult) -> str:
    """The reply for any result that changed signals; usable as a reply function as it is."""
    speaker = getattr(result, "speaker", None)
    return say_changes(result.changes, speaker) or "There was nothing to change."


def say_names(paths: Iterable[str], speaker: Seat | None = None) -> str:
    """Several signals by name: ``the low beam and both rear windows``."""
    changes = [Change(path, None, True, Status.DONE) for path in paths]
    return join([group.noun(speaker) for group in _grouped(changes)])
