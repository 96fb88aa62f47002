"""The room in memory: echo, pace, who is heard, what was played."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from cockpit.audio.queue import CAPACITY
from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.evaluation.room import BUFFER, Echo, Room, audible
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.segments import FRAME
from tests.fakes.clock import virtual_time


def tone(seconds: float, amplitude: float = 0.5) -> Audio:
    return Audio(np.full(round(seconds * RATE), amplitude, np.float32))


def click(at: int, amplitude: float = 0.8) -> Audio:
    samples = np.zeros(at + 1, np.float32)
    samples[at] = amplitude
    return Audio(samples)


async def hear(room: Room, frames: int) -> list[SoundFrame]:
    """The next frames, and then the room is silent for good."""
    heard = []
    async for frame in room.frames():
        heard.append(frame)
        if len(heard) == frames:
            room.end()
    return heard


def joined(heard: list[SoundFrame], channel: int = 0) -> np.ndarray:
    return np.concatenate([frame.samples[channel] for frame in heard])


@virtual_time
async def test_room_echo_is_exact_in_delay_and_gain() -> None:
    room = Room(2, echo=Echo(gain=-10.0, delay=0.15))
    await room.play(click(100))
    heard = await hear(room, 8)
    for channel in (0, 1):
        samples = joined(heard, channel)
        (at,) = np.flatnonzero(samples)
        assert at == 100 + round(0.15 * RATE)
        assert samples[at] == pytest.approx(0.8 * 10 ** (-10 / 20), rel=1e-6)


@virtual_time
async def test_room_without_echo_does_not_hear_itself() -> None:
    room = Room()
    await room.play(tone(0.05))
    assert not joined(await hear(room, 8)).any()


@virtual_time
async def test_room_keeps_the_pace_of_sound() -> None:
    loop = asyncio.get_running_loop()
    heard = await hear(Room(pace=1.0), 100)
    assert loop.time() == pytest.approx(100 * FRAME_SECONDS)
    assert [frame.at for frame in heard] == pytest.approx(
        [(index + 1) * FRAME_SECONDS for index in range(100)]
    )
    began = loop.time()
    await hear(Room(pace=4.0), 100)
    assert loop.time() - began == pytest.approx(25 * FRAME_SECONDS)


@virtual_time
async def test_room_without_pace_takes_no_time() -> None:
    loop = asyncio.get_running_loop()
    heard = await hear(Room(pace=0), 1000)
    assert loop.time() == 0
    assert heard[-1].at == pytest.approx(1000 * FRAME_SECONDS)


@virtual_time
async def test_room_time_stands_still_while_busy() -> None:
    room = Room(pace=0)
    loop = asyncio.get_running_loop()
    room.busy = lambda: room.now >= 0.3 and loop.time() < 5
    task = asyncio.create_task(hear(room, 100))
    await asyncio.sleep(4)
    assert room.now == pytest.approx(10 * FRAME_SECONDS)
    await task
    assert loop.time() == pytest.approx(5, abs=0.01)


@virtual_time
async def test_room_loses_the_oldest_frames_where_nobody_takes_them() -> None:
    room = Room()
    frames = room.frames()
    assert (await anext(frames)).lost == 0
    await asyncio.sleep(10)  # nobody takes frames
    late = await anext(frames)
    waiting = round(10 / FRAME_SECONDS)
    assert late.lost == pytest.approx(waiting - CAPACITY, abs=1)
    assert late.at == pytest.approx((2 + late.lost) * FRAME_SECONDS)
    assert (await anext(frames)).lost == 0
    assert room.lost == late.lost
    room.end()
    await frames.aclose()


@virtual_time
async def test_room_says_when_the_first_and_last_audible_frames_end() -> None:
    room = Room()
    quiet = tone(0.5, 0.5 * 10 ** (-41 / 20))
    begin, end = room.say(Audio.join([quiet, tone(20 * FRAME_SECONDS), quiet]), after=1.0)
    # 0.5 s are 15.6 frames: the 16th is the first that is loud, the 36th the last.
    assert begin == pytest.approx(1.0 + 16 * FRAME_SECONDS)
    assert end == pytest.approx(1.0 + 36 * FRAME_SECONDS)


@virtual_time
async def test_room_hears_people_in_their_channels_over_noise() -> None:
    noise = Audio(np.arange(1000, dtype=np.float32) / 1e6)
    room = Room(2, noise=noise)
    room.say(tone(FRAME / RATE, 0.25), channel=1, after=FRAME_SECONDS)
    room.say(tone(FRAME / RATE, 0.5), channel=1, after=FRAME_SECONDS)
    heard = await hear(room, 4)
    wrapped = np.resize(noise.samples, 4 * FRAME)
    assert joined(heard, 0) == pytest.approx(wrapped)
    speech = joined(heard, 1) - wrapped
    assert speech[FRAME : 2 * FRAME] == pytest.approx(0.75, abs=1e-6)
    assert not np.abs(speech[:FRAME]).max() > 1e-6
    assert not np.abs(speech[2 * FRAME :]).max() > 1e-6


@virtual_time
async def test_room_stop_is_silence_from_the_next_frame_on() -> None:
    room = Room()
    played: list[Audio] = []
    room.monitor(played.append)
    listening = asyncio.create_task(hear(room, 40))
    await room.play(tone(1.0))
    await room.until(0.5)
    before = len(played)
    assert all(audible(sound) for sound in played)
    assert room.played == pytest.approx(before * FRAME_SECONDS)
    room.stop()
    assert room.quiet
    assert room.played == pytest.approx(before * FRAME_SECONDS)
    await listening
    assert not any(audible(sound) for sound in played[before:])
    assert len(played) == 40  # silence is told, too


@virtual_time
async def test_room_play_waits_while_enough_is_to_be_heard() -> None:
    room = Room()
    listening = asyncio.create_task(hear(room, 100))
    await room.play(tone(1.0))
    await room.play(tone(1.0))
    assert room.now == pytest.approx(1.0 - BUFFER, abs=FRAME_SECONDS)
    await room.drain()
    assert room.played == pytest.approx(2.0)
    assert room.now == pytest.approx(2.0, abs=FRAME_SECONDS)
    room.end()
    await listening


@virtual_time
async def test_room_that_ended_keeps_nobody_waiting() -> None:
    room = Room()
    await room.play(tone(5.0))
    room.end()
    async with asyncio.timeout(1):
        await room.play(tone(1.0))
        await room.drain()
        await room.until(100)
    assert [frame async for frame in room.frames()] == []
