"""What a person at the keyboard asked the vehicle for, and what became of it; without textual."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vehicle_bus.errors import CockpitError

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Value
    from vehicle_bus.records import Ack

SHOWN: Final = 4.0
"""Seconds for which it is shown that something is done."""
REFUSED_SHOWN: Final = 20.0
"""The same for why something is not done."""
MOVING_AT_MOST: Final = 30.0
"""Seconds after which what was accepted is no longer waited for."""

type Send = Callable[[str, Value], Awaitable[Ack]]


class Stage(StrEnum):
    """How far an order is."""

    SENT = "sent"  # no answer yet
    MOVING = "moving"  # accepted, and on its way
    DONE = "done"
    REFUSED = "refused"


@dataclass(slots=True)
class Order:
    """A value that was asked for.

    Attributes:
        wanted: the value that is asked for now.
        asked: the value that the vehicle was sent last.
        at: when it came to this stage, on the clock.
        why: the reason where it was refused.
    """

    wanted: Value
    asked: Value
    at: float
    stage: Stage = Stage.SENT
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether the value is still to come."""
        return self.stage in (Stage.SENT, Stage.MOVING)


class Hand:
    """Sends orders, one of each signal at a time, the latest wish last.

    Args:
        send: brings an actuator to a value; raises CockpitError.
        clock: seconds that only grow.
        changed: told whenever an order came to another stage.

    Attributes:
        orders: by path, the latest of each.
    """

    def __init__(self, send: Send, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._send = send
        self._clock = clock
        self._changed = changed
        self.orders: dict[str, Order] = {}

    def wanted(self, path: str, value: Value | None) -> Value | None:
        """Where a signal is going: what was asked for, else the given value."""
        order = self.orders.get(path)
        return order.wanted if order is not None and order.open else value

    async def set(self, path: str, value: Value) -> None:
        """Ask for a value, and wait for the vehicle's answer.

        While an answer is awaited, only the latest wish is kept, and sent after it.
        """
        before = self.orders.get(path)
        if before is not None and before.stage is Stage.SENT:
            before.wanted = value
            self._changed()
            return
        order = self.orders[path] = Order(value, value, self._clock())
        self._changed()
        while True:
            order.asked = order.wanted
            try:
                ack = await self._send(path, order.asked)
            except CockpitError as error:
                self._become(order, Stage.REFUSED, error.spoken)
            else:
                self._become(order, Stage.MOVING if ack.status == "accepted" else Stage.DONE)
            if order.wanted == order.asked:
                return
            self._become(order, Stage.SENT)

    def fail(self, path: str, why: str) -> None:
        """Something that was on its way came to nothing after all."""
        order = self.orders.get(path)
        if order is not None and order.stage is Stage.MOVING:
            self._become(order, Stage.REFUSED, why)

    def look(self, values: Mapping[str, Value]) -> bool:
        """Notice what has arrived, and forget what is long over; True where that changed."""
        now, changed = self._clock(), False
        for path, order in tuple(self.orders.items()):
            if order.stage is Stage.MOVING and _same(values.get(path), order.asked):
                order.stage, order.at, changed = Stage.DONE, now, True
            elif order.stage is not Stage.SENT and now - order.at > _SHOWN[order.stage]:
                del self.orders[path]
                changed = True
        return changed

    def _become(self, order: Order, stage: Stage, why: str = "") -> None:
        order.stage, order.why, order.at = stage, why, self._clock()
        self._changed()


_SHOWN: Final = {
    Stage.MOVING: MOVING_AT_MOST,
    Stage.DONE: SHOWN,
    Stage.REFUSED: REFUSED_SHOWN,
}


def _same(one: Value | None, other: Value) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 0.05
    return one == other
