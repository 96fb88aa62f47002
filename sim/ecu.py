"""What an ECU is, apart from the bus: which signals it has, what it refuses, how things move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from sim.world import World
from vehicle_bus.catalogue import Catalogue, Value


class Ecu:
    """Base of the simulated ECUs; pure, so that it runs without a broker.

    Attributes:
        name: as on the bus.
        claims: branches that it owns, as far as no other ECU claims a more specific one.
        title: what a person calls it.
    """

    name: ClassVar[str]
    claims: ClassVar[tuple[str, ...]]
    title: ClassVar[str]

    def __init__(self, world: World) -> None:
        self.world = world
        self.restored()

    def refuse(self, path: str, value: Value) -> str | None:
        """The interlock's sentence where it forbids the value now; None where it may be.

        Turning something off is never refused.
        """
        return None

    def travel(self, path: str, value: Value) -> float | None:
        """Seconds of the full way for something that moves; None where it is instant."""
        return None

    def follow(self, path: str, value: Value) -> Mapping[str, Value]:
        """Signals of its own that change at once because a target was reached."""
        return {}

    def restored(self) -> None:
        """The world went back to its start state: take up the physics from there."""

    def step(self, dt: float) -> Mapping[str, Value]:
        """What its sensors measure ``dt`` seconds later; not called while the world is held."""
        return {}


def is_off(value: Value) -> bool:
    """True for what turns something off or closes it."""
    return value in (False, 0, "OFF", "STOP", "INACTIVE")


def assign(catalogue: Catalogue, claims: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Which ECU owns which signal: the longest claim that is a prefix of the path wins.

    Args:
        catalogue: the signals to share out.
        claims: branches by ECU.

    Raises:
        ValueError: two ECUs claim the same branch, or nobody claims a signal.
    """
    owner_of: dict[str, str] = {}
    for ecu, branches in claims.items():
        for branch in branches:
            if branch in owner_of:
                raise ValueError(f"{ecu} and {owner_of[branch]} both claim {branch}")
            owner_of[branch] = ecu
    owned: dict[str, list[str]] = {ecu: [] for ecu in claims}
    for path in catalogue:
        longest = next((prefix for prefix in _prefixes(path)[::-1] if prefix in owner_of), None)
        if longest is None:
            raise ValueError(f"no ECU claims {path}")
        owned[owner_of[longest]].append(path)
    return owned


def branches(catalogue: Catalogue, owned: Iterable[str]) -> tuple[str, ...]:
    """The shortest branches that hold the owned signals and no others.

    They overlap with no other ECU's, so that every target reaches exactly one ECU.
    """
    mine = set(owned)
    foreign: set[str] = set()
    for path in catalogue:
        if path not in mine:
            foreign.update(_prefixes(path))
    found = {next(prefix for prefix in _prefixes(path) if prefix not in foreign) for path in mine}
    return tuple(sorted(found))


def _prefixes(path: str) -> list[str]:
    levels = path.split(".")
    return [".".join(levels[:count]) for count in range(1, len(levels) + 1)]
