"""Wake words, by microWakeWord (models of the pymicro-wakeword wheel)."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.settings import WakeWord
from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.segments import FRAME

REFRACTORY = 1.0
"""Seconds after a detection in which there is no other: the model stays sure for a while."""


class WakeWordDetector:
    """Looks for some wake words in one channel. Not thread-safe."""

    def __init__(self, words: Sequence[WakeWord]) -> None:
        """Load the models.

        Args:
            words: any of these.

        Raises:
            RecognizerUnavailable: the library is not installed, or does not load.
        """
        try:
            from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
        except (ImportError, OSError) as error:
            raise RecognizerUnavailable(
                "The wake word needs the audio extra: pip install 'offline-cockpit[audio]'; "
                "or set listen.activation to push-to-talk."
            ) from error
        self._features = MicroWakeWordFeatures()
        self._models = {word: MicroWakeWord.from_builtin(Model(word.value)) for word in words}
        self._deaf = 0  # frames

    def feed(self, samples: Samples) -> WakeWord | None:
        """The next 512 samples of 16 kHz; the word that was just completed, mostly none."""
        self._deaf -= 1
        found = None
        for features in self._features.process_streaming(Audio(samples).pcm16()):
            for word, model in self._models.items():
                if model.process_streaming(features) and self._deaf <= 0:
                    found = word
        if found is not None:
            self._deaf = round(REFRACTORY * RATE / FRAME)
        return found
