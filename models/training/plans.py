"""One canonical form of every plan, and what must hold of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cockpit.agent.conditions import negate
from cockpit.agent.llm.language import PlanSyntax
from cockpit.agent.llm.notation import Notation
from cockpit.agent.llm.spoken import may_be_unsaid
from cockpit.agent.llm.spoken import spans as spans
from cockpit.agent.plan import Call, Condition, Verdict
from skills.api import SkillError, SkillSet


class PlanInvalid(ValueError):
    """A plan that does not parse, or whose calls the skills do not take."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a sentence means: a verdict, and calls where it is to act."""

    verdict: Verdict
    calls: tuple[Call, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the called functions."""
        return tuple(call.function for call in self.calls)


NOTHING = Meant(Verdict.NOTHING)


_UNLESS = re.compile(r"(?<!not )\bunless\b|\b(?:except|but not) (?:if|when)\b")


def _conditions(meant: Meant) -> set[Condition]:
    """The plan's conditions; one and its opposite count once."""
    found: set[Condition] = set()
    for call in meant.calls:
        if call.when is not None and negate(call.when) not in found:
            found.add(call.when)
    return found


class Plans:
    """Reads, checks and writes plans in their canonical form.

    Canonical: what is optional and equals its default is left out, and texts are spelled as the
    model reads them, without an article.

    Args:
        skills: whose calls they hold.
        implied: texts that need not be said ("i'm hungry": restaurant).
    """

    def __init__(self, skills: SkillSet, implied: Collection[str] = ()) -> None:
        self.skills = skills
        self._implied = frozenset(implied)
        self._notation = Notation(skills)

    def read(self, text: str) -> Meant:
        """A written plan.

        Raises:
            PlanInvalid: it does not parse, or a call is not valid.
        """
        try:
            verdict, calls = self._notation.parse(text)
        except PlanSyntax as error:
            raise PlanInvalid(f"plan {text!r}: {error.args[0]}") from error
        return self.canonical(verdict, calls)

    def canonical(self, verdict: Verdict, calls: Sequence[Call]) -> Meant:
        """The canonical form.

        Raises:
            PlanInvalid: a call is not valid.
        """
        return Meant(verdict, tuple(self._call(call) for call in calls))

    def write(self, meant: Meant, said: str = "") -> str:
        """In the notation; a condition as ``said``, where that says when not to do something."""
        unless = _UNLESS.search(said) is not None and len(_conditions(meant)) == 1
        return self._notation.write(meant.verdict, meant.calls, unless=unless)

    def texts(self, meant: Meant) -> Iterator[str]:
        """Free texts of the calls, which must have been said."""
        for call in meant.calls:
            for name, value in call.arguments.items():
                if not self._notation.is_text(call.function, name):
                    continue
                for text in value if isinstance(value, list | tuple) else (value,):
                    if isinstance(text, str) and not text.startswith("$"):
                        yield text

    def unsaid(self, meant: Meant, text: str) -> str | None:
        """A free text that is no span of the sentence, or None."""
        unsaid = (free for free in self.texts(meant) if not spans(free, text))
        return next((free for free in unsaid if not self._is_implied(free)), None)

    def _is_implied(self, free: str) -> bool:
        return bool(self._implied) and (free in self._implied or may_be_unsaid(free))

    def _call(self, call: Call) -> Call:
        function = self.skills.get(call.function)
        if function is None:
            raise PlanInvalid(f"there is no function {call.function}")
        for name in call.arguments:
            if name not in function.arguments.model_fields:
                raise PlanInvalid(f"{call.function} has no argument {name}")
        call = self._notation.canonical(call)
        if not any(isinstance(value, str) and "$" in value for value in call.arguments.values()):
            try:
                function.validate(call.arguments)
            except SkillError as error:
                raise PlanInvalid(f"{call.function}: {error.spoken}") from error
        return call
