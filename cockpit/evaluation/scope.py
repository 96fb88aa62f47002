"""What the agent makes of sentences that are not for it: nothing may come of them.

``python -m cockpit.evaluation.scope FILE`` says every line of a file in a fresh conversation with
the simulated vehicle and counts the turns in which a call ran, and those that asked something which
a yes would turn into a command. ``python -m models.training.corpora out-of-scope FOLDER`` prints
such sentences.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from cockpit.agent.plan import Turn
from cockpit.evaluation.models import with_model
from cockpit.evaluation.runner import Evaluation
from cockpit.evaluation.shares import who_planned
from cockpit.settings import PlannerChoice, load_settings
from skills.api import SkillSet, Status
from vehicle_bus.errors import CockpitError


class Effect(StrEnum):
    """What came of a sentence."""

    NOTHING = "nothing"
    ASKED = "asked"  # a yes would make it a command
    ANSWERED = "answered"  # a call ran that only reads
    ACTED = "acted"  # a call ran that may change something


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and what came of it.

    Attributes:
        planner: who planned it.
        functions: what was called, or would be after a yes.
    """

    text: str
    effect: Effect
    planner: str
    functions: tuple[str, ...]
    reply: str

    def to_json(self) -> dict[str, Any]:
        """An entry of what ``--json`` writes."""
        return {
            "text": self.text,
            "effect": self.effect.value,
            "planner": self.planner,
            "functions": list(self.functions),
            "reply": self.reply,
        }


def judge(turn: Turn, skills: SkillSet) -> Said:
    """What came of a turn."""
    waiting = (Status.ASKED, Status.SKIPPED)
    ran = [one.call.function for one in turn.outcomes if one.status not in waiting]
    planned = [one.call.function for one in turn.outcomes]
    if not planned and turn.plan is not None:
        planned = [call.function for call in turn.plan.calls]
    if any(not skills[name].question for name in ran):
        effect = Effect.ACTED
    elif ran:
        effect = Effect.ANSWERED
    else:
        effect = Effect.ASKED if turn.asks else Effect.NOTHING
    functions = tuple(dict.fromkeys(planned)) if effect is not Effect.NOTHING else ()
    return Said(turn.utterance.text, effect, who_planned(turn), functions, turn.reply)


def summary(said: Sequence[Said]) -> str:
    """ "500 sentences: 1.2 % triggered something (4 acted, 2 answered), 0.6 % were asked about"."""
    count = Counter(one.effect for one in said)
    whole = max(1, len(said))
    triggered = (count[Effect.ACTED] + count[Effect.ANSWERED]) / whole
    return (
        f"{len(said)} sentences: {triggered:.1%} triggered something "
        f"({count[Effect.ACTED]} acted, {count[Effect.ANSWERED]} answered), "
        f"{count[Effect.ASKED] / whole:.1%} were asked about ({count[Effect.ASKED]})"
    )


async def _main(options: argparse.Namespace) -> list[Said]:
    settings = load_settings(overrides=[f"agent.planner={options.planner.value}"])
    if options.model:
        settings = with_model(settings, options.model)
    lines = options.file.read_text(encoding="utf-8").splitlines()
    texts = [line.strip() for line in lines if line.strip()]
    skills = SkillSet.installed()
    said: list[Said] = []
    console = Console(stderr=True)
    async with Evaluation.open(settings) as evaluation:
        shown = console.is_terminal
        for text in track(texts, "saying", console=console, disable=not shown):
            said.append(judge(await evaluation.say_alone(text), skills))
    return said


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="one sentence a line")
    parser.add_argument("--planner", type=PlannerChoice, default=PlannerChoice.AUTO)
    parser.add_argument("--model", help="name of the catalogue, or a GGUF file")
    parser.add_argument("--json", type=Path, help="write every offender here")
    options = parser.parse_args()
    try:
        said = asyncio.run(_main(options))
    except CockpitError as error:
        sys.exit(f"cockpit: {error.spoken}")
    offenders = [one for one in said if one.effect is not Effect.NOTHING]
    if options.json:
        text = json.dumps([one.to_json() for one in offenders], indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    lines = [
        f"{one.effect.value}\t{one.planner}\t{', '.join(one.functions)}\t{one.text}"
        for one in offenders
    ]
    sys.stdout.write("".join(f"{line}\n" for line in (*lines, summary(said))))


if __name__ == "__main__":
    main()
