"""What skills keep for a whole session: opened on first use, once, closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from skills.api import Environment, Resource


class SessionResources:
    """Opens resources on demand; implements ``skills.api.Resources``.

    Each resource is opened and closed by one task of its own, so that its context manager may
    hold task groups and cancel scopes, whichever turn needed it first.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._opened: dict[type[Any], asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[SessionResources]:
        """Resources for one session; all that were opened are closed at the end."""
        resources = cls(environment)
        try:
            yield resources
        finally:
            await resources._close()

    async def get[R: Resource](self, kind: type[R]) -> R:
        """The session's one ``kind``, opened if it was not.

        Raises:
            CockpitError: whatever its ``open`` raises; the next call tries again.
        """
        found = self._opened.get(kind)
        if found is None:
            found = asyncio.get_running_loop().create_future()
            self._opened[kind] = found
            name = f"resource {kind.__name__}"
            task = asyncio.create_task(self._hold(kind, found), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        resource: R = await asyncio.shield(found)
        return resource

    def opened[R: Resource](self, kind: type[R]) -> R | None:
        """The session's one ``kind`` where it is open; None where nobody needed it yet."""
        found = self._opened.get(kind)
        if found is None or not found.done() or found.cancelled() or found.exception() is not None:
            return None
        resource: R = found.result()
        return resource

    async def _hold(self, kind: type[Any], opened: asyncio.Future[Any]) -> None:
        manager = kind.open(self._environment)
        try:
            resource = await manager.__aenter__()
        except Exception as error:  # handed to whoever asked for it
            del self._opened[kind]
            opened.set_exception(error)
            opened.exception()  # they may be gone by now
            return
        try:
            opened.set_result(resource)
            await self._closing.wait()
        finally:
            await manager.__aexit__(None, None, None)

    async def _close(self) -> None:
        self._closing.set()
        tasks = tuple(self._tasks)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        faults = [fault for fault in ended if isinstance(fault, Exception)]
        if faults:
            raise ExceptionGroup("resources did not close", faults)
