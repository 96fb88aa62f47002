"""Taking the car's own voice out of what a microphone hears (WebRTC's AEC3, of livekit).

What is played and what is heard are two streams that go on without a gap, so the echo always
comes the same time after its origin, and that is what the canceller learns. Where this time
changes all the same (two clocks, a lost block), an echo comes through until it is learnt again.
It is found there by its likeness to what was played, and a canceller that begins anew, which
is careful, takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from cockpit.speech.audio import RATE, Audio, Samples, decibels, rms
from cockpit.speech.errors import RecognizerUnavailable
from cockpit.speech.far_end import FarEnd

BLOCK = 160
"""Samples of 16 kHz that AEC3 works on: 10 ms."""

DELAY = 256 / RATE
"""Seconds by which the microphone's sound comes out later than it went in: 16 ms.

Frames of 512 samples are no whole blocks, so up to 128 samples wait for the next frame; AEC3
itself needs as many.
"""

_INNER = 128  # samples by which what a canceller returns is late

_FAINT = 10 ** (-55 / 20)  # what is left and is softer than this wakes nobody

# Likeness from which on what is left is an echo; more is asked of what is brief, since two
# vowels are alike for a moment. Of 549 frames in which an echo made Silero hear speech, 80 %
# are above; of 9541 frames of somebody who speaks while the car does, 0.3 %.
_ALIKE = 0.38
_BRIEF, _ALIKE_BRIEF = 0.032, 0.48

_SUSPICION, _DOUBTFUL = 3, 6  # two such frames within four, and the canceller begins anew
_PATIENCE = RATE  # samples in which a new canceller has time to learn, before it is replaced
_RELEARN = 50 * BLOCK  # samples of the past that a new canceller hears at once
_MUTED = 0.03


class BlockCanceller(Protocol):
    """Removes the echo from 10 ms at a time."""

    def process(self, near: Samples, far: Samples) -> Samples:
        """160 samples of the microphone, without the echo of what was played up to ``far``.

        They are those of 128 samples ago.
        """
        ...


class WebRtcCanceller:
    """AEC3. The first in a process takes 0.1 s to make, others about a millisecond."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            RecognizerUnavailable: it is not installed, or does not load.
        """
        try:
            from livekit import rtc
        except (ImportError, OSError) as error:
            raise RecognizerUnavailable(
                "Echo cancellation needs the audio extra: pip install 'offline-cockpit[audio]'; "
                "or set audio.echo_cancellation to false."
            ) from error
        self._frame: Any = rtc.AudioFrame
        self._module: Any = rtc.AudioProcessingModule(echo_cancellation=True)
        self._module.set_stream_delay_ms(0)  # AEC3 finds the delay by itself

    def process(self, near: Samples, far: Samples) -> Samples:
        """As ``BlockCanceller.process``."""
        self._module.process_reverse_stream(self._pcm(far))
        heard = self._pcm(near)
        self._module.process_stream(heard)
        return np.frombuffer(heard.data, "<i2").astype(np.float32) / np.float32(32768)

    def _pcm(self, samples: Samples) -> Any:
        data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        return self._frame(bytearray(data), RATE, 1, len(samples))


class EchoCanceller:
    """For one channel of the microphone.

    ``far`` may be called from any thread, everything else from one. The loudspeaker's stream is
    to be told whole, silence included; where only its sounds are told, each of them begins at
    another distance from the microphone's stream, and is learnt anew.
    """

    def __init__(self, make: Callable[[], BlockCanceller] = WebRtcCanceller) -> None:
        """Load the library.

        Args:
            make: makes what cancels a block; called again when it has to begin anew.

        Raises:
            RecognizerUnavailable: the library is not there.
        """
        self._make = make
        self._canceller = make()
        self._far = FarEnd()
        self._shifts = 0  # of the far end, as the canceller knows it
        self._cancelling = False
        self._age = 0  # samples since the canceller was made, as far as there was an echo
        self._doubt = 0
        self._past = np.zeros((2, BLOCK), np.float32)  # near and far, newest last
        self._likeness = LikenessToFar()
        self._rest = np.zeros((2, 0), np.float32)  # near and far, less than a block
        self._out = np.zeros(round(DELAY * RATE) - _INNER, np.float32)
        self.played = -120.0
        """Level of what the loudspeaker played in the last frame, in dBFS."""
        self.renewals = 0
        """How often the canceller began anew, because what it had learnt no longer held."""

    @property
    def active(self) -> bool:
        """Whether the loudspeaker sounds, or did within the last second."""
        return self._far.sounding

    def far(self, audio: Audio) -> None:
        """What the loudspeaker plays now; any rate, from any thread."""
        self._far.push(audio)

    def lost(self, samples: int) -> None:
        """So many samples of the microphone never came: what was played meanwhile is skipped."""
        self._far.take(samples)

    def near(self, samples: Samples) -> Samples:
        """The microphone's samples without the echo, ``DELAY`` later than they went in.

        Where the loudspeaker has been silent for a second, nothing is done to them.

        Args:
            samples: at 16 kHz; a multiple of 32, usually 512.

        Raises:
            ValueError: another number of samples.
        """
        if len(samples) % 32:
            raise ValueError("the echo canceller takes multiples of 32 samples")
        far = self._far.take(len(samples))
        self.played = decibels(rms(far))
        both = np.stack([samples, far])
        both = np.concatenate([self._rest, both], axis=1)
        whole = both.shape[1] // BLOCK * BLOCK
        both, self._rest = both[:, :whole], both[:, whole:]
        self._past = np.concatenate([self._past, both], axis=1)
        done = self._cancel(both) if self._far.sounding else self._hand_through(whole)
        self._out = np.concatenate([self._out, done])
        ready, self._out = self._out[: len(samples)], self._out[len(samples) :]
        return ready

    def _hand_through(self, count: int) -> Samples:
        done = self._past[0, -_INNER - count : -_INNER]
        self._past = self._past[:, -BLOCK:]
        self._cancelling = False
        return np.asarray(done, np.float32)

    def _cancel(self, both: Samples) -> Samples:
        new = both
        if not self._cancelling:
            self._cancelling = True
            self._likeness.reset()
            new = self._past  # a block more, since what it returns first is of then
        self._past = self._past[:, -_RELEARN:]
        if self._far.shifts != self._shifts:
            done = self._begin_anew(both)
        else:
            done = self._blocks(new)[-both.shape[1] :]
        self._age += len(done)
        self._likeness.add(done, both[1])
        if rms(done) < _FAINT or not self._likeness.found:
            self._doubt = max(0, self._doubt - 1)
            return done
        self._doubt += _SUSPICION
        if self._doubt < _DOUBTFUL or self._age < _PATIENCE:
            return np.asarray(done * _MUTED, np.float32)
        return self._begin_anew(both)

    def _begin_anew(self, both: Samples) -> Samples:
        self._canceller = self._make()
        self._shifts = self._far.shifts
        self._age = self._doubt = 0
        self.renewals += 1
        return self._blocks(self._past)[-both.shape[1] :]

    def _blocks(self, both: Samples) -> Samples:
        blocks = both.reshape(2, -1, BLOCK)
        return np.concatenate(
            [self._canceller.process(near, far) for near, far in zip(*blocks, strict=True)]
        )


class LikenessToFar:
    """How much what is left of the microphone's sound resembles what was played before.

    The peak of the normalised correlation of the last 256 ms below 4 kHz with what was played
    up to half a second before.
    """

    _WINDOW = 2048  # samples at 8 kHz
    _LAGS = 4096
    _SIZE = 8192  # of the transform; window and lags fit in

    def __init__(self) -> None:
        reach = np.arange(-15, 16)
        low_pass = np.sinc(0.45 * reach) * np.hamming(len(reach))
        # The difference evens out the spectrum of speech, of which else a few tones decide.
        self._filter = np.convolve(low_pass / low_pass.sum(), [1, -1]).astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget both."""
        self._carried = np.zeros((2, len(self._filter) - 1), np.float32)
        self._left = np.zeros(self._WINDOW, np.float32)
        self._played = np.zeros(self._WINDOW + self._LAGS, np.float32)

    def add(self, left: Samples, played: Samples) -> None:
        """More of both, of the same time: an even number of samples at 16 kHz."""
        both = np.concatenate([self._carried, np.stack([left, played])], axis=1)
        self._carried = both[:, -self._carried.shape[1] :]
        left, played = (np.convolve(row, self._filter, "valid")[::2] for row in both)
        self._left = np.concatenate([self._left, left])[-len(self._left) :]
        self._played = np.concatenate([self._played, played])[-len(self._played) :]

    @property
    def found(self) -> bool:
        """Whether what is left is an echo."""
        needed = _ALIKE if self._duration >= _BRIEF else _ALIKE_BRIEF
        return self.value >= needed

    @property
    def _duration(self) -> float:
        """Seconds in which most of what is left lies."""
        parts = np.square(self._left, dtype=np.float64).reshape(-1, 128).sum(axis=1)
        squares = float(np.square(parts).sum())
        return float(parts.sum() ** 2 / squares * 128 / 8000) if squares else 0.0

    @property
    def value(self) -> float:
        """0 to 1."""
        spectrum = np.conj(np.fft.rfft(self._left, self._SIZE))
        spectrum *= np.fft.rfft(self._played, self._SIZE)
        products = np.abs(np.fft.irfft(spectrum, self._SIZE)[: self._LAGS + 1])
        sums = np.concatenate([[0.0], np.cumsum(np.square(self._played, dtype=np.float64))])
        energy = sums[self._WINDOW :] - sums[: -self._WINDOW]
        loudest = float(energy.max())
        own = float(np.square(self._left, dtype=np.float64).sum())
        if not loudest or not own:
            return 0.0
        # Where nearly nothing was played, a likeness to it means nothing.
        return float((products / np.sqrt(own * np.maximum(energy, 1e-3 * loudest))).max())
