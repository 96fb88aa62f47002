"""Climate: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Area, Change, OutOfRange, SkillError, Status
from skills.climate import SKILL
from skills.climate import functions as climate
from skills.climate.functions import Direction, Match, Place, Screen, Topic
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context
from vehicle_bus.seats import ALL_SEATS, Seat

HVAC = "Vehicle.Cabin.HVAC"
DRIVER = f"{HVAC}.Station.Row1.Driver"
PASSENGER = f"{HVAC}.Station.Row1.Passenger"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("set the temperature to 24.5 degrees", "set_temperature", {"temperature": 24.5}),
        (
            "put the passenger side at 18 degrees",
            "set_temperature",
            {"temperature": 18, "where": Area.PASSENGER},
        ),
        ("i want it at 25", "set_temperature", {"temperature": 25}),
        ("heater to 26 in the back", "set_temperature", {"temperature": 26, "where": Area.REAR}),
        ("70 degrees fahrenheit", "set_temperature", {"temperature": 21}),
        ("everyone's temperature to 20", "set_temperature", {"temperature": 20, "where": Area.ALL}),
        ("set the heat to max", "set_temperature", {"temperature": 28}),
        ("17 degrees for the driver", "set_temperature", {"temperature": 17, "where": Area.DRIVER}),
        ("make it 3 degrees warmer", "change_temperature", {"by": 3}),
        ("heating down a bit for me", "change_temperature", {"by": -1, "where": Area.MINE}),
        ("i am absolutely freezing in here", "change_temperature", {"by": 2}),
        ("the kids are too hot", "change_temperature", {"by": -2, "where": Area.REAR}),
        ("warm up the car", "change_temperature", {"by": 2}),
        ("blower to level 4", "set_fan", {"level": 4}),
        ("put the fan on full blast", "set_fan", {"level": 5}),
        ("fans off in the back", "set_fan", {"level": 0, "where": Area.REAR}),
        ("ventilation at 70 percent", "set_fan_percent", {"percent": 70}),
        ("crank up the fan", "change_fan", {"by": 1}),
        ("the blower is way too loud", "change_fan", {"by": -1}),
        ("it is really stuffy in here", "change_fan", {"by": 1}),
        ("blow some air at my face", "set_airflow", {"direction": Direction.FACE}),
        ("point the vents at the floor", "set_airflow", {"direction": Direction.FEET}),
        ("my toes are freezing", "set_airflow", {"direction": Direction.FEET}),
        ("kill the ac", "set_air_conditioning", {"on": False}),
        ("air conditioning on", "set_air_conditioning", {"on": True}),
        ("keep the exhaust fumes out", "set_recirculation", {"on": True}),
        ("let in some fresh air", "set_recirculation", {"on": False}),
        ("clear the windshield", "set_defrost", {"on": True, "which": Screen.FRONT}),
        ("the back window is all fogged up", "set_defrost", {"on": True, "which": Screen.REAR}),
        ("stop defrosting", "set_defrost", {"on": False}),
        ("shut off the heater", "set_climate", {"on": False}),
        (
            "give the passenger the same temperature as me",
            "match_zones",
            {"source": Area.MINE, "target": Area.PASSENGER},
        ),
        ("sync the zones", "match_zones", {"source": Area.MINE, "target": Area.ALL}),
        (
            "set the driver's seat heating to the same as the passenger",
            "match_zones",
            {"source": Area.PASSENGER, "target": Area.DRIVER, "what": Match.SEAT_HEATING},
        ),
        ("what temperature is the heater set to", "climate_state", {"topic": Topic.TEMPERATURE}),
        ("where is the air blowing", "climate_state", {"topic": Topic.AIRFLOW}),
        ("is the air conditioning running", "climate_state", {"topic": Topic.AIR_CONDITIONING}),
        ("how cold is it outside", "air_temperature", {"place": Place.OUTSIDE}),
        ("what is the temperature in the cabin", "air_temperature", {}),
    ],
)
def test_climate_sentence_means_one_call(
    text: str, name: str, arguments: dict[str, object]
) -> None:
    assert readings(SKILL, text) == [(f"climate.{name}", arguments)]


@pytest.mark.parametrize("degrees", [8, 35, 55, 72])
def test_climate_sentence_out_of_range_says_both_limits(degrees: int) -> None:
    """A number beyond the limits is no Fahrenheit that nobody spoke of."""
    with pytest.raises(OutOfRange) as failure:
        readings(SKILL, f"set the temperature to {degrees} degrees")
    assert failure.value.spoken == "The temperature can only be between 16 and 28 degrees."


@pytest.mark.parametrize(
    ("function", "arguments", "spoken"),
    [
        ("change_temperature", {"by": -20}, "I can only change it by up to 12 degrees."),
        ("set_fan", {"level": 9}, "The level can only be between 0 and 5."),
        ("set_fan_percent", {"percent": 120}, "That can only be between 0 and 100 percent."),
    ],
)
def test_climate_argument_out_of_range_is_said_in_its_own_words(
    function: str, arguments: dict[str, object], spoken: str
) -> None:
    with pytest.raises(OutOfRange) as failure:
        SKILL.functions[f"climate.{function}"].validate(arguments)
    assert failure.value.spoken == spoken


async def test_climate_temperature_is_the_speakers_own_zone() -> None:
    vehicle = FakeVehicle()
    result = await climate.set_temperature(make_context(vehicle, Seat.PASSENGER), 24)
    assert vehicle.sent == [(f"{PASSENGER}.Temperature", 24)]
    assert SKILL.replies[type(result)](result) == "Your temperature is now set to 24 degrees."


async def test_climate_relative_temperature_stops_at_the_limit() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{DRIVER}.Temperature"] = 27.5
    await climate.change_temperature(make_context(vehicle), 3)
    assert vehicle.state[f"{DRIVER}.Temperature"] == 28


async def test_climate_fan_means_the_whole_car() -> None:
    vehicle = FakeVehicle()
    result = await climate.set_fan(make_context(vehicle), 4)
    assert {vehicle.state[f"{seat.station}.FanSpeed"] for seat in ALL_SEATS} == {80}
    assert SKILL.replies[type(result)](result) == "The fan is now at level 4."


async def test_climate_group_skips_stations_that_the_car_lacks() -> None:
    vehicle = FakeVehicle().without("Station.Row2")
    await climate.set_fan(make_context(vehicle), 1)
    assert [path for path, _ in vehicle.sent] == [f"{DRIVER}.FanSpeed", f"{PASSENGER}.FanSpeed"]


async def test_climate_fan_change_is_relative_to_each_station() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{DRIVER}.FanSpeed"] = 100
    await climate.change_fan(make_context(vehicle), 1)
    assert vehicle.state[f"{DRIVER}.FanSpeed"] == 100
    assert vehicle.state[f"{PASSENGER}.FanSpeed"] == 60


async def test_climate_defrost_off_means_both_windows() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{HVAC}.IsRearDefrosterActive"] = True
    result = await climate.set_defrost(make_context(vehicle), False)
    assert vehicle.sent == [(f"{HVAC}.IsRearDefrosterActive", False)]
    assert SKILL.replies[type(result)](result) == "Both defrosters are now off."


async def test_climate_match_copies_temperature_and_seat_heating() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{DRIVER}.Temperature"] = 23.5
    vehicle.state["Vehicle.Cabin.Seat.Row1.DriverSide.HeatingCooling"] = 67
    await climate.match_zones(make_context(vehicle), Area.DRIVER, Area.PASSENGER, Match.BOTH)
    assert vehicle.state[f"{PASSENGER}.Temperature"] == 23.5
    assert vehicle.state["Vehicle.Cabin.Seat.Row1.PassengerSide.HeatingCooling"] == 67


async def test_climate_match_of_a_zone_with_itself_is_asked_back() -> None:
    with pytest.raises(SkillError):
        await climate.match_zones(make_context(), Area.DRIVER, Area.MINE)


async def test_climate_off_stops_fan_and_air_conditioning() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{HVAC}.IsAirConditioningActive"] = True
    await climate.set_climate(make_context(vehicle), False)
    assert vehicle.state[f"{HVAC}.IsAirConditioningActive"] is False
    assert vehicle.state[f"{DRIVER}.FanSpeed"] == 0


async def test_climate_answer_tells_differing_zones_apart() -> None:
    vehicle = FakeVehicle()
    vehicle.state[f"{PASSENGER}.Temperature"] = 19.0
    state = await climate.climate_state(make_context(vehicle), Topic.TEMPERATURE, Area.FRONT)
    assert SKILL.replies[type(state)](state) == (
        "Your temperature is set to 21 degrees "
        "and the passenger's temperature is set to 19 degrees."
    )
    assert vehicle.sent == []


async def test_climate_answer_of_everything() -> None:
    state = await climate.climate_state(make_context())
    assert SKILL.replies[type(state)](state) == (
        "Your temperature is set to 21 degrees. The fan is at level 2. The air conditioning is off."
    )


async def test_climate_answer_of_outside_temperature() -> None:
    vehicle = FakeVehicle()
    vehicle.state["Vehicle.Exterior.AirTemperature"] = -3.5
    result = await climate.air_temperature(make_context(vehicle), Place.OUTSIDE)
    assert SKILL.replies[type(result)](result) == "It's minus 3.5 degrees outside."


async def test_climate_reply_tells_what_a_policy_added() -> None:
    vehicle = FakeVehicle()
    because = "because the air conditioning is on"
    window = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
    vehicle.added = (Change(window, 80, 0, Status.MOVING, because=because),)
    result = await climate.set_air_conditioning(make_context(vehicle), True)
    assert SKILL.replies[type(result)](result) == (
        "The air conditioning is now on. "
        "I'm also closing your window because the air conditioning is on."
    )
