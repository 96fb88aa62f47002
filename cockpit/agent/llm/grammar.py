"""The grammar of plans, in llama.cpp's GBNF, made from the skills' schemas.

A plan is JSON tool calls, one after the other, in the form that Qwen2.5 was trained on::

    <tool_call>
    {"name": "climate.set_temperature", "arguments": {"temperature": 22, "where": "mine"}}
    </tool_call>

Arguments come in the order of the signature; from the second call on, a text or a number may be
``"$1.field"`` instead, which stands for a field of an earlier call's result. Where nothing is to be
called, the plan is a call of ``nothing`` or ``unknown`` without arguments: then a model weighs it
against the names of the tools, and not a word against a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from cockpit.agent.llm.ranges import UNBOUNDED, decimals, integers
from skills.api import Function, SkillSet

NOTHING = "nothing"
UNKNOWN = "unknown"
OPENING = "<tool_call>\n"
CLOSING = "\n</tool_call>"
MAX_CALLS = 12
MAX_TEXT = 120
"""Longest free text that a plan may hold, in characters."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}


def plan_grammar(skills: SkillSet) -> str:
    """GBNF whose root accepts exactly the plans over these skills."""
    return _Builder(skills).text()


class _Builder:
    def __init__(self, skills: SkillSet) -> None:
        self._rules: dict[str, str] = {}
        self._skills = skills
        self._references = _reference_rule(skills)

    def text(self) -> str:
        for suffix, later in (("", False), ("-later", True)):
            calls = [self._skill(skill.name, skill.functions.values(), suffix, later)
                     for skill in self._skills.skills if skill.functions]  # fmt: skip
            before, after = literal(OPENING + '{"name": "'), literal("}" + CLOSING)
            call = f"{before} ({' | '.join(calls)}) {after}" if calls else _without_calls(UNKNOWN)
            self._rules[f"call{suffix}"] = call
        self._rules["ref"] = self._references
        more = f'("\\n" call-later){{0,{MAX_CALLS - 1}}}'
        root = f"{_without_calls(NOTHING)} | {_without_calls(UNKNOWN)} | call {more}"
        return "\n".join(
            [f"root ::= {root}", *(f"{name} ::= {body}" for name, body in self._rules.items())]
        )

    def _skill(self, skill: str, functions: Iterable[Function], suffix: str, later: bool) -> str:
        # The skill's name is spelled once: each open alternative costs time at every token.
        choices = " | ".join(self._function(entry, suffix, later) for entry in functions)
        name = _rule_name(f"skill-{skill}{suffix}")
        self._rules[name] = f"{literal(skill + '.')} ({choices})"
        return name

    def _function(self, entry: Function, suffix: str, later: bool) -> str:
        name = _rule_name(f"{entry.name}{suffix}")
        head = literal(entry.name.partition(".")[2] + '", "arguments": ')
        arguments = self._object(entry.schema, entry.schema.get("$defs", {}), later)
        self._rules[name] = f"{head} {arguments}"
        return name

    def _value(self, facts: Mapping[str, Any], definitions: Mapping[str, Any], later: bool) -> str:
        expression, may_refer = self._typed(facts, definitions, later)
        return f"({expression} | ref)" if later and may_refer else f"({expression})"

    def _typed(
        self, facts: Mapping[str, Any], definitions: Mapping[str, Any], later: bool
    ) -> tuple[str, bool]:
        """GBNF of a value, and whether a reference may stand in its place."""
        if "$ref" in facts:
            return self._typed(definitions[facts["$ref"].rpartition("/")[2]], definitions, later)
        if "anyOf" in facts:
            arms = [
                self._typed(arm, definitions, later)
                for arm in facts["anyOf"]
                if arm.get("type") != "null"
            ]
            return " | ".join(text for text, _ in arms), any(refer for _, refer in arms)
        if "const" in facts:
            return self._shared(literal(json.dumps(facts["const"]))), False
        if "enum" in facts:
            choices = " | ".join(literal(json.dumps(value)) for value in facts["enum"])
            return self._shared(choices), False
        match facts.get("type"):
            case "boolean":
                return self._shared('"true" | "false"'), False
            case "integer":
                low, high = bounds(facts, 1)
                return self._shared(integers(int(low), int(high))), True
            case "number":
                return self._shared(decimals(*bounds(facts, 0.1))), True
            case "array":
                item = self._value(facts.get("items", {}), definitions, later)
                top = max(1, int(facts.get("maxItems", 12)))
                listed = f'"[" {item} (", " {item}){{0,{top - 1}}} "]"'
                return self._shared(listed), True
            case "object":
                return self._shared(self._object(facts, definitions, later)), True
            case _:
                return self._shared(_text(facts)), True

    def _object(self, facts: Mapping[str, Any], definitions: Mapping[str, Any], later: bool) -> str:
        required = set(facts.get("required", ()))
        members = [
            (key in required, f"{literal(json.dumps(key) + ': ')} "
                              f"{self._value(member, definitions, later)}")
            for key, member in facts.get("properties", {}).items()
        ]  # fmt: skip
        return f'"{{" {_members(members)} "}}"'

    def _shared(self, body: str) -> str:
        """A rule for the body, the same one for the same body."""
        for name, known in self._rules.items():
            if known == body and name.startswith("v"):
                return name
        name = f"v{len(self._rules)}"
        self._rules[name] = body
        return name


def _without_calls(name: str) -> str:
    return literal(f'{OPENING}{{"name": "{name}", "arguments": {{}}}}{CLOSING}')


def bounds(facts: Mapping[str, Any], step: float) -> tuple[float, float]:
    """Smallest and largest value of a numeric schema; exclusive limits move by one step."""
    low = facts.get("minimum", -UNBOUNDED)
    high = facts.get("maximum", UNBOUNDED)
    if "exclusiveMinimum" in facts:
        low = max(low, facts["exclusiveMinimum"] + step)
    if "exclusiveMaximum" in facts:
        high = min(high, facts["exclusiveMaximum"] - step)
    return low, high


def _members(members: list[tuple[bool, str]]) -> str:
    """Members in order with commas between; those that are not required may be left out."""
    # Alternatives by the first member that is there; what follows it brings its own comma.
    choices = []
    for index, (required, first) in enumerate(members):
        rest = [
            f'", " {text}' if needed else f'(", " {text})?' for needed, text in members[index + 1 :]
        ]
        choices.append(" ".join([first, *rest]))
        if required:
            return f"({' | '.join(choices)})"
    return f"({' | '.join(choices)})?" if choices else ""


def _text(facts: Mapping[str, Any]) -> str:
    pattern = facts.get("pattern")
    translated = _from_pattern(pattern) if pattern else None
    if translated is not None:
        return f'"\\"" {translated} "\\""'
    longest = min(int(facts.get("maxLength", MAX_TEXT)), MAX_TEXT)
    # A leading $ would read as a reference, a quotation mark would end the text.
    rest = f' [^"\\\\\\x00-\\x1F]{{0,{longest - 1}}}' if longest > 1 else ""
    return f'"\\"" [^"\\\\$ \\x00-\\x1F]{rest} "\\""'


def _from_pattern(pattern: str) -> str | None:
    """GBNF of a simple anchored regular expression, or None where it is not so simple."""
    anchored = re.fullmatch(r"\^(.*)\$", pattern)
    if anchored is None:
        return None
    piece = re.compile(r"(\[[^\]\\]+\]|\\d|[\w#:/ .-])(\{\d+(?:,\d*)?\}|[?*+])?")
    out = []
    at = 0
    while at < len(anchored[1]):
        found = piece.match(anchored[1], at)
        if found is None or found[1] == ".":
            return None
        atom = {"\\d": "[0-9]"}.get(found[1]) or (
            found[1] if found[1].startswith("[") else literal(found[1])
        )
        out.append(atom + (found[2] or ""))
        at = found.end()
    return " ".join(out)


def _reference_rule(skills: SkillSet) -> str:
    return f'"\\"$" [1-{min(9, MAX_CALLS - 1)}] {reference_choices(skills)} "\\""'


def reference_choices(skills: SkillSet) -> str:
    """GBNF of what may follow the number of a reference: nothing, or a result's field."""
    names = sorted(
        {field.name for entry in skills.values() for field in fields(entry.result)},
    )
    choices = " | ".join(literal(name) for name in names)
    return f'("." ({choices}))?' if choices else ""


def literal(text: str) -> str:
    """A GBNF literal."""
    return '"' + "".join(_ESCAPES.get(sign, sign) for sign in text) + '"'


def _rule_name(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "-", text)
