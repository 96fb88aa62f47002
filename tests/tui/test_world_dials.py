"""What of the simulated world can be turned."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.ui.panels.world_dials import (
    CHARGE,
    DIALS,
    OUTSIDE,
    PACES,
    RAIN,
    SWITCHES,
    WEATHERS,
    Dial,
    fault_fault,
    fault_in_words,
    faults_of,
    next_pace,
    next_weather,
    scenario_files,
    weather,
)
from sim.faults import parse_fault
from tests.fakes.world import PaperWorld
from vehicle_bus.catalogue import Catalogue

OUTSIDE_DIAL, BATTERY = DIALS[0], DIALS[4]
LABELS = {path: signal.label for path, signal in Catalogue.default().items()}


@pytest.mark.parametrize(
    ("dial", "now", "steps", "then"),
    [
        (OUTSIDE_DIAL, 12.0, 1, 13),
        (OUTSIDE_DIAL, 12.3, 1, 13),
        (OUTSIDE_DIAL, 12.3, -1, 12),
        (OUTSIDE_DIAL, -40.0, -1, -40),
        (BATTERY, 62.0, 1, 65),
        (BATTERY, 62.0, -1, 60),
        (BATTERY, 98.0, 2, 100),
    ],
)
def test_dial_steps_to_full_steps_within_its_ends(
    dial: Dial, now: float, steps: int, then: float
) -> None:
    assert dial.stepped({dial.path: now}, steps) == {dial.path: then}


def test_dial_that_the_car_lacks_turns_nothing() -> None:
    assert BATTERY.stepped({}, 1) == {}
    assert BATTERY.shown({}) == "–"
    assert BATTERY.share({}) == 0
    assert BATTERY.share({CHARGE: 25.0}) == 0.25


def test_switch_turns_over() -> None:
    cable = SWITCHES[0]
    assert cable.turned({cable.path: False}) == {cable.path: True}
    assert cable.shown({cable.path: True}) == "plugged in"
    assert cable.turned({}) == {}


def test_weather_is_known_by_its_values_and_comes_round() -> None:
    values: dict[str, object] = {OUTSIDE: 12.0, RAIN: 0}
    seen = []
    for _ in WEATHERS:
        seen.append(weather(values))  # type: ignore[arg-type]
        values |= next_weather(values, 1)  # type: ignore[arg-type]
    assert seen == [name for name, _ in WEATHERS]
    assert weather(values) == seen[0]  # type: ignore[arg-type]
    assert weather({OUTSIDE: 13.5, RAIN: 3}) == "own"


def test_weather_fits_the_catalogue() -> None:
    catalogue = Catalogue.default()
    for _, signals in WEATHERS:
        for path, value in signals.items():
            assert catalogue.check(path, value) == value


def test_pace_goes_from_one_to_the_next_and_no_further() -> None:
    assert next_pace(1.0, 1) == 2.0
    assert next_pace(200.0, -1) == PACES[-1]
    assert next_pace(PACES[0], -1) == PACES[0]
    assert next_pace(3.0, 1) == 5.0


def test_every_offered_fault_means_something() -> None:
    world = PaperWorld()
    offered = faults_of(world, LABELS)
    for candidate in offered:
        parse_fault(candidate.text, ecus=world.ecus, signals=LABELS)
        assert fault_fault(candidate.text, world, LABELS) == ""
    assert offered[0].text == "jam:Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
    assert {one.text.partition(":")[0].partition("=")[0] for one in offered} == {
        form.kind for form in world.fault_forms
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jma:x", "no kind of fault"),
        ("offline:climat", "needs an ECU"),
        ("jam:Vehicle.Windo", "needs a signal"),
    ],
)
def test_fault_that_means_nothing_is_told(text: str, says: str) -> None:
    assert says in fault_fault(text, PaperWorld(), LABELS)


def test_fault_in_words() -> None:
    jam = "jam:Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
    assert fault_in_words(jam) == ("jam", "driver window position")
    assert fault_in_words("slow:body=1.5") == ("slow", "body 1.5 s")
    assert fault_in_words("delay=0.3") == ("delay", "0.3 s")


def test_scenario_files_are_found_nearby(tmp_path: Path) -> None:
    for name in ("tests/scenarios/a.yaml", "my-scenarios/b.yaml", "tests/x/y/scenarios/c.yaml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[]")
    names = [candidate.text for candidate in scenario_files(tmp_path)]
    assert names == ["my-scenarios/b.yaml", "tests/scenarios/a.yaml"]
