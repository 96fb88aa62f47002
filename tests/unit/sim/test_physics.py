"""Cabin, battery, motion and route: physics without a clock or a bus."""

from __future__ import annotations

import math

import pytest

from sim.battery import Battery, driving_power, range_left
from sim.motion import Motion
from sim.route import RouteLine, Trip, bearing, distance
from sim.thermal import Cabin, Demand, hvac_power, step, vent_temperature

MILD = Demand(
    setpoint=None, fan=0.0, cooling=False, recirculation=False, openness=0.0, outside=12.0
)


def demand(**changes: object) -> Demand:
    fields = {name: getattr(MILD, name) for name in Demand.__slots__}
    return Demand(**{**fields, **changes})  # type: ignore[arg-type]


def test_cabin_without_climate_tends_to_outside() -> None:
    after = step(Cabin.at(19), MILD, 8 * 3600)
    assert after.air == pytest.approx(12, abs=0.5)


def test_cabin_with_heating_reaches_setpoint() -> None:
    after = step(Cabin.at(5), demand(setpoint=22, fan=0.5, outside=0), 3600)
    assert 20.5 < after.air < 22.5


def test_cabin_on_a_hot_day_cools_only_with_compressor() -> None:
    hot = demand(setpoint=21, fan=1.0, outside=34)
    fan_only = step(Cabin.at(40), hot, 1800)
    cooled = step(Cabin.at(40), demand(setpoint=21, fan=1.0, outside=34, cooling=True), 1800)
    assert fan_only.air >= 34
    assert cooled.air < 24


def test_cabin_with_open_windows_follows_outside_faster() -> None:
    shut = step(Cabin.at(25), MILD, 120)
    open_wide = step(Cabin.at(25), demand(openness=1.0, speed=50.0), 120)
    assert open_wide.air < shut.air - 3


def test_cabin_step_length_hardly_matters() -> None:
    heating = demand(setpoint=22, fan=0.4)
    coarse = step(Cabin.at(15), heating, 600)
    fine = Cabin.at(15)
    for _ in range(600):
        fine = step(fine, heating, 1.0)
    assert coarse.air == pytest.approx(fine.air, abs=0.15)


def test_vent_without_compressor_is_never_colder_than_intake() -> None:
    assert vent_temperature(Cabin.at(40), demand(setpoint=18, fan=1.0, outside=30)) == 30
    recirculated = demand(setpoint=18, fan=1.0, outside=30, recirculation=True)
    assert vent_temperature(Cabin.at(40), recirculated) == 40


def test_hvac_power_needs_a_turning_blower() -> None:
    assert hvac_power(Cabin.at(10), MILD) == 0
    assert hvac_power(Cabin.at(10), demand(setpoint=22, fan=0.5)) > 500


def test_battery_driving_uses_rated_energy() -> None:
    # 100 km at 70 km/h take about 160 Wh/km of 64 kWh.
    after = Battery(62.0).used(driving_power(70), 100 / 70 * 3600)
    assert after.soc == pytest.approx(62 - 25, abs=0.5)
    assert range_left(62.0) == 248_000


def test_battery_is_never_below_empty_nor_charged_beyond_limit() -> None:
    assert Battery(1.0).used(100_000, 3600).soc == 0
    assert Battery(79.0).charged(80, 3600).soc == 80
    assert Battery(90.0).charged(80, 3600).soc == 90


def test_battery_charging_takes_the_time_it_says() -> None:
    seconds = Battery(62.0).time_to(80)
    assert Battery(62.0).charged(80, seconds - 60).soc < 80
    assert Battery(62.0).charged(100, seconds).soc == pytest.approx(80)


def test_motion_takes_its_time_and_ends_exactly() -> None:
    motion = Motion.towards(0, 50, 4.0, jammed=False)
    assert motion.remaining == 2.0
    half = motion.step(1.0)
    assert half.position == 25
    assert not half.finished
    assert half.step(5.0).position == 50
    assert half.step(5.0).finished


def test_motion_jammed_stops_short() -> None:
    motion = Motion.towards(100, 0, 4.0, jammed=True).step(60)
    assert motion.blocked
    assert 0 < motion.position < 100


SENATE = (60.1695, 24.9525)
STATION = (60.1719, 24.9414)
NORTH = (60.1809, 24.9414)
LINE = RouteLine([SENATE, STATION, NORTH])


def document(**changes: object) -> dict[str, object]:
    line = {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in LINE.points]}
    return {"line": line, "distance_m": LINE.length, "duration_s": LINE.length / 10, **changes}


def test_distance_and_bearing_of_known_points() -> None:
    assert distance(STATION, NORTH) == pytest.approx(1000.8, abs=1)
    assert bearing(STATION, NORTH) == pytest.approx(0, abs=0.01)
    assert bearing((0, 0), (0, 1)) == pytest.approx(90)


def test_route_line_at_interpolates_and_stays_between_its_ends() -> None:
    assert LINE.at(-5)[0] == SENATE
    assert LINE.at(LINE.length + 5)[0] == NORTH
    point, heading = LINE.at(distance(SENATE, STATION) + 500)
    assert distance(STATION, point) == pytest.approx(500, abs=1)
    assert heading == pytest.approx(0, abs=0.01)


def test_route_line_nearest_finds_the_spot() -> None:
    off = (60.1764, 24.9420)  # 33 m beside the second leg
    assert LINE.nearest(off) == pytest.approx(distance(SENATE, STATION) + 500, abs=2)


def test_route_line_needs_two_points() -> None:
    with pytest.raises(ValueError):
        RouteLine([SENATE, SENATE])


def test_trip_from_document_takes_its_mean_speed() -> None:
    trip = Trip.from_document(document(), SENATE)
    assert trip is not None
    assert trip.cruise == pytest.approx(36)
    assert trip.progress == 0


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"line": None},
        {"line": {"coordinates": "x"}},
        {"line": {"coordinates": [[24.9]]}},
        {"line": {"coordinates": [[24.9, 60.1]]}},
        {"line": {"coordinates": [["a", "b"], [1, 2]]}},
    ],
)
def test_trip_from_useless_document_is_none(broken: dict[str, object]) -> None:
    assert Trip.from_document(broken, SENATE) is None


def test_trip_speeds_up_and_stands_still_at_the_end() -> None:
    trip = Trip(LINE, cruise=50)
    speed = top = seconds = 0.0
    while not trip.arrived and seconds < 1000:
        after = trip.speed_after(speed, 0.5)
        assert after - speed <= 2.0 * 0.5 * 3.6 + 1.0
        trip = trip.moved((speed + after) / 2 / 3.6 * 0.5)
        speed, top, seconds = after, max(top, after), seconds + 0.5
    assert trip.arrived
    assert top == 50
    assert trip.speed_after(speed, 0.5) == 0
    assert math.isclose(seconds, LINE.length / (50 / 3.6), rel_tol=0.25)
