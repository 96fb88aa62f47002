"""Files are microphones and loudspeakers: paced, padded, cut where somebody says stop."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cockpit.audio.files import BLOCK, VOICE_RATE, NullSink, PacedSink, WavSink, WavSource
from cockpit.audio.outbox import FADE
from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.errors import AudioEmpty, AudioInvalid, AudioMissing, SpeechError
from cockpit.speech.segments import FRAME
from tests.fakes.clock import virtual_time
from tests.unit.audio.tones import pitch_of, sound, tone


def wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate)
    return path


async def all_of(source: WavSource) -> list[SoundFrame]:
    async with aclosing(source.frames()) as frames:
        return [frame async for frame in frames]


def joined(frames: list[SoundFrame]) -> np.ndarray:
    return np.concatenate([frame.samples for frame in frames], axis=1)


# Sources.


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
async def test_wav_source_reads_every_rate_and_kind(tmp_path: Path, rate: int, kind: str) -> None:
    file = wav(tmp_path / f"tone.{kind}", tone(1.0, rate=rate), rate)
    frames = await all_of(WavSource(file, pace=0))
    assert all(frame.samples.shape == (1, FRAME) for frame in frames)
    assert len(frames) == math.ceil(RATE / FRAME)
    assert pitch_of(joined(frames)[0, :RATE]) == pytest.approx(440, abs=2)


async def test_wav_source_gives_a_channel_a_seat(tmp_path: Path) -> None:
    pitches = (300, 500, 700, 900)
    file = wav(tmp_path / "cabin.wav", np.stack([tone(1.0, p) for p in pitches], axis=1))
    source = WavSource(file, channels=4, pace=0)
    heard = joined(await all_of(source))
    assert source.channels == 4
    assert [round(pitch_of(channel), -2) for channel in heard] == list(pitches)


async def test_wav_source_averages_channels_where_one_is_wanted(tmp_path: Path) -> None:
    file = wav(tmp_path / "stereo.wav", np.stack([tone(0.5), np.zeros(RATE // 2)], axis=1))
    heard = joined(await all_of(WavSource(file, channels=1, pace=0)))
    assert heard.shape[0] == 1
    assert np.abs(heard).max() == pytest.approx(0.25, abs=0.01)


async def test_wav_source_fills_the_last_frame_with_silence(tmp_path: Path) -> None:
    file = wav(tmp_path / "short.wav", np.full(FRAME + 100, 0.5))
    frames = await all_of(WavSource(file, pace=0))
    assert len(frames) == 2
    assert np.abs(frames[1].samples[0, :100]).min() > 0.4
    assert not frames[1].samples[0, 100:].any()


async def test_wav_source_ends_with_as_much_silence_as_wanted(tmp_path: Path) -> None:
    file = wav(tmp_path / "tone.wav", tone(10 * FRAME_SECONDS))
    frames = await all_of(WavSource(file, pace=0, silence_after=1.0))
    assert len(frames) == 10 + math.ceil(1.0 / FRAME_SECONDS)
    assert not joined(frames[10:]).any()
    assert frames[-1].at == pytest.approx(len(frames) * FRAME_SECONDS)


@virtual_time
async def test_wav_source_gives_each_frame_when_it_would_have_been_heard(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    source = WavSource(wav(tmp_path / "tone.wav", tone(5.0)), silence_after=math.inf)
    async with aclosing(source.frames()) as frames:
        async for frame in frames:
            assert loop.time() == pytest.approx(frame.at)
            assert frame.lost == 0
            if frame.at > 60:
                break
    assert loop.time() == pytest.approx(60, abs=2 * FRAME_SECONDS)


@virtual_time
async def test_wav_source_is_as_much_faster_as_wanted(tmp_path: Path) -> None:
    await all_of(WavSource(wav(tmp_path / "tone.wav", tone(8.0)), pace=8))
    assert asyncio.get_running_loop().time() == pytest.approx(1.0)


@virtual_time
async def test_wav_source_loses_nothing_to_a_slow_listener(tmp_path: Path) -> None:
    samples = tone(2.0)
    frames = []
    async with aclosing(WavSource(wav(tmp_path / "tone.wav", samples)).frames()) as every:
        async for frame in every:
            frames.append(frame)
            if len(frames) == 10:
                await asyncio.sleep(30)
    assert np.allclose(joined(frames)[0, : len(samples)], samples, atol=1e-4)
    assert asyncio.get_running_loop().time() == pytest.approx(30 + 10 * FRAME_SECONDS)


def test_wav_source_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing, match="no audio file"):
        WavSource(tmp_path / "none.wav")


def test_wav_source_that_is_no_sound_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(AudioInvalid, match="WAV, FLAC or Ogg"):
        WavSource(tmp_path / "text.wav")


def test_wav_source_without_samples_is_said(tmp_path: Path) -> None:
    with pytest.raises(AudioEmpty, match="no sound at all"):
        WavSource(wav(tmp_path / "empty.wav", np.zeros(0)))


def test_wav_source_with_other_channels_than_wanted_is_said(tmp_path: Path) -> None:
    file = wav(tmp_path / "stereo.wav", np.zeros((100, 2)))
    with pytest.raises(AudioInvalid, match=r"2 channels, and 4 are wanted.*audio\.zones"):
        WavSource(file, channels=4)


async def test_wav_source_that_is_damaged_says_so_where_it_is(tmp_path: Path) -> None:
    file = wav(tmp_path / "tone.flac", tone(4.0))
    whole = file.read_bytes()
    half = len(whole) // 2
    file.write_bytes(whole[:half] + bytes(byte ^ 0x5A for byte in whole[half : half + 2000]))
    source = WavSource(file, pace=0)
    with pytest.raises(SpeechError, match="damaged"):
        await all_of(source)


# Sinks.


def read(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == VOICE_RATE
    return samples


def seconds(samples: np.ndarray) -> float:
    return len(samples) / VOICE_RATE


@virtual_time
async def test_wav_sink_writes_what_was_heard_and_when(tmp_path: Path) -> None:
    async with WavSink(tmp_path / "heard.wav") as sink:
        await asyncio.sleep(1.0)
        await sink.play(sound(0.5, 440))
        await sink.drain()
        await asyncio.sleep(2.0)
        await sink.play(sound(0.5, 1000))
        await sink.drain()
        assert sink.played == pytest.approx(1.0, abs=2e-3)
    heard = read(tmp_path / "heard.wav")
    assert seconds(heard) == pytest.approx(4.0, abs=4 * BLOCK)
    parts = [heard[round(a * VOICE_RATE) : round(b * VOICE_RATE)]
             for a, b in ((0.0, 0.98), (1.05, 1.45), (1.6, 3.45), (3.65, 3.95))]  # fmt: skip
    assert not parts[0].any()
    assert pitch_of(parts[1], VOICE_RATE) == pytest.approx(440, abs=3)
    assert not parts[2].any()
    assert pitch_of(parts[3], VOICE_RATE) == pytest.approx(1000, abs=4)


@virtual_time
async def test_wav_sink_stopped_writes_nothing_that_was_not_heard(tmp_path: Path) -> None:
    async with WavSink(tmp_path / "heard.wav") as sink:
        await sink.play(sound(10.0))
        await asyncio.sleep(1.0)
        sink.stop()
        await asyncio.sleep(1.0)
        assert sink.played == pytest.approx(1.0, abs=2 * BLOCK)
    heard = read(tmp_path / "heard.wav")
    assert seconds(heard) == pytest.approx(2.0, abs=2 * BLOCK)
    loud = np.flatnonzero(np.abs(heard) > 1e-3)
    assert seconds(heard[: loud[-1]]) == pytest.approx(1.0, abs=2 * BLOCK + FADE)


@virtual_time
async def test_sink_takes_sound_a_tenth_of_a_second_ahead() -> None:
    loop = asyncio.get_running_loop()
    async with NullSink() as sink:
        await sink.play(sound(1.0))
        assert loop.time() == 0  # nothing was to be heard yet
        await sink.play(sound(1.0))
        assert loop.time() == pytest.approx(0.9, abs=BLOCK)
        await sink.drain()
        assert loop.time() == pytest.approx(2.0, abs=2 * BLOCK)
        assert sink.played == pytest.approx(2.0, abs=1e-3)


@virtual_time
async def test_sink_stopped_wakes_who_waits_and_drops_what_they_had() -> None:
    loop = asyncio.get_running_loop()
    async with NullSink() as sink:
        await sink.play(sound(5.0))
        waiting = [
            asyncio.create_task(sink.play(sound(5.0))),
            asyncio.create_task(sink.drain()),
        ]
        await asyncio.sleep(1.0)
        sink.stop()
        await asyncio.gather(*waiting)
        assert loop.time() == pytest.approx(1.0)
        await asyncio.sleep(10.0)
        assert sink.played == pytest.approx(1.0, abs=2 * BLOCK + FADE)


@virtual_time
async def test_sink_plays_again_after_it_was_stopped() -> None:
    async with NullSink() as sink:
        await sink.play(sound(5.0))
        await asyncio.sleep(1.0)
        sink.stop()
        before = sink.played
        await sink.play(sound(0.5))
        await sink.drain()
        assert sink.played - before == pytest.approx(0.5, abs=BLOCK + FADE)


@virtual_time
async def test_sink_tells_every_block_as_it_goes_out() -> None:
    loop = asyncio.get_running_loop()
    told: list[tuple[float, Audio]] = []
    async with NullSink(rate=RATE) as sink:
        sink.monitor(lambda audio: told.append((loop.time(), audio)))
        await asyncio.sleep(0.5)
        await sink.play(sound(1.0))
        await sink.drain()
    assert all(audio.rate == RATE for _, audio in told)
    loud = [at for at, audio in told if audio.level > -20]
    assert loud[0] == pytest.approx(0.5, abs=2 * BLOCK)
    assert loud[-1] == pytest.approx(1.5, abs=2 * BLOCK)
    assert sum(audio.seconds for _, audio in told) == pytest.approx(1.5, abs=4 * BLOCK)


@virtual_time
async def test_sink_plays_on_where_a_monitor_fails(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Audio] = []

    def broken(audio: Audio) -> None:
        raise RuntimeError("the canceller is gone")

    async with NullSink() as sink:
        sink.monitor(broken)
        sink.monitor(told.append)
        await sink.play(sound(0.5))
        await sink.drain()
    assert sink.played == pytest.approx(0.5, abs=1e-3)
    assert len(told) >= 0.5 / BLOCK
    assert len(caplog.records) == 1


@virtual_time
async def test_sink_without_pace_takes_all_at_once(tmp_path: Path) -> None:
    async with WavSink(tmp_path / "heard.wav", pace=0) as sink:
        await sink.play(sound(3.0, rate=16_000))
        await sink.drain()
        await sink.play(sound(3.0, rate=48_000))
        await asyncio.sleep(100)
        assert sink.played == pytest.approx(6.0, abs=2e-3)
    assert seconds(read(tmp_path / "heard.wav")) == pytest.approx(6.0, abs=2e-3)


@virtual_time
async def test_sink_by_a_factor_is_that_much_faster() -> None:
    async with NullSink(pace=10) as sink:
        await sink.play(sound(20.0))
        await sink.drain()
    assert asyncio.get_running_loop().time() == pytest.approx(2.0, abs=BLOCK)


@virtual_time
async def test_sink_that_is_closed_refuses_and_nobody_waits_for_it() -> None:
    sink = NullSink()
    with pytest.raises(SpeechError, match="closed"):
        await sink.play(sound(1.0))
    async with sink:
        await sink.play(sound(5.0))
        waiting = asyncio.create_task(sink.drain())
        await asyncio.sleep(1.0)
    await waiting
    await sink.drain()
    with pytest.raises(SpeechError, match="closed"):
        await sink.play(sound(1.0))


@virtual_time
async def test_sink_that_cannot_write_says_so() -> None:
    class FullDisk(PacedSink):
        def _write(self, block: np.ndarray) -> None:
            if block.any():
                raise AudioMissing("I cannot write heard.wav: No space left on device.")

    async with FullDisk("heard.wav") as sink:
        await sink.play(sound(5.0))
        with pytest.raises(AudioMissing, match="No space left"):
            await sink.drain()
        with pytest.raises(AudioMissing, match="No space left"):
            await sink.play(sound(5.0))


async def test_wav_sink_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing, match="No such file"):
        WavSink(tmp_path / "nowhere" / "heard.wav")


@virtual_time
async def test_wav_sink_clips_rather_than_wraps(tmp_path: Path) -> None:
    async with WavSink(tmp_path / "heard.wav", pace=0) as sink:
        await sink.play(Audio(np.full(VOICE_RATE, 3.0, np.float32), VOICE_RATE))
    assert read(tmp_path / "heard.wav").min() > 0.99
