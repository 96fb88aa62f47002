"""The VSS catalogue: what is in it, what it accepts, what it loads."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle_bus.catalogue import Catalogue, CatalogueInvalid, Kind, Signal, Value, label_of
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import NotWritable, SignalUnknown, ValueInvalid
from vehicle_bus.seats import ALL_SEATS

FULL = Path(__file__).parents[4] / "shared" / "vss" / "vss-6.0-signals.csv"
TEMPERATURE = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"
AIR = "Vehicle.Cabin.HVAC.Station.Row1.Driver.AirDistribution"
COLOR = "Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Color"
LOCKED = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"

catalogue = Catalogue.default()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


# The default vehicle


def test_default_has_what_belongs_to_every_seat() -> None:
    for seat in ALL_SEATS:
        for path in (
            f"{seat.station}.Temperature",
            f"{seat.station}.FanSpeed",
            f"{seat.station}.AirDistribution",
            f"Vehicle.Cabin.Door.{seat.position}.Window.Position",
            f"Vehicle.Cabin.Seat.{seat.position}.HeatingCooling",
            f"Vehicle.Cabin.Light.Spotlight.{seat.position}.IsLightOn",
        ):
            assert catalogue[path].kind is Kind.ACTUATOR


def test_default_overlay_is_applied() -> None:
    roof = catalogue["Vehicle.Cabin.Sunroof.Position"]
    assert (roof.kind, roof.minimum, roof.maximum) == (Kind.ACTUATOR, 0, 100)
    assert (catalogue[TEMPERATURE].minimum, catalogue[TEMPERATURE].maximum) == (16, 28)
    assert catalogue[TEMPERATURE].unit == "Celsius"


@pytest.mark.shared
def test_default_agrees_with_vss_6() -> None:
    if not FULL.exists():
        pytest.skip(f"{FULL.name} is not beside the checkout")
    with FULL.open(encoding="utf-8") as file:
        full = {row["path"]: row for row in csv.DictReader(file)}
    with (Path(__file__).parents[3] / "vehicle_bus" / "vss.csv").open(encoding="utf-8") as file:
        ours = list(csv.DictReader(file))
    for row in ours:
        theirs = full[row["path"]]
        for column in ("type", "datatype", "unit", "min", "max"):
            assert row[column] == theirs[column], row["path"]
        assert theirs["deprecated"] == "False"


def test_default_is_one_object() -> None:
    assert Catalogue.default() is Catalogue.default()
    assert Catalogue.load(BusSettings()) is Catalogue.default()


# Values


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (TEMPERATURE, 21, 21.0),
        (TEMPERATURE, 16.0, 16.0),
        (FAN, 40.0, 40),
        (FAN, 0, 0),
        (AIR, "UP", "UP"),
        (LOCKED, True, True),
        (COLOR, "#FFA500", "#FFA500"),
        ("Vehicle.Powertrain.Transmission.SelectedGear", -1, -1),
        ("Vehicle.CurrentLocation.Longitude", 24.9375, 24.9375),
    ],
)
def test_check_returns_the_value_in_its_own_type(path: str, value: object, expected: Value) -> None:
    checked = catalogue.check(path, value)
    assert checked == expected
    assert type(checked) is type(expected)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (TEMPERATURE, 28.5, "between 16 and 28 degrees"),
        (TEMPERATURE, "warm", "must be a number"),
        (TEMPERATURE, True, "must be a number"),
        (TEMPERATURE, float("nan"), "finite"),
        (FAN, 40.5, "whole number"),
        (FAN, 101, "between 0 and 100 percent"),
        (FAN, None, "must be a number"),
        ("Vehicle.Body.Raindetection.Intensity", -1, "between 0 and 100"),
        ("Vehicle.Powertrain.Transmission.SelectedGear", 200, "between -128 and 127"),
        (AIR, "up", "one of UP, MIDDLE, DOWN"),
        (AIR, 1, "must be a text"),
        (LOCKED, 1, "must be on or off"),
        (COLOR, "red", "must match"),
        (COLOR, "#FFA5001", "must match"),
    ],
)
def test_check_refuses_with_a_sentence(path: str, value: object, said: str) -> None:
    with pytest.raises(ValueInvalid) as error:
        catalogue.check(path, value)
    assert said in error.value.spoken
    assert error.value.spoken.startswith(f"The {catalogue[path].label} cannot be ")


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()))
def test_check_never_raises_anything_else(value: object) -> None:
    for signal in (catalogue[TEMPERATURE], catalogue[FAN], catalogue[AIR], catalogue[COLOR]):
        try:
            signal.check(value)
        except ValueInvalid as error:
            assert len(error.spoken) < 200


def test_check_lists_of_text_only() -> None:
    texts = Signal("Vehicle.X", Kind.SENSOR, "string[]", allowed=("A", "B"))
    assert texts.check(["A", "B"]) == ["A", "B"]
    with pytest.raises(ValueInvalid):
        texts.check(["C"])
    with pytest.raises(ValueInvalid):
        texts.check("A")
    with pytest.raises(ValueInvalid, match="does not carry"):
        Signal("Vehicle.Y", Kind.SENSOR, "float[]").check([1.0])


def test_signal_unknown_suggests_the_nearest() -> None:
    with pytest.raises(SignalUnknown, match=r"Did you mean Vehicle\.Speed\?"):
        catalogue.check("Vehicle.Sped", 1)
    with pytest.raises(SignalUnknown) as error:
        catalogue.signal("Boat.Anchor")
    assert "Did you mean" not in error.value.spoken


def test_actuator_refuses_sensors() -> None:
    assert catalogue.actuator(FAN).path == FAN
    with pytest.raises(NotWritable, match="speed can be read but not set"):
        catalogue.actuator("Vehicle.Speed")


# Branches


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("Vehicle.Speed", 1),
        ("Vehicle.Cabin.HVAC.Station", 12),
        ("Vehicle.Cabin.HVAC.Stat", 0),
        ("Vehicle.Cabin.Door.*.*.Window.Position", 4),
        ("Vehicle.Cabin.Door.Row1.*.IsLocked", 2),
        ("Vehicle.Cabin.Door.*.IsLocked", 0),
        ("Vehicle.Cabin.Door.**.IsLocked", 4),
        ("**.Tire.Pressure", 4),
        ("Vehicle.*", 2),
        ("Vehicle.**.Is*Low", 4),
    ],
)
def test_branch_prefix_and_globs(pattern: str, count: int) -> None:
    found = catalogue.branch(pattern)
    assert len(found) == count, [signal.path for signal in found]


def test_branch_of_everything() -> None:
    assert len(catalogue.branch("Vehicle")) == len(catalogue.branch("**")) == len(catalogue)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", "driver window position"),
        ("Vehicle.Cabin.Seat.Row2.PassengerSide.IsBelted", "rear right seat belted"),
        ("Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure", "rear left wheel tire pressure"),
        ("Vehicle.Body.Mirrors.PassengerSide.Yaw", "passenger mirrors yaw"),
        ("Vehicle.Speed", "speed"),
        ("Vehicle", "Vehicle"),
    ],
)
def test_label_is_what_a_person_says(path: str, label: str) -> None:
    assert label_of(path) == label


# Files


def test_overlay_changes_adds_and_removes(tmp_path: Path) -> None:
    overlay = write(
        tmp_path,
        "vendor.yaml",
        """
        Vehicle.Vendor.Fragrance.Level: {type: actuator, datatype: uint8, min: 0, max: 3}
        Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature: {max: 30, min: null}
        Vehicle.Cabin.HVAC.Station.Row2: null
        """,
    )
    changed = Catalogue.load(BusSettings(overlay=overlay))
    assert changed.check("Vehicle.Vendor.Fragrance.Level", 2) == 2
    assert changed.check(TEMPERATURE, 30) == 30.0
    assert changed.check(TEMPERATURE, 2) == 2.0
    assert not changed.branch("Vehicle.Cabin.HVAC.Station.Row2")
    assert catalogue[TEMPERATURE].maximum == 28, "the default stays as it is"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[1, 2]", "must map VSS paths"),
        ("Vehicle.Speed: fast", "entry of Vehicle.Speed must be a mapping"),
        ("Vehicle.Speed: {maximum: 3}", "unknown key 'maximum'"),
        ("Vehicle.New: {type: sensor}", "Vehicle.New has no datatype"),
        ("Vehicle.New: {type: button, datatype: uint8}", "unknown type 'button'"),
        ("Vehicle.New: {type: sensor, datatype: int7}", "unknown datatype 'int7'"),
        ("Vehicle.Speed: {min: low}", "a min that is not a number"),
        ("Vehicle.Speed: {min: 5, max: 2}", "a min above its max"),
        ("Vehicle.Speed: {unit: 3}", "a unit that is not a text"),
        ("Vehicle.Speed: {allowed: fast}", "allowed values that are not a list"),
        ("Vehicle.Speed: {pattern: '['}", "no regular expression"),
        ("'Vehicle/New': {type: sensor, datatype: uint8}", "is not a VSS path"),
        ("Vehicle.Jacuzzi: null", "removes Vehicle.Jacuzzi, which is not there"),
        ("Vehicle.Speed: {min: 3", "is not YAML"),
        ("\t", "is not YAML"),
    ],
)
def test_overlay_wrong_names_file_and_fault(tmp_path: Path, text: str, fault: str) -> None:
    overlay = write(tmp_path, "wrong.yaml", text)
    with pytest.raises(CatalogueInvalid) as error:
        catalogue.with_overlay(overlay)
    assert str(overlay) in error.value.spoken
    assert fault in error.value.spoken
    assert "\n" not in error.value.spoken


def test_overlay_missing_or_binary_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogueInvalid, match="No such file"):
        catalogue.with_overlay(tmp_path / "nowhere.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogueInvalid, match="not UTF-8"):
        catalogue.with_overlay(tmp_path / "binary.yaml")


def test_vss_json_export_is_loaded_with_the_vendor_overlay(tmp_path: Path) -> None:
    leaf = {"type": "sensor", "datatype": "float", "unit": "km/h", "description": "Speed."}
    tree: dict[str, object] = {"Speed": {**leaf, "uuid": "1"}}
    for path in catalogue:
        if "Sunroof.Position" in path or "Station" in path or "Color" in path:
            node = tree
            *branches, last = path.split(".")[1:]
            for branch in branches:
                below = node.setdefault(branch, {"type": "branch", "children": {}})
                assert isinstance(below, dict)
                node = below["children"]
            node[last] = {"type": "sensor", "datatype": catalogue[path].datatype, "max": 100}
    text = json.dumps({"Vehicle": {"type": "branch", "children": tree}})
    full = Catalogue.load(BusSettings(catalogue=write(tmp_path, "vss.json", text)))
    assert full["Vehicle.Speed"].unit == "km/h"
    assert full["Vehicle.Cabin.Sunroof.Position"].kind is Kind.ACTUATOR
    assert full[TEMPERATURE].maximum == 28


def test_vss_json_without_the_overlaid_signals_still_loads(tmp_path: Path) -> None:
    """A smaller vehicle: the vendor overlay changes only what is there."""
    tree = {"Vehicle": {"children": {"Speed": {"type": "sensor", "datatype": "float"}}}}
    path = write(tmp_path, "vss.json", json.dumps(tree))
    assert list(Catalogue.load(BusSettings(catalogue=path))) == ["Vehicle.Speed"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no branches"),
        ("{}", "holds no branches"),
        ('{"Vehicle": {"type": "branch"}}', "holds no signals"),
        ('{"Vehicle": 3}', "must be an object"),
        ('{"Vehicle": {"children": []}}', "children of Vehicle must be an object"),
        ('{"Vehicle": {"children": {"X": {"type": "sensor"}}}}', "Vehicle.X has no datatype"),
    ],
)
def test_vss_json_wrong_names_file_and_fault(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path, "wrong.json", text)
    with pytest.raises(CatalogueInvalid) as error:
        Catalogue.from_vss_json(path)
    assert str(path) in error.value.spoken
    assert fault in error.value.spoken
