"""Rows asked of a planner, and the calibration of its confidence."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from cockpit.agent.llm.notation import Notation
from cockpit.agent.plan import Call, Plan, Verdict
from cockpit.evaluation import calibration
from cockpit.evaluation.calibration import Fit, expected_error, fit, isotonic
from cockpit.evaluation.planning import Answer, Row, ask, read_rows, share, summary
from skills.api import SkillSet
from tests.fakes.planner import FakePlanner

TOO = Row("last climate.set_temperature 22 driver\nand the passenger", "none", "followup")


@pytest.fixture(scope="module")
def notation() -> Notation:
    return Notation(SkillSet.installed())


def test_row_knows_its_functions() -> None:
    plan = "if raining: windows.set_window 0 all; lights.set_hazards on"
    assert Row("x", plan, "condition").functions == ("windows.set_window", "lights.set_hazards")
    assert Row("x", "none", "none").functions == ("none",)


def test_row_is_asked_with_its_context(notation: Notation) -> None:
    utterance, context = TOO.utterance(notation)
    assert utterance.text == "and the passenger"
    arguments = {"temperature": 22, "where": "driver"}
    assert context.last_calls == (Call("climate.set_temperature", arguments),)
    _, context = Row("asked navigation.go_to\nthe second", "none", "one").utterance(notation)
    assert context.asked == "navigation.go_to"


def test_rows_are_read_from_the_generators_file(tmp_path: Path) -> None:
    file = tmp_path / "test.jsonl"
    row = {"prompt": "hello", "plan": "none", "kind": "none", "template": "x"}
    file.write_text(json.dumps(row) + "\n", "utf-8")
    assert read_rows(file) == [Row("hello", "none", "none")]


async def test_answers_are_right_where_the_plan_is_exactly_the_rows(notation: Notation) -> None:
    hazards = Call("lights.set_hazards", {"on": True})
    planner = FakePlanner(
        {
            "hazards": Plan((hazards,), "lm", confidence=0.9, detail={"raw_confidence": 0.7}),
            "thanks": Plan((hazards,), "lm"),
            "blink": Plan((hazards,), "lm", Verdict.UNSURE, 0.4, detail={"reason": "doubt"}),
        }
    )
    rows = [
        Row("hazards", "lights.set_hazards on", "one"),
        Row("thanks", "none", "none"),
        Row("blink", "lights.set_hazards on", "one"),
        Row("mumble", "unknown", "unknown"),
    ]
    right, wrong, unsure, unknown = answers = await ask(planner, rows, notation)
    assert (right.right, right.acts, right.raw, right.confidence) == (True, True, 0.7, 0.9)
    assert (wrong.right, wrong.acts, wrong.written) == (False, True, "lights.set_hazards on")
    assert (unsure.right, unsure.acts, unsure.reason) == (True, False, "doubt")
    assert (unknown.right, unknown.written) == (True, "unknown")
    assert share(answers) == "75.0%"
    kinds, functions = summary(answers)
    assert (kinds.row_count, functions.row_count) == (3, 3)


async def test_answers_are_compared_without_defaults_articles_and_capitals(
    notation: Notation,
) -> None:
    calls = (
        Call("doors.open_trunk", {"which": "trunk"}),
        Call("navigation.go_to", {"place": "the Main Street", "nearest": False}),
    )
    rows = [Row("x", 'doors.open_trunk; navigation.go_to "main street"', "several")]
    [answer] = await ask(FakePlanner({"x": Plan(calls, "template")}), rows, notation)
    assert answer.written == answer.plan


# --- calibration -------------------------------------------------------------------------


def answers(count: int = 400) -> list[dict[str, object]]:
    """A model that is right half as often as it says."""
    made = []
    for index in range(count):
        raw = (index % 10) / 10 + 0.05
        right = (index // 10 * 7919) % 1000 < raw * 500
        made.append(asdict(Answer(f"text {index}", "none", "one", "x", right, "act", raw, 1.0)))
        made[-1]["raw"] = raw
    return made


def test_isotonic_pools_what_does_not_rise() -> None:
    pairs = [(0.1, False), (0.2, True), (0.3, False), (0.9, True)]
    assert isotonic(pairs) == [(0.1, 0.0), (0.25, 0.5), (0.9, 1.0)]


def test_isotonic_tells_nothing_apart_that_has_the_same_confidence() -> None:
    assert isotonic([(1.0, True), (1.0, False), (1.0, True), (1.0, False)]) == [(1.0, 0.5)]


def test_fit_brings_confidence_near_the_share_of_right_plans() -> None:
    fitted = fit(answers())
    assert fitted.before > 0.15
    assert fitted.error < fitted.before / 2
    chances = [fitted.probability(raw / 20) for raw in range(21)]
    assert chances == sorted(chances)
    assert 0 <= chances[0] <= chances[-1] <= 0.7


def test_probability_is_interpolated_and_flat_at_the_top() -> None:
    fitted = Fit(((0.5, 0.2), (1.0, 0.8)), 0.0, 0.0)
    assert fitted.probability(0.25) == pytest.approx(0.1)
    assert fitted.probability(0.75) == pytest.approx(0.5)
    assert fitted.probability(1.2) == 0.8


def test_expected_error_is_nought_for_an_honest_model() -> None:
    honest = [(0.5, True), (0.5, False), (1.0, True), (0.0, False)]
    assert expected_error(honest) == 0
    assert expected_error([(1.0, False)]) == 1


def test_calibration_keeps_the_other_models_and_its_own_cascade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "calibration.yaml"
    kept.write_text("other: {points: []}\nmine: {act: 0.1, cascade: 0.5}\n", "utf-8")
    monkeypatch.setattr(calibration, "files", lambda _: tmp_path)
    source = tmp_path / "answers.jsonl"
    source.write_text("".join(json.dumps(entry) + "\n" for entry in answers()), "utf-8")
    monkeypatch.setattr("sys.argv", ["calibration", str(source), "--model", "mine"])
    calibration.main()
    assert "400 answers; expected calibration error" in capsys.readouterr().out
    written = yaml.safe_load(kept.read_text("utf-8"))
    assert written["other"] == {"points": []}
    assert written["mine"]["cascade"] == 0.5
    assert written["mine"]["act"] == calibration.ACT_PRECISION
    assert 1 < len(written["mine"]["points"]) <= 12
