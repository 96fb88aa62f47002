"""The dashboard in a browser: textual-serve starts one for each page that is open."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Final

HOST: Final = "localhost"
_WITH_VALUE: Final = "--port"


def serve(arguments: Sequence[str], port: int) -> None:
    """Serve until interrupted; only this machine can open it.

    Args:
        arguments: the command line (``sys.argv``) that asked for it.
        port: where to listen.
    """
    from textual_serve.server import Server

    Server(command_of(arguments), host=HOST, port=port, title="Cockpit").serve()


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
