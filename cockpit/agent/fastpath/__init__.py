"""The deterministic fast path: templates to plans, without a model."""

from cockpit.agent.fastpath.answers import Answer, answers, is_no, is_yes
from cockpit.agent.fastpath.grammar import Grammar, SentencesInvalid
from cockpit.agent.fastpath.normalise import Normaliser
from cockpit.agent.fastpath.planner import TemplatePlanner

__all__ = [
    "Answer",
    "Grammar",
    "Normaliser",
    "SentencesInvalid",
    "TemplatePlanner",
    "answers",
    "is_no",
    "is_yes",
]
