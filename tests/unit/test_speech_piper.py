"""What the voice makes of the supervision of its process, without Piper."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from cockpit.speech.errors import SynthesisFailed, SynthesisUnavailable
from cockpit.speech.piper import PiperVoice
from cockpit.workers.process import Rules

TALKER = Path(__file__).parents[1] / "fakes" / "talker.py"


class States:
    """Collects what the voice tells of its process."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, state: str, detail: Mapping[str, Any]) -> None:
        self.seen.append(state)
        self._changed.set()

    async def count(self, state: str, times: int) -> None:
        while self.seen.count(state) < times:
            self._changed.clear()
            await self._changed.wait()


@pytest.fixture
def states() -> States:
    return States()


@pytest.fixture
def voice(tmp_path: Path, states: States) -> Callable[..., PiperVoice]:
    """Makes a voice whose process is the talker."""
    model = tmp_path / "voice.onnx"
    model.touch()

    def make(**options: Any) -> PiperVoice:
        command = [sys.executable, str(TALKER), str(tmp_path)]
        rules = Rules(backoff=(0.0,))
        return PiperVoice(model, command=command, on_state=states, rules=rules, **options)

    return make


async def test_piper_voice_speaks_sentence_by_sentence(voice: Callable[..., PiperVoice]) -> None:
    async with voice() as talker:
        chunks = [chunk async for chunk in talker.stream("One two. Three.")]
        assert [len(chunk.samples) for chunk in chunks] == [10, 10, 10]
        assert {chunk.rate for chunk in chunks} == {1000}
        assert (await talker.synthesize("One two. Three.")).seconds == pytest.approx(0.03)


async def test_piper_voice_has_nothing_to_say(voice: Callable[..., PiperVoice]) -> None:
    async with voice() as talker:
        assert (await talker.synthesize(" … ")).seconds == 0


async def test_piper_voice_process_ends_with_it(
    voice: Callable[..., PiperVoice], states: States
) -> None:
    async with voice() as talker:
        pid = talker.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert states.seen == ["started", "stopped"]
    with pytest.raises(SynthesisUnavailable):
        await talker.synthesize("Hello.")


async def test_piper_voice_crash_is_repeated_once_and_costs_nothing(
    voice: Callable[..., PiperVoice], states: States
) -> None:
    async with voice() as talker:
        chunks = [c async for c in talker.stream("First. Well then crash-once now. Last.")]
        # "Well then" was heard before the crash and is not heard again.
        assert [int(chunk.samples[0] * 128) for chunk in chunks] == [1, 1, 2, 3, 4, 1]
        await states.count("crashed", 1)
        assert states.seen.count("started") == 2


async def test_piper_voice_crash_costs_one_sentence(
    voice: Callable[..., PiperVoice], states: States
) -> None:
    async with voice() as talker:
        heard = []
        with pytest.raises(SynthesisFailed, match="crash now"):
            async for chunk in talker.stream("First. Then crash now. Last one."):
                heard.append(chunk)
        assert len(heard) == 1 + 1 + 2  # "First", "Then", "Last one"
        assert (await talker.synthesize("Hello.")).seconds > 0


async def test_piper_voice_killed_while_idle_comes_back_by_itself(
    voice: Callable[..., PiperVoice], states: States
) -> None:
    async with voice() as talker:
        assert talker.pid
        os.kill(talker.pid, signal.SIGKILL)
        await states.count("started", 2)
        assert states.seen == ["started", "crashed", "started"]
        assert (await talker.synthesize("Hello.")).seconds > 0


async def test_piper_voice_hang_is_ended(voice: Callable[..., PiperVoice], states: States) -> None:
    async with voice(sentence_timeout=0.5) as talker:
        with pytest.raises(SynthesisFailed, match="hang"):
            await talker.synthesize("Please hang.")
        await states.count("hung", 2)
        assert (await talker.synthesize("Hello.")).seconds > 0


async def test_piper_voice_nonsense_on_the_pipe_is_a_crash(
    voice: Callable[..., PiperVoice], states: States
) -> None:
    async with voice() as talker:
        with pytest.raises(SynthesisFailed):
            await talker.synthesize("Please babble.")
        assert (await talker.synthesize("Hello.")).seconds > 0


async def test_piper_voice_refused_sentence_keeps_the_process(
    voice: Callable[..., PiperVoice], states: States
) -> None:
    async with voice() as talker:
        with pytest.raises(SynthesisFailed):
            await talker.synthesize("I refuse.")
        assert states.seen == ["started"]


async def test_piper_voice_closing_the_stream_cancels_the_sentence(
    voice: Callable[..., PiperVoice], tmp_path: Path
) -> None:
    async with voice() as talker:
        async with aclosing(talker.stream("One two three four five six seven eight.")) as chunks:
            await anext(chunks)
        # The talker takes frames in order: once this is said, it has seen the cancel.
        assert (await talker.synthesize("Hello.")).seconds == pytest.approx(0.01)
        assert list(tmp_path.glob("cancel-*"))  # noqa: ASYNC240


async def test_piper_voice_two_speakers_take_turns(voice: Callable[..., PiperVoice]) -> None:
    async with voice() as talker:
        both = await asyncio.gather(talker.synthesize("One two."), talker.synthesize("Three."))
        assert [audio.seconds for audio in both] == [pytest.approx(0.02), pytest.approx(0.01)]


async def test_piper_voice_that_cannot_start_says_why(
    voice: Callable[..., PiperVoice], tmp_path: Path
) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(SynthesisUnavailable, match="no vocal cords"):
        async with voice():
            pass


async def test_piper_voice_that_does_not_come_back_says_why(
    voice: Callable[..., PiperVoice], tmp_path: Path, states: States
) -> None:
    async with voice() as talker:
        (tmp_path / "broken").touch()
        with pytest.raises(SynthesisUnavailable, match="no vocal cords"):
            await talker.synthesize("Please crash.")
        await states.count("failed", 1)
        (tmp_path / "broken").unlink()
        assert (await talker.synthesize("Hello.")).seconds > 0


async def test_piper_voice_missing_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(SynthesisUnavailable, match="cockpit models pull"):
        async with PiperVoice(tmp_path / "none.onnx"):
            pass


async def test_piper_voice_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").touch()
    with pytest.raises(SynthesisUnavailable, match="cannot be started"):
        async with PiperVoice(tmp_path / "voice.onnx", command=["/nonexistent/voice"]):
            pass
