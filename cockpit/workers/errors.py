"""How a request to a worker can fail; whoever asks turns it into what is said."""

from __future__ import annotations


class WorkerError(Exception):
    """Base of the faults of workers.

    Attributes:
        reason: what happened, for a log or inside a sentence.
        spoken: a whole sentence that the engine itself has for it; empty where it has none.
    """

    def __init__(self, reason: str, spoken: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.spoken = spoken


class WorkerUnavailable(WorkerError):
    """There is no running process.

    Attributes:
        final: trying again is in vain: the program or what it loads is missing.
    """

    def __init__(self, reason: str, spoken: str = "", *, final: bool = False) -> None:
        super().__init__(reason, spoken)
        self.final = final


class WorkerStarting(WorkerUnavailable):
    """It was not ready in the time that somebody would wait."""


class WorkerLost(WorkerError):
    """The process died, hung or spoke nonsense while it worked.

    Attributes:
        hung: it lived, but did nothing, or nothing else but work, and was killed.
    """

    def __init__(self, reason: str, *, hung: bool = False) -> None:
        super().__init__(reason)
        self.hung = hung


class RequestRefused(WorkerError):
    """The process lives and could not do this."""
