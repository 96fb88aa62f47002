"""Sound that no device paces keeps the pace of real sound."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.audio.pacing import Pace
from cockpit.audio.streams import FRAME_SECONDS
from tests.fakes.clock import virtual_time


@virtual_time
async def test_pace_ends_each_wait_at_its_moment() -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(7)  # the beginning is when it is made
    pace = Pace()
    for number in range(1, 4):
        await pace.until(number * 0.5)
        assert loop.time() == pytest.approx(7 + number * 0.5)


@virtual_time
async def test_pace_does_not_drift_in_ten_minutes_of_late_waits() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace()
    frames = round(600 / FRAME_SECONDS)
    for number in range(1, frames + 1):
        await pace.until(number * FRAME_SECONDS)
        await asyncio.sleep(0.003)  # somebody works on the frame
    assert loop.time() == pytest.approx(frames * FRAME_SECONDS + 0.003, abs=1e-6)


@virtual_time
async def test_pace_by_a_factor_is_that_much_faster() -> None:
    pace = Pace(4)
    await pace.until(60)
    assert asyncio.get_running_loop().time() == pytest.approx(15)


@virtual_time
async def test_pace_of_zero_does_not_wait_and_lets_others_run() -> None:
    ran: list[int] = []

    async def other() -> None:
        for number in range(5):
            ran.append(number)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    pace = Pace(0)
    for number in range(6):
        await pace.until(number * 1000.0)
    assert asyncio.get_running_loop().time() == 0
    assert ran == [0, 1, 2, 3, 4]
    await task


@virtual_time
async def test_pace_catches_up_after_a_late_wait() -> None:
    pace = Pace()
    await asyncio.sleep(10)
    await pace.until(9)
    assert asyncio.get_running_loop().time() == 10


@virtual_time
async def test_pace_with_slack_does_not_catch_up_what_is_later() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(slack=2)
    await asyncio.sleep(10)
    await pace.until(1)  # nine seconds late: begins anew
    assert loop.time() == 10
    await pace.until(2)
    assert loop.time() == pytest.approx(11)
    await asyncio.sleep(2.5)
    await pace.until(3)  # a second and a half late: hurries
    await pace.until(4)
    assert loop.time() == pytest.approx(13.5)


@virtual_time
async def test_pace_refuses_what_is_no_pace() -> None:
    for factor in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="pace"):
            Pace(factor)
