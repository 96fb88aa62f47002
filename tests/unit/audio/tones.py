"""Tones, to recognise sound by."""

from __future__ import annotations

import numpy as np

from cockpit.speech.audio import RATE, Audio, Samples


def tone(seconds: float, pitch: float = 440.0, rate: int = RATE, amplitude: float = 0.5) -> Samples:
    """A sine."""
    at = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * pitch * at)).astype(np.float32)


def sound(seconds: float, pitch: float = 440.0, rate: int = RATE) -> Audio:
    """A sine, as it is handed to a sink."""
    return Audio(tone(seconds, pitch, rate), rate)


def pitch_of(samples: Samples, rate: int = RATE) -> float:
    """The strongest frequency, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))
