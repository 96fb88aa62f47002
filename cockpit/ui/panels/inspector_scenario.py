"""Turns as a scenario that ``cockpit eval`` runs (DESIGN §10); without textual."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cockpit.agent.correction import corrects
from cockpit.agent.plan import Call
from cockpit.ui.state import TurnRecord
from skills.api import Change, Status, VehicleResult

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Signal, Value

_SAME: Final = 0.05
"""Numbers that differ by less are the same, as for the checks of ``cockpit eval``."""
_DRIFT: Final = 0.5
"""The same for what a sensor measures, where nobody asked about it."""
_DRIFTING: Final = ("Celsius", "W", "kW", "s", "percent")
_BACKWARD: Final = ("assistant.undo", "assistant.repeat", "assistant.cancel")
"""Functions that are about what was done or said before."""
_PLACES: Final = ("navigation.",)
_SHOPPING: Final = ("shopping.",)
_SPECIAL: Final = re.compile(r"([.^$*+?{}\[\]\\|()])")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the turns were said in.

    Attributes:
        start: the values with which the default vehicle starts.
        catalogue: signals of the vehicle.
        after: its values once all is done.
        shopping: what is on the list once all is done; None where that is not known.
        faults: of the simulated vehicle.
    """

    start: Mapping[str, Value]
    catalogue: Mapping[str, Signal]
    after: Mapping[str, Value]
    shopping: Sequence[str] | None = None
    faults: Sequence[str] = ()


def beginning(turns: Sequence[TurnRecord], last: int) -> int:
    """Index of the turn with which the scenario of ``turns[last]`` begins.

    Answers, corrections and "that too" mean nothing without the turn before; neither does a
    question about a route without the turn that began it.
    """
    first = last
    while first > 0 and _leans(turns[first], turns[first - 1]):
        first -= 1
    return first


def _leans(turn: TurnRecord, before: TurnRecord) -> bool:
    """Whether a turn means nothing without the one before."""
    if turn.before is not None and turn.before.guided:
        return True
    if before.turn is not None and before.turn.asks:
        return True
    if turn.turn is not None and turn.turn.planner == "dialogue":
        return True
    plan = turn.plan
    if plan is None:
        return False
    if any(call.function in _BACKWARD for call in plan.calls) or corrects(turn.utterance.text):
        return True
    clauses: Sequence[Mapping[str, Any]] = plan.detail.get("clauses") or ({},)
    filled_in = clauses[0].get("how") in ("pronoun", "carried")
    return filled_in or plan.detail.get("how") == "follow-up"


@dataclass
class _Writer:
    turns: Sequence[TurnRecord]
    around: Surroundings
    written: dict[str, Any] = field(default_factory=dict)

    @property
    def _calls(self) -> list[Call]:
        return [entry.call for turn in self.turns for entry in turn.calls]

    def _called(self, prefixes: tuple[str, ...]) -> bool:
        return any(call.function.startswith(prefixes) for call in self._calls)

    def scenario(self) -> dict[str, Any]:
        first = self.turns[0]
        seat = first.utterance.seat
        expected: dict[str, Any] = {}
        allowed: dict[str, None] = {}
        turns = []
        for index, turn in enumerate(self.turns):
            entry: dict[str, Any] = {"user": turn.utterance.text}
            if turn.utterance.seat is not seat:
                entry["seat"] = turn.utterance.seat.value
            self._expect(index, turn, expected, allowed)
            expect: dict[str, Any] = {"signals": dict(expected)}
            if allowed:
                expect["allow"] = list(allowed)
            expect |= self._said(turn)
            if index == len(self.turns) - 1:
                expect |= self._kept()
            entry["expect"] = expect
            turns.append(entry)
        return {
            "id": f"recorded/{_slug(first.utterance.text)}",
            "source": f"recorded on {first.at:%Y-%m-%d}",
            "given": self._given(first),
            "turns": turns,
        }

    # What was so.

    def _given(self, first: TurnRecord) -> dict[str, Any]:
        given: dict[str, Any] = {"seat": first.utterance.seat.value}
        values = first.before.values if first.before is not None else {}
        signals = {
            path: _rounded(path, value)
            for path, value in values.items()
            if path in self.around.start and self._differs(path, self.around.start[path], value)
        }
        if signals:
            given["signals"] = signals
        missing = [path for path in self.around.start if path not in values]
        if self.around.faults:
            given["faults"] = list(self.around.faults)
        elif missing and values:
            given["absent"] = missing
        kept = first.before.kept if first.before is not None else None
        if kept is not None and kept.shopping and self._called(_SHOPPING):
            given["shopping"] = list(kept.shopping)
        if kept is not None and kept.places and self._called(_PLACES):
            given["places"] = {
                name: {"latitude": latitude, "longitude": longitude}
                for name, (latitude, longitude) in kept.places.items()
            }
        given["now"] = first.at.isoformat(timespec="seconds")
        return given

    def _differs(self, path: str, one: Value, other: Value) -> bool:
        signal = self.around.catalogue.get(path)
        asked = any(turn.calls and turn.turn and not turn.turn.signals for turn in self.turns)
        if signal is not None and signal.kind == "sensor" and not asked:
            if signal.datatype == "string":  # what is being played, unless the seats say it
                return bool(signal.allowed) and one != other
            if signal.unit in _DRIFTING:
                return not _same(one, other, _DRIFT)
        if path.endswith(("Latitude", "Longitude")):
            return not _same(one, other, 1e-5)
        return not _same(one, other)

    # What came of it.

    def _expect(
        self, index: int, turn: TurnRecord, expected: dict[str, Any], allowed: dict[str, None]
    ) -> None:
        """Add what a turn changed to what holds after it."""
        if turn.turn is None:
            return
        after = self._after(index)
        changes = {change.path: change for change in _changes(turn)}
        for path, target in turn.turn.signals.items():
            change, now = changes.get(path), after.get(path)
            arriving = change is not None and change.status is Status.MOVING
            failed = any(failure.path == path for failure in turn.failures)
            expected.pop(path, None)
            if failed or not (arriving or now is None or _same(now, target)):
                allowed[path] = None  # a horn is silent again, a jammed window is somewhere
            else:
                allowed.pop(path, None)
                expected[path] = _rounded(path, target)
        # What the car itself changed beside it.
        before = turn.before.values if turn.before is not None else {}
        for path, signal in self.around.catalogue.items():
            if signal.kind != "actuator" or path in expected or path in turn.turn.signals:
                continue
            if path in before and path in after and not _same(before[path], after[path]):
                allowed[path] = None

    def _after(self, index: int) -> Mapping[str, Value]:
        following = self.turns[index + 1] if index + 1 < len(self.turns) else None
        if following is not None and following.before is not None:
            return following.before.values
        return self.around.after

    def _said(self, turn: TurnRecord) -> dict[str, Any]:
        if turn.turn is None:
            return {}
        said: dict[str, Any] = {}
        if turn.turn.reply:
            said["says"] = f"^{_literally(turn.turn.reply)}$"
        said["asks"] = turn.turn.asks
        return said

    def _kept(self) -> dict[str, Any]:
        """What the skills keep after the last turn."""
        found: dict[str, Any] = {}
        if self._called(_SHOPPING) and self.around.shopping is not None:
            found["shopping_after"] = list(self.around.shopping)
        for turn in reversed(self.turns):
            for entry in turn.calls:
                result = entry.outcome.result if entry.outcome is not None else None
                place = getattr(result, "destination", None)
                ok = result is not None and result.status.ok
                if ok and entry.call.function.startswith(_PLACES) and _begins(result):
                    found["destination"] = _literally(str(getattr(place, "name", "")))
                    return found
        return found


def scenario(turns: Sequence[TurnRecord], around: Surroundings) -> dict[str, Any]:
    """The scenario of some turns that followed each other, as ``cockpit eval`` reads it.

    Args:
        turns: at least one; the last one is finished.
    """
    return _Writer(turns, around).scenario()


def as_yaml(found: Mapping[str, Any]) -> str:
    """A scenario file with one scenario."""
    import yaml

    text: str = yaml.safe_dump([found], sort_keys=False, allow_unicode=True, width=100)
    return text


def file_name(found: Mapping[str, Any]) -> str:
    """A name for its file."""
    return f"{str(found['id']).rsplit('/', 1)[-1]}.yaml"


def _begins(result: object) -> bool:
    """Whether a result is that of a route that was started."""
    return hasattr(result, "destination") and hasattr(result, "stops")


def _changes(turn: TurnRecord) -> list[Change]:
    found: list[Change] = []
    for entry in turn.calls:
        result = entry.outcome.result if entry.outcome is not None else None
        if isinstance(result, VehicleResult):
            found += result.changes
    return found


def _same(one: Value | None, other: Value | None, tolerance: float = _SAME) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= tolerance
    return one == other


def _rounded(path: str, value: Value) -> Value:
    if isinstance(value, float):
        return round(value, 6 if path.endswith(("Latitude", "Longitude")) else 3)
    return value


def _literally(text: str) -> str:
    """A regular expression of a text."""
    return _SPECIAL.sub(r"\\\1", text)


def _slug(text: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:40].rstrip("-") or "nothing"
