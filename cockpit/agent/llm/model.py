"""What a planner with a model is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cockpit.agent.plan import DialogueContext, Plan, Utterance


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A language model.

    Attributes:
        name: of the catalogue, or the file's; its calibration goes by it.
        notice: says that it is not the one that was asked for; empty where it is.
    """

    name: str
    path: Path
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Startup:
    """How the model came up.

    Attributes:
        load_ms: reading the model file.
        prefix_tokens: length of the constant prompt.
        prefix_ms: evaluating it, or reading its saved state.
        from_cache: True where the saved state was used.
    """

    load_ms: float
    prefix_tokens: int
    prefix_ms: float
    from_cache: bool


class ModelPlanner(Protocol):
    """A planner with a model that has to be loaded."""

    name: str

    async def start(self) -> Startup:
        """Load it."""

    async def both(self) -> None:
        """Wait until a second model is loaded, too, well or not."""

    async def close(self) -> None:
        """Free it."""

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """A plan."""
