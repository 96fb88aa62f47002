"""Blocks of any length and rate become frames: 512 samples at 16 kHz of every channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cockpit.audio.streams import Channels
from cockpit.speech.audio import RATE
from cockpit.speech.segments import FRAME

type Block = NDArray[np.float32]
"""Samples as files and devices have them: shape (samples, channels)."""


def numbers(samples: Block) -> Block:
    """The samples, with silence for what is not a number; the same array where all are."""
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(samples.sum()):
            return samples
    return np.nan_to_num(samples, posinf=0.0, neginf=0.0)


class Framer:
    """Cuts a stream of blocks into frames. Not thread-safe."""

    def __init__(self, channels: int, rate: int = RATE, *, quality: str = "HQ") -> None:
        """Begins with nothing.

        Args:
            channels: of every block.
            rate: of the blocks, in hertz.
            quality: of soxr. MQ holds back 15 ms of 48 kHz, HQ 21 ms.
        """
        self._channels = channels
        self._rest = np.zeros((0, channels), np.float32)
        self._resampler: Any = None
        if rate != RATE:
            import soxr

            self._resampler = soxr.ResampleStream(
                rate, RATE, channels, dtype="float32", quality=quality
            )

    def feed(self, block: Block) -> list[Channels]:
        """The frames that this block completes. What is not a number becomes silence."""
        return self._cut(self._resampled(numbers(block), last=False))

    def flush(self) -> list[Channels]:
        """What is left at the end, filled up with silence; nothing where nothing is left."""
        frames = self._cut(self._resampled(np.zeros((0, self._channels), np.float32), last=True))
        if not len(self._rest):
            return frames
        return frames + self._cut(np.zeros((FRAME - len(self._rest), self._channels), np.float32))

    def _resampled(self, block: Block, *, last: bool) -> Block:
        if self._resampler is None:
            return block
        return np.asarray(self._resampler.resample_chunk(block, last=last), np.float32)

    def _cut(self, block: Block) -> list[Channels]:
        samples = np.concatenate([self._rest, block])
        whole = len(samples) - len(samples) % FRAME
        self._rest = samples[whole:]
        return [np.ascontiguousarray(samples[at : at + FRAME].T) for at in range(0, whole, FRAME)]
