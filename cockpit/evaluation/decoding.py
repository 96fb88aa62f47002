"""How fast a model plans, and how much memory that takes.

    python -m cockpit.evaluation.decoding merged.gguf
    python -m cockpit.evaluation.decoding base.gguf --adapter adapter.gguf
    python -m cockpit.evaluation.decoding merged.gguf --lookup

One model a run, for memory of an earlier one would count. Nothing else should run beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from cockpit.agent.llm.planner import LlmPlanner
from cockpit.agent.plan import DialogueContext, Plan, Utterance
from cockpit.evaluation.measurement import summarize
from cockpit.settings import AgentSettings
from skills.api import SkillSet

SENTENCES: Final = (
    "set my side to twenty one degrees",
    "it's freezing back here",
    "open the passenger's window halfway and turn the music down a bit",
    "take me to the botanical garden by way of a charging station",
    "put two loaves of bread, oat milk and half a dozen eggs on the list",
    "if it's raining close the sunroof",
    "how much range is left",
    "thanks, that's lovely",
    "what's the weather tomorrow",
    "turn on the seat heating for everyone in the back and switch on the fog lights",
    "navigate to mannerheimintie five",
    "mute",
)
_ROUNDS: Final = 3


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument("--adapter", type=Path, help="used beside the model, not merged")
    parser.add_argument("--lookup", action="store_true", help="guess ahead (agent.prompt_lookup)")
    parser.add_argument("--sentences", type=Path, help="a file of them, a line each")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    settings = AgentSettings(threads=options.threads, prompt_lookup=options.lookup)
    sentences = (
        options.sentences.read_text("utf-8").splitlines() if options.sentences else SENTENCES
    )
    print(  # noqa: T201  (a command line)
        asyncio.run(_measure(options.model, options.adapter, settings, sentences))
    )


async def _measure(
    model: Path, adapter: Path | None, settings: AgentSettings, sentences: Sequence[str]
) -> str:
    skills = SkillSet.installed()
    process = psutil.Process()
    before = process.memory_info().rss
    plans: list[Plan] = []
    took: list[float] = []
    async with LlmPlanner(skills, model, settings, adapter=adapter) as planner:
        startup = planner.startup
        for _ in range(_ROUNDS):
            for sentence in sentences:
                began = time.perf_counter()
                plan = await planner.plan(Utterance(sentence), DialogueContext())
                took.append((time.perf_counter() - began) * 1000)
                assert plan is not None
                plans.append(plan)
        after = process.memory_info().rss
    assert startup is not None

    def rate(kind: str) -> float:
        tokens = sum(plan.detail[f"{kind}_tokens"] for plan in plans)
        return float(1000 * tokens / sum(plan.detail[f"{kind}_ms"] for plan in plans))

    steps = sum(plan.detail["output_steps"] for plan in plans)
    written = sum(plan.detail["output_tokens"] for plan in plans)
    what = model.name + (" + adapter" if adapter else "")
    what += ", lookup" if settings.prompt_lookup else ""
    times = summarize("plan", "ms", took)
    return (
        f"{what}: loaded in {startup.load_ms + startup.prefix_ms:.0f} ms, "
        f"prefill {rate('prompt'):.0f} tokens/s, decode {rate('output'):.1f} tokens/s "
        f"({written / steps:.2f} a step), a sentence {times.p50:.0f} ms in the "
        f"median and {times.p95:.0f} ms at p95, {(after - before) / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
