"""Sounds that are nobody's request, made of nothing: a car, music, a kitchen.

They resemble the real ones in what matters to voice activity and wake word: a slope of the
spectrum, harmonics, rhythm, clatter. Each is another one with another generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cockpit.speech.audio import RATE, Audio, Samples, rms

_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  # semitones of a pentatonic scale
_LOUDEST = 0.9


def car_noise(seconds: float, rng: np.random.Generator | None = None) -> Audio:
    """A car that drives: wind and tyres, an engine whose speed wanders, bumps now and then."""
    rng = rng or np.random.default_rng(0)
    count = round(seconds * RATE)
    rush = _coloured(count, rng, slope=-1.3)
    cycles = np.cumsum(_wander(count, rng, low=28.0, high=60.0)) / RATE
    engine = sum(np.sin(2 * np.pi * order * cycles) / order for order in (1, 2, 3, 4, 6)) * _wander(
        count, rng, low=0.2, high=0.6
    )
    bumps = np.zeros(count)
    for at in rng.integers(0, count, max(1, round(seconds / 4))):
        length = min(round(0.12 * RATE), count - at)
        thump = np.sin(2 * np.pi * 70 * np.arange(length) / RATE)
        bumps[at : at + length] += 3 * thump * np.exp(-np.arange(length) / (0.03 * RATE))
    return _audio(rush * _wander(count, rng, low=0.6, high=1.4) + engine + bumps)


def music(seconds: float, rng: np.random.Generator | None = None) -> Audio:
    """Something like music: a melody with vibrato over chords and a drum."""
    rng = rng or np.random.default_rng(0)
    count = round(seconds * RATE)
    beat = round(RATE * 60 / rng.uniform(80, 140))
    sound = np.zeros(count)
    for number, at in enumerate(range(0, count, beat)):
        length = min(beat, count - at)
        time = np.arange(length) / RATE
        decay = np.exp(-time * 3)
        root = 110 * 2 ** (int(rng.choice((0, 5, 7))) / 12)
        for note in (root, root * 1.25, root * 1.5):
            sound[at : at + length] += 0.3 * np.sin(2 * np.pi * note * time)
        tune = 440 * 2 ** (int(rng.choice(_SCALE)) / 12)
        bend = 2 * np.pi * tune * time + 0.4 * np.sin(2 * np.pi * 5.5 * time)
        for order in (1, 2, 3, 4):
            sound[at : at + length] += decay * np.sin(order * bend) / order
        drum = rng.normal(0, 1, length) * np.exp(-time * (60 if number % 2 else 25))
        sound[at : at + length] += 0.8 * drum
    return _audio(sound)


def kitchen(seconds: float, rng: np.random.Generator | None = None) -> Audio:
    """Crockery and cutlery over a fan: short bright clatter, several times a second."""
    rng = rng or np.random.default_rng(0)
    count = round(seconds * RATE)
    sound = 0.3 * _coloured(count, rng, slope=-1.0)
    for at in rng.integers(0, count, max(1, round(3 * seconds))):
        length = min(round(0.25 * RATE), count - at)
        time = np.arange(length) / RATE
        for _ in range(4):
            ring = np.sin(2 * np.pi * rng.uniform(900, 6500) * time)
            sound[at : at + length] += (
                rng.uniform(0.5, 3) * ring * np.exp(-time * rng.uniform(15, 90))
            )
    return _audio(sound)


def at_level(audio: Audio, level: float) -> Audio:
    """The same sound at another root mean square, in dB of full scale; not beyond full scale."""
    loudness, peak = rms(audio.samples), audio.peak
    if not loudness:
        return audio
    gain = min(10 ** (level / 20) / loudness, 1.0 / peak)
    return Audio((audio.samples * np.float32(gain)).astype(np.float32), audio.rate)


def _coloured(count: int, rng: np.random.Generator, slope: float) -> NDArray[np.float64]:
    """Noise whose amplitude goes with the frequency to the power of ``slope`` from 50 Hz on."""
    spectrum = np.fft.rfft(rng.normal(0, 1, count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 50.0)
    noise = np.fft.irfft(spectrum * (frequency / 50.0) ** slope, count)
    return np.asarray(noise / (np.std(noise) or 1.0))


def _wander(
    count: int, rng: np.random.Generator, *, low: float, high: float
) -> NDArray[np.float64]:
    """Values that wander smoothly, about a new one a second."""
    points = rng.uniform(low, high, count // RATE + 2)
    return np.interp(np.arange(count) / RATE, np.arange(len(points)), points)


def _audio(sound: NDArray[np.float64]) -> Audio:
    peak = float(np.abs(sound).max()) or 1.0
    samples: Samples = (sound * (_LOUDEST / peak)).astype(np.float32)
    return Audio(samples)
