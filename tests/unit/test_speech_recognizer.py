"""Choosing an engine, and what a transcript knows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from cockpit.settings import RecognizerChoice, SpeechSettings
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.recognizer import (
    Transcript,
    choose_recognizer,
    open_recognizer,
    whisper_models,
)


class Shelf:
    """A store that has these assets, as folders without anything in them."""

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        self._folder = folder
        self._names = names

    def has(self, name: str) -> bool:
        return name in self._names

    def path(self, name: str) -> Path:
        (self._folder / name).mkdir(exist_ok=True)
        return self._folder / name


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("auto", ["whisper-tiny.en", "vosk-en-small"], "whisper"),
        ("auto", ["vosk-en-small"], "vosk"),
        ("auto", ["whisper-tiny.en"], "whisper"),
        ("auto", ["whisper-base"], "whisper"),
        ("vosk", ["whisper-tiny.en", "vosk-en-small"], "vosk"),
        ("whisper", [], "whisper"),
    ],
)
def test_choose_recognizer(tmp_path: Path, wanted: str, there: list[str], chosen: str) -> None:
    settings = SpeechSettings(recognizer=RecognizerChoice(wanted))
    assert choose_recognizer(settings, Shelf(tmp_path, there)) == chosen


def test_choose_recognizer_takes_a_folder_for_a_model(tmp_path: Path) -> None:
    settings = SpeechSettings(whisper_model=str(tmp_path))
    assert choose_recognizer(settings, Shelf(tmp_path, [])) is RecognizerChoice.WHISPER


def test_choose_recognizer_without_any_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecognizerUnavailable, match=r"cockpit models pull whisper-base"):
        choose_recognizer(SpeechSettings(), Shelf(tmp_path, []))


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (["whisper-tiny.en", "whisper-base"], ["whisper-base", "whisper-tiny.en"]),
        (["whisper-tiny.en"], ["whisper-tiny.en"]),
        (["whisper-base"], ["whisper-base"]),
        ([], []),
    ],
)
def test_whisper_models_are_those_that_are_there(
    tmp_path: Path, there: list[str], found: list[str]
) -> None:
    models = whisper_models(SpeechSettings(), Shelf(tmp_path, there))
    assert [model.name for model in models] == found


def test_whisper_models_of_one_name_are_one(tmp_path: Path) -> None:
    settings = SpeechSettings(whisper_model=str(tmp_path), second_whisper_model=str(tmp_path))
    assert whisper_models(settings, Shelf(tmp_path, [])) == (tmp_path,)
    alone = SpeechSettings(whisper_model=str(tmp_path), second_whisper_model="")
    assert whisper_models(alone, Shelf(tmp_path, ["whisper-tiny.en"])) == (tmp_path,)


@pytest.mark.parametrize("engine", ["whisper", "vosk"])
async def test_open_recognizer_empty_model_folder_is_said(tmp_path: Path, engine: str) -> None:
    settings = SpeechSettings(recognizer=RecognizerChoice(engine))
    with pytest.raises(RecognizerUnavailable, match="cockpit models"):
        await open_recognizer(settings, Shelf(tmp_path, []))


def test_transcript_real_time_factor() -> None:
    assert Transcript("x", 0.9, 4.0, 1.0, "e").real_time_factor == 0.25
    assert Transcript("", 0.0, 0.0, 0.1, "e").real_time_factor == 0.0
