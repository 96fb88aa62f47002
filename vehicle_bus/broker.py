"""An MQTT broker inside the process, for a desk without one (amqtt)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusUnreachable

if TYPE_CHECKING:
    from vehicle_bus.amqtt_parts import FixedBroker

STOP_TIMEOUT = 5.0


class EmbeddedBroker:
    """An amqtt broker on this event loop; an async context manager.

    asyncio sets TCP_NODELAY on every connection that it accepts.

    Args:
        settings: what to take over into ``settings`` (vehicle, ttl, overlay).
        host: interface to listen on.
        port: 0 chooses a free one.
        users: passwords by user name; without it anybody may connect.
    """

    def __init__(
        self,
        settings: BusSettings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self._base = settings or BusSettings()
        self._host = host
        self._port = port
        self._users = dict(users) if users is not None else None
        self._broker: FixedBroker | None = None

    @property
    def settings(self) -> BusSettings:
        """How to connect: the given settings with host, port and, with users, the first one's."""
        changes: dict[str, object] = {
            "host": self._host,
            "port": self._port,
            "tls": False,
            "username": None,
            "password": None,
        }
        if self._users:
            user, password = next(iter(self._users.items()))
            changes |= {"username": user, "password": SecretStr(password)}
        return self._base.model_copy(update=changes)

    async def __aenter__(self) -> Self:
        """Start listening.

        Raises:
            BusUnreachable: the address is taken or not allowed.
        """
        # Slow to import, and not needed where a broker is configured.
        from amqtt.errors import BrokerError

        from vehicle_bus.amqtt_parts import FixedBroker

        for name in ("amqtt", "transitions"):
            # They log every connection that is cut as an error; nobody can do anything about it.
            if logging.getLogger(name).level == logging.NOTSET:
                logging.getLogger(name).setLevel(logging.CRITICAL)
        self._broker = FixedBroker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{self._host}:{self._port}"}},
                "plugins": {
                    "vehicle_bus.amqtt_parts.Users": (
                        {} if self._users is None else {"users": self._users}
                    )
                },
            }
        )
        try:
            await self._broker.start()
        except BrokerError as error:
            raise BusUnreachable(
                f"The broker cannot listen on {self._host}:{self._port}; is another one running "
                "there?"
            ) from error
        self._port = self._broker.port
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and cut all connections."""
        broker, self._broker = self._broker, None
        assert broker is not None
        async with asyncio.timeout(STOP_TIMEOUT):
            await broker.shutdown()

    async def restart(self, seconds: float) -> None:
        """Go away for some seconds, and come back empty on the same port.

        Raises:
            BusUnreachable: somebody else has taken the port.
        """
        await self.__aexit__(None, None, None)
        try:
            await asyncio.sleep(seconds)
        finally:
            await self.__aenter__()
