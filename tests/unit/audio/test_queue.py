"""Under overload the oldest frames go, and are counted."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from cockpit.audio.queue import FrameQueue
from cockpit.audio.streams import FRAME_SECONDS, Channels, SoundFrame
from cockpit.speech.errors import SpeechError
from cockpit.speech.segments import FRAME


def frame(number: int) -> Channels:
    return np.full((1, FRAME), number, np.float32)


async def taken(queue: FrameQueue) -> SoundFrame:
    got = await queue.get()
    assert got is not None
    return got


async def test_queue_gives_frames_in_order_with_their_time() -> None:
    queue = FrameQueue()
    for number in range(3):
        queue.put(frame(number))
    for number in range(3):
        got = await taken(queue)
        assert got.samples[0, 0] == number
        assert got.at == pytest.approx((number + 1) * FRAME_SECONDS)
        assert got.lost == 0


async def test_queue_that_nobody_empties_drops_the_oldest_and_counts() -> None:
    queue = FrameQueue(capacity=4)
    for number in range(10):
        queue.put(frame(number))
    assert queue.dropped == 6
    first = await taken(queue)
    assert first.samples[0, 0] == 6
    assert first.lost == 6
    assert first.at == pytest.approx(7 * FRAME_SECONDS)
    assert (await taken(queue)).lost == 0


async def test_queue_counts_every_loss_once() -> None:
    queue = FrameQueue(capacity=2)
    lost = 0
    for number in range(100):
        queue.put(frame(number))
        if number % 7 == 0:
            lost += (await taken(queue)).lost
    while queue.dropped > lost:
        lost += (await taken(queue)).lost
    assert lost == queue.dropped > 50


async def test_queue_counts_what_was_never_captured() -> None:
    queue = FrameQueue()
    queue.put(frame(0))
    queue.skip(5)
    queue.put(frame(1))
    assert (await taken(queue)).lost == 0
    after = await taken(queue)
    assert after.lost == 5
    assert after.at == pytest.approx(7 * FRAME_SECONDS)


async def test_queue_wakes_who_waits_from_another_thread() -> None:
    queue = FrameQueue()
    waiting = asyncio.create_task(taken(queue))
    await asyncio.sleep(0)
    thread = threading.Thread(target=queue.put, args=(frame(7),))
    thread.start()
    assert (await waiting).samples[0, 0] == 7
    thread.join()


async def test_queue_ends_after_the_last_frame() -> None:
    queue = FrameQueue()
    queue.put(frame(0))
    queue.end()
    assert await queue.get() is not None
    assert await queue.get() is None


async def test_queue_raises_its_error_after_the_last_frame() -> None:
    queue = FrameQueue()
    queue.put(frame(0))
    queue.end(SpeechError("The pipe broke."))
    assert await queue.get() is not None
    with pytest.raises(SpeechError, match="pipe broke"):
        await queue.get()


def test_queue_takes_frames_after_its_loop_has_ended() -> None:
    async def make() -> FrameQueue:
        return FrameQueue()

    queue = asyncio.run(make())
    queue.put(frame(0))  # as a device's last callback may
    queue.end()
