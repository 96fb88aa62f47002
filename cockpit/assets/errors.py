"""What can go wrong with models and other large files, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cockpit.cli.exits import Exit
from vehicle_bus.errors import CockpitError


class AssetError(CockpitError):
    """Base of the asset store's errors; ``exit_code`` is what the command line returns."""

    exit_code: Exit = Exit.UNAVAILABLE


class CatalogInvalid(AssetError):
    """The catalogue file itself has faults."""


class AssetUnknown(AssetError):
    """The catalogue has no asset of that name."""

    exit_code = Exit.USAGE

    def __init__(self, name: str, nearest: str | None, known: Sequence[str]) -> None:
        hint = f"did you mean {nearest}?" if nearest else f"known are {', '.join(known)}."
        super().__init__(f"There is no model called {name}; {hint}")


class AssetMissing(AssetError):
    """The asset is known but not on this machine, or not complete."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The model {name} is not here yet; run: cockpit models pull {name}")


class Offline(AssetError):
    """Something would have to be downloaded, and settings forbid it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The model {name} is not here and downloads are switched off; "
            "unset COCKPIT_OFFLINE (or assets.offline) or copy it into the store."
        )


class DiskFull(AssetError):
    """No room for a download or for what is unpacked from it."""

    def __init__(self, root: Path, needed: int | None = None, free: int | None = None) -> None:
        figures = (
            f"{needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free"
            if needed is not None and free is not None
            else "the disk is full"
        )
        super().__init__(
            f"There is no room in {root}: {figures}; "
            "free some, or let COCKPIT_MODELS name a folder on another disk."
        )


class StoreNotWritable(AssetError):
    """The store's folder cannot be written."""

    def __init__(self, root: Path, reason: str) -> None:
        super().__init__(
            f"{root} cannot be written ({reason}); let COCKPIT_MODELS name another folder."
        )


class SourceFailed(AssetError):
    """One source of an asset did not yield it; the next one is tried."""


class SourceUnreachable(SourceFailed):
    """No connection to a source's host could be made."""


class DownloadBroken(SourceFailed):
    """The connection broke; what arrived is kept and the next run goes on from there."""


class NotInIndex(SourceFailed):
    """The package index has no such project, or no wheel of the version."""


class FileNotInWheel(SourceFailed):
    """A wheel or zip was downloaded and lacks a file that the catalogue expects in it."""


class HashMismatch(SourceFailed):
    """A downloaded file is not the one of the catalogue; it was deleted."""


class AllSourcesFailed(AssetError):
    """No source of an asset yielded it.

    Attributes:
        unreachable: True where no source could even be reached.
    """

    def __init__(self, name: str, faults: Sequence[SourceFailed]) -> None:
        reasons = "; ".join(fault.spoken.rstrip(".") for fault in faults)
        super().__init__(f"{name} could not be fetched: {reasons}.")
        self.unreachable = all(isinstance(fault, SourceUnreachable) for fault in faults)


class AdapterMissing(AssetError):
    """A model is made from an adapter that this installation does not have."""

    def __init__(self, name: str, base: str) -> None:
        super().__init__(
            f"The model {name} cannot be made, for its adapter is not in this installation; "
            f"set agent.model to {base} for the untrained one."
        )


class AdapterUnfit(AssetError):
    """An adapter's file is not what a model is to be made from."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The adapter {path.name} cannot be used: {reason}.")


class MergerMissing(AssetError):
    """The package that reads and writes model files is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Making the model {name} needs the package gguf; "
            "run: pip install 'offline-cockpit[llm]'"
        )


class AssetOutdated(AssetError):
    """A model on this machine was made from other files than it would be made from now."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The model {name} was made from an older adapter; run: cockpit models pull {name}"
        )
