"""Topics, messages and typed values in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cockpit.ui.panels.bus_table import Columns, split
from cockpit.ui.panels.bus_words import (
    age,
    amount,
    delay,
    line_of,
    pretty,
    rate,
    tokens,
    topic_name,
    value_of,
)
from cockpit.ui.panels.finding import best, found
from vehicle_bus.catalogue import Catalogue
from vehicle_bus.errors import ValueInvalid
from vehicle_bus.records import Message

PATH = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
ROOT = "vehicle/DEMO/vss/Vehicle/Cabin/Door/Row1/DriverSide/Window/Position"


def message(topic: str, payload: str) -> Message:
    return Message(topic, payload.encode(), retained=False, received=0.0)


@pytest.mark.parametrize(
    ("topic", "kind", "short"),
    [
        (f"{ROOT}/value", "value", "Cabin.Door.Row1.DriverSide.Window.Position"),
        (f"{ROOT}/target", "target", "Cabin.Door.Row1.DriverSide.Window.Position"),
        ("vehicle/DEMO/ecu/body/state", "state", "ecu body"),
        ("vehicle/DEMO/nav/route", "document", "nav/route"),
        ("somewhere/else", "other", "somewhere/else"),
        ("vehicle/DEMO/vss/[red]/value", "other", "vehicle/DEMO/vss/[red]/value"),
    ],
)
def test_topic_name_says_what_it_is_about(topic: str, kind: str, short: str) -> None:
    name = topic_name(topic)
    assert (name.kind, name.short) == (kind, short)


def test_topic_name_of_a_signal_is_found_by_how_people_call_it() -> None:
    topics = [topic_name(f"{ROOT}/{kind}").searched for kind in ("value", "target", "ack")]
    assert found("driver window", topics) == topics
    assert found("window ack", topics) == topics[2:]
    assert found("winpos", topics) == topics
    assert found("nothing like it", topics) == []


@pytest.mark.parametrize(
    ("topic", "payload", "text", "tone"),
    [
        (f"{ROOT}/value", '{"value": 40, "ts": "x"}', "40 %", ""),
        (f"{ROOT}/value", '{"value": true}', "true", ""),
        (f"{ROOT}/value", "", "taken away", "quiet"),
        (f"{ROOT}/value", "no JSON", "no JSON", "bad"),
        (f"{ROOT}/value", '{"wrong": 1}', '{"wrong": 1}', "bad"),
        (f"{ROOT}/target", '{"value": 40, "source": "cockpit"}', "→ 40 % by cockpit", ""),
        (f"{ROOT}/ack", '{"status": "done"}', "done", "good"),
        (f"{ROOT}/ack", '{"status": "rejected", "reason": "No."}', "rejected: No.", "bad"),
        ("vehicle/DEMO/ecu/body/state", '{"state": "offline"}', "offline", "bad"),
        ("vehicle/DEMO/nav/route", '{"line": 1, "stops": []}', "{line, stops} 24 B", "quiet"),
        (f"{ROOT}/value", f'{{"value": "{"x" * 70_000}"}}', "68 KiB", "quiet"),
    ],
)
def test_line_of_message(topic: str, payload: str, text: str, tone: str) -> None:
    assert line_of(message(topic, payload), "percent") == (text, tone)


def test_amounts_ages_and_rates_are_short() -> None:
    assert amount(21.5, "Celsius") == "21.5 °C"
    assert amount(["a", "b"], None) == '["a", "b"]'
    assert [age(s) for s in (0.2, 12, 99, 130, 3599, 7300)] == [
        "now",
        "12 s",
        "99 s",
        "2 min",
        "60 min",
        "2 h",
    ]
    assert [rate(r) for r in (0.01, 0.2, 9.94, 498.7)] == ["", "0.2/s", "9.9/s", "499/s"]


def test_delay_is_counted_from_the_time_stamp() -> None:
    sent = message(f"{ROOT}/value", '{"value": 1, "ts": "2026-06-01T08:30:00.120Z"}')
    assert delay(sent, datetime(2026, 6, 1, 8, 30, 0, 620_000, tzinfo=UTC)) == pytest.approx(0.5)
    assert delay(message(f"{ROOT}/value", '{"value": 1, "ts": "soon"}'), datetime.now(UTC)) is None


def test_pretty_message_keeps_lists_of_numbers_in_a_line() -> None:
    text = pretty(message("a/b", '{"line": [[24.9, 60.1], [24.8, 60.2]], "name": "Café [1]"}'))
    assert text.splitlines() == [
        "{",
        '  "line": [',
        "    [24.9, 60.1],",
        "    [24.8, 60.2]",
        "  ],",
        '  "name": "Café [1]"',
        "}",
    ]
    kinds = dict(tokens(text))
    assert kinds['"name"'] == "key"
    assert kinds['"Café [1]"'] == "text"
    assert kinds["24.9"] == "number"


@pytest.mark.parametrize(
    ("text", "datatype", "value"),
    [
        ("on", "boolean", True),
        ("False", "boolean", False),
        ("50", "uint8", 50),
        ("21.5", "float", 21.5),
        ("21,5", "float", 21.5),
        (" RAIN_SENSOR ", "string", "RAIN_SENSOR"),
        ('"two words"', "string", "two words"),
        ("a, b", "string[]", ["a", "b"]),
        ('["a, b"]', "string[]", ["a, b"]),
    ],
)
def test_value_of_what_was_typed(text: str, datatype: str, value: object) -> None:
    assert value_of(text, datatype) == value


def test_value_that_makes_no_sense_is_left_to_the_catalogue() -> None:
    with pytest.raises(ValueInvalid, match="must be a number"):
        Catalogue.default().check(PATH, value_of("wide open", "uint8"))


def test_name_that_is_too_long_keeps_its_last_level() -> None:
    name = "Cabin.Door.Row1.DriverSide.Window.Position"
    assert split(name, 50) == ("Cabin.Door.Row1.DriverSide.Window.", "Position")
    assert split(name, 30) == ("C.D.R1.DS.Window.", "Position")
    assert split(name, 12) == ("….W.", "Position")


@pytest.mark.parametrize("width", [20, 30, 46, 60, 72, 120, 218])
def test_columns_fill_the_width(width: int) -> None:
    columns = Columns.of(width)
    parts = (columns.topic, columns.kind, columns.value, columns.rate, columns.age)
    assert sum(parts) == width
    assert columns.topic >= 10


def test_best_puts_what_begins_with_the_word_first() -> None:
    names = ["my home", "home", "homestead", "work"]
    assert best("home", names, str, 10) == ["home", "homestead", "my home"]
    assert best("", names, str, 2) == ["my home", "home"]
