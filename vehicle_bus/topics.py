"""MQTT topics of one vehicle (DESIGN §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from vehicle_bus.errors import PayloadInvalid

_RESERVED = ("vss", "ecu", "sync")
_VSS_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SUBTOPIC = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")


class TopicKind(StrEnum):
    """What a topic carries."""

    VALUE = "value"  # name is a VSS path
    TARGET = "target"  # name is a VSS path
    ACK = "ack"  # name is a VSS path
    STATE = "state"  # name is an ECU
    SYNC = "sync"  # name is a client; see VehicleBus
    DOCUMENT = "document"  # name is the subtopic, e.g. nav/route


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic."""

    kind: TopicKind
    name: str


@dataclass(frozen=True, slots=True)
class Topics:
    """Builds and parses the topics of the vehicle with this identification.

    Every builder raises PayloadInvalid for a name that cannot stand in a topic.
    """

    vin: str

    @property
    def everything(self) -> str:
        """Subscription to all topics of the vehicle."""
        return f"vehicle/{self.vin}/#"

    def value(self, path: str) -> str:
        """Where the owner publishes the retained value of a VSS path."""
        return self._vss(path, "value")

    def target(self, path: str) -> str:
        """Where targets for a VSS path go."""
        return self._vss(path, "target")

    def ack(self, path: str) -> str:
        """Where the owner answers targets for a VSS path."""
        return self._vss(path, "ack")

    def state(self, ecu: str) -> str:
        """Where an ECU says that it is online, and its last will that it is not."""
        if not _NAME.fullmatch(ecu):
            raise PayloadInvalid(f"{ecu!r} cannot be the name of an ECU on the bus.")
        return f"vehicle/{self.vin}/ecu/{ecu}/state"

    def sync(self, client: str) -> str:
        """Where a client publishes its own marker (see VehicleBus)."""
        if not _NAME.fullmatch(client):
            raise PayloadInvalid(f"{client!r} cannot be the name of a client on the bus.")
        return f"vehicle/{self.vin}/sync/{client}"

    def document(self, subtopic: str) -> str:
        """Where a retained document lies, e.g. ``nav/route``."""
        if not _SUBTOPIC.fullmatch(subtopic) or subtopic.split("/")[0] in _RESERVED:
            raise PayloadInvalid(f"{subtopic!r} cannot be the topic of a document.")
        return f"vehicle/{self.vin}/{subtopic}"

    def parse(self, topic: str) -> Topic:
        """What a topic means.

        Raises:
            PayloadInvalid: it is not one of this vehicle's topics.
        """
        return _parse(self.vin, topic)

    def _vss(self, path: str, last: str) -> str:
        if not _VSS_PATH.fullmatch(path):
            raise PayloadInvalid(f"{path!r} is not a VSS path.")
        return f"vehicle/{self.vin}/vss/{path.replace('.', '/')}/{last}"


@lru_cache(maxsize=4096)
def _parse(vin: str, topic: str) -> Topic:
    prefix = f"vehicle/{vin}/"
    if not topic.startswith(prefix):
        raise PayloadInvalid(f"The topic {topic!r} does not belong to vehicle {vin}.")
    levels = topic.removeprefix(prefix).split("/")
    match levels:
        case ["vss", *path, ("value" | "target" | "ack") as last] if path:
            name = ".".join(path)
            if _VSS_PATH.fullmatch(name) and not any("." in level for level in path):
                return Topic(TopicKind(last), name)
        case ["ecu", name, "state"] if _NAME.fullmatch(name):
            return Topic(TopicKind.STATE, name)
        case ["sync", name] if _NAME.fullmatch(name):
            return Topic(TopicKind.SYNC, name)
        case [first, *_] if first not in _RESERVED and _SUBTOPIC.fullmatch("/".join(levels)):
            return Topic(TopicKind.DOCUMENT, "/".join(levels))
    raise PayloadInvalid(f"The topic {topic!r} has no meaning on the vehicle bus.")
