"""Ears and a recogniser for sound that spells itself: a hum whose loudness stands for a sentence.

A sentence is a hum of constant amplitude, the wake word one of amplitude 0.9, and a doubtful one
of 0.8. So what the live conversation cuts out of the stream decides what is understood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cockpit.audio.streams import SoundFrame
from cockpit.live.ears import Heard
from cockpit.settings import AudioSettings, ListenSettings, WakeWord
from cockpit.speech.audio import RATE, Audio, decibels, rms
from cockpit.speech.recognizer import Transcript
from cockpit.speech.wakeword import WakeCall

WAKE = 0.9
MAYBE = 0.8
_SPEECH = 0.05
_TOLERANCE = 0.004


def hum(amplitude: float, seconds: float = 1.0) -> Audio:
    """Sound of constant amplitude."""
    return Audio(np.full(round(seconds * RATE), amplitude, np.float32))


@dataclass
class FakeEars:
    """Hears speech in what is louder than the echo, and wake words at the end of their hum.

    Attributes:
        broken: frames, counted over all ears, at which they raise.
    """

    channels: int
    audio: AudioSettings
    listen: ListenSettings
    broken: set[int] = field(default_factory=set)
    attentive: list[bool] = field(default_factory=list)
    _called: list[WakeCall | None] = field(default_factory=list)

    def far(self, sound: Audio) -> None:
        """The echo is quieter than speech."""

    def feed(self, frame: SoundFrame, *, attentive: bool) -> Heard:
        if len(self.attentive) in self.broken:
            self.broken.discard(len(self.attentive))
            raise OSError("the library broke")
        self.attentive.append(attentive)
        loud = [float(np.abs(samples).max()) for samples in frame.samples]
        calling = [_call(level) for level in loud]
        before = self._called or [None] * len(loud)
        self._called = calling
        return Heard(
            samples=frame.samples,
            at=frame.at,
            probabilities=tuple(float(attentive and level > _SPEECH) for level in loud),
            levels=tuple(decibels(rms(samples)) for samples in frame.samples),
            double_talk=(False,) * len(loud),
            wake=tuple(
                was if now is None else None for was, now in zip(before, calling, strict=True)
            ),
        )


def _call(level: float) -> WakeCall | None:
    for amplitude, sure in ((WAKE, True), (MAYBE, False)):
        if abs(level - amplitude) < _TOLERANCE:
            return WakeCall(WakeWord.OKAY_NABU, sure)
    return None


@dataclass
class FakeRecognizer:
    """Knows sentences by their amplitude.

    Attributes:
        sentences: by amplitude; several in one sound are joined.
        confidence: of everything.
        seconds: that it takes.
        error: raised in place of a text.
        heard: what it was given, in order.
        cancelled: how often nobody wanted the answer any more.
    """

    sentences: Mapping[float, str] = field(default_factory=dict)
    confidence: float = 0.9
    seconds: float = 0.1
    error: Exception | None = None
    heard: list[Audio] = field(default_factory=list)
    cancelled: int = 0

    name = "fake"

    async def transcribe(self, audio: Audio) -> Transcript:
        self.heard.append(audio)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        found = [
            (np.abs(audio.samples - amplitude) < _TOLERANCE).nonzero()[0]
            for amplitude in self.sentences
        ]
        words = sorted(
            (at[0], text)
            for at, text in zip(found, self.sentences.values(), strict=True)
            if len(at) > RATE / 20
        )
        text = " ".join(text for _, text in words)
        return Transcript(text, self.confidence, audio.seconds, self.seconds, self.name)

    async def close(self) -> None:
        """Nothing to free."""
