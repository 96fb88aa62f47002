"""Declaring a skill: its functions, their schema, their replies and their sentences."""

from __future__ import annotations

import inspect
import types
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from skills.api.arguments import Unit
from skills.api.context import Context
from skills.api.errors import OutOfRange, SignatureInvalid, SkillError
from skills.api.results import Result

type Run = Callable[..., Awaitable[Result]]
type Render = Callable[[Any], str]


@dataclass(frozen=True)
class Function:
    """One thing a skill can do, as planners, the grammar, the docs and the executor see it.

    Attributes:
        name: ``<skill>.<function>``, unique over all skills.
        description: first paragraph of the docstring.
        arguments: pydantic model of the arguments; extra ones are forbidden.
        question: True where it only reads and answers.
        run: the coroutine function, called as ``run(ctx, **arguments)``.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    question: bool
    run: Run
    result: type[Result]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments, in the form of JSON tool calling."""
        schema = self.arguments.model_json_schema()
        schema.pop("title", None)
        return schema

    def validate(self, arguments: Mapping[str, object]) -> dict[str, Any]:
        """Arguments as Python values.

        Raises:
            SkillError: one of them is unknown, missing or of a wrong type.
            OutOfRange: a number is beyond its limits.
        """
        try:
            model = self.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            raise _fault(self.arguments, error) from error
        return {name: getattr(model, name) for name in type(model).model_fields}


_BOUNDS = {
    "greater_than_equal": ("lower", "ge"),
    "greater_than": ("lower", "gt"),
    "less_than_equal": ("higher", "le"),
    "less_than": ("higher", "lt"),
}


def _fault(arguments: type[BaseModel], error: ValidationError) -> SkillError:
    """What to say about the first argument that does not fit."""
    first = error.errors()[0]
    argument = str(first["loc"][0]) if first["loc"] else "that"
    name = argument.replace("_", " ")
    match first["type"]:
        case kind if kind in _BOUNDS:
            side, bound = _BOUNDS[kind]
            return OutOfRange(_limits(arguments, argument, side, first["ctx"][bound]))
        case "missing":
            return SkillError(f"I need to know the {name}.")
        case "extra_forbidden":
            return SkillError(f"I don't know what to do with the {name}.")
        case _:
            return SkillError(f"I didn't understand the {name}.")


def _limits(arguments: type[BaseModel], argument: str, side: str, broken: float) -> str:
    """ "The temperature can only be between 16 and 28 degrees.": both ends where there are two."""
    field = arguments.model_fields.get(argument)
    metadata = field.metadata if field is not None else []
    low = next((entry.ge for entry in metadata if hasattr(entry, "ge")), None)
    high = next((entry.le for entry in metadata if hasattr(entry, "le")), None)
    unit = next((f" {entry.spoken}" for entry in metadata if isinstance(entry, Unit)), "")
    subject = f"The {argument.replace('_', ' ')}"
    if argument == "percent":
        subject, unit = "That", " percent"
    # An error inside a list or a model has other limits than the argument itself.
    if low is None or high is None or broken not in (low, high):
        return f"{subject} can't be {side} than {broken:g}{unit}."
    if argument == "by" and low == -high:
        return f"I can only change it by up to {high:g}{unit}."
    return f"{subject} can only be between {low:g} and {high:g}{unit}."


def function(*, question: bool = False) -> Callable[[Run], Run]:
    """Mark an async function as a skill function.

    Args:
        question: it only reads; a call of it never changes anything.
    """

    def mark(run: Run) -> Run:
        run.__dict__["__skill_function__"] = {"question": question}
        return run

    return mark


@dataclass(frozen=True)
class Skill:
    """A folder of functions that belong together.

    Attributes:
        name: short lower-case name, the first part of its functions' names.
        title: what a person calls it.
        functions: by full name.
        replies: how each result type is said.
        sentences: its ``sentences.yaml``.
    """

    name: str
    title: str
    functions: Mapping[str, Function]
    replies: Mapping[type[Result], Render]
    sentences: Path

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """Things to say, of ``examples.yaml`` beside the sentences; none where that is missing.

        ``{place}`` and ``{item}`` in them stand for a saved place and an item of a list.

        Raises:
            SignatureInvalid: the file is no list of texts.
        """
        file = self.sentences.with_name("examples.yaml")
        if not file.is_file():
            return ()
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(read, list) or not all(isinstance(line, str) for line in read):
            raise SignatureInvalid(f"{file} has to be a list of sentences.")
        return tuple(read)


def define_skill(
    name: str,
    title: str,
    functions: Iterable[Run],
    replies: Mapping[type[Any], Render],
    sentences: Path,
) -> Skill:
    """Make a skill out of marked functions.

    Raises:
        SignatureInvalid: with every fault of every signature, not only the first.
    """
    faults: list[str] = []
    built: dict[str, Function] = {}
    for run in functions:
        made = _function(name, run, faults)
        if made is None:
            continue
        if made.name in built:
            faults.append(f"{made.name}: defined twice")
        if made.result not in replies:
            faults.append(f"{made.name}: no reply renders {made.result.__name__}")
        built[made.name] = made
    if not sentences.is_file():
        faults.append(f"{name}: {sentences.name} is missing")
    if faults:
        raise SignatureInvalid(f"Skill {name} is not valid: " + "; ".join(faults) + ".")
    return Skill(name, title, types.MappingProxyType(built), replies, sentences)


def _function(skill: str, run: Run, faults: list[str]) -> Function | None:
    label = f"{skill}.{run.__name__}"
    before = len(faults)
    marks = run.__dict__.get("__skill_function__")
    if marks is None:
        faults.append(f"{label}: lacks the @function mark")
    if not inspect.iscoroutinefunction(run):
        faults.append(f"{label}: is not an async function")
    description = (inspect.getdoc(run) or "").partition("\n\n")[0].replace("\n", " ")
    if not description:
        faults.append(f"{label}: has no docstring")
    try:
        hints = get_type_hints(run, include_extras=True)
    except NameError as error:
        faults.append(f"{label}: {error}")
        return None
    parameters = list(inspect.signature(run).parameters.values())
    if not parameters or hints.get(parameters[0].name) is not Context:
        faults.append(f"{label}: its first argument is not a Context")
    result = hints.get("return")
    if not (isinstance(result, type) and issubclass(result, Result)):
        faults.append(f"{label}: does not return a Result")
    fields: dict[str, Any] = {}
    for parameter in parameters[1:]:
        hint = hints.get(parameter.name)
        if hint is None:
            faults.append(f"{label}: argument {parameter.name} has no type")
            continue
        if not _description(hint):
            faults.append(f"{label}: argument {parameter.name} has no description")
        if not _supported(hint):
            faults.append(f"{label}: argument {parameter.name} has an unsupported type")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hint, default)
    if len(faults) > before:
        return None
    model = create_model(run.__name__, __config__=ConfigDict(extra="forbid", frozen=True), **fields)
    assert isinstance(result, type)
    assert marks is not None
    return Function(label, description, model, bool(marks["question"]), run, result)


def _description(hint: Any) -> str | None:
    if get_origin(hint) is not Annotated:
        return None
    for extra in get_args(hint)[1:]:
        if isinstance(extra, FieldInfo) and extra.description:
            return extra.description
    return None


def _supported(hint: Any) -> bool:
    """Types that a grammar can spell: scalars, enums, lists and flat models of them."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _supported(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return all(_supported(arm) for arm in get_args(hint) if arm is not type(None))
    if origin is list:
        return _supported(get_args(hint)[0])
    if not isinstance(hint, type):
        return False
    if issubclass(hint, BaseModel):
        return all(_supported(field.annotation) for field in hint.model_fields.values())
    return hint in (bool, int, float, str) or issubclass(hint, StrEnum)


class SkillSet(Mapping[str, Function]):
    """All functions of several skills by full name, and the replies of their results."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self.skills = tuple(sorted(skills, key=lambda skill: skill.name))
        self._functions = {
            name: entry for skill in self.skills for name, entry in skill.functions.items()
        }
        self._replies = {name: skill.replies for skill in self.skills for name in skill.functions}

    @classmethod
    def installed(cls) -> SkillSet:
        """Every skill of the entry-point group ``cockpit.skills``.

        Raises:
            SignatureInvalid: a skill has faults, or two skills share a name.
        """
        found: dict[str, Skill] = {}
        for entry in entry_points(group="cockpit.skills"):
            skill = entry.load()
            if not isinstance(skill, Skill):
                raise SignatureInvalid(f"{entry.value} is not a Skill.")
            if skill.name in found:
                raise SignatureInvalid(f"Two skills are called {skill.name}.")
            found[skill.name] = skill
        return cls(found.values())

    def __getitem__(self, name: str) -> Function:
        return self._functions[name]

    def __iter__(self) -> Any:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def render(self, function: str, result: Result) -> str:
        """The reply to say for a function's result, in its own skill's words.

        Skills share result types (``skills.zones.Acted``) and say them each in its own way.
        """
        return self._replies[function][type(result)](result)
