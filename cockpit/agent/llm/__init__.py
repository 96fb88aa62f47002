"""Planning with a local GGUF chat model (DESIGN §6)."""

from cockpit.agent.llm.errors import (
    EngineMissing,
    ModelError,
    ModelMissing,
    ModelUnusable,
    PromptTooLong,
)
from cockpit.agent.llm.planner import LlmPlanner, Startup

__all__ = [
    "EngineMissing",
    "LlmPlanner",
    "ModelError",
    "ModelMissing",
    "ModelUnusable",
    "PromptTooLong",
    "Startup",
]
