"""One canonical form of every plan, and what must hold of it."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Union, get_args, get_origin

from cockpit.agent.llm.language import PlanSyntax
from cockpit.agent.llm.notation import Notation, left_out
from cockpit.agent.llm.spoken import bare_name, may_be_unsaid
from cockpit.agent.llm.spoken import spans as spans
from cockpit.agent.plan import Call, Verdict
from skills.api import Function, SkillError, SkillSet


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

    def write(self, meant: Meant) -> str:
        """In the notation."""
        return self._notation.write(meant.verdict, meant.calls)

    def texts(self, meant: Meant) -> Iterator[str]:
        """Free texts of the calls, which must have been said."""
        for call in meant.calls:
            free = free_texts(self.skills[call.function])
            for name, value in call.arguments.items():
                for text in value if isinstance(value, list | tuple) else (value,):
                    if name in free and isinstance(text, str) and not text.startswith("$"):
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
        fields = function.arguments.model_fields
        free = free_texts(function)
        arguments: dict[str, Any] = {}
        for name, value in call.arguments.items():
            if name not in fields:
                raise PlanInvalid(f"{call.function} has no argument {name}")
            if left_out(value, fields[name]):
                continue
            arguments[name] = bare_name(value, listed=name == "items") if name in free else value
        if not any(isinstance(value, str) and "$" in value for value in arguments.values()):
            try:
                function.validate(arguments)
            except SkillError as error:
                raise PlanInvalid(f"{call.function}: {error.spoken}") from error
        return replace(call, arguments=arguments)


@cache
def _free(model: Any) -> frozenset[str]:
    return frozenset(name for name, info in model.model_fields.items() if _is_text(info.annotation))


def free_texts(function: Function) -> frozenset[str]:
    """Arguments of a function that are free text."""
    return _free(function.arguments)


def _is_text(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(_is_text(arm) for arm in get_args(hint))
    if origin is not None:
        return any(_is_text(arm) for arm in get_args(hint))
    return hint is str
