"""What is too loud for an echo."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from cockpit.live.double_talk import FAINT, LEARNT, MARGIN, STRETCH, DoubleTalk
from cockpit.live.levels import frames_of

PLAYED = -20.0
GAIN = -10.0
ECHO = PLAYED + GAIN


def learnt(levels: Iterable[float] = (ECHO,) * LEARNT * frames_of(STRETCH)) -> DoubleTalk:
    """Has heard an echo for long enough."""
    made = DoubleTalk()
    for level in levels:
        assert not made.feed(level, PLAYED, 0.0)
    return made


def test_double_talk_is_two_frames_that_are_louder_than_any_echo() -> None:
    talk = learnt()
    assert [talk.feed(ECHO + MARGIN + 1, PLAYED, 0.0) for _ in range(3)] == [False, True, True]
    assert not talk.feed(ECHO, PLAYED, 0.0)


def test_double_talk_one_frame_is_enough_where_a_voice_is_likely() -> None:
    talk = learnt()
    assert talk.feed(ECHO + FAINT + 1, PLAYED, 0.5)
    # The canceller lets it through a moment later.
    assert talk.feed(ECHO - 20, PLAYED, 0.5)
    assert not learnt().feed(ECHO, PLAYED, 0.5)


def test_double_talk_is_not_told_before_the_echo_is_known() -> None:
    talk = DoubleTalk()
    assert not any(talk.feed(0.0, PLAYED, 1.0) for _ in range(frames_of(STRETCH)))


def test_double_talk_is_none_where_nothing_is_played() -> None:
    talk = learnt()
    silent = [talk.feed(0.0, -120.0, 1.0) for _ in range(40)]
    # What was played may still come back for half a second.
    assert not any(silent[frames_of(0.5) :])


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_double_talk_an_echo_is_learnt_though_people_speak_into_it(share: float) -> None:
    talk = DoubleTalk()
    stretch = frames_of(STRETCH)
    for number in range(20):
        spoken = number % 10 < 10 * share
        for _ in range(stretch):
            talk.feed(ECHO + (15 if spoken else 0), PLAYED, 0.0)
    talk.feed(ECHO + MARGIN + 1, PLAYED, 0.0)
    assert talk.feed(ECHO + MARGIN + 1, PLAYED, 0.0)
    assert not talk.feed(ECHO + MARGIN - 1, PLAYED, 0.0)


def test_double_talk_a_louder_echo_is_learnt() -> None:
    talk = learnt()
    told = [talk.feed(ECHO + 10, PLAYED, 0.0) for _ in range(frames_of(12.0))]
    assert told[10]
    assert not told[-1]
