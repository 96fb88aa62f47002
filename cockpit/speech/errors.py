"""Errors of the speech part; each carries one sentence to say or show."""

from __future__ import annotations

from vehicle_bus.errors import CockpitError


class SpeechError(CockpitError):
    """Base of the errors of recognition, synthesis and audio files."""


class AudioMissing(SpeechError):
    """The audio file does not exist or may not be read."""


class AudioInvalid(SpeechError):
    """The file is not audio, is damaged, or is longer than is sensible."""


class AudioEmpty(SpeechError):
    """The file is audio and holds not a single sample."""


class RecognizerUnavailable(SpeechError):
    """The chosen recogniser's library or model is not there, or does not load."""


class RecognizerFailed(SpeechError):
    """One utterance was not recognised; the recogniser goes on, or starts again."""


class SynthesisUnavailable(SpeechError):
    """The voice cannot be started: library, model or process."""


class SynthesisFailed(SpeechError):
    """A sentence could not be spoken; the voice itself goes on."""
