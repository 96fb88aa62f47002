"""What the speech part of the benchmark makes of what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.evaluation import speech
from cockpit.evaluation.live import COMMAND, Heard, LiveTurn
from cockpit.evaluation.recordings import Recordings
from cockpit.evaluation.stand import pitched, sentences_of
from cockpit.evaluation.wake import Call, Listener, at_levels
from cockpit.evaluation.waterfall import STAGES
from cockpit.settings import ListenSettings, Settings, WakeWord
from cockpit.speech.audio import RATE, Audio, write_wav
from cockpit.speech.errors import AudioMissing
from tests.fakes.ears import MAYBE, WAKE, FakeEars, FakeRecognizer, hum


def turn(said: str, *at: float) -> LiveTurn:
    return LiveTurn(said, said, dict(zip(STAGES, at, strict=False)), frozenset())


AHEAD = Heard(
    [
        turn("open", 200, 300, 310, 480, 500, 700),
        turn("shut", 220, 320, 330, 490, 520, 640),
        turn("how", 230, 330, 900, 950),
        turn("open", 240, 380, 390, 500, 900, 1800),
    ],
    said=5,
    right=3,
)
WAITED = Heard([turn("open", 480, 600, 610, 480, 700, 900)], said=2, right=1)


def test_latencies_are_beside_their_targets() -> None:
    rows = {row.measure: row for row in speech._latencies(AHEAD)}
    command = rows["last word → first command acknowledged"]
    assert (command.n, command.p50, command.p95) == (3, 520, 900)
    assert (command.budget, command.budget_p95, command.ok) == (700, 1200, True)
    audio = rows["last word → first reply audio"]
    assert (audio.p50, audio.budget, audio.ok) == (700, 900, True)
    assert rows["last word → endpoint"].n == 4
    lost = rows["requests lost or taken for something else"]
    assert (lost.p50, lost.n) == (40, 5)


def test_savings_compare_the_same_request_of_the_same_voice() -> None:
    rows = {row.measure: row for row in speech._savings(AHEAD, WAITED)}
    saved = rows["saved by thinking ahead: first command acknowledged"]
    assert (saved.n, saved.p50) == (1, 200)
    assert rows["saved by thinking ahead: first reply audio"].p50 == 200


def test_medians_are_of_turns_that_reached_every_stage() -> None:
    assert AHEAD.medians(STAGES)[COMMAND] == 520
    assert AHEAD.medians(("pause", "plan")) == {"pause": 225, "plan": 360}
    assert Heard([turn("how", 230)], 1, 0).medians(STAGES) == {}


def test_sentences_make_a_hundred_utterances_of_each_kind_of_stage() -> None:
    voices = len(speech.WHOLE.turns)
    assert len(sentences_of("speech")) * voices >= 100
    assert len(sentences_of("interruptions")) * len(speech.WHOLE.interruptions) >= 20
    assert len(sentences_of("speech")) >= 25


def test_pitched_is_higher_and_shorter() -> None:
    sound = Audio.silence(1.2, 22_050)
    higher = pitched(sound, 1.2)
    assert (higher.rate, higher.seconds) == (RATE, pytest.approx(1.0, abs=0.001))


DOUBTED, TALK = hum(MAYBE, 0.5), hum(0.2, 0.5)


def listener(**listen: bool) -> Listener:
    settings = Settings(listen=ListenSettings(**listen))  # type: ignore[arg-type]
    recognizer = FakeRecognizer({MAYBE: "Okay, now"}, seconds=0.0)
    return Listener(settings, recognizer, FakeEars)  # type: ignore[arg-type]


async def test_listener_hears_calls_and_counts_the_missed() -> None:
    heard = hum(WAKE, 0.5)
    calls = [Call(WakeWord.OKAY_NABU, sound) for sound in (heard, TALK)]
    assert await listener().missed(calls) == 1
    # Another wake word than the one that was said is no answer to it.
    assert await listener().missed([Call(WakeWord.HEY_JARVIS, heard)]) == 1


async def test_listener_asks_the_recogniser_about_doubtful_calls_unless_that_is_off() -> None:
    assert await listener().missed([Call(WakeWord.OKAY_NABU, DOUBTED)]) == 0
    assert await listener(wake_check=False).missed([Call(WakeWord.OKAY_NABU, DOUBTED)]) == 1


async def test_listener_counts_false_alarms() -> None:
    sounds = [Audio.join([hum(WAKE, 0.5), Audio.silence(1)]), hum(0.2, 3.0)]
    assert await listener().false_alarms(sounds) == 1


async def test_listener_counts_a_doubt_that_gets_sure_once() -> None:
    both = Audio.join([hum(MAYBE, 0.4), Audio.silence(0.1), hum(WAKE, 0.2), Audio.silence(1)])
    assert await listener().false_alarms([both]) == 1


def test_calls_at_levels_are_each_as_loud() -> None:
    calls = at_levels([Call(WakeWord.OKAY_NABU, hum(0.5))])
    assert [round(call.sound.level) for call in calls] == [-20, -30, -40]


def test_recordings_are_read_from_their_folder(tmp_path: Path) -> None:
    (tmp_path / "speech").mkdir()
    write_wav(tmp_path / "speech" / "a.wav", hum(0.5, 1.5))
    write_wav(tmp_path / "street-noise.wav", hum(0.1, 3.0))
    labels = '{"a.wav": {"slots": {"drink": "green tea"}}}'
    (tmp_path / "labels.json").write_text(labels, encoding="utf-8")
    found = Recordings.load(tmp_path)
    assert [clip.words for clip in found.clips] == [("green", "tea")]
    assert (found.noise_name, found.noise.seconds) == ("street-noise", 3.0)
    assert [sound.seconds for sound in found.speech()] == [1.5]


def test_recordings_without_noise_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"a.wav": {"slots": {}}}', encoding="utf-8")
    with pytest.raises(AudioMissing, match=r"no \*noise\*\.wav"):
        Recordings.load(tmp_path)


def test_recordings_without_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        Recordings.load(tmp_path / "nowhere")
