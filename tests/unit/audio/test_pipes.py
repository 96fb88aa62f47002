"""Sound from another program, whatever it sends and however it is cut."""

from __future__ import annotations

import asyncio
import io
import os
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cockpit.audio.pipes import PACE, PipeSource
from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.errors import AudioInvalid, AudioMissing
from cockpit.speech.segments import FRAME
from tests.fakes.clock import virtual_time
from tests.unit.audio.tones import tone


def pcm(samples: np.ndarray) -> bytes:
    return Audio(samples.astype(np.float32)).pcm16()


async def all_of(source: PipeSource) -> list[SoundFrame]:
    async with aclosing(source.frames()) as frames:
        return [frame async for frame in frames]


def joined(frames: list[SoundFrame]) -> np.ndarray:
    return np.concatenate([frame.samples for frame in frames], axis=1)


async def test_pipe_source_reads_to_the_end_and_fills_the_last_frame() -> None:
    samples = tone(1.0)
    frames = await all_of(PipeSource(io.BytesIO(pcm(samples)), pace=0))
    heard = joined(frames)[0]
    assert np.allclose(heard[:RATE], samples, atol=1e-4)
    assert not heard[RATE:].any()
    assert [round(frame.at / FRAME_SECONDS) for frame in frames] == list(range(1, 33))


@pytest.mark.parametrize("piece", [1, 3, 7, 1000, 4097])
async def test_pipe_source_takes_pieces_of_any_length(piece: int) -> None:
    samples = np.stack([tone(0.1), tone(0.1, 900)], axis=1)
    data = pcm(samples.reshape(-1))
    reading, writing = os.pipe()

    def write() -> None:
        for at in range(0, len(data), piece):
            os.write(writing, data[at : at + piece])
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as pipe:
        heard = joined(await all_of(PipeSource(pipe, channels=2, pace=0)))
    thread.join()
    assert np.allclose(heard[:, : len(samples)], samples.T, atol=1e-4)


async def test_pipe_source_that_ends_in_half_a_sample_ends() -> None:
    frames = await all_of(PipeSource(io.BytesIO(pcm(tone(0.032)) + b"\x01"), pace=0))
    assert len(frames) == 1


async def test_pipe_source_takes_garbage_for_noise() -> None:
    garbage = np.random.default_rng(4).integers(0, 256, 40_000, np.uint8).tobytes()
    for data in (garbage, b"RIFF" + garbage, b"RIFFdata" + garbage, b"RI", b""):
        frames = await all_of(PipeSource(io.BytesIO(data), pace=0))
        assert len(frames) == pytest.approx(len(data) / 2 / FRAME, abs=1)
        assert all(np.isfinite(frame.samples).all() for frame in frames)


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


@pytest.mark.parametrize("first", [2, 30, 43, 2000])
async def test_pipe_source_skips_the_header_of_a_wav(first: int) -> None:
    data = wav(np.full(4 * FRAME, 0.5))
    reading, writing = os.pipe()
    os.write(writing, data[:first])
    with os.fdopen(reading, "rb") as pipe:
        async with aclosing(PipeSource(pipe, pace=0).frames()) as every:
            waiting = asyncio.ensure_future(anext(every))
            await asyncio.sleep(0.02)
            os.write(writing, data[first:])
            os.close(writing)
            heard = joined([await waiting, *[frame async for frame in every]])
    assert heard.shape[1] == 4 * FRAME
    assert np.abs(heard - 0.5).max() < 1e-3


async def test_pipe_source_refuses_a_wav_of_another_format() -> None:
    with pytest.raises(AudioInvalid, match=r"1 channels of 48000 Hz.*record 1 of 16000"):
        await all_of(PipeSource(io.BytesIO(wav(np.zeros(4800), 48_000)), pace=0))


async def test_pipe_source_that_breaks_says_so() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    for pace in (0, PACE):
        with pytest.raises(AudioMissing, match="Input/output error"):
            await all_of(PipeSource(Broken(), pace=pace))


async def test_pipe_source_reads_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "microphone"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: path.write_bytes(pcm(tone(0.2))))
    thread.start()
    source = PipeSource(path, pace=0)
    frames = await all_of(source)
    thread.join()
    assert source.name == str(path)
    assert len(frames) == 7


@virtual_time
async def test_pipe_source_reads_no_faster_than_real_sound() -> None:
    # Time passes at most as the pace asks, for the clock moves only while that is waited for.
    frames = await all_of(PipeSource(io.BytesIO(pcm(tone(20.0)))))
    assert asyncio.get_running_loop().time() == pytest.approx(20.0 / PACE, rel=0.01)
    assert sum(frame.lost for frame in frames) == 0


class Recorder(PipeSource):
    """A pipe of which a test says when something arrives."""

    def __init__(self, arrivals: AsyncGenerator[bytes]) -> None:
        super().__init__(io.BytesIO())
        self._arrivals = arrivals

    def _bytes(self) -> AsyncGenerator[bytes]:
        return self._arrivals


async def recording(seconds: float, speed: float = 1.0) -> AsyncGenerator[bytes]:
    """A recorder that delivers frame by frame, its clock so much too fast."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1, round(seconds / FRAME_SECONDS) + 1):
        await asyncio.sleep(began + number * FRAME_SECONDS / speed - loop.time())
        yield pcm(np.full(FRAME, number % 1000 / 2000))


@virtual_time
async def test_pipe_source_does_not_hold_up_a_recorder_whose_clock_is_fast() -> None:
    loop = asyncio.get_running_loop()
    async with aclosing(Recorder(recording(600, speed=1.005)).frames()) as frames:
        async for frame in frames:
            assert loop.time() == pytest.approx(frame.at / 1.005, abs=1e-6)


@virtual_time
async def test_pipe_source_drops_the_oldest_while_nobody_listens() -> None:
    frames = []
    async with aclosing(Recorder(recording(60)).frames()) as every:
        async for frame in every:
            frames.append(frame)
            if len(frames) == 100:
                await asyncio.sleep(20)
    lost = [frame.lost for frame in frames if frame.lost]
    assert len(lost) == 1
    assert lost[0] * FRAME_SECONDS == pytest.approx(18, abs=0.2)  # two seconds waited for us
    assert len(frames) + lost[0] == 60 / FRAME_SECONDS
    numbers = [round(float(frame.samples[0, 0]) * 2000) for frame in frames]
    assert numbers[99:102] == [100, 101 + lost[0], 102 + lost[0]]


async def test_pipe_source_given_up_leaves_no_reader_behind() -> None:
    reading, writing = os.pipe()
    os.write(writing, pcm(tone(1.0)))
    with os.fdopen(reading, "rb") as pipe:
        async with aclosing(PipeSource(pipe).frames()) as frames:
            await anext(frames)
        os.close(writing)  # what it waits in ends
        while any(thread.name == "pipe" for thread in threading.enumerate()):
            await asyncio.to_thread(time.sleep, 0.001)
