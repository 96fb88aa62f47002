"""A feed keeps its size, tells what it lost, and ends."""

from __future__ import annotations

import asyncio

from vehicle_bus.feed import Feed


async def test_feed_slow_reader_loses_the_oldest() -> None:
    feed = Feed[int](3)
    for number in range(5):
        feed.put(number)
    feed.close()
    assert [number async for number in feed] == [2, 3, 4]
    assert feed.dropped == 2


async def test_feed_waits_for_the_next_item() -> None:
    feed = Feed[int](3)
    reading = asyncio.create_task(anext(feed))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert not reading.done()
    feed.put(7)
    assert await reading == 7
