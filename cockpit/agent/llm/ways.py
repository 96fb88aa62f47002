"""How a model is asked for a plan, and how its answer is read.

There are two ways: any chat model is shown the functions in its prompt, and a model that was
trained on them is not. Everything else is the planner's and the same for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cockpit.agent.llm.engine import Chosen
from cockpit.agent.plan import Call, DialogueContext, Utterance, Verdict


@dataclass(frozen=True, slots=True)
class Frame:
    """Constant text around what is said; control tokens in it count.

    Attributes:
        before: what the model reads first.
        after: what makes it answer.
    """

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a plan should not be run unasked.

    Attributes:
        hopeless: it is not worth asking about either.
    """

    reason: str
    hopeless: bool = False


class Way(Protocol):
    """One way to ask.

    Attributes:
        frame: constant text around what is said.
        grammar: GBNF of the answers.
        likely: text whose words answers are made of, where they do not stand in the prompt.
    """

    frame: Frame
    grammar: str
    likely: str

    def ask(self, utterance: Utterance, context: DialogueContext) -> str:
        """What stands in the frame; nothing in it is a control token."""

    def read(
        self, answer: str, said: str, context: DialogueContext
    ) -> tuple[Verdict, tuple[Call, ...]]:
        """Verdict and calls.

        Args:
            said: the utterance's text.

        Raises:
            PlanSyntax: the answer is no plan; ``args[1]`` holds the calls before the fault.
        """

    def confidence(self, chosen: Sequence[Chosen]) -> float:
        """Raw confidence of an answer, 0 to 1, from how its tokens were chosen."""

    def doubt(self, said: str, calls: Sequence[Call], context: DialogueContext) -> Doubt | None:
        """What speaks against calls that are valid."""
