"""The prompt: everything constant first, so that its evaluation is done once.

The tools are listed in JSON, one a line and much shorter than JSON schemas, whose 17,000 tokens a
small model on two cores would read for minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cockpit.agent.llm.errors import EngineMissing
from cockpit.agent.llm.grammar import CLOSING, NOTHING, OPENING, UNKNOWN, bounds
from cockpit.agent.llm.language import references, write_call, write_plan
from cockpit.agent.llm.ranges import UNBOUNDED
from cockpit.agent.plan import Call, DialogueContext
from skills.api import Function, SkillError, SkillSet

_INSTRUCTIONS = f"""\
You control a car. Answer what is said with tool calls, and with no other text.
Give only arguments that were said. Arguments with ? may be left out.
"$1.name" stands for the field name of the result of the first call.

# Tools

Each tool is [name, arguments, what it does]:
<tools>
%s
</tools>

For each tool call, return a json object with name and arguments within <tool_call></tool_call>:
{OPENING}{{"name": <name>, "arguments": <args-json-object>}}{CLOSING}"""
_WITHOUT_CALLS = {
    NOTHING: "Nothing is asked of the car",
    UNKNOWN: "No other tool fits what is asked",
}
_SLOT = "\x00utterance\x00"
_SHORT = 20  # an enum of more letters that is used again gets a name
_FOLLOWED = 4  # calls of the turn before that a follow-up may build on


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """A chat template around a place for what is said.

    Attributes:
        before: constant text; control tokens in it count.
        after: what makes the model answer; likewise.
    """

    before: str
    after: str


class _Template:
    """A GGUF's own chat template."""

    def __init__(self, template: str, bos: str, eos: str) -> None:
        try:
            from llama_cpp.llama_chat_format import Jinja2ChatFormatter
        except ImportError as error:
            raise EngineMissing from error
        self._render = Jinja2ChatFormatter(template, eos, bos)

    def __call__(self, messages: list[dict[str, str]]) -> str:
        return str(self._render(messages=messages).prompt)  # type: ignore[arg-type]


# What most small models were tuned on; for a model without a template of its own.
_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n"
)


def chat_prompt(
    skills: SkillSet, template: str | None, *, bos: str = "", eos: str = ""
) -> ChatPrompt:
    """The constant prompt over these skills in a model's own chat template."""
    from jinja2 import TemplateError

    render = _Template(template or _CHATML, bos, eos)
    system = _INSTRUCTIONS % "\n".join(list_tools(skills))
    turns: list[dict[str, str]] = []
    for said, plan in examples(skills):
        turns.append({"role": "user", "content": said})
        turns.append({"role": "assistant", "content": plan})
    turns.append({"role": "user", "content": _SLOT})
    try:
        text = render([{"role": "system", "content": system}, *turns])
    except (TemplateError, ValueError):  # a template's own raise_exception is a ValueError
        text = ""
    if text.count(_SLOT) != 1 or system[:40] not in text:
        # Some templates know no system role; then it stands before the first thing said.
        turns[0] = {"role": "user", "content": f"{system}\n\n{turns[0]['content']}"}
        text = render(turns)
    before, _, after = text.partition(_SLOT)
    return ChatPrompt(before, after)


def spoken_part(text: str, context: DialogueContext) -> str:
    """What goes between the constant parts: the utterance, and before it the last calls."""
    said = " ".join(text.split())
    if not context.last_calls:
        return said
    before = " ".join(write_call(call) for call in context.last_calls[:_FOLLOWED])
    return f"(before: {before})\n{said}"


@cache
def _shipped_examples() -> tuple[Mapping[str, Any], ...]:
    text = (files("cockpit.agent.llm") / "examples.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def examples(skills: SkillSet) -> tuple[tuple[str, str], ...]:
    """Worked examples whose functions these skills have, with these very arguments."""
    kept = []
    for entry in _shipped_examples():
        calls = [Call(call["name"], call["arguments"]) for call in entry["calls"]]
        if all(_fits(call, skills) for call in calls):
            kept.append((entry["say"], write_plan(calls)))
    return tuple(kept)


def _fits(call: Call, skills: SkillSet) -> bool:
    if call.function in _WITHOUT_CALLS:
        return True
    entry = skills.get(call.function)
    if entry is None:
        return False
    if references(dict(call.arguments)):
        return set(call.arguments) <= set(entry.schema.get("properties", ()))
    try:
        entry.validate(call.arguments)
    except SkillError:
        return False
    return True


def list_tools(skills: SkillSet) -> list[str]:
    """A JSON line for the types that several tools share, and one a tool."""
    names = _shared_enums(skills.values())
    lines = [_json({name: choices for choices, name in names.items()})] if names else []
    for entry in skills.values():
        definitions = entry.schema.get("$defs", {})
        required = entry.schema.get("required", ())
        arguments = _members(entry.schema.get("properties", {}), required, definitions, names)
        lines.append(_json([entry.name, arguments, _brief(entry.description)]))
    return lines + [_json([name, {}, what]) for name, what in _WITHOUT_CALLS.items()]


def _brief(description: str) -> str:
    """The first clause; what comes after is for people who read the docs."""
    return re.split(r"\. |[;:]| \(", description, maxsplit=1)[0].rstrip(".")


def _shared_enums(functions: Iterable[Function]) -> dict[str, str]:
    """Names of long enums that are used more than once, by their choices."""
    uses: dict[str, list[str]] = {}
    for entry in functions:
        for title, facts in entry.schema.get("$defs", {}).items():
            if "enum" in facts:
                uses.setdefault(_choices(facts["enum"]), []).append(title)
    shared = {
        choices: titles[0].upper()
        for choices, titles in uses.items()
        if len(titles) > 1 and len(choices) > _SHORT
    }
    # Two enums may share a class name; a number tells them apart.
    taken: dict[str, int] = {}
    for choices, name in shared.items():
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            shared[choices] = f"{name}{taken[name]}"
    return shared


def _members(
    properties: Mapping[str, Any],
    required: Sequence[str],
    definitions: Mapping[str, Any],
    names: Mapping[str, str],
) -> dict[str, Any]:
    return {
        f"{key}{'' if key in required else '?'}": _type(facts, definitions, names)
        for key, facts in properties.items()
    }


def _type(
    facts: Mapping[str, Any], definitions: Mapping[str, Any], names: Mapping[str, str]
) -> Any:
    """A short name for the values, or a list or mapping of such."""
    if "$ref" in facts:
        return _type(definitions[facts["$ref"].rpartition("/")[2]], definitions, names)
    if "anyOf" in facts:
        arms = [
            _type(arm, definitions, names) for arm in facts["anyOf"] if arm.get("type") != "null"
        ]
        return arms[0] if len(arms) == 1 else _choices(arms)
    if "enum" in facts:
        choices = _choices(facts["enum"])
        return names.get(choices, choices)
    if "const" in facts:
        return _choices([facts["const"]])
    match facts.get("type"):
        case "boolean":
            return "true|false"
        case "integer" | "number":
            low, high = bounds(facts, 1 if facts["type"] == "integer" else 0.1)
            if -low >= UNBOUNDED or high >= UNBOUNDED:
                return "number"
            return f"{low:g}..{high:g}"
        case "array":
            return [_type(facts.get("items", {}), definitions, names)]
        case "object":
            required = facts.get("required", ())
            return _members(facts.get("properties", {}), required, definitions, names)
        case _:
            return str(facts["description"]) if "pattern" in facts else "text"


def _choices(values: Sequence[object]) -> str:
    return "|".join(value if isinstance(value, str) else _json(value) for value in values)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
