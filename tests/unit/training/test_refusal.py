from __future__ import annotations

from pathlib import Path

import pytest

from models.training.refusal import Refusal, bare

SCENARIOS = """
- id: one
  turns:
    - user: Could you open my window, please?
      expect: {says: anything}
    - user: "Twenty-two degrees."
"""


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    (tmp_path / "some.yaml").write_text(SCENARIOS, encoding="utf-8")
    return Refusal([tmp_path, tmp_path / "missing"])


@pytest.mark.parametrize(
    "text",
    [
        "could you open my window please",
        "open my window",
        "hey car open my window thank you",
        "22 degrees",
        "please 22 degrees",
    ],
)
def test_refusal_holds_its_sentences_politeness_aside(refusal: Refusal, text: str) -> None:
    assert text in refusal


@pytest.mark.parametrize("text", ["open your window", "21 degrees", "anything", "one"])
def test_refusal_holds_nothing_else(refusal: Refusal, text: str) -> None:
    assert text not in refusal
    assert len(refusal) == 2


def test_bare_politeness_alone_is_nothing_to_strip_further() -> None:
    assert bare("please please open the car now") == "open the"
