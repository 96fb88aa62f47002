"""What skills keep for a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Self

import pytest

from cockpit.agent.resources import SessionResources
from skills.api import Environment
from tests.fakes.vehicle import FakeClock
from vehicle_bus.errors import CockpitError

ENVIRONMENT = Environment(Path("unused"), None, FakeClock())


class Store:
    """A store that notes when it is opened and closed."""

    log: ClassVar[list[str]]

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        cls.log.append("opened")
        await asyncio.sleep(0)
        # A task group must end in the task that began it.
        async with asyncio.TaskGroup():
            yield cls()
        cls.log.append("closed")


class Broken:
    """A store that cannot be opened the first time."""

    tries: ClassVar[int]

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        cls.tries += 1
        if cls.tries == 1:
            raise CockpitError("The disk is full.")
        yield cls()


class Stubborn:
    """A store that fails to close."""

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        yield cls()
        raise CockpitError("It could not be saved.")


async def test_resource_is_opened_once_and_closed_at_the_end() -> None:
    Store.log = []
    async with SessionResources.open(ENVIRONMENT) as resources:
        one, other = await asyncio.gather(resources.get(Store), resources.get(Store))
        assert one is other is await asyncio.create_task(resources.get(Store))
        assert Store.log == ["opened"]
    assert Store.log == ["opened", "closed"]


async def test_resource_that_nobody_needs_is_not_opened() -> None:
    Store.log = []
    async with SessionResources.open(ENVIRONMENT):
        pass
    assert Store.log == []


async def test_resource_that_failed_to_open_is_tried_again() -> None:
    Broken.tries = 0
    async with SessionResources.open(ENVIRONMENT) as resources:
        with pytest.raises(CockpitError, match="disk is full"):
            await resources.get(Broken)
        assert isinstance(await resources.get(Broken), Broken)


async def test_resource_that_fails_to_close_is_told_after_all_are_closed() -> None:
    Store.log = []
    with pytest.raises(ExceptionGroup, match="did not close"):
        async with SessionResources.open(ENVIRONMENT) as resources:
            await resources.get(Stubborn)
            await resources.get(Store)
    assert Store.log == ["opened", "closed"]
