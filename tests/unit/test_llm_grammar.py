"""What the grammar of plans lets through."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agent.llm.grammar import plan_grammar
from cockpit.agent.llm.language import PlanSyntax, parse_plan, references, write_plan
from cockpit.agent.plan import Call, Verdict
from skills.api import Area, SkillError, SkillSet
from tests.fakes.gbnf import as_pattern
from tests.fakes.skills import SKILLS

PATTERN = as_pattern(plan_grammar(SKILLS))


def fits(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None


def call(name: str, arguments: str = "") -> str:
    """A tool call with arguments as they are written, faults included."""
    return f'<tool_call>\n{{"name": "{name}", "arguments": {{{arguments}}}}}\n</tool_call>'


def plan(*calls: str) -> str:
    return "\n".join(calls)


CLEAR = call("shopping.clear")
FIND = call("route.find", '"query": "x"')


@pytest.mark.parametrize(
    "text",
    [
        call("nothing"),
        call("unknown"),
        CLEAR,
        call("climate.set_temperature", '"temperature": 22'),
        call("climate.set_temperature", '"temperature": 22.5, "where": "rear_left"'),
        call("climate.change_temperature", '"by": -1.5'),
        call("climate.set_fan", '"percent": 100, "air": "feet"'),
        call("climate.set_defrost", '"on": false'),
        call("climate.set_color", '"color": "#FF00A0"'),
        call("shopping.add", '"items": [{"name": "oat milk", "quantity": 2}, {"name": "eggs"}]'),
        plan(call("climate.set_defrost", '"on": true'), CLEAR),
        plan(FIND, call("route.start", '"place": "$1.location"')),
        call("route.find", '"query": "Café Über, 3rd floor"'),
        plan(*[CLEAR] * 12),
    ],
)
def test_grammar_lets_through(text: str) -> None:
    assert fits(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I can do that.",
        "nothing",
        "shopping.clear()",
        '{"name": "shopping.clear", "arguments": {}}',
        '<tool_call>\n{"name": "shopping.clear"}\n</tool_call>',
        '<tool_call>\n{"arguments": {}, "name": "shopping.clear"}\n</tool_call>',
        '<tool_call>\n{"name": "shopping.clear", "arguments": {}, "id": 1}\n</tool_call>',
        CLEAR.removesuffix("\n</tool_call>"),
        CLEAR + CLEAR,
        CLEAR + "\n",
        call("climate.explode"),
        call("radio.set", '"volume": 3'),
        call("climate.set_temperature"),
        call("climate.set_temperature", '"temperature": 29'),
        call("climate.set_temperature", '"temperature": 28.1'),
        call("climate.set_temperature", '"temperature": 15.9'),
        call("climate.set_temperature", '"temperature": "22"'),
        call("climate.set_temperature", '"temperature": 22, "speed": 3'),
        call("climate.set_temperature", '"temperature": 22, "where": "roof"'),
        call("climate.set_temperature", '"where": "mine", "temperature": 22'),
        call("climate.set_temperature", '"temperature": 22, "temperature": 23'),
        call("climate.set_fan", '"percent": 101'),
        call("climate.set_fan", '"percent": -1'),
        call("climate.set_fan", '"percent": 1.5'),
        call("climate.set_defrost", '"on": "yes"'),
        call("climate.set_color", '"color": "red"'),
        call("shopping.clear", '"all": true'),
        call("shopping.add", '"items": []'),
        call("shopping.add", '"items": [{"quantity": 2}]'),
        call("shopping.add", '"items": [{"name": "milk", "quantity": 100}]'),
        call("route.start", '"place": "$1.location"'),
        plan(FIND, call("route.start", '"place": "$1.price"')),
        call("route.find", '"query": ""'),
        call("route.find", '"query": "a\nb"'),
        call("route.find", f'"query": "{"a" * 121}"'),
        call("shopping.add", f'"items": [{{"name": "{"a" * 41}"}}]'),
        plan(call("nothing"), CLEAR),
        plan(CLEAR, call("unknown")),
        plan(*[CLEAR] * 13),
    ],
)
def test_grammar_keeps_out(text: str) -> None:
    assert not fits(text)


def test_grammar_of_no_skills_leaves_only_the_two_answers() -> None:
    pattern = as_pattern(plan_grammar(SkillSet([])))
    assert pattern.fullmatch(call("nothing"))
    assert pattern.fullmatch(call("unknown"))
    assert not pattern.fullmatch(CLEAR)


TEXTS = st.from_regex(r'[^"\\$\s\x00-\x1f][^"\\\x00-\x1f]{0,20}', fullmatch=True)
AREAS = st.sampled_from([area.value for area in Area])
CALLS = st.one_of(
    st.builds(
        lambda tenths, area: Call(
            "climate.set_temperature", {"temperature": tenths / 10, "where": area}
        ),
        st.integers(160, 280),
        AREAS,
    ),
    st.builds(lambda by: Call("climate.change_temperature", {"by": by}), st.integers(-12, 12)),
    st.builds(lambda on: Call("climate.set_defrost", {"on": on}), st.booleans()),
    st.builds(lambda query: Call("route.find", {"query": query}), TEXTS),
    st.builds(
        lambda names: Call("shopping.add", {"items": [{"name": name} for name in names]}),
        st.lists(TEXTS, min_size=1, max_size=4),
    ),
)


@given(st.lists(CALLS, min_size=1, max_size=12))
def test_plan_written_fits_the_grammar_and_is_read_back(calls: list[Call]) -> None:
    text = write_plan(calls)
    assert fits(text)
    assert parse_plan(text) == (Verdict.ACT, tuple(calls))


@given(st.from_regex(PATTERN, fullmatch=True).filter(lambda text: len(text) < 2000))
def test_every_plan_of_the_grammar_is_valid_for_the_skills(text: str) -> None:
    try:
        verdict, calls = parse_plan(text)
    except PlanSyntax as error:
        # The grammar cannot count, so a reference may name a call that does not come before it.
        assert re.search("does not come before", str(error))
        return
    assert (verdict is Verdict.ACT) == bool(calls)
    for call in calls:
        if not references(json.loads(json.dumps(call.arguments))):
            try:
                SKILLS[call.function].validate(call.arguments)
            except SkillError as error:
                pytest.fail(f"{call}: {error.spoken}")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [(call("nothing"), Verdict.NOTHING), (f" {call('unknown')}\n", Verdict.UNKNOWN)],
)
def test_parse_of_a_plan_without_calls(text: str, verdict: Verdict) -> None:
    assert parse_plan(text) == (verdict, ())


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ('<tool_call>\n{"name": "climate.set_temperature", "arguments": {"temperature": 2', 0),
        (plan(CLEAR, '<tool_call>\n{"name": "route.find", "arguments": {"query": '), 1),
        (plan(CLEAR, FIND.removesuffix("</tool_call>")), 1),
        (plan(CLEAR, FIND, "<tool"), 2),
        (plan(FIND, call("route.start", '"place": "$2.location"')), 1),
        (plan(CLEAR, call("nothing")), 1),
        (plan(CLEAR, '<tool_call>\n["shopping.clear", {}]\n</tool_call>'), 1),
        (plan(CLEAR, '<tool_call>\n{"name": "shopping.clear"}\n</tool_call>'), 1),
        (plan(CLEAR, '<tool_call>\n{"name": 1, "arguments": {}}\n</tool_call>'), 1),
        (plan(CLEAR, '<tool_call>\n{"name": "a.b", "arguments": {}, "id": 1}\n</tool_call>'), 1),
        (plan(CLEAR, '<tool_call>\n{"name": "a.b", "arguments": []}\n</tool_call>'), 1),
        (plan(CLEAR, "<tool_call>\n{'name': 'a.b', 'arguments': {}}\n</tool_call>"), 1),
        (plan(CLEAR, "shopping.clear()"), 1),
        (CLEAR + " and more", 0),
        ("", 0),
    ],
)
def test_parse_of_broken_plan_keeps_the_calls_before(text: str, complete: int) -> None:
    with pytest.raises(PlanSyntax) as caught:
        parse_plan(text)
    assert len(caught.value.args[1]) == complete


@given(st.lists(CALLS, min_size=1, max_size=4), st.data())
def test_parse_of_plan_cut_off_anywhere_keeps_whole_calls(
    calls: list[Call], data: st.DataObject
) -> None:
    text = write_plan(calls)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    try:
        _, read = parse_plan(cut)
    except PlanSyntax as error:
        read = error.args[1]
    assert read == tuple(calls[: len(read)])
    assert len(read) == cut.count("</tool_call>")
