"""The real engines: Piper speaks, Whisper and Vosk hear."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cockpit.assets.store import AssetStore
from cockpit.settings import AssetSettings, RecognizerChoice, SpeechSettings
from cockpit.speech.audio import RATE, Audio, read_audio, write_wav
from cockpit.speech.hearing import VoskRecognizer, WhisperRecognizer
from cockpit.speech.hints import Kind, Name, OrdinaryWords, Vocabulary
from cockpit.speech.measure import content_words, load_clips, missed_words, slot_word_recall
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import Partial, Transcript, open_recognizer
from cockpit.workers.frames import json_frame

pytestmark = pytest.mark.models

SENTENCES = (
    "Set my side to twenty two and the passenger to nineteen degrees.",
    "Take me to the central railway station.",
    "How much range is left?",
    "I am freezing.",
)
SHORT = ("Yes.", "Stop.", "Louder.")
SHARED = Path(__file__).parents[3] / "shared" / "audio"


@pytest.fixture(scope="module")
def said(asset: Callable[[str], Path]) -> dict[str, Audio]:
    """What Piper makes of the sentences, as a recogniser wants it."""

    async def speak() -> dict[str, Audio]:
        async with PiperVoice(asset("piper-en-us-joe")) as voice:
            return {
                text: (await voice.synthesize(text)).resampled(RATE) for text in SENTENCES + SHORT
            }

    return asyncio.run(speak())


@pytest.fixture
async def whisper(asset: Callable[[str], Path]) -> AsyncIterator[WhisperRecognizer]:
    recognizer = await WhisperRecognizer.open(asset("whisper-tiny.en"))
    yield recognizer
    await recognizer.close()


def missed_share(said: str, transcript: Transcript) -> float:
    words = content_words(said)
    return len(missed_words(words, transcript.text)) / len(words)


@pytest.mark.parametrize(
    ("model", "variable_length"),
    [("whisper-tiny.en", True), ("whisper-tiny.en", False), ("whisper-base", True)],
)
async def test_whisper_hears_what_piper_says(
    asset: Callable[[str], Path], said: dict[str, Audio], model: str, variable_length: bool
) -> None:
    settings = SpeechSettings(
        whisper_model=model,
        second_whisper_model="",
        whisper_variable_length=variable_length,
    )
    asset(model)
    recognizer = await open_recognizer(settings, AssetStore.from_settings(AssetSettings()))
    heard = {text: await recognizer.transcribe(said[text]) for text in SENTENCES}
    await recognizer.close()
    assert recognizer.name.startswith(f"whisper/{model}")
    for transcript in heard.values():
        assert transcript.confidence > 0.5
        assert transcript.utterances == 1
    assert np.mean([missed_share(*pair) for pair in heard.items()]) < 0.15


async def test_whisper_does_not_repeat_short_commands(
    whisper: WhisperRecognizer, said: dict[str, Audio]
) -> None:
    for text in SHORT:
        transcript = await whisper.transcribe(said[text])
        assert 1 <= len(content_words(transcript.text)) <= 2, transcript


async def test_whisper_hears_nothing_where_nobody_speaks(whisper: WhisperRecognizer) -> None:
    rng = np.random.default_rng(0)
    hum = 0.3 * np.sin(2 * np.pi * 100 * np.arange(5 * RATE) / RATE)
    for samples in (
        np.zeros(0),
        np.zeros(5 * RATE),
        rng.normal(0, 0.001, 5 * RATE),
        rng.normal(0, 0.2, 5 * RATE),
        hum,
        np.sign(hum),  # clipped
    ):
        transcript = await whisper.transcribe(Audio(samples.astype(np.float32)))
        assert (transcript.text, transcript.confidence, transcript.utterances) == ("", 0.0, 0)


async def test_whisper_hears_clipped_speech(
    whisper: WhisperRecognizer, said: dict[str, Audio]
) -> None:
    text = SENTENCES[1]
    loud = Audio(np.clip(said[text].samples * 4, -1, 1))
    assert loud.is_clipped
    assert missed_share(text, await whisper.transcribe(loud)) < 0.5


async def test_whisper_ten_minutes_of_mostly_silence(
    whisper: WhisperRecognizer, said: dict[str, Audio], tmp_path: Path
) -> None:
    rate = 22_050
    first, second = (said[text].resampled(rate) for text in SENTENCES[:2])
    pauses = Audio.silence(60, rate), Audio.silence(300, rate)
    end = Audio.silence(600 - sum(part.seconds for part in (first, second, *pauses)), rate)
    path = tmp_path / "long.wav"
    write_wav(path, Audio.join([pauses[0], first, pauses[1], second, end]))
    audio = await asyncio.to_thread(read_audio, path)
    transcript = await whisper.transcribe(audio)
    assert transcript.audio_seconds == pytest.approx(600, abs=0.1)
    assert transcript.utterances == 2
    assert missed_share(" ".join(SENTENCES[:2]), transcript) < 0.3
    assert transcript.real_time_factor < 0.05


async def test_whisper_cancelled_is_free_for_the_next(
    whisper: WhisperRecognizer, said: dict[str, Audio]
) -> None:
    one = said[SENTENCES[0]]
    long = Audio.join([part for _ in range(15) for part in (one, Audio.silence(2.5))])
    task = asyncio.create_task(whisper.transcribe(long))
    await asyncio.sleep(0)  # it has begun
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    began = time.perf_counter()
    assert (await whisper.transcribe(one)).text
    whole = await whisper.transcribe(long)
    assert time.perf_counter() - began < 2 * whole.processing_seconds


@pytest.mark.shared
async def test_whisper_slot_words_of_real_speakers(asset: Callable[[str], Path]) -> None:
    if not (SHARED / "labels.json").is_file():
        pytest.skip("the recorded clips do not lie beside the checkout (shared/audio)")
    clips = load_clips(SHARED / "labels.json", SHARED / "speech")[::6]
    first, second = asset("whisper-base"), asset("whisper-tiny.en")
    recognizer = await WhisperRecognizer.open(first, second=second)
    assert recognizer.name == "whisper/whisper-base+whisper-tiny.en"
    recall = await slot_word_recall(recognizer, clips)
    await recognizer.close()
    assert recall.total > 40
    assert recall.share > 0.85


async def test_whisper_texts_have_names_right_by_their_sound(
    asset: Callable[[str], Path],
) -> None:
    said = {
        "Kalevankatu": "Take me to Kalevankatu.",
        "Eteläinen Makasiinikatu": "Take me to Eteläinen Makasiinikatu.",
        "Anneli Nieminen": "Call Anneli Nieminen.",
        "Xavier Laurent": "Ring Xavier Laurent on the mobile.",
    }
    others = ("Kluuvikatu", "Pohjoinen Makasiinikatu", "Kaivokatu", "Annankatu", "Vuorikatu")
    names = [Name(text, Kind.PLACE) for text in (*said, *others)]
    model = asset("whisper-base")
    vocabulary = Vocabulary(names, OrdinaryWords.of_model(model))
    recognizer = await WhisperRecognizer.open(model)
    heard, hinted = 0, 0
    async with PiperVoice(asset("piper-en-us-joe")) as voice:
        for name, text in said.items():
            transcript = await recognizer.transcribe((await voice.synthesize(text)).resampled(RATE))
            assert transcript.alternatives[0].text == transcript.text
            assert len(transcript.alternatives) > 1
            heard += name in transcript.text
            hinted += name in vocabulary.correct(transcript.alternatives).text
    await recognizer.close()
    assert hinted >= 3
    assert heard < hinted


async def test_piper_killed_in_the_middle_of_a_sentence(
    asset: Callable[[str], Path], record_property: Callable[[str, Any], None]
) -> None:
    text = (
        "This is short. " + "The windows are closed and the seats are warm, " * 3 + "as you like."
    )
    async with PiperVoice(asset("piper-en-us-joe")) as voice:
        whole = await voice.synthesize(text)
        async with aclosing(voice.stream(text)) as chunks:
            heard = [await anext(chunks)]
            killed = time.perf_counter()
            assert voice.pid
            os.kill(voice.pid, signal.SIGKILL)
            async for chunk in chunks:
                if len(heard) == 1:
                    record_property("seconds_to_recovery", time.perf_counter() - killed)
                heard.append(chunk)
        # Nothing is lost: what was not yet spoken is spoken by the next process.
        assert Audio.join(heard).seconds == pytest.approx(whole.seconds, rel=0.2)
        assert (await voice.synthesize("And on it goes.")).seconds > 0.5


async def test_piper_stopped_speaks_the_next_sentence_at_once(
    asset: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    async with PiperVoice(asset("piper-en-us-joe")) as voice:
        pid = voice.pid
        async with aclosing(voice.stream("Stop me. " + "On and on it goes " * 30)) as chunks:
            await anext(chunks)
        assert (await voice.synthesize("Okay.")).seconds < 2
        assert voice.pid == pid
        assert voice.rate == 22_050
    assert capfd.readouterr() == ("", "")


def test_piper_worker_ends_with_its_parent(asset: Callable[[str], Path]) -> None:
    command = [sys.executable, "-m", "cockpit.speech.piper_worker"]
    options = {"model": str(asset("piper-en-us-joe"))}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as worker:
        assert worker.stdin and worker.stdout and worker.stderr
        worker.stdin.write(json_frame("open", options).encode())
        worker.stdin.flush()
        while b"ready" not in (line := worker.stdout.readline()):
            assert b"working" in line  # a sign of life, while it loads
        worker.stdin.close()  # as when the parent is gone
        assert worker.wait(timeout=5) == 0
        assert worker.stderr.read() == b""


@pytest.fixture
async def korean(asset: Callable[[str], Path]) -> AsyncIterator[VoskRecognizer]:
    recognizer = await VoskRecognizer.open(asset("vosk-ko-small"))
    yield recognizer
    await recognizer.close()


@pytest.fixture
def korean_speech(tmp_path: Path) -> Audio:
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        pytest.skip("espeak-ng is not installed (Debian: apt-get install espeak-ng)")
    path = tmp_path / "ko.wav"
    text = "안녕하세요. 오늘 날씨가 어떻습니까"
    subprocess.run([espeak, "-v", "ko", "-s", "130", "-w", str(path), text], check=True)
    return read_audio(path)


async def in_pieces(audio: Audio, seconds: float = 0.25) -> AsyncIterator[Audio]:
    step = round(seconds * audio.rate)
    for at in range(0, len(audio.samples), step):
        yield Audio(audio.samples[at : at + step], audio.rate)


async def test_vosk_streams_korean(korean: VoskRecognizer, korean_speech: Audio) -> None:
    *partials, final = [item async for item in korean.stream(in_pieces(korean_speech))]
    assert len(partials) >= 3
    assert all(isinstance(item, Partial) and item.text for item in partials)
    assert isinstance(final, Transcript)
    # A machine's voice with an accent: the greeting and some syllables are what it gets.
    assert set("안녕하세요오늘날씨가어떻습니까") & set(final.text)
    assert any("하세" in item.text for item in partials)
    assert sum("가" <= letter <= "힣" for letter in final.text) >= 5
    assert 0.2 < final.confidence <= 1
    assert final.audio_seconds == pytest.approx(korean_speech.seconds, abs=0.01)
    again = await korean.transcribe(korean_speech)
    assert set(again.text) & set(final.text)


async def test_vosk_hears_nothing_where_nobody_speaks(korean: VoskRecognizer) -> None:
    rng = np.random.default_rng(0)
    for samples in (np.zeros(0), np.zeros(3 * RATE), rng.normal(0, 0.1, 3 * RATE)):
        audio = Audio(samples.astype(np.float32))
        items = [item async for item in korean.stream(in_pieces(audio))]
        assert [(type(item), item.text) for item in items] == [(Transcript, "")]


async def test_vosk_closed_stream_leaves_the_recognizer_usable(
    korean: VoskRecognizer, korean_speech: Audio
) -> None:
    async with aclosing(korean.stream(in_pieces(korean_speech))) as stream:
        await anext(stream)
    assert (await korean.transcribe(korean_speech)).text


async def test_vosk_is_opened_where_only_its_model_is(asset: Callable[[str], Path]) -> None:
    settings = SpeechSettings(
        recognizer=RecognizerChoice.AUTO,
        whisper_model="/nonexistent/whisper",
        vosk_model=str(asset("vosk-ko-small")),
    )

    class Nothing:
        def has(self, name: str) -> bool:
            return False

        def path(self, name: str) -> Path:
            raise AssertionError(name)

    recognizer = await open_recognizer(settings, Nothing())
    assert recognizer.name == "vosk/vosk-ko-small"
    await recognizer.close()
