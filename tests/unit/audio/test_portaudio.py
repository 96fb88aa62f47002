"""One thread makes every call of PortAudio, and nobody's stream is left behind."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import pytest

from cockpit.audio.errors import DeviceMissing, SoundUnavailable
from cockpit.audio.portaudio import Direction, SoundSystem, SoundThread, Wanted
from tests.fakes.clock import virtual_time
from tests.fakes.portaudio import FakePortAudio

MIC = ("USB Microphone", 2, 0, 48_000)
SPEAKER = ("Door Speakers", 0, 2, 48_000)
WANTED = Wanted(Direction.INPUT, "", 1, (16_000,), 0.032, 0.03)


async def test_sound_thread_runs_work_in_order_in_one_thread() -> None:
    run = SoundThread()
    ran: list[tuple[int, int]] = []

    def work(number: int) -> int:
        ran.append((number, threading.get_ident()))
        return number

    results = await asyncio.gather(*(run(lambda n=number: work(n)) for number in range(20)))
    assert results == [number for number, _ in ran] == list(range(20))
    assert len({thread for _, thread in ran} - {threading.get_ident()}) == 1


async def test_sound_thread_hands_errors_over() -> None:
    def fail() -> None:
        raise DeviceMissing("No microphone was found.")

    run = SoundThread()
    with pytest.raises(DeviceMissing):
        await run(fail)
    assert await run(lambda: 7) == 7


async def test_sound_system_closes_what_opened_after_it_was_given_up() -> None:
    library = FakePortAudio(MIC)
    opening, go_on = threading.Event(), threading.Event()

    def slow(**options: Any) -> Any:
        opening.set()
        go_on.wait()
        return FakePortAudio.RawInputStream(library, **options)

    library.RawInputStream = slow  # type: ignore[method-assign]
    system = SoundSystem(lambda: library)
    task = asyncio.create_task(system.open(WANTED))
    await asyncio.to_thread(opening.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await system.find(Direction.INPUT, "")  # waits its turn
    assert library.stream.closed


async def test_sound_system_without_its_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SoundUnavailable, match="audio extra"):
        await SoundSystem().find(Direction.INPUT, "")


@virtual_time
async def test_sound_system_does_not_restart_where_nothing_is_new() -> None:
    library = FakePortAudio(MIC, SPEAKER)
    system = library.system()
    stream = await system.open(WANTED)
    await system.look_again()
    assert library.starts == 1
    assert not stream.ended
    await system.close(stream)
    await system.look_again()  # nobody is interrupted, so it just looks
    assert library.starts == 2


@virtual_time
async def test_sound_system_restarts_for_a_new_device_and_says_so_to_the_others() -> None:
    library = FakePortAudio(MIC)
    system = library.system()
    stream = await system.open(WANTED)
    library.plugged.append(SPEAKER)
    await system.look_again()
    assert library.starts == 2
    assert stream.interrupted
    assert library.stream.closed
    assert (await system.find(Direction.OUTPUT, "")).name == "Door Speakers"


@virtual_time
async def test_sound_system_that_does_not_start_again_is_tried_again() -> None:
    library = FakePortAudio(MIC)
    system = library.system()
    await system.find(Direction.INPUT, "")
    whole = library._initialize

    def fail() -> None:
        raise library.PortAudioError("Error initializing PortAudio: Host error", -9999)

    library._initialize = fail  # type: ignore[method-assign]
    with pytest.raises(SoundUnavailable, match="does not start"):
        await system.look_again()
    library._initialize = whole  # type: ignore[method-assign]
    await system.look_again()
    assert (await system.find(Direction.INPUT, "")).name == "USB Microphone"


@virtual_time
async def test_sound_system_tells_a_stream_that_failed_from_one_it_interrupted() -> None:
    library = FakePortAudio(MIC)
    system = library.system()
    stream = await system.open(WANTED)
    await system.start(stream, lambda block, status: None)
    library.stream.end()
    await system.look_again()
    assert stream.ended
    assert not stream.interrupted
