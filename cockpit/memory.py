"""Memory that was used for a moment and is not needed any more."""

from __future__ import annotations

import ctypes
import os


def give_back() -> None:
    """Return memory that is not used any more to the system, where the C library can.

    Sound and windows of it come in all sizes, and what the C library keeps of them between others
    that stay is not used again: tens of megabytes after an hour. Takes some milliseconds, without
    the lock of the interpreter.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
