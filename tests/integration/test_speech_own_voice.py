"""The car's own voice, back in the microphone: it neither wakes nor interrupts the car."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from cockpit.assets.store import AssetStore
from cockpit.settings import AssetSettings, WakeWord
from cockpit.speech.audio import RATE, Audio, Samples, rms
from cockpit.speech.echo import EchoCanceller
from cockpit.speech.piper import PiperVoice
from cockpit.speech.segments import FRAME, VoiceActivity
from cockpit.speech.wakeword import WakeWordDetector

pytestmark = pytest.mark.models

WORDS = (WakeWord.OKAY_NABU, WakeWord.HEY_JARVIS)
CALLS = ("Okay nabu.", "Hey Jarvis.")
REPLIES = (
    "The driver's temperature is set to twenty two degrees.",
    "Done.",
    "To wake me, say okay nabu. Or say hey Jarvis.",
    "I found three cafés nearby. The closest one is four hundred metres away.",
    *CALLS,
    "Sorry, I can't open the trunk while the car is moving.",
)
BLOCK = 0.02  # seconds that the loudspeaker takes at once
PAUSE = 2.0  # seconds between replies


@dataclass(frozen=True)
class Loop:
    """From the loudspeaker to the microphone."""

    gain: float = -10.0  # dB
    delay: float = 0.15  # seconds
    room: bool = False

    def echo(self, played: Audio) -> Samples:
        samples = 10 ** (self.gain / 20) * played.resampled(RATE).samples
        if self.room:
            reach = np.arange(1, round(0.15 * RATE))
            tail = np.random.default_rng(3).normal(0, 1, len(reach)) * 0.997**reach
            tail *= 0.5 / np.sqrt(np.square(tail).sum())  # 6 dB below what comes straight
            samples = np.convolve(samples, np.concatenate([[1.0], tail]))[: len(samples)]
        late = np.concatenate([np.zeros(round(self.delay * RATE)), samples])
        return late[: len(samples)].astype(np.float32)


@pytest.fixture(scope="module")
def voiced() -> dict[str, Audio]:
    """What Piper makes of the sentences, at its own rate."""
    store = AssetStore.from_settings(AssetSettings())
    if not store.has("piper-en-us-joe"):
        pytest.skip("piper-en-us-joe is not in the asset store")

    async def speak() -> dict[str, Audio]:
        async with PiperVoice(store.path("piper-en-us-joe")) as voice:
            return {text: await voice.synthesize(text) for text in REPLIES}

    return asyncio.run(speak())


def conversation(voiced: dict[str, Audio]) -> Audio:
    """All replies, with pauses between; the loudest is at -3 dB."""
    rate = next(iter(voiced.values())).rate
    pause = Audio.silence(PAUSE, rate)
    whole = Audio.join([part for text in REPLIES for part in (pause, voiced[text])] + [pause])
    return Audio(0.7 * whole.samples / whole.peak, rate)


def microphone(seconds: float) -> Samples:
    """A quiet car."""
    rng = np.random.default_rng(1)
    return rng.normal(0, 10 ** (-65 / 20), round(seconds * RATE)).astype(np.float32)


def cancelled(played: Audio, heard: Samples) -> tuple[Samples, EchoCanceller]:
    """Both streams in their own blocks, at the same pace."""
    canceller = EchoCanceller()
    block = round(BLOCK * played.rate)
    out: list[Samples] = []
    told = 0
    for end in range(FRAME, len(heard) + 1, FRAME):
        while told / played.rate <= end / RATE and told < len(played.samples):
            canceller.far(Audio(played.samples[told : told + block], played.rate))
            told += block
        out.append(canceller.near(heard[end - FRAME : end]))
    return np.concatenate(out), canceller


def voices(samples: Samples) -> int:
    """Frames in which Silero hears somebody speak."""
    return sum(chance >= 0.5 for chance in VoiceActivity().probabilities(Audio(samples)))


def calls(samples: Samples) -> list[WakeWord]:
    """Wake words that are found."""
    detector = WakeWordDetector(WORDS)
    frames = (samples[at : at + FRAME] for at in range(0, len(samples) - FRAME + 1, FRAME))
    found = [detector.feed(frame) for frame in frames]
    return [call.word for call in found if call is not None and call.sure]


def test_own_voice_would_wake_and_interrupt_without_a_canceller(voiced: dict[str, Audio]) -> None:
    played = conversation(voiced)
    echo = Loop().echo(played)
    heard = echo + microphone(played.seconds + 1)[: len(echo)]
    assert voices(heard) > 300
    assert set(calls(heard)) == set(WORDS)


@pytest.mark.parametrize(
    "loop",
    [
        Loop(),
        Loop(room=True),
        Loop(gain=-6, room=True),
        Loop(gain=-20),
        Loop(delay=0.25, room=True),
    ],
    ids=str,
)
def test_own_voice_neither_wakes_nor_interrupts(voiced: dict[str, Audio], loop: Loop) -> None:
    played = conversation(voiced)
    echo = loop.echo(played)
    left, canceller = cancelled(played, echo + microphone(played.seconds + 1)[: len(echo)])
    assert voices(left) == 0
    assert calls(left) == []
    assert canceller.renewals <= 1  # while the distance settles


def test_own_voice_after_a_change_of_the_delay(voiced: dict[str, Audio]) -> None:
    played = conversation(voiced)
    one, other = Loop(room=True).echo(played), Loop(delay=0.1, room=True).echo(played)
    middle = round((PAUSE + voiced[REPLIES[0]].seconds + PAUSE / 2) * RATE)
    heard = np.concatenate([one[:middle], other[middle:]])
    left, canceller = cancelled(played, heard + microphone(played.seconds + 1)[: len(heard)])
    assert voices(left) <= 3
    assert calls(left) == []
    assert canceller.renewals >= 1


def test_own_voice_does_not_drown_who_speaks(voiced: dict[str, Audio]) -> None:
    played = conversation(voiced)
    heard = Loop().echo(played)
    heard += microphone(played.seconds + 1)[: len(heard)]
    # In the middle of the fourth reply, as loud as somebody who is near.
    begin = sum(PAUSE + voiced[text].seconds for text in REPLIES[:3]) + PAUSE + 1.0
    said = voiced["Okay nabu."].resampled(RATE).samples
    said = said * 10 ** (-23 / 20) / rms(said)
    at = round(begin * RATE)
    heard[at : at + len(said)] += said
    left, canceller = cancelled(played, heard)
    assert voices(left[at : at + len(said)]) > 5
    assert voices(left[:at]) == 0
    assert canceller.renewals <= 1
