"""Wake words: how often a call is not heard, and how often something else is taken for one.

Everything goes through the same ears that a live conversation has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.evaluation.sounds import at_level
from cockpit.evaluation.stand import recording
from cockpit.live.ears import Ears
from cockpit.live.wakecheck import SPAN, WakeCheck
from cockpit.settings import AudioSettings, ListenSettings, Settings, WakeWord
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.measure import mix
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import Recognizer
from cockpit.speech.segments import FRAME, Segment
from cockpit.speech.wakeword import REFRACTORY, WakeCall

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
        recognizer: asked where it is doubtful whether a word was said.
        ears: makes them.

    Raises:
        RecognizerUnavailable: a library is missing.
    """

    def __init__(
        self,
        settings: Settings,
        recognizer: Recognizer,
        ears: Callable[[int, AudioSettings, ListenSettings], Ears] = Ears,
    ) -> None:
        self._ears = ears(1, settings.audio, settings.listen)
        self._check = WakeCheck(recognizer) if settings.listen.wake_check else None
        self._frames = 0

    async def heard(self, sound: Audio) -> list[WakeWord]:
        """The wake words in a sound; what is less than a frame at its end is left out.

        Takes about a fiftieth of the sound's duration, and as long as the recogniser needs for
        the doubtful ones.
        """
        found: list[WakeWord] = []
        after = 0.0
        cleaned, calls = await asyncio.to_thread(self._listen, sound)
        for at, call in calls:
            if at >= after and (call.sure or await self._confirms(call.word, cleaned, at)):
                found.append(call.word)
                after = at + REFRACTORY
        return found

    def _listen(self, sound: Audio) -> tuple[Audio, list[tuple[float, WakeCall]]]:
        """The sound without echo and noise, and the calls in it with their seconds."""
        frames: list[Audio] = []
        found: list[tuple[float, WakeCall]] = []
        for at in range(0, len(sound.samples) - FRAME + 1, FRAME):
            self._frames += 1
            frame = SoundFrame(sound.samples[None, at : at + FRAME], self._frames * FRAME_SECONDS)
            heard = self._ears.feed(frame, attentive=False)
            frames.append(Audio(heard.samples[0]))
            if (call := heard.wake[0]) is not None:
                found.append(((at + FRAME) / RATE, call))
        return Audio.join(frames), found

    async def _confirms(self, word: WakeWord, sound: Audio, at: float) -> bool:
        if self._check is None:
            return False
        first, end = round(max(0.0, at - SPAN) * RATE), round(at * RATE)
        return await self._check.confirms(word, Audio(sound.samples[first:end]))

    async def missed(
        self, calls: Iterable[Call], noise: Audio | None = None, snr: float = 0.0
    ) -> int:
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
            count += call.word not in await self.heard(sound)
        return count

    async def false_alarms(self, sounds: Iterable[Audio]) -> int:
        """How often something is taken for a wake word where there is none."""
        return sum([len(await self.heard(sound)) for sound in sounds])


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
