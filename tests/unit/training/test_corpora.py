"""Labelled rows of public corpora: reading, splitting, what is out of scope."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from pathlib import Path

import pytest
import yaml

from models.training.corpora import (
    LABELS,
    CorpusChanged,
    Labels,
    Wording,
    out_of_scope,
    plain,
    read,
    split_of,
)

CORPORA = Path(__file__).parents[4] / "shared" / "corpora"

ROWS = [
    ("It's cold in here.", "declare"),
    ("What ' s the time?", "time"),
    ("book me a flight to paris", "book_flight"),
    ("a row without a plan", "book_flight"),
    ("are you there", "greeting"),
]
PLANS = {
    "climate.change_temperature 2": [0],
    "assistant.time": [1],
    "unknown": [2],
    "none": [4],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one small corpus."""
    lines = [json.dumps({"text": text, "intent": intent}) for text, intent in ROWS]
    (tmp_path / "clinc150.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def labels(tmp_path: Path, folder: Path) -> Path:
    """Its labels; every row is for measuring."""
    return _write(tmp_path / "labels", folder / "clinc150.jsonl", PLANS)


def _write(labels: Path, corpus: Path, plans: dict[str, list[int]]) -> Path:
    labels.mkdir(exist_ok=True)
    content = {
        "corpus": corpus.name,
        "sha256": hashlib.sha256(corpus.read_bytes()).hexdigest(),
        "test_share": 100,
        "plans": plans,
    }
    (labels / f"{corpus.stem}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return labels


def test_labelled_rows_are_read(folder: Path, labels: Path) -> None:
    assert list(read(folder, labels)) == [
        Wording("it's cold in here", "climate.change_temperature 2", "clinc150", 0, "test"),
        Wording("what's the time", "assistant.time", "clinc150", 1, "test"),
        Wording("book me a flight to paris", "unknown", "clinc150", 2, "test"),
        Wording("are you there", "none", "clinc150", 4, "test"),
    ]


def test_corpus_that_is_absent_is_said_once(
    tmp_path: Path, labels: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with caplog.at_level(logging.WARNING):
        assert list(read(empty, labels)) == []
    assert [record.getMessage() for record in caplog.records] == [
        f"Corpus clinc150.jsonl is not in {empty}; going on without it."
    ]


def test_corpus_of_another_version_is_refused(folder: Path, labels: Path) -> None:
    with (folder / "clinc150.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"text": "one more", "intent": "oos"}\n')
    with pytest.raises(CorpusChanged, match="not the file that was labelled"):
        list(read(folder, labels))


def test_row_with_two_plans_is_refused(folder: Path, labels: Path) -> None:
    _write(labels, folder / "clinc150.jsonl", {"unknown": [0, 1], "none": [1]})
    with pytest.raises(ValueError, match="row 1 has two plans"):
        Labels.load(labels / "clinc150.yaml")


def test_out_of_scope_is_what_no_car_is_asked(folder: Path, labels: Path) -> None:
    assert out_of_scope(folder, labels=labels) == ["book me a flight to paris"]
    assert out_of_scope(folder, count=0, labels=labels) == []
    assert out_of_scope(folder / "nowhere", labels=labels) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  Turn it UP!  ", "turn it up"),
        ("what ' s my range ?", "what's my range"),
        ("don’t  do that", "don't do that"),
        ('"play it"', "play it"),
    ],
)
def test_plain(text: str, wanted: str) -> None:
    assert plain(text) == wanted


def test_split_depends_on_the_text_alone() -> None:
    texts = [f"sentence {number}" for number in range(2000)]
    shares = Counter(split_of(text) for text in texts)
    assert 0.17 < shares["test"] / len(texts) < 0.23
    assert all(split_of(text, 50) == "test" for text in texts if split_of(text) == "test")
    assert [split_of(text) for text in texts] == [split_of(text) for text in texts]


def test_labels_that_are_checked_in_are_sound() -> None:
    names = {path.stem for path in LABELS.glob("*.yaml")}
    assert {"ms_automotive_lu", "ms_skills_lu", "clinc150"} <= names
    for name in names:
        labels = Labels.load(LABELS / f"{name}.yaml")
        assert labels.origin == name
        assert len(labels.sha256) == 64
        assert labels.plans


@pytest.mark.shared
def test_real_corpora_are_read() -> None:
    if not CORPORA.is_dir():
        pytest.skip("the corpora do not lie beside this checkout")
    wordings = list(read(CORPORA))
    shares = Counter((wording.origin, wording.split) for wording in wordings)
    assert shares["ms_automotive_lu", "train"] > 3000
    assert shares["clinc150", "train"] <= 2500
    plans: dict[str, str] = {}
    splits: dict[str, str] = {}
    for wording in wordings:
        assert wording.text
        assert plans.setdefault(wording.text, wording.plan) == wording.plan, wording
        assert splits.setdefault(wording.text, wording.split) == wording.split, wording
    outside = out_of_scope(CORPORA)
    assert len(set(outside)) == 500
    assert outside == out_of_scope(CORPORA)
    assert not {wording.text for wording in wordings if wording.split == "train"} & set(outside)
