"""The dashboard in a browser: textual-serve starts one for each page that is open."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

HOST: Final = "localhost"
_OURS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_WITH_VALUE: Final = "--port"
_PAGES: Final = Path(__file__).parent / "pages"


def serve(arguments: Sequence[str], port: int) -> None:
    """Serve until interrupted.

    Args:
        arguments: the command line (``sys.argv``) that asked for it.
        port: where to listen, on this machine only.

    Raises:
        OSError: the port is taken.
    """
    DashboardServer(command_of(arguments), port).serve()


class DashboardServer(Server):
    """Serves a page that comes from this machine alone, and to pages of this machine alone.

    A page of somebody else's, open in the same browser, could else talk to the car: browsers let
    any page open a WebSocket to localhost, and say in ``Origin`` which one it was.

    Args:
        command: the command line of one page's dashboard.
        port: where to listen.
    """

    def __init__(self, command: str, port: int) -> None:
        super().__init__(command, host=HOST, port=port, title="Cockpit", templates_path=_PAGES)

    async def on_startup(self, app: web.Application) -> None:
        """Say where it is."""
        self.console.print(
            f"The dashboard is at {self.public_url}; every page that opens it has a car of its "
            "own, unless a broker is configured. Ctrl-C ends it.",
            highlight=False,
        )

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A page opens its dashboard.

        Raises:
            HTTPForbidden: it is somebody else's page.
        """
        if not is_ours(request.headers.get("Origin"), request.host):
            raise web.HTTPForbidden(text="Only the dashboard's own page may open it.")
        return await super().handle_websocket(request)


def is_ours(origin: str | None, host: str) -> bool:
    """Whether a WebSocket is wanted by the page that was served here, or by a program.

    Args:
        origin: the header; browsers always send it, programs need not.
        host: the header, with the port.
    """
    if urlsplit(f"//{host}").hostname not in _OURS:
        return False
    return origin is None or urlsplit(origin).netloc == host


def command_of(arguments: Sequence[str]) -> str:
    """The command line of one page's dashboard: the same without ``--web`` and ``--port``."""
    kept: list[str] = []
    skip = False
    for argument in arguments[1:]:
        if skip:
            skip = False
        elif argument == _WITH_VALUE:
            skip = True
        elif argument != "--web" and not argument.startswith(f"{_WITH_VALUE}="):
            kept.append(argument)
    return shlex.join([sys.executable, arguments[0], *kept])
