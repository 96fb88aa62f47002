"""Asking a model that was trained on our functions: no list of them, and a compact answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from cockpit.agent.llm.engine import Chosen
from cockpit.agent.llm.grounding import implausible
from cockpit.agent.llm.language import PlanSyntax, references
from cockpit.agent.llm.notation import Notation
from cockpit.agent.llm.spoken import (
    as_said,
    bare_name,
    context_text,
    may_be_unsaid,
    model_text,
    nearest_run,
    spans,
)
from cockpit.agent.llm.ways import Doubt, Frame
from cockpit.agent.plan import Call, DialogueContext, Utterance, Verdict
from skills.api import SkillSet

_FOLLOWED: Final = 4  # calls of the turn before that a follow-up may build on


class Trained:
    """Plans in the compact notation, by a model with an adapter of ours."""

    frame = Frame("<|im_start|>", "<|im_end|>")

    def __init__(self, skills: SkillSet) -> None:
        self._skills = skills
        self._notation = Notation(skills)
        self.grammar = self._notation.grammar()
        self.likely = "; ".join(skills)

    def ask(self, utterance: Utterance, context: DialogueContext) -> str:
        """What was said, in canonical spelling, below the turn before."""
        last = self._last(context.last_calls)
        return context_text(last, context.asked or "") + model_text(utterance.text)

    def _last(self, calls: Sequence[Call]) -> str:
        known = [replace(call, when=None) for call in calls if call.function in self._skills]
        if not known:
            return ""
        spelled = [self._notation.canonical(call) for call in known[:_FOLLOWED]]
        return self._notation.write(Verdict.ACT, spelled)

    def read(
        self, answer: str, said: str, context: DialogueContext
    ) -> tuple[Verdict, tuple[Call, ...]]:
        """Verdict and calls, with texts as they were said."""
        before = list(self._texts(context.last_calls))
        try:
            verdict, calls = self._notation.parse(answer)
        except PlanSyntax as error:
            calls = tuple(self._as_said(call, said, before) for call in error.args[1])
            raise PlanSyntax(error.args[0], calls) from error
        return verdict, tuple(self._as_said(call, said, before) for call in calls)

    def _texts(self, calls: Sequence[Call]) -> Iterator[str]:
        for call in calls:
            for name, value in call.arguments.items():
                if call.function in self._skills and self._notation.is_text(call.function, name):
                    yield from value if isinstance(value, list | tuple) else (str(value),)

    def _as_said(self, call: Call, said: str, before: Sequence[str]) -> Call:
        """With the speaker's own spelling of its texts, in place of the model's copies."""
        told = model_text(said)

        def found(text: Any) -> Any:
            if isinstance(text, list):
                return [found(item) for item in text]
            if references(text):
                return text
            for earlier in before:
                if bare_name(earlier) == text:
                    return earlier
            if not spans(text, told) and not may_be_unsaid(text):
                text = nearest_run(text, told) or text
            return as_said(text, said)

        arguments = {
            name: found(value) if self._notation.is_text(call.function, name) else value
            for name, value in call.arguments.items()
        }
        return replace(call, arguments=arguments)

    def confidence(self, chosen: Sequence[Chosen]) -> float:
        """The chance that the model gives to the whole plan.

        On 220 held-out sentences that tells right from wrong plans better (area under the ROC
        curve 0.85) than the worst token (0.83), the average (0.81) or the two together (0.83).
        """
        return math.prod(step.probability for step in chosen)

    def doubt(self, said: str, calls: Sequence[Call], context: DialogueContext) -> Doubt | None:
        """Names and numbers that nobody meant."""
        invented = implausible(said, calls, context.last_calls, self._skills)
        return Doubt(invented) if invented is not None else None
