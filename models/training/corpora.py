"""Real wordings with their plans: public corpora beside the project, labelled by row number.

None of the corpora is part of the project; ``corpora/README.md`` names them, their licences, and
how the plans were found. ``corpora/<name>.yaml`` holds which row of a corpus asks for which plan,
in the compact notation:

    corpus: clinc150.jsonl
    sha256: 0f556f…
    test_share: 50
    plans:
      media.playback next: [17, 204]

The rows are counted from 0, and the checksum makes sure that they are counted in the same file.
Rows that are not named there are not used. Which part a row belongs to is decided by its text
alone, so that it stays the same when labels are added.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

LABELS: Final = Path(__file__).with_name("corpora")
TEST_SHARE: Final = 20
"""Percent of a corpus that is for measuring, unless its labels say otherwise."""
OUT_OF_SCOPE: Final = "clinc150"
"""The corpus with requests that have nothing to do with a car."""
NEAR_SCOPE: Final = frozenset(
    {
        "cancel",
        "change_speed",
        "change_volume",
        "current_location",
        "date",
        "directions",
        "distance",
        "gas",
        "goodbye",
        "greeting",
        "ingredients_list",
        "maybe",
        "next_song",
        "no",
        "play_music",
        "recipe",
        "repeat",
        "reset_settings",
        "restaurant_suggestion",
        "shopping_list",
        "shopping_list_update",
        "smart_home",
        "sync_device",
        "thank_you",
        "time",
        "tire_pressure",
        "what_can_i_ask_you",
        "what_song",
        "whisper_mode",
        "yes",
    }
)
"""Intents of that corpus that a car may well be asked, whether or not it can do it."""

type Split = Literal["train", "test"]

_log = logging.getLogger(__name__)


class CorpusChanged(ValueError):
    """A corpus is not the file whose rows were labelled."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody wrote or said, and what it asks for.

    Attributes:
        text: lower case, without marks at the end.
        plan: in the compact notation.
        origin: name of the corpus.
        row: in the corpus, counted from 0.
        split: what it may be used for.
    """

    text: str
    plan: str
    origin: str
    row: int
    split: Split


@dataclass(frozen=True, slots=True)
class Labels:
    """Plans of the rows of one corpus; the content of one file of ``LABELS``."""

    corpus: str
    sha256: str
    plans: dict[int, str]
    test_share: int = TEST_SHARE

    @property
    def origin(self) -> str:
        """The corpus file's name without its ending."""
        return Path(self.corpus).stem

    @classmethod
    def load(cls, path: Path) -> Labels:
        """Labels from their file.

        Raises:
            ValueError: a row has two plans.
        """
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        plans: dict[int, str] = {}
        for plan, rows in content["plans"].items():
            for row in rows:
                if row in plans:
                    raise ValueError(f"{path.name}: row {row} has two plans")
                plans[row] = str(plan)
        share = content.get("test_share", TEST_SHARE)
        return cls(content["corpus"], content["sha256"], plans, share)


def read(folder: Path, labels: Path = LABELS) -> Iterator[Wording]:
    """Every labelled wording of the corpora in ``folder``, corpus by corpus, in their order.

    A corpus that is not there is left out, and the log says so.

    Raises:
        CorpusChanged: a corpus is another version than the labelled one.
    """
    for path in sorted(labels.glob("*.yaml")):
        of_corpus = Labels.load(path)
        source = folder / of_corpus.corpus
        if not source.is_file():
            _log.warning("Corpus %s is not in %s; going on without it.", of_corpus.corpus, folder)
            continue
        for row, (text, _) in enumerate(_rows(source, of_corpus.sha256)):
            if (plan := of_corpus.plans.get(row)) is not None:
                split = split_of(text, of_corpus.test_share)
                yield Wording(text, plan, of_corpus.origin, row, split)


def out_of_scope(folder: Path, count: int = 500, labels: Path = LABELS) -> list[str]:
    """Test sentences that ask for nothing that the car has: no call may come of any of them.

    Which ones is always the same. Empty where the corpus is absent.
    """
    of_corpus = Labels.load(labels / f"{OUT_OF_SCOPE}.yaml")
    source = folder / of_corpus.corpus
    if not source.is_file():
        _log.warning("Corpus %s is not in %s; nothing is out of scope.", of_corpus.corpus, folder)
        return []
    texts = {
        text
        for row, (text, intent) in enumerate(_rows(source, of_corpus.sha256))
        if of_corpus.plans.get(row) == "unknown"
        and intent not in NEAR_SCOPE
        and split_of(text, of_corpus.test_share) == "test"
    }
    return sorted(texts, key=_digest)[:count]


def split_of(text: str, test_share: int = TEST_SHARE) -> Split:
    """The part that a text belongs to, decided by the text alone."""
    return "test" if _digest(text) % 100 < test_share else "train"


def plain(text: str) -> str:
    """A corpus's text as a recogniser would write it: lower case, no marks at the end.

    >>> plain("What ' s the time?")
    "what's the time"
    """
    text = re.sub(r"\s+'\s+(?=(?:s|t|m|d|re|ll|ve)\b)", "'", text.lower().replace("’", "'"))
    return re.sub(r"\s+", " ", text).strip(' ."!?,;')


def _rows(source: Path, sha256: str) -> Iterator[tuple[str, str]]:
    """Text and intent of every row."""
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CorpusChanged(f"{source} is not the file that was labelled (SHA-256 {sha256}).")
    for line in content.strip().split(b"\n"):
        row = json.loads(line)
        yield plain(row["text"]), row["intent"]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8])


def main() -> None:
    """``python -m models.training.corpora out-of-scope FOLDER`` prints a sentence a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("out-of-scope",))
    parser.add_argument("folder", type=Path, help="where the corpora lie")
    parser.add_argument("--count", type=int, default=500, help="at most so many")
    options = parser.parse_args()
    for text in out_of_scope(options.folder, options.count):
        print(text)


if __name__ == "__main__":
    main()
