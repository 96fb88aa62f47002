"""Who may connect to the embedded broker: a plugin of amqtt."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class Users(BaseAuthPlugin):  # type: ignore[misc]  # amqtt carries no types
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
