"""The ears on a thread of their own, made anew where they break or hang."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cockpit.audio.streams import SoundFrame
from cockpit.events import EngineChanged, EventStream
from cockpit.live.ears import Ears, Heard
from cockpit.speech.audio import Audio

log = logging.getLogger(__name__)

EARS: Final = "ears"
"""Their name in ``EngineChanged`` events."""
TIMEOUT: Final = 5.0
"""Seconds for some frames after which the ears count as hung; 1 ms a frame is usual."""


class Listener:
    """Keeps a pair of ears.

    Args:
        grow: makes them, on their thread.
        events: told where they broke, and that there are new ones.
    """

    def __init__(self, grow: Callable[[], Ears], events: EventStream) -> None:
        self._grow = grow
        self._events = events
        self._ears: Ears | None = None
        self._thread = _thread()

    async def open(self) -> None:
        """Grow the ears.

        Raises:
            SpeechError: a library is missing.
        """
        self._ears = await self._run(self._grow)

    def far(self, sound: Audio) -> None:
        """What goes to the loudspeaker now; from any thread."""
        if self._ears is not None:
            self._ears.far(sound)

    async def hear(self, frames: Sequence[SoundFrame], *, attentive: bool) -> Sequence[Heard]:
        """What the ears make of some frames; nothing where they broke, and are new now.

        Args:
            attentive: voices are looked for, too, not only wake words.

        Raises:
            SpeechError: the new ones could not be grown.
        """
        assert self._ears is not None
        ears = self._ears
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._run(
                    lambda: [ears.feed(frame, attentive=attentive) for frame in frames]
                )
        except Exception as error:  # whatever breaks in a library, hearing goes on
            log.warning("the ears failed", exc_info=True)
            state = "hung" if isinstance(error, TimeoutError) else "crashed"
            self._events.publish(EngineChanged(EARS, state, {"why": str(error)}))
            self.close()
            self._thread = _thread()
            await self.open()
            self._events.publish(EngineChanged(EARS, "started", {}))
            return ()

    def close(self) -> None:
        """End the thread; one that hangs is left alone."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="ears")
