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
    load_clips,
    missed_words,
    mix,
    number_words,
    slot_word_recall,
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
    assert "66.7%  2/3" in table({"parrot": recall})


def test_load_clips_broken_labels_are_said(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        load_clips(tmp_path / "none.json", tmp_path)
    (tmp_path / "labels.json").write_text("[1, 2]")
    with pytest.raises(AudioInvalid):
        load_clips(tmp_path / "labels.json", tmp_path)
