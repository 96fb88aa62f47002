"""Microphone and loudspeaker on a PortAudio of paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
import pytest

from cockpit.audio.devices import PLAYBACK_BLOCK, Loudspeaker, Microphone
from cockpit.audio.errors import DeviceMissing, DeviceRefused
from cockpit.audio.keeping import CHECK, PAUSES, SILENT_FOR, STARTING
from cockpit.audio.outbox import FADE
from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.errors import SpeechError
from cockpit.speech.segments import FRAME
from tests.fakes.clock import virtual_time
from tests.fakes.portaudio import OVERFLOWN, UNDERFLOWN, FakePortAudio, FakeStream
from tests.unit.audio.tones import pitch_of, sound, tone

MIC = ("USB Microphone", 2, 0, 48_000)
SPEAKER = ("Door Speakers", 0, 2, 48_000)


class States:
    """What a state listener was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, state: str, detail: Mapping[str, Any]) -> None:
        self.told.append((state, detail))

    @property
    def names(self) -> list[str]:
        return [state for state, _ in self.told]


class Listening:
    """Takes a microphone's frames as they come."""

    def __init__(self, microphone: Microphone) -> None:
        self.microphone = microphone
        self.frames: list[SoundFrame] = []
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for frame in self.microphone.frames():
            self.frames.append(frame)

    @property
    def samples(self) -> np.ndarray:
        return np.concatenate([frame.samples for frame in self.frames], axis=1)


@asynccontextmanager
async def listening(microphone: Microphone) -> AsyncIterator[Listening]:
    it = Listening(microphone)
    await asyncio.sleep(0.01)
    try:
        yield it
    finally:
        it.task.cancel()
        with suppress(asyncio.CancelledError):
            await it.task


async def deliver(stream: FakeStream, samples: np.ndarray) -> None:
    """The device records, block by block, as long as it takes."""
    for at in range(0, len(samples), stream.block):
        await asyncio.sleep(stream.block / stream.rate)
        stream.hear(samples[at : at + stream.block])


async def fetch(stream: FakeStream, seconds: float) -> np.ndarray:
    """The device plays so long; what it was given, shape (samples, channels)."""
    blocks = []
    for _ in range(round(seconds * stream.rate / stream.block)):
        await asyncio.sleep(stream.block / stream.rate)
        blocks.append(stream.fetch())
    return np.concatenate(blocks)


async def settle() -> None:
    """Time for what was woken to run."""
    await asyncio.sleep(0.001)


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], axis=1)


def mono(samples: np.ndarray) -> np.ndarray:
    return samples.reshape(-1, 1)


# Microphone.


@virtual_time
async def test_microphone_gives_frames_of_every_channel() -> None:
    library = FakePortAudio(MIC)
    async with listening(Microphone("usb", channels=2, system=library.system())) as it:
        assert it.microphone.name == "USB Microphone"
        await deliver(library.stream, stereo(tone(0.64), tone(0.64, 900)))
        await settle()
    assert library.stream.rate == RATE
    assert [frame.samples.shape for frame in it.frames] == [(2, FRAME)] * 20
    assert pitch_of(it.samples[0]) == pytest.approx(440, abs=3)
    assert pitch_of(it.samples[1]) == pytest.approx(900, abs=3)
    assert [frame.lost for frame in it.frames] == [0] * 20
    assert it.frames[-1].at == pytest.approx(0.64)
    assert library.stream.closed


@virtual_time
async def test_microphone_resamples_a_device_that_does_no_16_khz() -> None:
    library = FakePortAudio(MIC)
    library.rates = {48_000}
    async with listening(Microphone(system=library.system())) as it:
        await deliver(library.stream, mono(tone(1.0, rate=48_000)))
        await settle()
    assert library.stream.rate == 48_000
    assert it.samples.shape[1] == pytest.approx(RATE, abs=2 * FRAME)
    assert pitch_of(it.samples[0]) == pytest.approx(440, abs=3)


@virtual_time
async def test_microphone_averages_a_device_that_does_no_single_channel() -> None:
    library = FakePortAudio(MIC)
    library.fewest = 2
    async with listening(Microphone(system=library.system())) as it:
        await deliver(library.stream, stereo(tone(0.5), np.zeros(RATE // 2)))
        await settle()
    assert library.stream.channels == 2
    assert it.samples.shape[0] == 1
    assert np.abs(it.samples).max() == pytest.approx(0.25, abs=0.01)


@virtual_time
async def test_microphone_with_too_few_channels_is_refused() -> None:
    library = FakePortAudio(MIC)
    microphone = Microphone(channels=4, system=library.system())
    with pytest.raises(DeviceRefused, match=r"2 channels, and audio\.zones names 4"):
        await anext(microphone.frames())


@virtual_time
async def test_microphone_that_nobody_listens_to_drops_the_oldest() -> None:
    library = FakePortAudio(MIC)
    microphone = Microphone(system=library.system())
    frames = microphone.frames()
    waiting = asyncio.create_task(anext(frames))
    await asyncio.sleep(0.01)
    library.stream.hear(mono(np.zeros(FRAME)))
    await waiting
    for number in range(200):
        library.stream.hear(mono(np.full(FRAME, number / 1000)))
    first = await anext(frames)
    assert first.lost == microphone.dropped == 200 - 64
    assert first.samples[0, 0] == pytest.approx((200 - 64) / 1000)
    assert first.at == pytest.approx((200 - 64 + 2) * FRAME_SECONDS)
    await frames.aclose()
    assert library.stream.closed


@virtual_time
async def test_microphone_counts_what_the_device_lost() -> None:
    library = FakePortAudio(MIC)
    async with listening(Microphone(system=library.system())) as it:
        library.stream.hear(mono(np.zeros(FRAME)))
        library.stream.hear(mono(np.zeros(FRAME)), OVERFLOWN)
        await settle()
    assert [frame.lost for frame in it.frames] == [0, 1]


@virtual_time
async def test_microphone_that_is_pulled_out_gives_silence_until_it_is_back() -> None:
    library = FakePortAudio(MIC)
    states = States()
    loop = asyncio.get_running_loop()
    microphone = Microphone("USB", system=library.system(), on_state=states)
    async with listening(microphone) as it:
        await deliver(library.stream, mono(tone(1.024)))
        library.plugged.clear()
        library.stream.end()
        pulled = loop.time()
        await asyncio.sleep(20)
        assert states.names == ["lost"]
        assert states.told[0][1]["device"] == "USB Microphone"
        assert len(it.frames) * FRAME_SECONDS == pytest.approx(21, abs=0.5)
        assert not it.samples[0, -RATE:].any()
        library.plugged.append(MIC)
        while "found" not in states.names:
            await asyncio.sleep(FRAME_SECONDS)
            if library.stream.started:
                library.stream.hear(mono(np.zeros(FRAME)))
        assert loop.time() - pulled < 20 + PAUSES[-1] + 1
        await deliver(library.stream, mono(tone(1.024, 900)))
        await settle()
        assert pitch_of(it.samples[0, -8 * FRAME :]) == pytest.approx(900, abs=10)
    # Time is counted on: what is not silence was lost, and says so.
    assert it.frames[-1].at == pytest.approx(loop.time(), abs=0.1)
    assert states.told[1][1]["seconds"] > 20


@virtual_time
async def test_microphone_without_callbacks_counts_as_lost() -> None:
    library = FakePortAudio(MIC)
    states = States()
    async with listening(Microphone(system=library.system(), on_state=states)) as it:
        await deliver(library.stream, mono(np.zeros(round(2 * STARTING * RATE))))
        await asyncio.sleep(SILENT_FOR - CHECK)
        assert not states.told
        await asyncio.sleep(3 * CHECK)
        assert states.names == ["lost"]
        assert "nothing came" in states.told[0][1]["reason"]
        await asyncio.sleep(1)
        missing = [frame.lost for frame in it.frames if frame.lost]
        assert missing[0] * FRAME_SECONDS == pytest.approx(SILENT_FOR + CHECK, abs=CHECK)


@virtual_time
async def test_microphone_may_take_its_time_to_start() -> None:
    library = FakePortAudio(MIC)
    states = States()
    async with listening(Microphone(system=library.system(), on_state=states)):
        await asyncio.sleep(STARTING - 0.5)
        await deliver(library.stream, mono(np.zeros(RATE)))
        assert not states.told
        assert len(library.streams) == 1


@virtual_time
async def test_microphone_that_opens_and_stays_silent_is_not_found() -> None:
    library = FakePortAudio(MIC)
    states = States()
    async with listening(Microphone(system=library.system(), on_state=states)):
        library.stream.end()
        await asyncio.sleep(60)
        assert states.names == ["lost"]
        assert len(library.streams) > 3
        assert all(stream.closed for stream in library.streams[:-1])


@virtual_time
async def test_microphone_lost_is_tried_with_growing_pauses() -> None:
    library = FakePortAudio(MIC)
    async with listening(Microphone(system=library.system())):
        library.plugged.clear()
        library.stream.end()
        before = library.starts
        await asyncio.sleep(120)
        assert 8 < library.starts - before <= 2 + sum(PAUSES[:5]) + 120 / PAUSES[-1]


@virtual_time
async def test_microphone_passes_an_unforeseen_fault_on() -> None:
    library = FakePortAudio(MIC)

    def broken(state: str, detail: Mapping[str, Any]) -> None:
        raise RuntimeError("listener")

    frames = Microphone(system=library.system(), on_state=broken).frames()
    waiting = asyncio.create_task(anext(frames))
    await asyncio.sleep(0.1)
    library.stream.end()
    with pytest.raises(RuntimeError, match="listener"):
        await waiting


# Loudspeaker.


@virtual_time
async def test_loudspeaker_plays_in_all_channels_what_was_handed_over() -> None:
    library = FakePortAudio(SPEAKER)
    library.fewest = 2
    told: list[Audio] = []
    async with Loudspeaker("door", system=library.system()) as sink:
        sink.monitor(told.append)
        assert sink.name == "Door Speakers"
        await sink.play(sound(0.5, rate=22_050))
        heard = await fetch(library.stream, 0.6)
    assert heard.shape[1] == 2
    assert np.array_equal(heard[:, 0], heard[:, 1])
    assert pitch_of(heard[:24_000, 0], 48_000) == pytest.approx(440, abs=3)
    assert not heard[24_010:].any()
    assert np.array_equal(np.concatenate([audio.samples for audio in told]), heard[:, 0])
    assert {audio.rate for audio in told} == {48_000}
    assert library.stream.closed


@virtual_time
async def test_loudspeaker_buffers_no_more_than_60_ms() -> None:
    library = FakePortAudio(SPEAKER)
    async with Loudspeaker(system=library.system()):
        stream = library.stream
        assert stream.block / stream.rate + stream.latency <= 0.06 + 1e-9


@virtual_time
async def test_loudspeaker_counts_as_played_what_the_device_has_played() -> None:
    library = FakePortAudio(SPEAKER)
    async with Loudspeaker(system=library.system()) as sink:
        await sink.play(sound(1.0))
        await fetch(library.stream, 0.5)
        assert sink.played == pytest.approx(0.5 - library.stream.latency, abs=0.021)
        await asyncio.sleep(library.stream.latency)
        assert sink.played == pytest.approx(0.5, abs=1e-3)
        draining = asyncio.create_task(sink.drain())
        await fetch(library.stream, 0.52)
        assert not draining.done()  # the device still has the end
        await asyncio.sleep(library.stream.latency + 0.005)
        assert draining.done()
        assert sink.played == pytest.approx(1.0, abs=2e-3)


@virtual_time
async def test_loudspeaker_stopped_is_silent_within_a_block() -> None:
    library = FakePortAudio(SPEAKER)
    async with Loudspeaker(system=library.system()) as sink:
        await sink.play(sound(5.0))
        await fetch(library.stream, 1.0)
        waiting = asyncio.create_task(sink.play(sound(5.0)))
        await settle()
        sink.stop()
        after = await fetch(library.stream, 1.0)
        assert waiting.done()
        assert not after[round(FADE * 48_000) :].any()
        assert sink.played == pytest.approx(1.0, abs=PLAYBACK_BLOCK + FADE)


@virtual_time
async def test_loudspeaker_counts_blocks_that_came_too_late() -> None:
    library = FakePortAudio(SPEAKER)
    async with Loudspeaker(system=library.system()) as sink:
        library.stream.fetch()
        library.stream.fetch(UNDERFLOWN)
        assert sink.underflows == 1


@virtual_time
async def test_loudspeaker_lost_takes_as_long_and_is_not_heard() -> None:
    library = FakePortAudio(SPEAKER)
    states = States()
    loop = asyncio.get_running_loop()
    async with Loudspeaker(system=library.system(), on_state=states) as sink:
        await sink.play(sound(10.0))
        await fetch(library.stream, 1.0)
        library.plugged.clear()
        library.stream.end()
        lost = loop.time()
        await sink.drain()
        assert states.names == ["lost"]
        assert loop.time() - lost == pytest.approx(9.0, abs=2 * CHECK)
        assert sink.played == pytest.approx(1.0, abs=0.01)
        await sink.play(sound(1.0))
        await sink.drain()
        assert sink.played == pytest.approx(1.0, abs=0.01)


@virtual_time
async def test_loudspeaker_found_again_plays_at_another_rate_too() -> None:
    library = FakePortAudio(SPEAKER)
    states = States()
    async with Loudspeaker(system=library.system(), on_state=states) as sink:
        await sink.play(sound(0.5))
        await fetch(library.stream, 0.6)
        library.stream.end()
        library.rates = {44_100}
        while library.stream.rate == 48_000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await fetch(library.stream, 0.1)
        assert states.names == ["lost", "found"]
        await sink.play(sound(0.5))
        heard = await fetch(library.stream, 0.6)
        assert pitch_of(heard[:22_050, 0], 44_100) == pytest.approx(440, abs=3)
        await asyncio.sleep(0.1)
        assert sink.played == pytest.approx(1.0, abs=5e-3)


@virtual_time
async def test_loudspeaker_closed_refuses() -> None:
    library = FakePortAudio(SPEAKER)
    sink = Loudspeaker(system=library.system())
    with pytest.raises(SpeechError, match="closed"):
        await sink.play(sound(1.0))
    async with sink:
        await sink.play(sound(9.0))
        waiting = asyncio.create_task(sink.drain())
        await asyncio.sleep(0.1)
    await waiting
    with pytest.raises(SpeechError, match="closed"):
        await sink.play(sound(1.0))


@virtual_time
async def test_loudspeaker_passes_an_unforeseen_fault_on() -> None:
    library = FakePortAudio(SPEAKER)

    def broken(state: str, detail: Mapping[str, Any]) -> None:
        raise RuntimeError("listener")

    async with Loudspeaker(system=library.system(), on_state=broken) as sink:
        await sink.play(sound(5.0))
        waiting = asyncio.create_task(sink.drain())
        library.stream.end()
        with pytest.raises(RuntimeError, match="listener"):
            await waiting
        with pytest.raises(RuntimeError, match="listener"):
            await sink.play(sound(1.0))


# Both on one PortAudio.


@virtual_time
async def test_loudspeaker_plays_on_while_the_microphone_is_looked_for() -> None:
    library = FakePortAudio(MIC, SPEAKER)
    system = library.system()
    async with Loudspeaker(system=system), listening(Microphone(system=system)) as it:
        speaker, microphone = library.streams
        library.plugged.remove(MIC)
        microphone.end()
        await fetch(speaker, 1.0)
        starts = library.starts
        assert starts == 2  # the list was new once: without the microphone
        await settle()
        speaker = library.streams[-1]
        await fetch(speaker, 60)
        assert library.starts == starts
        assert not speaker.closed
        library.plugged.append(MIC)
        while library.starts == starts:
            await fetch(speaker, 0.02)
        await asyncio.sleep(2 * CHECK)
        again = [stream for stream in library.streams if not stream.closed]
        assert {library.plugged[stream.device][0] for stream in again} == {MIC[0], SPEAKER[0]}
        assert it.frames


@virtual_time
async def test_device_is_chosen_by_part_of_its_name() -> None:
    library = FakePortAudio(
        ("Webcam", 1, 0, 48_000), ("USB Headset Mic", 1, 0, 48_000), ("Webcam Pro", 1, 0, 48_000)
    )
    for part, name in (("headset", "USB Headset Mic"), ("webcam", "Webcam"), ("", "Webcam")):
        microphone = Microphone(part, system=library.system())
        await microphone.check()
        assert microphone.name == name


@virtual_time
async def test_device_that_is_not_there_lists_those_that_are() -> None:
    library = FakePortAudio(("Webcam", 1, 0, 48_000), ("USB Mic", 1, 0, 48_000), SPEAKER)
    with pytest.raises(DeviceMissing, match=r"No microphone has \"jabra\".*Webcam; USB Mic\.$"):
        await Microphone("jabra", system=library.system()).check()
    with pytest.raises(DeviceMissing, match=r"No loudspeaker has \"usb\".*Door Speakers\.$"):
        async with Loudspeaker("usb", system=library.system()):
            pass


@virtual_time
async def test_device_of_which_there_are_several_asks_for_more_of_the_name() -> None:
    library = FakePortAudio(("USB Mic A", 1, 0, 48_000), ("USB Mic B", 1, 0, 48_000))
    with pytest.raises(DeviceMissing, match=r"Several microphones .* USB Mic A; USB Mic B"):
        await Microphone("usb", system=library.system()).check()


@virtual_time
async def test_device_of_which_there_is_none_names_files_instead() -> None:
    library = FakePortAudio(SPEAKER)
    with pytest.raises(DeviceMissing, match=r"No microphone was found.*audio\.input to a file"):
        await Microphone(system=library.system()).check()


@virtual_time
async def test_device_that_another_program_has_is_said() -> None:
    library = FakePortAudio(SPEAKER)
    library.plugged.clear()
    with pytest.raises(DeviceRefused, match="Device unavailable; is another program using it"):
        async with Loudspeaker(system=library.system()):
            pass
