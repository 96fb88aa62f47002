"""The spoken answer when the voice fails, without Piper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import pytest

from cockpit.speech.piper import PiperVoice
from cockpit.voice import VoicePipeline

TALKER = Path(__file__).parents[1] / "fakes" / "talker.py"


@pytest.fixture
def voice(tmp_path: Path) -> PiperVoice:
    """A voice that speaks ten samples a word, and dies at the word "crash"."""
    model = tmp_path / "voice.onnx"
    model.touch()
    return PiperVoice(model, command=[sys.executable, str(TALKER), str(tmp_path)], backoff=(0,))


async def test_voice_pipeline_keeps_the_sentences_that_could_be_said(voice: PiperVoice) -> None:
    nobody = cast(Any, None)
    async with voice:
        pipeline = VoicePipeline(nobody, nobody, voice)
        audio, timings, fault = await pipeline.speak("Two words crash. Here are four words.")
        assert audio is not None
        assert len(audio.samples) == 60
        assert fault == "I could not say this aloud: Two words crash."
        assert set(timings) == {"first_audio", "synthesize"}
        audio, _, fault = await pipeline.speak("The next reply.")
        assert audio is not None
        assert (len(audio.samples), fault) == (30, None)


async def test_voice_pipeline_says_nothing_for_an_empty_reply(voice: PiperVoice) -> None:
    nobody = cast(Any, None)
    async with voice:
        assert await VoicePipeline(nobody, nobody, voice).speak("") == (None, {}, None)
