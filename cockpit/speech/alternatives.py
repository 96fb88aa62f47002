"""What nobody knows how to do may have been misheard: the recogniser's other texts are tried.

"Block the doors" is no request, and "Lock the doors" is the recogniser's second choice for the
same sound. It is taken in place of the first only where that is strange to all templates, the
other one is a whole command word by word, and both sound alike and are nearly as likely. Free text
(names, things to buy) is not chosen so: any words fit it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cockpit.agent.agent import Agent
from cockpit.agent.plan import Plan, Verdict
from cockpit.speech.audio import Audio
from cockpit.speech.phonetics import likeness, sounds
from cockpit.speech.recognizer import Alternative, Recognizer, Transcript

LESS_LIKELY: Final = 0.5
"""Natural log of a token's mean probability by which another text may be less likely."""
ALIKE: Final = 0.5
"""Likeness of sounds that another text needs at least."""


class AlternativeChooser:
    """Another recogniser, whose other texts are tried where the agent does not know the first."""

    def __init__(self, recognizer: Recognizer, agent: Agent) -> None:
        """Wrap a recogniser, which is closed with this one."""
        self._recognizer = recognizer
        self._agent = agent

    @property
    def name(self) -> str:
        """Engine and model of the recogniser."""
        return self._recognizer.name

    async def transcribe(self, audio: Audio) -> Transcript:
        """Recognise, and choose among what may have been said.

        Costs some milliseconds, where the likeliest text is strange.

        Raises:
            SpeechError: the recogniser failed; the next one may do better.
        """
        transcript = await self._recognizer.transcribe(audio)
        if not transcript.text or self._agent.conversation.question is not None:
            return transcript  # the answer to a question may be anything
        if await self._agent.by_heart(transcript.text) is not None:
            return transcript
        for other in _worth_trying(transcript):
            plan = await self._agent.by_heart(other.text)
            if plan is not None and _is_whole_command(plan):
                return replace(transcript, text=other.text, confidence=math.exp(other.logprob))
        return transcript

    async def close(self) -> None:
        """Close the recogniser."""
        await self._recognizer.close()


def _worth_trying(transcript: Transcript) -> Iterator[Alternative]:
    """Other words that sound alike and are nearly as likely."""
    if not transcript.alternatives:
        return
    said = sounds(transcript.text)
    best, *others = transcript.alternatives
    for other in others:
        if best.logprob - other.logprob <= LESS_LIKELY and other.text != transcript.text:
            heard = sounds(other.text)
            if likeness(said, heard) >= ALIKE:
                yield other


def _is_whole_command(plan: Plan) -> bool:
    """Every word is a template's own, and none was passed over or taken for another."""
    clauses = plan.detail.get("clauses", ())
    fixed = bool(clauses) and not any(clause["free"] for clause in clauses)
    return plan.verdict is Verdict.ACT and bool(plan.calls) and plan.confidence == 1.0 and fixed
