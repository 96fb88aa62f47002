"""Calibration of confidence, and two models one behind the other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agent.llm.calibration import (
    Calibration,
    Thresholds,
    calibration_of,
    read_calibrations,
)
from cockpit.agent.llm.cascade import CascadePlanner, planner_of
from cockpit.agent.llm.errors import ModelError
from cockpit.agent.llm.model import ModelFile, Startup
from cockpit.agent.llm.planner import LlmPlanner
from cockpit.agent.plan import Call, DialogueContext, Plan, Utterance, Verdict
from cockpit.settings import AgentSettings
from tests.fakes.skills import SKILLS

SAID, CONTEXT = Utterance("mute"), DialogueContext()


class Model:
    """A planner whose plan is known; it may fail to load or to plan."""

    def __init__(
        self,
        name: str,
        confidence: float,
        verdict: Verdict = Verdict.ACT,
        *,
        loads: bool = True,
        plans: bool = True,
    ) -> None:
        self.model_name = name
        self.closed = False
        self.asked = 0
        self.may_load = asyncio.Event()
        self.may_load.set()
        self._plan = Plan((Call(f"{name}.act"),), "lm", verdict, confidence, detail={"x": name})
        self._loads, self._plans = loads, plans

    async def start(self) -> Startup:
        await self.may_load.wait()
        if not self._loads:
            raise ModelError("It is broken.")
        return Startup(1, 1, 1, from_cache=False)

    async def close(self) -> None:
        self.closed = True

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan:
        self.asked += 1
        if not self._plans:
            raise ModelError("It broke.")
        return self._plan


def cascade(first: Model, second: Model) -> CascadePlanner:
    return CascadePlanner(cast(LlmPlanner, first), cast(LlmPlanner, second), below=0.8)


async def decided(first: Model, second: Model) -> Plan:
    planner = cascade(first, second)
    await planner.both()
    plan = await planner.plan(SAID, CONTEXT)
    await planner.close()
    assert first.closed
    assert second.closed
    assert plan is not None
    return plan


async def test_sure_first_model_decides_alone() -> None:
    second = Model("large", 0.9)
    plan = await decided(Model("small", 0.8), second)
    assert plan.calls[0].function == "small.act"
    assert second.asked == 0


@pytest.mark.parametrize(
    ("confidence", "verdict"), [(0.79, Verdict.ACT), (0.95, Verdict.UNSURE), (0.5, Verdict.NOTHING)]
)
async def test_second_model_decides_where_the_first_is_unsure(
    confidence: float, verdict: Verdict
) -> None:
    plan = await decided(Model("small", confidence, verdict), Model("large", 0.6))
    assert plan.calls[0].function == "large.act"
    assert plan.detail["second_model"] == "large"
    assert plan.detail["first"] == {"x": "small", "verdict": verdict, "confidence": confidence}


@pytest.mark.parametrize("fault", [{"loads": False}, {"plans": False}])
async def test_first_plan_counts_where_the_second_model_fails(fault: dict[str, bool]) -> None:
    plan = await decided(Model("small", 0.3), Model("large", 0.9, **fault))
    assert plan.calls[0].function == "small.act"


async def test_first_plan_counts_while_the_second_model_is_loading() -> None:
    second = Model("large", 0.9)
    second.may_load.clear()
    planner = cascade(Model("small", 0.3), second)
    await planner.start()
    plan = await planner.plan(SAID, CONTEXT)
    assert plan is not None
    assert plan.calls[0].function == "small.act"
    await planner.close()
    assert second.closed


async def test_two_models_make_a_cascade() -> None:
    files = [ModelFile("small", Path("small.gguf")), ModelFile("large", Path("large.gguf"))]
    one = planner_of(files[:1], SKILLS, AgentSettings())
    both = planner_of(files, SKILLS, AgentSettings())
    assert isinstance(one, LlmPlanner)
    assert isinstance(both, CascadePlanner)
    await one.close()
    await both.close()


async def test_broken_first_model_is_an_error() -> None:
    planner = cascade(Model("small", 0.3, loads=False), Model("large", 0.9))
    with pytest.raises(ModelError):
        await planner.start()
    await planner.close()


def test_calibration_draws_straight_lines_between_its_points() -> None:
    known = Calibration(points=((0.2, 0.1), (0.6, 0.5), (0.9, 0.95)))
    assert known.probability(0.1) == pytest.approx(0.05)
    assert known.probability(0.4) == pytest.approx(0.3)
    assert known.probability(1.0) == pytest.approx(0.95)
    assert Calibration().probability(0.37) == 0.37


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_calibration_keeps_the_order(raw: list[float]) -> None:
    known = Calibration(points=((0.2, 0.1), (0.6, 0.6), (0.6, 0.7), (0.9, 0.95)))
    low, high = sorted(raw)
    assert 0 <= known.probability(low) <= known.probability(high) <= 1


@pytest.mark.parametrize(
    "entry",
    [
        {"points": [[0.5, 0.5], [0.4, 0.6]]},
        {"points": [[0.5, 0.5], [0.6, 0.4]]},
        {"points": [[0.5, 1.5]]},
        {"act": 2},
        {"atc": 0.5},
    ],
)
def test_faulty_calibration_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        read_calibrations({"toy": entry})


def test_thresholds_are_set_by_hand_calibrated_or_default() -> None:
    calibration = Calibration(act=0.8, ask=0.4)
    plain = Thresholds.of(AgentSettings(), calibration)
    assert (plain.act, plain.ask, plain.cascade) == (0.8, 0.4, 0.9)
    by_hand = Thresholds.of(AgentSettings(confidence_to_act=0.5), calibration)
    assert (by_hand.act, by_hand.ask) == (0.5, 0.4)


def test_calibration_that_ships_is_valid_and_unknown_models_have_none() -> None:
    assert calibration_of("no-such-model") == Calibration()
    assert calibration_of("/tmp/cockpit-135m.gguf") == calibration_of("cockpit-135m")
