"""Wake words: how often a call is not heard, and how often something else is taken for one.

Everything goes through the same ears that a live conversation has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.evaluation.sounds import at_level
from cockpit.evaluation.stand import recording
from cockpit.live.ears import Ears
from cockpit.settings import AudioSettings, ListenSettings, Settings, WakeWord
from cockpit.speech.audio import Audio
from cockpit.speech.measure import mix
from cockpit.speech.piper import PiperVoice
from cockpit.speech.segments import FRAME, Segment

PITCHES: Final = (0.9, 0.95, 1.0, 1.06, 1.12, 1.2)
"""Who calls."""
LEVELS: Final = (-20.0, -30.0, -40.0)
"""How loud: root mean square of the call in dB of full scale."""
NORMAL: Final = LEVELS[0]
BEFORE: Final = 1.5
AFTER: Final = 1.2
"""Seconds before and after a call; together longer than what a detection makes deaf for."""
FORMS: Final = ("{}.", "{}, what time is it?")
"""A call alone, and one with the request in the same breath."""


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody calls the car.

    Attributes:
        word: how.
        sound: at ``NORMAL`` level.
    """

    word: WakeWord
    sound: Audio


class Listener:
    """Ears that are asleep: they hear nothing but wake words.

    Args:
        settings: which words, echo cancellation and noise suppression.
        ears: makes them.

    Raises:
        RecognizerUnavailable: a library is missing.
    """

    def __init__(
        self,
        settings: Settings,
        ears: Callable[[int, AudioSettings, ListenSettings], Ears] = Ears,
    ) -> None:
        self._ears = ears(1, settings.audio, settings.listen)
        self._frames = 0

    def heard(self, sound: Audio) -> list[WakeWord]:
        """The wake words in a sound; what is less than a frame at its end is left out.

        Takes about a fiftieth of the sound's duration, and blocks.
        """
        found = []
        for at in range(0, len(sound.samples) - FRAME + 1, FRAME):
            self._frames += 1
            frame = SoundFrame(sound.samples[None, at : at + FRAME], self._frames * FRAME_SECONDS)
            word = self._ears.feed(frame, attentive=False).wake[0]
            if word is not None:
                found.append(word)
        return found

    def missed(self, calls: Iterable[Call], noise: Audio | None = None, snr: float = 0.0) -> int:
        """How many calls are not heard.

        Args:
            noise: heard all the time, at ``snr`` dB below the call.
        """
        count = 0
        for index, call in enumerate(calls):
            sound = Audio.join([Audio.silence(BEFORE), call.sound, Audio.silence(AFTER)])
            if noise is not None:
                spoken = Segment(BEFORE, BEFORE + call.sound.seconds)
                sound = mix(sound, _piece(noise, index), snr, [spoken])
            count += call.word not in self.heard(sound)
        return count

    def false_alarms(self, sounds: Iterable[Audio]) -> int:
        """How often something is taken for a wake word where there is none."""
        return sum(len(self.heard(sound)) for sound in sounds)


async def calls_of(voice: PiperVoice, words: Sequence[WakeWord]) -> list[Call]:
    """Every wake word in every voice and form.

    Raises:
        SpeechError: the voice failed.
    """
    found = []
    for word in words:
        name = word.value.replace("_", " ").capitalize()
        for form in FORMS:
            for pitch in PITCHES:
                sound = await recording(voice, form.format(name), pitch)
                found.append(Call(word, at_level(sound, NORMAL)))
    return found


def at_levels(calls: Iterable[Call]) -> list[Call]:
    """The same calls, as loud as in ``LEVELS``."""
    return [Call(call.word, at_level(call.sound, level)) for level in LEVELS for call in calls]


def _piece(noise: Audio, index: int) -> Audio:
    """Another piece of a noise."""
    return Audio(np.roll(noise.samples, -index * 3 * noise.rate), noise.rate)
