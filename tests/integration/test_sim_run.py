"""``cockpit sim run`` as a process."""

from __future__ import annotations

import asyncio
import signal
import sys

from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
RUN = "from cockpit.cli.sim import app; app()"


async def test_sim_run_serves_a_vehicle_until_interrupted() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN, "run", "--time-scale", "100", "--fault", f"missing:{WINDOW}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    address = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
    host, port = address.removeprefix("mqtt://").split(":")
    async with VehicleBus(BusSettings(host=host, port=int(port))) as bus:
        await bus.ready()
        await bus.set("Vehicle.Body.Lights.Beam.Low.IsOn", True)
        process.send_signal(signal.SIGINT)
        output, errors = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 0, errors.decode()
    assert output == b""
    assert b"Traceback" not in errors
