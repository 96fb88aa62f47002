"""From frame probabilities to utterances."""

from __future__ import annotations

import numpy as np
import pytest

from cockpit.speech.audio import RATE, Audio
from cockpit.speech.segments import (
    FRAME,
    Segment,
    SegmentRules,
    SpeechGate,
    VoiceActivity,
    find_segments,
)

SECOND = RATE / FRAME  # frames
RULES = SegmentRules()


def frames(*parts: tuple[float, float]) -> list[float]:
    """Probabilities from (seconds, probability) pairs."""
    return [p for seconds, p in parts for _ in range(round(seconds * SECOND))]


def found(*parts: tuple[float, float]) -> list[Segment]:
    probabilities = frames(*parts)
    return find_segments(probabilities, len(probabilities) / SECOND, RULES)


def test_find_segments_silence_has_none() -> None:
    assert found((10, 0.1)) == []
    assert find_segments([], 0.0, RULES) == []


def test_find_segments_pads_but_not_beyond_the_audio() -> None:
    (segment,) = found((0.1, 0.0), (2, 0.9), (3, 0.0))
    assert segment.start == 0.0
    assert segment.end == pytest.approx(2.1 + RULES.padding, abs=0.05)


def test_find_segments_drops_a_click() -> None:
    assert found((1, 0.0), (0.1, 0.9), (3, 0.0)) == []


def test_find_segments_keeps_a_thinking_pause_inside() -> None:
    (segment,) = found((1, 0.0), (1, 0.9), (1.5, 0.0), (1, 0.9), (3, 0.0))
    assert segment.seconds == pytest.approx(3.5 + 2 * RULES.padding, abs=0.1)


def test_find_segments_long_silence_parts_utterances() -> None:
    first, second = found((1, 0.0), (1, 0.9), (4, 0.0), (1, 0.9), (1, 0.0))
    assert first.end < second.start


def test_find_segments_doubtful_frames_do_not_end_speech() -> None:
    assert len(found((1, 0.9), (2.5, 0.4), (1, 0.9))) == 1


def test_find_segments_cuts_a_monologue_at_its_least_likely_frame() -> None:
    parts = found((20, 0.9), (0.1, 0.4), (20, 0.9), (1, 0.0))
    assert [round(part.end) for part in parts] == [20, 40]
    assert all(part.seconds <= RULES.longest for part in parts)


def test_voice_activity_hears_nobody_in_silence_and_noise() -> None:
    activity = VoiceActivity()
    noise = np.random.default_rng(0).normal(0, 0.05, 5 * RATE).astype(np.float32)
    assert activity.segments(Audio.silence(5)) == []
    assert activity.segments(Audio(noise)) == []
    assert activity.segments(Audio.silence(0)) == []


class LoudIsSpeech(VoiceActivity):
    """Takes every loud frame for speech."""

    def __init__(self) -> None:
        pass

    def reset(self) -> None:
        pass

    def probability(self, frame: np.ndarray) -> float:
        return float(np.abs(frame).max() > 0.5)


def test_speech_gate_holds_back_silence_and_passes_speech_with_preroll() -> None:
    gate = SpeechGate(LoudIsSpeech(), preroll=0.5)
    quiet = np.full(RATE, 0.1, np.float32)
    loud = np.full(1000, 0.9, np.float32)
    assert not len(gate.feed(quiet)) and not gate.is_open
    passed = gate.feed(loud)
    assert gate.is_open
    assert passed[-1] == np.float32(0.9)
    assert len(passed) == pytest.approx(0.5 * RATE + 1000, abs=2 * FRAME)
    assert gate.feed(quiet) is quiet


def test_speech_gate_loses_nothing_between_odd_chunks() -> None:
    gate = SpeechGate(LoudIsSpeech(), preroll=10.0)
    signal = np.concatenate([np.full(3001, 0.1), np.full(4000, 0.9)]).astype(np.float32)
    chunks = [signal[at : at + 333] for at in range(0, len(signal), 333)]
    assert np.array_equal(np.concatenate([gate.feed(chunk) for chunk in chunks]), signal)
