"""Completing a typed request from examples of the skills, and from what was typed before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vehicle_bus.seats import Seat

PLACE: Final = "{place}"
ITEM: Final = "{item}"
_ADDRESS: Final = re.compile(r"^\s*(@\S+\s+)?", re.ASCII)


class Completer:
    """Candidates for what somebody is typing.

    Attributes:
        recent: what was typed before, the newest last.
    """

    def __init__(self) -> None:
        self.recent: Sequence[str] = ()
        self._examples: tuple[str, ...] = ()
        self._sentences: tuple[str, ...] = ()

    def learn(self, examples: Iterable[str]) -> None:
        """Take the skills' examples."""
        self._examples = tuple(examples)
        self.fill((), ())

    def fill(self, places: Sequence[str], items: Sequence[str]) -> None:
        """Put the names of saved places and of items into the examples that have a slot."""
        filled: list[str] = []
        for example in self._examples:
            if PLACE in example:
                filled += [example.replace(PLACE, place) for place in places]
            elif ITEM in example:
                filled += [example.replace(ITEM, item) for item in items]
            else:
                filled.append(example)
        self._sentences = tuple(dict.fromkeys(filled))

    def candidates(self, text: str, limit: int = 50) -> list[str]:
        """What ``text`` may become, best first: what begins like it, then what has its words.

        ``@passenger op`` completes the seat first, then what is said from it.
        """
        if text.startswith("@") and " " not in text:
            return [f"@{seat.value} " for seat in Seat if seat.value.startswith(text[1:].lower())]
        address = _ADDRESS.match(text)
        assert address is not None
        lead, said = text[: address.end()], text[address.end() :].lower()
        recent = [line[_end(line) :] for line in reversed(self.recent)]
        known = list(dict.fromkeys([*recent, *self._sentences]))
        begins = [line for line in known if line.lower().startswith(said) and line.lower() != said]
        words = said.split()
        within = [
            line
            for line in known
            if words and line not in begins and line.lower() != said and _has(line, words)
        ]
        return [lead + line for line in (*begins, *within)][:limit]

    def suggestion(self, text: str) -> str | None:
        """The likeliest ending of what was typed; None where nothing begins like it."""
        if not text.strip():
            return None
        best = next(iter(self.candidates(text, 1)), None)
        if best is None or not best.lower().startswith(text.lower()):
            return None
        return text + best[len(text) :]


def _end(line: str) -> int:
    match = _ADDRESS.match(line)
    return match.end() if match else 0


def _has(line: str, words: Sequence[str]) -> bool:
    """Each word begins some word of the line."""
    parts = line.lower().split()
    return all(any(part.startswith(word) for part in parts) for word in words)
