"""Live captions: what somebody seems to be saying, while the final text has to wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Final

from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from cockpit.speech.recognizer import Partial, StreamingRecognizer

log = logging.getLogger(__name__)

BEHIND: Final = 100
"""Frames (3 s) that a recogniser may be behind; then the oldest are left out."""


class Captions:
    """Follows one utterance at a time with a streaming recogniser.

    A recogniser that fails costs the captions of an utterance and nothing else.

    Args:
        recognizer: Vosk.
        show: told each changed text.
    """

    def __init__(self, recognizer: StreamingRecognizer, show: Callable[[str], None]) -> None:
        self._recognizer = recognizer
        self._show = show
        self._sound: asyncio.Queue[Audio] = asyncio.Queue(BEHIND)
        self._task: asyncio.Task[None] | None = None

    def begin(self, sound: Audio) -> None:
        """Somebody speaks; this is the beginning of it."""
        self.end()
        self._sound = asyncio.Queue(BEHIND)
        self.add(sound)
        self._task = asyncio.create_task(self._follow(self._sound), name="captions")

    def add(self, sound: Audio) -> None:
        """What was said next."""
        if self._sound.full():
            self._sound.get_nowait()
        self._sound.put_nowait(sound)

    def end(self) -> None:
        """It is over; the final text comes from elsewhere."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self, sound: asyncio.Queue[Audio]) -> None:
        async def chunks() -> AsyncGenerator[Audio]:
            while True:
                yield await sound.get()

        try:
            async with contextlib.aclosing(self._recognizer.stream(chunks())) as stream:
                async for heard in stream:
                    if isinstance(heard, Partial) and heard.text:
                        self._show(heard.text)
        except SpeechError as error:
            log.warning("no captions: %s", error.spoken)
