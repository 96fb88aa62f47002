"""What phrase authors want to know: faults, and where the template planner disagrees."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from models.training.plans import Meant
from models.training.sources import PhraseTemplate, color_of

if TYPE_CHECKING:
    from models.training.generate import Sources

_DRAWS = 3


def disagreements(sources: Sources) -> Iterator[str]:
    """``file:line  sentence  ours  theirs`` for every phrase that templates read otherwise.

    Only sentences that need no context and that templates explain to the last word.
    """
    plans = sources.plans
    for template in sources.templates:
        if not isinstance(template, PhraseTemplate) or template.kind == "followup":
            continue
        rng = random.Random(f"check|{template.phrase.say}")
        for _ in range(_DRAWS):
            sample = template.draw(rng)
            if sample is None:
                continue
            theirs = sources.reader.read(sample.text)
            if theirs is None or not (theirs.calls or sample.meant.calls):
                continue
            if any(call.when is not None for call in sample.meant.calls):
                continue
            if _by_value(theirs) != _by_value(sample.meant):
                ours, other = plans.write(sample.meant), plans.write(theirs)
                yield f"{template.phrase.where}\t{sample.text}\t{ours}\t{other}"
                break


def _by_value(meant: Meant) -> Meant:
    """Colours by value, numbers as they compare."""
    calls = []
    for call in meant.calls:
        color = call.arguments.get("color")
        if isinstance(color, str):
            call = replace(call, arguments={**call.arguments, "color": color_of(color)})
        calls.append(replace(call, arguments=dict(call.arguments)))
    return Meant(meant.verdict, tuple(calls))
