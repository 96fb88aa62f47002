"""Says the same thing seldom: what goes wrong with every message must not flood the log."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

PERIOD = 60.0
"""Seconds between two lines about the same thing."""
KNOWN = 256
"""Things that are remembered; the one longest unheard of is forgotten."""


class Seldom:
    """Warns about each thing at most once a period, and says how often it was silent.

    Args:
        period: seconds.
        monotonic: seconds that only grow.
    """

    def __init__(
        self, period: float = PERIOD, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._period = period
        self._monotonic = monotonic
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def warn(self, log: logging.Logger, about: str, text: str) -> None:
        """Log a warning, unless one about the same thing was logged a moment ago."""
        now = self._monotonic()
        since, silent = self._said.pop(about, (float("-inf"), 0))
        if now - since < self._period:
            self._said[about] = (since, silent + 1)
            return
        log.warning("%s%s", text, f" ({silent} more like it before)" if silent else "")
        self._said[about] = (now, 0)
        if len(self._said) > KNOWN:
            self._said.popitem(last=False)
