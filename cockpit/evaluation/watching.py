"""Runs scenarios in a car that somebody is looking at, and leaves everything as it was."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from cockpit.evaluation.runner import Evaluation, ScenarioResult, SetClock
from cockpit.evaluation.scenario import Scenario
from cockpit.session import Session, open_beside
from sim.vehicle import ROUTE, SimulatedVehicle
from vehicle_bus.errors import CockpitError

SLOWEST: Final = 60.0
"""Vehicle seconds in which everything that can be commanded has come to rest."""
LOOK: Final = 0.6
"""Seconds that an end can be looked at before the next scenario begins."""
TOO_QUICK: Final = 50.0
"""Pace from which nobody can follow anyway."""


async def rehearse(
    session: Session,
    car: SimulatedVehicle,
    scenarios: Sequence[Scenario],
    began: Callable[[Scenario], None],
    finished: Callable[[ScenarioResult], None],
) -> None:
    """Run scenarios one after another, at the pace of the car's clock.

    They are said in a conversation of their own, with lists, places and time of its own; its
    turns are told by the session's events. Afterwards the car is as it was before, with its
    faults and its route; so it is when this is cancelled.

    Args:
        session: of whoever looks.
        car: the simulated car of that session.
        scenarios: what to run.
        began: told before each.
        finished: told after each.

    Raises:
        CockpitError: the vehicle cannot be reached, or does not settle.
    """
    clock = SetClock()
    with tempfile.TemporaryDirectory(prefix="cockpit-rehearsal-") as folder:
        async with (
            _kept(session, car),
            open_beside(session, Path(folder), clock) as beside,
        ):
            for scenario in scenarios:
                began(scenario)
                patience = 10.0 + SLOWEST / car.clock.scale
                evaluation = Evaluation(car, beside, clock, patience)
                finished(await evaluation.run(scenario))
                if car.clock.scale < TOO_QUICK:
                    await asyncio.sleep(LOOK)


@asynccontextmanager
async def _kept(session: Session, car: SimulatedVehicle) -> AsyncIterator[None]:
    """The car as it is now, again at the end."""
    world = car.world
    values, absent, driving, held = world.snapshot(), world.absent, world.driving, world.held
    faults = car.faults.active
    route = session.bus.document(ROUTE)
    world.driving = False
    try:
        yield
    finally:
        with suppress(CockpitError):  # whoever looks has ended everything
            await car.reset(values, absent, hold=held)
            for fault in faults:
                await car.inject(str(fault))
            if route is not None:
                await session.bus.publish_document(ROUTE, route)
            world.driving = driving
