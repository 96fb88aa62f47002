"""The car hears itself, and nobody speaks: does it wake, listen or answer to that?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.evaluation.live import Cabin
from cockpit.evaluation.measurement import Tell
from cockpit.events import (
    Event,
    Listening,
    ListeningChanged,
    ReplyEnded,
    TurnFinished,
    UtteranceHeard,
    WakeWordHeard,
)
from vehicle_bus.seats import Seat

AFTERWARDS = 1.0
"""Seconds in which nothing may happen any more once the car sleeps."""


@dataclass
class SelfTriggers:
    """What the car did because of its own voice.

    Attributes:
        answers: how many it gave.
        seconds: of its own voice.
        woken: wake words that it took for a call.
        heard: times that it took itself for somebody who speaks.
        turns: requests that it made of that.
        cut: answers that it interrupted itself.
        examples: what it did, the first few.
    """

    answers: int = 0
    seconds: float = 0.0
    woken: int = 0
    heard: int = 0
    turns: int = 0
    cut: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All that should not have been."""
        return self.woken + self.heard + self.turns + self.cut

    def count(self, event: Event, asked: str) -> None:
        """Something happened after a request in writing."""
        match event:
            case WakeWordHeard():
                self.woken += 1
                self._note(asked, f"was woken by {event.word}")
            case ListeningChanged(state=Listening.HEARING):
                self.heard += 1
                self._note(asked, "thought that somebody speaks")
            case TurnFinished(turn=turn) if turn.utterance.text != asked:
                self.turns += 1
                self._note(asked, f"took {turn.utterance.text!r} for a request")
            case UtteranceHeard(utterance=utterance) if utterance.text != asked:
                self._note(asked, f"understood {utterance.text!r}")
            case ReplyEnded():
                self.answers += 1
                if not event.whole:
                    self.cut += 1
                    self._note(asked, f"fell silent after {event.heard!r}")
            case _:
                pass

    def _note(self, asked: str, what: str) -> None:
        if len(self.examples) < 20:
            self.examples.append(f"{asked}: {what}")

    def __str__(self) -> str:
        return (
            f"{self.answers} answers, {self.seconds / 60:.1f} minutes of the car's own voice: "
            f"{self.woken} wake-ups, {self.heard} times speech, {self.turns} turns and "
            f"{self.cut} answers cut off by itself"
        )


async def loop_back(
    cabin: Cabin, requests: Sequence[str], answers: int, tell: Tell
) -> SelfTriggers:
    """Have the car answer requests in writing, one after another, while nobody speaks.

    Between two answers it listens for a follow-up as long as it does, and falls asleep.

    Args:
        cabin: its room has an echo.
        requests: each has an answer; taken again and again.
        answers: how many.

    Raises:
        ConversationStuck: it never came to rest.
    """
    found = SelfTriggers()
    asked = ""
    async with cabin.session.events.watch() as events:

        async def watch() -> None:
            while True:
                found.count(await events.get(), asked)

        watching = asyncio.create_task(watch(), name="watching for self-triggers")
        try:
            for number in range(answers):
                asked = requests[number % len(requests)]
                played = cabin.room.played
                cabin.live.typed(asked, Seat.DRIVER)
                await cabin.answered()
                await cabin.until(Listening.ASLEEP)
                await cabin.room.until(cabin.room.now + AFTERWARDS)
                found.seconds += cabin.room.played - played
                tell(number + 1, answers)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
    return found
