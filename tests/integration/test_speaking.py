"""What Piper says of what is written, as Whisper hears it; and how soon."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from cockpit.audio.files import NullSink
from cockpit.live.answers import AnswerCache
from cockpit.live.speaking import Speaker
from cockpit.speech.audio import Audio, decibels, rms
from cockpit.speech.measure import content_words
from cockpit.speech.piper import PiperVoice
from cockpit.speech.piper_chunks import LEVEL, PIECES
from cockpit.speech.whisper import WhisperEngine

pytestmark = pytest.mark.models

LONG = (
    "I've also pointed the air in the front at the windscreen and turned the air conditioning on "
    "because the front defroster needs it."
)

# Written, and what has to be in the text that Whisper makes of it.
NUMBERS = (
    ("It is 22.5 °C inside.", r"22\.5 degrees"),
    ("It is -4 °C outside.", r"(minus |-)(4|four) degrees"),
    ("The battery is at 45 %.", r"45( percent|%)"),
    ("You can drive about 248 km.", r"248 kilomet"),
    ("Turn right in 250 m.", r"250 met"),
    ("The tyre has 240 kPa.", r"240 kilo ?pascal"),
    ("Charging takes 11 kWh.", r"11 kilowatt[ -]hours"),
    ("You are driving 63 km/h.", r"63 kilomet\w+ (per|an) hour"),
    ("It uses 17.5 kWh/100 km.", r"17\.5 kilowatt[ -]hours per 100 kilomet"),
    ("You will arrive at 14:05.", r"2[:.]?05 ?p\.?m"),
    ("You will arrive at 8:30.", r"8[:.]?30"),
    ("You will arrive at 9:05.", r"9[:.]?05"),
    ("It was built in 1984.", r"1984"),
    ("It plays music of the 1980s.", r"(19)?80s|eighties"),
    ("That costs €3.50.", r"[€$]3\.50|(3|three) euros? (and )?(50|fifty)"),
    ("Please call 112.", r"1[ -]?1[ -]?2"),
    ("The number is 040 123 4567.", r"0 ?4 ?0[, -]*1 ?2 ?3[, -]*4 ?5 ?6 ?7"),
    ("The meeting is at 12:00.", r"noon"),
    ("Take the E75 to Ring III.", r"e ?-?75 to (the )?ring (3|three)"),
    ("Dr. Smith is on 5th Ave.", r"smith is on (5th|fifth) avenue"),
    ("The ECU and the EV charger are fine.", r"ecu and the ev\b"),
    ("Add 1½ cups and 500 g of flour.", r"(1|one) and a half cups and 500 grams"),
    ("It is rated 4.5/5.", r"4\.5 out of (5|five)"),
    ("Wait 10-15 min.", r"10( to |-)15 minutes"),
)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_numbers_come_through(asset: Callable[[str], Path]) -> None:
    whisper = await asyncio.to_thread(WhisperEngine, asset("whisper-tiny.en"))
    missed = []
    async with PiperVoice(asset("piper-en-us-joe")) as voice:
        for written, wanted in NUMBERS:
            sound = await voice.synthesize(written)
            heard = (await asyncio.to_thread(whisper.transcribe, sound)).text
            if not re.search(wanted, heard, re.IGNORECASE):
                missed.append((written, heard))
    # No two renderings of the voice are the same, and Whisper has its own mistakes.
    assert len(missed) <= 3, missed


async def test_long_sentence_begins_with_its_first_piece(asset: Callable[[str], Path]) -> None:
    whisper = await asyncio.to_thread(WhisperEngine, asset("whisper-tiny.en"))
    async with PiperVoice(asset("piper-en-us-joe")) as voice:
        async with aclosing(voice.stream(LONG)) as stream:
            parts = [part async for part in stream]
        short = await voice.synthesize("Okay.")
    hop = 256 / 22_050
    assert parts[0].seconds == pytest.approx(PIECES[0] * hop)
    whole = Audio.join(parts)
    assert whole.seconds > 5
    for sound in (whole, short):
        loud = sound.samples[np.abs(sound.samples) > 0.02]
        assert decibels(rms(loud)) == pytest.approx(LEVEL, abs=5)
        assert sound.peak <= 1
    # Where pieces meet there is no click: no step is larger than elsewhere.
    steps = np.abs(np.diff(whole.samples))
    seams = np.cumsum([len(part.samples) for part in parts])[:-1]
    assert max(steps[seams - 1]) <= np.percentile(steps, 99.9)
    heard = (await asyncio.to_thread(whisper.transcribe, whole)).text.lower()
    words = content_words(LONG)
    assert sum(word in heard for word in words) >= 0.8 * len(words)  # no two are spoken alike


async def test_speaker_says_a_kept_answer_without_the_voice(
    asset: Callable[[str], Path], tmp_path: Path
) -> None:
    text = "The air conditioning is now on."
    model = asset("piper-en-us-joe")
    async with PiperVoice(model) as voice, NullSink(pace=0) as sink:
        async with AnswerCache.open(model, tmp_path) as cache, Speaker(voice, sink, cache) as one:
            assert (await one.say(text)).whole
            made = sink.played
        await voice.close()
        async with AnswerCache.open(model, tmp_path) as cache, Speaker(voice, sink, cache) as two:
            assert (await two.say(text)).whole
            assert sink.played - made == pytest.approx(made, abs=0.01)
            assert (await two.say("Something else.")).fault
