"""What the microphone's sound is worth: levels, clipping, a dead channel, frames lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cockpit.audio.meter import LevelMeter, Trouble
from cockpit.audio.streams import SoundFrame
from cockpit.events import EngineChanged, EventStream, LevelMeasured
from vehicle_bus.seats import Seat

MICROPHONE: Final = "microphone"
"""Its name in ``EngineChanged`` events."""

_EVERY = 3  # frames between two level events
_FULL = -0.05  # dBFS
_ADVICE = {
    Trouble.CLIPPING: "too loud, so words are lost; turn the microphone down",
    Trouble.DEAD: "no sound at all; is it muted, or unplugged?",
    Trouble.ALIVE: "sound again",
}


class Gauge:
    """Tells about the sound of a source, frame by frame.

    Args:
        zones: the seat of each channel.
        events: told of levels about ten times a second, and of trouble once an episode.

    Attributes:
        dropped: frames lost so far, because they were not taken in time.
    """

    def __init__(self, zones: Sequence[Seat], events: EventStream) -> None:
        self.dropped = 0
        self._zones = zones
        self._events = events
        self._meter = LevelMeter(len(zones))
        self._frames = 0

    def feed(self, frame: SoundFrame) -> None:
        """Take the next frame."""
        for notice in self._meter.feed(frame):
            why = f"{self._zones[notice.channel].value}: {_ADVICE[notice.trouble]}"
            self._tell(notice.trouble.value, why)
        if frame.lost:
            self.dropped += frame.lost
            self._tell("overloaded", f"{self.dropped} frames of sound dropped so far")
        self._frames += 1
        if self._frames % _EVERY == 0:
            levels = self._meter.levels
            self._events.publish(
                LevelMeasured(
                    {zone: level.peak for zone, level in zip(self._zones, levels, strict=True)},
                    any(level.peak >= _FULL for level in levels),
                )
            )

    def _tell(self, state: str, why: str) -> None:
        self._events.publish(EngineChanged(MICROPHONE, state, {"why": why}))
