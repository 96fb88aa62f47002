"""A guard against invention: what a plan names must have been said.

A small model that lacks a number or a name makes one up. ``ungrounded`` is for models that are
prompted: numbers in arguments must stand in the utterance, as digits or words, or be what a vague
word means ("half", "fully", "a bit"); free texts must be a run of the utterance's words; an area
must have one of its words there. And a number that was said must not get lost: "two loaves" is not
"loaves".

``implausible`` is for a model that was trained on what people mean. It knows more words for an
area or for "a bit" than any list, so what is left to guard is what it copies: names, and numbers
that nobody means without saying them. Of 2,700 right plans it doubts fewer than one in a hundred,
``ungrounded`` one in seven.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from text_to_num import alpha2digit

from cockpit.agent.llm.grammar import bounds
from cockpit.agent.llm.language import references
from cockpit.agent.llm.spoken import may_be_unsaid, model_text, spans
from cockpit.agent.plan import Call
from skills.api import Area, SkillSet
from skills.navigation.categories import Category, vocabulary

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_AND_A_HALF = re.compile(r"(\d+)(?: and a half|½)")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")

# Words that name a number which text_to_num leaves alone.
_VALUES: Mapping[str, tuple[float, ...]] = {
    "a": (1,), "an": (1,), "one": (1,), "once": (1,), "single": (1,), "another": (1,),
    "two": (2,), "twice": (2,), "double": (2,), "couple": (2,), "both": (2,), "pair": (2,),
    "three": (3,), "few": (3,), "four": (4,), "five": (5,), "six": (6,), "seven": (7,),
    "eight": (8,), "nine": (9,), "ten": (10,), "dozen": (12,), "zero": (0,), "first": (1,),
    "second": (2,), "third": (3, 33), "half": (50, 0.5, 30), "halfway": (50,),
    "quarter": (25, 0.25, 15), "quarters": (75,), "low": (1,), "medium": (2,), "high": (3,),
}  # fmt: skip
# Of these, the ones that are numbers as such; text_to_num leaves single ones alone.
_COUNTS = frozenset(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))
_TOP = frozenset((
    "full", "fully", "max", "maximum", "maximal", "completely", "entirely", "whole", "all", "wide",
    "highest", "hottest", "warmest", "loudest", "brightest", "strongest", "fastest", "top", "open",
    "high",
))  # fmt: skip
_BOTTOM = frozenset((
    "min", "minimum", "minimal", "lowest", "coldest", "coolest", "quietest", "dimmest", "weakest",
    "slowest", "off", "close", "closed", "shut", "mute", "low",
))  # fmt: skip
# Words behind which a number need not come up in the plan: what is taken back, and fractions.
_LOSING = re.compile(
    r"\b(?:no|not|nope|never|wait|sorry|actually|rather|instead|mean|meant|make that|hang on"
    r"|hold on|oops|scratch|forget|correction|or|from|fahrenheit|quarters?|thirds?|fifths?|half)\b"
)
_THIRDS = (33, 66, 67)
# Numbers that words mean: a level of a scale that is no longer, and a change that is no larger.
_LEVELS, _MUCH = 10, 0.4
# A change by "a bit" or "a lot" needs no number: up to five steps, or a fifth of a wide range.
_CHANGE_STEPS, _CHANGE_SHARE = 5, 0.2
_EVERYONE = frozenset((
    "all", "every", "everyone", "everybody", "everywhere", "everything", "whole", "both", "we",
    "us", "our", "four", "entire", "throughout",
))  # fmt: skip
_EXCEPT = frozenset(("other", "others", "else", "rest", "except", "but", "apart", "excluding"))
_BACK = frozenset(("rear", "back", "behind", "kids", "children"))
# One word of one of the sets must stand in the utterance.
_AREAS: Mapping[str, tuple[frozenset[str], ...]] = {
    "mine": (frozenset(("my", "me", "mine", "i", "i'm", "i'd", "myself", "here")),),
    "driver": (frozenset(("driver", "driver's", "left")),),
    "passenger": (frozenset(("passenger", "passenger's", "co", "wife", "husband", "right")),),
    "rear_left": (_BACK, frozenset(("left",))),
    "rear_right": (_BACK, frozenset(("right",))),
    "front": (frozenset(("front", "both")),),
    "rear": (_BACK,),
    "left": (frozenset(("left",)),),
    "right": (frozenset(("right",)),),
    "all": (_EVERYONE,),
    "others": (_EXCEPT,),
    "not_driver": (_EXCEPT, frozenset(("driver", "driver's"))),
    "not_passenger": (_EXCEPT, frozenset(("passenger", "passenger's"))),
    "not_rear_left": (_EXCEPT, frozenset(("left",))),
    "not_rear_right": (_EXCEPT, frozenset(("right",))),
    "occupied": (_EVERYONE, frozenset(("occupied", "taken", "sitting", "people", "passengers"))),
}
_ARTICLES = frozenset(("a", "an", "the", "some", "my", "our", "to", "of"))


def ungrounded(utterance: str, calls: Sequence[Call], skills: SkillSet) -> str | None:
    """What a plan names though nobody said it, as a reason to show; None where all was said."""
    words = _words(utterance)
    digits, numbers = _numbers(utterance)
    used: list[object] = []
    for call in calls:
        entry = skills[call.function]
        definitions = entry.schema.get("$defs", {})
        for name, value in call.arguments.items():
            facts = entry.schema["properties"].get(name, {})
            for part, part_facts in _leaves(value, facts, definitions):
                used.append(part)
                if references(part) or part == part_facts.get("default"):
                    continue
                if part_facts.get("title") == Area.__name__ and not _area_said(str(part), words):
                    return f"{call.function}: nobody said the {name} {part!r}"
                if isinstance(part, bool) or part is None or "enum" in part_facts:
                    continue
                if isinstance(part, (int, float)):
                    if not _number_said(float(part), part_facts, numbers, words):
                        return f"{call.function}: nobody said the {name} {part:g}"
                # A patterned text is a code for what was said (#FF0000 for red), not a span of it.
                elif "pattern" not in part_facts and not _span_said(str(part), words):
                    return f"{call.function}: nobody said the {name} {part!r}"
    lost = [number for number in digits if number > 1 and not _is_used(number, used)]
    return f"the {lost[0]:g} that was said is in no call" if lost else None


def implausible(
    utterance: str, calls: Sequence[Call], before: Sequence[Call], skills: SkillSet
) -> str | None:
    """What a trained model can hardly have meant, as a reason to show; None where all is well.

    Args:
        before: calls of the turn before, whose values a follow-up may take up.
    """
    digits, numbers = _numbers(utterance)
    told = [model_text(utterance)]
    converted = "fahrenheit" in told[0]
    known = set(numbers)
    for call in before:
        for value, _ in _arguments(call, skills):
            if isinstance(value, str):
                told.append(model_text(value))
            elif isinstance(value, (int, float)):
                known.add(float(value))
    texts = [
        value for call in calls for value, _ in _arguments(call, skills) if isinstance(value, str)
    ]
    used: list[object] = []
    for call in calls:
        if call.when is not None:
            used.append(call.when.value)
        # What equals a default may be left out.
        used += [one.get("default") for one in skills[call.function].schema["properties"].values()]
        for part, facts in _arguments(call, skills):
            used.append(part)
            if references(part) or isinstance(part, bool) or part is None or "enum" in facts:
                continue
            if isinstance(part, (int, float)):
                if not converted and abs(part) not in known and not _is_vague(part, facts):
                    return f"{call.function}: nobody said {part:g}"
            elif "pattern" not in facts and not _text_meant(str(part), told, texts):
                return f"{call.function}: nobody said {part!r}"
    lost = [number for number in digits if number > 1 and not _is_used(number, used)]
    if lost and not _LOSING.search(told[0]):
        return f"the {lost[0]:g} that was said is in no call"
    return None


def _arguments(call: Call, skills: SkillSet) -> Iterator[tuple[object, Mapping[str, Any]]]:
    schema = skills[call.function].schema
    for name, value in call.arguments.items():
        yield from _leaves(value, schema["properties"].get(name, {}), schema.get("$defs", {}))


def _is_vague(value: float, facts: Mapping[str, Any]) -> bool:
    """Whether a number may be meant by a word: an end of the range, a level, a change, "half"."""
    low, high = bounds(facts, 1)
    if low < 0 < high:
        return abs(value) <= max(_CHANGE_STEPS, _MUCH * high)
    if (low, high) in ((0, 100), (1, 100)):
        return value % 5 == 0 or value == low or value in _THIRDS
    return value in (low, high) or high - low <= _LEVELS


def _text_meant(text: str, told: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether a text was said or may be meant.

    A kind of place is not meant where another one was said that none of the texts takes up.
    """
    wanted = model_text(text)
    if any(spans(wanted, one) for one in told):
        return True
    if not may_be_unsaid(wanted):
        return False
    own = vocabulary().parse(wanted).category
    named = set(_kinds(told[0]))
    return own is None or own in named or not named - {k for one in texts for k in _kinds(one)}


def _kinds(text: str) -> Iterator[Category]:
    """Kinds of places that a text names."""
    phrases, words = vocabulary().phrases, text.split()
    for size in (1, 2, 3):
        for start in range(len(words) - size + 1):
            if (kind := phrases.get(" ".join(words[start : start + size]))) is not None:
                yield kind


def _is_used(number: float, used: Sequence[object]) -> bool:
    for part in used:
        if isinstance(part, (int, float)) and not isinstance(part, bool):
            if abs(part) == number:
                return True
        elif isinstance(part, str) and number in _numbers(part)[0]:
            return True
    return False


def _area_said(area: str, words: Sequence[str]) -> bool:
    return any(not choice.isdisjoint(words) for choice in _AREAS.get(area, ()))


def _leaves(
    value: object, facts: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[tuple[object, Mapping[str, Any]]]:
    """Scalars of an argument with their schemas; defaults of an outer schema are kept."""
    default = {"default": facts["default"]} if "default" in facts else {}
    if "$ref" in facts:
        facts = {**definitions[facts["$ref"].rpartition("/")[2]], **default}
    if "anyOf" in facts:
        facts = {**_arm(value, facts["anyOf"]), **default}
        if "$ref" in facts:
            yield from _leaves(value, facts, definitions)
            return
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item, facts.get("items", {}), definitions)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, facts.get("properties", {}).get(key, {}), definitions)
    else:
        yield value, facts


def _arm(value: object, arms: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The arm of a union that a value belongs to, by its kind."""
    kind = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else None
    some = [arm for arm in arms if arm.get("type") != "null"]
    fitting = [
        arm
        for arm in some
        if (arm.get("type") == kind if kind else arm.get("type") not in ("array", "object"))
    ]
    return (fitting or some)[0]


def _number_said(
    value: float, facts: Mapping[str, Any], numbers: frozenset[float], words: Sequence[str]
) -> bool:
    low, high = bounds(facts, 1)
    if value in numbers or -value in numbers:
        return True
    if low < 0 < high and abs(value) <= max(_CHANGE_STEPS, _CHANGE_SHARE * high):
        return True
    said = set(words)
    return (value == high and bool(said & _TOP)) or (value == low and bool(said & _BOTTOM))


def _numbers(text: str) -> tuple[frozenset[float], frozenset[float]]:
    """Numbers as such, and these with what vague words may mean."""
    spelled = alpha2digit(unicodedata.normalize("NFKC", text).casefold(), "en")
    plain = {float(whole) + 0.5 for whole in _AND_A_HALF.findall(spelled)}
    # The words of "22 and a half" must not count again as 22, 1 and a half.
    rest = _AND_A_HALF.sub(" ", spelled)
    plain.update(float(match) for match in _NUMBER.findall(rest))
    vague = set[float]()
    for word in _words(rest):
        values = _VALUES.get(word, ())
        vague.update(values)
        if word in _COUNTS:
            plain.update(values)
    return frozenset(plain), frozenset(plain | vague)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _WORD.findall(plain)


def _stem(word: str) -> str:
    for ending in ("'s", "ies", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending)
    return word.removesuffix("y") if len(word) > 3 else word


def _span_said(value: str, words: Sequence[str]) -> bool:
    wanted = [_stem(word) for word in _words(value) if word not in _ARTICLES]
    said = [_stem(word) for word in words if word not in _ARTICLES]
    if not wanted:
        return False
    return any(
        said[start : start + len(wanted)] == wanted for start in range(len(said) - len(wanted) + 1)
    )
