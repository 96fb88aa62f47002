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


@pytest.mark.parametrize(
    "plan",
    [
        "nothing()",
        "unknown()",
        "shopping.clear()",
        "climate.set_temperature(temperature=22)",
        'climate.set_temperature(temperature=22.5, where="rear_left")',
        "climate.change_temperature(by=-1.5)",
        'climate.set_fan(percent=100, air="feet")',
        "climate.set_defrost(on=false)",
        'climate.set_color(color="#FF00A0")',
        'shopping.add(items=[{"name": "oat milk", "quantity": 2}, {"name": "eggs"}])',
        "climate.set_defrost(on=true)\nshopping.clear()",
        'route.find(query="pharmacy")\nroute.start(place="$1.location")',
        'route.find(query="Café Über, 3rd floor")',
    ],
)
def test_grammar_lets_through(plan: str) -> None:
    assert fits(plan)


@pytest.mark.parametrize(
    "plan",
    [
        "",
        "I can do that.",
        "climate.explode()",
        "radio.set(volume=3)",
        "climate.set_temperature()",
        "climate.set_temperature(temperature=29)",
        "climate.set_temperature(temperature=28.1)",
        "climate.set_temperature(temperature=15.9)",
        "climate.set_temperature(temperature=22, speed=3)",
        'climate.set_temperature(temperature=22, where="roof")',
        'climate.set_temperature(where="mine", temperature=22)',
        "climate.set_fan(percent=101)",
        "climate.set_fan(percent=-1)",
        "climate.set_fan(percent=1.5)",
        'climate.set_defrost(on="yes")',
        'climate.set_color(color="red")',
        'shopping.add(items=[])',
        'shopping.add(items=[{"quantity": 2}])',
        'shopping.add(items=[{"name": "milk", "quantity": 100}])',
        'route.start(place="$1.location")',
        'route.find(query="x")\nroute.start(place="$1.price")',
        'route.find(query="")',
        'route.find(query="a\nb")',
        f'route.find(query="{"a" * 121}")',
        f'shopping.add(items=[{{"name": "{"a" * 41}"}}])',
        "nothing()\nshopping.clear()",
        "\n".join(["shopping.clear()"] * 13),
    ],
)  # fmt: skip
def test_grammar_keeps_out(plan: str) -> None:
    assert not fits(plan)


def test_grammar_of_no_skills_leaves_only_the_two_answers() -> None:
    pattern = as_pattern(plan_grammar(SkillSet([])))
    assert pattern.fullmatch("unknown()")
    assert not pattern.fullmatch("shopping.clear()")


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
    ("text", "complete"),
    [
        ("climate.set_temperature(temperature=2", 0),
        ("shopping.clear()\nroute.find(query=", 1),
        ("shopping.clear()\nroute.find(query=\"a\"", 1),
        ('route.find(query="a")\nroute.start(place="$2.location")', 1),
        ("shopping.clear() and more", 0),
        ("", 0),
    ],
)  # fmt: skip
def test_parse_of_broken_plan_keeps_the_calls_before(text: str, complete: int) -> None:
    with pytest.raises(PlanSyntax) as caught:
        parse_plan(text)
    assert len(caught.value.args[1]) == complete
