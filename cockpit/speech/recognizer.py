"""What a recogniser is, and choosing one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cockpit.settings import RecognizerChoice, SpeechSettings
from cockpit.speech.audio import Audio
from cockpit.speech.errors import RecognizerUnavailable

if TYPE_CHECKING:  # the recogniser's own process needs no supervision
    from cockpit.workers.supervisor import StateListener

if TYPE_CHECKING:
    from cockpit.speech.hearing import VoskRecognizer


@dataclass(frozen=True, slots=True)
class Alternative:
    """One hypothesis of what was said.

    Attributes:
        text: with punctuation.
        logprob: average natural log probability of a token.
    """

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """Final text of an audio.

    Attributes:
        text: what was said; empty where nobody spoke.
        confidence: mean probability of a token or word, 0 to 1; 0 for an empty text.
        audio_seconds: duration of the audio.
        processing_seconds: wall time from the whole audio to the text.
        engine: name of the recogniser, with its model.
        utterances: how many stretches of speech the audio had.
        fallbacks: how many of them had to be decoded again, in the padded form.
        alternatives: what may have been said instead, likeliest first and beginning with
            ``text``; empty where the engine has no such list.
    """

    text: str
    confidence: float
    audio_seconds: float
    processing_seconds: float
    engine: str
    utterances: int = 1
    fallbacks: int = 0
    alternatives: tuple[Alternative, ...] = ()

    @property
    def real_time_factor(self) -> float:
        """Processing time per second of audio; below 1 is faster than speech."""
        return self.processing_seconds / self.audio_seconds if self.audio_seconds else 0.0


@dataclass(frozen=True, slots=True)
class Partial:
    """What a streaming recogniser believes so far; it may still change its mind."""

    text: str
    audio_seconds: float


class Recognizer(Protocol):
    """Turns a whole utterance into text. One at a time; later calls wait."""

    @property
    def name(self) -> str:
        """Engine and model."""
        ...

    async def transcribe(self, audio: Audio) -> Transcript:
        """Recognise; cancelling the task stops the engine at its next step.

        Raises:
            SpeechError: it failed; the next one may do better.
        """
        ...

    async def close(self) -> None:
        """Free the model; the recogniser cannot be used any more."""
        ...


@runtime_checkable
class StreamingRecognizer(Protocol):
    """Also recognises while somebody still speaks."""

    def stream(self, chunks: AsyncIterable[Audio]) -> AsyncGenerator[Partial | Transcript]:
        """Changed partial texts as they come, and one transcript at the end of the chunks."""
        ...


class ModelPaths(Protocol):
    """The part of the asset store that is needed here."""

    def has(self, name: str) -> bool:
        """Whether the asset is there, complete."""
        ...

    def path(self, name: str) -> Path:
        """What the engine opens."""
        ...


def choose_recognizer(settings: SpeechSettings, store: ModelPaths) -> RecognizerChoice:
    """Which engine makes the final text: Whisper, and Vosk when only its model is there.

    Raises:
        RecognizerUnavailable: automatic choice, and neither model is there.
    """
    if settings.recognizer is not RecognizerChoice.AUTO:
        return settings.recognizer
    if whisper_models(settings, store):
        return RecognizerChoice.WHISPER
    if _there(store, settings.vosk_model):
        return RecognizerChoice.VOSK
    raise RecognizerUnavailable(
        f"No speech recognition model is here; run `cockpit models pull {settings.whisper_model}`."
    )


def whisper_models(settings: SpeechSettings, store: ModelPaths) -> tuple[Path, ...]:
    """Folders of the Whisper models that are there: the first, and one for a second opinion.

    Raises:
        CockpitError: the store's own errors.
    """
    wanted = (settings.whisper_model, settings.second_whisper_model)
    return tuple(
        _model(store, name) for name in dict.fromkeys(wanted) if name and _there(store, name)
    )


async def open_recognizer(
    settings: SpeechSettings, store: ModelPaths, *, on_state: StateListener | None = None
) -> Recognizer:
    """Start the recogniser that the settings ask for, in a process; close it when done.

    A model is the name of an asset or a folder. Loading takes about a second.

    Args:
        on_state: told ``started``, ``crashed``, ``hung``, ``failed`` and ``stopped``.

    Raises:
        RecognizerUnavailable: the library or the model is missing or broken.
        CockpitError: the store's own errors for a model that was not pulled.
    """
    from cockpit.speech.hearing import VoskRecognizer, WhisperRecognizer

    if choose_recognizer(settings, store) is RecognizerChoice.WHISPER:
        model, *more = whisper_models(settings, store) or (_model(store, settings.whisper_model),)
        return await WhisperRecognizer.open(
            model,
            second=more[0] if more else None,
            beam=settings.whisper_beam,
            window=settings.whisper_window,
            variable_length=settings.whisper_variable_length,
            threads=settings.threads,
            on_state=on_state,
        )
    return await VoskRecognizer.open(_model(store, settings.vosk_model), on_state=on_state)


async def open_captioner(
    settings: SpeechSettings, store: ModelPaths, *, on_state: StateListener | None = None
) -> VoskRecognizer | None:
    """Start Vosk for live captions beside Whisper; None where they are off or its model is missing.

    Raises:
        RecognizerUnavailable: the model is there, and broken.
    """
    from cockpit.speech.hearing import VoskRecognizer

    wanted = settings.captions and _there(store, settings.vosk_model)
    if not wanted or choose_recognizer(settings, store) is not RecognizerChoice.WHISPER:
        return None
    return await VoskRecognizer.open(_model(store, settings.vosk_model), on_state=on_state)


def _there(store: ModelPaths, name: str) -> bool:
    return Path(name).is_dir() or store.has(name)


def _model(store: ModelPaths, name: str) -> Path:
    folder = Path(name)
    return folder if folder.is_dir() else store.path(name)
