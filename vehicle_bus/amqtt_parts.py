"""What the embedded broker changes in amqtt; loaded only where it runs."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class FixedBroker(Broker):  # type: ignore[misc]  # amqtt carries no types
    """amqtt's broker without two faults of amqtt 0.12.

    It sends every client that connects the retained messages of everybody's subscriptions, not
    only of its own. And where a client leaves while its connection is being closed, or has not
    said CONNECT yet, the socket stays open: it leaks, and ``shutdown`` waits for it for ever.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._servers["default"].instance.sockets[0].getsockname()[1])

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Serve one connection to its end."""
        self._writers.add(writer)
        try:
            await super().stream_connected(reader, writer, listener_name)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def shutdown(self) -> None:
        """Stop listening, end the sessions, cut what is left."""
        for server in self._servers.values():
            server.instance.close()
        await super().shutdown()

    async def _shutdown_broadcast_loop(self) -> None:
        # The last step before amqtt waits for all connections to be closed.
        await super()._shutdown_broadcast_loop()
        for writer in self._writers:
            writer.transport.abort()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], ())
        if any(subscriber is session for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class Users(BaseAuthPlugin):  # type: ignore[misc]
    """Lets everybody in, or those with a user name and password of the list."""

    @dataclass
    class Config:
        """Options in the broker's configuration."""

        users: dict[str, str] | None = None

    async def authenticate(self, *, session: Session) -> bool:
        """True where the session may go on."""
        users: dict[str, str] | None = self._get_config_option("users", None)
        if users is None:
            return True
        expected = users.get(session.username or "")
        given = (session.password or "").encode()
        return expected is not None and hmac.compare_digest(expected.encode(), given)
