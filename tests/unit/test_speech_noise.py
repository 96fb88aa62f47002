"""Noise goes, speech stays, and nothing is lost between the blocks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cockpit.speech.audio import RATE, Samples, decibels, rms
from cockpit.speech.noise import DELAY, LEVELS, NoiseSuppressor
from cockpit.speech.segments import FRAME

LAG = round(DELAY * RATE)


def noise(seconds: float) -> Samples:
    rng = np.random.default_rng(5)
    return rng.normal(0, 0.01, round(seconds * RATE)).astype(np.float32)


def buzz(seconds: float) -> Samples:
    """Like a voice: many harmonics of a rising tone that comes and goes four times a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    cycles = 140 * time + 20 * time**2
    tones = sum(np.sin(2 * np.pi * number * cycles) / number for number in range(1, 20))
    return (0.1 * tones * np.maximum(0, np.sin(2 * np.pi * 4 * time))).astype(np.float32)


def suppressed(level: int, samples: Samples, size: int = FRAME) -> Samples:
    suppressor = NoiseSuppressor(level)
    ends = range(size, len(samples) + 1, size)
    return np.concatenate([suppressor.feed(samples[end - size : end]) for end in ends])


def test_noise_every_level_takes_out_more() -> None:
    heard = noise(4)
    left = [decibels(rms(suppressed(level, heard)[2 * RATE :])) for level in LEVELS]
    assert left[0] < decibels(rms(heard)) - 4
    assert all(later < earlier - 0.5 for earlier, later in itertools.pairwise(left))


def test_noise_speech_stays_and_is_late_by_a_known_time() -> None:
    voice = buzz(4)
    out = suppressed(2, voice)
    assert abs(decibels(rms(out)) - decibels(rms(voice))) < 2
    size = 1 << 17
    likeness = np.fft.irfft(np.fft.rfft(out, size) * np.conj(np.fft.rfft(voice, size)), size)
    assert np.argmax(likeness) == pytest.approx(LAG, abs=8)


@pytest.mark.parametrize("size", [FRAME, 160, 100, 1600])
def test_noise_frames_of_any_size_make_the_same_sound(size: int) -> None:
    heard = noise(1) + buzz(1)
    out, whole = suppressed(3, heard, size), suppressed(3, heard)
    shared = min(len(out), len(whole))
    assert shared > 0.9 * RATE
    assert np.array_equal(out[:shared], whole[:shared])


@pytest.mark.parametrize("level", [0, 5, -1])
def test_noise_level_that_is_none_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        NoiseSuppressor(level)
