"""Blocks of any form become frames of 512 samples at 16 kHz."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.audio.framing import Framer
from cockpit.speech.audio import RATE
from cockpit.speech.segments import FRAME
from tests.unit.audio.tones import pitch_of, tone


@given(st.lists(st.integers(0, 1500), max_size=12), st.integers(1, 3))
def test_framer_loses_nothing_however_the_blocks_are_cut(sizes: list[int], channels: int) -> None:
    samples = np.arange(sum(sizes) * channels, dtype=np.float32).reshape(-1, channels)
    framer = Framer(channels)
    frames = []
    at = 0
    for size in sizes:
        frames += framer.feed(samples[at : at + size])
        at += size
    frames += framer.flush()
    assert all(frame.shape == (channels, FRAME) for frame in frames)
    joined = np.concatenate([np.zeros((channels, 0), np.float32), *frames], axis=1).T
    assert np.array_equal(joined[: len(samples)], samples)
    assert not joined[len(samples) :].any()
    assert len(joined) - len(samples) < FRAME


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_framer_resamples_every_channel_for_itself(rate: int) -> None:
    block = np.stack([tone(1.0, 440, rate), tone(1.0, 1000, rate)], axis=1)
    framer = Framer(2, rate)
    frames = [
        frame for at in range(0, rate, 480) for frame in framer.feed(block[at : at + 480])
    ] + framer.flush()
    joined = np.concatenate(frames, axis=1)
    assert joined.shape[1] == pytest.approx(RATE, abs=FRAME)
    assert pitch_of(joined[0]) == pytest.approx(440, abs=2)
    assert pitch_of(joined[1]) == pytest.approx(1000, abs=2)


def test_framer_makes_silence_of_what_is_not_a_number() -> None:
    block = np.full((FRAME, 1), np.nan, np.float32)
    block[:10] = np.inf
    block[5] = -np.inf
    (frame,) = Framer(1).feed(block)
    assert not frame.any()


def test_framer_keeps_nothing_of_the_device_s_buffer() -> None:
    buffer = np.ones((FRAME, 1), np.float32)
    (frame,) = Framer(1).feed(buffer)
    buffer.fill(7)
    assert (frame == 1).all()
