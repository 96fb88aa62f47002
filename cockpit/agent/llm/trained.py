"""Asking a model that was trained on our functions: no list of them, and a compact answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from cockpit.agent.llm.grounding import ungrounded
from cockpit.agent.llm.language import PlanSyntax, references
from cockpit.agent.llm.notation import Notation
from cockpit.agent.llm.spoken import as_said, context_text, model_text
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

    def read(self, answer: str, said: str) -> tuple[Verdict, tuple[Call, ...]]:
        """Verdict and calls, with texts as they were said."""
        try:
            verdict, calls = self._notation.parse(answer)
        except PlanSyntax as error:
            raise PlanSyntax(error.args[0], self._as_said(error.args[1], said)) from error
        return verdict, self._as_said(calls, said)

    def _as_said(self, calls: Sequence[Call], said: str) -> tuple[Call, ...]:
        def put_back(value: Any) -> Any:
            if isinstance(value, list):
                return [put_back(item) for item in value]
            return as_said(value, said) if not references(value) else value

        return tuple(
            replace(
                call,
                arguments={
                    name: put_back(value) if self._notation.is_text(call.function, name) else value
                    for name, value in call.arguments.items()
                },
            )
            for call in calls
        )

    def doubt(self, said: str, calls: Sequence[Call]) -> Doubt | None:
        """Values that nobody said."""
        invented = ungrounded(said, calls, self._skills)
        return Doubt(invented) if invented is not None else None
