"""A recogniser whose texts have the names right that the car's stores hold."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cockpit.agent.familiar import groceries, ingredients
from cockpit.speech.audio import Audio
from cockpit.speech.hints import Kind, Name, OrdinaryWords, Vocabulary
from cockpit.speech.recognizer import Alternative, Recognizer, Transcript
from skills.api import Resource, Resources, Skill
from skills.navigation.places import Places
from skills.navigation.saved import HOME, WORK, SavedPlaces
from skills.shopping.recipes import Cookbook
from skills.shopping.store import ShoppingList
from vehicle_bus.errors import CockpitError

_WORD: Final = re.compile(r"[a-z]{3,}")


class StoreHints:
    """The vocabulary of what the skills keep: the map, saved places, recipes, the shopping list.

    A store that cannot be read hints at nothing. What people change between two utterances is
    taken into account; the map's names are read once.
    """

    def __init__(
        self,
        resources: Resources,
        skills: Iterable[Skill] = (),
        *,
        people: Sequence[str] = (),
    ) -> None:
        """Remember where to look; nothing is read before it is needed.

        Args:
            resources: the session's.
            skills: the words of their sentences are ordinary words.
            people: names of contacts.
        """
        self._resources = resources
        self._skills = tuple(skills)
        self._people = people
        self._ordinary: OrdinaryWords | None = None
        self._fixed: tuple[Name, ...] | None = None
        self._changing: tuple[Name, ...] = ()
        self._vocabulary: Vocabulary | None = None

    async def vocabulary(self, model: Path | None = None) -> Vocabulary:
        """All names as they are now; takes a few milliseconds but for the first time.

        Args:
            model: folder of the recogniser's model, whose ordinary words are left alone.
        """
        changing = tuple(await self._what_people_keep())
        if self._vocabulary is None or changing != self._changing:
            if self._fixed is None:
                self._fixed = tuple(await self._what_stays())
            self._vocabulary = await asyncio.to_thread(
                self._build, (*changing, *self._fixed), model
            )
            self._changing = changing
        return self._vocabulary

    def _build(self, names: Sequence[Name], model: Path | None) -> Vocabulary:
        if self._ordinary is None:
            self._ordinary = OrdinaryWords.of_model(model, _words_of(self._skills))
        return Vocabulary(names, self._ordinary)

    async def _what_people_keep(self) -> list[Name]:
        saved = await self._opened(SavedPlaces)
        shopping = await self._opened(ShoppingList)
        places = saved.names() if saved is not None else ()
        items = shopping.items() if shopping is not None else ()
        return [
            *(Name(place, Kind.PLACE) for place in places if place not in (HOME, WORK)),
            *(Name(item.name, Kind.THING) for item in items),
            *(Name(person, Kind.PERSON) for person in self._people),
        ]

    async def _what_stays(self) -> list[Name]:
        places = await self._opened(Places)
        cookbook = await self._opened(Cookbook)
        things = set(groceries())
        if cookbook is not None:
            things |= {*cookbook.names(), *ingredients(cookbook)}
        on_the_map = await places.names() if places is not None else ()
        return [
            *(Name(thing, Kind.THING) for thing in sorted(things)),
            *(Name(place, Kind.PLACE) for place in on_the_map),
        ]

    async def _opened[R: Resource](self, kind: type[R]) -> R | None:
        try:
            return await self._resources.get(kind)
        except CockpitError:
            return None


def _words_of(skills: Iterable[Skill]) -> set[str]:
    texts = (skill.sentences.read_text(encoding="utf-8") for skill in skills)
    return {word for text in texts for word in _WORD.findall(text.lower())}


class HintedRecognizer:
    """Another recogniser, with the names in its texts put right."""

    def __init__(
        self, recognizer: Recognizer, hints: StoreHints, model: Path | None = None
    ) -> None:
        """Wrap a recogniser, which is closed with this one.

        Args:
            recognizer: makes the texts, and their alternatives where it has any.
            hints: the names.
            model: folder of the recogniser's model; see ``StoreHints.vocabulary``.
        """
        self._recognizer = recognizer
        self._hints = hints
        self._model = model

    @property
    def name(self) -> str:
        """Engine and model of the recogniser."""
        return self._recognizer.name

    async def transcribe(self, audio: Audio) -> Transcript:
        """Recognise, and put names right.

        Raises:
            SpeechError: the recogniser failed; the next one may do better.
        """
        # What may have changed since the last utterance is read while the recogniser works.
        reading = asyncio.create_task(self._hints.vocabulary(self._model), name="hints")
        try:
            transcript = await self._recognizer.transcribe(audio)
            began = time.perf_counter()
            vocabulary = await reading
        finally:
            reading.cancel()
        if not transcript.text:
            return transcript
        heard = transcript.alternatives or (
            Alternative(transcript.text, math.log(max(transcript.confidence, 1e-6))),
        )
        correction = await asyncio.to_thread(vocabulary.correct, heard)
        more = time.perf_counter() - began
        return replace(
            transcript,
            text=correction.text,
            processing_seconds=transcript.processing_seconds + more,
        )

    async def close(self) -> None:
        """Close the recogniser."""
        await self._recognizer.close()
