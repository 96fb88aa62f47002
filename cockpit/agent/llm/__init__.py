"""Planning with a local GGUF chat model (DESIGN §6)."""

from cockpit.agent.llm.calibration import Thresholds, calibration_of
from cockpit.agent.llm.cascade import CascadePlanner, ModelPlanner
from cockpit.agent.llm.errors import (
    EngineMissing,
    ModelError,
    ModelMissing,
    ModelUnusable,
    PromptTooLong,
)
from cockpit.agent.llm.planner import LlmPlanner, Startup

__all__ = [
    "CascadePlanner",
    "EngineMissing",
    "LlmPlanner",
    "ModelError",
    "ModelMissing",
    "ModelPlanner",
    "ModelUnusable",
    "PromptTooLong",
    "Startup",
    "Thresholds",
    "calibration_of",
]
