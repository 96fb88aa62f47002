"""A simulated world on paper: it notes what it is asked for, and nothing moves by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from cockpit.session import Session
from cockpit.ui.cockpit import FaultForm, ScenarioEnd, ScenarioNews
from sim.ecus import ECUS
from sim.faults import FORMS
from sim.start import start_state
from vehicle_bus.catalogue import Catalogue, Value

WINDOWS = tuple(
    f"Vehicle.Cabin.Door.{place}.Window.Position"
    for place in ("Row1.DriverSide", "Row1.PassengerSide", "Row2.DriverSide", "Row2.PassengerSide")
)


class PaperWorld:
    """``cockpit.ui.cockpit.World`` with the default vehicle's start state.

    Attributes:
        faults: active ones.
        ends: how each scenario of any file goes, by its id.
    """

    ecus = tuple(ECUS)
    movable = ("Vehicle.Body.Trunk.Rear.IsOpen", *WINDOWS)
    fault_forms = tuple(
        FaultForm(kind.value, form.target.value, form.seconds, form.about)
        for kind, form in FORMS.items()
    )

    def __init__(self) -> None:
        self.values: dict[str, Value] = start_state(Catalogue.default())
        self.faults: tuple[str, ...] = ()
        self.time_scale = 1.0
        self.driving = False
        self.ends: dict[str, ScenarioEnd] = {}

    def truth(self) -> Mapping[str, Value]:
        return self.values

    async def inject(self, fault: str) -> None:
        self.faults = (*self.faults, fault)

    async def heal(self, fault: str | None = None) -> None:
        self.faults = tuple(one for one in self.faults if fault not in (None, one))

    async def change(self, values: Mapping[str, Value]) -> None:
        self.values |= values

    def run_at(self, time_scale: float) -> None:
        self.time_scale = time_scale

    async def drive(self) -> None:
        self.driving = True

    async def park(self) -> None:
        self.driving = False

    async def rehearse(
        self, session: Session, path: Path, tell: Callable[[ScenarioNews], None]
    ) -> None:
        for number, (name, end) in enumerate(self.ends.items(), 1):
            tell(ScenarioNews(name, number, len(self.ends)))
            await asyncio.sleep(0)
            tell(ScenarioNews(name, number, len(self.ends), end))
