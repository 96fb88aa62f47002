"""Sentences of evaluation: read by the program only, so that no row holds one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from cockpit.agent.llm.spoken import model_text

_AROUND = (
    r"(?:please|kindly|hey|hi|hello|okay|ok|car|assistant|cockpit|thanks|thank you|very much|now|so"
    r"|well|uh|um|just|for me|(?:can|could|would|will) (?:you|we)|i would like(?: you)? to"
    r"|i want(?: you)? to|i need you to|would you mind|if you can|if you could)"
)
_BEFORE = re.compile(rf"^(?:{_AROUND} )+")
_BEHIND = re.compile(rf"(?: {_AROUND})+$")


def bare(text: str) -> str:
    """A sentence as the model reads it, without politeness around it."""
    return _BEHIND.sub("", _BEFORE.sub("", text))


class Refusal:
    """The sentences of scenario files.

    Args:
        folders: whose ``*.yaml`` are read; those that do not exist hold nothing.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._texts: set[str] = set()
        for folder in folders:
            for path in sorted(folder.glob("**/*.yaml")):
                self._add(yaml.safe_load(path.read_text(encoding="utf-8")))

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, text: str) -> bool:
        """Whether a row's text is one of them, politeness aside."""
        return bare(text) in self._texts

    def _add(self, loaded: Any) -> None:
        if isinstance(loaded, list):
            for item in loaded:
                self._add(item)
        elif isinstance(loaded, dict):
            for key, value in loaded.items():
                if key == "user" and isinstance(value, str):
                    self._texts.add(bare(model_text(value)))
                else:
                    self._add(value)
