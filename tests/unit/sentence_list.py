"""Reads tests/unit/data/sentences.txt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("data") / "sentences.txt"


@dataclass(frozen=True)
class Expected:
    """One line of the list."""

    turns: tuple[str, ...]
    verdict: str
    calls: tuple[tuple[str, dict[str, Any]], ...]


def load_sentences() -> list[Expected]:
    """All lines, in order."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [_expected(line) for line in lines if line.strip() and not line.startswith("#")]


def _expected(line: str) -> Expected:
    said, _, wanted = line.rpartition(" => ")
    turns = tuple(turn.strip() for turn in said.split("||"))
    if wanted in ("NOTHING", "UNKNOWN", "NONE"):
        return Expected(turns, wanted, ())
    return Expected(turns, "ACT", tuple(_call(text) for text in wanted.split(";")))


def _call(text: str) -> tuple[str, dict[str, Any]]:
    function, *arguments = text.split()
    pairs = (argument.split("=", 1) for argument in arguments)
    return function, {name: _value(value) for name, value in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.replace("+", " ")
