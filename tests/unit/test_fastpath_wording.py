"""What the fast path makes of words around, between and instead of templates."""

from __future__ import annotations

from functools import cache

import pytest

from cockpit.agent.fastpath.conversation import spelled_out
from cockpit.agent.fastpath.normalise import Normaliser, Token
from cockpit.agent.fastpath.permissions import endings, openings
from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.fastpath.repair import repaired, unhesitating
from cockpit.agent.fastpath.statements import is_statement
from cockpit.agent.fastpath.wishes import wished
from cockpit.agent.plan import DialogueContext, Plan
from skills.api import SkillSet


def _tokens(text: str) -> tuple[Token, ...]:
    return Normaliser()(text)


def _keys(words: tuple[Token, ...]) -> str:
    return " ".join(token.key for token in words)


@cache
def _planner() -> TemplatePlanner:
    return TemplatePlanner(SkillSet.installed())


def _calls(*turns: str) -> list[tuple[str, dict[str, object]]]:
    plan: Plan | None = None
    for text in turns:
        plan = _planner().read(text, DialogueContext(plan.calls if plan else ()))
    return [(call.function, dict(call.arguments)) for call in plan.calls] if plan else []


def test_phrase_with_alternatives_is_spelled_out() -> None:
    assert spelled_out("(can|could) you [please]") == [
        "can you please",
        "can you",
        "could you please",
        "could you",
    ]
    assert spelled_out("hold on") == ["hold on"]


@pytest.mark.parametrize(
    "text",
    [
        "we just left the motorway",
        "the windscreen is all fogged up",
        "I can't see a thing",
        "my back is killing me",
        "somebody spilled juice on it",
    ],
)
def test_statement_is_told_from_a_request(text: str) -> None:
    assert is_statement(_tokens(text), behind=True)


@pytest.mark.parametrize(
    "text",
    [
        "we should close the roof",
        "I want the roof open",
        "the rear windows a bit",
        "I said the other one",
        "the manual says to",
        "it could be warmer",
    ],
)
def test_wish_or_fragment_is_no_statement(text: str) -> None:
    assert not is_statement(_tokens(text), behind=False)


def test_condition_behind_a_request_is_no_statement() -> None:
    condition = _tokens("I am asleep when we get there")
    assert is_statement(condition, behind=False)
    assert not is_statement(condition, behind=True)


def test_permission_ends_behind_if_necessary() -> None:
    keys = ("open", "the", "shade", "if", "necessary")
    assert list(endings(keys, 3, opened=False)) == [5]
    assert not list(endings(keys[:3], 3, opened=False))
    assert list(openings(("if", "you", "have", "to", "close", "it"), 0)) == [4]


def test_wish_about_a_state_becomes_a_command() -> None:
    verbs = {"closed": "close", "heating": "heat"}
    assert _keys(next(iter(wished(_tokens("make sure the roof is closed"), verbs.get)))) == (
        "close the roof"
    )
    assert _keys(next(iter(wished(_tokens("the mirrors need heating"), verbs.get)))) == (
        "heat the mirrors"
    )
    assert not list(wished(_tokens("make sure the roof is not closed"), verbs.get))
    assert not list(wished(_tokens("the roof is still closed"), verbs.get))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("open the truck", "open the trunk"),
        ("fan to for", "fan to 4"),
        ("temperature two 22", "temperature to 22"),
        ("22 front and 20 back", "22 for front and 20 for back"),
        ("close the sun roof", "close the sunroof"),
        ("turn on the wiperz", "turn on the wipers"),
    ],
)
def test_misheard_words_are_put_right(heard: str, meant: str) -> None:
    vocabulary = {"open", "the", "trunk", "sunroof", "close", "wipers", "turn", "on", "fan", "to"}
    found = [_keys(words) for words in repaired(_tokens(heard), vocabulary, ())]
    assert meant in found


def test_number_after_a_hesitation_replaces_the_one_before() -> None:
    assert _keys(unhesitating(_tokens("set it to twenty um twenty two"))) == "set it to 22"
    assert _keys(unhesitating(_tokens("twenty two um now"))) == "22 um now"


def test_verb_goes_on_over_a_list() -> None:
    assert _calls("switch off the fog lights, the massage and the rear defroster") == [
        ("lights.set_fog_lights", {"on": False}),
        ("seats.set_massage", {"level": 0}),
        ("climate.set_defrost", {"on": False, "which": "rear"}),
    ]


def test_permission_is_not_carried_out() -> None:
    for text in (
        "turn on the ac, and if you have to close the windows for that, go ahead",
        "turn on the ac, you may close the windows if needed",
    ):
        assert _calls(text) == [("climate.set_air_conditioning", {"on": True})]
    assert not _calls("close the windows if necessary")


@pytest.mark.parametrize(
    "text",
    [
        "as soon as it gets dark turn on the lights",
        "the handbook says to close the windows first",
        "turn on the ac but only after closing the windows",
        "play the song that goes like this when it rains",
        "what is the status of the parcel I sent",
        "how long will it take to fix the tap",
    ],
)
def test_what_changes_the_meaning_is_not_left_out(text: str) -> None:
    assert not _calls(text)


def test_comparative_goes_on_with_what_was_set() -> None:
    assert _calls("heat my seat to level one", "a level higher") == [
        ("seats.change_heating", {"where": "mine", "by": 1})
    ]
    assert _calls("set the fan to 3", "that's not enough") == [("climate.change_fan", {"by": 1})]


def test_pronoun_of_a_correction_keeps_the_place() -> None:
    assert _calls("unlock the passenger door, no I mean lock it") == [
        ("doors.lock", {"where": "passenger"})
    ]
