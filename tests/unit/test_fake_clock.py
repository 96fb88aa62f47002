"""The virtual clock of the tests, since much is believed of it."""

from __future__ import annotations

import asyncio
import time

from tests.fakes.clock import virtual_time


@virtual_time
async def test_virtual_time_passes_while_everybody_sleeps() -> None:
    loop = asyncio.get_running_loop()
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, loop.time()))

    await asyncio.gather(sleep("late", 3600), sleep("early", 0.001))
    assert woken == [("early", 0.001), ("late", 3600.0)]


@virtual_time
async def test_virtual_time_lets_a_timeout_run_out() -> None:
    try:
        async with asyncio.timeout(500):
            await asyncio.Event().wait()
    except TimeoutError:
        assert asyncio.get_running_loop().time() == 500
    else:
        raise AssertionError("nothing set the event")


@virtual_time
async def test_virtual_time_waits_for_a_thread() -> None:
    async with asyncio.timeout(1):  # a timer that would be leapt to
        await asyncio.to_thread(time.sleep, 0.05)
    assert asyncio.get_running_loop().time() < 1


@virtual_time
async def test_virtual_time_takes_arguments_of_fixtures(tmp_path: object) -> None:
    assert tmp_path is not None
