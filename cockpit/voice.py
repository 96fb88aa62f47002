"""From audio to action to spoken answer: recogniser, agent and voice in one line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cockpit.agent.agent import Agent
from cockpit.agent.plan import Turn, Utterance
from cockpit.assets.store import AssetStore
from cockpit.events import EventStream
from cockpit.settings import Settings
from cockpit.speech.alternatives import AlternativeChooser
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from cockpit.speech.hearing import CAPTIONER, RECOGNIZER, VoskRecognizer
from cockpit.speech.hinted import HintedRecognizer, StoreHints
from cockpit.speech.piper import VOICE, PiperVoice
from cockpit.speech.recognizer import (
    Recognizer,
    StreamingRecognizer,
    Transcript,
    open_captioner,
    open_recognizer,
    whisper_models,
)
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    from cockpit.session import Session


@dataclass(frozen=True)
class SpokenTurn:
    """A turn that began as audio.

    Attributes:
        transcript: what was recognised.
        turn: what the agent made of it; None where nobody spoke.
        reply: the spoken answer; None without one.
        timings_ms: ``recognize``, ``first_audio`` (reply text to first chunk), ``synthesize``.
        fault: why the spoken answer is not whole, or not there, if the voice failed; or what
            was said because the recogniser failed.
        seat: where the sound came from.
    """

    transcript: Transcript
    turn: Turn | None
    reply: Audio | None
    timings_ms: dict[str, float]
    fault: str | None = None
    seat: Seat = Seat.DRIVER

    def to_json(self) -> dict[str, Any]:
        """``say --json`` with the transcript and the timings of speech added (DESIGN §9)."""
        turn = self.turn or Turn(Utterance("", self.seat), "", False, "none", (), {}, {})
        base = turn.to_json()
        timings: dict[str, float] = {**base["timings_ms"], **self.timings_ms}
        return {
            **base,
            "transcript": self.transcript.text,
            "confidence": round(self.transcript.confidence, 3),
            "recognizer": self.transcript.engine,
            "audio_seconds": round(self.transcript.audio_seconds, 2),
            "timings_ms": {name: round(value, 1) for name, value in timings.items()},
        }


class VoicePipeline:
    """Hears, acts and answers, one utterance at a time."""

    def __init__(self, recognizer: Recognizer, agent: Agent, voice: PiperVoice) -> None:
        self.recognizer = recognizer
        self.agent = agent
        self.voice = voice

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, agent: Agent) -> AsyncIterator[VoicePipeline]:
        """Load recogniser and voice side by side.

        Raises:
            SpeechError: an engine cannot be started.
            CockpitError: a model is not in the asset store.
        """
        async with SpeechEngines.loading(settings) as engines:
            yield await engines.pipeline(agent)

    async def hear(self, audio: Audio, seat: Seat) -> SpokenTurn:
        """Recognise an utterance, run its turn and speak the answer.

        Where the recogniser fails, that is the answer.
        """
        try:
            transcript = await self.recognizer.transcribe(audio)
        except SpeechError as error:
            nothing = Transcript("", 0.0, audio.seconds, 0.0, self.recognizer.name, utterances=0)
            reply, spoken, _ = await self.speak(error.spoken)
            return SpokenTurn(nothing, None, reply, spoken, error.spoken, seat)
        timings = {"recognize": transcript.processing_seconds * 1000}
        if not transcript.text:
            return SpokenTurn(transcript, None, None, timings, seat=seat)
        turn = await self.agent.turn(Utterance(transcript.text, seat, transcript.confidence))
        reply, spoken, fault = await self.speak(turn.reply)
        return SpokenTurn(transcript, turn, reply, {**timings, **spoken}, fault, seat)

    async def speak(self, text: str) -> tuple[Audio | None, dict[str, float], str | None]:
        """Audio of a reply, its timings, and why it is not whole.

        Timings are how long its first chunk and the whole took, in milliseconds. Where the
        voice fails at a sentence, the others are there.
        """
        began = time.perf_counter()
        first: float | None = None
        fault: str | None = None
        chunks: list[Audio] = []
        try:
            async with aclosing(self.voice.stream(text)) as stream:
                async for chunk in stream:
                    first = first or time.perf_counter()
                    chunks.append(chunk)
        except SpeechError as error:
            fault = error.spoken
        if first is None:
            return None, {}, fault
        timings = {
            "first_audio": (first - began) * 1000,
            "synthesize": (time.perf_counter() - began) * 1000,
        }
        return Audio.join(chunks), timings, fault


def hints_of(session: Session) -> StoreHints | None:
    """The names that a session's stores hold; None where ``speech.hints`` is off."""
    if not session.settings.speech.hints:
        return None
    return StoreHints(session.resources, session.skills.skills)


class SpeechEngines:
    """Recogniser and voice while they load, so that everything else can start beside them."""

    def __init__(
        self,
        recognizer: asyncio.Task[Recognizer],
        captioner: asyncio.Task[VoskRecognizer | None],
        voice: asyncio.Task[PiperVoice],
        models: Callable[[], Sequence[Path]] = tuple,
    ) -> None:
        self._models = models
        self._recognizer = recognizer
        self._captioner = captioner
        self._voice = voice

    @classmethod
    @asynccontextmanager
    async def loading(
        cls, settings: Settings, events: EventStream | None = None
    ) -> AsyncIterator[Self]:
        """Begin to load both; does not wait for them, and frees them at the end.

        Args:
            events: told what becomes of them, in ``EngineChanged``.

        Raises:
            CockpitError: the voice is not in the asset store.
        """
        store = AssetStore.from_settings(settings.assets)
        told = events or EventStream()
        voice = PiperVoice(store.path(settings.speech.voice), on_state=told.of_engine(VOICE))
        starting = asyncio.create_task(voice.__aenter__(), name="voice-start")
        recognizer = asyncio.create_task(
            open_recognizer(settings.speech, store, on_state=told.of_engine(RECOGNIZER)),
            name="recogniser-start",
        )
        captioner = asyncio.create_task(
            open_captioner(settings.speech, store, on_state=told.of_engine(CAPTIONER)),
            name="captioner-start",
        )
        try:
            models = partial(whisper_models, settings.speech, store)
            yield cls(recognizer, captioner, starting, models)
        finally:
            for task in (starting, recognizer, captioner):
                task.cancel()
            await asyncio.wait([starting, recognizer, captioner])
            await voice.close()
            for opened in (recognizer, captioner):
                if opened.cancelled() or opened.exception() is not None:
                    continue
                if (engine := opened.result()) is not None:
                    await engine.close()

    async def pipeline(self, agent: Agent, hints: StoreHints | None = None) -> VoicePipeline:
        """The loaded engines around an agent.

        Args:
            agent: takes what is recognised.
            hints: names that the recogniser's texts should have right.

        Raises:
            SpeechError: an engine cannot be started.
            CockpitError: a model is not in the asset store.
        """
        model = next(iter(self._models()), None) if hints is not None else None
        if hints is not None:
            await hints.vocabulary(model)  # while the engines load
        voice = await self._voice
        recognizer = await self._recognizer
        if hints is not None:
            recognizer = HintedRecognizer(recognizer, hints, model)
        return VoicePipeline(AlternativeChooser(recognizer, agent), agent, voice)

    async def captioner(self) -> StreamingRecognizer | None:
        """What makes live captions; None where they are off, or its model is missing or broken."""
        try:
            return await self._captioner
        except SpeechError:
            return None
