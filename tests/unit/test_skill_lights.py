"""Lights: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Area, Change, Status
from skills.lights import SKILL
from skills.lights import functions as lights
from skills.lights.functions import FRONT_FOG, HIGH_BEAM, LOW_BEAM, REAR_FOG, Beam, Fog, Light
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context
from vehicle_bus.seats import Seat

AMBIENT = "Vehicle.Cabin.Light.AmbientLight"
SPOT = "Vehicle.Cabin.Light.Spotlight"


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("headlights on", "set_headlights", {"on": True, "beam": Beam.LOW}),
        ("turn off the headlights", "set_headlights", {"on": False}),
        ("switch the brights on", "set_headlights", {"on": True, "beam": Beam.HIGH}),
        ("kill the high beams", "set_headlights", {"on": False, "beam": Beam.HIGH}),
        ("it is getting pretty dark outside", "set_headlights", {"on": True, "beam": Beam.LOW}),
        ("switch on the fog lamps", "set_fog_lights", {"on": True}),
        ("rear fog lights off", "set_fog_lights", {"on": False, "which": Fog.REAR}),
        ("turn on all fog lights", "set_fog_lights", {"on": True, "which": Fog.ALL}),
        ("there is thick fog ahead", "set_fog_lights", {"on": True}),
        ("put the hazards on", "set_hazards", {"on": True}),
        ("warning lights off", "set_hazards", {"on": False}),
        ("activate the parking lights", "set_parking_lights", {"on": True}),
        (
            "turn on the passenger's reading light",
            "set_reading_light",
            {"on": True, "where": Area.PASSENGER},
        ),
        ("reading lamp off", "set_reading_light", {"on": False}),
        ("i can not read my book", "set_reading_light", {"on": True}),
        (
            "dim my reading light to 30 percent",
            "set_reading_brightness",
            {"percent": 30, "where": Area.MINE},
        ),
        ("turn off all the lights inside", "set_interior_lights", {"on": False}),
        ("cabin lights on", "set_interior_lights", {"on": True}),
        ("mood lighting off", "set_ambient_light", {"on": False}),
        ("set the ambient lighting to turquoise", "set_ambient_color", {"color": "#40E0D0"}),
        (
            "i want purple lights in the back",
            "set_ambient_color",
            {"color": "#800080", "where": Area.REAR},
        ),
        ("ambient light to 20 percent", "set_ambient_brightness", {"percent": 20}),
        ("make the ambient light a bit dimmer", "change_ambient_brightness", {"by": -1}),
        ("are my high beams on", "light_state", {"light": Light.HIGH_BEAM}),
        ("what color is the ambient light", "light_state", {"light": Light.AMBIENT}),
        ("did i leave the lights on", "light_state", {}),
    ],
)
def test_lights_sentence_means_one_call(text: str, name: str, arguments: dict[str, object]) -> None:
    found = readings(SKILL, text)
    own = {key: value for key, value in arguments.items() if value is not Area.MINE}
    assert (f"lights.{name}", arguments) in found
    assert all(
        reading in ((f"lights.{name}", arguments), (f"lights.{name}", own)) for reading in found
    )


async def test_lights_headlights_off_means_both_beams() -> None:
    vehicle = FakeVehicle()
    vehicle.state |= {LOW_BEAM: True, HIGH_BEAM: True}
    result = await lights.set_headlights(make_context(vehicle), False)
    assert vehicle.state[LOW_BEAM] is vehicle.state[HIGH_BEAM] is False
    assert SKILL.replies[type(result)](result) == "The low and the high beam are now off."


async def test_lights_fog_lights_are_the_front_ones() -> None:
    vehicle = FakeVehicle()
    because = "because fog lights need the low beam"
    vehicle.added = (Change(LOW_BEAM, False, True, Status.DONE, because=because),)
    result = await lights.set_fog_lights(make_context(vehicle), True)
    assert vehicle.sent == [(FRONT_FOG, True)]
    assert SKILL.replies[type(result)](result) == (
        "The front fog light is now on. "
        "I've also turned the low beam on because fog lights need the low beam."
    )


async def test_lights_reading_light_is_the_speakers_own() -> None:
    vehicle = FakeVehicle()
    result = await lights.set_reading_light(make_context(vehicle, Seat.REAR_LEFT), True)
    assert vehicle.sent == [(f"{SPOT}.Row2.DriverSide.IsLightOn", True)]
    assert SKILL.replies[type(result)](result) == "Your reading light is now on."


async def test_lights_ambient_color_switches_on_and_says_the_color() -> None:
    vehicle = FakeVehicle()
    result = await lights.set_ambient_color(make_context(vehicle), "#FF0000")
    assert vehicle.state[f"{AMBIENT}.Row2.DriverSide.Color"] == "#FF0000"
    assert vehicle.state[f"{AMBIENT}.Row2.DriverSide.IsLightOn"] is True
    assert SKILL.replies[type(result)](result) == "The ambient light is now red."


async def test_lights_ambient_color_that_does_not_switch_on_is_told() -> None:
    vehicle = FakeVehicle()
    path = f"{AMBIENT}.Row1.DriverSide.IsLightOn"
    vehicle.outcomes[path] = (Status.FAILED, "Your ambient light is broken.")
    result = await lights.set_ambient_color(make_context(vehicle), "#FF0000", Area.DRIVER)
    assert SKILL.replies[type(result)](result) == (
        "Your ambient light is now red. I couldn't turn your ambient light on: it is broken."
    )


async def test_lights_ambient_brightness_moves_in_steps() -> None:
    vehicle = FakeVehicle()
    await lights.change_ambient_brightness(make_context(vehicle), -5, Area.DRIVER)
    assert vehicle.sent == [(f"{AMBIENT}.Row1.DriverSide.Intensity", 1)]


async def test_lights_interior_off_is_everything_inside() -> None:
    vehicle = FakeVehicle()
    dome = "Vehicle.Cabin.Light.IsDomeOn"
    vehicle.state |= {dome: True, f"{SPOT}.Row1.DriverSide.IsLightOn": True}
    vehicle.state[f"{AMBIENT}.Row1.DriverSide.IsLightOn"] = True
    await lights.set_interior_lights(make_context(vehicle), False)
    assert not any(
        value is True for path, value in vehicle.state.items() if ".Cabin.Light." in path
    )


async def test_lights_answer_names_those_that_burn() -> None:
    vehicle = FakeVehicle()
    vehicle.state |= {LOW_BEAM: True, REAR_FOG: True}
    state = await lights.light_state(make_context(vehicle))
    assert SKILL.replies[type(state)](state) == "The low beam and the rear fog light are on."


async def test_lights_answer_of_a_dark_car() -> None:
    state = await lights.light_state(make_context())
    assert SKILL.replies[type(state)](state) == "All lights are off."


async def test_lights_answer_tells_the_ambient_color() -> None:
    vehicle = FakeVehicle()
    await lights.set_ambient_color(make_context(vehicle), "#008000")
    state = await lights.light_state(make_context(vehicle), Light.AMBIENT)
    assert SKILL.replies[type(state)](state) == "The ambient light is on, in green."
