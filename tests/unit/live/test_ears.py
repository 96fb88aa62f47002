"""The ears with their real libraries: what they do for each frame."""

from __future__ import annotations

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.live.ears import Ears
from cockpit.settings import Activation, AudioSettings, ListenSettings
from cockpit.speech.audio import Audio
from cockpit.speech.segments import FRAME

PLAIN = AudioSettings(echo_cancellation=False)
SLEEPY = ListenSettings(activation=Activation.PUSH_TO_TALK)


def noise(channels: int, at: int, lost: int = 0) -> SoundFrame:
    rng = np.random.default_rng(at)
    sound = rng.normal(0, 0.05, (channels, FRAME)).astype(np.float32)
    return SoundFrame(sound, at * FRAME_SECONDS, lost)


def test_ears_look_for_voices_only_while_somebody_is_listened_to() -> None:
    ears = Ears(2, PLAIN, SLEEPY)
    assert ears.feed(noise(2, 1), attentive=False).probabilities == (0.0, 0.0)
    heard = ears.feed(noise(2, 2), attentive=True)
    assert all(0 < probability < 0.5 for probability in heard.probabilities)
    assert heard.wake == (None, None)


def test_ears_hand_the_sound_through_where_nothing_is_to_be_done() -> None:
    frame = noise(1, 1)
    heard = Ears(1, PLAIN, SLEEPY).feed(frame, attentive=True)
    assert np.array_equal(heard.samples, frame.samples)
    assert heard.at == frame.at
    assert -27 < heard.levels[0] < -25


def test_ears_take_the_cars_own_voice_out() -> None:
    ears = Ears(1, AudioSettings(), SLEEPY)
    rng = np.random.default_rng(7)
    far = rng.normal(0, 0.2, 200 * FRAME).astype(np.float32)
    near = np.concatenate([np.zeros(2400, np.float32), far])[: len(far)] * np.float32(0.3)
    left = []
    for at in range(200):
        span = slice(at * FRAME, (at + 1) * FRAME)
        ears.far(Audio(far[span]))
        frame = SoundFrame(near[np.newaxis, span], (at + 1) * FRAME_SECONDS)
        left.append(ears.feed(frame, attentive=False).samples)
    before = np.square(near[100 * FRAME :]).mean()
    after = np.square(np.concatenate(left[100:], axis=1)).mean()
    assert after < before / 100


def test_ears_suppress_noise_where_they_shall() -> None:
    ears = Ears(1, AudioSettings(echo_cancellation=False, noise_suppression=3), SLEEPY)
    levels = [
        float(np.square(ears.feed(noise(1, at), attentive=False).samples).mean())
        for at in range(1, 150)
    ]
    assert np.mean(levels[100:]) < 0.05**2 / 4


def test_ears_go_on_where_frames_were_lost() -> None:
    ears = Ears(1, AudioSettings(), SLEEPY)
    ears.far(Audio.silence(0.1))
    assert ears.feed(noise(1, 9, lost=8), attentive=True).samples.shape == (1, FRAME)
