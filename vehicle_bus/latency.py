"""How long a command takes from sending to its acknowledgement (DESIGN §11: p50 3 ms)."""

from __future__ import annotations

import time

from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.owner import Decision, SignalOwner, Target

PATH = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"


async def measure_round_trip(settings: BusSettings, n: int = 200) -> list[float]:
    """Milliseconds of ``n`` commands, one after the other, from ``set`` to its return.

    It runs on a vehicle identification of its own, so that nothing else answers.
    """
    settings = settings.model_copy(update={"vin": f"{settings.vin[:32]}-bench"})

    async def obey(target: Target) -> Decision:
        return Decision.done()

    times: list[float] = []
    async with (
        SignalOwner(settings, "bench", [PATH], on_target=obey, values={PATH: 0}) as owner,
        VehicleBus(settings, source="bench") as bus,
    ):
        await owner.ready()
        await bus.ready()
        for index in range(n + 10):
            begin = time.perf_counter()
            await bus.set(PATH, index % 100 + 1)
            if index >= 10:  # the first ones warm up
                times.append((time.perf_counter() - begin) * 1000)
        await owner.clear(PATH)
    return times
