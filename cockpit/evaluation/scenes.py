"""What is to be heard in a car all day: calls for it, and everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from cockpit.evaluation.live import PITCHES
from cockpit.evaluation.measurement import Tell
from cockpit.evaluation.sounds import at_level, car_noise, kitchen, music
from cockpit.evaluation.stand import pitched, sentences_of
from cockpit.settings import WakeWord
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.measure import mix
from cockpit.speech.piper import PiperVoice


class Kind(StrEnum):
    """What a scene is."""

    CALL = "call"
    CALL_DRIVING = "call while driving"
    TALK = "other people's talk"
    SILENCE = "silence"
    DRIVING = "car noise"
    MUSIC = "music"
    KITCHEN = "kitchen noise"

    @property
    def is_call(self) -> bool:
        """Whether somebody wants something of the car."""
        return self in (Kind.CALL, Kind.CALL_DRIVING)


PER_HOUR: Final[Mapping[Kind, int]] = {
    Kind.CALL: 20,
    Kind.CALL_DRIVING: 20,
    Kind.TALK: 12,
    Kind.SILENCE: 6,
    Kind.DRIVING: 9,
    Kind.MUSIC: 6,
    Kind.KITCHEN: 6,
}
"""Scenes of each kind in about an hour."""
TALK_SECONDS: Final = (20.0, 60.0)
LONG_SECONDS: Final = (60.0, 120.0)
"""How long people talk, and how long there is silence or noise."""
CALLER: Final = -22.0
TALKER: Final = -28.0
QUIET: Final = -65.0
NOISE: Final = (-45.0, -20.0)
"""Levels, in dB of full scale."""
DRIVING_RATIO: Final = 12.0
"""Signal to noise of a call while driving, in dB."""
SAME_BREATH: Final = (0.0, 0.6)
"""Seconds between wake word and request."""
POOL: Final = 300.0
"""Seconds of each noise that are made, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that is to be heard.

    Attributes:
        kind: what it is.
        sound: at 16 kHz.
        says: what is asked of the car; empty for nothing.
        at_once: it begins as soon as the car has spoken, not when it sleeps again.
        left_out: seconds of the same that are not to be heard, where only a sample is.
    """

    kind: Kind
    sound: Audio
    says: str = ""
    at_once: bool = False
    left_out: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's voice.

    Attributes:
        calls: of the wake words.
        requests: what is said to the car, and how that sounds.
        talk: what is said to others.
    """

    calls: Sequence[Audio]
    requests: Sequence[tuple[str, Audio]]
    talk: Sequence[Audio]


async def people(voice: PiperVoice, words: Sequence[WakeWord], tell: Tell) -> list[Person]:
    """Four people who call the car by these words.

    Raises:
        SpeechError: the voice failed.
    """
    said = [*sentences_of("speech"), *sentences_of("questions")]
    talk = sentences_of("talk", "soak.yaml")
    names = [f"{word.value.replace('_', ' ').capitalize()}." for word in words]
    texts = [*names, *said, *talk]
    sounds = []
    for text in texts:
        sounds.append(await voice.synthesize(text))
        tell(len(sounds), len(texts))
    return [await asyncio.to_thread(_person, sounds, pitch, names, said) for pitch in PITCHES]


def _person(
    sounds: Sequence[Audio], pitch: float, names: Sequence[str], said: Sequence[str]
) -> Person:
    own = [pitched(sound, pitch) for sound in sounds]
    calls, rest = own[: len(names)], own[len(names) :]
    return Person(calls, list(zip(said, rest, strict=False)), rest[len(said) :])


class Programme:
    """An endless sequence of scenes, the same for the same seed.

    Args:
        people: who is in the car.
        seed: of everything that is drawn.
        recorded: recordings of other people who speak, in place of half of the talk.
        noise: a recording of kitchen noise, in place of what is made here.
        sample: share of the long stretches that is kept; what people say stays whole.
        pool: seconds of each noise that are made; pieces of it are heard.
    """

    def __init__(
        self,
        people: Sequence[Person],
        seed: int = 0,
        *,
        recorded: Sequence[Audio] = (),
        noise: Audio | None = None,
        sample: float = 1.0,
        pool: float = POOL,
    ) -> None:
        self._people = people
        self._rng = np.random.default_rng(seed)
        self._recorded = recorded
        self._sample = sample
        self._pools = {
            Kind.DRIVING: car_noise(pool, self._rng),
            Kind.MUSIC: music(pool, self._rng),
            Kind.KITCHEN: noise if noise is not None else kitchen(pool, self._rng),
        }

    def scenes(self) -> Iterator[Scene]:
        """One after another, hour by hour, each hour in another order."""
        hour = [kind for kind, count in PER_HOUR.items() for _ in range(count)]
        while True:
            for index in self._rng.permutation(len(hour)):
                yield self._scene(hour[index])

    def _scene(self, kind: Kind) -> Scene:
        at_once = bool(self._rng.random() < 0.5)
        match kind:
            case Kind.CALL | Kind.CALL_DRIVING:
                says, sound = self._call()
                if kind is Kind.CALL_DRIVING:
                    sound = mix(sound, self._piece(Kind.DRIVING, sound.seconds), DRIVING_RATIO, [])
                return Scene(kind, sound, says, at_once)
            case Kind.TALK:
                return Scene(kind, self._talk(self._between(TALK_SECONDS)), at_once=at_once)
            case Kind.SILENCE:
                seconds = self._between(LONG_SECONDS)
                sound = Audio.silence(seconds * self._sample)
            case _:
                seconds = self._between(LONG_SECONDS)
                noise = self._piece(kind, seconds * self._sample)
                sound = at_level(noise, self._between(NOISE))
        return Scene(kind, sound, at_once=at_once, left_out=seconds * (1 - self._sample))

    def _call(self) -> tuple[str, Audio]:
        person = self._one(self._people)
        says, request = self._one(person.requests)
        pause = Audio.silence(self._between(SAME_BREATH))
        parts = [Audio.silence(0.5), self._one(person.calls), pause, request, Audio.silence(0.3)]
        return says, at_level(Audio.join(parts), CALLER)

    def _talk(self, seconds: float) -> Audio:
        parts: list[Audio] = []
        while sum(part.seconds for part in parts) < seconds:
            if len(self._recorded) and self._rng.random() < 0.5:
                said = self._one(self._recorded)
            else:
                said = self._one(self._one(self._people).talk)
            parts += [at_level(said, TALKER), Audio.silence(self._between((0.2, 1.5)))]
        return Audio.join(parts)

    def _piece(self, kind: Kind, seconds: float) -> Audio:
        """A noise from somewhere in its pool on, which is a loop."""
        pool = self._pools[kind].samples
        first = int(self._rng.integers(len(pool)))
        return Audio(np.take(pool, np.arange(first, first + round(seconds * RATE)), mode="wrap"))

    def _between(self, limits: tuple[float, float]) -> float:
        return float(self._rng.uniform(*limits))

    def _one[T](self, of: Sequence[T]) -> T:
        return of[int(self._rng.integers(len(of)))]
