"""Entry point of the ``cockpit`` command.

Kept apart from the commands: importing those takes up to two seconds, and Ctrl-C in that time
must end the program, not show where Python was.
"""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130


def _leave(*_: object) -> None:
    # Nothing was started yet, so there is nothing to end.
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command line and end with its exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from cockpit.cli.app import run

    raise SystemExit(run())
