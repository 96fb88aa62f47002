"""``cockpit sim``: the simulated vehicle on a bus."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from cockpit.cli.exits import run_async, until_interrupted
from cockpit.settings import Settings
from sim.ecus import ECUS
from sim.faults import FORMS
from sim.vehicle import RestartBroker, SimulatedVehicle
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.config import BusSettings

app = typer.Typer(help="The simulated vehicle.", no_args_is_help=True)


@app.command()
def run(
    context: typer.Context,
    time_scale: Annotated[
        float | None,
        typer.Option(min=0.01, max=1000, help="How much faster than real time."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A fault from the start; `cockpit sim faults` lists them. Repeatable."),
    ] = None,
    ecu: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this ECU: {', '.join(ECUS)}. Repeatable."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Broker, in place of bus.host.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Its port, in place of bus.port.")
    ] = None,
    drive: Annotated[
        bool, typer.Option("--drive", help="A driver follows the route whenever there is one.")
    ] = False,
) -> None:
    """Simulate a vehicle until Ctrl-C.

    It uses the configured broker; without one it starts the embedded broker and prints its
    address. ECUs can run in processes of their own: give each its --ecu and the same broker.
    """
    settings = context.find_object(Settings) or Settings()
    changes: dict[str, object] = {"host": host} if host is not None else {}
    if port is not None:
        changes["port"] = port
    run_async(
        _run(
            settings.bus.model_copy(update=changes),
            time_scale if time_scale is not None else settings.sim.time_scale,
            (*settings.sim.faults, *(fault or ())),
            ecu,
            drive,
            port,
        )
    )


async def _run(
    bus: BusSettings,
    time_scale: float,
    faults: tuple[str, ...],
    ecus: list[str] | None,
    drive: bool,
    port: int | None,
) -> None:
    async with AsyncExitStack() as stack:
        restart: RestartBroker | None = None
        if bus.host is None:
            broker = EmbeddedBroker(bus, port=port or 0)
            bus = (await stack.enter_async_context(broker)).settings
            restart = broker.restart
        vehicle = await stack.enter_async_context(
            SimulatedVehicle(
                bus,
                time_scale=time_scale,
                faults=faults,
                ecus=ecus,
                driving=drive,
                restart_broker=restart,
            )
        )
        if restart is not None:
            typer.echo(f"mqtt://{bus.host}:{bus.port}")
            sys.stdout.flush()
        typer.echo(f"Simulating {', '.join(vehicle.ecus)}; Ctrl-C ends it.", err=True)
        async with until_interrupted() as ended:
            await ended.wait()


@app.command()
def faults() -> None:
    """List the faults that the simulator knows, and how they are written."""
    for kind, form in FORMS.items():
        target = f":{form.target.value}" if form.target.value else ""
        seconds = "[=SECONDS]" if form.timed else ""
        typer.echo(f"{kind.value + target + seconds:<19} {form.about}")
        typer.echo(f"{'':<19} e.g. {form.example}")
    typer.echo(f"ECU is one of {', '.join(ECUS)}; PATH is a signal of the catalogue.")
