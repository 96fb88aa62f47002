"""Models that are made from a base and an adapter."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cockpit.assets.catalog import Asset, Catalog
from cockpit.assets.errors import (
    AdapterMissing,
    AdapterUnfit,
    AssetMissing,
    AssetOutdated,
    CatalogInvalid,
    DiskFull,
    MergerMissing,
    Offline,
)
from cockpit.assets.files import file_sha256
from cockpit.assets.merge import merge
from cockpit.assets.progress import Silent
from cockpit.assets.store import AssetStore, Fault, State
from cockpit.cli.exits import Exit
from cockpit.cli.models import app

gguf = pytest.importorskip("gguf")
from tests.fakes.gguf import RANK, write_adapter, write_base  # noqa: E402  (needs gguf)


def tensors(path: Path) -> dict[str, Any]:
    return {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}


def weights(tensor: Any) -> Any:
    return gguf.dequantize(tensor.data, tensor.tensor_type)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "store" / "toy" / "toy.gguf"
    path.parent.mkdir(parents=True)
    write_base(path)
    return path


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "adapters" / "toy.gguf"
    path.parent.mkdir(parents=True)
    write_adapter(path)
    return path


@pytest.fixture
def store(tmp_path: Path, base: Path, adapter: Path) -> AssetStore:
    facts: dict[str, Any] = {
        "kind": "llm", "title": "Toy", "licence": "MIT", "homepage": "https://example.org",
    }  # fmt: skip
    file = {"name": "toy.gguf", "size": base.stat().st_size, "sha256": file_sha256(base)}
    source = {"kind": "url", "urls": {"toy.gguf": "https://files.example/toy.gguf"}}
    merged = {"base": "toy", "adapter": "adapters/toy.gguf", "size": 20_000}
    assets = {
        "toy": Asset(name="toy", opens="toy.gguf", files=[file], sources=[source], **facts),
        "made": Asset(name="made", opens="made.gguf", merged=merged, default=True, **facts),
    }
    return AssetStore(
        tmp_path / "store", Catalog(assets), offline=True, adapters=tmp_path / "models"
    )


def test_merged_weights_are_base_plus_scaled_product(
    tmp_path: Path, base: Path, adapter: Path
) -> None:
    a, b = write_adapter(adapter, alpha=8)
    target = tmp_path / "made.gguf"
    merge(base, adapter, target, "made", Silent())
    before, after = tensors(base), tensors(target)
    assert list(after) == list(before)
    wanted = weights(before["blk.0.attn_q.weight"]) + 8 / RANK * b @ a
    found = weights(after["blk.0.attn_q.weight"])
    assert after["blk.0.attn_q.weight"].tensor_type == gguf.GGMLQuantizationType.Q8_0
    assert np.abs(found - wanted).max() < np.abs(wanted).max() / 127
    other = "blk.0.attn_k.weight"
    assert np.abs(weights(after[other]) - weights(before[other])).max() < 0.03
    for name in ("token_embd.weight", "blk.0.attn_norm.weight"):
        assert after[name].tensor_type == before[name].tensor_type
        assert (after[name].data == before[name].data).all()


def test_merged_model_keeps_the_base_metadata_and_names_the_notation(
    tmp_path: Path, base: Path, adapter: Path
) -> None:
    target = tmp_path / "made.gguf"
    merge(base, adapter, target, "made", Silent())
    before, after = gguf.GGUFReader(base), gguf.GGUFReader(target)
    own = ("GGUF.", "general.name", "general.file_type", "cockpit.")
    for name, field in before.fields.items():
        if not name.startswith(own):
            assert after.fields[name].contents() == field.contents(), name
    assert after.fields["general.name"].contents() == "made"
    assert after.fields["cockpit.notation"].contents() == 1


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"kind": "aloha"}, "no LoRA adapter"),
        ({"architecture": "qwen2"}, "for qwen2 models"),
        ({"name": "blk.7.attn_q.weight"}, "no tensor blk.7.attn_q.weight"),
        ({"rows": 32}, "of that shape"),
        ({"halves": ("a",)}, "not complete"),
    ],
)
def test_adapter_that_does_not_fit_is_refused(
    facts: dict[str, Any], why: str, tmp_path: Path, base: Path, adapter: Path
) -> None:
    write_adapter(adapter, **facts)
    with pytest.raises(AdapterUnfit, match=why):
        merge(base, adapter, tmp_path / "made.gguf", "made", Silent())


def test_pull_makes_it_offline_once(store: AssetStore) -> None:
    assert store.state("made") is State.MISSING
    with pytest.raises(AssetMissing, match="cockpit models pull made"):
        store.path("made")
    assert store.pull("made")
    assert store.state("made") is State.PRESENT
    assert store.path("made").name == "made.gguf"
    assert store.verify("made") == ()
    assert not store.pull("made")
    assert not list((store.root / ".staging").iterdir())


def test_pull_makes_it_anew_when_the_adapter_changes(store: AssetStore, adapter: Path) -> None:
    store.pull("made")
    first = file_sha256(store.path("made"))
    write_adapter(adapter, alpha=16)
    assert store.state("made") is State.OUTDATED
    assert store.verify("made") == (Fault("made", "made.gguf", "outdated"),)
    with pytest.raises(AssetOutdated, match="older adapter"):
        store.path("made")
    assert store.pull("made")
    assert file_sha256(store.path("made")) != first


def test_without_adapter_it_says_so(store: AssetStore, adapter: Path) -> None:
    adapter.unlink()
    for use in (store.path, store.pull):
        with pytest.raises(AdapterMissing, match=r"set agent\.model to toy"):
            use("made")
    assert store.state("made") is State.MISSING


def test_without_its_base_it_cannot_be_made_offline(store: AssetStore, base: Path) -> None:
    base.write_bytes(b"x" + base.read_bytes()[1:])
    with pytest.raises(Offline, match="model toy"):
        store.pull("made")
    assert not base.exists()


def test_verify_deletes_a_made_file_that_changed(store: AssetStore) -> None:
    store.pull("made")
    path = store.path("made")
    path.write_bytes(bytes(path.stat().st_size))
    assert store.verify("made") == (Fault("made", "made.gguf", "wrong hash, deleted"),)
    assert store.state("made") is State.MISSING
    assert store.pull("made")


def test_break_between_model_and_record_counts_as_missing(store: AssetStore) -> None:
    store.pull("made")
    (store.folder("made") / ".merged.json").write_text("{", encoding="utf-8")
    assert store.state("made") is State.MISSING
    assert store.pull("made")


def test_without_room_nothing_is_begun(store: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 1000

    monkeypatch.setattr("cockpit.assets.store.shutil.disk_usage", lambda _: Full)
    with pytest.raises(DiskFull):
        store.pull("made")


def test_without_the_package_it_says_what_to_install(
    store: AssetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MergerMissing, match="pip install"):
        store.pull("made")


def test_catalog_with_an_unknown_base_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(
        '[assets.made]\ntitle = "x"\nkind = "llm"\nlicence = "MIT"\nhomepage = "x"\n'
        'opens = "m.gguf"\nmerged = { base = "toy", adapter = "a.gguf", size = 1 }\n'
    )
    with pytest.raises(CatalogInvalid, match="merged from toy"):
        Catalog.load(path)


def test_default_set_is_pulled_without_an_adapter_that_is_not_there(
    store: AssetStore, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.cli.models._store", lambda _: store)
    adapter.unlink()
    pulled = CliRunner().invoke(app, ["pull"])
    assert pulled.exit_code == Exit.OK
    assert "made: left out: The model made cannot be made" in pulled.stderr
    assert CliRunner().invoke(app, ["pull", "made"]).exit_code == Exit.UNAVAILABLE


def test_commands_treat_it_like_any_other(
    store: AssetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.cli.models._store", lambda _: store)
    pulled = CliRunner().invoke(app, ["pull", "made"])
    assert pulled.exit_code == Exit.OK
    assert pulled.stderr.splitlines()[0].startswith("making made, ")
    assert pulled.stderr.splitlines()[-1] == "made: made"
    assert CliRunner().invoke(app, ["verify"]).stdout == "toy: ok\nmade: ok\n"
    path = CliRunner().invoke(app, ["path", "made"]).stdout.strip()
    assert path == str(store.folder("made") / "made.gguf")
    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert [row["state"] for row in rows] == ["present", "present"]
