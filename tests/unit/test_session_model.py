"""Which language model a session takes, and what it says where that is another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.agent.llm.calibration import Calibration
from cockpit.assets.catalog import Asset, Catalog
from cockpit.assets.errors import AdapterMissing, AssetMissing
from cockpit.assets.store import AssetStore
from cockpit.events import EventStream
from cockpit.session import LanguageModel, find_model, model_file
from cockpit.settings import Settings
from tests.fakes.web import sha256

GGUF = b"GGUF and more"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AssetStore:
    """A base that is here, and a model that is made from it with an adapter that is not."""
    facts: dict[str, Any] = {
        "kind": "llm", "title": "Toy", "licence": "MIT", "homepage": "https://example.org",
    }  # fmt: skip
    file = {"name": "toy.gguf", "size": len(GGUF), "sha256": sha256(GGUF)}
    source = {"kind": "url", "urls": {"toy.gguf": "https://files.example/toy.gguf"}}
    merged = {"base": "toy", "adapter": "adapters/toy.gguf", "size": 1000}
    assets = {
        "toy": Asset(name="toy", opens="toy.gguf", files=[file], sources=[source], **facts),
        "made": Asset(name="made", opens="made.gguf", merged=merged, **facts),
    }
    store = AssetStore(tmp_path / "store", Catalog(assets), adapters=tmp_path)
    store.folder("toy").mkdir(parents=True)
    (store.folder("toy") / "toy.gguf").write_bytes(GGUF)
    monkeypatch.setattr(AssetStore, "from_settings", classmethod(lambda *_: store))
    return store


def settings(**agent: object) -> Settings:
    return Settings.model_validate({"agent": agent})


def test_without_the_adapter_the_base_plans_and_that_is_said(store: AssetStore) -> None:
    found = find_model(settings(model="made"))
    assert (found.name, found.path) == ("toy", store.path("toy"))
    assert found.notice == (
        "The model made cannot be made, for its adapter is not in this installation; "
        "set agent.model to toy for the untrained one. "
        "Until then toy plans, which makes many mistakes."
    )
    assert LanguageModel(settings(model="made"), EventStream()).notices == (found.notice,)


def test_whoever_asks_for_that_very_model_gets_no_other_one(store: AssetStore) -> None:
    with pytest.raises(AdapterMissing):
        model_file(settings(model="made"))


def test_without_the_base_too_there_is_no_model(store: AssetStore) -> None:
    store.path("toy").unlink()
    with pytest.raises(AssetMissing, match="cockpit models pull toy"):
        find_model(settings(model="made"))


def test_model_that_was_only_not_fetched_is_not_replaced(store: AssetStore, tmp_path: Path) -> None:
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "toy.gguf").write_bytes(b"GGUF")
    with pytest.raises(AssetMissing, match="cockpit models pull made"):
        find_model(settings(model="made"))


def test_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "my.gguf"
    assert find_model(settings(model=str(path))).path == path


def test_second_model_is_taken_along_and_a_missing_one_is_told(store: AssetStore) -> None:
    both = LanguageModel(settings(model="toy", second_model="toy"), EventStream())
    assert [model.name for model in both.models] == ["toy", "toy"]
    assert both.notices == ()
    alone = LanguageModel(settings(model="toy", second_model="made"), EventStream())
    assert [model.name for model in alone.models] == ["toy"]
    [notice] = alone.notices
    assert notice.startswith("Only the first language model plans. The model made cannot be made")


def test_agent_acts_from_the_lower_threshold_of_two_models(
    store: AssetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"toy": Calibration(act=0.8, ask=0.4), "x.gguf": Calibration(act=0.7, ask=0.5)}
    monkeypatch.setattr("cockpit.session.calibration_of", lambda name: known[name])
    first = LanguageModel(settings(model="toy", second_model="x.gguf"), EventStream())
    assert first.settings.confidence_to_act == 0.7
    assert first.settings.confidence_to_ask == 0.4
    by_hand = settings(model="toy", confidence_to_act=0.5)
    assert LanguageModel(by_hand, EventStream()).settings.confidence_to_act == 0.5
