"""A microphone with a switch, and none at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import numpy as np

from cockpit.audio.streams import SoundFrame, Source


class Mutable:
    """A source that hands out silence while it is switched off; time goes on.

    Args:
        source: the microphone.

    Attributes:
        muted: whether it is switched off.
    """

    def __init__(self, source: Source) -> None:
        self.muted = False
        self._source = source

    @property
    def name(self) -> str:
        """The microphone's."""
        return self._source.name

    @property
    def channels(self) -> int:
        """The microphone's."""
        return self._source.channels

    async def frames(self) -> AsyncGenerator[SoundFrame]:
        """The microphone's frames, or silent ones.

        Raises:
            SpeechError: the microphone failed for good.
        """
        async with aclosing(self._source.frames()) as frames:
            async for frame in frames:
                if self.muted:
                    yield replace(frame, samples=np.zeros_like(frame.samples))
                else:
                    yield frame


class Silence:
    """A source in place of a microphone that is not there: it never has sound, nor ends.

    Args:
        channels: as many as there are zones.
    """

    name = "no microphone"

    def __init__(self, channels: int) -> None:
        self.channels = channels

    async def frames(self) -> AsyncGenerator[SoundFrame]:
        """Nothing, until cancelled."""
        await asyncio.Event().wait()
        yield SoundFrame(np.zeros((self.channels, 0), np.float32), 0.0)
