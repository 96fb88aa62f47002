"""The prompt: everything constant first, so that its evaluation is done once.

The functions are listed one a line, much shorter than JSON schemas: a small model on two cores
reads about 200 tokens a second.
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
from cockpit.agent.llm.grammar import NOTHING, UNKNOWN, bounds
from cockpit.agent.llm.language import PlanSyntax, parse_plan, references, write_plan
from cockpit.agent.llm.ranges import UNBOUNDED
from cockpit.agent.plan import Call, DialogueContext
from skills.api import Function, SkillError, SkillSet

_INSTRUCTIONS = f"""\
You control a car. Answer what is said with function calls, one a line, and nothing else.
Give only arguments that were said. Arguments with ? may be left out.
"$1.name" stands for the field name of the result of the first call.
Write {NOTHING} where nothing is asked of the car, and {UNKNOWN} where no function fits.
Functions:
"""
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
    system = _INSTRUCTIONS + "\n".join(list_functions(skills))
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
    before = write_plan(context.last_calls[:_FOLLOWED]).replace("\n", " ")
    return f"(before: {before})\n{said}"


@cache
def _shipped_examples() -> tuple[tuple[str, str], ...]:
    text = (files("cockpit.agent.llm") / "examples.yaml").read_text(encoding="utf-8")
    return tuple((entry["say"], entry["plan"].strip()) for entry in yaml.safe_load(text))


def examples(skills: SkillSet) -> tuple[tuple[str, str], ...]:
    """Worked examples whose functions these skills have, with these very arguments."""
    return tuple((said, plan) for said, plan in _shipped_examples() if _fits(plan, skills))


def _fits(plan: str, skills: SkillSet) -> bool:
    try:
        _, calls = parse_plan(plan)
        return all(_call_fits(call, skills) for call in calls)
    except PlanSyntax:
        return False


def _call_fits(call: Call, skills: SkillSet) -> bool:
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


def list_functions(skills: SkillSet) -> list[str]:
    """One line a function, after one line for each type that several of them share."""
    names = _shared_enums(skills.values())
    lines = [f"{name}: {choices}" for choices, name in names.items()]
    for entry in skills.values():
        definitions = entry.schema.get("$defs", {})
        required = entry.schema.get("required", ())
        arguments = ", ".join(
            f"{key}{'' if key in required else '?'}: {_type(facts, definitions, names)}"
            for key, facts in entry.schema.get("properties", {}).items()
        )
        description = _brief(entry.description)
        lines.append(f"{entry.name}({arguments}) {description}")
    return lines


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


def _type(
    facts: Mapping[str, Any], definitions: Mapping[str, Any], names: Mapping[str, str]
) -> str:
    if "$ref" in facts:
        return _type(definitions[facts["$ref"].rpartition("/")[2]], definitions, names)
    if "anyOf" in facts:
        arms = [
            _type(arm, definitions, names) for arm in facts["anyOf"] if arm.get("type") != "null"
        ]
        return "|".join(arms)
    if "enum" in facts:
        choices = _choices(facts["enum"])
        return names.get(choices, choices)
    if "const" in facts:
        return json.dumps(facts["const"])
    match facts.get("type"):
        case "boolean":
            return "true|false"
        case "integer" | "number":
            low, high = bounds(facts, 1 if facts["type"] == "integer" else 0.1)
            if -low >= UNBOUNDED or high >= UNBOUNDED:
                return "number"
            return f"{low:g}..{high:g}"
        case "array":
            return f"[{_type(facts.get('items', {}), definitions, names)}]"
        case "object":
            required = facts.get("required", ())
            members = (
                f'"{key}"{"" if key in required else "?"}: {_type(member, definitions, names)}'
                for key, member in facts.get("properties", {}).items()
            )
            return "{" + ", ".join(members) + "}"
        case _:
            return str(facts["description"]) if "pattern" in facts else "text"


def _choices(values: Sequence[object]) -> str:
    return "|".join(json.dumps(value) for value in values)
