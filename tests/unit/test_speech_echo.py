"""The echo is taken out, and nothing else; where it comes through, that is seen."""

from __future__ import annotations

import logging
import threading

import numpy as np
import pytest

from cockpit.speech.audio import RATE, Audio, Samples, rms
from cockpit.speech.echo import BLOCK, DELAY, EchoCanceller, LikenessToFar, WebRtcCanceller
from cockpit.speech.segments import FRAME
from tests.fakes.echo import Subtracting

LAG = round(DELAY * RATE)
ECHO = 2400  # samples: 150 ms
GAIN = 10 ** (-10 / 20)


def babble(seconds: float, seed: int) -> Samples:
    """Sound with the pauses and the spectrum of speech, of which no two are alike."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    white = rng.normal(0, 1, count + 64)
    dark = np.convolve(white, 0.8 ** np.arange(65), "valid")
    syllables = np.repeat(rng.uniform(0, 1, count // 2400 + 1) ** 2, 2400)[:count]
    return (0.1 * dark * syllables).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE) // FRAME * FRAME, np.float32)


def echo_of(played: Samples, delay: int = ECHO) -> Samples:
    return GAIN * np.concatenate([np.zeros(delay, np.float32), played])[: len(played)]


def hear(canceller: EchoCanceller, played: Samples, heard: Samples) -> Samples:
    """Both streams at the same pace, frame by frame."""
    out: list[Samples] = []
    for at in range(0, len(played) // FRAME * FRAME, FRAME):
        canceller.far(Audio(played[at : at + FRAME]))
        out.append(canceller.near(heard[at : at + FRAME]))
    return np.concatenate(out)


def reduction(before: Samples, after: Samples) -> float:
    return float(20 * np.log10(rms(before) / max(rms(after), 1e-6)))


def test_echo_nothing_played_hands_the_microphone_through() -> None:
    made: list[Subtracting] = []
    canceller = EchoCanceller(lambda: made.append(Subtracting(ECHO, GAIN)) or made[-1])
    heard = babble(2, 1)
    out = hear(canceller, np.zeros_like(heard), heard)
    assert np.array_equal(out[LAG:], heard[: len(out) - LAG])
    assert not canceller.active
    assert made[0].blocks == 0


def test_echo_is_taken_out_and_who_speaks_is_left() -> None:
    canceller = EchoCanceller(lambda: Subtracting(ECHO, GAIN))
    played = np.concatenate([silence(0.2), babble(3, 1), silence(1)])
    speaks = babble(len(played) / RATE, 2)[: len(played)]
    out = hear(canceller, played, echo_of(played) + speaks)
    assert np.allclose(out[LAG:], speaks[: len(out) - LAG], atol=1e-5)
    assert canceller.renewals == 0


def test_echo_going_to_work_and_leaving_it_makes_no_gap() -> None:
    canceller = EchoCanceller(lambda: Subtracting(0, 0.0))
    beep = babble(0.5, 1)
    played = np.concatenate([silence(1), beep, silence(3), beep, silence(2)])
    heard = babble(len(played) / RATE, 2)[: len(played)]
    out = hear(canceller, played, heard)
    assert np.allclose(out[LAG:], heard[: len(out) - LAG])


def test_echo_active_from_the_sound_until_a_second_after() -> None:
    canceller = EchoCanceller(lambda: Subtracting(ECHO, GAIN))
    hear(canceller, silence(1), silence(1))
    assert not canceller.active
    canceller.far(Audio(babble(0.1, 1)))
    assert canceller.active
    hear(canceller, silence(0.9), silence(0.9))
    assert canceller.active
    hear(canceller, silence(0.3), silence(0.3))
    assert not canceller.active


def test_echo_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        EchoCanceller(lambda: Subtracting(ECHO, GAIN)).near(np.zeros(500, np.float32))


def test_echo_that_comes_through_makes_it_begin_anew() -> None:
    right = Subtracting(ECHO, GAIN)
    made = iter([Subtracting(ECHO + 50, GAIN), right])
    canceller = EchoCanceller(lambda: next(made))
    played = np.concatenate([silence(0.5), *[babble(2, seed) for seed in range(3)]])
    out = hear(canceller, played, echo_of(played))
    assert canceller.renewals == 1
    assert rms(out[-2 * RATE :]) < 1e-6


def test_echo_that_comes_through_is_muted_while_a_new_canceller_learns() -> None:
    canceller = EchoCanceller(lambda: Subtracting(ECHO + 50, GAIN))  # never learns
    played = np.concatenate([silence(0.5), babble(6, 1)])
    heard = echo_of(played)
    out = hear(canceller, played, heard)
    assert 4 <= canceller.renewals <= 6  # once a second, at most
    assert reduction(heard[RATE:], out[RATE:]) > 6


def test_echo_somebody_speaking_does_not_make_it_begin_anew() -> None:
    canceller = EchoCanceller(lambda: Subtracting(ECHO, GAIN))
    played = np.concatenate([silence(0.5), *[babble(5, seed) for seed in range(4)]])
    speaks = np.concatenate([silence(0.5), *[babble(5, seed) for seed in range(10, 14)]])
    hear(canceller, played, echo_of(played) + speaks)
    assert canceller.renewals == 0


def test_echo_sound_at_another_distance_makes_it_begin_anew() -> None:
    made: list[Subtracting] = []
    canceller = EchoCanceller(lambda: made.append(Subtracting(ECHO, GAIN)) or made[-1])
    played = np.concatenate([silence(0.2), babble(1, 1), silence(1.5)])
    hear(canceller, played, echo_of(played))
    assert len(made) == 1
    canceller.near(np.zeros(FRAME, np.float32))  # a block of the loudspeaker is late
    hear(canceller, played, echo_of(played))
    assert len(made) == 2


def test_echo_lost_frames_keep_the_distance() -> None:
    canceller = EchoCanceller(lambda: Subtracting(ECHO, GAIN))
    played = np.concatenate([silence(0.2), babble(1, 1), silence(1.5), babble(1, 2), silence(1)])
    heard = echo_of(played)
    first = 50 * FRAME  # in the pause
    hear(canceller, played[:first], heard[:first])
    for at in range(first, first + 10 * FRAME, FRAME):
        canceller.far(Audio(played[at : at + FRAME]))
    canceller.lost(10 * FRAME)
    out = hear(canceller, played[first + 10 * FRAME :], heard[first + 10 * FRAME :])
    assert rms(out) < 1e-6
    assert canceller.renewals == 0


def test_echo_played_from_another_thread_at_another_rate() -> None:
    rate, block = 48_000, 960
    canceller = EchoCanceller(lambda: Subtracting(ECHO, GAIN))
    tone = (0.2 * np.sin(np.arange(3 * rate) * 2 * np.pi * 440 / rate)).astype(np.float32)

    def play() -> None:
        for at in range(0, len(tone), block):
            canceller.far(Audio(tone[at : at + block], rate))

    player = threading.Thread(target=play)
    heard = np.zeros(FRAME, np.float32)
    canceller.near(heard)
    player.start()
    frames = [canceller.near(heard) for _ in range(50)]
    player.join()
    frames += [canceller.near(heard) for _ in range(50)]
    # The microphone heard nothing, so what comes out is what was taken for the echo.
    taken = np.concatenate(frames)
    assert np.abs(taken).max() == pytest.approx(0.2 * GAIN, rel=0.02)


def test_likeness_of_an_echo_and_of_somebody_else() -> None:
    played = babble(2, 1)
    for left, alike in ((0.3 * echo_of(played), True), (babble(2, 2), False)):
        likeness = LikenessToFar()
        found = []
        for at in range(0, len(played) - BLOCK, BLOCK):
            likeness.add(left[at : at + BLOCK], played[at : at + BLOCK])
            found.append(likeness.found)
        assert np.mean(found[60:]) > 0.9 if alike else not any(found)


def test_likeness_to_silence_is_none() -> None:
    likeness = LikenessToFar()
    assert likeness.value == 0.0
    likeness.add(babble(0.5, 1), np.zeros(RATE // 2, np.float32))
    assert not likeness.found


def test_webrtc_takes_out_an_echo_and_leaves_who_speaks(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    canceller = EchoCanceller()
    played = np.concatenate([silence(0.5), babble(6, 1), silence(0.5)])
    speaks = np.zeros_like(played)
    speaks[4 * RATE : 5 * RATE] = 3 * babble(1, 2)
    heard = echo_of(played) + speaks
    with caplog.at_level(logging.INFO):
        out = hear(canceller, played, heard)[LAG:]
    echo_only, both = slice(RATE, 4 * RATE), slice(4 * RATE, 5 * RATE)
    assert reduction(heard[echo_only], out[echo_only]) > 20
    assert abs(reduction(speaks[both], out[both])) < 6
    assert canceller.renewals == 0
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_webrtc_works_on_10_ms() -> None:
    canceller = WebRtcCanceller()
    out = canceller.process(babble(0.01, 1), np.zeros(BLOCK, np.float32))
    assert out.shape == (BLOCK,)
    assert out.dtype == np.float32
