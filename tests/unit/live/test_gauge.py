"""What is told of the microphone's sound."""

from __future__ import annotations

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.events import EngineChanged, Event, EventStream, LevelMeasured
from cockpit.live.gauge import Gauge
from cockpit.speech.segments import FRAME
from vehicle_bus.seats import Seat

ZONES = (Seat.DRIVER, Seat.PASSENGER)


def frames(seconds: float, left: float, right: float, lost: int = 0) -> list[SoundFrame]:
    """Square waves of these amplitudes."""
    wave = np.tile(np.array([1, -1], np.float32), FRAME // 2)
    sound = np.stack([left * wave, right * wave]).astype(np.float32)
    count = round(seconds / FRAME_SECONDS)
    return [SoundFrame(sound, (i + 1) * FRAME_SECONDS, lost if i == 0 else 0) for i in range(count)]


async def told(*sound: list[SoundFrame]) -> list[Event]:
    events = EventStream()
    async with events.watch() as queue:
        gauge = Gauge(ZONES, events)
        for part in sound:
            for frame in part:
                gauge.feed(frame)
        return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_gauge_tells_levels_ten_times_a_second() -> None:
    levels = await told(frames(1.0, 0.1, 0.01))
    assert all(isinstance(event, LevelMeasured) for event in levels)
    assert len(levels) == 10
    last = levels[-1]
    assert isinstance(last, LevelMeasured)
    assert round(last.levels[Seat.DRIVER] - last.levels[Seat.PASSENGER]) == 20


async def test_gauge_warns_once_of_clipping_and_of_a_dead_channel() -> None:
    events = await told(frames(8.0, 1.0, 0.0), frames(0.2, 0.1, 0.1))
    troubles = [(e.state, e.detail["why"]) for e in events if isinstance(e, EngineChanged)]
    assert [state for state, _ in troubles] == ["clipping", "dead", "alive"]
    assert troubles[0][1].startswith("driver: too loud")
    assert troubles[1][1].startswith("passenger: no sound")


async def test_gauge_counts_what_was_lost() -> None:
    events = await told(frames(0.1, 0.1, 0.1, lost=4), frames(0.1, 0.1, 0.1, lost=3))
    lost = [e.detail["why"] for e in events if isinstance(e, EngineChanged)]
    assert lost == [f"{n} frames of sound dropped so far" for n in (4, 7)]
