"""What recognisers make of the supervision of their process, without an engine."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from cockpit.speech import hearing, recognizer_worker
from cockpit.speech.audio import Audio
from cockpit.speech.errors import RecognizerFailed, RecognizerUnavailable, SpeechError
from cockpit.speech.hearing import LOST, REFUSED, STARTING, VoskRecognizer, WhisperRecognizer
from cockpit.speech.recognizer import Alternative, Partial, StreamingRecognizer, Transcript
from cockpit.workers.process import Rules
from tests.fakes.listener import LEVELS

COMMAND = [sys.executable, str(Path(__file__).parents[1] / "fakes" / "listener.py")]
RULES = Rules(backoff=(0.0,))
SECOND = Audio.silence(1.0)
BAD = {name: Audio(np.full(160, level, np.float32)) for name, level in LEVELS.items()}


@pytest.fixture
async def whisper(tmp_path: Path) -> AsyncIterator[WhisperRecognizer]:
    recognizer = await WhisperRecognizer.open(tmp_path, command=COMMAND, rules=RULES)
    yield recognizer
    await recognizer.close()


@pytest.fixture
async def vosk(tmp_path: Path) -> AsyncIterator[VoskRecognizer]:
    recognizer = await VoskRecognizer.open(tmp_path, command=COMMAND, rules=RULES)
    yield recognizer
    await recognizer.close()


async def test_recognizer_hears_in_a_process(whisper: WhisperRecognizer, tmp_path: Path) -> None:
    assert whisper.name == f"whisper/{tmp_path.name}"
    assert not isinstance(whisper, StreamingRecognizer)
    heard = await whisper.transcribe(Audio.silence(2.5, 48_000))
    assert (heard.text, heard.confidence, heard.audio_seconds) == ("2.5 seconds", 0.9, 2.5)
    assert heard.processing_seconds > 0
    assert (await whisper.transcribe(Audio.silence(0))).text == "0.0 seconds"


@pytest.mark.parametrize("how", ["crash", "hang", "spin"])
async def test_recognizer_that_breaks_loses_one_utterance_and_says_so(
    whisper: WhisperRecognizer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how != "crash":
        monkeypatch.setattr(hearing, "HANG", 0.5)
    lost = asyncio.create_task(whisper.transcribe(BAD[how]))
    await asyncio.sleep(0)
    monkeypatch.undo()
    monkeypatch.setattr(hearing, "PATIENCE", 60.0)
    following = asyncio.create_task(whisper.transcribe(SECOND))
    with pytest.raises(RecognizerFailed) as failed:
        await lost
    assert failed.value.spoken == LOST
    assert (await following).text == "1.0 seconds"


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
async def test_recognizer_killed_or_stopped_hears_the_next_utterance(
    whisper: WhisperRecognizer, sent: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "HANG", 0.5)
    assert whisper.pid
    os.kill(whisper.pid, sent)
    with pytest.raises(RecognizerFailed, match="my hearing stopped"):
        await whisper.transcribe(SECOND)
    monkeypatch.undo()
    monkeypatch.setattr(hearing, "PATIENCE", 60.0)
    assert (await whisper.transcribe(SECOND)).text == "1.0 seconds"


async def test_recognizer_that_refuses_says_so_and_goes_on(whisper: WhisperRecognizer) -> None:
    pid = whisper.pid
    with pytest.raises(RecognizerFailed) as refused:
        await whisper.transcribe(BAD["refuse"])
    assert refused.value.spoken == REFUSED
    assert (await whisper.transcribe(SECOND)).text == "1.0 seconds"
    assert whisper.pid == pid


async def test_recognizer_that_is_still_starting_again_says_so(
    whisper: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PATIENCE", 0.0)
    with pytest.raises(RecognizerFailed):
        await whisper.transcribe(BAD["crash"])
    with pytest.raises(RecognizerFailed) as failed:
        await whisper.transcribe(SECOND)
    assert failed.value.spoken == STARTING


async def test_recognizer_that_does_not_come_back_says_why(
    whisper: WhisperRecognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PATIENCE", 60.0)
    (tmp_path / "deaf").touch()
    with pytest.raises(RecognizerFailed):
        await whisper.transcribe(BAD["crash"])
    with pytest.raises(RecognizerUnavailable, match="no ears"):
        await whisper.transcribe(SECOND)
    (tmp_path / "deaf").unlink()
    assert (await whisper.transcribe(SECOND)).text == "1.0 seconds"


async def test_recognizer_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "deaf").touch()
    with pytest.raises(RecognizerUnavailable, match="no ears"):
        await WhisperRecognizer.open(tmp_path, command=COMMAND)


async def test_recognizer_closed_hears_nothing(whisper: WhisperRecognizer) -> None:
    await whisper.close()
    with pytest.raises(SpeechError):
        await whisper.transcribe(SECOND)


async def pieces(*sounds: Audio) -> AsyncIterator[Audio]:
    for sound in sounds:
        yield sound


async def test_streaming_recognizer_tells_what_changed_and_the_end(vosk: VoskRecognizer) -> None:
    assert isinstance(vosk, StreamingRecognizer)
    short = Audio.silence(0.1)
    items = [item async for item in vosk.stream(pieces(SECOND, short, short, SECOND))]
    assert items[:-1] == [Partial("1 seconds", 1.0), Partial("2 seconds", pytest.approx(2.2))]
    assert isinstance(items[-1], Transcript)
    assert items[-1].text == "2.2 seconds"
    assert (await vosk.transcribe(SECOND)).text == "1.0 seconds"


async def test_streaming_recognizer_killed_in_a_stream_loses_that_one(
    vosk: VoskRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PATIENCE", 60.0)

    async def killing() -> AsyncIterator[Audio]:
        yield SECOND
        assert vosk.pid
        os.kill(vosk.pid, signal.SIGKILL)
        while vosk.pid:  # noqa: ASYNC110  (its end has no event here)
            await asyncio.sleep(0.01)
        yield SECOND

    with pytest.raises(RecognizerFailed):
        async for _ in vosk.stream(killing()):
            pass
    *_, last = [item async for item in vosk.stream(pieces(SECOND, SECOND))]
    assert last.text == "2.0 seconds"


def test_transcript_survives_the_pipe() -> None:
    alternatives = (Alternative("Stop.", -0.1), Alternative("Top.", -0.5))
    transcript = Transcript("Stop.", 0.9, 1.0, 0.1, "e", 1, 2, alternatives)
    assert hearing._transcript(recognizer_worker._frame(transcript)) == transcript
