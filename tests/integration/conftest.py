"""Brokers and models for the integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cockpit.assets.store import AssetStore
from cockpit.evaluation.mosquitto import find_mosquitto
from cockpit.settings import AssetSettings
from tests.fakes.brokers import Embedded, Mosquitto, RestartableBroker

NO_MOSQUITTO = "the mosquitto broker is not installed (Debian: apt-get install mosquitto)"


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """A running mosquitto that anybody may connect to."""
    if find_mosquitto() is None:
        pytest.skip(NO_MOSQUITTO)
    async with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture(params=["amqtt", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[RestartableBroker]:
    """A running broker, once embedded and once mosquitto."""
    running: RestartableBroker
    if request.param == "amqtt":
        running = Embedded()
    elif find_mosquitto() is None:
        pytest.skip(NO_MOSQUITTO)
    else:
        running = Mosquitto(tmp_path)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(scope="module")
def asset() -> Callable[[str], Path]:
    """Path of an asset; skips the test where it was not pulled."""
    store = AssetStore.from_settings(AssetSettings())

    def path(name: str) -> Path:
        if not store.has(name):
            pytest.skip(f"{name} is not in the asset store (cockpit models pull {name})")
        return store.path(name)

    return path
