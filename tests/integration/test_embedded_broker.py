"""The embedded broker starts, and above all stops, whatever its clients do."""

from __future__ import annotations

import asyncio

import pytest

from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusUnreachable
from vehicle_bus.owner import SignalOwner

FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"


async def test_broker_keeps_the_given_settings_and_chooses_a_free_port() -> None:
    given = BusSettings(vin="VIN1", command_ttl=1.5, tls=True)
    async with EmbeddedBroker(given) as first, EmbeddedBroker(given) as second:
        assert first.settings.port != second.settings.port
        assert first.settings.host == "127.0.0.1"
        assert (first.settings.vin, first.settings.command_ttl) == ("VIN1", 1.5)
        assert not first.settings.tls


async def test_broker_stops_under_a_client_that_never_said_connect() -> None:
    async with EmbeddedBroker() as broker:
        settings = broker.settings
        reader, writer = await asyncio.open_connection(settings.host, settings.port)
        await asyncio.sleep(0.05)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_broker_stops_while_clients_leave_in_the_middle_of_traffic() -> None:
    async def listen(settings: BusSettings) -> None:
        async with VehicleBus(settings) as bus, bus.traffic() as traffic:
            await bus.ready()
            await anext(traffic)

    for _ in range(40):
        async with EmbeddedBroker() as broker:
            owner = SignalOwner(broker.settings, "all", [FAN], values={FAN: 1})
            async with owner:
                await owner.ready()
                listening = asyncio.create_task(listen(broker.settings))
                while not listening.done():
                    await owner.publish(FAN, 3)
                    await owner.publish(FAN, 4)
                assert listening.exception() is None


async def test_broker_on_a_taken_port_says_so() -> None:
    async with EmbeddedBroker() as first:
        with pytest.raises(BusUnreachable, match="is another one running"):
            async with EmbeddedBroker(port=first.settings.port):
                pass
