"""Typed requests that say from which seat they come."""

from __future__ import annotations

from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat


class AddressUnknown(CockpitError):
    """A typed request names no seat that there is, or says nothing."""

    exit_code = 2  # wrong usage


def typed(text: str) -> str:
    """Without surrounding space; bytes that are no UTF-8 become question marks.

    Python keeps such bytes as lone surrogates, which no engine and no JSON can take.
    """
    return text.encode("utf-8", "replace").decode("utf-8").strip()


def addressed(line: str, seat: Seat) -> tuple[Seat, str]:
    """``@passenger open my window`` is said from the passenger's seat.

    Args:
        seat: who speaks where the line names nobody.

    Raises:
        AddressUnknown: it names no seat, or nothing is said.
    """
    text = typed(line)
    if not text.startswith("@"):
        return seat, text
    name, _, said = text[1:].partition(" ")
    name = name.lower().replace("-", "_")
    seats = ", ".join(f"@{known.value}" for known in Seat)
    if name not in set(Seat):
        raise AddressUnknown(f"There is no seat @{name}; use {seats}.")
    if not said.strip():
        raise AddressUnknown(f"Say something after @{name}, for example: @{name} open my window")
    return Seat(name), said.strip()
