"""Conditions on the vehicle's present state: written, read, and said.

A condition is ``[not ]STATE[ area]`` or ``QUANTITY[ area] OPERATOR NUMBER``. It is looked up in
what the vehicle reports at the moment, and is neither true nor false where the vehicle does not
report it: nothing is ever guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from cockpit.agent.plan import Condition
from cockpit.agent.policies import FOG, MOVING_FROM
from skills.api import Resources, Value
from skills.api.arguments import Area
from skills.navigation.trip import ActiveRoute
from skills.phrasing import degrees, distance, fan, number, of_seats, openness, percent, seat_level
from skills.zones import FAN_STEP, SEAT_LEVELS
from vehicle_bus.errors import BusError, SignalAbsent
from vehicle_bus.seats import ALL_SEATS, FRONT, REAR, Seat

OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "=": lambda one, other: abs(one - other) < _SAME,
}
_SAME: Final = 0.01
_FLIPPED: Final = {"<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_COMPARED: Final = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "=": ""}
LOWEST, HIGHEST = -40, 1000
"""Range of the numbers that something is compared with."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,3})(?:\.5)?")
_WRITTEN: Final = re.compile(
    r"(?P<not>not )?(?P<quantity>[a-z_]+)(?: (?P<area>[a-z_]+))?"
    r"(?: (?P<operator><=|>=|<|>|=) (?P<value>\S+))?"
)


class Kind(StrEnum):
    """What a quantity is."""

    STATE = "state"  # holds or does not
    NUMBER = "number"  # is compared


type _Seats = tuple[Seat, ...]
type _Say = Callable[[float, str], str]
type _Noun = Callable[[_Seats, Seat | None], str]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that a condition can be about.

    Attributes:
        kind: state or number.
        signals: where it is read; ``{position}`` and ``{station}`` stand for a seat's. None
            where it is no signal: whether a route is active.
        fact: says what it is, from the value and the noun; a state's value is 1 or 0.
        unknown: what cannot be told, behind "I can't tell"; ``{noun}`` stands for the noun.
        unit: of a number, as the condition counts it.
        default: area of a condition that names none; None where it has no areas.
        read: a signal's value in the quantity's unit; a state's is truthy where it holds.
        joined: one value of several signals'. Every comparison is of this one value, so that a
            condition and its negation never both hold.
        noun: whose it is, in words, from the seats and the speaker.
        compared: a comparison in words; ``{noun}`` and ``{is}`` ("below 20 percent") stand in it.
        amount: a value in words.
    """

    kind: Kind
    signals: tuple[str, ...] | None
    fact: _Say
    unknown: str
    unit: str = ""
    default: Area | None = None
    read: Callable[[Any], float] = float
    joined: Callable[[Sequence[float]], float] = max
    noun: _Noun = lambda seats, speaker: ""
    compared: str = "{noun} is {is}"
    amount: Callable[[float], str] = number

    def paths(self, seats: Iterable[Seat]) -> tuple[str, ...]:
        """The signals for some seats."""
        return tuple(
            dict.fromkeys(
                signal.format(position=seat.position, station=seat.station)
                for signal in self.signals or ()
                for seat in seats
            )
        )


def _state(
    yes: str, no: str, *signals: str, several: tuple[str, str] | None = None, **more: Any
) -> Quantity:
    """A state whose signals are true where it holds; ``several`` says both of more than one."""

    def fact(value: float, noun: str) -> str:
        words = several if several and _be(noun) == "are" else (yes, no)
        return words[0 if value else 1].format(noun=noun, be=_be(noun))

    return Quantity(
        Kind.STATE,
        signals or None,
        fact,
        more.pop("unknown", None) or f"whether {yes}",
        **more,
    )


def _number(pattern: str, unknown: str, *signals: str, **more: Any) -> Quantity:
    """A number of which ``pattern`` tells the amount; ``more`` has ``amount``."""
    amount: Callable[[float], str] = more["amount"]
    return Quantity(
        Kind.NUMBER,
        signals,
        lambda value, noun: pattern.format(noun=noun, be=_be(noun), amount=amount(value)),
        unknown,
        **more,
    )


def _be(noun: str) -> str:
    return "are" if noun.endswith(("windows", "doors")) else "is"


def _of(noun: str, plural: str = "") -> _Noun:
    def say(seats: _Seats, speaker: Seat | None) -> str:
        if plural and len(seats) > 2:
            return f"the {'' if len(seats) == len(ALL_SEATS) else 'other '}{plural}"
        return of_seats(noun, seats, speaker, plural).replace("both ", "the ")

    return say


def _where(seats: _Seats, speaker: Seat | None) -> str:
    groups = {frozenset(ALL_SEATS): "the car", frozenset(FRONT): "the front"}
    groups[frozenset(REAR)] = "the back"
    group = groups.get(frozenset(seats))
    return group or of_seats("seat", seats, speaker, "seats")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _level(value: Any) -> float:
    """The heating level 0 to 3 nearest to a percentage; cooling is no heating."""
    nearest = min(range(len(SEAT_LEVELS)), key=lambda index: abs(SEAT_LEVELS[index] - value))
    return float(nearest)


def _heating(level: float) -> str:
    return seat_level(SEAT_LEVELS[int(level)]) if level in range(4) else f"at level {level:g}"


def _fan(level: float) -> str:
    return fan(round(level * FAN_STEP))


def _speed(value: float) -> str:
    return f"{number(value, 0)} kilometres per hour"


def _open(thing: str, unknown: str, *signals: str, **more: Any) -> Quantity:
    """How far something is open, in percent."""

    def fact(value: float, said: str) -> str:
        said = said or thing
        if value == 0:
            return f"{said} {_be(said)}n't open"
        one = f"one of {said}" if _be(said) == "are" else said
        return f"{one} is {openness(round(value))}"

    return Quantity(
        Kind.NUMBER,
        signals,
        fact,
        unknown,
        unit="%",
        compared=f"{more.pop('compared', thing)} {{is}}",
        amount=percent,
        **more,
    )


_LIGHTS = "Vehicle.Body.Lights"
_HVAC = "Vehicle.Cabin.HVAC"
_BATTERY = "Vehicle.Powertrain.TractionBattery"
_DOOR = "Vehicle.Cabin.Door.{position}"

QUANTITIES: Final[Mapping[str, Quantity]] = {
    # States.
    "raining": _state("it's raining", "it isn't raining", "Vehicle.Body.Raindetection.Intensity"),
    "moving": _state(
        "the car is moving",
        "the car isn't moving",
        "Vehicle.Speed",
        read=lambda speed: abs(speed) >= MOVING_FROM,
    ),
    "locked": _state(
        "{noun} {be} locked",
        "{noun} {be}n't locked",
        f"{_DOOR}.IsLocked",
        several=("{noun} are locked", "not all of {noun} are locked"),
        unknown="whether {noun} {be} locked",
        default=Area.ALL,
        joined=min,
        noun=_of("door", "doors"),
    ),
    "occupied": _state(
        "somebody is sitting in {noun}",
        "nobody is sitting in {noun}",
        "Vehicle.Cabin.Seat.{position}.OccupancyStatus",
        unknown="whether somebody is sitting in {noun}",
        default=Area.ALL,
        read=lambda status: status == "OCCUPIED",
        noun=_where,
    ),
    "door_open": _state(
        "{noun} {be} open",
        "{noun} {be}n't open",
        f"{_DOOR}.IsOpen",
        several=("one of {noun} is open", "{noun} aren't open"),
        unknown="whether {noun} {be} open",
        default=Area.ALL,
        noun=_of("door", "doors"),
    ),
    "trunk_open": _state(
        "the trunk is open", "the trunk isn't open", "Vehicle.Body.Trunk.Rear.IsOpen"
    ),
    "air_conditioning": _state(
        "the air conditioning is on",
        "the air conditioning is off",
        f"{_HVAC}.IsAirConditioningActive",
    ),
    "recirculation": _state(
        "air recirculation is on", "air recirculation is off", f"{_HVAC}.IsRecirculationActive"
    ),
    "charging": _state(
        "the car is charging", "the car isn't charging", f"{_BATTERY}.Charging.IsCharging"
    ),
    "muted": _state(
        "the sound is off",
        "the sound is on",
        "Vehicle.Cabin.Infotainment.Media.Volume",
        read=lambda volume: volume == 0,
    ),
    "low_beam": _state("the low beam is on", "the low beam is off", f"{_LIGHTS}.Beam.Low.IsOn"),
    "high_beam": _state("the high beam is on", "the high beam is off", f"{_LIGHTS}.Beam.High.IsOn"),
    "fog_lights": _state("the fog lights are on", "the fog lights are off", *FOG),
    "hazards": _state(
        "the hazard lights are on", "the hazard lights are off", f"{_LIGHTS}.Hazard.IsSignaling"
    ),
    "navigating": _state("a route is active", "no route is active"),
    # Numbers.
    "battery": _number(
        "the battery is at {amount}",
        "how full the battery is",
        f"{_BATTERY}.StateOfCharge.Current",
        unit="%",
        compared="the battery is {is}",
        amount=percent,
    ),
    "range": _number(
        "the range is {amount}",
        "how far the car can drive",
        f"{_BATTERY}.Range",
        unit="km",
        read=lambda metres: metres / 1000,
        compared="the range is {is}",
        amount=lambda kilometres: distance(kilometres * 1000),
    ),
    "speed": _number(
        "the car is going {amount}",
        "how fast the car is going",
        "Vehicle.Speed",
        unit="km/h",
        read=abs,
        compared="the speed is {is}",
        amount=_speed,
    ),
    "outside": _number(
        "it's {amount} outside",
        "how warm it is outside",
        "Vehicle.Exterior.AirTemperature",
        unit="°C",
        compared="it's {is} outside",
        amount=degrees,
    ),
    "cabin": _number(
        "it's {amount} in here",
        "how warm it is in here",
        f"{_HVAC}.AmbientAirTemperature",
        unit="°C",
        compared="it's {is} in here",
        amount=degrees,
    ),
    "temperature": _number(
        "{noun} is set to {amount}",
        "what {noun} is set to",
        "{station}.Temperature",
        unit="°C",
        default=Area.MINE,
        joined=_mean,
        noun=_of("temperature"),
        amount=degrees,
    ),
    "fan": _number(
        "{noun} is {amount}",
        "how fast the fan runs",
        "{station}.FanSpeed",
        unit="level",
        default=Area.ALL,
        read=lambda speed: speed / FAN_STEP,
        noun=lambda seats, speaker: (
            "the fan"
            if frozenset(seats) == frozenset(ALL_SEATS)
            else of_seats("fan", seats, speaker)
        ),
        amount=_fan,
    ),
    "volume": _number(
        "the volume is at {amount}",
        "how loud it is",
        "Vehicle.Cabin.Infotainment.Media.Volume",
        unit="%",
        compared="the volume is {is}",
        amount=percent,
    ),
    "window": _open(
        "the window",
        "whether {noun} {be} open",
        f"{_DOOR}.Window.Position",
        default=Area.MINE,
        noun=_of("window", "windows"),
        compared="{noun} {be}",
    ),
    "sunroof": _open(
        "the sunroof",
        "whether the sunroof is open",
        "Vehicle.Cabin.Sunroof.Position",
        compared="the sunroof is",
    ),
    "sunshade": _open(
        "the sunshade",
        "whether the sunshade is open",
        "Vehicle.Cabin.Sunroof.Shade.Position",
        compared="the sunshade is",
    ),
    "seat_heating": _number(
        "{noun} is {amount}",
        "whether {noun} is on",
        "Vehicle.Cabin.Seat.{position}.HeatingCooling",
        unit="level",
        default=Area.MINE,
        read=_level,
        noun=_of("seat heating"),
        amount=_heating,
    ),
    "wheel_heating": _number(
        "the steering wheel heating is {amount}",
        "whether the steering wheel heating is on",
        "Vehicle.Chassis.SteeringWheel.HeatingCooling",
        unit="level",
        read=_level,
        compared="the steering wheel heating is {is}",
        amount=_heating,
    ),
}
"""Everything that a condition can be about, by name."""


# --- written -----------------------------------------------------------------------------


def parse_condition(text: str) -> Condition:
    """The condition that a text writes.

    Raises:
        ValueError: it writes none.
    """
    found = _WRITTEN.fullmatch(text.strip())
    quantity = QUANTITIES.get(found["quantity"]) if found else None
    if found is None or quantity is None:
        raise ValueError(f"{text!r} is no condition")
    operator, value = found["operator"], found["value"]
    if (operator is None) is (quantity.kind is Kind.NUMBER):
        raise ValueError(f"{found['quantity']} is a {quantity.kind.value}")
    if found["area"] is not None and quantity.default is None:
        raise ValueError(f"{found['quantity']} has no area")
    if found["not"] and operator not in (None, "="):
        raise ValueError("a comparison is negated by its operator")
    return Condition(
        found["quantity"],
        Area(found["area"]) if found["area"] else None,
        operator,
        _value(value) if value is not None else None,
        bool(found["not"]),
    )


def _value(text: str) -> float:
    if _NUMBER.fullmatch(text) and text != "-0" and LOWEST <= (value := float(text)) <= HIGHEST:
        return value
    raise ValueError(f"{text!r} is no number that something is compared with")


def write_condition(condition: Condition) -> str:
    """The text that ``parse_condition`` reads."""
    return str(condition)


def negate(condition: Condition) -> Condition:
    """The condition that holds where this one does not; twice negated it is the same again."""
    flipped = _FLIPPED.get(condition.operator or "")
    if flipped is not None:
        return replace(condition, operator=flipped)
    return replace(condition, negated=not condition.negated)


def without_default(condition: Condition) -> Condition:
    """The same condition without an area that it means anyway."""
    same = condition.area == QUANTITIES[condition.quantity].default
    return replace(condition, area=None) if same else condition


def condition_grammar() -> str:
    """A GBNF expression that accepts exactly the written conditions."""
    area = f'(" " ({_either(item.value for item in Area)}))?'

    def named(kind: Kind) -> str:
        has = [name for name, one in QUANTITIES.items() if one.kind is kind and one.default]
        plain = [name for name, one in QUANTITIES.items() if one.kind is kind and not one.default]
        return f"({_either(plain)} | ({_either(has)}) {area})"

    below = '"-" ("40" | ([1-9] | [1-3] [0-9]) ".5"?) | "-0.5"'
    above = '"1000" | ("0" | [1-9] [0-9]? [0-9]?) ".5"?'
    numbers = named(Kind.NUMBER)
    compared = f'{numbers} (" < " | " <= " | " > " | " >= ") | "not "? {numbers} " = "'
    return f'("not "? {named(Kind.STATE)} | ({compared}) ({below} | {above}))'


def _either(words: Iterable[str]) -> str:
    return " | ".join(f'"{word}"' for word in words)


# --- looked up ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """What the vehicle says to a condition.

    Attributes:
        holds: None where the vehicle does not tell.
        fact: what is so, or that it cannot be told; a clause without capital and full stop.
    """

    holds: bool | None
    fact: str


@dataclass(frozen=True, slots=True)
class Settled(Condition):
    """A condition that was looked up already; the finding is not asked for again."""

    finding: Finding = Finding(None, "")

    @classmethod
    def of(cls, condition: Condition, finding: Finding) -> Settled:
        """The condition with what was found."""
        return cls(
            condition.quantity,
            condition.area,
            condition.operator,
            condition.value,
            condition.negated,
            finding,
        )

    @property
    def open(self) -> Condition:
        """The condition without what was found."""
        return Condition(self.quantity, self.area, self.operator, self.value, self.negated)


async def look_up(
    condition: Condition,
    speaker: Seat,
    get: Callable[[str], Value],
    resources: Resources,
) -> Finding:
    """Whether a condition holds at this moment.

    Args:
        condition: of a known quantity.
        speaker: whose "my" is meant.
        get: reads a signal; raises ``BusError`` where there is no trusted value.
        resources: of the session, for what is no signal.
    """
    quantity = QUANTITIES[condition.quantity]
    try:
        seats = _seats(condition, quantity, speaker, get)
        if quantity.signals is None:
            route = await resources.get(ActiveRoute)
            value: float | None = float(route.trip is not None)
        else:
            value = _joined(quantity, quantity.paths(seats), get)
    except BusError:
        seats, value = _named_seats(condition, quantity, speaker), None
    noun = quantity.noun(seats, speaker) if seats else ""
    if value is None:
        unknown = quantity.unknown.format(noun=noun, be=_be(noun))
        return Finding(None, f"I can't tell {unknown}")
    if condition.operator is None:
        holds = bool(value) is not condition.negated
    else:
        compare = OPERATORS[condition.operator]
        holds = compare(value, condition.value or 0.0) is not condition.negated
    return Finding(holds, quantity.fact(value, noun))


def _seats(
    condition: Condition, quantity: Quantity, speaker: Seat, get: Callable[[str], Value]
) -> _Seats:
    """The seats that are looked at; all where it makes no difference."""
    if condition.area is not Area.OCCUPIED:
        return _named_seats(condition, quantity, speaker)
    occupied = QUANTITIES["occupied"]
    return tuple(seat for seat in ALL_SEATS if _joined(occupied, occupied.paths((seat,)), get))


def _named_seats(condition: Condition, quantity: Quantity, speaker: Seat) -> _Seats:
    area = condition.area or quantity.default or Area.ALL
    return ALL_SEATS if area is Area.OCCUPIED else area.seats(speaker)


def _joined(quantity: Quantity, paths: Iterable[str], get: Callable[[str], Value]) -> float | None:
    """One value of several signals; those that this car lacks count for nothing.

    Raises:
        BusError: one that it has cannot be trusted now.
    """
    values: list[float] = []
    for path in paths:
        try:
            value = get(path)
        except SignalAbsent:
            continue
        try:
            values.append(float(quantity.read(value)))
        except (TypeError, ValueError):
            return None
    return quantity.joined(values) if values else None


# --- said --------------------------------------------------------------------------------


def say_condition(condition: Condition, speaker: Seat | None = None) -> str:
    """A condition as a clause: ``it isn't raining``, ``the battery is below 20 percent``."""
    quantity = QUANTITIES[condition.quantity]
    seats = _named_seats(condition, quantity, speaker or Seat.DRIVER)
    noun = quantity.noun(seats, speaker or Seat.DRIVER)
    if condition.operator is None or condition.value is None:
        return quantity.fact(0.0 if condition.negated else 1.0, noun)
    amount = quantity.amount(condition.value)
    before = _COMPARED[condition.operator]
    compared = before + amount.removeprefix("at ") if before else amount
    if amount == "off":
        compared = {">": "on", "=": "off", "<=": "off"}.get(condition.operator, compared)
    if condition.quantity in ("window", "sunroof", "sunshade"):
        compared = _opened(condition.operator, condition.value, compared)
    if condition.negated:
        compared = f"not {compared}"
    return quantity.compared.format(noun=noun, be=_be(noun), **{"is": compared})


def _opened(operator: str, value: float, compared: str) -> str:
    match operator, value:
        case (">", 0):
            return "open"
        case ("=" | "<=", 0):
            return "closed"
        case ("<", 100):
            return "not fully open"
        case _:
            return f"{compared} open"


# --- spoken to us ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConditionSentence:
    """A way to say a condition.

    Attributes:
        when: as it is written; ``{slot}`` stands for what a slot of the sentence gives.
        say: behind "if"; ``[x]`` may be left out, ``(a|b)`` are alternatives.
    """

    when: str
    say: str


def condition_sentences() -> tuple[ConditionSentence, ...]:
    """All wordings of conditions.yaml, for the fast path and for training."""
    return tuple(
        ConditionSentence(str(entry["when"]), str(say))
        for entry in _source()["conditions"]
        for say in entry["say"]
    )


def condition_slots() -> Mapping[str, Mapping[str, Any]]:
    """The slots of those sentences: values with their spoken forms, or ``numbers``."""
    slots: Mapping[str, Mapping[str, Any]] = _source()["slots"]
    return slots


@cache
def _source() -> Mapping[str, Any]:
    text = files("cockpit.agent").joinpath("conditions.yaml").read_text(encoding="utf-8")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    source: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 -- both are safe
    return source
