"""Wake words, by microWakeWord (models of the pymicro-wakeword wheel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cockpit.settings import WakeWord
from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.segments import FRAME

REFRACTORY: Final = 1.0
"""Seconds after a detection in which there is no other: the models stay sure for a while."""
DOUBT: Final = 0.3
"""Probability from which on a word is worth asking somebody else about.

In 44 minutes of other sentences, read aloud one after another, there were 11 such places; of the
calls in noise that a model missed half had one (6 dB: nearly all).
"""
PATIENCE: Final = 0.16
"""Seconds that a model has to get sure: 0.03 to 0.19, mostly 0.1, in clean sound."""


@dataclass(frozen=True, slots=True)
class WakeCall:
    """A wake word that was just completed.

    Attributes:
        word: which.
        sure: whether the model is; where it is not, somebody else should be asked.
    """

    word: WakeWord
    sure: bool = True


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
        self._doubt: tuple[WakeWord, int] | None = None  # and for how many frames

    def feed(self, samples: Samples) -> WakeCall | None:
        """The next 512 samples of 16 kHz; the word that was just completed, mostly none.

        Of two that are completed at once the surer one counts. A doubtful one is told a moment
        later than a sure one, which it often turns out to be.
        """
        self._deaf = max(0, self._deaf - 1)
        surest: tuple[float, WakeWord] | None = None
        doubtful: WakeWord | None = None
        for features in self._features.process_streaming(Audio(samples).pcm16()):
            for word, model in self._models.items():
                probability = model.process_streaming_prob(features) or 0.0
                margin = probability - model.probability_cutoff
                if margin > 0 and (surest is None or margin > surest[0]):
                    surest = margin, word
                if probability > DOUBT:
                    doubtful = word
        if self._deaf:
            return None
        if surest is not None:
            self._doubt = None
            self._deaf = _frames(REFRACTORY)
            return WakeCall(surest[1])
        return self._doubted(doubtful)

    def _doubted(self, now: WakeWord | None) -> WakeCall | None:
        """The doubt that nothing has settled for a while."""
        if self._doubt is None:
            self._doubt = (now, 0) if now is not None else None
            return None
        word, frames = self._doubt
        self._doubt = (word, frames + 1) if frames < _frames(REFRACTORY) else None
        return WakeCall(word, sure=False) if frames + 1 == _frames(PATIENCE) else None

    def reset(self) -> None:
        """Forget what was heard, and whether a word was just detected.

        Each model is read again, which takes 0.2 ms a word and leaks nothing (10,000 times:
        0.1 MB).
        """
        self._features.reset()
        for model in self._models.values():
            model.reset()
        self._deaf = 0
        self._doubt = None


def _frames(seconds: float) -> int:
    return round(seconds * RATE / FRAME)
