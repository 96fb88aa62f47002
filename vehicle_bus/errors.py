"""The base of every error that the project raises, and the errors of the vehicle bus."""

from __future__ import annotations


class CockpitError(Exception):
    """Base of all our errors.

    Attributes:
        spoken: one sentence to say aloud; the same text is shown in a terminal.
    """

    def __init__(self, spoken: str) -> None:
        super().__init__(spoken)
        self.spoken = spoken


class BusError(CockpitError):
    """Something about the vehicle bus."""


class BusUnreachable(BusError):
    """The broker cannot be reached, or the connection was lost before an answer came."""


class SignalUnknown(BusError):
    """The catalogue has no such path."""


class SignalAbsent(BusError):
    """This vehicle lacks the signal: its owner is online and never published a value."""


class SignalStale(BusError):
    """The owner of the signal is offline, so its last value is not to be trusted.

    Attributes:
        reason: who does not answer, as a sentence of its own.
    """

    def __init__(self, spoken: str, reason: str | None = None) -> None:
        super().__init__(spoken)
        self.reason = reason or spoken


class ValueInvalid(BusError):
    """A value has the wrong type, is out of range or is not an allowed one."""


class NotWritable(BusError):
    """A target was asked for a sensor or an attribute."""


class PayloadInvalid(BusError):
    """A message on the bus does not have the agreed form."""


class CommandRejected(BusError):
    """The ECU refused the target; ``reason`` is its own sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CommandFailed(BusError):
    """The ECU tried and could not do it (a jammed window); ``reason`` is its own sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CommandTimeout(BusError):
    """No acknowledgement came within the target's time to live."""
