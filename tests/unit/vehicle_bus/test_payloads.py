"""Payloads of DESIGN §3: read, written, and refused where they are wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle_bus.errors import PayloadInvalid
from vehicle_bus.payloads import (
    AckPayload,
    AckStatus,
    EcuState,
    Payload,
    StatePayload,
    TargetPayload,
    ValuePayload,
    decode_document,
    encode_document,
    timestamp,
)

NOW = datetime(2026, 6, 1, 8, 30, 0, 120_000, tzinfo=UTC)
EVERY_KIND: list[Payload] = [
    ValuePayload(value=21.5, ts=NOW),
    TargetPayload(id="7", value=21.0, ts=NOW, ttl_ms=3000, source="cockpit"),
    AckPayload(id="7", status=AckStatus.REJECTED, reason="The car is moving."),
    AckPayload(id="7", status=AckStatus.DONE, value=False),
    StatePayload(state=EcuState.ONLINE, owns=("Vehicle.Cabin.HVAC",)),
]


def test_every_kind_is_covered() -> None:
    assert {type(payload) for payload in EVERY_KIND} == set(Payload.__subclasses__())


@pytest.mark.parametrize("payload", EVERY_KIND, ids=repr)
def test_payload_survives_the_wire(payload: Payload) -> None:
    assert type(payload).decode(payload.encode()) == payload


def test_value_looks_as_agreed() -> None:
    assert EVERY_KIND[0].encode() == b'{"value":21.5,"ts":"2026-06-01T08:30:00.120Z"}'


def test_ack_leaves_out_what_it_has_not() -> None:
    assert json.loads(EVERY_KIND[2].encode()) == {
        "id": "7",
        "status": "rejected",
        "reason": "The car is moving.",
    }


def test_timestamp_is_utc_with_milliseconds() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=3)))
    assert timestamp(local) == "2026-06-01T08:30:00.120Z"


@pytest.mark.parametrize("value", [True, 3, 3.5, "UP", ["A", "B"]])
def test_value_keeps_its_json_type(value: object) -> None:
    data = json.dumps({"value": value, "ts": "2026-06-01T08:30:00Z", "new_member": 1}).encode()
    decoded = ValuePayload.decode(data).value
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("kind", "data", "fault"),
    [
        (ValuePayload, b"", "Invalid JSON"),
        (ValuePayload, b"\xff\xfe", "Invalid JSON"),
        (ValuePayload, b"[]", "value message"),
        (ValuePayload, b'{"value": 1}', "ts: Field required"),
        (ValuePayload, b'{"value": 1, "ts": "2026-06-01T08:30:00"}', "timezone"),
        (ValuePayload, b'{"value": null, "ts": "2026-06-01T08:30:00Z"}', "value"),
        (ValuePayload, b'{"value": {}, "ts": "2026-06-01T08:30:00Z"}', "value"),
        (ValuePayload, b'{"value": NaN, "ts": "2026-06-01T08:30:00Z"}', "value"),
        (ValuePayload, b'{"value": "' + b"x" * 70_000 + b'"}', "too many"),
        (TargetPayload, b'{"id": "", "value": 1}', "id"),
        (AckPayload, b'{"id": "7", "status": "maybe"}', "status"),
        (StatePayload, b'{"state": "asleep"}', "state"),
    ],
)
def test_malformed_is_refused_with_the_place(kind: type[Payload], data: bytes, fault: str) -> None:
    with pytest.raises(PayloadInvalid) as error:
        kind.decode(data)
    assert fault in error.value.spoken
    assert len(error.value.spoken) < 300


@pytest.mark.parametrize("ttl", [0, -5, 60_001])
def test_target_needs_a_sensible_ttl(ttl: int) -> None:
    data = {"id": "7", "value": 1, "ts": "2026-06-01T08:30:00Z", "ttl_ms": ttl, "source": "x"}
    with pytest.raises(PayloadInvalid, match="ttl_ms"):
        TargetPayload.decode(json.dumps(data).encode())


@given(st.binary(max_size=200))
def test_decode_raises_nothing_else(data: bytes) -> None:
    for kind in Payload.__subclasses__():
        with pytest.raises(PayloadInvalid):
            kind.decode(data)


def test_document_is_any_object() -> None:
    assert decode_document(encode_document({"a": [1, {"b": None}]})) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize("data", [b"", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_document_malformed_is_refused(data: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        decode_document(data)


@pytest.mark.parametrize("document", [{"a": object()}, {"a": float("nan")}, {"a": "x" * 9_000_000}])
def test_document_that_cannot_be_sent_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(PayloadInvalid):
        encode_document(document)
