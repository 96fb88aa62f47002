from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cockpit.evaluation.checks import Observation, failures, metres
from cockpit.evaluation.scenario import Expect, ScenarioInvalid, load_scenarios
from skills.api import Value

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"


def seen(
    after: Mapping[str, Value] | None = None,
    *,
    reply: str = "Okay.",
    asks: bool = False,
    shopping: tuple[str, ...] = (),
    destination: Mapping[str, Any] | None = None,
) -> Observation:
    before: dict[str, Value] = {WINDOW: 0, FAN: 40}
    return Observation(
        before, {**before, **(after or {})}, frozenset(before), reply, asks, shopping, destination
    )


def expect(**fields: Any) -> Expect:
    return Expect.model_validate(fields)


@pytest.mark.parametrize(
    ("wanted", "value", "holds"),
    [
        (50, 50.04, True),
        (50, 51, False),
        ({"gt": 0}, 1, True),
        ({"gt": 0}, 0, False),
        ({"between": [5, 35]}, 20, True),
        ({"between": [5, 35]}, 40, False),
        ({"not": 0}, 0, False),
        ({"lt": 10, "ge": 0}, 10, False),
    ],
)
def test_signals_bound_is_checked(wanted: Any, value: Value, holds: bool) -> None:
    found = failures(expect(signals={WINDOW: wanted}), seen({WINDOW: value}))
    assert (found == []) is holds


def test_signals_boolean_is_not_a_number() -> None:
    assert failures(expect(signals={WINDOW: True}), seen({WINDOW: 1}))


def test_actuator_changed_without_being_named_fails() -> None:
    found = failures(expect(signals={}), seen({FAN: 60}))
    assert found == [f"{FAN} changed from 40 to 60"]


def test_actuator_changed_but_allowed_passes() -> None:
    assert failures(expect(allow=["Vehicle.Cabin.HVAC.**"]), seen({FAN: 60})) == []
    assert failures(expect(allow=["Vehicle.*.HVAC.Station.*.*.FanSpeed"]), seen({FAN: 60})) == []
    assert failures(expect(allow=["Vehicle.*.FanSpeed"]), seen({FAN: 60})) != []


def test_speech_and_question_are_checked() -> None:
    assert failures(expect(says="(?i)OKAY", asks=False), seen()) == []
    assert len(failures(expect(says="no", asks=True), seen())) == 2


def test_shopping_exact_set_notices_too_much_and_too_little() -> None:
    wanted = expect(shopping_after=["milk", "eggs"])
    assert failures(wanted, seen(shopping=("Milk", "12 eggs"))) == []
    assert failures(wanted, seen(shopping=("Milk",))) == ["eggs is not on the shopping list"]
    assert failures(wanted, seen(shopping=("milk", "eggs", "rum"))) == [
        "rum is on the shopping list too"
    ]


def test_destination_null_means_no_route() -> None:
    place = {"name": "Yliopiston apteekki", "category": "pharmacy", "latitude": 60.17, "longitude": 24.94}  # fmt: skip  # noqa: E501
    assert failures(expect(destination=None), seen(destination=place))
    assert failures(expect(), seen(destination=place)) == []
    assert failures(expect(destination="(?i)PHARMACY"), seen(destination=place)) == []
    assert failures(expect(destination="hotel"), seen(destination=place))
    assert failures(expect(destination_near=[60.1701, 24.94]), seen(destination=place)) == []
    assert failures(expect(destination_near=[60.18, 24.94]), seen(destination=place))


def test_checks_of_skills_that_do_not_exist_fail() -> None:
    assert failures(expect(calendar_after=[]), seen()) == ["there is no calendar skill yet"]


def test_metres_one_degree_of_latitude() -> None:
    assert metres((60.0, 25.0), (61.0, 25.0)) == pytest.approx(111_195, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- id: a\n  turns: []", "turns"),
        ("- id: a\n  turns:\n  - user: hi\n    expects: {}", "Extra inputs"),
        ("- id: a\n  turns:\n  - user: hi\n    expect: {says: '('}", "regular expression"),
        ("- id: [", "is not YAML: line 1"),
    ],
)
def test_scenario_file_with_a_fault_is_said(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioInvalid, match=message):
        load_scenarios([file])


def test_scenario_file_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid, match="does not exist"):
        load_scenarios([tmp_path / "none.yaml"])
