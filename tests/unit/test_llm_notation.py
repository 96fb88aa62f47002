"""The compact notation: what is written is read back, and nothing else fits its grammar."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.agent.conditions import QUANTITIES, Kind, negate, parse_condition
from cockpit.agent.llm.language import PlanSyntax
from cockpit.agent.llm.notation import Notation
from cockpit.agent.plan import Call, Condition, Verdict
from skills.api import Area, Function, SkillError, SkillSet
from tests.fakes.gbnf import as_pattern

SKILLS = SkillSet.installed()
NOTATION = Notation(SKILLS)
PATTERN = as_pattern(NOTATION.grammar())


def fits(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None


@pytest.mark.parametrize(
    "plan",
    [
        "none",
        "unknown",
        "windows.close_everything",
        "climate.set_temperature 22",
        "climate.set_temperature 21.5 not_rear_left",
        "climate.change_temperature -2 mine",
        "lights.light_state where=all",
        "lights.light_state fog where=all",
        "navigation.go_to \"charging station\" nearest",
        'navigation.go_to "hotel" near="kamppi" via="prisma"',
        'shopping.add "milk", "2 loaves of bread"',
        "navigation.where_am_i coordinates",
        "seats.set_heating rear",
        "seats.set_heating 3 rear",
        'navigation.search "pharmacy"; navigation.go_to $1.place',
        "if raining: windows.set_window 0 all; windows.set_sunroof 0",
        'if battery < 20: navigation.go_to "charger" nearest; else: navigation.go_to "home"',
        "media.mute; if window mine > 0: windows.set_window 0 mine",
        "if not locked: doors.lock; if outside <= -2.5: seats.set_heating",
    ],
)  # fmt: skip
def test_plan_fits_and_is_written_as_it_was_read(plan: str) -> None:
    verdict, calls = NOTATION.parse(plan)
    assert fits(plan)
    assert NOTATION.write(verdict, calls) == plan


@pytest.mark.parametrize(
    "plan",
    [
        "",
        "none; media.mute",
        "unknown none",
        "climate.explode",
        "radio.set 3",
        "climate.set_temperature",
        "climate.set_temperature 28.5",
        "climate.set_temperature 15",
        "climate.set_temperature 22 roof",
        "climate.set_temperature mine 22",
        "climate.set_temperature 22 mine mine",
        "climate.set_temperature 22.25",
        "climate.set_fan 6",
        "climate.set_fan 1.5",
        "climate.set_defrost yes",
        "media.set_volume 101",
        "media.set_volume -1",
        "media.playback jump",
        "windows.set_window 0 all,",
        "navigation.go_to home",
        'navigation.go_to ""',
        'navigation.go_to "$1"',
        'navigation.go_to "a" farthest',
        'navigation.go_to "a" via="b" near="c"',
        "shopping.add",
        "navigation.go_to $1",
        f'navigation.go_to "{"a" * 121}"',
        "else: media.mute",
        "if raining: media.mute; windows.set_sunroof 0; none",
        "if storming: media.mute",
        "if battery < 1001: media.mute",
        "if battery: media.mute",
        "if raining > 3: media.mute",
        "if raining:",
        "; ".join(["media.mute"] * 9),
    ],
)
def test_grammar_keeps_out(plan: str) -> None:
    assert not fits(plan)


def test_else_and_conditions_hold_for_what_follows() -> None:
    raining = Condition("raining")
    text = "media.mute; if raining: doors.lock; windows.set_sunroof 0; else: media.unmute"
    _, calls = NOTATION.parse(text)
    assert [call.when for call in calls] == [None, raining, raining, negate(raining)]
    assert NOTATION.write(Verdict.ACT, calls) == text


def test_unconditional_call_cannot_follow_a_condition() -> None:
    calls = (Call("media.mute", {}, Condition("raining")), Call("doors.lock"))
    with pytest.raises(ValueError, match="cannot follow"):
        NOTATION.write(Verdict.ACT, calls)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("", 0),
        ("climate.set_temperature", 0),
        ("media.mute; climate.set_temper", 1),
        ("media.mute; if raining", 1),
        ('media.mute; navigation.go_to "harb', 1),
        ('shopping.add "milk", ', 0),
        ("media.mute; navigation.go_to $2", 1),
        ("navigation.go_to $1", 0),
        ("media.mute and more", 0),
    ],
)
def test_broken_plan_keeps_the_calls_before(text: str, complete: int) -> None:
    with pytest.raises(PlanSyntax) as caught:
        NOTATION.parse(text)
    assert len(caught.value.args[1]) == complete


def test_texts_are_written_so_that_they_can_be_read() -> None:
    call = Call("navigation.go_to", {"place": 'the "Old\\ Town"\n5; 6, 7'})
    text = NOTATION.write(Verdict.ACT, [call])
    assert fits(text)
    assert NOTATION.parse(text)[1][0].arguments["place"] == "the 'Old  Town' 5; 6, 7"


def test_canonical_call_has_no_defaults_and_plain_names() -> None:
    call = Call("navigation.go_to", {"place": "The Old Theatre", "nearest": False, "near": None})
    assert NOTATION.canonical(call).arguments == {"place": "old theatre"}
    items = Call("shopping.add", {"items": ["Two Eggs", "a Lemon", "the Milk"]})
    assert NOTATION.canonical(items).arguments == {"items": ["2 eggs", "a lemon", "milk"]}


# --- everything that can be written ---------------------------------------------------------

TEXTS = st.from_regex(r"[a-z0-9äé'][a-z0-9äé',;:. =-]{0,30}", fullmatch=True).map(str.strip)


def values(facts: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What an argument of this schema may be, as the notation reads it."""
    if "$ref" in facts:
        return values(definitions[facts["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in facts:
        arms = [arm for arm in facts["anyOf"] if arm.get("type") != "null"]
        listed = [arm for arm in arms if arm.get("type") == "array"]
        return values((listed or arms)[0], definitions)
    if "enum" in facts:
        return st.sampled_from(facts["enum"])
    low, high = facts.get("minimum", -900), facts.get("maximum", 900)
    match facts["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(int(low), int(high))
        case "number":
            return st.integers(int(low * 10), int(high * 10)).map(lambda tenths: tenths / 10)
        case "array":
            return st.lists(TEXTS, min_size=1, max_size=4)
    return TEXTS


def calls_of(entry: Function) -> st.SearchStrategy[Call]:
    definitions = entry.schema.get("$defs", {})
    required = set(entry.schema.get("required", ()))
    properties = entry.schema.get("properties", {})
    given = {name: values(facts, definitions) for name, facts in properties.items()}
    return st.fixed_dictionaries(
        {name: value for name, value in given.items() if name in required},
        optional={name: value for name, value in given.items() if name not in required},
    ).map(lambda arguments: Call(entry.name, without_unset_flags(entry, arguments)))


def without_unset_flags(entry: Function, arguments: dict[str, Any]) -> dict[str, Any]:
    """A flag that is off is not written."""
    required = set(entry.schema.get("required", ()))
    return {k: v for k, v in arguments.items() if v is not False or k in required}


@pytest.mark.parametrize("name", list(SKILLS))
@settings(max_examples=20)
@given(data=st.data())
def test_every_call_is_read_back_and_fits(name: str, data: st.DataObject) -> None:
    call = data.draw(calls_of(SKILLS[name]))
    text = NOTATION.write(Verdict.ACT, [call])
    assert NOTATION.parse(text) == (Verdict.ACT, (call,))
    assert fits(text)


def test_every_word_of_every_enumeration_is_read_back() -> None:
    for entry in SKILLS.values():
        definitions = entry.schema.get("$defs", {})
        for name, facts in entry.schema.get("properties", {}).items():
            for word in enumeration(facts, definitions):
                call = Call(entry.name, {**smallest(entry), name: word})
                text = NOTATION.write(Verdict.ACT, [call])
                assert fits(text), text
                assert NOTATION.parse(text)[1] == (call,), text


def enumeration(facts: dict[str, Any], definitions: dict[str, Any]) -> tuple[str, ...]:
    if "$ref" in facts:
        return enumeration(definitions[facts["$ref"].rpartition("/")[2]], definitions)
    for arm in facts.get("anyOf", ()):
        if words := enumeration(arm, definitions):
            return words
    return tuple(facts.get("enum", ()))


def smallest(entry: Function) -> dict[str, Any]:
    """Some value for each required argument, in the order of the signature."""
    definitions = entry.schema.get("$defs", {})
    simple = {"boolean": True, "integer": 1, "string": "x", "array": ["x"]}
    found: dict[str, Any] = {}
    for name, facts in entry.schema.get("properties", {}).items():
        if name in entry.schema.get("required", ()):
            words = enumeration(facts, definitions)
            kinds = [facts, *facts.get("anyOf", ())]
            kind = next((arm["type"] for arm in kinds if arm.get("type") in simple), "integer")
            lowest = max(facts.get("minimum", 1), 1)
            found[name] = words[0] if words else lowest if kind == "integer" else simple[kind]
    return found


CONDITIONS = st.one_of(
    *(
        st.builds(
            Condition,
            st.just(name),
            st.none() | st.sampled_from(Area) if quantity.default else st.none(),
            negated=st.booleans(),
        )
        if quantity.kind is Kind.STATE
        else st.builds(
            Condition,
            st.just(name),
            st.none() | st.sampled_from(Area) if quantity.default else st.none(),
            st.sampled_from(["<", "<=", ">", ">=", "="]),
            st.integers(-80, 2000).map(lambda halves: halves / 2),
        )
        for name, quantity in QUANTITIES.items()
    )
)


@given(st.lists(st.tuples(CONDITIONS, st.integers(1, 2), st.booleans()), min_size=1, max_size=2))
def test_every_condition_is_read_back_and_fits(parts: list[tuple[Condition, int, bool]]) -> None:
    calls: list[Call] = []
    for condition, count, other in parts:
        calls += [Call("media.mute", {}, condition)] * count
        if other:
            calls.append(Call("media.unmute", {}, negate(condition)))
    text = NOTATION.write(Verdict.ACT, calls)
    assert fits(text)
    assert NOTATION.parse(text) == (Verdict.ACT, tuple(calls))
    for call in calls:
        assert call.when is not None
        assert parse_condition(str(call.when)) == call.when


@given(st.from_regex(PATTERN, fullmatch=True).filter(lambda text: len(text) < 1500))
def test_whatever_fits_is_valid_for_the_skills(text: str) -> None:
    try:
        verdict, calls = NOTATION.parse(text)
    except PlanSyntax as error:
        # The grammar cannot count, so a reference may name a call that does not come before it.
        assert "is not before it" in str(error)
        return
    assert (verdict is Verdict.ACT) == bool(calls)
    for call in calls:
        if "$" not in text:
            try:
                SKILLS[call.function].validate(call.arguments)
            except SkillError as error:
                # A rule between two arguments is none that a grammar can know, nor which of all
                # words are names of colours: texts are written as they were said.
                named = any(
                    "pattern" in SKILLS[call.function].schema["properties"][name]
                    for name in call.arguments
                )
                assert named or len(call.arguments) > 1, error.spoken
