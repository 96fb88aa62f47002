"""How long the fast path takes for a sentence."""

from __future__ import annotations

import time
from collections.abc import Iterable

from cockpit.agent.fastpath.planner import TemplatePlanner


def plan_latencies(
    planner: TemplatePlanner, texts: Iterable[str], rounds: int = 1
) -> tuple[float, ...]:
    """Milliseconds that each text took, ascending; later rounds find warm caches."""
    taken: list[float] = []
    for _ in range(rounds):
        for text in texts:
            began = time.perf_counter()
            planner.read(text)
            taken.append((time.perf_counter() - began) * 1000)
    return tuple(sorted(taken))
