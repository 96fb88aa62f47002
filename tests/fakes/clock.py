"""An event loop on which time passes only while everybody sleeps, and then at once.

``asyncio.sleep(3600)`` takes no time and ``loop.time()`` is an hour later, so that what is paced,
times out or waits is tested to the microsecond and quickly.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any


class _LeapingSelector(selectors.DefaultSelector):
    """Where the loop would wait for its next timer, it moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.working = 0  # jobs in threads; time stands still until they are done

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self.working:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Begins at 0 seconds. Jobs of ``asyncio.to_thread`` take no time; sockets and processes
    do not hold the clock up, so tests of those want a real loop.
    """

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._leaping.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """As usual; the clock waits for the job."""
        self._leaping.working += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _: asyncio.Future[Any]) -> None:
        self._leaping.working -= 1


def virtual_time[**P, T](
    test: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, T]:
    """Decorate an async test: it runs on a loop of its own with virtual time.

    Fixtures are handed over as usual; async fixtures live on another loop and do not fit.
    """

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run
