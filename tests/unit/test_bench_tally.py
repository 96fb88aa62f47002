"""Counting what a soak run did, and how its memory grew."""

from __future__ import annotations

import pytest

from cockpit.agent.plan import Call, Outcome, Turn, Utterance
from cockpit.evaluation.loopback import SelfTriggers
from cockpit.evaluation.scenes import Kind, Scene
from cockpit.evaluation.tally import Tally, growth
from cockpit.events import (
    EngineChanged,
    Event,
    Listening,
    ListeningChanged,
    ReplyEnded,
    TurnFinished,
    UtteranceIgnored,
    WakeWordHeard,
)
from cockpit.speech.audio import Audio
from skills.api import Status
from vehicle_bus.seats import Seat

WOKEN = WakeWordHeard("okay_nabu", Seat.DRIVER)


def turn(text: str = "close the window", reply: str = "Done.", *, acts: bool = True) -> Event:
    outcomes = (Outcome(Call("windows.set_window"), Status.DONE),) if acts else ()
    return TurnFinished(Turn(Utterance(text), reply, False, "template", outcomes, {}, {}))


def tally(*scenes: tuple[Kind, list[Event]], seconds: float = 36.0) -> Tally:
    """What is counted where this happens in these scenes."""
    found = Tally()
    for kind, events in scenes:
        found.begin(Scene(kind, Audio.silence(0.1), "x" if kind.is_call else ""))
        for event in events:
            found.count(event)
        found.lasted(seconds)
    return found


def test_tally_call_that_is_heard_and_answered() -> None:
    found = tally((Kind.CALL, [WOKEN, turn(), ReplyEnded("Done.", "Done.")]))
    assert (found.woken[Kind.CALL], found.answered[Kind.CALL]) == (1, 1)
    assert not found.false_wakes and not found.acted and not found.cut


def test_tally_call_that_is_missed() -> None:
    found = tally((Kind.CALL, []), (Kind.CALL, [WOKEN]), (Kind.CALL_DRIVING, [WOKEN, turn()]))
    assert "call: 1 of 2 missed (50.0%), 1 lost later" in found.lines()
    assert "call while driving: 0 of 1 missed (0.0%), 0 lost later" in found.lines()


def test_tally_second_wake_word_and_second_turn_of_a_call_are_false() -> None:
    found = tally((Kind.CALL, [WOKEN, turn(), WOKEN, turn("open the trunk")]))
    assert found.false_wakes == {Kind.CALL: 1}
    assert found.acted == {Kind.CALL: 1}
    assert found.examples == [
        "call: woken by okay_nabu",
        "call: windows.set_window because of 'open the trunk'",
    ]


def test_tally_turn_of_a_call_that_was_not_heard_is_unasked() -> None:
    assert tally((Kind.CALL, [turn()])).acted == {Kind.CALL: 1}


def test_tally_what_nobody_asked_for() -> None:
    found = tally(
        (Kind.TALK, [WOKEN, turn(), UtteranceIgnored(Utterance("so I told him"), "no request")]),
        (Kind.MUSIC, [turn(reply="I did not understand.", acts=False)]),
        (Kind.KITCHEN, [turn(reply="", acts=False)]),
    )
    assert found.false_wakes == {Kind.TALK: 1}
    assert found.acted == {Kind.TALK: 1}
    assert found.spoken == {Kind.MUSIC: 1}
    assert found.ignored == {Kind.TALK: 1, Kind.KITCHEN: 1}
    assert found.to_json()["acted"] == {"other people's talk": 1}


def test_tally_rates_are_an_hour_of_each_kind() -> None:
    found = tally(*[(Kind.TALK, [WOKEN])] * 3, (Kind.SILENCE, []), seconds=900)
    assert found.hours == 1.0
    lines = found.lines()
    assert any("talk, 0.75 h: 3 false wake-ups (4.00/h)" in line for line in lines)
    assert "all, 1.00 h: 3 false wake-ups (3.00/h)" in lines


def test_tally_knows_what_a_sample_left_out() -> None:
    found = Tally()
    found.begin(Scene(Kind.SILENCE, Audio.silence(0.1)))
    found.lasted(360, left_out=3240)
    assert (found.hours, found.day) == (0.1, 1.0)
    assert found.lines()[0] == "1.00 h of a day, of which 0.10 h were heard"


def test_tally_engines_and_answers_that_break() -> None:
    found = tally(
        (
            Kind.CALL,
            [
                WOKEN,
                turn(),
                EngineChanged("voice", "crashed", {}),
                EngineChanged("voice", "started", {}),
                ReplyEnded("Done. Bye.", "Done."),
                ReplyEnded("Done. Bye.", "Done.", "I lost my voice."),
            ],
        )
    )
    assert found.troubles == {"voice crashed": 1}
    assert found.cut == {Kind.CALL: 1}
    assert "engines: voice crashed 1×" in found.lines()


def test_growth_leaves_the_warm_up_out() -> None:
    # 500 MB are loaded in the first tenth; then 1 MB an hour.
    samples = [(at / 60, 1e9 + (5e8 if at > 30 else 0) + at / 60 * 1e6) for at in range(480)]
    found = growth(samples)
    assert found is not None
    assert found.slope == pytest.approx(1e6, rel=1e-3)
    assert found.share == pytest.approx(6.4e6 / 1.5e9, rel=0.01)
    assert found.begin == pytest.approx(1.5e9 + 1.2e6, rel=1e-3)


def test_growth_of_a_leak_is_seen() -> None:
    found = growth([(at / 60, 1e9 * (1 + at / 480)) for at in range(480)])
    assert found is not None
    assert found.share > 0.6
    assert found.slope == pytest.approx(1e9 / 8, rel=1e-3)
    assert "+" in str(found)


def test_growth_of_a_few_samples_is_unknown() -> None:
    assert growth([(at / 60, 1e9) for at in range(9)]) is None


def test_self_triggers_of_an_answer_that_nobody_disturbs() -> None:
    found = SelfTriggers()
    for event in (
        turn("what can you do"),
        ListeningChanged(Listening.SPEAKING),
        ReplyEnded("I can do much.", "I can do much."),
        ListeningChanged(Listening.FOLLOW_UP),
        ListeningChanged(Listening.ASLEEP),
    ):
        found.count(event, "what can you do")
    assert (found.answers, found.total) == (1, 0)


def test_self_triggers_of_a_car_that_answers_itself() -> None:
    found = SelfTriggers()
    for event in (
        turn("what can you do"),
        WOKEN,
        ListeningChanged(Listening.HEARING),
        ReplyEnded("I can open windows.", "I can"),
        turn("open windows"),
    ):
        found.count(event, "what can you do")
    assert (found.woken, found.heard, found.cut, found.turns) == (1, 1, 1, 1)
    assert found.total == len(found.examples) == 4
