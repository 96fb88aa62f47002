"""Which answers are kept, where, and what happens to damaged ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from cockpit.agent import agent
from cockpit.audio.files import NullSink
from cockpit.live.answers import (
    RECURRED,
    SHORT,
    VOICES,
    AnswerCache,
    Rehearsal,
    common_answers,
)
from cockpit.live.speaking import Speaker
from cockpit.speech.audio import Audio
from cockpit.speech.speakable import sentences, speakable
from tests.fakes.clock import virtual_time
from tests.fakes.voice import RATE, FakeVoice, dies, refuses

COMMON = ("Playing.", "Which one?", "The volume is now at 20 percent.")


def hum(seconds: float = 0.1, height: float = 0.5) -> Audio:
    return Audio(np.full(round(seconds * RATE), height, np.float32), RATE)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.onnx"
    path.write_bytes(b"a voice")
    return path


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pcm"))


async def keep(voice: Path, folder: Path, *said: str) -> None:
    """Say sentences in one session."""
    async with AnswerCache.open(voice, folder, COMMON) as cache:
        for sentence in said:
            if cache.get(sentence) is None:
                cache.put(sentence, hum())


# The list.


def test_common_answers_are_whole_sentences_that_are_read_as_written() -> None:
    found = common_answers()
    assert len(found) > 100
    for text in found:
        assert sentences(text) == [text]
        assert speakable(text) == text
        assert "{" not in text


def test_common_answers_hold_what_the_agent_says_when_it_cannot_help() -> None:
    found = common_answers()
    for text in (agent.NOT_UNDERSTOOD, agent.NOT_OFFLINE, agent.NOT_ABLE, agent.DECLINED):
        assert text in found


def test_common_answers_write_out_open_places() -> None:
    found = common_answers()
    assert "The air conditioning is now off." in found
    assert "Your temperature is now set to 22.5 degrees." in found
    assert "Your temperature is now set to 22 degrees." in found
    assert "The volume is now at 100 percent." in found


# Memory.


async def test_cache_gives_back_what_it_was_given(voice: Path, tmp_path: Path) -> None:
    async with AnswerCache.open(voice, tmp_path, COMMON) as cache:
        assert cache.get("Okay.") is None
        cache.put("Okay.", hum())
        found = cache.get("Okay.")
        assert found is not None
        assert found.rate == RATE
        np.testing.assert_allclose(found.samples, hum().samples, atol=1e-4)


async def test_cache_does_not_keep_long_sentences(voice: Path, tmp_path: Path) -> None:
    long = "a" * (SHORT + 1)
    async with AnswerCache.open(voice, tmp_path, (long + "!",)) as cache:
        cache.put(long, hum())
        cache.put(long + "!", hum())
        assert cache.get(long) is None
        assert cache.get(long + "!") is not None


def test_cache_is_bounded_and_drops_what_was_used_longest_ago() -> None:
    cache = AnswerCache(None, "voice", entries=3)
    for text in ("one", "two", "three"):
        cache.put(text, hum())
    cache.get("one")
    cache.put("four", hum())
    assert [cache.get(text) is not None for text in ("one", "two", "three", "four")] == [
        True,
        False,
        True,
        True,
    ]
    cache.close()


def test_cache_is_bounded_in_bytes() -> None:
    cache = AnswerCache(None, "voice", size=1000)
    for number in range(100):
        cache.put(f"number {number}", hum(0.1))  # 200 bytes each
        assert cache.size <= 1000
    assert len(cache) == 5
    cache.put("larger than everything", hum(1))
    assert (len(cache), cache.size) == (5, 1000)
    cache.close()


def test_cache_drops_the_passing_before_the_common() -> None:
    cache = AnswerCache(None, "voice", COMMON, entries=4)
    for text in (*COMMON, "one", "two", "three"):
        cache.put(text, hum())
    assert not cache.missing()
    assert cache.get("three") is not None
    cache.close()


# Disk.


async def test_cache_keeps_common_answers_for_the_next_time(voice: Path, tmp_path: Path) -> None:
    await keep(voice, tmp_path, "Playing.")
    async with AnswerCache.open(voice, tmp_path, COMMON) as cache:
        assert cache.get("Playing.") is not None
        assert cache.missing() == COMMON[1:]


async def test_cache_of_another_voice_is_another(voice: Path, tmp_path: Path) -> None:
    await keep(voice, tmp_path, "Playing.")
    other = tmp_path / "other.onnx"
    other.write_bytes(b"another voice")
    async with AnswerCache.open(other, tmp_path, COMMON) as cache:
        assert cache.get("Playing.") is None


@pytest.mark.parametrize(
    "private",
    [
        "Anna writes: I'm at the station.",
        "Navigating to Kappeli: 300 metres, 1 minute.",
        "I've added cough syrup to your shopping list.",
        "Playing Which one?",  # words of the list, and still not of the car's own
        "It is 20 percent.",
    ],
)
async def test_cache_keeps_nothing_private_on_disk(
    voice: Path, tmp_path: Path, private: str
) -> None:
    await keep(voice, tmp_path, *[private] * (5 * RECURRED))
    assert not files(tmp_path)
    async with AnswerCache.open(voice, tmp_path, COMMON) as cache:
        assert cache.get(private) is None


async def test_cache_keeps_another_number_once_it_recurred(voice: Path, tmp_path: Path) -> None:
    text = "The volume is now at 35 percent."
    await keep(voice, tmp_path, *[text] * (RECURRED - 1))
    assert not files(tmp_path)
    await keep(voice, tmp_path, *[text] * RECURRED)
    assert len(files(tmp_path)) == 1
    async with AnswerCache.open(voice, tmp_path, COMMON) as cache:
        assert cache.get(text) is not None


async def test_cache_does_not_write_down_what_was_said(voice: Path, tmp_path: Path) -> None:
    await keep(voice, tmp_path, *COMMON)
    assert len(files(tmp_path)) == len(COMMON)
    for path in files(tmp_path):
        assert b"laying" not in path.read_bytes()
        assert "laying" not in path.name


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda data: b"",
        lambda data: data[:-2] + b"\x00\x01",
        lambda data: b"x" + data,
        lambda data: data + b"\0\0",
        lambda data: b"spoken answer 1\n{}\n",
    ],
)
async def test_cache_drops_what_is_damaged(voice: Path, tmp_path: Path, damage: object) -> None:
    await keep(voice, tmp_path, "Playing.", "Which one?")
    first = files(tmp_path)[0]
    first.write_bytes(damage(first.read_bytes()))  # type: ignore[operator]
    async with AnswerCache.open(voice, tmp_path, COMMON) as cache:
        assert len(cache) == 1
        assert not first.exists()


async def test_cache_does_not_load_half_written_files(voice: Path, tmp_path: Path) -> None:
    await keep(voice, tmp_path, "Playing.")
    half = files(tmp_path)[0].with_suffix(".part")
    half.write_bytes(b"spoken")
    async with AnswerCache.open(voice, tmp_path, COMMON) as cache:
        assert len(cache) == 1
        assert not half.exists()


async def test_cache_without_a_place_on_disk_still_remembers(voice: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with AnswerCache.open(voice, tmp_path / "file", COMMON) as cache:
        cache.put("Playing.", hum())
        assert cache.get("Playing.") is not None


def test_cache_deletes_from_disk_what_it_drops(tmp_path: Path) -> None:
    common = [f"Sentence {letter}." for letter in "abcdefgh"]
    cache = AnswerCache(tmp_path, "voice", common, entries=3)
    for text in common:
        cache.put(text, hum())
    cache.close()
    assert len(files(tmp_path)) == 3


async def test_cache_forgets_voices_that_were_not_used_for_long(tmp_path: Path) -> None:
    (tmp_path / "somebody's folder").mkdir()
    for number in range(VOICES + 2):
        voice = tmp_path / f"{number}.onnx"
        voice.write_bytes(bytes([number]))
        await keep(voice, tmp_path / "answers", "Playing.")
    assert len(files(tmp_path)) == VOICES
    assert (tmp_path / "somebody's folder").is_dir()


# Ahead.


@virtual_time
async def test_rehearsal_makes_the_missing_answers_one_by_one() -> None:
    cache, voice = AnswerCache(None, "voice", COMMON), FakeVoice()
    rehearsal = Rehearsal(cache, voice, settled=5, between=4)
    cache.put("Playing.", hum())
    rehearsal.resume()
    await asyncio.sleep(4.9)
    assert not voice.asked
    await asyncio.sleep(3)
    assert voice.asked == ["Which one?"]
    await asyncio.sleep(10)
    assert not cache.missing()
    rehearsal.resume()  # nothing is left to do
    await asyncio.sleep(10)
    assert len(voice.asked) == 2
    await rehearsal.close()
    cache.close()


@virtual_time
async def test_rehearsal_gives_way_in_the_middle_of_a_sentence() -> None:
    cache, voice = AnswerCache(None, "voice", COMMON), FakeVoice(pace=1)
    rehearsal = Rehearsal(cache, voice, settled=0, between=0)
    async with NullSink(rate=RATE) as sink, Speaker(voice, sink, cache, rehearsal) as speaker:
        speaker.rest(True)
        await asyncio.sleep(0.5)
        assert voice.asked == ["Playing."]
        await speaker.say("Something else.")
        assert voice.dropped == ["Playing."]
        assert voice.asked == ["Playing.", "Something else."]
        assert cache.missing() == COMMON
        speaker.rest(True)
        await asyncio.sleep(60)
        assert not cache.missing()
    await rehearsal.close()
    cache.close()


@virtual_time
async def test_rehearsal_goes_on_after_a_refusal_and_ends_with_the_voice() -> None:
    faults = refuses("Playing.") | dies("The volume is now at 20 percent.")
    cache, voice = AnswerCache(None, "voice", COMMON), FakeVoice(faults=faults)
    rehearsal = Rehearsal(cache, voice, settled=0, between=0)
    rehearsal.resume()
    await asyncio.sleep(60)
    assert cache.missing() == ("Playing.", "The volume is now at 20 percent.")
    await rehearsal.close()
    cache.close()
