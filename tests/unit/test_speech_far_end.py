"""What was played waits for what is heard, at a distance that stays."""

from __future__ import annotations

import numpy as np
import pytest

from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.far_end import HOLD, FarEnd, StreamResampler
from cockpit.speech.segments import FRAME


def noise(count: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, count).astype(np.float32)


def side_by_side(played: Samples, block: int) -> Samples:
    """What is taken in frames of 512 while ``played`` is pushed in blocks of another size."""
    far = FarEnd()
    taken: list[Samples] = []
    pushed = 0
    for end in range(FRAME, len(played) + 1, FRAME):
        while pushed + block <= end:
            far.push(Audio(played[pushed : pushed + block]))
            pushed += block
        taken.append(far.take(FRAME))
    return np.concatenate(taken)


def distance(played: Samples, taken: Samples) -> int:
    """By how many samples ``taken`` is later."""
    size = len(played) + len(taken)
    spectrum = np.fft.rfft(taken, size) * np.conj(np.fft.rfft(played, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)))


@pytest.mark.parametrize("block", [160, 320, 480, 512, 1600])
def test_far_end_distance_settles_in_silence_and_stays(block: int) -> None:
    silence = np.zeros(2 * RATE, np.float32)
    played = np.concatenate([silence, noise(RATE), silence, noise(RATE, 1), silence])
    taken = side_by_side(played, block)
    later = distance(played, taken)
    assert 0 <= later <= max(block, FRAME)
    assert np.array_equal(taken[later:], played[: len(taken) - later])


def test_far_end_frames_that_wait_to_be_worked_on_change_nothing() -> None:
    played = noise(4 * RATE)
    far = FarEnd()
    for at in range(0, 3200, 320):
        far.push(Audio(played[at : at + 320]))
    taken = [far.take(FRAME)]  # the first has the sound of its own time, the newest
    for at in range(3200, 3200 + RATE, 320):  # a second in which nothing is worked on
        far.push(Audio(played[at : at + 320]))
    taken += [far.take(FRAME) for _ in range(RATE // FRAME)]
    begin = 3200 - FRAME
    whole = np.concatenate(taken)
    assert np.array_equal(whole, played[begin : begin + len(whole)])


def test_far_end_first_frame_does_not_get_what_was_played_before_it() -> None:
    far = FarEnd()
    far.push(Audio(noise(2 * RATE)))
    far.push(Audio.silence(FRAME / RATE))
    assert not far.take(FRAME).any()


def test_far_end_nothing_played_is_silence() -> None:
    far = FarEnd()
    assert not far.take(FRAME).any()
    assert not far.sounding
    assert far.shifts == 0


def test_far_end_sounds_until_a_second_after_its_last_sound() -> None:
    far = FarEnd()
    far.take(FRAME)
    far.push(Audio.silence(0.1))
    assert not far.sounding
    far.push(Audio(noise(FRAME)))
    assert far.sounding  # before it is taken: its echo will come
    frames = 0
    while far.sounding:
        far.push(Audio.silence(FRAME / RATE))
        far.take(FRAME)
        frames += 1
    assert frames * FRAME / RATE == pytest.approx(HOLD + 0.1, abs=0.1)


def test_far_end_counts_when_a_sound_comes_at_another_distance() -> None:
    far = FarEnd()
    silence, sound = Audio.silence(FRAME / RATE), Audio(noise(FRAME))
    for audio in (silence, silence, sound, silence, sound):
        far.push(audio)
        far.take(FRAME)
    assert far.shifts == 0
    far.take(FRAME)  # nothing was pushed: from now on everything comes a frame later
    assert far.shifts == 0
    far.push(sound)
    far.push(silence)
    far.take(FRAME)
    assert far.shifts == 1


def test_far_end_needless_delay_is_given_up_in_silence() -> None:
    far = FarEnd()
    far.take(FRAME)
    far.push(Audio.silence(0.5))  # as after lost frames of the microphone
    sound = noise(FRAME)
    for _ in range(10 * RATE // FRAME):
        far.push(Audio.silence(FRAME / RATE))
        far.take(FRAME)
    far.push(Audio(sound))
    far.push(Audio.silence(FRAME / RATE))
    after = np.concatenate([far.take(FRAME), far.take(FRAME)])
    assert 0 < np.flatnonzero(after)[0] < FRAME


def test_far_end_keeps_no_more_than_three_seconds() -> None:
    far = FarEnd()
    far.take(FRAME)
    played = noise(10 * RATE)
    for at in range(0, len(played), 320):
        far.push(Audio(played[at : at + 320]))
    assert np.array_equal(far.take(FRAME), played[7 * RATE : 7 * RATE + FRAME])


@pytest.mark.parametrize("rate", [48_000, 44_100, 32_000, 24_000, 22_050])
def test_stream_resampler_keeps_sound_and_time(rate: int) -> None:
    seconds = np.arange(rate) / rate
    tones = (300, 1000, 3100, 6000)
    wave = sum(np.sin(2 * np.pi * tone * seconds + tone) for tone in tones).astype(np.float32)
    resampler = StreamResampler(rate)
    out = np.concatenate([resampler.feed(wave[at : at + 441]) for at in range(0, rate, 441)])
    assert RATE - len(out) <= RATE // 1000 + 1  # a millisecond is still needed
    seconds = np.arange(len(out)) / RATE
    wanted = sum(np.sin(2 * np.pi * tone * seconds + tone) for tone in tones)
    middle = slice(100, -100)
    assert np.abs(out - wanted)[middle].max() < 0.01


def test_stream_resampler_takes_out_what_16_khz_cannot_hold() -> None:
    seconds = np.arange(48_000) / 48_000
    out = StreamResampler(48_000).feed(np.sin(2 * np.pi * 9500 * seconds).astype(np.float32))
    assert np.abs(out[100:]).max() < 0.01


def test_stream_resampler_blocks_of_any_size_make_the_same_sound() -> None:
    wave = noise(22_050)
    whole = StreamResampler(22_050).feed(wave)
    sizes = np.random.default_rng(1).integers(0, 900, 200)
    resampler, parts, at = StreamResampler(22_050), [], 0
    for size in sizes:
        parts.append(resampler.feed(wave[at : at + size]))
        at += size
    pieces = np.concatenate(parts)
    assert len(pieces) > 10_000
    assert np.allclose(pieces, whole[: len(pieces)], atol=1e-6)


def test_stream_resampler_silence_takes_as_long_as_sound() -> None:
    silent, loud = StreamResampler(44_100), StreamResampler(44_100)
    for at in range(50):
        assert len(silent.feed(np.zeros(441, np.float32))) == len(loud.feed(noise(441, at)))
