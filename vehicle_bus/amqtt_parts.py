"""What the embedded broker changes in amqtt; loaded only where it runs."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class FixedBroker(Broker):  # type: ignore[misc]  # amqtt carries no types
    """amqtt's broker with one fault less.

    amqtt 0.12 sends every client that connects the retained messages of everybody's
    subscriptions, not only of its own.
    """

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
