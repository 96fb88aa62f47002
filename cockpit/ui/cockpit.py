"""The one object through which the dashboard does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cockpit.agent.plan import Utterance
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

if TYPE_CHECKING:  # heavy; what is drawn first must not wait for it
    from collections.abc import Callable
    from pathlib import Path

    from cockpit.live.conversation import LiveConversation
    from cockpit.session import Session
    from cockpit.ui.muting import Mutable
    from vehicle_bus.catalogue import Catalogue, Value
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
    def fault_forms(self) -> tuple[FaultForm, ...]:
        """Kinds of faults."""
        ...

    @property
    def movable(self) -> tuple[str, ...]:
        """Signals that take time to get to a target, and can get stuck on their way."""
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

    async def change(self, values: Mapping[str, Value]) -> None:
        """Make values true at once: weather, speed, charge, what any sensor measures.

        Raises:
            CockpitError: a value does not fit its signal, or the car lacks it; nothing changed.
        """
        ...

    @property
    def time_scale(self) -> float:
        """Vehicle seconds in one second on the wall."""
        ...

    def run_at(self, time_scale: float) -> None:
        """Let the vehicle's time pass at another pace."""
        ...

    @property
    def driving(self) -> bool:
        """Somebody drives along the route, whenever there is one."""
        ...

    async def drive(self) -> None:
        """A driver takes over and follows the route, where there is one."""
        ...

    async def park(self) -> None:
        """The driver stops at once and gets out."""
        ...

    async def rehearse(
        self, session: Session, path: Path, tell: Callable[[ScenarioNews], None]
    ) -> None:
        """Run the scenarios of a file or a folder in this car; everything is as before afterwards.

        Args:
            session: the dashboard's; its events tell of each turn.
            path: of the file or folder.
            tell: called as each scenario begins and ends.

        Raises:
            CockpitError: the file cannot be read, or the car cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class FaultForm:
    """How one kind of fault is written: ``kind[:target][=seconds]``.

    Attributes:
        kind: e.g. ``jam``.
        target: ``ECU``, ``PATH`` (of a signal) or empty.
        seconds: of a delay, by default; None where it takes none.
        about: one sentence on what it does.
    """

    kind: str
    target: str
    seconds: float | None
    about: str


@dataclass(frozen=True, slots=True)
class ScenarioNews:
    """A scenario began or ended.

    Attributes:
        id: of the scenario.
        number: 1 for the first of the run.
        total: how many there are.
        result: None where it begins.
    """

    id: str
    number: int
    total: int
    result: ScenarioEnd | None = None


@dataclass(frozen=True, slots=True)
class ScenarioEnd:
    """How a scenario went: one sentence for each thing that was wrong, who planned, how long."""

    failures: tuple[str, ...]
    planner: str
    milliseconds: float


type Start = Callable[[Catalogue], Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class OpenVehicle:
    """How to reach the vehicle.

    Attributes:
        world: where that is simulated here.
        start: gives the values that the default vehicle starts with, by path; scenarios are told
            from there.
    """

    bus: BusSettings
    world: World | None = None
    start: Start = field(default=lambda _: {})


@dataclass
class Cockpit:
    """What is open while the dashboard runs.

    Attributes:
        session: vehicle, agent, events.
        live: the spoken conversation; None where requests are typed only.
        world: the simulator; None with a real vehicle.
        microphone: can be switched off; None without one.
        start: see ``OpenVehicle``.
    """

    session: Session
    live: LiveConversation | None = None
    world: World | None = None
    start: Start = field(default=lambda _: {}, repr=False)
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
