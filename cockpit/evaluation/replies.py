"""What the agent answers most: ``python -m cockpit.evaluation.replies SCENARIOS…``.

The list of common answers (``cockpit/live/answers.yaml``) is made from it by hand, as only a
person can tell a name from a word.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from cockpit.evaluation.runner import Evaluation
from cockpit.evaluation.scenario import Scenario, load_scenarios
from cockpit.events import TurnFinished
from cockpit.settings import load_settings
from cockpit.speech.speakable import sentences, speakable

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SWITCH = re.compile(r"\b(?:on|off)(?=\.$)")


def count_sentences(replies: Iterable[str]) -> Counter[str]:
    """How often each sentence came, as it is spoken, with its numbers and on or off left open."""
    return Counter(
        _SWITCH.sub("{on|off}", _NUMBER.sub("{number}", speakable(sentence)))
        for reply in replies
        for sentence in sentences(reply)
    )


async def replies_to(scenarios: Sequence[Scenario]) -> list[str]:
    """What the agent answers in scenarios, with the user's settings."""
    found: list[str] = []
    async with Evaluation.open(load_settings()) as evaluation, evaluation.events.watch() as events:
        for scenario in scenarios:
            await evaluation.run(scenario)
            while not events.empty():
                event = events.get_nowait()
                if isinstance(event, TurnFinished):
                    found.append(event.turn.reply)
    return found


def main(paths: Sequence[str]) -> None:
    """Write the sentences that came more than once, the most frequent first."""
    replies = asyncio.run(replies_to(load_scenarios([Path(path) for path in paths])))
    counts = count_sentences(replies)
    sys.stdout.write(f"{counts.total()} sentences in {len(replies)} replies\n")
    for sentence, times in counts.most_common():
        if times > 1:
            sys.stdout.write(f"{times:4} {sentence}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
