"""What a skill function is given: the only way from a skill to the rest of the car."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

from skills.api.arguments import Area
from skills.api.errors import AnswerNeeded
from skills.api.results import Change, Value
from vehicle_bus.seats import ALL_SEATS, Seat


class Vehicle(Protocol):
    """The vehicle bus as a skill sees it: reads are checked, writes pass the policies."""

    def has(self, path: str) -> bool:
        """True where this vehicle has the signal and a trusted value of it."""

    def read(self, path: str) -> Value:
        """The current value.

        Raises:
            SignalAbsent: this vehicle has no such signal.
            SignalStale: its ECU is offline.
            BusUnreachable: the broker is away.
        """

    def number(self, path: str) -> float:
        """``read`` for a numeric signal."""

    async def apply(self, writes: Mapping[str, Value]) -> tuple[Change, ...]:
        """Bring signals to values, all at once, after the policies had their say.

        What is already so is not sent. Policies may add writes (``Change.because``). One
        write's failure does not stop the others; each becomes a Change. Undo is recorded.

        Raises:
            Refused: a policy forbids it; nothing was sent.
            AnswerNeeded: a policy wants a yes first; nothing was sent.
        """

    async def publish(self, subtopic: str, payload: Mapping[str, object] | None) -> None:
        """Publish a retained document below ``vehicle/<vin>/``; None clears it.

        Only ``nav/route`` exists so far (DESIGN §3).
        """


class Clock(Protocol):
    """Time as the car knows it."""

    def now(self) -> datetime:
        """Local time, timezone-aware or naive as configured."""


class Resource(Protocol):
    """Something a skill keeps for the whole session: a store, a map, a catalogue.

    The session opens it on first use, once, and closes it at the end.
    """

    @classmethod
    def open(cls, environment: Environment) -> AbstractAsyncContextManager[Self]:
        """Open it for this environment."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a session's data live.

    Attributes:
        data_dir: writable folder of this user (shopping list, places, ...).
        map_dir: folder of the imported map (``places.sqlite``, Valhalla tiles), or None.
        clock: the session's clock.
    """

    data_dir: Path
    map_dir: Path | None
    clock: Clock


class Resources(Protocol):
    """Opens resources on demand."""

    async def get[R: Resource](self, kind: type[R]) -> R:
        """The session's one ``kind``, opened if it was not."""


type Revert = Callable[[], Awaitable[None]]


class Journal(Protocol):
    """Remembers how to take back what the current call did."""

    def record(self, revert: Revert) -> None:
        """Call ``revert`` if the speaker says "undo". ``Vehicle.apply`` records by itself."""


class Dialogue(Protocol):
    """The conversation so far, for the skill that talks about it (stop, undo, repeat, help)."""

    @property
    def last_reply(self) -> str | None:
        """What was said last, or None."""

    def drop_question(self) -> bool:
        """Forget a pending question; True where there was one."""

    async def undo(self) -> str | None:
        """Take back the last turn that changed something.

        Returns:
            The names of the calls taken back, for the reply, or None where nothing is left.
        """

    def interrupt(self) -> None:
        """Stop speaking and whatever can be stopped."""

    def abilities(self) -> tuple[str, ...]:
        """Titles of the skills that are there."""


@dataclass(frozen=True)
class Context:
    """Given to every skill function as its first argument."""

    seat: Seat
    vehicle: Vehicle
    resources: Resources
    clock: Clock
    journal: Journal
    dialogue: Dialogue
    environment: Environment
    confirmed: frozenset[str] = field(default_factory=frozenset)

    def seats(self, where: Area | None, default: Area = Area.MINE) -> tuple[Seat, ...]:
        """The seats that ``where`` means for this speaker."""
        area = where or default
        if area is Area.OCCUPIED:
            return tuple(seat for seat in ALL_SEATS if self._occupied(seat))
        return area.seats(self.seat)

    def _occupied(self, seat: Seat) -> bool:
        path = f"Vehicle.Cabin.Seat.{seat.position}.OccupancyStatus"
        return self.vehicle.has(path) and self.vehicle.read(path) == "OCCUPIED"

    def require_yes(self, question: str, key: str) -> None:
        """Go on only if the speaker has said yes to this question.

        Raises:
            AnswerNeeded: they have not been asked yet.
        """
        if key not in self.confirmed:
            raise AnswerNeeded(question, key=key)
