"""What a left-out argument means is what its annotation says."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.agent.llm.notation import Notation
from cockpit.agent.plan import Call
from skills.api import Implied, SkillSet
from tests.fakes.vehicle import FakeVehicle, make_context
from vehicle_bus.seats import Seat

SKILLS = SkillSet.installed()
GIVEN: dict[str, Any] = {
    "temperature": 21,
    "by": 1,
    "level": 1,
    "percent": 40,
    "position": 60,
    "direction": None,
    "on": True,
    "color": "#112233",
    "source": "driver",
    "steps": 1,
}
IMPLIED = [
    (name, argument, marker.value)
    for name, entry in SKILLS.items()
    for argument, field in entry.arguments.model_fields.items()
    for marker in field.metadata
    if isinstance(marker, Implied)
]


@pytest.mark.parametrize(("name", "argument", "value"), IMPLIED)
async def test_left_out_is_the_same(name: str, argument: str, value: str) -> None:
    entry = SKILLS[name]
    fields = entry.arguments.model_fields
    given = {key: GIVEN[key] for key, field in fields.items() if field.is_required()}
    if given.get("direction", "") is None:
        given["direction"] = next(iter(fields["direction"].annotation))  # type: ignore[arg-type]
    outcomes = []
    for more in ({}, {argument: value}):
        vehicle = FakeVehicle()
        result = await entry.run(
            make_context(vehicle, seat=Seat.PASSENGER), **entry.validate({**given, **more})
        )
        outcomes.append((result, vehicle.sent))
    assert outcomes[0] == outcomes[1]


def test_plans_leave_it_out() -> None:
    notation = Notation(SKILLS)
    for name, argument, value in IMPLIED:
        assert notation.canonical(Call(name, {argument: value})).arguments == {}
