"""What a microphone and a loudspeaker are to everything else.

Files, pipes and devices all have these two forms and run at the pace of real sound, so whatever
is built on them is tested without hardware.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cockpit.speech.audio import RATE, Audio
from cockpit.speech.segments import FRAME

FRAME_SECONDS = FRAME / RATE
"""Duration of a frame: 32 ms."""

type Channels = NDArray[np.float32]

type Monitor = Callable[[Audio], None]
"""Told what is played, at the moment at which it is; called from any thread."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundFrame:
    """32 ms of sound from all channels of a source.

    Attributes:
        samples: float32 at 16 kHz, shape (channels, 512), full scale 1.0; not to be written to.
        at: seconds of sound since the source began, at the end of this frame; it counts what
            was lost, too.
        lost: frames that were dropped just before this one, because nobody took them in time.
    """

    samples: Channels
    at: float
    lost: int = 0


class Source(Protocol):
    """Somewhere sound comes from, at the pace of real sound."""

    @property
    def name(self) -> str:
        """For people: a device's or a file's name."""
        ...

    @property
    def channels(self) -> int:
        """How many channels each frame has."""
        ...

    def frames(self) -> AsyncGenerator[SoundFrame]:
        """Frames as they come, until the source ends; once only.

        Raises:
            SpeechError: it cannot be opened, or does not come back.
        """
        ...


class Sink(Protocol):
    """Somewhere sound goes to, at the pace of real sound. One speaker at a time."""

    @property
    def name(self) -> str:
        """For people: a device's or a file's name."""
        ...

    @property
    def played(self) -> float:
        """Seconds of what was handed over that have been heard since the sink was opened."""
        ...

    async def play(self, audio: Audio) -> None:
        """Hand sound over; waits while more than a tenth of a second is still to be heard.

        Raises:
            SpeechError: the sink refused.
        """
        ...

    async def drain(self) -> None:
        """Wait until everything handed over was heard."""
        ...

    def stop(self) -> None:
        """Silence now; what was handed over and not yet heard is dropped."""
        ...

    def hold(self, held: bool) -> None:
        """Silence for now, or no longer: then it goes on where it was held. ``stop`` ends it."""
        ...

    def monitor(self, hook: Monitor) -> None:
        """Have ``hook`` told of every block as it goes out, for the echo canceller."""
        ...
