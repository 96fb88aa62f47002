"""A doubtful wake word: the recogniser is asked whether that was one.

In noise the small models that listen all the time are often unsure of a wake word that the
recogniser still hears well, though it has never read it: "okay nabu" is "okay, now" or "okay,
Naboo" to it. What sounds alike counts, and both must agree, so more calls are heard in noise and
hardly anything else is taken for one.
"""

from __future__ import annotations

import logging
from typing import Final

from cockpit.settings import WakeWord
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from cockpit.speech.phonetics import likeness, sounds
from cockpit.speech.recognizer import Recognizer

log = logging.getLogger(__name__)

SPAN: Final = 1.5
"""Seconds before the doubt that the recogniser is given: the word, and little else."""
ALIKE: Final = 0.66
"""Likeness of sounds from which on the last words of a text are taken for the wake word.

"Okay, now" reaches 0.68 for "okay nabu"; "okay" alone has 0.41, "what kind of music" 0.57.
"""
_MOST_WORDS: Final = 4


class WakeCheck:
    """Asks a recogniser."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    async def confirms(self, word: WakeWord, sound: Audio) -> bool:
        """Whether a sound ends with the wake word; no, where the recogniser fails.

        Args:
            sound: the last ``SPAN`` seconds.
        """
        try:
            transcript = await self._recognizer.transcribe(sound)
        except SpeechError as error:
            log.warning("a doubtful wake word was not checked: %s", error)
            return False
        return sounds_like(transcript.text, word) >= ALIKE


def sounds_like(text: str, word: WakeWord) -> float:
    """How much the last words of a text sound like a wake word, 0 to 1."""
    words = text.split()
    wanted = sounds(word.value.replace("_", " "))
    last = (" ".join(words[-count:]) for count in range(1, min(_MOST_WORDS, len(words)) + 1))
    return max((likeness(sounds(part), wanted) for part in last), default=0.0)
