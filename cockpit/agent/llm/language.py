"""Tool calls: from a model's text to calls, and back for examples and follow-ups."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from cockpit.agent.llm.grammar import CLOSING, NOTHING, OPENING, UNKNOWN
from cockpit.agent.plan import Call, Verdict

_NAME = re.compile(r"[a-z]\w*\.[a-z]\w*")
_WITHOUT_CALLS = {NOTHING: Verdict.NOTHING, UNKNOWN: Verdict.UNKNOWN}
_REFERENCE = re.compile(r"\$(\d+)(?:\.\w+)?")


class PlanSyntax(ValueError):
    """The text is not a plan; a decoder that was stopped early leaves such text."""


def parse_plan(text: str) -> tuple[Verdict, tuple[Call, ...]]:
    """Verdict and calls of a plan.

    Raises:
        PlanSyntax: the text is not a plan; ``args[1]`` holds the calls before the fault.
    """
    text = text.strip()
    for name, verdict in _WITHOUT_CALLS.items():
        if text == write_plan([Call(name)]):
            return verdict, ()
    if not text:
        raise PlanSyntax("the plan is empty", ())
    calls: list[Call] = []
    at = 0
    try:
        while at < len(text):
            call, at = _parse_call(text, at, len(calls))
            calls.append(call)
    except ValueError as error:
        raise PlanSyntax(str(error), tuple(calls)) from error
    return Verdict.ACT, tuple(calls)


def _parse_call(text: str, at: int, earlier: int) -> tuple[Call, int]:
    """The call at a place, and where the next one begins."""
    if not text.startswith(OPENING, at):
        raise ValueError(f"{text[at:]!r} is not a tool call")
    written, end = json.JSONDecoder().raw_decode(text, at + len(OPENING))
    if not text.startswith(CLOSING, end):
        raise ValueError(f"{text[at:]!r} has no end")
    end += len(CLOSING)
    if end < len(text):
        if text[end] != "\n":
            raise ValueError(f"{text[at:]!r} goes on after its end")
        end += 1
    match written:
        case {"name": str(name), "arguments": dict(arguments), **rest} if not rest:
            call = Call(name, arguments)
        case _:
            raise ValueError(f"{written!r} is not a tool call")
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a function")
    for number in references(arguments):
        if not 1 <= number <= earlier:
            raise ValueError(f"{name} refers to call {number}, which does not come before it")
    return call, end


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
    return "\n".join(f"{OPENING}{write_call(call)}{CLOSING}" for call in calls)


def write_call(call: Call) -> str:
    """A call's JSON object."""
    return json.dumps(
        {"name": call.function, "arguments": dict(call.arguments)}, ensure_ascii=False
    )
