"""Noise suppression by WebRTC (webrtc-noise-gain)."""

from __future__ import annotations

import numpy as np

from cockpit.speech.audio import RATE, Audio, Samples
from cockpit.speech.errors import RecognizerUnavailable

LEVELS = range(1, 5)
"""From mild to strongest."""

BLOCK = 160
"""Samples of 16 kHz that WebRTC works on: 10 ms."""


DELAY = 256 / RATE
"""Seconds by which sound comes out later than it went in: 16 ms, 10 of them for whole blocks."""


class NoiseSuppressor:
    """For one channel. Not thread-safe."""

    def __init__(self, level: int) -> None:
        """Begin with nothing known of the noise.

        Args:
            level: 1 (mild) to 4 (strongest).

        Raises:
            RecognizerUnavailable: the library is not installed, or does not load.
            ValueError: another level.
        """
        if level not in LEVELS:
            raise ValueError("the levels of noise suppression are 1 to 4")
        try:
            from webrtc_noise_gain import AudioProcessor
        except (ImportError, OSError) as error:
            raise RecognizerUnavailable(
                "Noise suppression needs the audio extra: pip install 'offline-cockpit[audio]'; "
                "or set audio.noise_suppression to 0."
            ) from error
        self._processor = AudioProcessor(0, level)
        self._rest = np.zeros(0, np.float32)
        self._out = np.zeros(BLOCK, np.float32)  # so that there is always enough to hand out

    def feed(self, samples: Samples) -> Samples:
        """The next samples without noise: as many, of ``DELAY`` ago; 0.1 ms for 512."""
        waiting = np.concatenate([self._rest, samples])
        whole = len(waiting) // BLOCK * BLOCK
        self._rest = waiting[whole:]
        done = [
            Audio.from_pcm16(self._processor.Process10ms(Audio(block).pcm16()).audio).samples
            for block in waiting[:whole].reshape(-1, BLOCK)
        ]
        self._out = np.concatenate([self._out, *done])
        out, self._out = self._out[: len(samples)], self._out[len(samples) :]
        return out
