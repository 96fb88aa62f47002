"""What was handed over goes out once, in order, at one rate, until somebody stops it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.audio.outbox import FADE, Outbox
from cockpit.speech.audio import RATE, Audio
from tests.unit.audio.tones import pitch_of, sound, tone


@given(st.lists(st.integers(0, 3000), max_size=6), st.integers(1, 700))
def test_outbox_gives_all_in_order_then_silence(sizes: list[int], step: int) -> None:
    samples = np.arange(1, sum(sizes) + 1, dtype=np.float32)
    outbox = Outbox(RATE)
    at = 0
    for size in sizes:
        outbox.put(Audio(samples[at : at + size]))
        at += size
    assert outbox.pending == pytest.approx(len(samples) / RATE)
    blocks = [outbox.take(step) for _ in range(len(samples) // step + 2)]
    given_out = np.concatenate(blocks)
    assert np.array_equal(given_out[: len(samples)], samples)
    assert not given_out[len(samples) :].any()
    assert outbox.taken == pytest.approx(len(samples) / RATE)
    assert outbox.pending == 0


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100])
def test_outbox_resamples_chunks_as_one_sound(rate: int) -> None:
    whole = tone(1.0, rate=rate)
    outbox = Outbox(48_000)
    for at in range(0, rate, rate // 7):
        outbox.put(Audio(whole[at : at + rate // 7], rate))
    assert outbox.pending == pytest.approx(1.0, abs=1e-4)
    heard = outbox.take(48_000)
    assert pitch_of(heard, 48_000) == pytest.approx(440, abs=1)
    expected = tone(1.0, rate=48_000)
    # A seam between two chunks would be a click, far above the filter's error.
    assert np.abs(heard - expected)[2400:-2400].max() < 0.01


def test_outbox_gives_the_end_of_resampled_sound_though_nothing_follows() -> None:
    outbox = Outbox(48_000)
    outbox.put(sound(0.25, rate=22_050))
    heard = np.concatenate([outbox.take(480) for _ in range(30)])
    assert outbox.taken == pytest.approx(0.25, abs=1e-3)
    assert outbox.pending == 0
    assert np.abs(heard[11_500:12_000]).max() > 0.4


def test_outbox_takes_one_rate_after_another() -> None:
    outbox = Outbox(16_000)
    for rate in (22_050, 16_000, 48_000):
        outbox.put(sound(0.5, rate=rate))
    heard = outbox.take(24_000)
    assert outbox.taken == pytest.approx(1.5, abs=2e-3)
    for at in (0, 8000, 16_000):
        assert pitch_of(heard[at : at + 7900]) == pytest.approx(440, abs=3)


def test_outbox_cut_fades_within_milliseconds() -> None:
    outbox = Outbox(RATE)
    outbox.put(Audio(np.ones(RATE, np.float32)))
    outbox.take(100)
    outbox.cut()
    heard = outbox.take(1000)
    fade = round(FADE * RATE)
    assert np.all(np.diff(heard[: fade + 1]) <= 0)
    assert not heard[fade:].any()
    assert outbox.taken == pytest.approx((100 + fade) / RATE)


def test_outbox_cut_forgets_what_the_resampler_held() -> None:
    outbox = Outbox(48_000)
    outbox.put(sound(1.0, rate=22_050))
    outbox.cut()
    outbox.take(480)
    assert outbox.pending == 0
    outbox.put(Audio(np.zeros(2205, np.float32), 22_050))
    assert not outbox.take(4800).any()


def test_outbox_held_is_silent_and_goes_on_where_it_was_held() -> None:
    outbox = Outbox(RATE)
    fade = round(FADE * RATE)
    ramp = np.linspace(0.5, 1, RATE, dtype=np.float32)
    outbox.put(Audio(ramp))
    outbox.take(100)
    outbox.hold(True)
    held = outbox.take(1000)
    assert np.all(np.diff(held[: fade + 1]) <= 0)
    assert not held[fade:].any()
    outbox.drop(500)
    assert not outbox.take(1000).any()
    assert outbox.taken == pytest.approx(100 / RATE)
    outbox.hold(False)
    heard = outbox.take(1000)
    assert heard[0] == 0
    assert np.array_equal(heard[fade:], ramp[100 + fade : 1100])
    assert outbox.pending == pytest.approx(1 - 1100 / RATE)


def test_outbox_cut_while_held_stays_silent_and_takes_what_follows() -> None:
    outbox = Outbox(RATE)
    outbox.put(sound(1.0))
    outbox.take(100)
    outbox.hold(True)
    outbox.take(100)
    outbox.cut()
    assert not outbox.take(1000).any()
    outbox.put(sound(1.0))
    assert outbox.take(1000).any()


def test_outbox_does_not_count_what_is_dropped() -> None:
    outbox = Outbox(RATE)
    outbox.put(sound(1.0))
    outbox.drop(RATE // 2)
    assert outbox.taken == 0
    assert outbox.pending == pytest.approx(0.5)


def test_outbox_makes_silence_of_what_is_not_a_number() -> None:
    outbox = Outbox(RATE)
    outbox.put(Audio(np.array([np.nan, np.inf, -np.inf, 0.5], np.float32)))
    assert outbox.take(4).tolist() == [0, 0, 0, 0.5]


def test_outbox_loses_nothing_between_two_threads() -> None:
    samples = np.arange(1, 200_001, dtype=np.float32)
    outbox = Outbox(RATE)
    taken: list[np.ndarray] = []

    def take() -> None:
        while not taken or taken[-1][-1] != len(samples):
            block = outbox.take(97)
            if block.any():
                taken.append(block[block > 0])

    thread = threading.Thread(target=take)
    thread.start()
    for at in range(0, len(samples), 1234):
        outbox.put(Audio(samples[at : at + 1234]))
    thread.join()
    assert np.array_equal(np.concatenate(taken), samples)
