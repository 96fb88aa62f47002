"""The text form of faults."""

from __future__ import annotations

import pytest

from sim.ecus import ECUS
from sim.faults import FORMS, Fault, FaultInvalid, FaultKind, FaultSet, parse_fault
from vehicle_bus.catalogue import Catalogue

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"


def parse(text: str) -> Fault:
    return parse_fault(text, ecus=ECUS, signals=Catalogue.default())


@pytest.mark.parametrize("kind", FaultKind)
def test_parse_fault_example_of_each_kind_round_trips(kind: FaultKind) -> None:
    fault = parse(FORMS[kind].example)
    assert fault.kind is kind
    assert parse(str(fault)) == fault


def test_parse_fault_reads_target_and_seconds() -> None:
    assert parse("slow:body=1.5") == Fault(FaultKind.SLOW, "body", 1.5)
    assert parse(" delay ") == Fault(FaultKind.DELAY, "", 0.3)
    assert parse(f"jam:{WINDOW}") == Fault(FaultKind.JAM, WINDOW)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("offlin:climate", "offline:climate"),
        ("offline:climat", "offline:climate"),
        ("offline", "offline:climate"),
        ("slow:bodi=2", "slow:body=2"),
        ("slow:body=x", "slow:body=1"),
        ("slow:body=-1", "slow:body=1"),
        ("slow:body=1e9", "slow:body=1"),
        ("delay=nan", "delay=0.3"),
        ("duplicate=3", "duplicate"),
        ("duplicate:body", "duplicate"),
        ("jam:Vehicle.Cabin.Door.Row1.DriverSide.Window.Positon", f"jam:{WINDOW}"),
        ("", "offline:climate"),
    ],
)
def test_parse_fault_bad_text_names_the_nearest_right_one(text: str, hint: str) -> None:
    with pytest.raises(FaultInvalid) as caught:
        parse(text)
    if text:
        assert f'try "{hint}"' in caught.value.spoken
    suggestion = caught.value.spoken.split('try "')[1].removesuffix('".')
    parse(suggestion)


def test_fault_set_replaces_same_place_and_forgets() -> None:
    faults = FaultSet()
    faults.add(parse("slow:body=1"))
    faults.add(parse("slow:body=2"))
    faults.add(parse("slow:climate=3"))
    assert faults.seconds(FaultKind.SLOW, "body") == 2
    assert len(faults.active) == 2
    assert faults.remove(parse("slow:body"))
    assert not faults.remove(parse("slow:body"))
    assert not faults.has(FaultKind.SLOW, "body")
    assert faults.has(FaultKind.SLOW, "climate")
