"""JSON payloads of the bus, checked at the edge (DESIGN §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from vehicle_bus.errors import PayloadInvalid

MAX_BYTES = 64 * 1024
"""Longest payload of a signal or state; a document may be longer."""
LONGEST_TTL_MS = 60_000
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024


def timestamp(moment: datetime) -> str:
    """UTC with milliseconds, e.g. ``2026-06-01T08:30:00.120Z``."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


type JsonValue = StrictBool | StrictInt | StrictFloat | StrictStr | list[StrictStr]
type Stamp = Annotated[AwareDatetime, PlainSerializer(timestamp, when_used="json")]


class Payload(BaseModel):
    """Base of the messages: unknown members are ignored, as a newer sender may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a payload.

        Raises:
            PayloadInvalid: it is not JSON, or not of this form; the sentence says where.
        """
        if len(data) > MAX_BYTES:
            raise PayloadInvalid(f"A {cls._name()} message has {len(data)} bytes, too many.")
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = str(first["loc"][0]) if first["loc"] else ""
            fault = f"{where}: {first['msg']}" if where else first["msg"]
            raise PayloadInvalid(f"A {cls._name()} message is malformed ({fault}).") from error

    def encode(self) -> bytes:
        """The payload as JSON; what is None is left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def _name(cls) -> str:
        return cls.__name__.removesuffix("Payload").lower()


class ValuePayload(Payload):
    """``…/value``: what a signal is now."""

    value: JsonValue
    ts: Stamp


class TargetPayload(Payload):
    """``…/target``: what a signal shall become, and until when the wish holds."""

    id: str = Field(min_length=1, max_length=64)
    value: JsonValue
    ts: Stamp
    ttl_ms: int = Field(gt=0, le=LONGEST_TTL_MS)
    source: str = Field(max_length=64)


class AckStatus(StrEnum):
    """What an ECU made of a target."""

    ACCEPTED = "accepted"  # on its way; done or failed may follow
    DONE = "done"
    REJECTED = "rejected"  # not tried
    FAILED = "failed"  # tried in vain


class AckPayload(Payload):
    """``…/ack``: the answer to a target of the same id."""

    id: str = Field(min_length=1, max_length=64)
    status: AckStatus
    reason: str | None = Field(None, max_length=1000)
    value: JsonValue | None = None


class EcuState(StrEnum):
    """Whether an ECU is there."""

    ONLINE = "online"
    OFFLINE = "offline"


class StatePayload(Payload):
    """``ecu/<name>/state``: whether an ECU is there, and which branches it owns."""

    state: EcuState
    owns: tuple[str, ...] = ()


def decode_document(data: bytes) -> dict[str, Any]:
    """Read a retained document: any JSON object.

    Raises:
        PayloadInvalid: it is not one.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise PayloadInvalid(f"A document has {len(data)} bytes, too many.")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PayloadInvalid(f"A document is not JSON ({error}).") from error
    if not isinstance(document, dict):
        raise PayloadInvalid("A document must be a JSON object.")
    return document


def encode_document(document: Mapping[str, Any]) -> bytes:
    """A document as JSON.

    Raises:
        PayloadInvalid: it holds what JSON cannot carry.
    """
    try:
        data = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise PayloadInvalid(f"The document cannot be sent as JSON ({error}).") from error
    if len(data) > MAX_DOCUMENT_BYTES:
        raise PayloadInvalid(f"The document has {len(data)} bytes, too many.")
    return data
