"""The ears: echo, noise, voice activity and wake words of every seat, frame by frame.

Blocking, and quick: it runs on one thread of its own, never on the event loop. While nobody is
listened to only the wake words are looked for, so an idle car costs little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cockpit.audio.streams import Channels, SoundFrame
from cockpit.live.double_talk import DoubleTalk
from cockpit.settings import Activation, AudioSettings, ListenSettings, WakeWord
from cockpit.speech.audio import Audio, Samples, decibels, rms
from cockpit.speech.echo import EchoCanceller
from cockpit.speech.noise import NoiseSuppressor
from cockpit.speech.segments import FRAME, VoiceActivity
from cockpit.speech.wakeword import WakeCall, WakeWordDetector


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the ears make of one frame.

    Attributes:
        samples: without echo and noise; shape (channels, 512), 16 kHz.
        at: seconds since the source began, at the end of the frame.
        probabilities: that somebody speaks, one a channel; 0 while nobody is listened to.
        levels: dB of full scale, one a channel, before echo and noise were taken out.
        double_talk: somebody speaks into the car's own voice, one a channel; sooner than the
            probabilities tell.
        wake: the wake word that was just completed, for sure or maybe, one a channel.
    """

    samples: Channels
    at: float
    probabilities: tuple[float, ...]
    levels: tuple[float, ...]
    double_talk: tuple[bool, ...]
    wake: tuple[WakeCall | None, ...]


class Ears:
    """All channels of a source.

    Args:
        channels: how many the source has.
        audio: echo cancellation and noise suppression.
        listen: the wake words.

    Raises:
        RecognizerUnavailable: a library is missing.
    """

    def __init__(self, channels: int, audio: AudioSettings, listen: ListenSettings) -> None:
        waking = listen.activation is Activation.WAKE_WORD
        self._ears = [_Ear(audio, listen.wake_words if waking else ()) for _ in range(channels)]

    def far(self, sound: Audio) -> None:
        """What goes to the loudspeaker now, so that it can be taken out; from any thread."""
        for ear in self._ears:
            ear.far(sound)

    def feed(self, frame: SoundFrame, *, attentive: bool) -> Heard:
        """The next frame.

        Args:
            attentive: somebody may be speaking to the car, so voices are looked for, too.
        """
        if frame.lost:
            for ear in self._ears:
                ear.lost(frame.lost)
        cleaned = [
            ear.clean(samples) for ear, samples in zip(self._ears, frame.samples, strict=True)
        ]
        levels = tuple(decibels(rms(samples)) for samples in frame.samples)
        probabilities = tuple(
            ear.voice(samples) if attentive else 0.0
            for ear, samples in zip(self._ears, cleaned, strict=True)
        )
        return Heard(
            samples=np.stack(cleaned),
            at=frame.at,
            probabilities=probabilities,
            levels=levels,
            double_talk=tuple(
                ear.interrupted(*one)
                for ear, *one in zip(self._ears, levels, probabilities, strict=True)
            ),
            wake=tuple(
                ear.called(samples) for ear, samples in zip(self._ears, cleaned, strict=True)
            ),
        )


class _Ear:
    """One channel."""

    def __init__(self, audio: AudioSettings, words: tuple[WakeWord, ...]) -> None:
        self._echo = EchoCanceller() if audio.echo_cancellation else None
        level = audio.noise_suppression
        self._noise = NoiseSuppressor(level) if level else None
        self._double_talk = DoubleTalk()
        self._activity = VoiceActivity()
        self._activity.reset()
        self._words = WakeWordDetector(words) if words else None

    def far(self, sound: Audio) -> None:
        if self._echo is not None:
            self._echo.far(sound)

    def lost(self, frames: int) -> None:
        if self._echo is not None:
            self._echo.lost(frames * FRAME)

    def clean(self, samples: Samples) -> Samples:
        if self._echo is not None:
            samples = self._echo.near(samples)
        return samples if self._noise is None else self._noise.feed(samples)

    def interrupted(self, level: float, probability: float) -> bool:
        return self._echo is not None and self._double_talk.feed(
            level, self._echo.played, probability
        )

    def voice(self, samples: Samples) -> float:
        return self._activity.probability(samples)

    def called(self, samples: Samples) -> WakeCall | None:
        return None if self._words is None else self._words.feed(samples)
