"""The one object through which the dashboard does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cockpit.agent.plan import Utterance
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

if TYPE_CHECKING:  # heavy; what is drawn first must not wait for it
    from cockpit.live.conversation import LiveConversation
    from cockpit.session import Session
    from cockpit.ui.muting import Mutable
    from vehicle_bus.catalogue import Value
    from vehicle_bus.config import BusSettings
    from vehicle_bus.records import Ack


class World(Protocol):
    """The simulated world around the car, where there is one: what no ECU is asked for."""

    @property
    def ecus(self) -> tuple[str, ...]:
        """Names of the ECUs that are simulated here."""
        ...

    @property
    def faults(self) -> tuple[str, ...]:
        """Active faults as texts, oldest first (``offline:climate``)."""
        ...

    @property
    def fault_forms(self) -> tuple[tuple[str, str, str], ...]:
        """Kinds of faults: what is written, what it does, an example."""
        ...

    def truth(self) -> Mapping[str, Value]:
        """All true values by path, whatever the bus says."""
        ...

    async def inject(self, fault: str) -> None:
        """Make something go wrong.

        Raises:
            CockpitError: the text means nothing; the sentence names the nearest right one.
        """
        ...

    async def heal(self, fault: str | None = None) -> None:
        """Take a fault away, or all of them.

        Raises:
            CockpitError: the text means nothing, or the broker is away.
        """
        ...

    async def drive(self) -> None:
        """A driver takes over and follows the route, where there is one."""
        ...


@dataclass(frozen=True, slots=True)
class OpenVehicle:
    """How to reach the vehicle, and its world where that is simulated here."""

    bus: BusSettings
    world: World | None = None


@dataclass
class Cockpit:
    """What is open while the dashboard runs.

    Attributes:
        session: vehicle, agent, events.
        live: the spoken conversation; None where requests are typed only.
        world: the simulator; None with a real vehicle.
        typed_because: why there is no spoken conversation; empty where there is one.
        microphone: can be switched off; None without one.
    """

    session: Session
    live: LiveConversation | None = None
    world: World | None = None
    typed_because: str = ""
    microphone: Mutable | None = field(default=None, repr=False)

    async def request(self, text: str, seat: Seat) -> None:
        """A request in writing; what comes of it is told by events.

        Answered aloud too where there is a spoken conversation, which then has its own queue;
        else this waits for the end of the turn.
        """
        if self.live is not None:
            self.live.typed(text, seat)
        else:
            await self.session.agent.turn(Utterance(text, seat))

    def push_to_talk(self, seat: Seat) -> bool:
        """Somebody pressed the button; False where nobody can listen."""
        if self.live is None or self.microphone is None or self.microphone.muted:
            return False
        self.live.push_to_talk(seat)
        return True

    def mute(self, muted: bool) -> bool:
        """Switch the microphone off or on; False where there is none."""
        if self.microphone is None:
            return False
        self.microphone.muted = muted
        return True

    async def set(self, path: str, value: Value) -> Ack:
        """Bring an actuator to a value over the bus, as any person's switch would.

        Raises:
            CockpitError: it did not happen; the sentence says why. See ``VehicleBus.set``.
        """
        return await self.session.bus.set(path, value)

    async def place_names(self) -> tuple[str, ...]:
        """Names of the saved places; none where the skill is missing or its file is damaged."""
        from skills.navigation.saved import SavedPlaces

        try:
            return (await self.session.resources.get(SavedPlaces)).names()
        except CockpitError:
            return ()

    async def item_names(self) -> tuple[str, ...]:
        """What is on the shopping list; nothing where that cannot be read."""
        from skills.shopping.store import ShoppingList

        try:
            items = (await self.session.resources.get(ShoppingList)).items()
        except CockpitError:
            return ()
        return tuple(item.name for item in items)
