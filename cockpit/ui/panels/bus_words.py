"""Topics and messages of the bus in words; without textual."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from vehicle_bus.catalogue import label_of
from vehicle_bus.errors import PayloadInvalid
from vehicle_bus.records import Message
from vehicle_bus.topics import TopicKind, Topics

READ: Final = 64 * 1024
"""Bytes of a message up to which it is read for a line of a table."""
LINES: Final = 400
"""Lines of a message that are shown in detail."""
UNITS: Final = {
    "percent": "%",
    "celsius": "°C",
    "Celsius": "°C",
    "degrees": "°",
    "percent per second": "%/s",
}
"""Units of VSS that are written in another way."""
OTHER: Final = "other"
"""Kind of a topic that has no meaning on the vehicle bus."""


@dataclass(frozen=True, slots=True)
class TopicName:
    """What a topic is about.

    Attributes:
        topic: in full.
        kind: ``value``, ``target``, ``ack``, ``state``, ``sync``, ``document`` or ``other``.
        name: VSS path, name of the ECU, subtopic, or the topic itself.
        short: the name without what all have in common.
        label: how a person calls a signal; empty where it is none.
        searched: in small letters, what a filter looks at.
    """

    topic: str
    kind: str
    name: str
    short: str
    label: str
    searched: str

    @property
    def is_signal(self) -> bool:
        """It is about a signal of the vehicle."""
        return self.kind in ("value", "target", "ack")


@lru_cache(maxsize=8192)
def topic_name(topic: str) -> TopicName:
    """What a topic is about."""
    first, _, rest = topic.partition("/")
    vin = rest.partition("/")[0]
    try:
        parsed = Topics(vin).parse(topic) if first == "vehicle" else None
    except PayloadInvalid:
        parsed = None
    if parsed is None:
        return TopicName(topic, OTHER, topic, topic, "", topic.lower())
    name, kind = parsed.name, parsed.kind.value
    is_signal = parsed.kind in (TopicKind.VALUE, TopicKind.TARGET, TopicKind.ACK)
    label = label_of(name) if is_signal else ""
    short = name.removeprefix("Vehicle.") if is_signal else name
    if parsed.kind is TopicKind.STATE:
        short = f"ecu {name}"
    searched = f"{topic} {name} {short} {label} {kind}".lower()
    return TopicName(topic, kind, name, short, label, searched)


@lru_cache(maxsize=512)
def read(message: Message) -> Any:
    """The message as JSON; None where it is none, or too long to be read for a line."""
    if not message.payload or len(message.payload) > READ:
        return None
    try:
        return json.loads(message.payload)
    except (ValueError, RecursionError):
        return None


def line_of(message: Message, unit: str | None = None) -> tuple[str, str]:
    """A message in some words, and ``good``, ``bad``, ``quiet`` or empty for its colour."""
    kind = topic_name(message.topic).kind
    if not message.payload:
        return "taken away", "quiet"
    content = read(message)
    if not isinstance(content, Mapping):
        if content is None and len(message.payload) > READ:
            return size(len(message.payload)), "quiet"
        if content is not None and kind in (TopicKind.DOCUMENT, OTHER):
            return _compact(content), ""
        return message.payload[:80].decode(errors="replace"), "bad"
    match kind:
        case "value" if "value" in content:
            return amount(content["value"], unit), ""
        case "target" if "value" in content:
            source = content.get("source")
            by = f" by {source}" if source else ""
            return f"→ {amount(content['value'], unit)}{by}", ""
        case "ack" if "status" in content:
            status = str(content["status"])
            why = content.get("reason")
            good = {"done": "good", "rejected": "bad", "failed": "bad"}.get(status, "")
            return f"{status}: {why}" if why else status, good
        case "state" if "state" in content:
            state = str(content["state"])
            return state, "good" if state == "online" else "bad"
        case "sync":
            return "", "quiet"
        case "value" | "target" | "ack" | "state":
            return _compact(content), "bad"
    return f"{{{', '.join(map(str, content))}}} {size(len(message.payload))}", "quiet"


def amount(value: object, unit: str | None = None) -> str:
    """A value with its unit."""
    text = value if isinstance(value, str) else _compact(value)
    if unit is None or isinstance(value, bool) or not isinstance(value, int | float):
        return text
    unit = UNITS.get(unit, unit)
    return f"{text}{unit}" if unit == "°" else f"{text} {unit}"


def _compact(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(", ", ": "))[:400]


def size(count: int) -> str:
    """A number of bytes."""
    return f"{count} B" if count < 10_000 else f"{count / 1024:,.0f} KiB"


def age(seconds: float) -> str:
    """How long ago, in at most five cells."""
    if seconds < 1:
        return "now"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def rate(per_second: float) -> str:
    """Messages a second, in at most six cells; empty where next to none come."""
    if per_second < 0.05:
        return ""
    return f"{per_second:.1f}/s" if per_second < 9.95 else f"{per_second:.0f}/s"


def delay(message: Message, received: datetime) -> float | None:
    """Seconds from a message's time stamp until it was received; None where it has none."""
    content = read(message)
    stamp = content.get("ts") if isinstance(content, Mapping) else None
    if not isinstance(stamp, str):
        return None
    try:
        taken = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (received - (taken if taken.tzinfo else taken.replace(tzinfo=UTC))).total_seconds()


# A message in detail.

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>\b(?:true|false|null)\b)"
)


def pretty(message: Message) -> str:
    """The payload as a person reads it; what is no JSON as it is.

    Lists of numbers, and lists of those, stand in one line each.
    """
    if not message.payload:
        return ""
    try:
        content = json.loads(message.payload)
    except (ValueError, RecursionError):
        return message.payload.decode(errors="replace")
    return "\n".join(_lines(content, ""))


def _lines(content: object, indent: str) -> Iterator[str]:
    deeper = f"{indent}  "
    if isinstance(content, dict) and content:
        yield "{"
        last = len(content) - 1
        for index, (key, value) in enumerate(content.items()):
            inner = list(_lines(value, deeper))
            inner[0] = f"{deeper}{json.dumps(key, ensure_ascii=False)}: {inner[0]}"
            inner[-1] += "," if index < last else ""
            yield from inner
        yield f"{indent}}}"
    elif isinstance(content, list) and any(isinstance(item, dict | list) for item in content):
        yield "["
        last = len(content) - 1
        for index, value in enumerate(content):
            inner = list(_lines(value, deeper))
            inner[0] = f"{deeper}{inner[0]}"
            inner[-1] += "," if index < last else ""
            yield from inner
        yield f"{indent}]"
    else:
        yield json.dumps(content, ensure_ascii=False)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of JSON, and ``key``, ``text``, ``number``, ``word`` or empty for their colour."""
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            yield text[at : match.start()], ""
        yield match.group(), match.lastgroup or ""
        at = match.end()
    if at < len(text):
        yield text[at:], ""


# Values that somebody types.

_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0")


def value_of(text: str, datatype: str) -> object:
    """What somebody typed as a value for a VSS datatype; whether it fits is checked elsewhere."""
    written = text.strip()
    if datatype.endswith("[]"):
        try:
            return json.loads(written) if written.startswith("[") else _listed(written)
        except ValueError:
            return _listed(written)
    if datatype == "boolean":
        small = written.lower()
        return True if small in _TRUE else False if small in _FALSE else written
    if datatype == "string":
        return written[1:-1] if len(written) > 1 and written[0] == written[-1] == '"' else written
    try:
        return int(written)
    except ValueError:
        pass
    try:
        return float(written.replace(",", "."))
    except ValueError:
        return written


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
