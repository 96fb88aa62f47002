"""Wake words, by microWakeWord (models of the pymicro-wakeword wheel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cockpit.settings import WakeWord
from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.segments import FRAME

REFRACTORY = 1.0
"""Seconds after a detection in which there is no other: the models stay sure for a while."""


class WakeWordDetector:
    """Looks for some wake words in one channel. Not thread-safe.

    What the models listen to is worked out once for all words, so each further one costs little.
    """

    def __init__(
        self, words: Sequence[WakeWord], cutoffs: Mapping[WakeWord, float] = MappingProxyType({})
    ) -> None:
        """Load the models: 0.1 s and 3 MB the first time, then 0.2 MB a word.

        Args:
            words: any of these.
            cutoffs: probabilities from which on a word was said, instead of the models' own.

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
        for word, cutoff in cutoffs.items():
            if word in self._models:
                self._models[word].probability_cutoff = cutoff
        self._deaf = 0  # frames

    def feed(self, samples: Samples) -> WakeWord | None:
        """The next 512 samples of 16 kHz; the word that was just completed, mostly none.

        Of two that are completed at once the surer one counts.
        """
        self._deaf = max(0, self._deaf - 1)
        surest: tuple[float, WakeWord] | None = None
        for features in self._features.process_streaming(Audio(samples).pcm16()):
            for word, model in self._models.items():
                margin = (model.process_streaming_prob(features) or 0.0) - model.probability_cutoff
                if margin > 0 and (surest is None or margin > surest[0]):
                    surest = margin, word
        if surest is None or self._deaf:
            return None
        self._deaf = round(REFRACTORY * RATE / FRAME)
        return surest[1]

    def reset(self) -> None:
        """Forget what was heard, and whether a word was just detected.

        Each model is read again, which takes 0.2 ms a word and leaks nothing (10,000 times:
        0.1 MB).
        """
        self._features.reset()
        for model in self._models.values():
            model.reset()
        self._deaf = 0
