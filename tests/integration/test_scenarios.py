"""Whole conversations on the simulated vehicle, by templates alone; the shares are floors."""

from pathlib import Path

import pytest

from cockpit.evaluation.runner import ScenarioResult, evaluate
from cockpit.evaluation.scenario import load_scenarios
from cockpit.settings import PlannerChoice, Settings, load_settings

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SHARED = Path(__file__).parents[3] / "shared" / "eval"


@pytest.fixture
def settings() -> Settings:
    settings = load_settings(overrides=[f"agent.planner={PlannerChoice.TEMPLATE.value}"])
    if not (settings.maps.root / settings.maps.name / "map.json").is_file():
        pytest.skip("the map was not imported; run `make setup`")
    return settings


async def share_passed(settings: Settings, file: Path) -> float:
    results: list[ScenarioResult] = []
    await evaluate(settings, load_scenarios([file]), results.append)
    return sum(result.passed for result in results) / len(results)


@pytest.mark.models
@pytest.mark.parametrize(("name", "floor"), [("everyday", 0.95), ("heldout", 0.8), ("faults", 1.0)])
async def test_scenarios_of_ours_pass(settings: Settings, name: str, floor: float) -> None:
    assert await share_passed(settings, SCENARIOS / f"{name}.yaml") >= floor


@pytest.mark.models
@pytest.mark.shared
@pytest.mark.parametrize(("name", "floor"), [("dev", 0.85), ("carbench-train", 0.65)])
async def test_scenarios_beside_the_checkout_pass(
    settings: Settings, name: str, floor: float
) -> None:
    file = SHARED / f"{name}.yaml"
    if not file.is_file():
        pytest.skip("the development scenarios do not lie beside this checkout")
    assert await share_passed(settings, file) >= floor
