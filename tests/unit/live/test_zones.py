"""Which zone speaks, by how loud its speech is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.audio.streams import FRAME_SECONDS
from cockpit.live.endpointing import Ended, Endpointer, EndpointRules, SpeechBegan
from cockpit.live.zones import MARGIN, ZoneChooser

ROOM = -55.0
VOICE = -25.0
NEIGHBOUR = -10.0
"""Crosstalk, in dB."""


def voice(seconds: float, level: float = VOICE, seed: int = 0) -> np.ndarray:
    """Levels of speech, frame by frame: syllables of five frames, 12 dB from peak to dip."""
    count = round(seconds / FRAME_SECONDS)
    syllables = 6 * np.cos(2 * np.pi * (np.arange(count) / 5 + seed / 7))
    return level - 6 + syllables + np.random.default_rng(seed).normal(0, 1, count)


def silence(seconds: float) -> np.ndarray:
    return np.full(round(seconds / FRAME_SECONDS), -120.0)


def then(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts)


def cabin(*voices: np.ndarray, crosstalk: float = NEIGHBOUR, room: float = ROOM) -> np.ndarray:
    """Levels at each seat's microphone: its own voice, the others' weaker, and the room."""
    size = max(len(levels) for levels in voices)
    padded = [np.pad(v, (0, size - len(v)), constant_values=-120.0) for v in voices]
    power = 10 ** (np.stack(padded) / 10)
    mixing = np.full((len(voices), len(voices)), 10 ** (crosstalk / 10))
    np.fill_diagonal(mixing, 1)
    heard: np.ndarray = 10 * np.log10(mixing @ power + 10 ** (room / 10))
    return heard


def likely(levels: np.ndarray) -> np.ndarray:
    """What a voice detector makes of it: everything well above the room is speech."""
    return np.where(levels > ROOM + 8, 0.97, 0.02)


def choices(
    chooser: ZoneChooser, levels: np.ndarray, *, said: np.ndarray | None = None
) -> list[int]:
    probabilities = likely(levels) if said is None else said
    return [chooser.feed(*frame) for frame in zip(levels.T, probabilities.T, strict=True)]


def test_zone_chooser_of_one_zone_passes_everything_on() -> None:
    chooser = ZoneChooser(1)
    assert chooser.feed([-30.0], [0.7]) == 0
    assert chooser.probability == 0.7


@pytest.mark.parametrize("crosstalk", [-6.0, -10.0, -15.0])
@pytest.mark.parametrize("speaker", [0, 1, 2, 3])
def test_zone_chooser_takes_the_speaker_and_not_the_neighbours(
    speaker: int, crosstalk: float
) -> None:
    voices = [silence(4)] * 4
    voices[speaker] = then(silence(1), voice(2), silence(1))
    found = choices(ZoneChooser(4), cabin(*voices, crosstalk=crosstalk))
    begin, end = round(1.1 / FRAME_SECONDS), round(3 / FRAME_SECONDS)
    assert set(found[begin:end]) == {speaker}


def test_zone_chooser_keeps_the_last_zone_in_silence() -> None:
    levels = cabin(silence(13), then(silence(1), voice(2), silence(10)))
    assert set(choices(ZoneChooser(2), levels)[-100:]) == {1}


def test_zone_chooser_crosstalk_that_comes_first_does_not_win() -> None:
    """The neighbour's detector may be a few frames quicker."""
    levels = cabin(then(silence(1), voice(2)), silence(3))
    said = likely(levels)
    begin = round(1 / FRAME_SECONDS)
    said[0, begin : begin + 4] = 0.02
    found = choices(ZoneChooser(2), levels, said=said)
    assert set(found[begin + 8 :]) == {0}


def test_zone_chooser_crosstalk_may_come_a_frame_late() -> None:
    levels = cabin(then(silence(1), voice(2), silence(0.3)), silence(3.3))
    levels[1] = np.roll(levels[1], 1)
    assert set(choices(ZoneChooser(2), levels)[round(1.1 / FRAME_SECONDS) :]) == {0}


def test_zone_chooser_noise_that_is_louder_than_a_voice_does_not_win() -> None:
    levels = cabin(silence(4), then(silence(1), voice(3)))
    levels[0] = VOICE + np.random.default_rng(1).normal(0, 2, levels.shape[1])  # an open window
    said = likely(levels)
    said[0] = 0.1
    assert set(choices(ZoneChooser(2), levels, said=said)[round(1.1 / FRAME_SECONDS) :]) == {1}


@pytest.mark.parametrize("louder", [-6.0, -3.0, 0.0, 2.0])
def test_zone_chooser_two_at_once_whoever_began_keeps_it(louder: float) -> None:
    first = then(silence(1), voice(4), silence(1))
    second = then(silence(2.5), voice(2, VOICE + louder, seed=3), silence(1.5))
    found = choices(ZoneChooser(2), cabin(second, first))
    assert set(found[round(1.1 / FRAME_SECONDS) : round(4.4 / FRAME_SECONDS)]) == {1}


def test_zone_chooser_next_speaker_after_a_pause_is_chosen_at_once() -> None:
    levels = cabin(
        then(silence(1), voice(2), silence(3)), then(silence(3.5), voice(2), silence(0.5))
    )
    found = choices(ZoneChooser(2), levels)
    assert found[round(2 / FRAME_SECONDS)] == 0
    assert set(found[round(3.6 / FRAME_SECONDS) :]) == {1}


def test_zone_chooser_held_zone_keeps_the_turn() -> None:
    chooser = ZoneChooser(2)
    chooser.hold(0)
    other = cabin(silence(3), then(silence(1), voice(2)))
    assert set(choices(chooser, other)) == {0}
    chooser.release()
    assert choices(chooser, cabin(silence(1), voice(1)))[-1] == 1


def test_zone_chooser_hold_of_no_zone() -> None:
    with pytest.raises(ValueError, match="zone 2"):
        ZoneChooser(2).hold(2)


def followed(levels: np.ndarray, holder: int) -> list[tuple[object, int]]:
    chooser, endpointer = ZoneChooser(len(levels)), Endpointer(EndpointRules())
    chooser.hold(holder)
    events: list[tuple[object, int]] = []
    for frame, said in zip(levels.T, likely(levels).T, strict=True):
        zone = chooser.feed(frame, said)
        event = endpointer.feed(chooser.probability, frame[zone])
        if event is not None:
            events.append((event, zone))
    return events


@pytest.mark.parametrize("crosstalk", [-6.0, -10.0])
def test_zone_chooser_neighbour_does_not_begin_the_holders_utterance(crosstalk: float) -> None:
    levels = cabin(silence(4), then(silence(1), voice(3)), crosstalk=crosstalk)
    assert followed(levels, 0) == []


@pytest.mark.parametrize("crosstalk", [-6.0, -10.0])
def test_zone_chooser_neighbour_does_not_hold_the_holders_utterance_open(crosstalk: float) -> None:
    holder = then(silence(1), voice(2), silence(6))
    neighbour = then(silence(2.5), voice(6.5, seed=2))
    events = followed(cabin(holder, neighbour, crosstalk=crosstalk), 0)
    (ended,) = [event for event, _ in events if isinstance(event, Ended)]
    assert ended.last_word == pytest.approx(3, abs=0.35)
    assert [zone for event, zone in events if isinstance(event, SpeechBegan)] == [0]


@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(-90, 0), min_size=3, max_size=3),
            st.lists(st.floats(0, 1), min_size=3, max_size=3),
        ),
        max_size=60,
    ),
    st.integers(0, 2),
    st.floats(MARGIN + 1, 30),
)
def test_zone_chooser_clearly_loudest_voice_wins_whatever_was_before(
    before: Sequence[tuple[list[float], list[float]]], speaker: int, lead: float
) -> None:
    chooser = ZoneChooser(3)
    for frame in before:
        assert 0 <= chooser.feed(*frame) <= 2
        assert 0 <= chooser.probability <= 1
    for _ in range(100):  # a room, so that what was before is no background any more
        chooser.feed([-90.0] * 3, [0.0] * 3)
    levels = [VOICE - lead] * 3
    levels[speaker] = VOICE
    for _ in range(8):
        chosen = chooser.feed(levels, [0.95] * 3)
    assert chosen == speaker
    assert chooser.probability == 0.95
