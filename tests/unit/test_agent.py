"""One turn: planners, verdicts, questions and answers, corrections, undo, what is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cockpit.agent.agent import (
    BROKEN,
    DECLINED,
    NOT_ABLE,
    NOT_OFFLINE,
    NOT_UNDERSTOOD,
)
from cockpit.agent.plan import Utterance, Verdict
from cockpit.agent.policies import AC, FRONT_FANS, WINDOWS
from cockpit.events import PlanMade, TurnFinished, UtteranceHeard
from cockpit.settings import AgentSettings, PlannerChoice
from skills.api import Status
from tests.fakes.agent import TEMPERATURE, TRUNK, VOLUME, Car, call, write
from vehicle_bus.errors import CockpitError, CommandRejected, CommandTimeout
from vehicle_bus.seats import Seat


@pytest.fixture
def car() -> Car:
    return Car()


# --- planners and verdicts ---------------------------------------------------------------


async def test_turn_runs_the_plan_and_says_what_happened(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    turn = await car.say("volume 40")
    assert turn.reply == "The volume is now at 40 percent."
    assert turn.signals == {VOLUME: 40}
    assert turn.planner == "template"
    assert not turn.asks
    assert car.lm.heard == []
    assert set(turn.timings_ms) == {"plan", "execute", "total"}


async def test_turn_asks_the_language_model_where_templates_know_nothing(car: Car) -> None:
    car.guesses("blast it", write(VOLUME, 90))
    turn = await car.say("blast it")
    assert (turn.planner, car.bus.state[VOLUME]) == ("lm", 90)


@pytest.mark.parametrize(
    ("choice", "heard"),
    [
        (PlannerChoice.AUTO, (1, 1)),
        (PlannerChoice.TEMPLATE, (1, 0)),
        (PlannerChoice.LM, (0, 1)),
    ],
)
async def test_turn_uses_only_the_chosen_planners(
    choice: PlannerChoice, heard: tuple[int, int]
) -> None:
    car = Car(AgentSettings(planner=choice))
    turn = await car.say("gibberish")
    assert (len(car.template.heard), len(car.lm.heard)) == heard
    assert turn.reply == NOT_UNDERSTOOD


async def test_chatter_is_not_passed_on_to_the_language_model(car: Car) -> None:
    car.knows("thanks", verdict=Verdict.NOTHING, reply="You're welcome.")
    turn = await car.say("thanks")
    assert turn.reply == "You're welcome."
    assert car.lm.heard == []


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("who invented the zipper", NOT_OFFLINE),
        ("the zipper?", NOT_OFFLINE),
        ("could you book me a hotel", NOT_ABLE),
        ("book me a hotel", NOT_ABLE),
    ],
)
async def test_request_that_names_no_skill_is_told_so(car: Car, text: str, reply: str) -> None:
    car.knows(text, verdict=Verdict.UNKNOWN)
    assert (await car.say(text)).reply == reply
    assert car.bus.sent == []


async def test_request_that_templates_know_to_be_beyond_us_is_not_guessed_at(car: Car) -> None:
    car.knows("who invented the zipper", verdict=Verdict.UNKNOWN)
    car.guesses("who invented the zipper", write(VOLUME, 90))
    assert (await car.say("who invented the zipper")).reply == NOT_OFFLINE


async def test_question_is_not_met_with_silence(car: Car) -> None:
    car.guesses("who invented the zipper", verdict=Verdict.NOTHING)
    car.guesses("so I told him", verdict=Verdict.NOTHING)
    assert (await car.say("who invented the zipper")).reply == NOT_OFFLINE
    assert (await car.say("so I told him")).reply == ""


@pytest.mark.parametrize("verdict", [Verdict.NOTHING, Verdict.UNKNOWN])
async def test_doubt_whether_anything_is_wanted_is_told(car: Car, verdict: Verdict) -> None:
    car.guesses("so I told him", verdict=verdict, confidence=0.4)
    assert (await car.say("so I told him")).reply == NOT_UNDERSTOOD


async def test_question_never_acts_whatever_the_model_makes_of_it(car: Car) -> None:
    for text in ("why is the music so loud", "is the volume at 90?"):
        car.guesses(text, write(VOLUME, 90))
        assert (await car.say(text)).asks
    car.guesses("could you turn it up", write(VOLUME, 90))
    assert car.bus.sent == []
    await car.say("could you turn it up")
    assert car.bus.sent == [(VOLUME, 90)]


async def test_nothing_said_is_nothing_done(car: Car) -> None:
    turn = await car.say("  ")
    assert (turn.reply, car.template.heard) == ("", [])


async def test_part_beyond_all_skills_is_said_beside_what_was_done(car: Car) -> None:
    car.knows("volume 40 and sing", write(VOLUME, 40), reply="I can't sing.")
    turn = await car.say("volume 40 and sing")
    assert turn.reply == "The volume is now at 40 percent. I can't sing."


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_doubtful_plan_is_asked_first(car: Car, answer: str) -> None:
    car.guesses("blast", write(VOLUME, 90), confidence=0.4)
    turn = await car.say("blast")
    assert turn.asks
    assert turn.reply.startswith("Do you want me to write a signal (")
    assert car.bus.sent == []
    turn = await car.say(answer)
    assert car.bus.state[VOLUME] == (90 if answer == "yes" else 30)
    assert not turn.asks


async def test_wild_guess_is_not_even_asked_about(car: Car) -> None:
    car.guesses("blast", write(VOLUME, 90), confidence=0.1)
    assert (await car.say("blast")).reply == NOT_UNDERSTOOD


async def test_doubtful_plan_that_cannot_run_is_not_asked_about(car: Car) -> None:
    car.guesses("blast", write(VOLUME, 900), confidence=0.5)
    assert (await car.say("blast")).reply == NOT_UNDERSTOOD


async def test_badly_heard_command_asks_but_a_question_is_answered(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    car.knows("how loud is it", call("read", path=VOLUME))
    assert (await car.say("volume 40", confidence=0.1)).asks
    assert car.lm.heard == car.bus.sent == []
    assert (await car.say("how loud is it", confidence=0.1)).reply == "It is 30."


# --- what is said ------------------------------------------------------------------------


async def test_reply_says_good_news_first_and_the_question_last(car: Car) -> None:
    car.bus.errors[TEMPERATURE] = CommandRejected("The climate control is off.")
    car.knows("all", write(TRUNK, True), write(TEMPERATURE, 23), write(VOLUME, 40))
    turn = await car.say("all")
    assert turn.reply.startswith("The volume is now at 40 percent. ")
    assert "I can't set the driver's temperature to 23 degrees: " in turn.reply
    assert turn.reply.endswith("Should I open the trunk?")
    assert turn.asks


async def test_reply_says_the_same_trouble_once(car: Car) -> None:
    car.bus.reachable = False
    car.knows("both", call("read", path=VOLUME), call("read", path=TEMPERATURE))
    assert (await car.say("both")).reply == "I can't reach the vehicle right now."


async def test_reply_tells_of_what_policies_added(car: Car) -> None:
    car.bus.state |= dict.fromkeys(FRONT_FANS, 0)
    car.knows("ac", write(AC, True))
    turn = await car.say("ac")
    assert "The air conditioning is now on." in turn.reply
    assert "because the air conditioning needs the fan" in turn.reply
    assert turn.signals == {AC: True, **dict.fromkeys(FRONT_FANS, 20)}


async def test_turn_survives_a_planner_that_breaks(car: Car) -> None:
    car.template.error = KeyError("oops")
    assert (await car.say("volume 40")).reply == BROKEN
    car.template.error = CockpitError("The model is not there.")
    assert (await car.say("volume 40")).reply == "The model is not there."
    car.template.error = None
    car.knows("volume 40", write(VOLUME, 40))
    assert (await car.say("volume 40")).signals == {VOLUME: 40}


async def test_silent_ecu_is_reported_and_nothing_is_claimed(car: Car) -> None:
    car.bus.errors[VOLUME] = CommandTimeout("The media unit did not answer.")
    car.knows("volume 40", write(VOLUME, 40))
    turn = await car.say("volume 40")
    assert turn.outcomes[0].status is Status.FAILED
    assert "the media unit did not answer" in turn.reply
    assert turn.signals == {}


async def test_events_follow_the_turn(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    async with car.events.watch() as queue:
        turn = await car.say("volume 40")
    seen = [queue.get_nowait() for _ in range(queue.qsize())]
    assert isinstance(seen[0], UtteranceHeard)
    assert isinstance(seen[1], PlanMade)
    assert seen[-1] == TurnFinished(turn)


# --- thinking ahead ----------------------------------------------------------------------


async def test_prepared_plan_is_followed_without_planning_again(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    prepared = await car.agent.prepare(Utterance("volume 40"))
    assert (prepared.confidence, car.bus.sent) == (1.0, [])
    await car.agent.turn(Utterance("volume 40"), prepared)
    assert (car.bus.sent, car.template.heard) == ([(VOLUME, 40)], ["volume 40"])


@pytest.mark.parametrize("other", [Utterance("volume 50"), Utterance("volume 40", Seat.PASSENGER)])
async def test_prepared_plan_of_other_words_or_another_seat_is_worth_nothing(
    car: Car, other: Utterance
) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    car.knows("volume 50", write(VOLUME, 50))
    prepared = await car.agent.prepare(Utterance("volume 40"))
    await car.agent.turn(other, prepared)
    assert car.template.heard == ["volume 40", other.text]


async def test_prepared_plan_is_worth_nothing_after_another_turn(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    prepared = await car.agent.prepare(Utterance("volume 40"))
    await car.say("hello")
    await car.agent.turn(Utterance("volume 40"), prepared)
    assert car.template.heard == ["volume 40", "hello", "volume 40"]


async def test_prepared_answer_leaves_the_question_open_until_the_turn(car: Car) -> None:
    car.knows("open the trunk", write(TRUNK, True))
    await car.say("open the trunk")
    prepared = await car.agent.prepare(Utterance("yes"))
    assert (prepared.answers, prepared.plan, prepared.confidence) == (True, None, 1.0)
    assert TRUNK not in dict(car.bus.sent)
    await car.agent.turn(Utterance("yes"), prepared)
    assert car.bus.state[TRUNK] is True


async def test_prepared_doubt_or_chatter_is_no_command(car: Car) -> None:
    car.guesses("so I told him", verdict=Verdict.NOTHING)
    assert (await car.agent.prepare(Utterance("so I told him"))).confidence == 0
    assert (await car.agent.prepare(Utterance("hm"))).confidence == 0


async def test_reply_of_which_a_part_was_heard_is_remembered_so_far(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    await car.say("volume 40")
    car.conversation.heard("The volume is")
    assert car.conversation.last_reply == "The volume is"
    car.conversation.heard("")
    assert car.conversation.last_reply is None


@pytest.mark.parametrize(
    ("heard", "open_still"), [("Should I open the", True), ("Should", False), ("", False)]
)
async def test_question_that_was_hardly_heard_was_not_asked(
    car: Car, heard: str, open_still: bool
) -> None:
    car.knows("open the trunk", write(TRUNK, True))
    assert (await car.say("open the trunk")).reply == "Should I open the trunk?"
    car.conversation.heard(heard)
    assert (car.conversation.question is not None) == open_still


# --- questions ---------------------------------------------------------------------------


@pytest.fixture
async def asked(car: Car) -> Car:
    """A car that has just asked whether to open the trunk."""
    car.knows("open the trunk", write(TRUNK, True))
    assert (await car.say("open the trunk")).asks
    assert car.bus.sent == []
    return car


async def test_question_yes_acts(asked: Car) -> None:
    turn = await asked.say("yes please")
    assert asked.bus.state[TRUNK] is True
    assert turn.planner == "dialogue"
    assert turn.reply == "The trunk is now open."
    assert asked.template.heard == ["open the trunk"]


async def test_question_yes_with_the_command_again_acts_once(asked: Car) -> None:
    asked.knows("open the trunk", write(TRUNK, True))
    turn = await asked.say("yes, open the trunk")
    assert asked.bus.sent == [(TRUNK, True)]
    assert not turn.asks


async def test_question_yes_and_a_further_command_does_both(asked: Car) -> None:
    for text in ("and find kamppi", "find kamppi"):
        asked.knows(text, call("find", name="Kamppi"))
    turn = await asked.say("yes and find kamppi")
    assert turn.reply == "The trunk is now open. Found Kamppi."
    assert len(turn.outcomes) == 2


async def test_question_no_does_nothing(asked: Car) -> None:
    turn = await asked.say("no")
    assert (turn.reply, asked.bus.sent) == (DECLINED, [])
    asked.template.plans.pop("open the trunk")
    await asked.say("yes")
    assert asked.bus.sent == []


async def test_question_no_with_another_wish_does_that(asked: Car) -> None:
    asked.knows("volume 40", write(VOLUME, 40))
    await asked.say("no, volume 40")
    assert asked.bus.sent == [(VOLUME, 40)]


async def test_question_lapses(asked: Car) -> None:
    asked.clock.time += timedelta(seconds=asked.settings.answer_timeout + 1)
    await asked.say("yes")
    assert asked.bus.sent == []


async def test_question_is_dropped_by_a_new_command(asked: Car) -> None:
    asked.knows("volume 40", write(VOLUME, 40))
    await asked.say("volume 40")
    await asked.say("yes")
    assert asked.bus.sent == [(VOLUME, 40)]


async def test_question_stays_open_through_what_nobody_understands(asked: Car) -> None:
    assert (await asked.say("mumble mumble")).reply == NOT_UNDERSTOOD
    await asked.say("yes")
    assert asked.bus.sent == [(TRUNK, True)]


async def test_question_is_not_asked_again_by_what_is_said_beside_it(asked: Car) -> None:
    asked.knows("find it", call("find", name="Kamppi"))
    for text in ("what did you say", "find it"):
        assert not (await asked.say(text)).asks


async def test_question_is_answered_by_who_was_asked(asked: Car) -> None:
    await asked.say("yes", seat=Seat.REAR_LEFT)
    assert asked.bus.sent == []
    await asked.say("yes")
    assert asked.bus.sent == [(TRUNK, True)]


async def test_question_is_checked_again_by_the_policies(asked: Car) -> None:
    asked.bus.state["Vehicle.Speed"] = 50.0
    turn = await asked.say("yes")
    assert turn.reply == "I can't open the trunk while the car is moving."
    assert asked.bus.sent == []


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ("the second one", "Picked blue."),
        ("red please", "Picked red."),
        ("dark blue", "Picked blue."),
        ("yes", "Picked red."),
        ("neither", DECLINED),
    ],
)
async def test_choice_is_answered_by_place_or_name(car: Car, answer: str, reply: str) -> None:
    car.knows("pick", call("pick"))
    assert (await car.say("pick")).asks
    assert (await car.say(answer)).reply == reply


async def test_two_questions_of_one_call_follow_each_other(car: Car) -> None:
    car.knows("clear", call("clear"))
    assert (await car.say("clear")).reply == "Really?"
    assert (await car.say("yes")).reply == "Really and truly?"
    assert (await car.say("yes")).reply == "Cleared."


async def test_questions_of_two_calls_are_asked_one_by_one(car: Car) -> None:
    car.bus.state[AC] = True
    car.knows("both", write(TRUNK, True), write(WINDOWS[0], 100))
    assert (await car.say("both")).reply == "Should I open the trunk?"
    turn = await car.say("no")
    assert turn.reply.endswith("Should I open the window anyway?")
    assert turn.asks
    await car.say("yes")
    assert car.bus.sent == [(WINDOWS[0], 100)]


async def test_call_that_waited_for_an_answer_runs_after_it(car: Car) -> None:
    car.knows("go", call("pick"), call("find", name="$1.text"))
    turn = await car.say("go")
    assert [outcome.status for outcome in turn.outcomes] == [Status.ASKED, Status.SKIPPED]
    assert (await car.say("the first")).reply == "Picked red. Found Picked red.."


# --- corrections, undo, context ----------------------------------------------------------


async def test_correction_takes_back_and_does_what_was_meant(car: Car) -> None:
    car.knows("volume 90", write(VOLUME, 90))
    car.knows("no, the temperature to 25", write(TEMPERATURE, 25))
    await car.say("volume 90")
    await car.say("no, the temperature to 25")
    assert (car.bus.state[VOLUME], car.bus.state[TEMPERATURE]) == (30, 25)
    assert await car.conversation.undo() == "test.write"
    assert (car.bus.state[VOLUME], car.bus.state[TEMPERATURE]) == (30, 21.0)


async def test_command_that_is_no_correction_leaves_the_last_turn(car: Car) -> None:
    car.knows("volume 90", write(VOLUME, 90))
    car.knows("temperature 25", write(TEMPERATURE, 25))
    await car.say("volume 90")
    await car.say("temperature 25")
    assert (car.bus.state[VOLUME], car.bus.state[TEMPERATURE]) == (90, 25)


async def test_correction_from_another_seat_takes_nothing_back(car: Car) -> None:
    car.knows("volume 90", write(VOLUME, 90))
    car.knows("no, 25", write(TEMPERATURE, 25))
    await car.say("volume 90")
    await car.say("no, 25", seat=Seat.PASSENGER)
    assert car.bus.state[VOLUME] == 90


async def test_undo_goes_back_turn_by_turn(car: Car) -> None:
    for level in (40, 50):
        car.knows(f"volume {level}", write(VOLUME, level))
        await car.say(f"volume {level}")
    assert await car.conversation.undo() is not None
    assert car.bus.state[VOLUME] == 40
    assert await car.conversation.undo() is not None
    assert car.bus.state[VOLUME] == 30
    assert await car.conversation.undo() is None


async def test_undo_skips_turns_that_changed_nothing(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    car.knows("find", call("find", name="Kamppi"))
    await car.say("volume 40")
    await car.say("find")
    await car.conversation.undo()
    assert car.bus.state[VOLUME] == 30


async def test_undo_that_fails_says_why_and_can_be_tried_again(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    await car.say("volume 40")
    car.bus.errors[VOLUME] = CommandRejected("The volume is locked.")
    with pytest.raises(CockpitError, match="locked"):
        await car.conversation.undo()
    car.bus.errors.clear()
    assert await car.conversation.undo() is not None
    assert car.bus.state[VOLUME] == 30


async def test_planner_is_told_of_the_last_calls(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    await car.say("volume 40")
    await car.say("and louder")
    assert car.template.contexts[-1].last_calls == (write(VOLUME, 40),)


async def test_model_is_told_of_the_same_seats_last_calls_for_a_minute(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    await car.say("volume 40")
    await car.say("and louder")
    await car.say("and louder", seat=Seat.PASSENGER)
    car.clock.time += timedelta(seconds=61)
    await car.say("and louder")
    assert [context.last_calls for context in car.lm.contexts] == [(write(VOLUME, 40),), (), ()]


async def test_model_is_told_which_question_is_open(asked: Car) -> None:
    await asked.say("mumble")
    await asked.say("mumble", seat=Seat.PASSENGER)
    asked.clock.time += timedelta(seconds=asked.settings.answer_timeout + 1)
    await asked.say("mumble")
    assert [context.asked for context in asked.lm.contexts] == ["test.write", None, None]


async def test_model_is_told_what_it_proposed_itself(car: Car) -> None:
    car.guesses("blast", write(VOLUME, 90), confidence=0.4)
    assert (await car.say("blast")).asks
    await car.say("mumble")
    assert car.lm.contexts[-1].asked == "test.write"


async def test_plan_remembers_who_decided(car: Car) -> None:
    car.guesses("blast", write(VOLUME, 90))
    turn = await car.say("blast")
    assert turn.plan is not None
    assert turn.plan.detail["arbitration"]["decided"] == "lm"


async def test_last_reply_is_kept(car: Car) -> None:
    car.knows("volume 40", write(VOLUME, 40))
    turn = await car.say("volume 40")
    assert car.conversation.last_reply == turn.reply


async def test_restart_forgets_the_conversation(asked: Car) -> None:
    await asked.agent.restart()
    await asked.say("yes")
    assert asked.bus.sent == []
    assert await asked.conversation.undo() is None


async def test_interrupt_calls_its_hooks(car: Car) -> None:
    heard: list[str] = []
    car.conversation.on_interrupt(lambda: heard.append("stop"))
    car.conversation.interrupt()
    assert heard == ["stop"]


def test_abilities_are_the_skills_titles(car: Car) -> None:
    assert car.conversation.abilities() == ("testing",)
