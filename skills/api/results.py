"""What a skill function returns: typed facts, never a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

type Value = bool | int | float | str | list[str]
"""A signal's value as JSON carries it."""


class Status(StrEnum):
    """How a call, or one change of it, ended."""

    DONE = "done"
    MOVING = "moving"  # accepted, and the value is on its way
    ALREADY = "already"  # it was so before; nothing was sent
    PARTIAL = "partial"  # some changes of the call happened, some did not
    ASKED = "asked"  # nothing happened; an answer is awaited
    REFUSED = "refused"  # our own policies said no; nothing was sent
    REJECTED = "rejected"  # an ECU said no
    FAILED = "failed"  # it was tried and did not happen, or nobody answered
    ABSENT = "absent"  # this vehicle has no such thing
    SKIPPED = "skipped"  # it depended on a call that did not succeed

    @property
    def ok(self) -> bool:
        """True where what was asked for holds now, or will in a moment."""
        return self in (Status.DONE, Status.MOVING, Status.ALREADY)


@dataclass(frozen=True, slots=True)
class Change:
    """One signal that a call wanted to change, and what became of it.

    Attributes:
        path: VSS path.
        before: value when the call ran; None where there was none.
        value: value that was asked for.
        status: DONE, MOVING, ALREADY, REJECTED, FAILED or ABSENT.
        reason: the ECU's sentence where it did not happen.
        because: set where a policy added the change, e.g. "because the fog lights are on".
    """

    path: str
    before: Value | None
    value: Value
    status: Status
    reason: str | None = None
    because: str | None = None


def joint_status(statuses: Iterable[Status]) -> Status:
    """The status of several changes seen as one; DONE where there are none."""
    found = list(statuses)
    if not found:
        return Status.DONE
    if all(status is Status.ALREADY for status in found):
        return Status.ALREADY
    if all(status.ok for status in found):
        return Status.MOVING if Status.MOVING in found else Status.DONE
    if any(status.ok for status in found):
        return Status.PARTIAL
    return next(status for status in found if not status.ok)


@dataclass(frozen=True)
class Result:
    """Base of all results.

    A result that changed signals carries them in ``changes``; one that answers a question has
    fields of its own. ``reply`` functions of the skill render it (see ``skills.api.skill``).
    """

    @property
    def status(self) -> Status:
        """How the call ended; results without changes override it where they can fail."""
        return Status.DONE


@dataclass(frozen=True)
class VehicleResult(Result):
    """Base of results whose call wrote to the vehicle."""

    changes: tuple[Change, ...]

    @property
    def status(self) -> Status:
        """Joint status of the changes that the speaker asked for (not those of policies)."""
        return joint_status(change.status for change in self.changes if change.because is None)

    @property
    def asked(self) -> tuple[Change, ...]:
        """The changes that the speaker asked for."""
        return tuple(change for change in self.changes if change.because is None)

    @property
    def added(self) -> tuple[Change, ...]:
        """The changes that policies added."""
        return tuple(change for change in self.changes if change.because is not None)
