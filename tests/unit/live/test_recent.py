"""Cutting utterances out of the last half minute."""

from __future__ import annotations

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS
from cockpit.live.ears import Heard
from cockpit.live.recent import Recent
from cockpit.speech.segments import FRAME


def frame(number: int, loudness: float = 0.1) -> Heard:
    """The frame that ends after ``number`` frames; its right channel counts."""
    sound = np.stack([np.full(FRAME, loudness), np.full(FRAME, number)]).astype(np.float32)
    nothing = (0.0, 0.0)
    at = number * FRAME_SECONDS
    return Heard(sound, at, nothing, nothing, (False, False), (None, None))


def filled(recent: Recent, *loudness: float) -> Recent:
    for number, level in enumerate(loudness, 1):
        recent.add(frame(number, level))
    return recent


def test_recent_cuts_whole_frames_of_one_channel() -> None:
    recent = filled(Recent(1.0), *[0.1] * 10)
    cut = recent.cut(1, 2 * FRAME_SECONDS, 5 * FRAME_SECONDS)
    assert sorted(set(cut.samples.tolist())) == [3, 4, 5]
    assert recent.cut(1, 8.5 * FRAME_SECONDS, 100.0).samples[-1] == 10


def test_recent_forgets_the_oldest() -> None:
    recent = filled(Recent(5 * FRAME_SECONDS), *[0.1] * 10)
    assert set(recent.cut(1, 0.0, 1.0).samples.tolist()) == {6, 7, 8, 9, 10}


def test_recent_finds_the_gap_between_two_words() -> None:
    recent = filled(Recent(1.0), 0.0, 0.5, 0.4, 0.02, 0.5, 0.5)
    assert recent.quietest(0, FRAME_SECONDS, 6 * FRAME_SECONDS) == 4 * FRAME_SECONDS
    assert recent.quietest(0, FRAME_SECONDS, 3 * FRAME_SECONDS) == 3 * FRAME_SECONDS
    assert recent.quietest(0, 9.0, 10.0) == 9.0


def test_recent_without_sound_cuts_nothing() -> None:
    assert not len(Recent(1.0).cut(0, 0.0, 1.0).samples)
