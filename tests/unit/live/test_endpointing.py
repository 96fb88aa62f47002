"""When somebody begins to speak, pauses and has finished."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.audio.streams import FRAME_SECONDS
from cockpit.live.endpointing import (
    Ended,
    Endpointer,
    EndpointEvent,
    EndpointRules,
    Paused,
    Resumed,
    SpeechBegan,
    TooLong,
)
from cockpit.settings import ListenSettings
from cockpit.speech.audio import RATE, Audio, decibels, read_audio, rms
from cockpit.speech.measure import mix
from cockpit.speech.segments import FRAME, Segment, VoiceActivity

RULES = EndpointRules.from_settings(ListenSettings())
SHARED = Path(__file__).parents[4] / "shared" / "audio"

type Part = tuple[float, float] | tuple[float, float, float]
"""Seconds, probability, and the level in dBFS where there is one."""


def frames(*parts: Part) -> Iterator[tuple[float, ...]]:
    for seconds, *values in parts:
        yield from [tuple(values)] * round(seconds / FRAME_SECONDS)


def listen(endpointer: Endpointer, *parts: Part) -> list[EndpointEvent]:
    return [event for frame in frames(*parts) if (event := endpointer.feed(*frame))]


def heard(*parts: Part, rules: EndpointRules = RULES) -> list[EndpointEvent]:
    return listen(Endpointer(rules), *parts)


def kinds(events: Sequence[EndpointEvent]) -> list[type[EndpointEvent]]:
    return [type(event) for event in events]


def near(seconds: float, frames: float = 1.5) -> object:
    return pytest.approx(seconds, abs=frames * FRAME_SECONDS)


WHOLE = [SpeechBegan, Paused, Ended]


def test_endpointer_tells_beginning_pause_and_end() -> None:
    began, paused, ended = heard((1, 0.0), (1, 0.95), (2, 0.0))
    assert isinstance(began, SpeechBegan)
    assert isinstance(paused, Paused)
    assert isinstance(ended, Ended)
    assert began.at == near(1 + RULES.shortest)
    assert paused.at == near(2 + RULES.pause)
    assert ended.at == near(2 + RULES.end)
    assert paused.last_word == ended.last_word == near(2)


def test_endpointer_keeps_soft_edges_of_an_utterance() -> None:
    began, paused, ended = heard((1, 0.0), (1, 0.95), (2, 0.0))
    assert isinstance(began, SpeechBegan)
    assert isinstance(paused, Paused)
    assert isinstance(ended, Ended)
    assert began.start == paused.speech[0] == ended.speech[0] == near(1 - RULES.preroll)
    assert 1 - ended.speech[0] >= 0.3
    assert paused.speech[1] == paused.at  # no more had been heard by then
    assert ended.speech[1] == near(2 + RULES.padding)


def test_endpointer_takes_pauses_from_the_settings() -> None:
    settings = ListenSettings(pause=0.5, end=1.5, longest=10)
    rules = EndpointRules.from_settings(settings)
    _, paused, ended = heard((1, 0.95), (3, 0.0), rules=rules)
    assert (paused.at, ended.at) == (near(1.5), near(2.5))
    assert rules.longest == 10


def test_endpointer_hears_nobody_in_silence() -> None:
    assert heard((60, 0.1)) == []


@pytest.mark.parametrize("seconds", [0.032, 0.064, 0.128])
def test_endpointer_click_or_cough_is_no_utterance(seconds: float) -> None:
    assert heard((1, 0.0), (seconds, 0.99), (1, 0.0), (seconds, 0.99), (2, 0.0)) == []


def test_endpointer_coughs_do_not_add_up() -> None:
    cough = ((0.128, 0.99), (0.16, 0.0))
    assert heard(*cough * 20) == []


def test_endpointer_shortest_word_is_an_utterance() -> None:
    assert kinds(heard((1, 0.0), (RULES.shortest, 0.95), (2, 0.0))) == WHOLE


def test_endpointer_stop_consonant_does_not_part_a_word() -> None:
    assert kinds(heard((0.096, 0.95), (0.064, 0.1), (0.096, 0.95), (2, 0.0))) == WHOLE


def test_endpointer_doubtful_sound_never_begins() -> None:
    assert heard((30, 0.7)) == []


def test_endpointer_speech_in_doubtful_sound_does_not_start_long_before() -> None:
    began, *_ = heard((30, 0.7), (1, 0.95), (2, 0.0))
    assert isinstance(began, SpeechBegan)
    assert began.start > 28


def test_endpointer_speech_again_resumes() -> None:
    events = heard((1, 0.95), (0.4, 0.0), (1, 0.95), (2, 0.0))
    assert kinds(events) == [SpeechBegan, Paused, Resumed, Paused, Ended]
    assert events[2].at == near(1.4 + RULES.resume)
    assert isinstance(events[-1], Ended)
    assert events[-1].speech == (0.0, near(2.4 + RULES.padding))


def test_endpointer_gap_shorter_than_a_pause_is_not_told() -> None:
    assert kinds(heard((1, 0.95), (0.16, 0.0), (1, 0.95), (2, 0.0))) == WHOLE


def test_endpointer_blips_do_not_hold_an_utterance_open() -> None:
    blip = ((0.16, 0.0), (0.064, 0.99))
    events = heard((1, 0.95), *blip * 10)
    assert kinds(events) == WHOLE
    assert isinstance(events[-1], Ended)
    assert events[-1].last_word == near(1)
    assert events[-1].at <= 1 + RULES.end + 0.2


def test_endpointer_word_begun_at_the_last_moment_is_not_cut_off() -> None:
    for gap in np.arange(RULES.end - 0.2, RULES.end - FRAME_SECONDS, FRAME_SECONDS):
        events = heard((1, 0.95), (float(gap), 0.0), (1, 0.95), (2, 0.0))
        assert kinds(events) == [SpeechBegan, Paused, Resumed, Paused, Ended]


@pytest.mark.parametrize("seconds", [0.45, 0.8, 1.6])
def test_endpointer_waits_as_long_as_it_is_told(seconds: float) -> None:
    endpointer = Endpointer(RULES)
    assert kinds(listen(endpointer, (1, 0.95), (0.3, 0.0))) == [SpeechBegan, Paused]
    endpointer.wait(seconds)
    (ended,) = listen(endpointer, (3, 0.0))
    assert ended.at == near(1 + seconds)


def test_endpointer_wait_that_has_passed_ends_at_once() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.95), (0.6, 0.0))
    endpointer.wait(0.45)
    assert isinstance(endpointer.feed(0.0), Ended)


def test_endpointer_wait_is_forgotten_when_speech_goes_on() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.95), (0.3, 0.0))
    endpointer.wait(5.0)
    *_, ended = listen(endpointer, (0.5, 0.95), (2, 0.0))
    assert ended.at == near(1.8 + RULES.end)


def test_endpointer_wait_is_forgotten_by_the_next_utterance() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.95), (0.3, 0.0))
    endpointer.wait(0.4)
    listen(endpointer, (1, 0.0))
    *_, ended = listen(endpointer, (1, 0.95), (2, 0.0))
    assert ended.at == near(3.3 + RULES.end)


def test_endpointer_cuts_a_monologue_at_its_least_likely_frame() -> None:
    events = heard((15, 0.95), (0.032, 0.75), (10, 0.95), (2, 0.0))
    assert kinds(events) == [SpeechBegan, TooLong, Paused, Ended]
    cut, rest = events[1], events[3]
    assert isinstance(cut, TooLong)
    assert isinstance(rest, Ended)
    assert cut.speech[1] == near(15)
    assert rest.speech == (cut.speech[1], near(25.03 + RULES.padding))


def test_endpointer_no_utterance_is_longer_than_allowed() -> None:
    events = heard((2, 0.0), (100, 0.95), (2, 0.0))
    spans = [event.speech for event in events if isinstance(event, TooLong | Ended)]
    assert len(spans) >= 5
    assert all(end - start <= RULES.longest for start, end in spans)
    assert all(one[1] == next_[0] for one, next_ in itertools.pairwise(spans))


def test_endpointer_next_utterance_does_not_begin_in_the_last() -> None:
    events = heard((1, 0.95), (0.83, 0.0), (1, 0.95), (2, 0.0))
    assert kinds(events) == WHOLE * 2
    first, second = events[2], events[3]
    assert isinstance(first, Ended)
    assert isinstance(second, SpeechBegan)
    assert second.start >= first.last_word


def test_endpointer_suspects_sooner_that_somebody_speaks() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.0), (0.032, 0.95))
    assert not endpointer.suspected
    listen(endpointer, (0.032, 0.55))
    assert endpointer.suspected
    assert not endpointer.speaking
    listen(endpointer, (1, 0.95))
    assert endpointer.suspected
    assert endpointer.speaking
    listen(endpointer, (2, 0.0))
    assert not endpointer.suspected
    assert not endpointer.speaking


def test_endpointer_suspects_nobody_of_a_blip_or_of_what_is_never_sure() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.0), (0.032, 0.95), (0.1, 0.0), (0.5, 0.6))
    assert not endpointer.suspected


def test_endpointer_reset_drops_the_wake_word() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.0), (0.8, 0.95))
    assert endpointer.reset() == []
    events = listen(endpointer, (1, 0.95), (2, 0.0))
    assert kinds(events) == WHOLE
    assert isinstance(events[0], SpeechBegan)
    assert events[0].start == near(1.8)


def test_endpointer_reset_to_an_earlier_time_hears_what_was_said_since() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.0), (1.2, 0.95))  # the wake word, and the first word after it
    (began,) = endpointer.reset(since=1.8)
    assert isinstance(began, SpeechBegan)
    assert began.start == near(1.8)
    paused, ended = listen(endpointer, (2, 0.0))
    assert isinstance(paused, Paused)
    assert isinstance(ended, Ended)
    assert ended.speech == (near(1.8), near(2.2 + RULES.padding))


def test_endpointer_reset_finds_a_word_that_is_over() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.95), (0.064, 0.0), (0.3, 0.95), (0.3, 0.0))  # "… stop"
    assert kinds(endpointer.reset(since=1.032)) == [SpeechBegan, Paused]


def test_endpointer_lost_sound_counts_as_silence() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (1, 0.95))
    ended = endpointer.feed(0.95, at=3.2)
    assert isinstance(ended, Ended)
    assert ended.at == near(3.2)
    assert ended.last_word == near(1)
    assert kinds(listen(endpointer, (1, 0.95), (2, 0.0))) == WHOLE


def test_endpointer_little_lost_sound_does_not_part_an_utterance() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (0.96, 0.95))
    assert endpointer.feed(0.95, at=1.12) is None
    assert kinds(listen(endpointer, (1, 0.95), (2, 0.0))) == [Paused, Ended]
    assert endpointer.now == near(4.12)


# With levels: a room at -50 dBFS, a voice at -25.

ROOM = -50.0
VOICE = -25.0


def test_endpointer_steady_sound_taken_for_speech_does_not_begin() -> None:
    assert heard((1, 0.0, ROOM), (60, 0.9, ROOM + 1)) == []


def test_endpointer_steady_sound_louder_than_the_room_is_background_soon() -> None:
    endpointer = Endpointer(RULES)
    listen(endpointer, (3, 0.0, ROOM), (5, 0.9, ROOM + 15))
    assert not endpointer.speaking
    assert listen(endpointer, (60, 0.9, ROOM + 15)) == []


def test_endpointer_steady_sound_does_not_hold_an_utterance_open() -> None:
    events = heard((3, 0.6, ROOM), (2, 0.99, VOICE), (10, 0.95, ROOM + 1))
    assert kinds(events) == WHOLE
    assert isinstance(events[-1], Ended)
    assert events[-1].at == near(5 + RULES.end, 3)


def test_endpointer_lingering_probability_does_not_delay_the_end() -> None:
    lingering = [(0.032, p, ROOM) for p in (0.88, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55)]
    *_, ended = heard((3, 0.0, ROOM), (1, 0.99, VOICE), *lingering, (2, 0.1, ROOM))
    assert ended.at == near(4 + RULES.end)


def test_endpointer_clear_voice_may_be_less_likely() -> None:
    assert kinds(heard((3, 0.0, ROOM), (1, 0.99, VOICE), (1, 0.75, VOICE), (2, 0.0, ROOM))) == WHOLE


def test_endpointer_faint_talk_does_not_prolong_a_voice() -> None:
    quiet = -70.0
    radio = VOICE - RULES.drop - 5
    *_, ended = heard((3, 0.0, quiet), (2, 0.99, VOICE), (10, 0.99, radio))
    assert ended.at == near(5 + RULES.end, 3)


def test_endpointer_falling_voice_is_followed_to_its_end() -> None:
    fading = [(0.1, 0.99, VOICE - 1.5 * step) for step in range(10)]
    *_, ended = heard((3, 0.0, ROOM), *fading, (2, 0.0, ROOM))
    assert isinstance(ended, Ended)
    assert ended.last_word == near(4)


@given(
    st.lists(
        st.tuples(
            st.floats(0.03, 3), st.sampled_from([0.0, 0.4, 0.6, 0.85, 0.99]), st.floats(-90, 0)
        ),
        max_size=40,
    ),
    st.booleans(),
    st.integers(0, 2000),
    st.floats(0.05, 5),
)
def test_endpointer_events_make_sense_whatever_it_hears(
    parts: list[tuple[float, float, float]], levels: bool, at: int, wait: float
) -> None:
    endpointer = Endpointer(RULES)
    speaking = paused = False
    before = done = 0.0
    for number, (probability, level) in enumerate(frames(*parts)):
        if number == at:
            endpointer.wait(wait)
        event = endpointer.feed(probability, level if levels else None)
        assert endpointer.now == pytest.approx((number + 1) * FRAME_SECONDS)
        if event is None:
            continue
        assert before < event.at == endpointer.now
        before = event.at
        assert speaking == (not isinstance(event, SpeechBegan))
        match event:
            case SpeechBegan():
                assert done <= event.start <= event.at - RULES.shortest + 0.01
                speaking = True
            case Paused():
                assert not paused
                assert done <= event.speech[0] < event.last_word <= event.speech[1] <= event.at
                paused = True
            case Resumed():
                assert paused
                paused = False
            case Ended():
                assert done <= event.speech[0] < event.last_word <= event.speech[1] <= event.at
                assert event.speech[1] - event.speech[0] <= RULES.longest
                done, speaking, paused = event.last_word, False, False
            case TooLong():
                assert done <= event.speech[0] < event.speech[1] <= event.at
                assert event.speech[1] - event.speech[0] <= RULES.longest
                done, speaking, paused = event.speech[1], endpointer.speaking, False
        assert endpointer.speaking == speaking


def true_end(samples: np.ndarray) -> float:
    """Seconds to the last 10 ms that are less than 40 dB below the voice."""
    blocks = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(np.float64)
    levels = 10 * np.log10(np.square(blocks).mean(axis=1) + 1e-12)
    return float(np.flatnonzero(levels > np.percentile(levels, 95) - 40)[-1] + 1) / 100


def followed(audio: Audio) -> list[EndpointEvent]:
    endpointer = Endpointer(RULES)
    activity = VoiceActivity()
    activity.reset()
    blocks = audio.samples[: len(audio.samples) // FRAME * FRAME].reshape(-1, FRAME)
    events = [
        endpointer.feed(activity.probability(block), decibels(rms(block))) for block in blocks
    ]
    return [event for event in events if event]


@pytest.mark.shared
@pytest.mark.parametrize("snr", [None, 12.0])
def test_endpointer_finds_the_end_of_what_people_say(snr: float | None) -> None:
    if not (SHARED / "kitchen-noise.wav").is_file():
        pytest.skip("the recorded clips do not lie beside the checkout (shared/audio)")
    noise = read_audio(SHARED / "kitchen-noise.wav")
    delays = []
    for path in sorted((SHARED / "speech").glob("*.wav"))[2::6]:
        (voice,) = VoiceActivity().segments(read_audio(path))
        clean = read_audio(path).slice(voice.start, voice.end).samples
        audio = Audio(np.pad(clean, (RATE, 3 * RATE)))
        end = true_end(audio.samples)
        if snr is not None:
            audio = mix(audio, noise, snr, [Segment(1.0, end)])
        events = followed(audio)
        ended = [event for event in events if isinstance(event, Ended)]
        assert ended[0].speech[0] < 1.3 + voice.start  # what was cut out began with padding
        assert ended[0].at > end  # one piece
        delays.append(ended[0].at - end)
    assert len(delays) == 10
    assert np.median(delays) < RULES.end + 0.1
    assert max(delays) < RULES.end + 0.5
