"""Saying replies: in order, at once, and what of it was heard; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from cockpit.audio.files import NullSink
from cockpit.live.speaking import LEAD, Speaker, Spoken, heard_of
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from tests.fakes.clock import virtual_time
from tests.fakes.voice import CHUNK, LETTER, RATE, FakeVoice, dies, refuses

REPLY = "The window is open. It is cold outside. Drive carefully."
BLOCK = 0.05
"""Seconds to which the sink's clock is exact."""


@dataclass
class Room:
    """A speaker and what is heard of it."""

    speaker: Speaker
    sink: NullSink
    voice: FakeVoice
    heard: list[tuple[float, bool]] = field(default_factory=list)

    def listen(self, audio: Audio) -> None:
        now = asyncio.get_running_loop().time()
        self.heard.append((now, bool(np.abs(audio.samples).max(initial=0) > 0.1)))

    @property
    def sounds(self) -> list[float]:
        """When there was sound."""
        return [at for at, loud in self.heard if loud]


@asynccontextmanager
async def room(voice: FakeVoice | None = None, **speaker: object) -> AsyncIterator[Room]:
    voice = voice or FakeVoice()
    async with NullSink(rate=RATE) as sink, Speaker(voice, sink, **speaker) as made:  # type: ignore[arg-type]
        found = Room(made, sink, voice)
        sink.monitor(found.listen)
        yield found


async def cut_after(room: Room, text: str, seconds: float) -> Spoken:
    """Interrupt a reply so many seconds after its first sound."""
    began = asyncio.Event()
    saying = asyncio.create_task(room.speaker.say(text, began.set))
    await began.wait()
    await asyncio.sleep(seconds)
    room.speaker.interrupt()
    return await saying


@virtual_time
async def test_speaker_says_everything() -> None:
    async with room() as here:
        assert await here.speaker.say(REPLY) == Spoken(REPLY, whole=True)
        assert here.sink.played == pytest.approx(len(REPLY.replace(". ", ".")) * LETTER, abs=BLOCK)
        assert not here.speaker.speaking


@virtual_time
async def test_speaker_begins_with_the_first_chunk_and_makes_the_rest_meanwhile() -> None:
    loop = asyncio.get_running_loop()
    async with room(FakeVoice(pace=0.3)) as here:
        first: list[float] = []
        began = loop.time()
        await here.speaker.say(REPLY, lambda: first.append(loop.time() - began))
        assert first == [pytest.approx(0.3, abs=0.01)]
        # The voice is faster than speech, so there is not a gap.
        assert here.sounds[-1] - here.sounds[0] == pytest.approx(here.sink.played, abs=2 * BLOCK)


@virtual_time
async def test_speaker_is_not_ahead_of_the_loudspeaker_by_much() -> None:
    async with room(FakeVoice(pace=0)) as here:
        saying = asyncio.create_task(here.speaker.say(" ".join(["This is said."] * 50)))
        await asyncio.sleep(5)
        assert len(here.voice.asked) < 12
        saying.cancel()


@virtual_time
async def test_speaker_leaves_out_the_silence_before_the_first_sound_only() -> None:
    async with room(FakeVoice(lead=0.3, tail=0.2)) as here:
        text = "Okay. Yes."
        assert (await here.speaker.say(text)).whole
        hum = len("Okay.Yes.") * LETTER
        assert here.sink.played == pytest.approx(hum + LEAD + 0.2 + 0.3 + 0.2, abs=BLOCK)


@virtual_time
async def test_speaker_reads_what_is_written_and_remembers_what_was_written() -> None:
    async with room() as here:
        text = "It is **22.5 °C**.\nTurn onto Main St. Then stop."
        assert (await here.speaker.say(text)).heard == text
        assert here.voice.asked == ["It is 22.5 degrees.", "Turn onto Main Street.", "Then stop."]


@pytest.mark.parametrize("text", ["", " … ", "🎉"])
@virtual_time
async def test_speaker_has_nothing_to_say(text: str) -> None:
    async with room() as here:
        assert await here.speaker.say(text) == Spoken(text, whole=True)
        assert not here.voice.asked


@pytest.mark.parametrize(
    ("seconds", "heard"),
    [
        (0.1, ""),
        (0.35, "The"),
        (1.05, "The window"),
        (1.85, "The window is open."),  # but for the last 50 ms, which are no word
        (2.1, "The window is open."),
        (2.4, "The window is open. It is"),
        (4.8, "The window is open. It is cold outside. Drive"),
    ],
)
def test_speaker_cut_remembers_what_was_heard(seconds: float, heard: str) -> None:
    @virtual_time
    async def cut() -> None:
        async with room() as here:
            spoken = await cut_after(here, REPLY, seconds)
            assert REPLY.startswith(spoken.heard)
            assert not spoken.whole
            assert spoken.fault is None
            # Rounding down may cost a word, and never gives one that was not heard.
            words = len(heard.split())
            assert words - 1 <= len(spoken.heard.split()) <= words

    cut()


@virtual_time
async def test_speaker_cut_is_silent_at_once_and_stops_the_voice() -> None:
    async with room() as here:
        text = "This is a rather long sentence that goes on and on for quite some time."
        await cut_after(here, text, 0.5)
        stopped = asyncio.get_running_loop().time()
        await asyncio.sleep(2)
        assert here.sounds[-1] <= stopped + BLOCK
        assert here.voice.dropped == [text]


@virtual_time
async def test_speaker_cut_in_the_silence_at_the_end_has_said_all() -> None:
    async with room(FakeVoice(tail=0.5)) as here:
        assert await cut_after(here, "Okay.", 0.7) == Spoken("Okay.", whole=True)


@virtual_time
async def test_speaker_cancelled_is_silent_and_remembers() -> None:
    async with room() as here:
        saying = asyncio.create_task(here.speaker.say(REPLY))
        await asyncio.sleep(2.2)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        stopped = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        assert here.sounds[-1] <= stopped + BLOCK
        assert here.speaker.last.heard.startswith("The window is open.")
        assert (await here.speaker.say("Next.")).whole


@virtual_time
async def test_speaker_held_pauses_and_loses_nothing() -> None:
    async with room() as here:
        here.speaker.hold(True)  # nothing is being said
        saying = asyncio.create_task(here.speaker.say(REPLY))
        await asyncio.sleep(1)
        here.speaker.hold(True)
        held = asyncio.get_running_loop().time()
        await asyncio.sleep(3)
        assert here.sounds[-1] <= held + BLOCK
        here.speaker.hold(False)
        assert await saying == Spoken(REPLY, whole=True)
        assert here.sounds[-1] > held + 3


@virtual_time
async def test_speaker_cut_while_held_remembers_what_was_heard() -> None:
    async with room() as here:
        saying = asyncio.create_task(here.speaker.say(REPLY))
        await asyncio.sleep(2.2)
        here.speaker.hold(True)
        await asyncio.sleep(5)
        here.speaker.interrupt()
        assert (await saying).heard.startswith("The window is open.")
        assert (await here.speaker.say("Next.")).whole


@virtual_time
async def test_speaker_cut_before_the_first_sound_was_not_heard() -> None:
    async with room(FakeVoice(pace=5)) as here:
        saying = asyncio.create_task(here.speaker.say(REPLY))
        await asyncio.sleep(1)
        here.speaker.interrupt()
        assert await saying == Spoken("", whole=False)
        assert here.voice.dropped


@virtual_time
async def test_speaker_position_does_not_count_earlier_replies() -> None:
    async with room() as here:
        await here.speaker.say("Something long that was said before.")
        assert (await cut_after(here, REPLY, 0.2)).heard == ""


@virtual_time
async def test_speaker_says_one_reply_after_the_other() -> None:
    async with room() as here:
        both = await asyncio.gather(here.speaker.say("First one."), here.speaker.say("Second."))
        assert [spoken.whole for spoken in both] == [True, True]
        assert here.voice.asked == ["First one.", "Second."]


@virtual_time
async def test_speaker_cut_while_another_waits_says_the_other() -> None:
    async with room() as here:
        first = asyncio.create_task(here.speaker.say(REPLY))
        second = asyncio.create_task(here.speaker.say("Second."))
        await asyncio.sleep(0.5)
        here.speaker.interrupt()
        assert not (await first).whole
        assert (await second).whole


@virtual_time
async def test_speaker_interrupted_while_silent_goes_on_as_before() -> None:
    async with room() as here:
        here.speaker.interrupt()
        assert (await here.speaker.say("Yes.")).whole
        here.speaker.interrupt()
        assert here.speaker.last.whole


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Say this, and nothing but this for a start, then go on with what is left to be said.",
            [
                "Say this, and nothing but this for a start,",
                "then go on with what is left to be said.",
            ],
        ),
        ("A first sentence is left as it is, where it is not long. Yes.", 2),
        ("There is no good place to cut this one, even if it goes on for much longer than " * 2, 2),
        ("Okay. " + "The second sentence is left as it is, because there is time enough, " * 2, 2),
    ],
)
@virtual_time
async def test_speaker_begins_a_long_first_sentence_with_its_first_clause(
    text: str, parts: int | list[str]
) -> None:
    async with room() as here:
        assert await here.speaker.say(text) == Spoken(text, whole=True)
        asked = here.voice.asked
        assert asked == parts if isinstance(parts, list) else len(asked) == parts


# What fails.


@virtual_time
async def test_speaker_leaves_out_a_sentence_that_cannot_be_said() -> None:
    async with room(FakeVoice(faults=refuses("It is cold outside."))) as here:
        spoken = await here.speaker.say(REPLY)
        assert spoken.heard == "The window is open. Drive carefully."
        assert not spoken.whole
        assert spoken.fault == "I could not say this aloud: It is cold outside."


@virtual_time
async def test_speaker_knows_of_a_sentence_that_broke_off() -> None:
    voice = FakeVoice(faults=refuses("It is cold outside."), fault_after=1)
    async with room(voice) as here:
        spoken = await here.speaker.say(REPLY)
        assert spoken.fault
        assert "outside" not in spoken.heard
        assert spoken.heard.startswith("The window is open.")
        assert spoken.heard.endswith("Drive carefully.")


@virtual_time
async def test_speaker_without_a_voice_leaves_the_text() -> None:
    async with room(FakeVoice(faults=dies("It is cold outside."))) as here:
        spoken = await here.speaker.say(REPLY)
        assert spoken == Spoken("The window is open.", whole=False, fault="The voice is gone.")
        assert here.voice.asked[-1] == "It is cold outside."
        assert (await here.speaker.say("Yes.")).whole


@virtual_time
async def test_speaker_without_a_loudspeaker_leaves_the_text() -> None:
    class Unplugged(NullSink):
        async def play(self, audio: Audio) -> None:
            if self.played > 1:
                raise SpeechError("The loudspeaker is gone.")
            await super().play(audio)

    voice = FakeVoice()
    async with Unplugged(rate=RATE) as sink, Speaker(voice, sink) as speaker:
        spoken = await speaker.say(REPLY)
        assert spoken.fault == "The loudspeaker is gone."
        assert REPLY.startswith(spoken.heard)
        assert not spoken.whole
        # What was made and not played is not waited for.
        assert len(voice.asked) <= 3


@virtual_time
async def test_speaker_with_a_broken_voice_does_not_hang() -> None:
    async with room(FakeVoice(faults={"Yes.": ZeroDivisionError()})) as here:
        with pytest.raises(ZeroDivisionError):
            await here.speaker.say("Yes.")
        assert (await here.speaker.say("No.")).whole


@virtual_time
async def test_speaker_left_while_speaking_is_silent() -> None:
    async with NullSink(rate=RATE) as sink:
        async with Speaker(FakeVoice(), sink) as speaker:
            saying = asyncio.create_task(speaker.say(REPLY))
            await asyncio.sleep(1)
        assert not (await saying).whole


# Answers that are known.


class Known(dict[str, Audio]):
    """Remembers everything."""

    def put(self, sentence: str, audio: Audio) -> None:
        self[sentence] = audio


@virtual_time
async def test_speaker_plays_what_it_knows_and_remembers_what_it_made() -> None:
    known = Known()
    async with room(FakeVoice(pace=0.2, lead=0.1), answers=known) as here:
        await here.speaker.say("Okay. It is 5 °C.")
        assert sorted(known) == ["It is 5 degrees.", "Okay."]
        assert known["Okay."].seconds == pytest.approx(0.1 + 5 * LETTER)  # with its silence
        loop = asyncio.get_running_loop()
        began, first = loop.time(), list[float]()
        assert (await here.speaker.say("Okay. Yes.", lambda: first.append(loop.time()))).whole
        assert first == [pytest.approx(began, abs=0.001)]
        assert here.voice.asked == ["Okay.", "It is 5 degrees.", "Yes."]


@virtual_time
async def test_speaker_does_not_remember_half_a_sentence() -> None:
    known = Known()
    text = "This sentence is cut in the middle of it."
    async with room(FakeVoice(pace=CHUNK), answers=known) as here:
        await cut_after(here, text, 0.5)
        assert not known


# Words.


@pytest.mark.parametrize(
    ("sentence", "share", "heard"),
    [
        ("One two three.", 0.0, ""),
        ("One two three.", -1.0, ""),
        ("One two three.", 0.32, "One"),
        ("One two three.", 0.99, "One two"),
        ("One two three.", 1.0, "One two three."),
        ("One two three.", 7.0, "One two three."),
        ("It is 248 kilometres.", 0.4, "It is"),  # the number is long when it is spoken
        ("  spaced   out ", 0.65, "  spaced"),
        ("", 0.5, ""),
    ],
)
def test_heard_of_a_sentence_is_its_whole_words(sentence: str, share: float, heard: str) -> None:
    assert sentence[: heard_of(sentence, share)] == heard
