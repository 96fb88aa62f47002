"""Recognition and planning ahead, while the end of an utterance is still waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cockpit.agent.agent import Agent
from cockpit.agent.plan import Prepared, Utterance
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from cockpit.speech.recognizer import Recognizer, Transcript
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

SURE: Final = 0.8
"""Plans at least as likely as this are taken for whole commands."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What an utterance is, and what it would do; nothing was done yet.

    Attributes:
        transcript: what was recognised; None where the recogniser failed.
        prepared: what the agent would do; None where nothing was said.
        fault: what to say about an engine that failed.
        text_at: when the text was known, on the clock of the event loop.
        plan_at: when the plan was.
    """

    transcript: Transcript | None
    prepared: Prepared | None
    fault: str | None
    text_at: float
    plan_at: float

    @property
    def text(self) -> str:
        """What was said; empty for nothing."""
        return self.transcript.text if self.transcript is not None else ""

    @property
    def is_command(self) -> bool:
        """Whether it stands for a whole command, or answers a question."""
        return self.prepared is not None and self.prepared.confidence >= SURE


class Thinker:
    """Recogniser and agent."""

    def __init__(self, recognizer: Recognizer, agent: Agent) -> None:
        self._recognizer = recognizer
        self._agent = agent

    async def think(self, audio: Audio, seat: Seat, on_text: Callable[[str], None]) -> Thought:
        """Recognise and plan; cancelling it stops both engines.

        Args:
            on_text: told the text before it is planned.
        """
        loop = asyncio.get_running_loop()
        try:
            transcript = await self._recognizer.transcribe(audio)
        except SpeechError as error:
            now = loop.time()
            return Thought(None, None, error.spoken, now, now)
        text_at = loop.time()
        if not transcript.text:
            return Thought(transcript, None, None, text_at, text_at)
        on_text(transcript.text)
        heard = Utterance(transcript.text, seat, transcript.confidence)
        try:
            prepared = await self._agent.prepare(heard)
        except CockpitError as error:
            return Thought(transcript, None, error.spoken, text_at, loop.time())
        return Thought(transcript, prepared, None, text_at, loop.time())
