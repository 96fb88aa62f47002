"""The guard against loops and invented sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from cockpit.speech.decoding import (
    LOOP_CONFIDENCE,
    Attempt,
    Fault,
    Hypothesis,
    compression_ratio,
    find_fault,
    first_credible,
    is_invented,
    repeats,
    restarts,
    token_limit,
    without_captions,
    without_repeats,
)


def heard(
    text: str, logprob: float = -0.2, *, tokens: int = 8, no_speech: float = 0.0
) -> Hypothesis:
    return Hypothesis(text, tokens, logprob, no_speech)


LOOP = heard("turn it up " * 6)
GOOD = heard("Turn it up.")


@pytest.mark.parametrize(
    "text",
    [
        "no no no no no",
        "the seat the seat the seat",
        "I would like coffee. I would like coffee. I would like coffee.",
        "well a b c a b c a b c and so on",
    ],
)
def test_repeats_finds_loops(text: str) -> None:
    assert repeats(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no no, twenty three",
        "a bit of sweetener and a bit of soy milk",
        "set the driver to 20 and set the passenger to 22 and set the rear to 19",
    ],
)
def test_repeats_leaves_speech_alone(text: str) -> None:
    assert not repeats(text)
    assert not restarts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes. Yes.",
        "23. 23.",
        "Open it now, please. Open it no",
        "close the window close the window",
    ],
)
def test_restarts_finds_a_second_round(text: str) -> None:
    assert restarts(text)
    assert not repeats(text)


def test_compression_ratio_tells_loops_from_speech() -> None:
    assert compression_ratio("Set my side to twenty two and the passenger to nineteen.") < 1.5
    assert compression_ratio("get me a dark roast mocha " * 10) > 2.4
    assert compression_ratio("") == 0


def test_without_repeats_says_it_once() -> None:
    assert without_repeats(LOOP.text) == "turn it up"
    assert without_repeats("Yes. Yes. Yes.") == "Yes."
    assert without_repeats("set 20 and 22") == "set 20 and 22"


def test_find_fault_judges_length_likelihood_and_loops() -> None:
    assert find_fault(GOOD, 1.0) is None
    assert find_fault(LOOP, 9.0) is Fault.REPETITIVE
    assert find_fault(heard("a b c", tokens=token_limit(1.0)), 1.0) is Fault.TOO_LONG
    assert find_fault(heard("a b c", tokens=token_limit(1.0) - 1), 1.0) is None
    assert find_fault(heard("a b c", -1.5), 1.0) is Fault.UNLIKELY
    assert find_fault(heard("Yes. Yes."), 1.0) is None
    assert find_fault(heard("Yes. Yes."), 1.0, strict=True) is Fault.REPETITIVE


def choose(*attempts: Attempt | Hypothesis) -> tuple[Hypothesis, int]:
    """What is believed, and how many attempts that took; a hypothesis is an attempt of its own."""
    made: list[Attempt] = []

    def make() -> Iterator[Attempt]:
        for attempt in attempts:
            made.append(attempt if isinstance(attempt, Attempt) else Attempt((attempt,)))
            yield made[-1]

    decoded = first_credible(make(), 2.0)
    assert decoded.attempts == len(made)
    return decoded.hypothesis, decoded.attempts


def short(*hypotheses: Hypothesis) -> Attempt:
    """An attempt of the variable-length form with another model behind it."""
    return Attempt(hypotheses, strict=True, doubt=-0.7)


def test_first_credible_takes_a_good_first_attempt() -> None:
    assert choose(short(GOOD), LOOP) == (GOOD, 1)


def test_first_credible_falls_back_from_a_loop() -> None:
    assert choose(short(LOOP), GOOD, LOOP) == (GOOD, 2)


def test_first_credible_takes_the_next_best_of_an_attempt_before_another() -> None:
    assert choose(short(heard("Stop. Stop.", -0.1), heard("Stop.", -0.4)), GOOD) == (
        heard("Stop.", -0.4),
        1,
    )


def test_first_credible_asks_on_where_it_doubts() -> None:
    unsure, sure = heard("had milk", -0.8), heard("add milk", -0.3)
    assert choose(short(unsure), sure) == (sure, 2)
    assert choose(unsure, sure) == (unsure, 1)


def test_first_credible_keeps_the_likelier_of_two() -> None:
    unsure, worse = heard("add milk", -0.8), heard("mad ilk", -0.95)
    assert choose(short(unsure), worse, GOOD) == (unsure, 2)


def test_first_credible_handicap_counts_against_the_second_model() -> None:
    first, second = heard("add milk", -0.8), heard("mad ilk", -0.75)
    assert choose(short(first), Attempt((second,), handicap=0.1)) == (first, 2)
    assert choose(short(first), Attempt((second,), handicap=0.01)) == (second, 2)


def test_first_credible_prefers_an_unlikely_text_to_a_loop() -> None:
    unlikely = heard("mumble", -1.4)
    assert choose(short(LOOP), unlikely, LOOP) == (unlikely, 3)


def test_first_credible_of_loops_only_is_not_to_be_acted_on() -> None:
    hypothesis, _ = choose(short(LOOP), LOOP, LOOP)
    assert hypothesis.text == "turn it up"
    assert hypothesis.confidence <= LOOP_CONFIDENCE + 1e-9


def test_first_credible_tells_what_else_it_may_have_been() -> None:
    tea, pea = heard("Add tea.", -0.4), heard("Add a pea.", -0.6)
    decoded = first_credible([Attempt((GOOD, LOOP, tea), doubt=0.0), Attempt((pea,))], 2.0)
    assert decoded.hypothesis == GOOD
    assert decoded.others == (tea, pea)


def test_first_credible_without_an_attempt_is_refused() -> None:
    with pytest.raises(ValueError, match="no attempt"):
        first_credible([], 1.0)


def test_confidence_is_the_mean_probability() -> None:
    assert heard("x", math.log(0.8)).confidence == pytest.approx(0.8)
    assert heard("x", 0.1).confidence == 1.0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[MUSIC PLAYING]", ""),
        ("(applause) Open the window.", "Open the window."),
        ("♪ la la ♪", "la la"),
        ("*sighs* Stop.", "Stop."),
    ],
)
def test_without_captions_leaves_what_was_said(text: str, left: str) -> None:
    assert without_captions(text) == left


def test_is_invented_drops_stock_phrases_of_doubtful_speech() -> None:
    assert is_invented(heard("Thank you for watching!", no_speech=0.5))
    assert is_invented(heard("you", -0.9))
    assert is_invented(heard(" ... "))
    assert is_invented(heard("Whatever it is", -1.2, no_speech=0.9))


def test_is_invented_keeps_what_people_say() -> None:
    assert not is_invented(heard("Thank you.", -0.2, no_speech=0.01))
    assert not is_invented(heard("Stop.", -0.9, no_speech=0.4))
    assert not is_invented(heard("No.", -0.9))
