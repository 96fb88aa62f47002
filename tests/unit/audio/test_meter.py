"""The level meter: how it rises and falls, and what it warns of once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from cockpit.audio.meter import FALL, HOLD, LevelMeter, Notice, Trouble
from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.speech.audio import Samples
from cockpit.speech.segments import FRAME
from tests.unit.audio.tones import tone


def frames(*channels: Samples, since: float = 0.0) -> Iterator[SoundFrame]:
    samples = np.stack(channels)
    for number in range(samples.shape[1] // FRAME):
        part = samples[:, number * FRAME : (number + 1) * FRAME]
        yield SoundFrame(part, since + (number + 1) * FRAME_SECONDS)


def fed(meter: LevelMeter, *channels: Samples, since: float = 0.0) -> list[Notice]:
    return [notice for frame in frames(*channels, since=since) for notice in meter.feed(frame)]


def noise(seconds: float, amplitude: float = 0.01) -> Samples:
    count = round(seconds * 16_000)
    return (amplitude * np.random.default_rng(1).uniform(-1, 1, count)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 16_000), np.float32)


def test_meter_of_a_full_sine_has_minus_three() -> None:
    meter = LevelMeter(1)
    fed(meter, tone(3.0, 997, amplitude=0.99))
    (level,) = meter.levels
    assert level.rms == pytest.approx(-3.1, abs=0.1)
    assert level.peak == pytest.approx(-0.1, abs=0.05)


def test_meter_of_silence_has_the_floor() -> None:
    meter = LevelMeter(2)
    assert [level.rms for level in meter.levels] == [-120, -120]
    fed(meter, silence(1), silence(1))
    assert [level.peak for level in meter.levels] == [-120, -120]


def test_meter_measures_each_channel_for_itself() -> None:
    meter = LevelMeter(2)
    fed(meter, tone(2, amplitude=0.5), tone(2, amplitude=0.05))
    loud, soft = meter.levels
    assert loud.rms - soft.rms == pytest.approx(20, abs=0.1)


def test_meter_peak_rises_at_once_and_falls_as_a_peak_meter_does() -> None:
    meter = LevelMeter(1)
    click = silence(FRAME_SECONDS)
    click[100] = 0.5
    fed(meter, click)
    assert meter.levels[0].peak == pytest.approx(-6, abs=0.1)
    fed(meter, noise(1.024, 1e-4))
    assert meter.levels[0].peak == pytest.approx(-6 - FALL * 1.024, abs=0.2)


def test_meter_holds_the_highest_peak_for_a_while() -> None:
    meter = LevelMeter(1)
    click = silence(FRAME_SECONDS)
    click[100] = 0.5
    fed(meter, click)
    fed(meter, noise(HOLD - 0.1, 1e-4))
    assert meter.levels[0].held == pytest.approx(-6, abs=0.1)
    fed(meter, noise(0.2, 1e-4))
    assert meter.levels[0].held < -20


def test_meter_rms_follows_slowly() -> None:
    meter = LevelMeter(1)
    fed(meter, tone(3.0, amplitude=0.1))
    steady = meter.levels[0].rms
    fed(meter, silence(0.32))
    assert meter.levels[0].rms == pytest.approx(steady - 4.6, abs=0.3)  # a third of the power


def test_meter_warns_of_clipping_once_an_episode() -> None:
    meter = LevelMeter(1, calm=3.0)
    shout = np.clip(tone(2.0, amplitude=4.0), -1, 1)
    notices = fed(meter, shout)
    assert [notice.trouble for notice in notices] == [Trouble.CLIPPING]
    assert notices[0].at == pytest.approx(FRAME_SECONDS)
    assert not fed(meter, np.concatenate([noise(2.0), shout]))  # the same episode
    again = fed(meter, np.concatenate([noise(4.0), shout]), since=10)
    assert [notice.trouble for notice in again] == [Trouble.CLIPPING]


@pytest.mark.parametrize("top", [1.0, 32767 / 32768])
def test_meter_sees_clipping_of_sixteen_bits_too(top: float) -> None:
    meter = LevelMeter(1)
    assert fed(meter, np.clip(tone(0.1, amplitude=2.0), -top, top).astype(np.float32))


def test_meter_takes_one_full_sample_for_a_true_peak() -> None:
    meter = LevelMeter(1)
    samples = noise(1.0)
    samples[5000] = 1.0
    assert not fed(meter, samples)


def test_meter_tells_of_a_dead_microphone_once_and_of_its_life() -> None:
    meter = LevelMeter(2, dead_after=5.0)
    notices = fed(meter, np.concatenate([silence(12), noise(1)]), noise(13))
    assert [(notice.trouble, notice.channel) for notice in notices] == [
        (Trouble.DEAD, 0),
        (Trouble.ALIVE, 0),
    ]
    assert notices[0].at == pytest.approx(5, abs=2 * FRAME_SECONDS)
    assert notices[1].at == pytest.approx(12, abs=2 * FRAME_SECONDS)


def test_meter_takes_a_constant_for_dead() -> None:
    meter = LevelMeter(1)
    assert fed(meter, np.full(16_000 * 6, 0.01, np.float32))


def test_meter_takes_a_quiet_room_for_alive() -> None:
    meter = LevelMeter(1)
    # A good 16-bit microphone in a silent car: a few steps of noise.
    hum = np.round(noise(20, 3 / 32768) * 32768) / 32768
    assert not fed(meter, hum.astype(np.float32))
