"""The day in a car that a soak run plays, and the sounds that are made for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from cockpit.evaluation.scenes import LONG_SECONDS, PER_HOUR, Kind, Person, Programme
from cockpit.evaluation.sounds import at_level, car_noise, kitchen, music
from cockpit.speech.audio import RATE, Audio
from tests.fakes.ears import hum

CALL, REQUEST, TALK = 0.9, 0.3, 0.2
PEOPLE = [Person([hum(CALL, 0.5)], [("open the window", hum(REQUEST, 1.0))], [hum(TALK, 2.0)])]


@pytest.fixture(scope="module")
def hour() -> Programme:
    return Programme(PEOPLE, seed=1, pool=5.0)


def test_programme_has_an_hour_of_everything(hour: Programme) -> None:
    scenes = list(islice(hour.scenes(), sum(PER_HOUR.values())))
    assert Counter(scene.kind for scene in scenes) == PER_HOUR
    assert all(bool(scene.says) is scene.kind.is_call for scene in scenes)
    seconds = sum(scene.sound.seconds for scene in scenes)
    assert 2400 < seconds < 4200  # and the answers come on top
    assert {scene.at_once for scene in scenes} == {True, False}


def test_programme_calls_before_it_asks(hour: Programme) -> None:
    call = next(scene for scene in hour.scenes() if scene.kind is Kind.CALL)
    loud = np.abs(call.sound.samples)
    loud = np.round(loud / loud.max() * CALL, 2)
    assert call.says == "open the window"
    first, then = np.flatnonzero(loud == CALL), np.flatnonzero(loud == REQUEST)
    assert len(first) == RATE // 2 and len(then) == RATE
    assert 0 <= then[0] - first[-1] - 1 <= 0.6 * RATE


def test_programme_call_while_driving_stands_out_of_its_noise(hour: Programme) -> None:
    call = next(scene for scene in hour.scenes() if scene.kind is Kind.CALL_DRIVING)
    noise = Audio(call.sound.samples[: RATE // 2])  # before the call
    assert noise.level > -60
    assert call.sound.level - noise.level > 6


def test_programme_is_the_same_for_the_same_seed() -> None:
    first, again, other = (
        [scene.kind for scene in islice(Programme(PEOPLE, seed, pool=2.0).scenes(), 20)]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_programme_sample_shortens_only_what_is_long() -> None:
    whole = list(islice(Programme(PEOPLE, seed=3, pool=5.0).scenes(), 20))
    short = list(islice(Programme(PEOPLE, seed=3, sample=0.1, pool=5.0).scenes(), 20))
    for scene, part in zip(whole, short, strict=True):
        assert scene.kind is part.kind
        assert part.sound.seconds + part.left_out == pytest.approx(scene.sound.seconds, abs=0.001)
        long = not (scene.kind.is_call or scene.kind is Kind.TALK)
        assert bool(part.left_out) is long
        assert not long or part.sound.seconds <= 0.1 * LONG_SECONDS[1] + 0.001


def test_programme_plays_recordings_in_half_of_the_talk() -> None:
    recorded = hum(0.1, 2.0)
    recorded.samples[0] = -0.1
    programme = Programme(PEOPLE, seed=4, recorded=[recorded], pool=5.0)
    talk = next(scene for scene in programme.scenes() if scene.kind is Kind.TALK)
    share = np.count_nonzero(talk.sound.samples < 0) / (talk.sound.seconds / 3)
    assert 0.2 < share < 0.8


@pytest.mark.parametrize("make", [car_noise, music, kitchen])
def test_sound_is_as_long_as_wanted_and_not_overdriven(
    make: Callable[[float, np.random.Generator | None], Audio],
) -> None:
    sound = make(5.0, None)
    assert sound.seconds == 5.0
    assert 0.5 < sound.peak < 1.0
    assert sound.level > -40
    other = make(5.0, np.random.default_rng(7))
    assert not np.array_equal(sound.samples, other.samples)


def test_sound_of_a_car_is_dark_and_that_of_a_kitchen_bright() -> None:
    def centre(sound: Audio) -> float:
        power = np.abs(np.fft.rfft(sound.samples)) ** 2
        return float((power * np.fft.rfftfreq(len(sound.samples), 1 / RATE)).sum() / power.sum())

    assert centre(car_noise(5.0)) < 300 < 900 < centre(kitchen(5.0))


def test_at_level_is_exact_and_never_overdriven() -> None:
    assert at_level(hum(0.5), -40).level == pytest.approx(-40, abs=1e-3)
    assert at_level(music(2.0), 0.0).peak == pytest.approx(1.0)
    assert at_level(Audio.silence(1), -20).peak == 0
