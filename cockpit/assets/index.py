"""Wheels on the package index that this machine's pip is configured for.

The index, find-links folders and certificate come from ``pip config list`` (files and PIP_*
variables alike), so that a mirror set up for pip is used here without being named again.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version
from pypi_simple import (
    ACCEPT_JSON_PREFERRED,
    PYPI_SIMPLE_ENDPOINT,
    DistributionPackage,
    ProjectPage,
    UnsupportedRepoVersionError,
)

from cockpit.assets.download import Downloader
from cockpit.assets.errors import NotInIndex, SourceFailed, SourceUnreachable

_PIP_TIMEOUT = 30.0  # seconds; a cold start of pip on a slow disk takes several


@dataclass(frozen=True, slots=True)
class PipConfig:
    """What of pip's configuration matters for finding a wheel."""

    indexes: tuple[str, ...] = (PYPI_SIMPLE_ENDPOINT,)
    find_links: tuple[str, ...] = ()
    certificate: str | None = None

    @classmethod
    def parse(cls, lines: Iterable[str]) -> PipConfig:
        """From the lines of ``pip config list``; variables win over files, as in pip."""
        found: dict[str, tuple[int, str]] = {}
        for line in lines:
            key, equals, text = line.partition("=")
            section, _, option = key.strip().rpartition(".")
            rank = {"global": 0, "download": 1, ":env:": 2}.get(section)
            if not equals or rank is None:
                continue
            try:
                value = str(ast.literal_eval(text.strip()))
            except (SyntaxError, ValueError):
                value = text.strip()
            if rank >= found.get(option, (0, ""))[0]:
                found[option] = (rank, value)
        return cls._from_options({option: value for option, (_, value) in found.items()})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> PipConfig:
        """From PIP_* and UV_* variables alone, for an environment without pip."""
        options = {
            name.removeprefix("PIP_").lower().replace("_", "-"): value
            for name, value in environment.items()
            if name.startswith("PIP_")
        }
        for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            if name in environment:
                options.setdefault("index-url", environment[name])
        return cls._from_options(options)

    @classmethod
    def _from_options(cls, options: Mapping[str, str]) -> PipConfig:
        indexes = [
            options.get("index-url") or PYPI_SIMPLE_ENDPOINT,
            *options.get("extra-index-url", "").split(),
        ]
        if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
            indexes = []
        return cls(
            indexes=tuple(indexes),
            find_links=tuple(options.get("find-links", "").split()),
            certificate=options.get("cert") or None,
        )

    @classmethod
    @cache
    def of_this_machine(cls) -> PipConfig:
        """As pip of this interpreter sees it."""
        try:
            listing = subprocess.run(
                [sys.executable, "-m", "pip", "config", "list"],
                capture_output=True,
                text=True,
                timeout=_PIP_TIMEOUT,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return cls.from_environment(os.environ)
        return cls.parse(listing.stdout.splitlines())


@dataclass(frozen=True, slots=True)
class WheelFile:
    """Where a wheel is.

    Attributes:
        url: web address, or a file URL of a wheel on this machine.
        sha256: as the index states it, or None where it does not.
        size: bytes, or None where the index does not say.
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None

    @property
    def local(self) -> Path | None:
        """Path of a wheel that needs no download."""
        return _local(self.url)


class PackageIndex:
    """Finds wheels; any wheel of the version does, whatever platform it is for."""

    def __init__(self, config: PipConfig, downloader: Downloader) -> None:
        self._config = config
        self._downloader = downloader
        self._pages: dict[str, tuple[WheelFile, ...]] = {}

    def find(self, project: str, version: str) -> WheelFile:
        """The smallest wheel of this version.

        Raises:
            SourceUnreachable: no index could be reached.
            NotInIndex: none of them has a wheel of the version.
        """
        fitting = [
            wheel
            for wheel in self._wheels(project)
            if parse_wheel_filename(wheel.filename)[1] == Version(version)
        ]
        if not fitting:
            raise NotInIndex(f"the package index has no wheel of {project} {version}")
        return min(fitting, key=lambda wheel: (wheel.local is None, wheel.size or 0))

    def _wheels(self, project: str) -> tuple[WheelFile, ...]:
        if project not in self._pages:
            found = list(self._in_folders(project))
            faults: list[SourceFailed] = []
            reached = bool(found)
            for index in self._config.indexes:
                try:
                    found += self._in_index(index, project)
                    reached = True
                except NotInIndex:
                    # A folder that lacks the project says nothing about whether the web works.
                    reached = reached or _local(index) is None
                except SourceFailed as fault:
                    faults.append(fault)
            if not reached and faults:
                raise faults[0]
            self._pages[project] = tuple(found)
        return self._pages[project]

    def _in_folders(self, project: str) -> Iterable[WheelFile]:
        for link in self._config.find_links:
            folder = _local(link) if "://" in link else Path(link)
            if folder is None or not folder.is_dir():
                continue
            for path in sorted(folder.glob("*.whl")):
                if _is_wheel_of(path.name, project):
                    yield WheelFile(path.name, path.as_uri(), size=path.stat().st_size)

    def _in_index(self, index: str, project: str) -> list[WheelFile]:
        page = f"{index.rstrip('/')}/{canonicalize_name(project)}/"
        folder = _local(page)
        try:
            if folder is not None:
                listing = folder / "index.html"
                if not listing.is_file():
                    raise NotInIndex(f"{index} has no project {project}")
                parsed = ProjectPage.from_html(project, listing.read_bytes(), page)
            else:
                reply = self._downloader.get(page, accept=ACCEPT_JSON_PREFERRED)
                if reply.status_code in (403, 404, 410):
                    raise NotInIndex(f"the package index has no project {project}")
                if reply.status_code != 200:
                    raise SourceUnreachable(
                        f"{urlsplit(page).hostname} answered {reply.status_code} for {project}"
                    )
                if "json" in reply.headers.get("content-type", ""):
                    parsed = ProjectPage.from_json_data(reply.json(), str(reply.url))
                else:
                    parsed = ProjectPage.from_html(project, reply.content, str(reply.url))
        except (ValueError, UnsupportedRepoVersionError) as error:
            raise NotInIndex(f"{urlsplit(page).hostname} is not a package index") from error
        return [_wheel_file(entry) for entry in parsed.packages if _usable(entry, project)]


def _usable(entry: DistributionPackage, project: str) -> bool:
    return entry.package_type == "wheel" and _is_wheel_of(entry.filename, project)


def _wheel_file(entry: DistributionPackage) -> WheelFile:
    return WheelFile(entry.filename, entry.url, entry.digests.get("sha256"), entry.size)


def _is_wheel_of(filename: str, project: str) -> bool:
    try:
        return parse_wheel_filename(filename)[0] == canonicalize_name(project)
    except InvalidWheelFilename:
        return False


def _local(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else None
