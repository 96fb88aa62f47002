"""The asset store against a web in memory."""

from __future__ import annotations

import errno
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from cockpit.assets.catalog import Asset, Catalog
from cockpit.assets.errors import (
    AllSourcesFailed,
    AssetMissing,
    AssetUnknown,
    CatalogInvalid,
    DiskFull,
    Offline,
)
from cockpit.assets.index import PipConfig
from cockpit.assets.store import AssetStore, State
from cockpit.settings import AssetSettings
from tests.fakes.web import FakeWeb, sha256, zipped

GGUF = b"GGUF" + bytes(range(256)) * 40
VOCABULARY = b"the\na\n"
HUB = "https://hub.example"


def asset(name: str = "tiny", **facts: Any) -> dict[str, Asset]:
    table = {
        "name": name,
        "title": "A tiny model",
        "kind": "llm",
        "licence": "MIT",
        "homepage": "https://example.org",
        "opens": "model.gguf",
        "files": [entry("model.gguf", GGUF)],
        **facts,
    }
    return {name: Asset.model_validate(table)}


def entry(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": sha256(content)}


def wheel(*members: str, name: str = "model.gguf", **facts: Any) -> dict[str, Any]:
    return {"kind": "wheel", "take": {name: list(members)}, **facts}


URL = {"kind": "url", "urls": {"model.gguf": "https://files.example/model.gguf"}}


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> FakeWeb:
    monkeypatch.setattr("cockpit.assets.download.PAUSE", 0.0)
    return FakeWeb()


class Notes:
    """Keeps what a reporter is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.begun: list[tuple[int, int | None]] = []
        self.arrived = 0

    def begin(self, label: str, done: int, total: int | None, *, doing: str = "fetching") -> None:
        self.begun.append((done, total))

    def advance(self, count: int) -> None:
        self.arrived += count

    def end(self) -> None:
        pass

    def note(self, text: str) -> None:
        self.lines.append(text)


def store(
    tmp_path: Path,
    web: FakeWeb,
    assets: dict[str, Asset],
    pip: PipConfig | None = None,
    **more: Any,
) -> AssetStore:
    return AssetStore(
        tmp_path / "store",
        Catalog(assets),
        pip=pip or PipConfig(),
        hub=HUB,
        transport=web.transport,
        **more,
    )


def test_catalog_shipped_names_every_asset_and_the_default_set() -> None:
    catalog = Catalog.load()
    assert set(catalog) == {
        "cockpit-135m",
        "cockpit-0.5b",
        "smollm2-135m",
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
        "whisper-tiny.en",
        "whisper-base",
        "vosk-en-small",
        "vosk-ko-small",
        "piper-en-us-joe",
        "map-helsinki",
    }
    assert catalog.default_set == (
        "cockpit-135m",
        "smollm2-135m",
        "whisper-tiny.en",
        "whisper-base",
        "piper-en-us-joe",
        "map-helsinki",
    )
    for name in catalog.default_set[1:]:
        assert catalog[name].sources[0].kind == "wheel"


def test_catalog_shipped_tries_upstream_before_mirrors_of_large_models() -> None:
    catalog = Catalog.load()
    for name in ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"):
        first, second = catalog[name].sources
        assert (first.kind, first.mirror) == ("huggingface", False)
        assert (second.kind, second.mirror) == ("wheel", True)


def test_catalog_with_faulty_entry_says_where(tmp_path: Path) -> None:
    broken = tmp_path / "catalog.toml"
    broken.write_text('[assets.x]\ntitle = "x"\n')
    with pytest.raises(CatalogInvalid, match=r"catalog\.toml is not valid"):
        Catalog.load(broken)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "a\\b"])
def test_catalog_refuses_path_that_leads_outside(name: str) -> None:
    with pytest.raises(ValueError, match="below the asset"):
        asset(files=[entry(name, b"")], sources=[{"kind": "huggingface", "repo": "a/b"}])


def test_catalog_refuses_source_that_lacks_a_file() -> None:
    files = [entry("model.gguf", GGUF), entry("vocabulary.txt", VOCABULARY)]
    with pytest.raises(ValueError, match=r"does not say where vocabulary\.txt is"):
        asset(files=files, sources=[URL])


def test_pull_takes_file_out_of_wheel(tmp_path: Path, web: FakeWeb) -> None:
    web.add_wheel(
        "tiny-model", "1.0", {"tiny_model/m.gguf": GGUF, "tiny_model/__init__.py": b"0/0"}
    )
    shop = store(tmp_path, web, asset(sources=[wheel("tiny-model==1.0:tiny_model/m.gguf")]))
    assert shop.state("tiny") is State.MISSING
    assert shop.pull("tiny") is True
    assert shop.path("tiny").read_bytes() == GGUF
    assert shop.pull("tiny") is False
    assert [path.name for path in shop.folder("tiny").iterdir()] == ["model.gguf"]
    assert not list((shop.root / ".downloads").iterdir())


def test_pull_joins_parts_in_order(tmp_path: Path, web: FakeWeb) -> None:
    for number, start in ((1, 0), (2, 5000)):
        part = GGUF[start : 5000 if number == 1 else None]
        web.add_wheel(f"tiny-part{number}", "1.0", {f"data/part{number:02}.bin": part})
    source = wheel("tiny-part{n}==1.0:data/part{n:02}.bin", parts=2)
    shop = store(tmp_path, web, asset(sources=[source]))
    shop.pull("tiny")
    assert shop.path("tiny").read_bytes() == GGUF


def test_pull_reads_html_index(tmp_path: Path, web: FakeWeb) -> None:
    web.add_wheel("tiny-model", "1.0", {"m.gguf": GGUF}, html=True)
    shop = store(tmp_path, web, asset(sources=[wheel("tiny-model==1.0:m.gguf")]))
    shop.pull("tiny")
    assert shop.has("tiny")


def test_pull_prefers_wheel_in_find_links_folder(tmp_path: Path, web: FakeWeb) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "tiny_model-1.0-py3-none-any.whl").write_bytes(zipped({"m.gguf": GGUF}))
    pip = PipConfig(find_links=(str(links),))
    shop = store(tmp_path, web, asset(sources=[wheel("tiny-model==1.0:m.gguf")]), pip)
    shop.pull("tiny")
    assert shop.has("tiny")
    assert (links / "tiny_model-1.0-py3-none-any.whl").is_file()


def test_pull_from_hub_asks_the_configured_endpoint(tmp_path: Path, web: FakeWeb) -> None:
    web.files[f"{HUB}/maker/tiny/resolve/main/gguf/model.gguf"] = GGUF
    source = {"kind": "huggingface", "repo": "maker/tiny", "folder": "gguf"}
    shop = store(tmp_path, web, asset(sources=[source]))
    shop.pull("tiny")
    assert shop.has("tiny")


def test_pull_tries_next_source_and_says_so(tmp_path: Path, web: FakeWeb) -> None:
    web.files[URL["urls"]["model.gguf"]] = GGUF  # type: ignore[index]
    notes = Notes()
    sources = [{"kind": "huggingface", "repo": "maker/tiny"}, URL]
    store(tmp_path, web, asset(sources=sources)).pull("tiny", notes)
    assert notes.lines == ["tiny: hub.example cannot be reached; trying the next source"]


def test_pull_asks_an_unreachable_host_once(tmp_path: Path, web: FakeWeb) -> None:
    files = [entry("model.gguf", GGUF), entry("vocabulary.txt", VOCABULARY)]
    sources = [{"kind": "huggingface", "repo": "a/b"}, {"kind": "huggingface", "repo": "c/d"}]
    with pytest.raises(AllSourcesFailed) as caught:
        store(tmp_path, web, asset(files=files, sources=sources)).pull("tiny")
    assert caught.value.unreachable
    assert len(web.requests) == 1


def test_pull_goes_on_where_a_broken_connection_stopped(tmp_path: Path, web: FakeWeb) -> None:
    url = "https://files.example/model.gguf"
    web.files[url] = GGUF
    web.break_after[url] = 1000
    shop = store(tmp_path, web, asset(sources=[URL]))
    with pytest.raises(AllSourcesFailed, match=r"broke after .* goes on from there") as caught:
        shop.pull("tiny")
    assert not caught.value.unreachable
    assert web.asked_for("model.gguf") == [None, "bytes=1000-", "bytes=2000-"]
    assert shop.state("tiny") is State.MISSING
    web.break_after.clear()
    notes = Notes()
    shop.pull("tiny", notes)
    assert web.asked_for("model.gguf")[3:] == ["bytes=3000-"]
    assert notes.begun == [(3000, len(GGUF))]
    assert notes.arrived == len(GGUF) - 3000
    assert shop.path("tiny").read_bytes() == GGUF


def test_pull_starts_again_where_server_knows_no_ranges(tmp_path: Path, web: FakeWeb) -> None:
    url = "https://files.example/model.gguf"
    web.files[url], web.break_after[url], web.ranges = GGUF, 1000, False
    shop = store(tmp_path, web, asset(sources=[URL]))
    with pytest.raises(AllSourcesFailed):
        shop.pull("tiny")
    web.break_after.clear()
    shop.pull("tiny")
    assert shop.path("tiny").read_bytes() == GGUF


def test_pull_starts_again_where_kept_bytes_were_of_another_file(
    tmp_path: Path, web: FakeWeb
) -> None:
    url = "https://files.example/model.gguf"
    web.files[url] = GGUF
    shop = store(tmp_path, web, asset(sources=[URL]))
    part = shop.root / ".downloads" / "tiny" / f"{sha256(GGUF)[:16]}-model.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"an older version")
    shop.pull("tiny")
    assert shop.path("tiny").read_bytes() == GGUF


def test_pull_interrupted_keeps_what_arrived(tmp_path: Path, web: FakeWeb) -> None:
    class Interrupting(Notes):
        def advance(self, count: int) -> None:
            raise KeyboardInterrupt

    web.files["https://files.example/model.gguf"] = GGUF
    shop = store(tmp_path, web, asset(sources=[URL]))
    with pytest.raises(KeyboardInterrupt):
        shop.pull("tiny", Interrupting())
    (part,) = (shop.root / ".downloads" / "tiny").iterdir()
    assert part.suffix == ".part"
    assert part.stat().st_size > 0
    shop.pull("tiny")
    assert shop.has("tiny")


def test_pull_with_wrong_hash_deletes_and_names_the_file(tmp_path: Path, web: FakeWeb) -> None:
    web.files["https://files.example/model.gguf"] = b"not the model" * 1000
    shop = store(tmp_path, web, asset(sources=[URL]))
    with pytest.raises(AllSourcesFailed, match=r"model\.gguf from files\.example has a wrong hash"):
        shop.pull("tiny")
    assert not [path for path in shop.root.rglob("*model.gguf*") if path.is_file()]


def test_pull_with_wheel_that_holds_another_file_names_it(tmp_path: Path, web: FakeWeb) -> None:
    web.add_wheel("tiny-model", "1.0", {"m.gguf": GGUF + b"!"})
    shop = store(tmp_path, web, asset(sources=[wheel("tiny-model==1.0:m.gguf")]))
    with pytest.raises(AllSourcesFailed, match=r"model\.gguf from .*whl has a wrong hash"):
        shop.pull("tiny")
    assert not list(shop.root.rglob("*.whl"))


def test_pull_with_wheel_that_lacks_the_file_names_both(tmp_path: Path, web: FakeWeb) -> None:
    web.add_wheel("tiny-model", "1.0", {"other": b""})
    shop = store(tmp_path, web, asset(sources=[wheel("tiny-model==1.0:m.gguf")]))
    with pytest.raises(AllSourcesFailed, match=r"tiny_model-1\.0-.*whl lacks the file m\.gguf"):
        shop.pull("tiny")


def test_pull_of_version_that_index_lacks_says_so(tmp_path: Path, web: FakeWeb) -> None:
    web.add_wheel("tiny-model", "2.0", {"m.gguf": GGUF})
    shop = store(tmp_path, web, asset(sources=[wheel("tiny-model==1.0:m.gguf")]))
    with pytest.raises(AllSourcesFailed, match=r"no wheel of tiny-model 1\.0"):
        shop.pull("tiny")


def test_pull_fetches_only_files_that_are_not_here(tmp_path: Path, web: FakeWeb) -> None:
    files = [entry("model.gguf", GGUF), entry("vocabulary.txt", VOCABULARY)]
    web.files[f"{HUB}/a/b/resolve/main/vocabulary.txt"] = VOCABULARY
    sources = [{"kind": "huggingface", "repo": "a/b"}]
    shop = store(tmp_path, web, asset(files=files, sources=sources))
    shop.folder("tiny").mkdir(parents=True)
    (shop.folder("tiny") / "model.gguf").write_bytes(GGUF)
    assert shop.state("tiny") is State.PARTIAL
    shop.pull("tiny")
    assert shop.has("tiny")
    assert not web.asked_for("model.gguf")


def test_pull_offline_asks_nobody(tmp_path: Path, web: FakeWeb) -> None:
    shop = store(tmp_path, web, asset(sources=[URL]), offline=True)
    with pytest.raises(Offline, match="downloads are switched off"):
        shop.pull("tiny")
    assert not web.requests


def test_pull_without_room_says_how_much_is_needed(
    tmp_path: Path, web: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1_000_000))
    shop = store(tmp_path, web, asset(sources=[URL]))
    with pytest.raises(DiskFull, match="20 MB are needed and 1 MB are free"):
        shop.pull("tiny")
    assert not web.requests


def test_pull_onto_full_disk_keeps_the_part(
    tmp_path: Path, web: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Notes):
        def advance(self, count: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    web.files["https://files.example/model.gguf"] = GGUF
    shop = store(tmp_path, web, asset(sources=[URL]))
    with pytest.raises(DiskFull, match="the disk is full"):
        shop.pull("tiny", Full())
    assert list(shop.root.rglob("*.part"))


def test_pull_into_place_that_is_a_file_says_so(tmp_path: Path, web: FakeWeb) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(Exception, match="cannot be written"):
        store(tmp_path, web, asset(sources=[URL])).pull("tiny")


ZIP = {"vosk-en/am/final.mdl": b"mdl", "vosk-en/README": b"read me"}


def archive(content: bytes, strip: int = 1) -> dict[str, Asset]:
    facts = {**entry("vosk.zip", content), "unpacked": 1000, "strip": strip}
    source = {"kind": "url", "urls": {"vosk.zip": "https://files.example/vosk.zip"}}
    return asset(files=[], archive=facts, opens=".", sources=[source])


def test_pull_unpacks_archive_without_its_top_folder(tmp_path: Path, web: FakeWeb) -> None:
    web.files["https://files.example/vosk.zip"] = content = zipped(ZIP)
    shop = store(tmp_path, web, archive(content))
    shop.pull("tiny")
    assert shop.path("tiny") == shop.folder("tiny")
    assert (shop.path("tiny") / "am" / "final.mdl").read_bytes() == b"mdl"
    assert shop.verify("tiny") == ()
    (shop.folder("tiny") / "README").write_bytes(b"changed")
    assert [(fault.file, fault.problem) for fault in shop.verify("tiny")] == [
        ("README", "wrong hash, deleted")
    ]
    assert shop.state("tiny") is State.PARTIAL
    shop.pull("tiny")
    assert shop.verify("tiny") == ()


@pytest.mark.parametrize("name", ["../evil", "/evil", "vosk-en/../../evil"])
def test_pull_refuses_archive_that_leads_outside(tmp_path: Path, web: FakeWeb, name: str) -> None:
    web.files["https://files.example/vosk.zip"] = content = zipped({name: b"evil"})
    shop = store(tmp_path, web, archive(content, strip=0))
    with pytest.raises(AllSourcesFailed, match="unsafe path"):
        shop.pull("tiny")
    assert not list(tmp_path.rglob("evil"))


def test_pull_refuses_archive_larger_than_stated(tmp_path: Path, web: FakeWeb) -> None:
    web.files["https://files.example/vosk.zip"] = content = zipped({"a/b": bytes(5000)})
    with pytest.raises(AllSourcesFailed, match="not trusted"):
        store(tmp_path, web, archive(content)).pull("tiny")


def test_verify_deletes_changed_file_and_names_it(tmp_path: Path, web: FakeWeb) -> None:
    web.files["https://files.example/model.gguf"] = GGUF
    shop = store(tmp_path, web, asset(sources=[URL]))
    shop.pull("tiny")
    assert shop.verify("tiny") == ()
    shop.path("tiny").write_bytes(GGUF[:-1] + b"!")
    (fault,) = shop.verify("tiny")
    assert (fault.file, fault.problem) == ("model.gguf", "wrong hash, deleted")
    assert not shop.has("tiny")


def test_path_of_asset_that_is_not_here_says_how_to_get_it(tmp_path: Path, web: FakeWeb) -> None:
    with pytest.raises(AssetMissing, match="cockpit models pull tiny"):
        store(tmp_path, web, asset(sources=[URL])).path("tiny")


def test_unknown_name_suggests_the_nearest(tmp_path: Path) -> None:
    shop = AssetStore(tmp_path, Catalog.load())
    with pytest.raises(AssetUnknown, match=r"did you mean smollm2-135m\?"):
        shop.has("smolm2")


def test_from_settings_takes_folder_and_offline(tmp_path: Path) -> None:
    shop = AssetStore.from_settings(AssetSettings(root=tmp_path, offline=True), {})
    assert shop.root == tmp_path
    assert shop.offline


def test_pip_config_reads_listing_and_lets_variables_win() -> None:
    config = PipConfig.parse(
        [
            "global.index-url='https://a.example/simple'",
            "global.extra-index-url='\\nhttps://b.example/simple\\nfile:///srv/simple'",
            "install.index-url='https://install.example/simple'",
            ":env:.index-url='https://variable.example/simple'",
            "global.cert='/etc/ca.pem'",
            "global.find-links='/srv/wheels'",
        ]
    )
    assert config.indexes == (
        "https://variable.example/simple",
        "https://b.example/simple",
        "file:///srv/simple",
    )
    assert config.find_links == ("/srv/wheels",)
    assert config.certificate == "/etc/ca.pem"


def test_pip_config_without_pip_reads_variables() -> None:
    config = PipConfig.from_environment({"PIP_INDEX_URL": "https://a.example/simple"})
    assert config.indexes == ("https://a.example/simple",)
    assert PipConfig.from_environment({}).indexes == (PYPI_SIMPLE_ENDPOINT,)
    assert PipConfig.from_environment({"PIP_NO_INDEX": "1"}).indexes == ()
