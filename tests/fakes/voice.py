"""A voice that hums: every letter takes as long as every other, so what was heard is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError, SynthesisFailed

RATE = 1000
LETTER = 0.1
"""Seconds that a letter, a space or a stop takes."""
CHUNK = 1.0
"""Seconds of a whole chunk."""


@dataclass
class FakeVoice:
    """Speaks in chunks of a second, with silence around each text.

    Attributes:
        pace: seconds that a chunk takes to make.
        lead, tail: seconds of silence before and after each text.
        faults: what is raised instead of a text; after ``fault_after`` chunks.
        asked: texts, in the order in which they were begun.
        dropped: texts whose rest nobody wanted.
    """

    pace: float = 0.05
    lead: float = 0.0
    tail: float = 0.0
    faults: Mapping[str, BaseException] = field(default_factory=dict)
    fault_after: int = 0
    asked: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    async def stream(self, text: str) -> AsyncGenerator[Audio]:
        self.asked.append(text)
        whole = self.sound(text).samples
        step = round(CHUNK * RATE)
        try:
            for number, at in enumerate(range(0, len(whole), step)):
                await asyncio.sleep(self.pace)
                if text in self.faults and number >= self.fault_after:
                    raise self.faults[text]
                yield Audio(whole[at : at + step], RATE)
        except (GeneratorExit, asyncio.CancelledError):
            self.dropped.append(text)
            raise

    def sound(self, text: str) -> Audio:
        """All of a text."""
        hum = np.full(round(len(text) * LETTER * RATE), 0.5, np.float32)
        around = (np.zeros(round(seconds * RATE), np.float32) for seconds in (self.lead, self.tail))
        before, after = around
        return Audio(np.concatenate([before, hum, after]), RATE)


def refuses(*texts: str) -> dict[str, BaseException]:
    """Faults of a voice that cannot say these texts."""
    return {text: SynthesisFailed(f"I could not say this aloud: {text}") for text in texts}


def dies(text: str) -> dict[str, BaseException]:
    """The fault of a voice that is gone from this text on."""
    return {text: SpeechError("The voice is gone.")}
