"""What is done with the probabilities of the wake word models, and the models themselves."""

from __future__ import annotations

import gc

import numpy as np
import psutil
import pytest

from cockpit.settings import WakeWord
from cockpit.speech.audio import RATE, Samples
from cockpit.speech.segments import FRAME
from cockpit.speech.wakeword import DOUBT, REFRACTORY, WakeCall, WakeWordDetector

NABU, JARVIS = WakeWord.OKAY_NABU, WakeWord.HEY_JARVIS


class Sure:
    """A model that is as sure as it is told, from one number a step on."""

    def __init__(self, *probabilities: float, cutoff: float = 0.8) -> None:
        self.probability_cutoff = cutoff
        self.steps = 0
        self.resets = 0
        self._probabilities = probabilities

    def process_streaming_prob(self, features: object) -> float:
        self.steps += 1
        return self._probabilities[min(self.steps, len(self._probabilities)) - 1]

    def reset(self) -> None:
        self.resets += 1


def detector(**models: Sure) -> WakeWordDetector:
    found = WakeWordDetector([])
    found._models = {WakeWord(word): model for word, model in models.items()}
    return found


def noise(seconds: float, level: float = 0.02) -> Samples:
    rng = np.random.default_rng(3)
    return rng.normal(0, level, round(seconds * RATE)).astype(np.float32)


def fed(detector: WakeWordDetector, samples: Samples) -> list[WakeCall | None]:
    """One answer a frame."""
    frames = range(0, len(samples) - FRAME + 1, FRAME)
    return [detector.feed(samples[at : at + FRAME]) for at in frames]


def told(detector: WakeWordDetector, seconds: float) -> list[WakeCall]:
    """The calls in some noise."""
    return [call for call in fed(detector, noise(seconds)) if call is not None]


def test_wakeword_models_share_what_they_listen_to() -> None:
    one, other = Sure(0.1), Sure(0.1)
    fed(detector(okay_nabu=one, hey_jarvis=other), noise(1))
    # One feature vector each 10 ms; the first needs 30 ms.
    assert one.steps == other.steps == 97


def test_wakeword_found_above_its_cutoff_and_not_at_it() -> None:
    assert told(detector(okay_nabu=Sure(0.8)), 0.9) == [WakeCall(NABU, sure=False)]
    assert told(detector(okay_nabu=Sure(0.81)), 0.9) == [WakeCall(NABU)]


def test_wakeword_is_not_even_doubtful_below_a_share_of_that() -> None:
    assert told(detector(okay_nabu=Sure(DOUBT)), 0.9) == []


def test_wakeword_a_doubtful_one_may_get_sure() -> None:
    rising = Sure(*[0.4] * 20, *[0.9] * 10, 0.0)
    assert told(detector(okay_nabu=rising), 0.9) == [WakeCall(NABU, sure=False), WakeCall(NABU)]


def test_wakeword_one_that_is_sure_is_not_doubtful_again_at_once() -> None:
    falling = Sure(*[0.9] * 20, *[0.4] * 30, 0.0)
    assert told(detector(okay_nabu=falling), 2.0) == [WakeCall(NABU)]


def test_wakeword_a_model_that_stays_sure_counts_once_a_second() -> None:
    found = fed(detector(okay_nabu=Sure(0.9)), noise(2.9))
    at = [index * FRAME / RATE for index, word in enumerate(found) if word]
    assert len(at) == 3
    assert np.diff(at) == pytest.approx([REFRACTORY, REFRACTORY], abs=0.05)


def test_wakeword_of_two_the_surer_one_counts_and_the_other_is_not_told_after_it() -> None:
    found = fed(detector(okay_nabu=Sure(0.85), hey_jarvis=Sure(0.99, cutoff=0.9)), noise(0.9))
    assert [call for call in found if call] == [WakeCall(JARVIS)]


def test_wakeword_reset_may_find_the_word_at_once() -> None:
    model = Sure(0.9)
    words = detector(okay_nabu=model)
    assert WakeCall(NABU) in fed(words, noise(0.1))
    words.reset()
    assert model.resets == 1
    assert WakeCall(NABU) in fed(words, noise(0.1))


def test_wakeword_cutoffs_take_the_place_of_the_models_own() -> None:
    words = WakeWordDetector([NABU, JARVIS], {NABU: 0.5, WakeWord.ALEXA: 0.5})
    cutoffs = {word: model.probability_cutoff for word, model in words._models.items()}
    assert cutoffs == {NABU: 0.5, JARVIS: 0.97}


@pytest.mark.parametrize("level", [0.0, 0.001, 0.1, 1.0])
def test_wakeword_noise_of_any_level_is_none(level: float) -> None:
    assert not any(fed(WakeWordDetector(list(WakeWord)), noise(8, level)))


def test_wakeword_a_thousand_resets_leak_nothing() -> None:
    words = WakeWordDetector([NABU, JARVIS])
    frame = noise(0.1)

    def use(times: int) -> int:
        for _ in range(times):
            words.reset()
            words.feed(frame[:FRAME])
            words.feed(frame[FRAME : 2 * FRAME])
        gc.collect()
        return psutil.Process().memory_info().rss

    before = use(100)
    assert use(1000) - before < 3_000_000  # a model in use takes 0.3 MB
