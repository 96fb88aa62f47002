"""Whether somebody who did not call the car speaks to it all the same, or to the others.

After an answer the car listens for a while without a wake word, and people talk to each other
then, too. So only what is surely a request to the car is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cockpit.agent.plan import Call, Plan, Prepared
from cockpit.settings import Activation, ListenSettings
from cockpit.speech.recognizer import Transcript

_TOGETHER: Final = re.compile(
    r"\b(?:we (?:should|must|need|have to|ought|better|might|will)|maybe we|let us|let'?s"
    r"|(?:should|shall|don't|do not|what if|what about|how about) we)\b",
    re.IGNORECASE,
)
"""Who proposes something for all asks the others, seldom the car."""
_TAG: Final = re.compile(
    r"(?:n't|, (?:is|are|was|were|do|does|did|has|have|will|would|can|could|should))"
    r" (?:it|he|she|they|we|you)\?$",
    re.IGNORECASE,
)
""" "…, isn't it?" wants a person to agree."""


def objection(
    transcript: Transcript,
    prepared: Prepared | None,
    last: Sequence[Call],
    settings: ListenSettings,
) -> str | None:
    """Why nothing is done about what nobody asked the car; None where it is surely meant.

    Args:
        transcript: what was said.
        prepared: what would be done about it.
        last: the calls of the last turn. A model makes a request of nearly everything, so what no
            template knows has to be about the same things.
        settings: how sure is sure.
    """
    if prepared is None or not prepared.confidence:
        return "it is no request"
    if transcript.confidence < settings.confidence or prepared.confidence < settings.certainty:
        return "it is not clear enough"
    if prepared.answers:
        return None
    said = transcript.text.replace("’", "'")
    if _TOGETHER.search(said) or _TAG.search(said):
        return "it is said to somebody else"
    if settings.activation is not Activation.ALWAYS and not _known_or_related(prepared.plan, last):
        return "it has nothing to do with what was said before"
    return None


def _known_or_related(plan: Plan | None, last: Sequence[Call]) -> bool:
    if plan is None or plan.planner == "template":
        return True
    return {_skill(call) for call in plan.calls} <= {_skill(call) for call in last}


def _skill(call: Call) -> str:
    return call.function.partition(".")[0]
