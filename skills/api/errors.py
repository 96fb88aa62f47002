"""How a skill function ends when it does not return a result."""

from __future__ import annotations

from dataclasses import dataclass

from vehicle_bus.errors import CockpitError


class SkillError(CockpitError):
    """A request that cannot be fulfilled; ``spoken`` says why (status ``failed``)."""


class Refused(SkillError):
    """Our own rules forbid it; ``spoken`` says why (status ``refused``)."""


class NotFound(SkillError):
    """What was named does not exist: a place, an item, a recipe (status ``failed``)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a question: what the speaker may call it, and what answering means.

    Attributes:
        label: what is read out and what the answer is matched against.
        args: arguments of the asking call that this option replaces.
    """

    label: str
    args: dict[str, object]


class OutOfRange(SkillError):
    """A number is beyond what an argument takes; ``spoken`` says the limits (status ``failed``)."""


class AnswerNeeded(SkillError):
    """Nothing was done yet: the speaker must answer first (status ``asked``).

    Without ``choices`` it is a yes/no question; on a yes the same call runs again with ``key``
    in ``ctx.confirmed``. With ``choices``, the call runs again with the chosen option's
    arguments ("the second one", its label, or yes for the first).
    """

    def __init__(self, question: str, *, key: str, choices: tuple[Choice, ...] = ()) -> None:
        super().__init__(question)
        self.question = question
        self.key = key
        self.choices = choices


class SignatureInvalid(CockpitError):
    """Faults in skill functions' signatures, all of them at once, found at import."""
