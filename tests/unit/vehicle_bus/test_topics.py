"""Topics are built and parsed without loss, and nothing else is understood."""

from __future__ import annotations

import pytest

from vehicle_bus.errors import PayloadInvalid
from vehicle_bus.topics import Topic, TopicKind, Topics

topics = Topics("VIN1")
PATH = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"


def test_value_topic_is_as_agreed() -> None:
    assert (
        topics.value(PATH)
        == "vehicle/VIN1/vss/Vehicle/Cabin/HVAC/Station/Row1/Driver/Temperature/value"
    )


@pytest.mark.parametrize(
    ("topic", "parsed"),
    [
        (topics.value(PATH), Topic(TopicKind.VALUE, PATH)),
        (topics.target(PATH), Topic(TopicKind.TARGET, PATH)),
        (topics.ack(PATH), Topic(TopicKind.ACK, PATH)),
        (topics.state("rear_climate"), Topic(TopicKind.STATE, "rear_climate")),
        (topics.sync("cockpit-12"), Topic(TopicKind.SYNC, "cockpit-12")),
        (topics.document("nav/route"), Topic(TopicKind.DOCUMENT, "nav/route")),
    ],
)
def test_every_kind_is_parsed_back(topic: str, parsed: Topic) -> None:
    assert topics.parse(topic) == parsed


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "vehicle/VIN1",
        "vehicle/VIN2/vss/Vehicle/Speed/value",
        "vehicle/VIN1/vss/Vehicle/Speed",
        "vehicle/VIN1/vss/value",
        "vehicle/VIN1/vss/Vehicle//Speed/value",
        "vehicle/VIN1/vss/Vehicle.Speed/value",
        "vehicle/VIN1/ecu/climate",
        "vehicle/VIN1/ecu/a b/state",
        "vehicle/VIN1/nav//route",
        "vehicle/VIN1/näv",
    ],
)
def test_parse_refuses_the_rest(topic: str) -> None:
    with pytest.raises(PayloadInvalid):
        topics.parse(topic)


@pytest.mark.parametrize("path", ["", "Vehicle.#", "Vehicle/Speed", "Vehicle..Speed", "+"])
def test_value_refuses_what_is_no_path(path: str) -> None:
    with pytest.raises(PayloadInvalid):
        topics.value(path)


@pytest.mark.parametrize("subtopic", ["", "vss/x", "ecu/x/state", "a/#", "sync/x", "/a"])
def test_document_refuses_the_bus_itself(subtopic: str) -> None:
    with pytest.raises(PayloadInvalid):
        topics.document(subtopic)


@pytest.mark.parametrize("name", ["", "a/b", "+", "x" * 65])
def test_state_refuses_bad_names(name: str) -> None:
    with pytest.raises(PayloadInvalid):
        topics.state(name)
