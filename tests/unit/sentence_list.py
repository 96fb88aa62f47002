"""Reads tests/unit/data/sentences.txt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.agent.conditions import negate, parse_condition, write_condition

_FILE = Path(__file__).with_name("data") / "sentences.txt"


@dataclass(frozen=True)
class Expected:
    """One line of the list."""

    turns: tuple[str, ...]
    verdict: str
    calls: tuple[tuple[str, dict[str, Any], str | None], ...]


def load_sentences() -> list[Expected]:
    """All lines, in order."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [_expected(line) for line in lines if line.strip() and not line.startswith("#")]


def _expected(line: str) -> Expected:
    said, _, wanted = line.rpartition(" => ")
    turns = tuple(turn.strip() for turn in said.split("||"))
    if wanted in ("NOTHING", "UNKNOWN", "NONE"):
        return Expected(turns, wanted, ())
    return Expected(turns, "ACT", tuple(_calls(wanted)))


def _calls(text: str) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """The calls with their conditions; a condition holds up to the next one or "else"."""
    when: str | None = None
    for part in text.split(";"):
        head, _, call = part.strip().rpartition(": ")
        if head == "else" and when is not None:
            when = write_condition(negate(parse_condition(when)))
        elif head:
            when = head.removeprefix("if ")
        function, *arguments = call.split()
        pairs = (argument.split("=", 1) for argument in arguments)
        yield function, {name: _value(value) for name, value in pairs}, when


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.replace("+", " ")
