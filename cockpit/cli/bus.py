"""``cockpit bus``: a broker to connect to, and a look at what runs over it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cockpit.cli.exits import run_async, until_interrupted
from cockpit.settings import Settings
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.client import Message, VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import PayloadInvalid
from vehicle_bus.topics import TopicKind, Topics

app = typer.Typer(help="The vehicle bus: broker and monitor.", no_args_is_help=True)

_WINDOW = 10.0
"""Seconds over which a rate is counted."""
_REFRESH = 0.25
_PATIENCE = 3.0
"""Seconds that the broker has to answer."""


@app.command()
def broker(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 1883,
    host: Annotated[str, typer.Option(help="Interface to listen on.")] = "127.0.0.1",
) -> None:
    """Run the embedded broker until Ctrl-C; prints its address.

    With bus.username and bus.password set, only that user may connect.
    """
    run_async(_broker(_settings(context), host, port))


async def _broker(settings: BusSettings, host: str, port: int) -> None:
    users = None
    if settings.username and settings.password:
        users = {settings.username: settings.password.get_secret_value()}
    async with (
        until_interrupted() as interrupted,
        EmbeddedBroker(settings, host=host, port=port, users=users) as running,
    ):
        typer.echo(f"mqtt://{running.settings.host}:{running.settings.port}")
        sys.stdout.flush()
        await interrupted.wait()


@app.command()
def monitor(
    context: typer.Context,
    filter: Annotated[
        str | None,
        typer.Option(metavar="GLOB", help="Part of a topic or VSS path, or a glob of one."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the values of now and end.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many messages.")] = None,
) -> None:
    """Show the traffic of the bus: a live table, or a line a message where it is not a terminal.

    A line is time, topic and payload, separated by tabs; `--once` leaves the time out.
    """
    settings = context.find_object(Settings) or Settings()
    run_async(_monitor(settings, filter, once=once, count=count))


async def _monitor(
    settings: Settings, wanted: str | None, *, once: bool, count: int | None
) -> None:
    from cockpit.cli.vehicle import open_vehicle  # brings the simulator, which is slow to import

    async with (
        until_interrupted() as interrupted,
        open_vehicle(settings) as bus_settings,
        VehicleBus(bus_settings, source="monitor") as bus,
        bus.traffic() as traffic,
    ):
        view = View(Topics(bus_settings.vin), bus.catalogue, wanted)
        if once:
            await bus.ready(_PATIENCE)
            traffic.close()
            async for message in traffic:
                view.take(message)
            for line in view.values():
                typer.echo(line)
            return
        await bus.ready(_PATIENCE)
        reading: asyncio.Task[Any] = asyncio.create_task(
            _follow(traffic, view, count), name="monitor"
        )
        stopping: asyncio.Task[Any] = asyncio.create_task(interrupted.wait(), name="interrupt")
        try:
            if sys.stdout.isatty():
                await _show(view, bus, {reading, stopping})
            else:
                await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            reading.cancel()
        if reading.done() and not reading.cancelled():
            reading.result()


async def _follow(traffic: AsyncIterator[Message], view: View, count: int | None) -> None:
    """Feed the view; where stdout is no terminal, print each message."""
    seen = 0
    lines = not sys.stdout.isatty()
    async for message in traffic:
        if not view.take(message):
            continue
        if lines:
            sys.stdout.write(f"{_clock()}\t{message.topic}\t{_text(message.payload)}\n")
            sys.stdout.flush()
        seen += 1
        if seen == count:
            return


async def _show(view: View, bus: VehicleBus, ends: Set[asyncio.Task[Any]]) -> None:
    # It also ends when the monitor's task failed, so that the fault is seen.
    console = Console()
    with Live(view.table(console, bus), console=console, screen=True, auto_refresh=False) as live:
        while not any(task.done() for task in ends):
            live.update(view.table(console, bus), refresh=True)
            await asyncio.wait(ends, timeout=_REFRESH, return_when=asyncio.FIRST_COMPLETED)


@dataclass(slots=True)
class Row:
    """One topic: its last payload and when its messages came."""

    name: str
    kind: str
    payload: bytes
    times: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def rate(self, now: float) -> float:
        """Messages a second in the last window."""
        return sum(1 for moment in self.times if now - moment <= _WINDOW) / _WINDOW


class View:
    """What the monitor knows of the topics that it shows.

    Args:
        topics: of the vehicle.
        catalogue: for the units.
        wanted: glob, or part, of topic or path; None shows all.
    """

    def __init__(self, topics: Topics, catalogue: Catalogue, wanted: str | None) -> None:
        self.rows: dict[str, Row] = {}
        self._topics = topics
        self._catalogue = catalogue
        self._wanted = wanted

    def take(self, message: Message) -> bool:
        """Note a message; False where it is not to be shown."""
        try:
            parsed = self._topics.parse(message.topic)
            name, kind = parsed.name, parsed.kind.value
        except PayloadInvalid:
            name, kind = message.topic, "unknown"
        if not self._shows(message.topic, name):
            return False
        row = self.rows.setdefault(message.topic, Row(name, kind, message.payload))
        row.payload = message.payload
        row.times.append(message.received)
        return True

    def values(self) -> list[str]:
        """Retained state as lines of topic and payload, sorted."""
        return [
            f"{topic}\t{_text(row.payload)}"
            for topic, row in sorted(self.rows.items())
            if row.payload and row.kind not in (TopicKind.TARGET, TopicKind.ACK)
        ]

    def table(self, console: Console, bus: VehicleBus) -> Group:
        """The table, cut to the height of the terminal: what moved last is kept."""
        now = time.monotonic()
        room = max(1, console.height - 5)
        latest = sorted(self.rows.values(), key=lambda row: row.times[-1], reverse=True)[:room]
        table = Table(expand=True, box=None, pad_edge=False)
        table.add_column("signal", ratio=5, no_wrap=True)
        table.add_column("", width=8)
        table.add_column("value", ratio=3, no_wrap=True)
        table.add_column("age", justify="right", width=8)
        table.add_column("per s", justify="right", width=6)
        for row in sorted(latest, key=lambda row: (row.name, row.kind)):
            age = now - row.times[-1]
            table.add_row(
                escape(row.name),
                row.kind,
                escape(self._short(row)),
                f"{age:.1f} s" if age < 100 else f"{age / 60:.0f} min",
                f"{row.rate(now):.1f}",
                style="bold" if age < 1 else None,
            )
        online = [owner.name for owner in bus.owners.values() if owner.online]
        state = f"units: {', '.join(sorted(online)) or 'none'}" if bus.connected else "connecting"
        hidden = len(self.rows) - len(latest)
        more = f"  {hidden} older topics not shown" if hidden else ""
        return Group(table, Text(f"{state}{more}", style="dim"))

    def _short(self, row: Row) -> str:
        """What matters of a payload, with the unit."""
        text = _text(row.payload)
        if row.kind not in (TopicKind.VALUE, TopicKind.TARGET, TopicKind.ACK):
            return text
        try:
            data = json.loads(text)
            value = json.dumps(data["value"]) if "value" in data else ""
            status = str(data.get("status", ""))
            reason = str(data.get("reason", ""))
        except (ValueError, TypeError, AttributeError):
            return text
        signal = self._catalogue.get(row.name)
        unit = signal.unit if signal is not None and signal.unit else ""
        return " ".join(filter(None, [status, value, unit if value else "", reason]))

    def _shows(self, topic: str, name: str) -> bool:
        if self._wanted is None:
            return True
        glob = self._wanted if set("*?[") & set(self._wanted) else f"*{self._wanted}*"
        return fnmatchcase(topic, glob) or fnmatchcase(name, glob)


def _settings(context: typer.Context) -> BusSettings:
    settings = context.find_object(Settings)
    return settings.bus if settings is not None else BusSettings()


def _text(payload: bytes) -> str:
    """One line, whatever somebody put on the bus."""
    text = payload.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


def _clock() -> str:
    return time.strftime("%H:%M:%S") + f".{time.time() % 1 * 1000:03.0f}"
