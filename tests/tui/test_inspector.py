"""The turn inspector: stages, what is told of a plan, scenarios that pass, keys, pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from textual.pilot import Pilot

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance, Verdict
from cockpit.evaluation.runner import evaluate
from cockpit.evaluation.scenario import load_scenarios
from cockpit.events import (
    CallFinished,
    CallStarted,
    CommandFailedLater,
    PlanMade,
    ReplyEnded,
    ReplyStarted,
    TurnFinished,
    TurnTimed,
    UtteranceHeard,
)
from cockpit.ui.app import CockpitApp
from cockpit.ui.panels.inspector import InspectorPanel, TurnList
from cockpit.ui.panels.inspector_detail import described
from cockpit.ui.panels.inspector_scenario import Surroundings, as_yaml, beginning, scenario
from cockpit.ui.panels.inspector_stages import Look, Stage, bar, ruler, stages, whole
from cockpit.ui.state import Before, Kept, State, TurnRecord
from sim.start import start_state
from skills.api import Change, Status, VehicleResult
from tests.tui.dashboards import (
    CLOCK,
    LARGE,
    NOW,
    SMALL,
    THEMES,
    StillApp,
    frozen_state,
    quiet_settings,
    running,
    until,
)
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.records import Failure
from vehicle_bus.seats import Seat

CABIN = "Vehicle.Cabin"
SHADE, ROOF = f"{CABIN}.Sunroof.Shade.Position", f"{CABIN}.Sunroof.Position"
WINDOW = f"{CABIN}.Door.Row1.DriverSide.Window.Position"


# A conversation with everything that can be told of turns.


def conversation() -> State:
    """Spoken turns: one of the model, one of the templates with policies, one that jams."""
    state = frozen_state()
    state.ready = True
    state.vehicle.connected = True
    state.vehicle.catalogue = Catalogue.default()
    state.vehicle.values = start_state(Catalogue.default())
    _of_the_model(state)
    _with_policies(state)
    _that_asks(state)
    return state


def _of_the_model(state: State) -> None:
    utterance = Utterance("I'm freezing over here", Seat.PASSENGER, 0.71)
    call = Call("climate.adjust_temperature", {"change": 2, "where": "mine"})
    tokens = [
        ("climate", 0.9981), (".adjust", 0.5312), ("_temperature", 0.9764), ("(change=", 0.9999),
        ("2", 0.8127), (")", 0.9992), ("", 0.9999),
    ]  # fmt: skip
    plan = Plan(
        (call,),
        "lm",
        confidence=0.83,
        detail={
            "output": "climate.adjust_temperature(change=2)",
            "tokens": tokens,
            "model": "smollm2-135m-cockpit",
            "raw_confidence": 0.4213,
            "prompt_tokens": 14,
            "prompt_ms": 41.3,
            "output_tokens": 7,
            "output_ms": 104.9,
            "arbitration": {"decided": "lm", "why": "the templates know nothing like it"},
        },
    )
    path = f"{CABIN}.HVAC.Station.Row1.Passenger.Temperature"
    result = VehicleResult((Change(path, 21.0, 23.0, Status.DONE),))
    _tell(state, utterance, plan, [Outcome(call, Status.DONE, result=result)],
          "Your temperature is now set to 23 degrees.", {path: 23.0}, 150.0)  # fmt: skip


def _with_policies(state: State) -> None:
    utterance = Utterance("open the sunroof and my window", Seat.DRIVER, 0.96)
    roof = Call("windows.set_sunroof", {"position": 100})
    window = Call("windows.set_window", {"position": 100, "where": "mine"})
    because = "because the sunroof needs the sunshade to be open"
    shade = Change(SHADE, 0, 100, Status.MOVING, because=because)
    outcomes = [
        Outcome(
            roof,
            Status.MOVING,
            result=VehicleResult((Change(ROOF, 0, 100, Status.MOVING), shade)),
        ),
        Outcome(
            window,
            Status.MOVING,
            result=VehicleResult((Change(WINDOW, 0, 100, Status.MOVING),)),
        ),
    ]
    clauses = [
        {"text": "open the sunroof", "role": "command", "how": "said", "cost": 1.0,
         "template": "[all the way|fully|completely] (open|open up) [the|my|our] <roof>"},
        {"text": "my window", "role": "command", "how": "carried", "cost": 1.2,
         "template": "<open> [my] window"},
    ]  # fmt: skip
    detail = {
        "clauses": clauses,
        "arbitration": {"decided": "template", "why": "the templates explain it"},
    }
    plan = Plan((roof, window), "template", detail=detail)
    _tell(state, utterance, plan, outcomes, "Opening the sunroof and your window.",
          {SHADE: 100, ROOF: 100, WINDOW: 100}, 6.2)  # fmt: skip
    state.on_event(CommandFailedLater(Failure(WINDOW, 100, "The driver's window is jammed.")))


def _that_asks(state: State) -> None:
    call = Call("doors.open_trunk", {})
    question = "Should I open the trunk?"
    plan = Plan((call,), "template", detail={"arbitration": {"why": "the templates explain it"}})
    _tell(state, Utterance("open the trunk"), plan, [Outcome(call, Status.ASKED, question)],
          question, {}, 4.1, spoken=False, asks=True)  # fmt: skip


def _tell(
    state: State,
    utterance: Utterance,
    plan: Plan,
    outcomes: list[Outcome],
    reply: str,
    signals: dict[str, Any],
    plan_ms: float,
    *,
    spoken: bool = True,
    asks: bool = False,
) -> None:
    """The events of a turn that began at the frozen time, 460 ms after the last word."""
    state.on_event(UtteranceHeard(utterance, CLOCK))
    state.on_event(PlanMade(plan, 0.1 if spoken else plan_ms))
    for index, outcome in enumerate(outcomes):
        state.on_event(CallStarted(outcome.call, CLOCK + 0.004 + 0.012 * index))
    for outcome in outcomes:
        state.on_event(CallFinished(outcome, 48.0))
    timings = {"plan": plan_ms, "execute": 52.0, "total": plan_ms + 52.0}
    turn = Turn(utterance, reply, asks, plan.planner, tuple(outcomes), signals, timings, plan)
    state.on_event(TurnFinished(turn))
    if spoken:
        marks = {"pause": 205.0, "text": 300.0, "plan": 300.0 + plan_ms, "endpoint": 455.0}
        marks |= {"reply": 520.0, "first audio": 641.0}
        state.on_event(ReplyStarted(reply))
        state.on_event(TurnTimed(CLOCK - 0.46, marks))
        state.on_event(ReplyEnded(reply, reply))


def turns_of(state: State) -> list[TurnRecord]:
    return [entry for entry in state.entries if isinstance(entry, TurnRecord)]


# Stages.


def test_stages_of_a_spoken_turn_follow_the_last_word() -> None:
    model = turns_of(conversation())[0]
    found = {stage.label: stage for stage in stages(model)}
    assert [stage.label for stage in stages(model)] == [
        "pause", "recognition", "planner", "endpoint", "climate.adjust_temperature", "first audio",
    ]  # fmt: skip
    assert (found["recognition"].start, found["recognition"].length) == (205.0, 95.0)
    assert found["planner"].length == pytest.approx(150.0)
    assert found["climate.adjust_temperature"].start == pytest.approx(464.0)
    assert whole(stages(model)) == pytest.approx(641.0)


def test_stages_of_a_typed_turn_begin_with_the_planner() -> None:
    asked = turns_of(conversation())[2]
    assert [stage.label for stage in stages(asked)] == ["planner", "doors.open_trunk"]
    assert stages(asked)[0].start == 0


def test_stage_that_goes_on_is_drawn_open() -> None:
    state = frozen_state()
    state.on_event(UtteranceHeard(Utterance("open the roof"), CLOCK))
    state.on_event(CallStarted(Call("windows.set_sunroof"), CLOCK + 0.01))
    (stage,) = stages(turns_of(state)[0])
    assert stage.length is None
    assert bar(stage, 25.0, 10) == ("   ", "…")


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0.0, 50.0, ("", "█████")),
        (50.0, 50.0, ("     ", "█████")),
        (25.0, 0.1, ("  ", "▌")),
        (99.9, 0.0, ("         ", "█")),
        (0.0, 0.0, ("", "▏")),
    ],
)
def test_bar(start: float, length: float, expected: tuple[str, str]) -> None:
    assert bar(Stage("x", start, length, Look.ACTING), 100.0, 10) == expected


def test_ruler_has_round_times_where_they_are() -> None:
    assert ruler(400.0, 40) == "0         100       200       300       "


# What is told.


def test_tokens_of_the_model_are_told_with_their_chances() -> None:
    text = described(turns_of(conversation())[0], 100).plain
    assert "climate.adjust_temperature(change=2)∎" in text
    assert 'less sure: ".adjust" 0.53, "2" 0.81' in text
    assert "because the templates know nothing like it" in text
    assert "read 14 tokens in 41.3 ms, wrote 7 in 104.9 ms" in text


def test_policies_and_late_failures_are_told() -> None:
    text = described(turns_of(conversation())[1], 100).plain
    policies = text.split("Policies")[1].split("Signals")[0]
    assert "Cabin.Sunroof.Shade.Position  0 → 100  because the sunroof needs" in policies
    assert ROOF.removeprefix("Vehicle.") not in policies
    assert "The driver's window is jammed." in text.split("Later")[1]


def test_lines_fit_the_width() -> None:
    for width in (49, 76):
        for turn in turns_of(conversation()):
            rows = described(turn, width).plain.split("Stages")[1].split("Planner")[0].splitlines()
            assert max(map(len, rows)) <= width


# Scenarios, without a car.


def surroundings(**changes: Any) -> Surroundings:
    catalogue = Catalogue.default()
    start = start_state(catalogue)
    after = start | {SHADE: 100, ROOF: 100, WINDOW: 40}
    return replace(Surroundings(start, catalogue, after), **changes)


def test_scenario_names_what_differs_from_the_default_vehicle() -> None:
    turn = turns_of(conversation())[1]
    assert turn.before is not None
    values = dict(turn.before.values) | {
        "Vehicle.Speed": 50.0,
        "Vehicle.Exterior.AirTemperature": 12.3,  # drifts, and nobody asked
        f"{CABIN}.HVAC.IsAirConditioningActive": True,
    }
    turn.before = Before(values, Kept(("milk",)), guided=False)
    found = scenario([turn], surroundings(after=values | {SHADE: 100, ROOF: 100}))
    assert found["given"] == {
        "seat": "driver",
        "signals": {"Vehicle.Speed": 50.0, f"{CABIN}.HVAC.IsAirConditioningActive": True},
        "now": NOW.isoformat(timespec="seconds"),
    }


def test_scenario_of_what_jammed_allows_anything_there() -> None:
    found = scenario([turns_of(conversation())[1]], surroundings(faults=(f"jam:{WINDOW}",)))
    (turn,) = found["turns"]
    assert turn["expect"]["signals"] == {SHADE: 100, ROOF: 100}
    assert turn["expect"]["allow"] == [WINDOW]
    assert found["given"]["faults"] == [f"jam:{WINDOW}"]


def test_scenario_of_an_answer_begins_with_the_question() -> None:
    state = conversation()
    plan = Plan((Call("doors.open_trunk"),), "template")
    _tell(state, Utterance("yes"), plan, [], "Opening the trunk.", {}, 0.0, spoken=False)
    _tell(state, Utterance("lights on"), plan, [], "Done.", {}, 0.0, spoken=False)
    turns = turns_of(state)
    assert beginning(turns, 3) == 2
    assert beginning(turns, 4) == 4
    assert beginning(turns, 0) == 0


def test_scenario_of_a_correction_begins_with_what_it_corrects() -> None:
    state = frozen_state()
    plan = Plan((Call("climate.set_temperature"),), "template")
    for text in ("set it to 22", "no, 23", "open the roof"):
        _tell(state, Utterance(text), plan, [], "Done.", {}, 0.0, spoken=False)
    assert [beginning(turns_of(state), last) for last in range(3)] == [0, 0, 2]


def test_reply_is_expected_literally() -> None:
    turn = turns_of(conversation())[2]
    found = scenario([turn], surroundings())
    assert found["turns"][0]["expect"]["says"] == r"^Should I open the trunk\?$"
    assert found["turns"][0]["expect"]["asks"] is True
    assert yaml.safe_load(as_yaml(found)) == [found]


# On a real car.

REQUESTS = (
    ("open the sunroof", Seat.DRIVER),  # a policy adds the sunshade
    ("set the temperature to 23", Seat.DRIVER),
    ("no, 22", Seat.DRIVER),
    ("undo that", Seat.DRIVER),
    ("turn on the air conditioning", Seat.PASSENGER),
    ("open my window", Seat.PASSENGER),  # asks
    ("yes", Seat.PASSENGER),
    ("add milk and six eggs to my shopping list", Seat.DRIVER),
    ("take milk off the shopping list", Seat.DRIVER),
    ("what's on my shopping list", Seat.DRIVER),
    ("honk the horn", Seat.DRIVER),
    ("play some music", Seat.DRIVER),
    ("how warm is it outside", Seat.DRIVER),
    ("what time is it", Seat.DRIVER),
    ("open the fridge", Seat.DRIVER),
)


async def settled(app: CockpitApp, pilot: Pilot[int]) -> None:
    """Until nothing moves any more, and the dashboard knows."""
    world = app.cockpit.world if app.cockpit is not None else None
    assert world is not None

    def shown() -> bool:
        values = app.state.vehicle.values
        return all(values.get(path) == world.truth()[path] for path in (ROOF, SHADE, WINDOW))

    await pilot.pause(0.5)
    await until(pilot, shown)


async def test_copied_turns_pass_the_evaluation(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        assert app.cockpit is not None
        await app.cockpit.set("Vehicle.Body.Lights.Beam.Low.IsOn", True)
        for text, seat in REQUESTS:
            await app.cockpit.request(text, seat)
            await settled(app, pilot)
        await pilot.press("f3")
        await until(pilot, lambda: app.query(TurnList) and app.query_one(TurnList).has_focus)
        panel = app.query_one(InspectorPanel)
        await until(pilot, lambda: len(panel.turns) == len(REQUESTS) and panel.turns[-1].turn)
        folder = tmp_path / "copied"
        folder.mkdir()
        for number in range(len(REQUESTS), 0, -1):
            before = app.clipboard
            await pilot.press("c")
            await until(pilot, lambda before=before: app.clipboard != before)
            (folder / f"{number:02}.yaml").write_text(app.clipboard, encoding="utf-8")
            await pilot.press("up")
            await pilot.pause()
    found = load_scenarios([folder])
    assert len(found) == len(REQUESTS)
    assert [len(one.turns) for one in found][:4] == [1, 1, 2, 3]
    given = found[0].given.signals
    assert given["Vehicle.Body.Lights.Beam.Low.IsOn"] is True
    results = await evaluate(quiet_settings(tmp_path / "eval"), found, lambda _: None)
    assert [(one.id, one.failures) for one in results if not one.passed] == []


async def test_written_scenario_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press(*"open my window", "enter")
        await until(pilot, lambda: (last := app.state.last_turn) and last.turn is not None)
        await pilot.press("f3")
        await until(pilot, lambda: app.query(TurnList) and app.query_one(TurnList).has_focus)
        await pilot.press("w")
        path = app.settings.data_dir / "scenarios" / "open-my-window.yaml"
        await until(pilot, path.exists)
    (found,) = load_scenarios([path])
    assert found.turns[0].expect is not None
    assert found.turns[0].expect.signals == {WINDOW: 100}


# By keyboard.


async def test_keys_choose_turns_and_mark_where_a_scenario_begins(tmp_path: Path) -> None:
    app = StillApp(conversation(), "inspector", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: app.query(TurnList) and app.query_one(TurnList).has_focus)
        shown = app.query_one("#turn")
        await until(pilot, lambda: "open the trunk" in str(shown.render()))
        await pilot.press("up")
        await until(pilot, lambda: "open the sunroof" in str(shown.render()))
        assert app.chosen_turn is turns_of(app.state)[1]
        await pilot.press("home", "space", "end")
        await pilot.pause(0.1)
        assert app.chosen_turn is None  # the newest is followed
        lines = app.query_one(TurnList).canvas.text.splitlines()
        assert [line[0] for line in lines] == ["▎"] * 3
        await pilot.press("c")
        await until(pilot, lambda: app.query("Toast"))  # no car, no scenario


async def test_turn_that_comes_is_shown_as_it_happens(tmp_path: Path) -> None:
    state = conversation()
    app = StillApp(state, "inspector", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.query(TurnList) and app.query_one(TurnList).has_focus)
        state.on_event(UtteranceHeard(Utterance("dim the lights"), CLOCK))
        app.feed.touch()
        await until(pilot, lambda: "under way" in str(app.query_one("#turn").render()))
        call = Call("lights.set_ambient", {"intensity": 20})
        state.on_event(PlanMade(Plan((call,), "template", Verdict.ACT), 3.0))
        state.on_event(CallStarted(call, CLOCK + 0.003))
        app.feed.touch()
        await until(pilot, lambda: "runs" in str(app.query_one("#turn").render()))


async def test_oldest_turns_are_forgotten(tmp_path: Path) -> None:
    state = frozen_state()
    for number in range(2000):
        state.on_event(UtteranceHeard(Utterance(f"request {number}"), CLOCK))
    assert len(state.entries) == 500
    app = StillApp(state, "inspector", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.query(TurnList) and app.query_one(TurnList).has_focus)
        await until(pilot, lambda: "request 1999" in app.query_one(TurnList).canvas.text)
        await pilot.press("home")
        await until(pilot, lambda: "request 1500" in app.query_one(TurnList).canvas.text)


# Pictures.


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "220x60"])
def test_picture(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], number: int, theme: str
) -> None:
    state = conversation()
    app = StillApp(state, "inspector", theme, tmp_path)

    async def choose(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: app.query(TurnList) and app.query_one(TurnList).has_focus)
        app.choose_turn(turns_of(state)[number])
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=size, run_before=choose)


def test_picture_of_nothing_yet(snap_compare: Any, tmp_path: Path) -> None:
    state = frozen_state()
    state.ready = True
    app = StillApp(state, "inspector", THEMES[0], tmp_path)
    assert snap_compare(app, terminal_size=SMALL)
