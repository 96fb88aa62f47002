"""How the climate skill's results are said."""

from __future__ import annotations

from collections.abc import Mapping

from skills.api import Result
from skills.api.skill import Render
from skills.climate.functions import (
    AIR_CONDITIONING,
    FRONT_DEFROSTER,
    RECIRCULATION,
    AirTemperature,
    ClimateState,
    Place,
    Topic,
)
from skills.phrasing import AIRFLOW, degrees, fan, join, of_seats, say, sentence
from skills.zones import Acted
from vehicle_bus.seats import ALL_SEATS, Seat


def _by_value[V](values: Mapping[Seat, V]) -> dict[V, list[Seat]]:
    found: dict[V, list[Seat]] = {}
    for seat, value in values.items():
        found.setdefault(value, []).append(seat)
    return found


def _temperatures(state: ClimateState) -> str:
    parts = [
        f"{of_seats('temperature', seats, state.speaker)} is set to {degrees(value)}"
        for value, seats in _by_value(state.temperatures).items()
    ]
    return sentence(join(parts))


def _fans(state: ClimateState) -> str:
    parts = [
        f"{'the fan' if len(seats) in (1, len(ALL_SEATS)) else of_seats('fan', seats, None)} "
        f"is {fan(value)}"
        for value, seats in _by_value(state.fans).items()
    ]
    return sentence(join(parts))


def _airflow(state: ClimateState) -> str:
    parts = [
        f"{of_seats('air', seats, state.speaker)} is pointed at {AIRFLOW.get(value, value)}"
        for value, seats in _by_value(state.airflow).items()
    ]
    return sentence(join(parts))


def _switch(name: str, on: bool) -> str:
    return f"the {name} is {'on' if on else 'off'}"


def climate_state(state: ClimateState) -> str:
    """The answer to a question about settings."""
    switches = state.switches
    match state.topic:
        case Topic.TEMPERATURE:
            return _temperatures(state)
        case Topic.FAN:
            return _fans(state)
        case Topic.AIRFLOW:
            return _airflow(state)
        case Topic.AIR_CONDITIONING:
            return sentence(_switch("air conditioning", switches[AIR_CONDITIONING]))
        case Topic.RECIRCULATION:
            on = switches[RECIRCULATION]
            return "The air is recirculating." if on else "Fresh air is coming in."
        case Topic.DEFROST:
            return sentence(
                join(
                    [
                        _switch(f"{'front' if path == FRONT_DEFROSTER else 'rear'} defroster", on)
                        for path, on in switches.items()
                    ]
                )
            )
        case Topic.EVERYTHING:
            parts = [_temperatures(state), _fans(state)]
            parts += [sentence(_switch("air conditioning", on)) for on in switches.values()]
            return " ".join(parts)


def air_temperature(result: AirTemperature) -> str:
    """The answer to a question about a measured temperature."""
    place = "in the cabin" if result.place is Place.INSIDE else "outside"
    return f"It's {degrees(result.celsius)} {place}."


REPLIES: dict[type[Result], Render] = {
    Acted: say,
    ClimateState: climate_state,
    AirTemperature: air_temperature,
}
