"""Who decides what was meant: the templates, or the language model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cockpit.agent.executor import Executor
from cockpit.agent.familiar import run_on_calls, strange_calls
from cockpit.agent.fastpath.clauses import Role
from cockpit.agent.plan import Call, DialogueContext, Plan, Planner, Utterance, Verdict
from cockpit.agent.wording import is_question
from cockpit.settings import AgentSettings, PlannerChoice
from vehicle_bus.errors import CockpitError

_STRANGE: Final = 0.5
"""What a template plan is worth that needs a second opinion; of the generator's hardest sentences
a third of such plans are right, of everyday ones nearly all."""
_SURE: Final = 0.85
"""From this chance on the model's plan is better than a roundabout one of the templates: it is
right on 39 more of the 508 held-out sentences that templates plan."""
_ROUNDABOUT: Final = 1.3
"""Cost of a clause from which it was far from its template; 1 is word for word."""
_CLOSE: Final = 0.15
"""Two plans whose confidence differs by less are asked about."""
_MUCH: Final = 3
"""So many disregarded words may have been what a sentence was about."""
_ASIDE: Final = (Role.ASIDE, Role.INDIRECT, Role.UNKNOWN)
_OFFERS: Final = frozenset(("navigation.search",))
"""Functions that change something, but never before they have asked."""

# What has the form of a question and is a wish: "could I get some light", "how about some music".
_WISH: Final = re.compile(
    r"\bplease\b"
    r"|^\W*(?:\w+\W+)?(?:can|could|may|might) (?:i|we) (?:\w+ly |just |maybe )?(?:have|get)\b"
    r"(?! (?:there|to|home|into|out)\b)"
    r"|\b(?:can|could|would|will) (?:somebody|someone|anybody|anyone)\b"
    r"|\bwould (?:it be possible|you mind)\b|\bdo you mind\b"
    r"|^\W*(?:how|what) about\b|\bwhy (?:don'?t|do not|not) (?:you|we)\b"
    r"|[.,;!?]\s*(?:so |and |but |well )?(?:can|could|would|will) you\b(?! tell me)",
    re.IGNORECASE,
)
_WHEN: Final = re.compile(r"^\W*when (?:i|you|we|they|he|she|it|the|my|our|there|somebody)\b", re.I)


def wants_to_know(text: str) -> bool:
    """True for a question to which no deed is an answer."""
    if not is_question(text) or _WISH.search(text):
        return False
    return not (_WHEN.match(text) and not text.rstrip().endswith("?"))


class Arbiter:
    """Asks the planners in turn and settles where they differ.

    The model is asked where the templates have no sure plan. It gives a second opinion where
    they explain a sentence only by free text that nobody knows, disregard much of it (of such
    plans half are right, of all others five in six), or explain it in a roundabout way. All other
    plans of the templates stand, and cost no model's time.

    Args:
        planners: by name, ``template`` and ``lm``; either may be missing.
        executor: knows which functions only read, and what is familiar.
        settings: thresholds, and who may plan.
    """

    def __init__(
        self, planners: Mapping[str, Planner], executor: Executor, settings: AgentSettings
    ) -> None:
        self._planners = planners
        self._executor = executor
        self._settings = settings

    async def plan(
        self, utterance: Utterance, context: DialogueContext, fresh: DialogueContext
    ) -> Plan | None:
        """The plan to follow, with the reasons in its ``detail["arbitration"]``.

        Args:
            context: the conversation, for the templates: whatever was called last.
            fresh: the same for the model: only what a short sentence may lean on.
        """
        choice = self._settings.planner
        first = await self._ask(PlannerChoice.TEMPLATE, utterance, context)
        if first is not None and first.verdict is not Verdict.UNSURE:
            if choice is PlannerChoice.AUTO and self._ready() and self._arguable(first):
                strange = await self._strange(first, utterance.text)
                if strange or _disregards(first) or _roundabout(first):
                    return await self._second_opinion(first, strange, utterance, fresh)
            return _decided(first, "the templates explain it")
        second = await self._ask(PlannerChoice.LM, utterance, fresh)
        if second is None:
            return _decided(first, "there is no other plan") if first else None
        second = self._trusted(second, utterance.text)
        if first is not None and second.verdict is Verdict.UNSURE:
            return _decided(first, "nobody is sure", lm=second)
        why = "the templates are not sure" if first else "the templates know nothing like it"
        return _decided(second, why, template=first)

    async def _ask(
        self, name: PlannerChoice, utterance: Utterance, context: DialogueContext
    ) -> Plan | None:
        if self._settings.planner not in (name, PlannerChoice.AUTO):
            return None
        planner = self._planners.get(name.value)
        return await planner.plan(utterance, context) if planner is not None else None

    def _arguable(self, plan: Plan) -> bool:
        """A template plan that a model could know better: it was trained on our functions only.

        What shall be left alone is left alone.
        """
        if not plan.calls:
            return plan.verdict is Verdict.UNKNOWN and bool(plan.detail.get("clauses"))
        return all(self._executor.is_built_in(call) for call in plan.calls)

    def _ready(self) -> bool:
        """A model is there whose opinion counts; that is not worth waiting until it is loaded."""
        model = self._planners.get(PlannerChoice.LM.value)
        return model is not None and bool(getattr(model, "ready", True))

    async def _strange(self, plan: Plan, said: str) -> bool:
        return bool(await strange_calls(plan.calls, said, self._executor.resources))

    async def _second_opinion(
        self, first: Plan, strange: bool, utterance: Utterance, context: DialogueContext
    ) -> Plan:
        try:
            second = await self._ask(PlannerChoice.LM, utterance, context)
        except CockpitError:
            second = None
        if second is None:
            return _decided(first, "there is no second opinion")
        second = self._trusted(second, utterance.text)
        calibrated = "raw_confidence" in second.detail
        if calibrated and second.verdict is not Verdict.UNSURE and second.confidence >= _SURE:
            return _decided(second, "the model is sure", template=first)
        if not first.calls:
            return _decided(first, "the model is not sure", lm=second)
        if {call.function for call in first.calls} == {call.function for call in second.calls}:
            sure = second.verdict is Verdict.ACT
            if strange and sure and not await self._strange(second, utterance.text):
                return _decided(second, "the model names what is known", template=first)
            if strange and sure and run_on_calls(first.calls) and not run_on_calls(second.calls):
                return _decided(second, "the model's names hold nothing else", template=first)
            return _decided(first, "both plan the same functions", lm=second)
        acts = any(self._acts(call) for call in first.calls)
        if second.verdict is Verdict.UNSURE:
            if strange and acts:
                first = replace(first, verdict=Verdict.UNSURE)
            return _decided(first, "the model is not sure", lm=second)
        if second.verdict is not Verdict.ACT:
            if acts and not strange:
                return _decided(first, "a command stands in it", lm=second)
            return _decided(second, "the model finds no command in it", template=first)
        return self._weighed(first, second)

    def _weighed(self, first: Plan, second: Plan) -> Plan:
        """The likelier of two different plans; a question where they are as likely."""
        worth = min(first.confidence, _STRANGE)
        if second.confidence - worth >= _CLOSE:
            return _decided(second, "the model is surer", template=first)
        if worth - second.confidence >= _CLOSE:
            return _decided(first, "the templates are surer", lm=second)
        better, other = (second, first) if second.confidence >= worth else (first, second)
        asked = replace(better, verdict=Verdict.UNSURE)
        return _decided(asked, "both may be right", **{other.planner: other})

    def _trusted(self, plan: Plan, said: str) -> Plan:
        """The model's plan, but unsure where its confidence or the sentence speak against it.

        A model that is not sure that nothing is wanted has not understood, which is to be said.
        And it never acts on a question; beside one only where it is sure, and answers that, too.
        """
        if plan.confidence < self._settings.confidence_to_act:
            return replace(plan, verdict=Verdict.UNSURE)
        if plan.verdict is not Verdict.ACT:
            return plan
        acting = [call for call in plan.calls if self._acts(call)]
        if acting and wants_to_know(said):
            answered = len(acting) < len(plan.calls) and plan.confidence >= _SURE
            return plan if answered else replace(plan, verdict=Verdict.UNSURE)
        return plan

    def _acts(self, call: Call) -> bool:
        return not self._executor.is_question(call) and call.function not in _OFFERS


def _roundabout(plan: Plan) -> bool:
    """A template plan that needs much of a sentence explained away, or a rule beside templates."""
    clauses = plan.detail.get("clauses", ())
    return max((clause["cost"] for clause in clauses), default=_ROUNDABOUT) >= _ROUNDABOUT


def _disregards(plan: Plan) -> bool:
    """A template plan that leaves much of what was said aside, a complaint or an unknown wish."""
    clauses = plan.detail.get("clauses", ())
    if not any(clause["role"] == Role.COMMAND for clause in clauses):
        return False  # the complaint is the wish
    aside = (clause["text"] for clause in clauses if clause["role"] in _ASIDE)
    return len(" ".join(aside).split()) >= _MUCH


def _decided(plan: Plan, why: str, **others: Plan | None) -> Plan:
    """The plan, with who decided and what the others wanted."""
    notes: dict[str, Any] = {"decided": plan.planner, "why": why}
    notes |= {name: _described(other) for name, other in others.items() if other is not None}
    return replace(plan, detail={**plan.detail, "arbitration": notes})


def _described(plan: Plan) -> dict[str, Any]:
    written = {name: plan.detail[name] for name in ("output", "tokens") if name in plan.detail}
    return {
        "verdict": plan.verdict.value,
        "confidence": round(plan.confidence, 2),
        "functions": [call.function for call in plan.calls],
        **written,
    }
