"""Controls of a car and the orders given with them, without a screen."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.ui.panels.vehicle_hand import REFUSED_SHOWN, SHOWN, Hand, Stage
from cockpit.ui.panels.vehicle_things import PARK, Control, things_of
from tests.fakes.clock import virtual_time
from vehicle_bus.catalogue import Catalogue, Kind, Value
from vehicle_bus.errors import CommandRejected
from vehicle_bus.records import Ack

CATALOGUE = Catalogue.default()
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
HEATING = "Vehicle.Cabin.Seat.Row1.DriverSide.HeatingCooling"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
WIPERS = "Vehicle.Body.Windshield.Front.Wiping.Mode"
GEAR = "Vehicle.Powertrain.Transmission.SelectedGear"
LOCK = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"


def control(path: str) -> Control:
    return Control.of(CATALOGUE[path], "it")


def test_every_actuator_of_the_catalogue_can_be_changed_once() -> None:
    paths = [entry.path for thing in things_of(CATALOGUE).values() for entry in thing.controls]
    actuators = [path for path, signal in CATALOGUE.items() if signal.kind is Kind.ACTUATOR]
    assert sorted(paths) == sorted(actuators)


def test_car_that_lacks_something_has_no_thing_for_it() -> None:
    small = {path: signal for path, signal in CATALOGUE.items() if "Sunroof" not in path}
    assert [entry.label for entry in things_of(small)["roof"].controls] == ["Dome light"]
    assert "roof" not in things_of({WINDOW: CATALOGUE[WINDOW]})


@pytest.mark.parametrize(
    ("path", "value", "steps", "expected"),
    [
        (WINDOW, 0, 1, 10),
        (WINDOW, 33, 1, 40),
        (WINDOW, 33, -1, 30),
        (WINDOW, 100, 1, 100),
        (HEATING, 0, 1, 33),
        (HEATING, 40, 1, 67),
        (HEATING, 0, -1, -33),
        (HEATING, 100, 1, 100),
        (TEMPERATURE, 21.0, 1, 21.5),
        (TEMPERATURE, 21.3, -1, 21.0),
        (WIPERS, "OFF", 1, "SLOW"),
        (WIPERS, "OFF", -1, "RAIN_SENSOR"),
        (LOCK, False, 1, True),
        (LOCK, True, -1, False),
        (GEAR, PARK, 1, -1),
        (WINDOW, None, 1, 10),
    ],
)
def test_moved_goes_to_the_next_position(
    path: str, value: Value | None, steps: int, expected: Value
) -> None:
    moved = control(path).moved(value, steps)
    assert (moved, type(moved)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (WINDOW, 0, 100),
        (WINDOW, 40, 0),
        (HEATING, 0, 100),
        (HEATING, -33, 0),
        (LOCK, True, False),
        (WIPERS, "FAST", "INTERVAL"),
        (TEMPERATURE, 21.0, None),
    ],
)
def test_turned_is_one_touch_of_a_button(path: str, value: Value, expected: Value | None) -> None:
    assert control(path).turned(value) == expected


def test_at_rests_where_the_control_does() -> None:
    assert control(WINDOW).at(0.52) == 50
    assert control(WINDOW).at(1.0) == 100
    assert control(HEATING).at(0.8) == 67
    assert control(LOCK).at(0.5) is None


def test_read_of_what_is_typed() -> None:
    assert control(TEMPERATURE).read(" 22,5 ") == 22.5
    assert control(WINDOW).read("30 %") == 30
    assert control(WIPERS).read("rain sensor") == "RAIN_SENSOR"
    assert control(LOCK).read("locked") is True
    assert control(LOCK).read("unlocked") is False
    with pytest.raises(ValueError, match="warm"):
        control(TEMPERATURE).read("warm")


def test_values_are_shown_in_words() -> None:
    assert control(LOCK).show(True) == "locked"
    assert control(TEMPERATURE).show(21.0) == "21.0 °C"
    assert control(WINDOW).show(40) == "40 %"
    assert control(GEAR).show(PARK) == "P"
    assert control(WIPERS).show("RAIN_SENSOR") == "rain sensor"
    assert control(WINDOW).show(None) == "—"


# Orders.


class Ecu:
    """Answers after a second; moves what is above fifty."""

    def __init__(self) -> None:
        self.asked: list[Value] = []

    async def set(self, path: str, value: Value) -> Ack:
        self.asked.append(value)
        await asyncio.sleep(1.0)
        if value == 99:
            raise CommandRejected("That is too much.")
        moving = isinstance(value, int) and value > 50
        return Ack("accepted" if moving else "done", value)


def hand_of(ecu: Ecu) -> Hand:
    return Hand(ecu.set, asyncio.get_running_loop().time, lambda: None)


@virtual_time
async def test_order_is_shown_until_it_is_done_and_a_little_longer() -> None:
    hand = hand_of(Ecu())
    task = asyncio.create_task(hand.set(WINDOW, 20))
    await asyncio.sleep(0.5)
    assert hand.orders[WINDOW].stage is Stage.SENT
    assert hand.wanted(WINDOW, 0) == 20
    await task
    assert hand.orders[WINDOW].stage is Stage.DONE
    await asyncio.sleep(SHOWN - 0.1)
    assert not hand.look({WINDOW: 20})
    await asyncio.sleep(0.2)
    assert hand.look({WINDOW: 20})
    assert not hand.orders


@virtual_time
async def test_wishes_made_while_an_answer_is_awaited_are_sent_as_one() -> None:
    ecu = Ecu()
    hand = hand_of(ecu)
    task = asyncio.create_task(hand.set(WINDOW, 10))
    await asyncio.sleep(0.1)
    for value in (20, 30, 40):
        await hand.set(WINDOW, value)
    await task
    assert ecu.asked == [10, 40]
    assert hand.orders[WINDOW].stage is Stage.DONE


@virtual_time
async def test_what_moves_is_done_when_it_arrives() -> None:
    hand = hand_of(Ecu())
    await hand.set(WINDOW, 80)
    assert hand.orders[WINDOW].stage is Stage.MOVING
    assert not hand.look({WINDOW: 30})
    assert hand.look({WINDOW: 80})
    assert hand.orders[WINDOW].stage is Stage.DONE


@virtual_time
async def test_what_jams_on_its_way_is_refused_with_the_reason() -> None:
    hand = hand_of(Ecu())
    await hand.set(WINDOW, 80)
    hand.fail(WINDOW, "It is jammed.")
    assert (hand.orders[WINDOW].stage, hand.orders[WINDOW].why) == (Stage.REFUSED, "It is jammed.")
    assert hand.wanted(WINDOW, 30) == 30


@virtual_time
async def test_refusal_is_told_for_a_while() -> None:
    hand = hand_of(Ecu())
    await hand.set(WINDOW, 99)
    assert hand.orders[WINDOW].why == "That is too much."
    await asyncio.sleep(REFUSED_SHOWN + 0.1)
    assert hand.look({})
    assert not hand.orders
