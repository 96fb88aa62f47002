"""Asking a chat model: the tools and worked examples are in its prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cockpit.agent.llm.engine import Chosen
from cockpit.agent.llm.grammar import plan_grammar
from cockpit.agent.llm.grounding import ungrounded
from cockpit.agent.llm.language import parse_plan
from cockpit.agent.llm.lexicon import Lexicon
from cockpit.agent.llm.prompt import chat_prompt, spoken_part
from cockpit.agent.llm.ways import Doubt, Frame
from cockpit.agent.plan import Call, DialogueContext, Utterance, Verdict
from skills.api import SkillSet

_WORTH_DOING = 0.6
_WORTH_ASKING = 0.35
"""Least support of a plan by the request's own words, to act on it or to ask about it."""


class Prompted:
    """JSON tool calls, by any chat model.

    Such a model understands little and invents much, so its plans need the support of the words
    that were said.

    Args:
        template: the model's own chat template.
        bos, eos: its control tokens, for the template.
    """

    likely = ""

    def __init__(
        self, skills: SkillSet, template: str | None, *, bos: str = "", eos: str = ""
    ) -> None:
        self._skills = skills
        self._lexicon = Lexicon.of(skills)
        prompt = chat_prompt(skills, template, bos=bos, eos=eos)
        self.frame = Frame(prompt.before, prompt.after)
        self.grammar = plan_grammar(skills)

    def ask(self, utterance: Utterance, context: DialogueContext) -> str:
        """The utterance, and before it the last calls."""
        return spoken_part(utterance.text, context)

    def read(
        self, answer: str, said: str, context: DialogueContext
    ) -> tuple[Verdict, tuple[Call, ...]]:
        """Verdict and calls."""
        return parse_plan(answer)

    def confidence(self, chosen: Sequence[Chosen]) -> float:
        """The geometric mean of the average and the worst of the tokens with a choice.

        One doubtful word, such as the wrong function, must tell in a long plan, too.
        """
        free = [step.probability for step in chosen if step.probability < 1]
        if not free:
            return 1.0
        mean = float(np.exp(np.mean(np.log(np.maximum(free, 1e-9)))))
        return float(np.sqrt(mean * min(free)))

    def doubt(self, said: str, calls: Sequence[Call], context: DialogueContext) -> Doubt | None:
        """Values that nobody said, and functions that the words do not speak for."""
        planned = {call.function for call in calls}
        support = min(
            (self._lexicon.support(said, name, beside=planned) for name in planned), default=1.0
        )
        if support < _WORTH_ASKING:
            reason = "the words of the request speak for another function, or for none"
            return Doubt(reason, hopeless=True)
        invented = ungrounded(said, calls, self._skills)
        if invented is not None:
            return Doubt(invented)
        if support < _WORTH_DOING:
            return Doubt(f"the words of the request speak for another function: {support:.2f}")
        return None
