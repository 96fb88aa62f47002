"""``cockpit bus broker`` as a process, ``bus monitor`` at a broker."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from rich.console import Console

from cockpit.cli import bus as cli
from cockpit.cli.exits import Exit
from cockpit.settings import Settings
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.client import Message, VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusUnreachable
from vehicle_bus.owner import SignalOwner
from vehicle_bus.topics import Topics

FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"
SPEED = "Vehicle.Speed"
PREFIX = "vehicle/DEMO0000000000001/vss"
FAN_TOPIC = f"{PREFIX}/{FAN.replace('.', '/')}/value"


@dataclass
class Car:
    settings: Settings
    owner: SignalOwner


@pytest.fixture
async def car() -> AsyncIterator[Car]:
    """An owner of two signals at an embedded broker."""
    async with (
        EmbeddedBroker() as broker,
        SignalOwner(broker.settings, "all", [FAN, SPEED], values={FAN: 40, SPEED: 0.0}) as owner,
    ):
        await owner.ready()
        yield Car(Settings(bus=broker.settings), owner)


async def test_monitor_once_prints_the_retained_values(
    car: Car, capsys: pytest.CaptureFixture[str]
) -> None:
    await cli._monitor(car.settings, None, once=True, count=None)
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [topic for topic, _ in lines] == [
        "vehicle/DEMO0000000000001/ecu/all/state",
        FAN_TOPIC,
        f"{PREFIX}/Vehicle/Speed/value",
    ]
    assert '"value":40' in lines[1][1]


@pytest.mark.parametrize("wanted", ["FanSpeed", "*/HVAC/*/value", "Vehicle.Cabin.*"])
async def test_monitor_filter_and_count(
    car: Car, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    watching = asyncio.create_task(cli._monitor(car.settings, wanted, once=False, count=2))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        speed = 0
        while not watching.done():  # until it has subscribed and seen two
            speed += 1
            await car.owner.publish(SPEED, float(speed))
            await car.owner.publish(FAN, 41 + speed % 2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.split("\t")[1] == FAN_TOPIC for line in lines)


async def test_monitor_without_its_broker_fails_with_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_PATIENCE", 0.3)
    nobody = Settings(bus=BusSettings(host="127.0.0.1", port=1))
    with pytest.raises(BusUnreachable, match="Nothing answers at"):
        await cli._monitor(nobody, None, once=True, count=None)
    assert capsys.readouterr().out == ""


async def test_table_shows_value_age_rate_and_units_and_fits_the_screen() -> None:
    topics = Topics("VIN1")
    view = cli.View(topics, Catalogue.default(), None)
    loop = asyncio.get_running_loop()
    for index, path in enumerate([SPEED, FAN, "Vehicle.TraveledDistance"]):
        data = b'{"value":%d,"ts":"2026-06-01T08:30:00Z"}' % index
        for _ in range(5):
            view.take(Message(topics.value(path), data, False, loop.time() + index))
    view.take(Message(topics.ack(FAN), b"\x1b[31mred", False, loop.time() + 4))
    console = Console(file=io.StringIO(), width=120, height=8)
    console.print(view.table(console, VehicleBus(BusSettings())))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "1 percent" in text
    assert "0.5" in text, "five messages in a window of ten seconds"
    assert "1 older topics not shown" in text
    assert "Vehicle.Speed " not in text
    assert "\x1b" not in text, "what is on the bus must not drive the terminal"
    assert len(text.splitlines()) <= 8


async def test_broker_prints_its_address_and_ends_at_ctrl_c() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from cockpit.cli.bus import app; app()",
        "broker",
        "--port",
        "0",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        address = (await process.stdout.readline()).decode().strip()
        port = int(address.removeprefix("mqtt://127.0.0.1:"))
        async with VehicleBus(BusSettings(host="127.0.0.1", port=port)) as bus:
            await bus.ready()
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert process.returncode == Exit.OK
    assert errors == b""


async def test_broker_on_a_taken_port_fails_with_a_sentence() -> None:
    async with EmbeddedBroker() as first:
        with pytest.raises(BusUnreachable, match="is another one running"):
            await cli._broker(BusSettings(), "127.0.0.1", first.settings.port)
