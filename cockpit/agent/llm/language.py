"""The plan language: from a model's text to calls, and back for examples and follow-ups."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from cockpit.agent.llm.grammar import NOTHING, UNKNOWN
from cockpit.agent.plan import Call, Verdict

_HEAD = re.compile(r"([a-z]\w*\.[a-z]\w*)\(")
_KEY = re.compile(r"([a-z_]\w*)=")
_REFERENCE = re.compile(r"\$(\d+)(?:\.\w+)?")


class PlanSyntax(ValueError):
    """The text is not a plan; a decoder that was stopped early leaves such text."""


def parse_plan(text: str) -> tuple[Verdict, tuple[Call, ...]]:
    """Verdict and calls of a plan.

    Raises:
        PlanSyntax: the text is not a plan; ``args[1]`` holds the calls before the fault.
    """
    if text.strip() == NOTHING:
        return Verdict.NOTHING, ()
    if text.strip() == UNKNOWN:
        return Verdict.UNKNOWN, ()
    calls: list[Call] = []
    # Not splitlines: a text in quotes may hold U+0085 and other line ends.
    for line in text.strip().split("\n") if text.strip() else ():
        try:
            calls.append(_parse_call(line, len(calls)))
        except ValueError as error:
            raise PlanSyntax(str(error), tuple(calls)) from error
    if not calls:
        raise PlanSyntax("the plan is empty", ())
    return Verdict.ACT, tuple(calls)


def _parse_call(line: str, earlier: int) -> Call:
    head = _HEAD.match(line)
    if head is None:
        raise ValueError(f"{line!r} is not a call")
    decoder = json.JSONDecoder()
    arguments: dict[str, Any] = {}
    at = head.end()
    while line[at : at + 1] != ")":
        if arguments:
            if line[at : at + 2] != ", ":
                raise ValueError(f"{line!r} ends too early")
            at += 2
        key = _KEY.match(line, at)
        if key is None:
            raise ValueError(f"{line!r} ends too early")
        arguments[key[1]], at = decoder.raw_decode(line, key.end())
    if at != len(line) - 1:
        raise ValueError(f"{line!r} goes on after its end")
    for number in references(arguments):
        if not 1 <= number <= earlier:
            raise ValueError(f"{line!r} refers to call {number}, which does not come before it")
    return Call(head[1], arguments)


def references(value: object) -> tuple[int, ...]:
    """Numbers of the calls that a value refers to."""
    if isinstance(value, str):
        match = _REFERENCE.fullmatch(value)
        return (int(match[1]),) if match else ()
    if isinstance(value, dict):
        return tuple(number for item in value.values() for number in references(item))
    if isinstance(value, list):
        return tuple(number for item in value for number in references(item))
    return ()


def write_plan(calls: Sequence[Call]) -> str:
    """Calls as a model writes them."""
    return "\n".join(_write_call(call) for call in calls)


def _write_call(call: Call) -> str:
    arguments = (
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in call.arguments.items()
    )
    return f"{call.function}({', '.join(arguments)})"
