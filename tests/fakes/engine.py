"""A language model that answers from a script, one letter a token."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cockpit.agent.llm.engine import Chosen
from cockpit.agent.llm.errors import PlanningCancelled, PromptTooLong

END = 0
TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}</>{% endfor %}<assistant>"


def tool_call(name: str, **arguments: object) -> str:
    """A call as a chat model writes it."""
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


@dataclass
class FakeEngine:
    """Stands in for ``cockpit.agent.llm.engine.Engine``.

    Attributes:
        answers: what it writes, by the last thing said.
        probabilities: of a token, by letter; 1 (no choice) for the others.
        notation: as of a trained model; 0 for a chat model.
        evaluations: how many tokens each evaluation had to add.
        tokenized: (text, special) of each call.
        blocking: set, it waits in the middle of its answer until ``cancelled``.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    probabilities: Mapping[str, float] = field(default_factory=dict)
    context_tokens: int = 8192
    notation: int = 0
    chat_template: str | None = TEMPLATE
    blocking: bool = False
    evaluations: list[int] = field(default_factory=list)
    tokenized: list[tuple[str, bool]] = field(default_factory=list)
    saved: set[tuple[int, ...]] = field(default_factory=set)
    in_answer: threading.Event = field(default_factory=threading.Event)
    closed: bool = False
    _tokens: list[int] = field(default_factory=list)
    _step: int = 0

    def special(self, name: str) -> str:
        return f"<{name}>"

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        self.tokenized.append((text, special))
        return [ord(letter) for letter in text]

    def evaluate(self, tokens: Sequence[int], cancel: threading.Event, *, scores: int = 1) -> int:
        if len(tokens) >= self.context_tokens:
            raise PromptTooLong(len(tokens), self.context_tokens)
        if self.blocking and self._step:
            self.in_answer.set()
            cancel.wait(10)
        if cancel.is_set():
            raise PlanningCancelled
        kept = 0
        while kept < min(len(tokens), len(self._tokens)) and tokens[kept] == self._tokens[kept]:
            kept += 1
        self._tokens = list(tokens)
        self.evaluations.append(len(tokens) - kept)
        return len(tokens) - kept

    def logits(self, before: int = 0) -> NDArray[np.float32]:
        return np.zeros(1, dtype=np.float32)

    def constraint(self, grammar: str) -> FakeEngine:
        self.grammar = grammar
        return self

    def start(self) -> None:
        self._step = 0
        start, end = ("<|im_start|>", "<|im_end|>") if self.notation else ("<user>", "</>")
        said = "".join(map(chr, self._tokens)).rpartition(start)[2].partition(end)[0]
        self._answer = self.answers[said.rpartition("\n")[2]]

    def choose(self, logits: NDArray[np.float32]) -> Chosen:
        letter = self._answer[self._step : self._step + 1]
        self._step += 1
        return Chosen(ord(letter) if letter else END, self.probabilities.get(letter, 1.0), 1.0)

    def ends(self, token: int) -> bool:
        return token == END

    def piece(self, token: int) -> bytes:
        return chr(token).encode()

    def save_state(self, folder: Path) -> None:
        self.saved.add(tuple(self._tokens))

    def load_state(self, folder: Path, tokens: Sequence[int]) -> bool:
        if tuple(tokens) not in self.saved:
            return False
        self._tokens = list(tokens)
        return True

    def close(self) -> None:
        self.closed = True
