"""Counting slot words, and mixing noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cockpit.speech.audio import RATE, Audio, decibels, rms, write_wav
from cockpit.speech.errors import AudioInvalid, AudioMissing
from cockpit.speech.measure import (
    Clip,
    content_words,
    levels,
    load_clips,
    missed_words,
    mix,
    number_words,
    options,
    slot_word_recall,
    speech_settings,
    table,
)
from cockpit.speech.recognizer import Transcript
from cockpit.speech.segments import Segment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A 16-ounce Coffee", ["sixteen", "ounce", "coffee"]),
        ("sixteen ounces of coffee", ["sixteen", "ounce", "coffee"]),
        ("12 oz.", ["twelve", "ounce"]),
        ("the driver's lights", ["driver", "light"]),
        ("glass bus", ["glass", "bus"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
    ],
)
def test_content_words_are_comparable(text: str, words: list[str]) -> None:
    assert content_words(text) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (19, "nineteen"),
        (40, "forty"),
        (62, "sixty two"),
        (248, "two hundred forty eight"),
    ],
)
def test_number_words(number: int, words: str) -> None:
    assert " ".join(number_words(number)) == words


def test_missed_words_counts_each_time_a_word_was_said() -> None:
    reference = content_words("dark roast, medium roast")
    assert missed_words(reference, "A Dark Roast and medium.") == ("roast",)
    assert missed_words(reference, "medium roast, dark roasts") == ()


@pytest.mark.parametrize("snr", [12.0, 6.0, 0.0])
def test_mix_reaches_the_ratio_over_the_speech(snr: float) -> None:
    rng = np.random.default_rng(1)
    voice = np.zeros(4 * RATE, np.float32)
    voice[RATE : 2 * RATE] = rng.normal(0, 0.05, RATE)
    noise = Audio(rng.normal(0, 0.3, RATE).astype(np.float32))
    mixed = mix(Audio(voice), noise, snr, [Segment(1.0, 2.0)])
    added = mixed.samples - voice
    assert decibels(rms(voice[RATE : 2 * RATE])) - decibels(rms(added)) == pytest.approx(
        snr, abs=0.2
    )


def test_mix_does_not_clip() -> None:
    loud = Audio(np.full(RATE, 0.9, np.float32))
    assert mix(loud, loud, 0.0, []).peak == pytest.approx(1.0)


class Parrot:
    """Hears the same whatever is said."""

    name = "parrot"

    async def transcribe(self, audio: Audio) -> Transcript:
        return Transcript("a 12 ounce mocha", 0.9, audio.seconds, 0.1, self.name)

    async def close(self) -> None:
        pass


async def test_slot_word_recall_counts_over_all_clips(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Audio.silence(1))
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"a.wav": {"slots": {"size": "twelve ounce", "drink": "latte"}}}))
    (clip,) = load_clips(labels, tmp_path)
    assert clip == Clip(tmp_path / "a.wav", ("twelve", "ounce", "latte"))
    recall = await slot_word_recall(Parrot(), [clip])
    assert (recall.heard, recall.total, recall.share) == (2, 3, pytest.approx(2 / 3))
    assert recall.real_time_factor == pytest.approx(0.1)
    assert recall.results[0].missed == ("latte",)
    assert (recall.half(False).total, recall.half(True).total) == (3, 0)
    assert recall.percentile(95) == pytest.approx(0.1)
    assert "66.7% (even  66.7%, odd   0.0%)  2/3" in table({"parrot": recall})


async def test_slot_word_recall_hears_noise_and_its_suppression(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    write_wav(tmp_path / "a.wav", Audio(rng.normal(0, 0.05, 2 * RATE).astype(np.float32)))
    noise = Audio(rng.normal(0, 0.1, RATE).astype(np.float32))
    levels = []

    class Meter(Parrot):
        async def transcribe(self, audio: Audio) -> Transcript:
            levels.append(audio.level)
            return await super().transcribe(audio)

    clips = [Clip(tmp_path / "a.wav", ("mocha",))]
    for suppression in (0, 4):
        await slot_word_recall(Meter(), clips, noise=noise, snr=0.0, suppression=suppression)
    await slot_word_recall(Meter(), clips)
    mixed, suppressed, clean = levels
    assert mixed == pytest.approx(clean + 3.0, abs=0.3)  # twice the power
    assert suppressed < mixed - 3.0


def test_speech_settings_of_a_row() -> None:
    arguments = options("").parse_args(["--beam", "2", "--window", "12", "--padded"])
    settings = speech_settings("a+b", arguments)
    assert (settings.whisper_model, settings.second_whisper_model) == ("a", "b")
    assert (settings.whisper_beam, settings.whisper_window) == (2, 12.0)
    assert not settings.whisper_variable_length
    assert speech_settings("a", arguments).second_whisper_model == ""


def test_levels_begin_without_noise() -> None:
    assert list(levels(options("").parse_args([]))) == [("clean", None)]
    wanted = options("").parse_args(["--noise", "n.wav", "--snr", "6", "0"])
    assert list(levels(wanted)) == [("clean", None), ("6 dB", 6.0), ("0 dB", 0.0)]


def test_load_clips_broken_labels_are_said(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        load_clips(tmp_path / "none.json", tmp_path)
    (tmp_path / "labels.json").write_text("[1, 2]")
    with pytest.raises(AudioInvalid):
        load_clips(tmp_path / "labels.json", tmp_path)
