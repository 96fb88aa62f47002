"""The template planner on a toy car: clauses, carry-over, corrections, follow-ups, refusals."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.agent.fastpath.benchmark import plan_latencies
from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.plan import DialogueContext, Plan, Utterance, Verdict
from tests.fakes.toy_car import toy_skills


@cache
def _planner() -> TemplatePlanner:
    return TemplatePlanner(toy_skills())


def _read(*turns: str) -> Plan | None:
    """The plan of the last of several turns."""
    plan: Plan | None = None
    for text in turns:
        plan = _planner().read(text, DialogueContext(plan.calls if plan else ()))
    return plan


def _calls(*turns: str) -> list[tuple[str, dict[str, Any]]]:
    plan = _read(*turns)
    assert plan is not None, turns[-1]
    return [(call.function, dict(call.arguments)) for call in plan.calls]


TEMPERATURE = "climate.set_temperature"
WARMER = "climate.change_temperature"
AC = "climate.set_ac"
FAN = "climate.set_fan"
WINDOW = "windows.move_window"
SUNROOF = "windows.move_sunroof"
SEAT = "seats.heat_seat"
WHEEL = "seats.heat_wheel"
BEAM = "lights.beam"
AMBIENT = "lights.ambient"
ADD = "shopping.add"
GO = "navigation.go"


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("open the window", [(WINDOW, {"position": 100})]),
        ("OPEN THE WINDOW!", [(WINDOW, {"position": 100})]),
        ("hey there, could you please open the window", [(WINDOW, {"position": 100})]),
        ("would you mind opening my window halfway", [(WINDOW, {"where": "mine", "position": 50})]),
        ("uh just like open the um window", [(WINDOW, {"position": 100})]),
        ("i would like you to turn on the ac please", [(AC, {"on": True})]),
        ("set the temperature to twenty two and a half", [(TEMPERATURE, {"temperature": 22.5})]),
        ("set it to 45 degrees", [(TEMPERATURE, {"temperature": 45})]),
        ("open the window forty percent thanks", [(WINDOW, {"position": 40})]),
        ("open the window for me would you", [(WINDOW, {"position": 100, "where": "mine"})]),
    ],
)
def test_one_command_is_read_through_its_wrapping(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("open the window and turn on the ac", [(WINDOW, {"position": 100}), (AC, {"on": True})]),
        ("open the window, turn on the ac", [(WINDOW, {"position": 100}), (AC, {"on": True})]),
        ("open the window turn on the ac", [(WINDOW, {"position": 100}), (AC, {"on": True})]),
        (
            "open the window and while I remember turn on the ac",
            [(WINDOW, {"position": 100}), (AC, {"on": True})],
        ),
        (
            "open the window then turn on the ac. and also heat my seat",
            [(WINDOW, {"position": 100}), (AC, {"on": True}), (SEAT, {"where": "mine"})],
        ),
        (
            "set it to 22 for me and 18 for the passenger",
            [
                (TEMPERATURE, {"temperature": 22, "where": "mine"}),
                (TEMPERATURE, {"temperature": 18, "where": "passenger"}),
            ],
        ),
    ],
)
def test_every_command_of_a_sentence_is_read(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (
            "close the window and the sunroof",
            [(WINDOW, {"position": 0}), (SUNROOF, {"position": 0})],
        ),
        (
            "turn on the seat heating and the steering wheel heating",
            [(SEAT, {}), (WHEEL, {})],
        ),
        (
            "heat my seat and the passenger's",
            [(SEAT, {"where": "mine"}), (SEAT, {"where": "passenger"})],
        ),
        ("turn the ac on and the seat heating please", [(AC, {"on": True}), (SEAT, {})]),
        (
            "set the driver and passenger temperature to 20",
            [
                (TEMPERATURE, {"where": "driver", "temperature": 20}),
                (TEMPERATURE, {"where": "passenger", "temperature": 20}),
            ],
        ),
        (
            "set the temperature for both me and my passenger to 22",
            [
                (TEMPERATURE, {"where": "mine", "temperature": 22}),
                (TEMPERATURE, {"where": "passenger", "temperature": 22}),
            ],
        ),
    ],
)
def test_what_is_left_out_comes_from_the_clause_before(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("i would like to have the windows closed", [(WINDOW, {"position": 0})]),
        ("the sunroof needs to be closed please", [(SUNROOF, {"position": 0})]),
        ("get my seat heated", [(SEAT, {"where": "mine"})]),
    ],
)
def test_state_that_is_wished_for_is_a_command(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


def test_state_that_is_told_is_no_command() -> None:
    assert _read("the sunroof was closed") is None
    assert _read("i had the windows closed yesterday") is None
    assert _read("has the sunroof been closed") is None


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("my sunroof is open, close it", [(SUNROOF, {"position": 0})]),
        ("the low beams were left on, switch them off", [(BEAM, {"on": False})]),
        (
            "open the sunroof and then set it to 30 percent",
            [(SUNROOF, {"position": 100}), (SUNROOF, {"position": 30})],
        ),
    ],
)
def test_pronoun_means_what_was_named(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("set it to 27 no wait 21 degrees", [(TEMPERATURE, {"temperature": 21})]),
        ("set it to 26, actually make it 20", [(TEMPERATURE, {"temperature": 20})]),
        (
            "set the temperature to 25 for the passenger no 23",
            [(TEMPERATURE, {"temperature": 23, "where": "passenger"})],
        ),
        (
            "set the passenger sorry the driver temperature to 22",
            [(TEMPERATURE, {"where": "driver", "temperature": 22})],
        ),
        ("open the sunroof i mean close it", [(SUNROOF, {"position": 0})]),
        ("turn on the uh no turn off the ac", [(AC, {"on": False})]),
        (
            "open my window, sorry, the passenger's",
            [(WINDOW, {"position": 100, "where": "passenger"})],
        ),
        (
            "heat my seat and open the window no wait the sunroof",
            [(SEAT, {"where": "mine"}), (SUNROOF, {"position": 100})],
        ),
        ("set it to 25 no 24 no 23", [(TEMPERATURE, {"temperature": 23})]),
    ],
)
def test_correction_replaces_what_was_said(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


def test_filler_that_looks_like_a_correction_is_none() -> None:
    assert _calls("actually open the window") == [(WINDOW, {"position": 100})]
    assert _calls("turn on the ac and actually open the window too") == [
        (AC, {"on": True}),
        (WINDOW, {"position": 100}),
    ]


def test_retraction_takes_everything_back() -> None:
    plan = _read("open the window, never mind")
    assert plan is not None
    assert (plan.verdict, plan.calls) == (Verdict.NOTHING, ())


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (
            "add rice, a dozen apples and sugar to my list",
            [(ADD, {"items": "rice, 12 apples and sugar"})],
        ),
        (
            "add milk and bread and open the window",
            [(ADD, {"items": "milk and bread"}), (WINDOW, {"position": 100})],
        ),
        (
            "navigate to the central railway station turn on the ac",
            [(GO, {"place": "central railway station"}), (AC, {"on": True})],
        ),
    ],
)
def test_free_text_swallows_lists_and_no_commands(text: str, calls: list[Any]) -> None:
    assert _calls(text) == calls


def test_complaint_counts_alone_and_gives_way_to_a_command() -> None:
    assert _calls("i am so cold") == [(WARMER, {"by": 2})]
    assert _calls("i'm freezing, turn on my seat heating") == [(SEAT, {"where": "mine"})]


@pytest.mark.parametrize(
    "text",
    [
        "turn on the low beams because it is so dark",
        "it's really foggy in this valley, turn on the low beams",
        "turn on the low beams so that i can see something",
    ],
)
def test_explanation_is_dropped_beside_a_command(text: str) -> None:
    plan = _read(text)
    assert plan is not None
    assert [call.function for call in plan.calls] == [BEAM]
    assert 0.6 <= plan.confidence < 1
    assert plan.detail["dropped"]


@pytest.mark.parametrize(
    "text",
    [
        "please don't open the window",
        "no don't turn on the ac",
        "you don't have to heat my seat",
    ],
)
def test_refusal_does_nothing_and_says_so(text: str) -> None:
    plan = _read(text)
    assert plan is not None
    assert (plan.verdict, plan.calls, plan.reply) == (Verdict.NOTHING, (), "Okay, I'll leave it.")


def test_refusal_may_run_on_into_a_command() -> None:
    assert _calls("don't open the window just heat my seat") == [(SEAT, {"where": "mine"})]


@pytest.mark.parametrize(
    "text", ["low beam please", "can i have the low beam", "uh low beam please"]
)
def test_thing_that_is_asked_for_is_switched_on(text: str) -> None:
    assert _calls(text) == [(BEAM, {"on": True})]


def test_thing_that_is_only_named_is_switched_on_and_not_where_it_is_asked_about() -> None:
    assert _calls("low beam") == [(BEAM, {"on": True})]
    assert _read("the low beam?") is None


def test_refusal_beside_a_command_leaves_the_command() -> None:
    assert _calls("open the sunroof but don't open the window") == [(SUNROOF, {"position": 100})]


def test_reminder_in_negative_form_is_a_command() -> None:
    assert _calls("don't forget to close the window") == [(WINDOW, {"position": 0})]


@pytest.mark.parametrize(
    "text",
    [
        "remind me to close the window",
        "what happens if i open the sunroof and turn on the ac",
        "tell me a joke about open windows",
    ],
)
def test_what_is_beyond_us_is_not_done_in_part(text: str) -> None:
    assert _calls(text) == []


def test_command_beside_what_is_beyond_us_is_done() -> None:
    assert _calls("tell me a joke and open the window") == [(WINDOW, {"position": 100})]
    assert _calls("tell me a story then open the window") == [(WINDOW, {"position": 100})]


def test_state_that_is_not_wanted_is_not_brought_about() -> None:
    assert _calls("i don't want the window open") == [(WINDOW, {"position": 0})]
    assert _read("i don't want the window closed") is None


def test_question_reads_and_never_acts() -> None:
    assert _calls("are the passenger windows closed") == [
        ("windows.window_state", {"where": "passenger"})
    ]
    assert _calls("the window open?") == [("windows.window_state", {})]
    assert _calls("how do i open the window") == []
    assert _calls("did you open the window") == [("windows.window_state", {})]
    assert _read("should i open the window") is None
    assert _calls("can you open the window?") == [(WINDOW, {"position": 100})]


@pytest.mark.parametrize(
    "text",
    [
        "he told me to open the window",
        "if it gets warm open the window",
        "I heard there is no need to open the window",
        "flibber and while you are at it turn on the ac",
        "open the window and flibber the gibbet",
        "he always leaves the window open",
        "",
        "...",
    ],
)
def test_unexplained_words_leave_it_to_others(text: str) -> None:
    assert _read(text) is None


@pytest.mark.parametrize("text", ["when it rains close the window", "open the window tomorrow"])
def test_command_that_is_not_for_now_is_beyond_us(text: str) -> None:
    plan = _read(text)
    assert plan is not None
    assert (plan.verdict, plan.calls) == (Verdict.UNKNOWN, ())
    assert "can't" in (plan.reply or "")


@pytest.mark.parametrize(
    "text",
    [
        "tell me if the passenger window is open",
        "do you know whether the passenger window is open",
        "can you check if the passenger window is open please",
    ],
)
def test_embedded_question_is_the_question(text: str) -> None:
    assert _calls(text) == [("windows.window_state", {"where": "passenger"})]


def test_condition_is_no_embedded_question() -> None:
    assert _read("tell me to open the window if it is closed") is None


def test_comma_within_a_command_does_no_harm() -> None:
    assert _calls("hey, could you, please, open my window, halfway") == [
        (WINDOW, {"where": "mine", "position": 50})
    ]


def test_filler_after_a_turn_repeats_nothing() -> None:
    assert _calls("open the window", "oh, now, is the window open") == [
        ("windows.window_state", {})
    ]


def test_partial_match_is_explained() -> None:
    detail = _planner().explain("open the window and flibber the gibbet")
    assert [clause["text"] for clause in detail["clauses"]] == ["open the window"]
    assert "flibber" in detail["unexplained"]


@pytest.mark.parametrize(
    ("text", "verdict", "reply"),
    [
        ("thank you so much", Verdict.NOTHING, "You're welcome."),
        ("good morning", Verdict.NOTHING, "Hello."),
        ("okay great", Verdict.NOTHING, "Okay."),
        ("uh huh", Verdict.NOTHING, "Okay."),
        ("who painted the mona lisa", Verdict.UNKNOWN, None),
        ("tell me a joke", Verdict.UNKNOWN, None),
    ],
)
def test_conversation_needs_no_call(text: str, verdict: Verdict, reply: str | None) -> None:
    plan = _read(text)
    assert plan is not None
    assert (plan.calls, plan.verdict, plan.reply) == ((), verdict, reply)


@pytest.mark.parametrize(
    ("turns", "calls"),
    [
        (
            ("set the temperature to 22", "and for the passenger as well"),
            [(TEMPERATURE, {"temperature": 22, "where": "passenger"})],
        ),
        (
            ("set the temperature to 22", "same for the rear"),
            [(TEMPERATURE, {"temperature": 22, "where": "rear"})],
        ),
        (
            ("set the temperature to 22", "what about the passenger"),
            [(TEMPERATURE, {"temperature": 22, "where": "passenger"})],
        ),
        (("set the temperature to 22", "no, 23"), [(TEMPERATURE, {"temperature": 23})]),
        (("set the temperature to 22", "no, 45"), [(TEMPERATURE, {"temperature": 45})]),
        (("set the fan to 2", "make it 4"), [(FAN, {"level": 4})]),
        (("set the fan to 2", "now 3"), [(FAN, {"level": 3})]),
        (("set the ambient light to red", "turn them to green"), [(AMBIENT, {"color": "#008000"})]),
        (("set the ambient light to red", "no, blue"), [(AMBIENT, {"color": "#0000FF"})]),
        (("make it warmer", "no, 23"), [(TEMPERATURE, {"temperature": 23})]),
        (("make it warmer", "make it 21 thanks"), [(TEMPERATURE, {"temperature": 21})]),
        (("make it warmer", "again"), [(WARMER, {"by": 1})]),
        (("make it warmer", "a bit more"), [(WARMER, {"by": 1})]),
        (("make it a lot warmer", "that's too much"), [(WARMER, {"by": -1.5})]),
        (("open my window", "halfway"), [(WINDOW, {"where": "mine", "position": 50})]),
        (("open the window", "and the sunroof"), [(SUNROOF, {"position": 100})]),
        (("open the sunroof", "close it again"), [(SUNROOF, {"position": 0})]),
        (("turn on the ac", "turn it off"), [(AC, {"on": False})]),
    ],
)
def test_follow_up_changes_the_last_call(turns: tuple[str, ...], calls: list[Any]) -> None:
    assert _calls(*turns) == calls


def test_follow_up_that_fits_nothing_is_none() -> None:
    assert _read("set the ambient light to red", "no, 23") is None
    assert _read("turn on the ac", "and for the passenger as well") is None


def test_new_command_is_no_follow_up() -> None:
    assert _calls("set the temperature to 22", "open the passenger window") == [
        (WINDOW, {"where": "passenger", "position": 100})
    ]


def test_same_call_twice_is_planned_once() -> None:
    assert _calls("turn on the ac and turn the ac on") == [(AC, {"on": True})]


def test_benchmark_times_every_text_in_every_round() -> None:
    taken = plan_latencies(_planner(), ["open the window", "thanks"], rounds=3)
    assert len(taken) == 6
    assert all(later >= earlier > 0 for earlier, later in pairwise(taken))


async def test_planner_answers_its_protocol() -> None:
    planner = _planner()
    plan = await planner.plan(Utterance("open the window"), DialogueContext())
    assert planner.name == "template"
    assert plan is not None
    assert plan.planner == "template"
    assert plan.confidence == 1.0


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [
                *("open", "the", "window", "and", "no", "wait", "it", "to", "22", "actually"),
                *("don't", "because", ",", "?", "for", "me", "passenger", "turn", "on", "ac"),
                *("my", "sunroof", "i", "mean", "add", "milk", "is", "both", "set", "temperature"),
            ]
        ),
        max_size=14,
    )
)
def test_any_word_order_never_raises(words: list[str]) -> None:
    plan = _read(" ".join(words))
    assert plan is None or plan.planner == "template"


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_never_raises(text: str) -> None:
    _planner().read(text, DialogueContext())
