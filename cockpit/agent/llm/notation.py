"""The compact plan notation, which the trained model writes without any tool list.

A plan is ``none``, ``unknown``, or calls joined by ``; ``::

    if raining: windows.set_window 0 rear; else: climate.set_temperature 21.5 mine

A call is the function's name and its arguments in the order of the signature. Required ones are
their values alone: numbers, ``on`` and ``off``, words of an enumeration, texts in quotes as they
were spoken. Optional ones are left out where they were not said; numbers and words of an
enumeration stand alone too, a flag is its name, a text is ``name="..."``. Where two optional
arguments could share a value the later one is written ``name=value``. A condition holds for all
calls after it, up to ``else:`` or the next condition; ``unless raining:`` is ``if not raining:``
as it is said, so that the model need not turn a comparison round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final

from pydantic.fields import FieldInfo

from cockpit.agent.conditions import (
    condition_grammar,
    negate,
    parse_condition,
    without_default,
    write_condition,
)
from cockpit.agent.llm.grammar import MAX_TEXT, bounds, literal, reference_choices
from cockpit.agent.llm.language import PlanSyntax, references
from cockpit.agent.llm.ranges import decimals, integers
from cockpit.agent.llm.spoken import bare_name
from cockpit.agent.plan import Call, Condition, Verdict
from skills.api import Function, Implied, SkillSet

NONE: Final = "none"
UNKNOWN: Final = "unknown"
_BETWEEN: Final = "; "
_TOKEN: Final = re.compile(r'\s*(?:(\w+)=)?("(?:[^"\\])*"|\$\d+(?:\.\w+)?|[^\s",;]+)(,)?')
_UNQUOTABLE: Final = re.compile(r"[\x00-\x1f\\]")
_MAX_CALLS: Final = 8  # nobody says more at once, and a model that has lost its way ends sooner
_VERDICTS: Final = {NONE: Verdict.NOTHING, UNKNOWN: Verdict.UNKNOWN}


class _Kind(Enum):
    NUMBER = auto()
    INTEGER = auto()
    SWITCH = auto()  # a boolean that must be given: on, off
    FLAG = auto()  # a boolean that is off where it is left out
    WORD = auto()  # of an enumeration
    TEXT = auto()
    TEXTS = auto()  # one or several


@dataclass(frozen=True, slots=True)
class _Argument:
    """How one argument is written.

    Attributes:
        named: written ``name=value``.
        words: the enumeration.
        low, high: range of a number.
    """

    name: str
    kind: _Kind
    required: bool
    named: bool
    words: tuple[str, ...] = ()
    low: float = 0
    high: float = 0

    def value(self, word: str) -> Any:
        """The argument's value, from how it is written.

        Raises:
            ValueError: it cannot be this argument's.
        """
        if references(word):
            return word
        match self.kind:
            case _Kind.INTEGER:
                return int(word)
            case _Kind.NUMBER:
                return float(word) if "." in word else int(word)
            case _Kind.SWITCH | _Kind.FLAG if word in ("on", "off"):
                return word == "on"
            case _Kind.WORD if word in self.words:
                return word
            case _Kind.TEXT | _Kind.TEXTS if word.startswith('"'):
                return word[1:-1]
        raise ValueError(f"{word} is no value of {self.name}")

    def written(self, value: Any) -> str:
        """The value, with its name where that is needed."""
        if self.kind is _Kind.FLAG and value is True:
            return self.name
        match value:
            case bool():
                text = "on" if value else "off"
            case str() if self.kind in (_Kind.TEXT, _Kind.TEXTS) and not references(value):
                text = _quoted(value)
            case list() | tuple():
                text = ", ".join(_quoted(str(item)) for item in value)
            case float():
                text = f"{value:g}"
            case _:
                text = str(value)
        return f"{self.name}={text}" if self.named else text


class Notation:
    """Reads, writes and constrains plans over a set of skills."""

    def __init__(self, skills: SkillSet) -> None:
        self.skills = skills
        self._arguments = {name: tuple(_arguments(entry)) for name, entry in skills.items()}

    def is_text(self, function: str, argument: str) -> bool:
        """Whether an argument is free text, or a list of texts."""
        return any(
            one.name == argument and one.kind in (_Kind.TEXT, _Kind.TEXTS)
            for one in self._arguments[function]
        )

    def canonical(self, call: Call) -> Call:
        """A call as the model writes it: without what a left-out argument means anyway, texts
        spelled as the model reads them.
        """
        fields = self.skills[call.function].arguments.model_fields
        arguments: dict[str, Any] = {}
        for name, value in call.arguments.items():
            if left_out(value, fields[name]):
                continue
            text = self.is_text(call.function, name)
            arguments[name] = bare_name(value, listed=name == "items") if text else value
        when = without_default(call.when) if call.when is not None else None
        return replace(call, arguments=arguments, when=when)

    # Writing.

    def write(self, verdict: Verdict, calls: Sequence[Call], *, unless: bool = False) -> str:
        """The plan as the model writes it.

        Args:
            unless: the condition is said the other way round.
        """
        if not calls:
            return NONE if verdict is Verdict.NOTHING else UNKNOWN
        parts: list[str] = []
        before: Condition | None = None
        for call in calls:
            written = self.write_call(call)
            if call.when != before and call.when is not None:
                other = before is not None and call.when == negate(before)
                head = "else" if other else _head(call.when, unless=unless)
                written = f"{head}: {written}"
            elif call.when is None and before is not None:
                raise ValueError("an unconditional call cannot follow a conditional one")
            before = call.when
            parts.append(written)
        return _BETWEEN.join(parts)

    def write_call(self, call: Call) -> str:
        """A call without its condition."""
        known = {argument.name: argument for argument in self._arguments[call.function]}
        words = [
            known[name].written(call.arguments[name])
            for name in known
            if call.arguments.get(name) is not None
            and not (known[name].kind is _Kind.FLAG and call.arguments[name] is False)
        ]
        return " ".join([call.function, *words])

    # Reading.

    def parse(self, text: str) -> tuple[Verdict, tuple[Call, ...]]:
        """Verdict and calls.

        Raises:
            PlanSyntax: it is no plan; ``args[1]`` holds the calls before the fault.
        """
        text = text.strip()
        if text in _VERDICTS:
            return _VERDICTS[text], ()
        calls: list[Call] = []
        when: Condition | None = None
        try:
            for part in _split(text):
                head, part = _cut_condition(part)
                if head == "else":
                    if when is None:
                        raise ValueError("else without a condition")
                    when = negate(when)
                elif head:
                    word, _, condition = head.partition(" ")
                    when = parse_condition(condition)
                    when = negate(when) if word == "unless" else when
                call = self._call(part, earlier=len(calls))
                calls.append(replace(call, when=when) if when else call)
        except ValueError as error:
            raise PlanSyntax(str(error), tuple(calls)) from error
        if not calls:
            raise PlanSyntax("the plan is empty", ())
        return Verdict.ACT, tuple(calls)

    def _call(self, text: str, *, earlier: int) -> Call:
        name, _, rest = text.strip().partition(" ")
        if name not in self._arguments:
            raise ValueError(f"{name!r} is no function")
        left = list(self._arguments[name])
        given: dict[str, Any] = {}
        listed: _Argument | None = None  # a list that goes on
        for key, word, comma in _words(rest):
            argument = listed or self._taken(name, left, key, word)
            flag = argument.kind is _Kind.FLAG and not key and word == argument.name
            value = True if flag else argument.value(word)
            for number in references(value):
                if not 1 <= number <= earlier:
                    raise ValueError(f"{text!r} refers to call {number}, which is not before it")
            if listed is not None:
                given[argument.name] = [*given[argument.name], value]
            elif argument.kind is _Kind.TEXTS and not references(value):
                given[argument.name] = [value]
            else:
                given[argument.name] = value
            listed = argument if comma and argument.kind is _Kind.TEXTS else None
            if comma and listed is None:
                raise ValueError(f"{text!r} has a list where none can be")
        if listed is not None:
            raise ValueError(f"{text!r} ends too early")
        for argument in left:
            if argument.required:
                raise ValueError(f"{text!r} lacks {argument.name}")
        return Call(name, given)

    @staticmethod
    def _taken(function: str, left: list[_Argument], key: str, word: str) -> _Argument:
        """The next argument that the word can be; it and those before it are used up."""
        for at, argument in enumerate(left):
            if _fits(argument, key, word):
                del left[: at + 1]
                return argument
            if argument.required:
                break
        raise ValueError(f"{key + '=' if key else ''}{word} is no argument of {function} there")

    # Constraining.

    def grammar(self) -> str:
        """GBNF whose root accepts exactly the plans over these skills."""
        rules: dict[str, str] = {}
        for suffix, later in (("", False), ("-later", True)):
            heads = []
            for skill in self.skills.skills:
                if not skill.functions:
                    continue
                choices = []
                for entry in skill.functions.values():
                    rule = _rule_name(f"{entry.name}{suffix}")
                    rules[rule] = self._rule(entry, later)
                    choices.append(rule)
                rule = _rule_name(f"skill-{skill.name}{suffix}")
                rules[rule] = f"{literal(skill.name + '.')} ({' | '.join(choices)})"
                heads.append(rule)
            rules[f"call{suffix}"] = " | ".join(heads) or literal(UNKNOWN)
        rules["condition"] = condition_grammar()
        rules["ref"] = f'"$" [1-{_MAX_CALLS - 1}] {reference_choices(self.skills)}'
        # Nothing unconditional can follow a condition, so "else" needs no state of its own.
        between = literal(_BETWEEN)
        plain = f"({between} call-later){{0,{_MAX_CALLS - 1}}}"
        rules["head"] = '("if " | "unless ") condition ": "'
        head = "head call"
        rules["more"] = f'({between} ("else: " | head)? call-later)'
        root = (
            f"{literal(NONE)} | {literal(UNKNOWN)} | {head} more{{0,{_MAX_CALLS - 1}}} | "
            f"call {plain} ({between} head call-later more{{0,{_MAX_CALLS - 1}}})?"
        )
        return "\n".join(
            [f"root ::= {root}", *(f"{name} ::= {body}" for name, body in rules.items())]
        )

    def _rule(self, entry: Function, later: bool) -> str:
        body = literal(entry.name.partition(".")[2])
        for argument in self._arguments[entry.name]:
            value = _value_grammar(argument, later)
            lead = literal(f" {argument.name}=" if argument.named else " ")
            if argument.kind is _Kind.FLAG:
                body += f" ({literal(' ' + argument.name)})?"
            elif argument.required:
                body += f" {lead} {value}"
            else:
                body += f" ({lead} {value})?"
        return body


def _head(condition: Condition, *, unless: bool) -> str:
    if unless:
        return f"unless {write_condition(negate(condition))}"
    return f"if {write_condition(condition)}"


def left_out(value: Any, field: FieldInfo) -> bool:
    """Whether a plan leaves an argument out: an optional one that is its default.

    Or what its default stands for, as the speaker's own seat where none is named.

    A number stays, for it was said ("on level 2"), and a model should not have to know that just
    this one is silent; zero is a default that says nothing (the date in 0 days).
    """
    if value is None or Implied(value) in field.metadata:
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool) and value != 0
    return not field.is_required() and value == field.default and not number


def _arguments(entry: Function) -> Iterator[_Argument]:
    schema = entry.schema
    definitions = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    taken: set[str] = set()  # what optional arguments before could be
    for name, facts in schema.get("properties", {}).items():
        facts = _resolved(facts, definitions)
        needed = name in required
        kind, words = _kind(facts, needed)
        shape = set(words) or {kind.name}
        low, high = bounds(facts, 0.1 if kind is _Kind.NUMBER else 1)
        text = kind in (_Kind.TEXT, _Kind.TEXTS)
        named = not needed and (text or bool(shape & taken) or kind is _Kind.SWITCH)
        if not needed:
            taken |= shape
        yield _Argument(name, kind, needed, named, words, low, high)


def _resolved(facts: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of an argument without its indirections and its null."""
    default = {"default": facts["default"]} if "default" in facts else {}
    if "$ref" in facts:
        facts = definitions[facts["$ref"].rpartition("/")[2]]
    if "anyOf" in facts:
        arms = [arm for arm in facts["anyOf"] if arm.get("type") != "null"]
        listed = [arm for arm in arms if arm.get("type") == "array"]
        facts = _resolved((listed or arms)[0], definitions)
    return {**facts, **default}


def _kind(facts: Mapping[str, Any], required: bool) -> tuple[_Kind, tuple[str, ...]]:
    if "enum" in facts:
        return _Kind.WORD, tuple(str(word) for word in facts["enum"])
    match facts.get("type"):
        case "boolean":
            flag = not required and facts.get("default") is False
            return (_Kind.FLAG if flag else _Kind.SWITCH), ()
        case "integer":
            return _Kind.INTEGER, ()
        case "number":
            return _Kind.NUMBER, ()
        case "array":
            return _Kind.TEXTS, ()
        case "string":
            return _Kind.TEXT, ()
    raise ValueError(f"the compact notation has no form for {dict(facts)}")


def _fits(argument: _Argument, key: str, word: str) -> bool:
    if key:
        return argument.name == key
    if argument.kind is _Kind.FLAG:
        return word == argument.name
    if argument.named:
        return False
    if argument.kind is _Kind.WORD:
        return word in argument.words or bool(references(word))
    if argument.kind in (_Kind.INTEGER, _Kind.NUMBER):
        return bool(re.fullmatch(r"-?\d+(\.\d+)?", word)) or bool(references(word))
    if argument.kind is _Kind.SWITCH:
        return word in ("on", "off")
    return word.startswith('"') or bool(references(word))


def _value_grammar(argument: _Argument, later: bool) -> str:
    match argument.kind:
        case _Kind.INTEGER:
            value = integers(int(argument.low), int(argument.high))
        case _Kind.NUMBER:
            value = decimals(argument.low, argument.high)
        case _Kind.SWITCH:
            return '("on" | "off")'
        case _Kind.WORD:
            return f"({' | '.join(literal(word) for word in argument.words)})"
        case _Kind.TEXTS:
            value = f'{_TEXT} (", " {_TEXT}){{0,11}}'
        case _:
            value = _TEXT
    return f"({value} | ref)" if later else f"({value})"


# A leading $ would read as a reference.
_TEXT: Final = f'"\\"" [^"\\\\$ \\x00-\\x1F] [^"\\\\\\x00-\\x1F]{{0,{MAX_TEXT - 1}}} "\\""'


def _split(text: str) -> list[str]:
    """Parts between semicolons that stand outside quotes."""
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^;"])+', text)] if text else []


def _cut_condition(part: str) -> tuple[str, str]:
    found = re.match(r'(else|(?:if|unless) [^:"]+):\s*', part)
    return (found[1], part[found.end() :]) if found else ("", part)


def _words(text: str) -> Iterator[tuple[str, str, bool]]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"{text!r} is not a list of arguments")
        yield found[1] or "", found[2], bool(found[3])
        at = found.end()


def _quoted(text: str) -> str:
    return '"' + _UNQUOTABLE.sub(" ", text.replace('"', "'")).strip() + '"'


def _rule_name(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "-", text)
