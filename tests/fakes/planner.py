"""A planner that knows some sentences by heart."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.agent.plan import DialogueContext, Plan, Utterance


@dataclass
class FakePlanner:
    """Plans what it was given, and None for anything else.

    Attributes:
        plans: plan by sentence.
        heard: sentences it was asked about, in order.
        contexts: what it was told of the conversation with each.
        error: raised in place of a plan.
    """

    plans: dict[str, Plan] = field(default_factory=dict)
    name: str = "template"
    heard: list[str] = field(default_factory=list)
    contexts: list[DialogueContext] = field(default_factory=list)
    error: Exception | None = None

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        self.heard.append(utterance.text)
        self.contexts.append(context)
        if self.error is not None:
            raise self.error
        return self.plans.get(utterance.text)
