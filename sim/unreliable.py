"""A connection that misbehaves as the active faults want."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from sim.faults import FaultKind, FaultSet
from vehicle_bus.connection import Connection


class UnreliableConnection(Connection):
    """Delays and doubles what it sends while a fault says so, and can hang up rudely."""

    def __init__(self, faults: FaultSet, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._faults = faults

    def post(self, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Task[None]:
        """As ``Connection.post``; late by the delay fault, twice with the duplicate fault."""
        seconds = self._faults.seconds(FaultKind.DELAY)
        copies = 2 if self._faults.has(FaultKind.DUPLICATE) else 1
        if self._group is None or (not seconds and copies == 1):
            return super().post(topic, payload, retain=retain)
        late = self._post_late(topic, payload, retain, seconds, copies)
        return self._group.create_task(late, name=f"late {topic}")

    async def _post_late(
        self, topic: str, payload: bytes, retain: bool, seconds: float, copies: int
    ) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        await asyncio.gather(
            *(Connection.post(self, topic, payload, retain=retain) for _ in range(copies))
        )

    async def hang_up(self) -> None:
        """Break the connection without a goodbye, so that the broker sends the last will."""
        paho = self._client._client if self._client is not None else None
        line: Any = paho.socket() if paho is not None else None
        if line is None:
            return
        line.shutdown(socket.SHUT_RDWR)
        await self.pulse.wait_until(lambda: not self.ready)
