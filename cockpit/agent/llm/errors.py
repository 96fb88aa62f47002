"""What keeps the language model from planning, each in one sentence."""

from __future__ import annotations

from pathlib import Path

from vehicle_bus.errors import CockpitError


class ModelError(CockpitError):
    """Base of the language model's errors."""


class EngineMissing(ModelError):
    """llama-cpp-python is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "The language model needs llama-cpp-python; "
            "run: pip install 'offline-cockpit[llm]', or set agent.planner to template."
        )


class ModelMissing(ModelError):
    """There is no such model file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no language model at {path}; run: cockpit models pull")


class ModelUnusable(ModelError):
    """The file is no GGUF model that this build of llama.cpp can load."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The language model {path.name} cannot be used: {reason}; "
            "run: cockpit models verify, then cockpit models pull."
        )


class PromptTooLong(ModelError):
    """The list of functions and the request do not fit into the model's context."""

    def __init__(self, tokens: int, room: int) -> None:
        super().__init__(
            f"The language model's prompt takes {tokens} tokens and there is room for {room}; "
            f"set agent.context_tokens to {tokens + 512} or more, or install fewer skills."
        )


class PlanningCancelled(ModelError):
    """Planning was stopped from outside."""

    def __init__(self) -> None:
        super().__init__("I stopped thinking about that.")


class ModelStopped(ModelError):
    """The model's process ends or hangs while it loads; it is tried again."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The language model does not start ({reason}); run `cockpit doctor`.")


class ModelStarting(ModelError):
    """The model is still loading."""

    def __init__(self) -> None:
        super().__init__("I'm still getting ready for that. Please say it again in a minute.")


class PlanLost(ModelError):
    """One plan was not made; the model goes on, or starts again."""

    def __init__(self, spoken: str = "") -> None:
        super().__init__(spoken or "Sorry, I lost my train of thought. Please say it again.")
