"""The spoken answer when the voice fails, without Piper; and what silence is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest

from cockpit.agent.plan import Turn, Utterance
from cockpit.assets.store import AssetStore
from cockpit.settings import Settings
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SynthesisUnavailable
from cockpit.speech.hearing import LOST, WhisperRecognizer
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import Transcript
from cockpit.voice import SpokenTurn, VoicePipeline
from cockpit.workers.process import Rules
from vehicle_bus.seats import Seat

TALKER = Path(__file__).parents[1] / "fakes" / "talker.py"


@pytest.fixture
def voice(tmp_path: Path) -> PiperVoice:
    """A voice that speaks ten samples a word, and dies at the word "crash"."""
    model = tmp_path / "voice.onnx"
    model.touch()
    return PiperVoice(
        model, command=[sys.executable, str(TALKER), str(tmp_path)], rules=Rules(backoff=(0.0,))
    )


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


async def test_voice_pipeline_says_that_its_hearing_stopped_and_hears_on(
    voice: PiperVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.speech.hearing.PATIENCE", 60.0)
    command = [sys.executable, str(TALKER.with_name("listener.py"))]
    async with voice:
        recognizer = await WhisperRecognizer.open(tmp_path, command=command)
        pipeline = VoicePipeline(recognizer, cast(Any, FakeAgent()), voice)
        assert recognizer.pid
        os.kill(recognizer.pid, signal.SIGKILL)
        lost = await pipeline.hear(Audio.silence(1.0), Seat.PASSENGER)
        assert (lost.turn, lost.fault, lost.seat) == (None, LOST, Seat.PASSENGER)
        assert lost.reply is not None
        assert len(lost.reply.samples) == 10 * len(LOST.split())
        assert lost.to_json()["transcript"] == ""
        heard = await pipeline.hear(Audio.silence(1.0), Seat.DRIVER)
        assert heard.turn is not None
        assert (heard.turn.reply, heard.fault) == ("You said 1.0 seconds.", None)
        await recognizer.close()


class FakeAgent:
    async def turn(self, utterance: Utterance) -> Turn:
        return Turn(utterance, f"You said {utterance.text}.", False, "template", (), {}, {})


async def test_spoken_turn_of_silence_has_every_key_of_a_spoken_turn() -> None:
    transcript = Transcript("", 0.0, 1.5, 0.0, "test")
    silence = SpokenTurn(transcript, None, None, {}, seat=Seat.PASSENGER).to_json()
    turn = Turn(Utterance("Hello.", Seat.PASSENGER), "Hello.", False, "template", (), {}, {})
    assert set(silence) == set(SpokenTurn(transcript, turn, None, {}).to_json())
    assert (silence["seat"], silence["text"], silence["plan"]) == ("passenger", "", [])


class FakeRecognizer:
    name = "fake"

    def __init__(self) -> None:
        self.closed = False

    async def transcribe(self, audio: Audio) -> Transcript:
        raise AssertionError("nobody speaks here")

    async def close(self) -> None:
        self.closed = True


async def test_voice_pipeline_frees_the_recogniser_when_the_voice_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = FakeRecognizer()

    async def open_at_once(*_: object, **__: object) -> FakeRecognizer:
        return recognizer

    store = SimpleNamespace(path=lambda name: tmp_path / "no.onnx")
    monkeypatch.setattr(AssetStore, "from_settings", lambda _: store)
    monkeypatch.setattr("cockpit.voice.open_recognizer", open_at_once)

    class SlowVoice(PiperVoice):
        async def __aenter__(self) -> NoReturn:
            await asyncio.sleep(0)  # the recogniser is loaded meanwhile
            raise SynthesisUnavailable("No voice.")

    monkeypatch.setattr("cockpit.voice.PiperVoice", SlowVoice)
    with pytest.raises(SynthesisUnavailable):
        async with VoicePipeline.open(Settings(), cast(Any, None)):
            pass
    assert recognizer.closed
