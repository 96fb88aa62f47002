"""What the recogniser makes of a doubtful wake word."""

from __future__ import annotations

import pytest

from cockpit.live.wakecheck import ALIKE, WakeCheck, sounds_like
from cockpit.settings import WakeWord
from cockpit.speech.errors import RecognizerFailed
from tests.fakes.ears import FakeRecognizer, hum

NABU, JARVIS = WakeWord.OKAY_NABU, WakeWord.HEY_JARVIS


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Okay, Nabu.", NABU),
        ("OK, now be.", NABU),
        ("Okay now", NABU),
        ("Stop that. Okay, Naboo.", NABU),
        ("A Jarvis.", JARVIS),
        ("Alexa!", WakeWord.ALEXA),
        ("Hey, my croft.", WakeWord.HEY_MYCROFT),
    ],
)
def test_wakecheck_what_a_recogniser_writes_for_a_wake_word_is_one(
    text: str, word: WakeWord
) -> None:
    assert sounds_like(text, word) >= ALIKE


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", NABU),
        ("Okay.", NABU),
        ("What kind of music?", NABU),
        ("Where do you call home?", NABU),
        ("Okay, now we can go home.", NABU),  # it is not at the end
        ("Okay, Nabu.", JARVIS),
        ("I would like a jar.", JARVIS),
    ],
)
def test_wakecheck_other_words_are_none(text: str, word: WakeWord) -> None:
    assert sounds_like(text, word) < ALIKE


async def test_wakecheck_a_recogniser_that_fails_confirms_nothing() -> None:
    recognizer = FakeRecognizer({0.5: "Okay, Nabu."}, seconds=0.0)
    assert await WakeCheck(recognizer).confirms(NABU, hum(0.5))
    recognizer.error = RecognizerFailed("it broke")
    assert not await WakeCheck(recognizer).confirms(NABU, hum(0.5))
