"""User names, passwords and certificates, and how their faults are said."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from cockpit.evaluation.mosquitto import find_mosquitto
from tests.fakes.brokers import Mosquitto
from tests.integration.conftest import NO_MOSQUITTO
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import VehicleBus
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusUnreachable
from vehicle_bus.owner import Decision, SignalOwner, Target

VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"


def with_user(settings: BusSettings, password: str | None) -> BusSettings:
    secret = SecretStr(password) if password else None
    return settings.model_copy(
        update={"username": "cockpit" if password else None, "password": secret}
    )


async def assert_works(settings: BusSettings) -> None:
    async def obey(target: Target) -> Decision:
        return Decision.done()

    async with (
        SignalOwner(settings, "media", [VOLUME], on_target=obey, values={VOLUME: 30}) as owner,
        VehicleBus(settings) as bus,
    ):
        await owner.ready()
        await bus.ready()
        await bus.set(VOLUME, 55)
        assert bus.get(VOLUME) == 55


async def why_not(settings: BusSettings) -> str:
    """The sentence of a connection that must fail, and must fail at once."""
    async with VehicleBus(settings) as bus:
        with pytest.raises(BusUnreachable) as error:
            async with asyncio.timeout(3):
                await bus.ready(10)
    return error.value.spoken


@dataclass
class Tls:
    broker: Mosquitto
    settings: BusSettings
    folder: Path


@pytest.fixture
async def tls(tmp_path: Path) -> AsyncIterator[Tls]:
    """A mosquitto with a certificate for 127.0.0.1 by a CA of the test."""
    if find_mosquitto() is None:
        pytest.skip(NO_MOSQUITTO)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    lines = [f"certfile {tmp_path / 'cert.pem'}", f"keyfile {tmp_path / 'key.pem'}"]
    async with Mosquitto(tmp_path, lines=lines) as broker:
        changes = {"tls": True, "tls_ca": tmp_path / "ca.pem"}
        yield Tls(broker, broker.settings.model_copy(update=changes), tmp_path)


async def test_embedded_broker_with_users_lets_only_them_in() -> None:
    async with EmbeddedBroker(users={"cockpit": "right"}) as broker:
        await assert_works(broker.settings)
        for password in ("wrong", None):
            spoken = await why_not(with_user(broker.settings, password))
            assert "does not accept the user name or password" in spoken


@pytest.mark.mosquitto
async def test_mosquitto_password_right_and_wrong(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    if find_mosquitto() is None or tool is None:
        pytest.skip(NO_MOSQUITTO)
    users = tmp_path / "users"
    making = await asyncio.create_subprocess_exec(tool, "-b", "-c", users, "cockpit", "right")
    assert await making.wait() == 0
    lines = [f"password_file {users}"]
    async with Mosquitto(tmp_path, lines=lines, anonymous=False) as broker:
        await assert_works(with_user(broker.settings, "right"))
        for password in ("wrong", None):
            spoken = await why_not(with_user(broker.settings, password))
            assert "does not accept the user name or password" in spoken
            assert "bus.password" in spoken


@pytest.mark.mosquitto
async def test_tls_works_with_its_ca(tls: Tls) -> None:
    await assert_works(tls.settings)


@pytest.mark.mosquitto
async def test_tls_untrusted_certificate_is_said(tls: Tls) -> None:
    other = tls.settings.model_copy(update={"tls_ca": tls.folder / "other.pem"})
    assert "is not trusted" in await why_not(other)
    assert "is not trusted" in await why_not(tls.settings.model_copy(update={"tls_ca": None}))


@pytest.mark.mosquitto
async def test_tls_other_host_name_only_when_insecure(tls: Tls) -> None:
    renamed = tls.settings.model_copy(update={"host": "localhost"})
    assert "not trusted" in await why_not(renamed)
    await assert_works(renamed.model_copy(update={"tls_insecure": True}))


@pytest.mark.mosquitto
async def test_tls_ca_file_missing_or_wrong_is_said(tls: Tls) -> None:
    missing = tls.settings.model_copy(update={"tls_ca": tls.folder / "nowhere.pem"})
    assert "cannot be read (No such file or directory)" in await why_not(missing)
    (tls.folder / "text.pem").write_text("no certificate")
    wrong = tls.settings.model_copy(update={"tls_ca": tls.folder / "text.pem"})
    assert "is not a certificate" in await why_not(wrong)


@pytest.mark.mosquitto
async def test_plain_at_a_tls_port_is_said(tls: Tls) -> None:
    async with VehicleBus(tls.broker.settings) as bus:
        with pytest.raises(BusUnreachable, match=r"it hung up.*bus\.tls"):
            await bus.ready(0.5)


async def test_tls_at_a_port_that_hangs_up_is_said() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        settings = BusSettings(host="127.0.0.1", port=port, tls=True)
        async with VehicleBus(settings) as bus:
            with pytest.raises(BusUnreachable, match=r"bus\.tls"):
                await bus.ready(0.5)
