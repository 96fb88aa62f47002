"""Shares of the planners, sentences out of scope, and the comparison of models."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cockpit.agent.plan import Call, Outcome, Plan, Turn, Utterance
from cockpit.assets.errors import AssetMissing
from cockpit.evaluation import comparison
from cockpit.evaluation.comparison import Candidate, Row, compare
from cockpit.evaluation.models import NoLanguageModel, known_models, open_planner, with_model
from cockpit.evaluation.runner import ScenarioResult, report
from cockpit.evaluation.scope import Effect, judge, summary
from cockpit.evaluation.shares import Share, count_shares, say_shares, who_planned
from cockpit.settings import PlannerChoice, Settings
from skills.api import Status
from tests.fakes.skill import all_skills
from vehicle_bus.errors import CockpitError


def turn(
    planner: str = "template", *outcomes: tuple[str, Status], asks: bool = False, **detail: Any
) -> Turn:
    calls = tuple(Call(name) for name, _ in outcomes)
    made = tuple(Outcome(call, status) for call, (_, status) in zip(calls, outcomes, strict=True))
    plan = Plan(calls, planner, detail=detail)
    return Turn(Utterance("text"), "reply", asks, planner, made, {}, {}, plan)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty asset store."""
    return Settings.model_validate({"assets": {"root": tmp_path / "models", "offline": True}})


# --- shares ------------------------------------------------------------------------------


def test_shares_count_last_turns_and_failures_by_planner() -> None:
    shares = count_shares(
        [("lm", True), ("template", True), ("template", False), ("none", True), ("lm", True)]
    )
    assert shares == {"template": Share(2, 1), "lm": Share(2, 0), "none": Share(1, 0)}
    assert say_shares(shares) == (
        "template planned 2, 1 wrong; lm planned 2, 0 wrong; nobody planned 1, 0 wrong"
    )


def test_who_planned_tells_the_second_model_from_the_first() -> None:
    assert who_planned(turn("template")) == "template"
    assert who_planned(turn("lm")) == "lm"
    assert who_planned(turn("lm", second_model="bigger")) == "second model"
    assert who_planned(turn("dialogue")) == "dialogue"


def test_report_holds_the_shares() -> None:
    results = [ScenarioResult("a", (), "lm", 1.0), ScenarioResult("b", ("no",), "lm", 1.0)]
    assert report(results)["planners"] == {"lm": {"planned": 2, "wrong": 1}}


# --- models ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nothing-of-the-kind", "vosk-en-small"])
def test_with_model_refuses_what_is_no_language_model(name: str, settings: Settings) -> None:
    with pytest.raises(NoLanguageModel) as refused:
        with_model(settings, name)
    assert name in refused.value.spoken
    assert "smollm2-135m" in refused.value.spoken
    assert "whisper" not in refused.value.spoken


def test_with_model_refuses_a_file_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoLanguageModel, match="There is no model file"):
        with_model(settings, str(tmp_path / "none.gguf"))


def test_with_model_says_how_to_fetch_a_model(settings: Settings) -> None:
    with pytest.raises(AssetMissing, match="cockpit models pull qwen"):
        with_model(settings, "qwen2.5-coder-0.5b")


def test_with_model_takes_a_file(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "my.gguf"
    file.touch()
    assert with_model(settings, str(file)).agent.model == str(file)


def test_known_models_begin_with_the_one_of_the_settings(settings: Settings) -> None:
    names = known_models(settings)
    assert names[0] == settings.agent.model
    assert "qwen2.5-coder-1.5b" in names
    assert len(set(names)) == len(names)


async def test_open_planner_opens_the_templates_without_a_model(settings: Settings) -> None:
    async with open_planner("template", settings) as planner:
        assert planner.name == "template"
    with pytest.raises(CockpitError, match="There is no model file"):
        async with open_planner("none.gguf", settings):
            pass


# --- out of scope ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "asks", "effect"),
    [
        ([], False, Effect.NOTHING),
        ([("test.write", Status.DONE)], False, Effect.ACTED),
        ([("test.write", Status.FAILED)], False, Effect.ACTED),
        ([("test.read", Status.DONE)], False, Effect.ANSWERED),
        ([("test.read", Status.DONE), ("test.write", Status.DONE)], False, Effect.ACTED),
        ([("test.write", Status.ASKED)], True, Effect.ASKED),
    ],
)
def test_judge_tells_what_came_of_a_turn(
    outcomes: Sequence[tuple[str, Status]], asks: bool, effect: Effect
) -> None:
    said = judge(turn("template", *outcomes, asks=asks), all_skills())
    assert said.effect is effect
    assert bool(said.functions) == (effect is not Effect.NOTHING)


def test_judge_names_what_a_yes_would_do() -> None:
    proposed = Plan((Call("test.write"),), "lm")
    said = judge(
        Turn(Utterance("text"), "Shall I?", True, "lm", (), {}, {}, proposed), all_skills()
    )
    assert (said.effect, said.functions) == (Effect.ASKED, ("test.write",))


def test_summary_gives_the_share_of_all_sentences() -> None:
    acted = judge(turn("lm", ("test.write", Status.DONE)), all_skills())
    asked = judge(turn("lm", ("test.write", Status.ASKED), asks=True), all_skills())
    nothing = judge(turn("none"), all_skills())
    assert summary([acted, asked, nothing, nothing]) == (
        "4 sentences: 25.0% triggered something (1 acted, 0 answered), 25.0% were asked about (1)"
    )


# --- comparison --------------------------------------------------------------------------


def row(candidate: Candidate) -> Row:
    return Row(candidate, 9, 10, (12.34, 200.0), 300.0, 2.5, {"lm": Share(10, 1)})


def test_row_survives_json() -> None:
    made = row(Candidate(PlannerChoice.LM, "small"))
    assert Row.from_json(made.to_json()).to_json() == made.to_json()
    assert made.to_json()["plan_ms"] == {"p50": 12.3, "p95": 200.0}


async def test_compare_leaves_out_what_is_not_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    async def process(own: Settings, candidate: Candidate, files: Sequence[Path]) -> Row:
        assert own.agent.planner is candidate.planner
        ran.append(str(candidate))
        return row(candidate)

    monkeypatch.setattr(comparison, "_in_own_process", process)
    said: list[str] = []
    rows = await compare(settings, [Path("x.yaml")], (), said.append)
    assert ran == ["template"]
    assert [str(found.candidate) for found in rows] == ["template"]
    left_out = [line for line in said if "is left out" in line]
    assert any("lm qwen2.5-coder-0.5b is left out. The model" in line for line in left_out)
    assert any(line.strip().startswith("auto ") for line in left_out)


async def test_compare_runs_only_the_models_that_are_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "my.gguf"
    file.touch()

    async def process(own: Settings, candidate: Candidate, files: Sequence[Path]) -> Row:
        return row(candidate)

    monkeypatch.setattr(comparison, "_in_own_process", process)
    rows = await compare(settings, [Path("x.yaml")], [str(file)], lambda _: None)
    assert [str(found.candidate) for found in rows] == ["template", f"auto {file}", f"lm {file}"]


async def test_compare_asks_no_model_to_check_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.gguf", tmp_path / "other.gguf"
    one.touch()
    other.touch()
    seconds: list[str] = []

    async def process(own: Settings, candidate: Candidate, files: Sequence[Path]) -> Row:
        seconds.append(own.agent.second_model)
        return row(candidate)

    monkeypatch.setattr(comparison, "_in_own_process", process)
    agent = settings.agent.model_copy(update={"second_model": str(other)})
    both = settings.model_copy(update={"agent": agent})
    await compare(both, [Path("x.yaml")], [str(one), str(other)], lambda _: None)
    assert seconds == ["", str(other), "", str(other), ""]


def test_settings_that_nobody_set_reach_a_candidate_unset(settings: Settings) -> None:
    agent = settings.agent.model_copy(update={"planner": PlannerChoice.LM})
    own = settings.model_copy(update={"agent": agent})
    job = json.loads(json.dumps(comparison._job(own, [Path("x.yaml")])))
    arrived = Settings.model_validate(job["settings"])
    assert arrived == own
    assert arrived.agent.model_fields_set == {"planner"}


def test_table_shows_one_line_a_candidate() -> None:
    output = io.StringIO()
    shown = comparison.table([row(Candidate(PlannerChoice.TEMPLATE))])
    Console(file=output, width=120).print(shown)
    assert output.getvalue().splitlines()[-1].split() == [
        "template", "-", "9", "10", "90.0", "12.3", "200", "300", "2.5",
    ]  # fmt: skip
