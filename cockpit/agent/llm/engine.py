"""llama.cpp as this project needs it: one sequence, a reusable prefix, greedy under a grammar.

Everything here blocks and belongs to one thread.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cockpit.agent.llm.errors import (
    EngineMissing,
    ModelMissing,
    ModelUnusable,
    PlanningCancelled,
    PromptTooLong,
)
from cockpit.agent.llm.grammar import CLOSING, OPENING
from cockpit.assets.merge import NOTATION, NOTATION_KEY

# Read when OpenMP is loaded. Its threads otherwise spin for milliseconds at each of the hundreds
# of barriers of a token, and where the other core is busy that makes two threads much slower than
# one: 12 tokens a second instead of 50, measured beside two busy processes on two cores.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

try:
    from llama_cpp import llama_cpp as lib
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

_log = logging.getLogger(__name__)

# Cancelling waits for at most one batch: 0.5 s of SmolLM2-135M, 2 s of a 0.5B model.
_BATCH = 96
_TOP = 40  # candidates that are tried before the whole vocabulary
_SURE = 0.9  # an allowed best token of at least this probability needs no comparison
_ENOUGH = 0.05  # probability that the allowed ones of the top must have together
_HEADER = 1 << 22  # bytes of a model file that identify it, together with size and time
_KEPT_STATES = 4
# Always letters. Qwen's vocabularies have a token for each, but Qwen2.5-Coder-0.5B hardly knows
# them: with the tokens it could not end two plans of eight, with letters it ended all.
_TAGS = (OPENING.strip(), CLOSING.strip())


@dataclass(frozen=True, slots=True)
class Chosen:
    """A decoded token.

    Attributes:
        probability: among the tokens that the grammar allowed; 1 where there was no choice.
        mass: what the model itself gave to the allowed tokens; small where it would rather
            have written something else.
    """

    token: int
    probability: float
    mass: float


class Engine:
    """A loaded GGUF model with one sequence of evaluated tokens."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        context_tokens: int,
        trained_tokens: int | None = None,
        adapter: Path | None = None,
    ) -> None:
        """Load the model; takes 0.1 to several seconds.

        Args:
            context_tokens: room for prompt and answer.
            trained_tokens: the same for a model that was trained on our plans, whose prompts are
                short; a context costs memory even where it stays empty.
            adapter: a LoRA adapter to use beside the model; slower than one merged into it.

        Raises:
            EngineMissing: llama-cpp-python is not installed.
            ModelMissing, ModelUnusable: the file is not there, or is no model.
        """
        if not AVAILABLE:
            raise EngineMissing
        for needed in (path, adapter):
            if needed is not None and not needed.is_file():
                raise ModelMissing(needed)
        _start_backend()
        self._path = path
        self._evaluated: list[int] = []
        self._model: Any = None
        self._context: Any = None
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelUnusable(path, "it is not a GGUF file")
        model_settings = lib.llama_model_default_params()
        # A build with AMX by GCC before 13.3 ends the process with SIGILL (GCC PR114098); AMX is
        # used with these buffers only, and scripts/setup.py builds without it.
        model_settings.use_extra_bufts = b"AMX_INT8 = 1" not in lib.llama_print_system_info()
        self._model = lib.llama_model_load_from_file(os.fsencode(path), model_settings)
        if not self._model:
            raise ModelUnusable(path, "it is damaged or of an unknown kind")
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.vocabulary = int(lib.llama_vocab_n_tokens(self._vocab))
        self.notation = NOTATION if adapter else self._notation()
        if self.notation and trained_tokens:
            context_tokens = trained_tokens
        self.context_tokens = min(context_tokens, int(lib.llama_model_n_ctx_train(self._model)))
        settings = lib.llama_context_default_params()
        settings.n_ctx = self.context_tokens
        settings.n_batch = settings.n_ubatch = _BATCH
        settings.n_threads = settings.n_threads_batch = threads
        # On a CPU its kernel is several times slower behind a long prefix (SmolLM2-135M, 1600
        # tokens: 13 more take 356 ms with it and 92 ms without, decoding 26 and 51 a second).
        settings.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = lib.llama_init_from_model(self._model, settings)
        if not self._context:
            self.close()
            raise ModelUnusable(path, f"no memory for {self.context_tokens} tokens of context")
        if adapter is not None:
            self._adapt(adapter)
        self._memory = lib.llama_get_memory(self._context)
        self._candidates = np.zeros(
            self.vocabulary, dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)]
        )

    def close(self) -> None:
        """Free the model; nothing else may be called afterwards."""
        if self._context:
            lib.llama_free(self._context)
            self._context = None
        if self._model:
            lib.llama_model_free(self._model)
            self._model = None

    def _notation(self) -> int:
        """Version of the plan notation that the model was trained to write; 0 for none."""
        buffer = ctypes.create_string_buffer(32)
        length = lib.llama_model_meta_val_str(
            self._model, NOTATION_KEY.encode(), buffer, len(buffer)
        )
        version = int(buffer.value) if length > 0 else 0
        if version not in (0, NOTATION):
            self.close()
            raise ModelUnusable(
                self._path, f"it writes plans of form {version}, and this is form {NOTATION}"
            )
        return version

    def _adapt(self, adapter: Path) -> None:
        # Freed with the model.
        loaded = lib.llama_adapter_lora_init(self._model, os.fsencode(adapter))
        if not loaded:
            self.close()
            raise ModelUnusable(adapter, "it is no adapter of this model")
        adapters = (lib.llama_adapter_lora_p_ctypes * 1)(loaded)
        scales = (ctypes.c_float * 1)(1.0)
        if lib.llama_set_adapters_lora(self._context, adapters, 1, scales) != 0:
            self.close()
            raise ModelUnusable(adapter, "llama.cpp cannot use it")

    @property
    def chat_template(self) -> str | None:
        """The Jinja template in the model's metadata."""
        text = lib.llama_model_chat_template(self._model, None)
        return text.decode("utf-8") if text else None

    def special(self, name: str) -> str:
        """Text of the ``bos`` or ``eos`` token; empty where the model has none."""
        token = getattr(lib, f"llama_vocab_{name}")(self._vocab)
        if token < 0:
            return ""
        text = lib.llama_vocab_get_text(self._vocab, token)
        return bytes(text).decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        """True for a token that ends the answer."""
        return bool(lib.llama_vocab_is_eog(self._vocab, token))

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text.

        Args:
            special: read ``<|im_end|>`` and the like as control tokens. Never for text that
                somebody said or wrote: there they must stay letters.
        """
        tokens = self._tokenize(text, special)
        return [part for token in tokens for part in self._spelled(token, special)]

    def _tokenize(self, text: str, special: bool) -> list[int]:
        data = text.encode("utf-8")
        room = len(data) + 8
        buffer = (lib.llama_token * room)()
        count = lib.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
        return list(buffer[: int(count)])

    def _spelled(self, token: int, special: bool) -> list[int]:
        """The token, or its letters; llama.cpp finds some control tokens in any text."""
        kind = lib.llama_vocab_get_attr(self._vocab, token)
        text = self.piece(token).decode("utf-8", "replace")
        control = not special and kind & lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        if len(text) < 2 or not (control or text in _TAGS):
            return [token]
        return self.tokenize(text[0], special=False) + self.tokenize(text[1:], special=False)

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; of a control token its name."""
        buffer = ctypes.create_string_buffer(256)
        count = lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, True)
        return buffer.raw[: max(0, int(count))]

    def evaluate(self, tokens: Sequence[int], cancel: threading.Event, *, scores: int = 1) -> int:
        """Make ``tokens`` the evaluated sequence, keeping what it shares with the one before.

        Args:
            scores: after how many of the last tokens logits are wanted.

        Returns:
            How many tokens had to be evaluated.

        Raises:
            PromptTooLong: they do not fit into the context.
            PlanningCancelled: ``cancel`` was set.
        """
        if len(tokens) >= self.context_tokens:
            raise PromptTooLong(len(tokens), self.context_tokens)
        shared = _shared_length(self._evaluated, tokens)
        # The last token is always evaluated, for its logits choose the next one.
        self._keep(min(shared, len(tokens) - scores))
        fresh = len(tokens) - len(self._evaluated)
        while len(self._evaluated) < len(tokens):
            if cancel.is_set():
                raise PlanningCancelled
            at = len(self._evaluated)
            chunk = list(tokens[at : at + _BATCH])
            code = self._decode(chunk, scores)
            if code != 0:
                self._keep(0)
                raise ModelUnusable(self._path, f"llama.cpp failed with code {code}")
            self._evaluated += chunk
        return fresh

    def _decode(self, chunk: list[int], scores: int) -> int:
        if scores == 1:
            buffer = (lib.llama_token * len(chunk))(*chunk)
            return int(lib.llama_decode(self._context, lib.llama_batch_get_one(buffer, len(chunk))))
        batch = lib.llama_batch_init(len(chunk), 0, 1)
        try:
            batch.n_tokens = len(chunk)
            for index, token in enumerate(chunk):
                batch.token[index] = token
                batch.pos[index] = len(self._evaluated) + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = index >= len(chunk) - scores
            return int(lib.llama_decode(self._context, batch))
        finally:
            lib.llama_batch_free(batch)

    def _keep(self, count: int) -> None:
        if count == len(self._evaluated):
            return
        if count and lib.llama_memory_seq_rm(self._memory, 0, count, -1):
            del self._evaluated[count:]
            return
        # Recurrent models cannot go back a part of the way.
        lib.llama_memory_clear(self._memory, True)
        self._evaluated.clear()

    def logits(self, before: int = 0) -> NDArray[np.float32]:
        """Logits after the last evaluated token; valid until the next evaluation.

        Args:
            before: so many tokens before the last; less than the last ``scores``.
        """
        pointer = lib.llama_get_logits_ith(self._context, -1 - before)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary,))

    def constraint(self, grammar: str) -> Constraint:
        """A grammar, ready to decode with.

        Raises:
            ValueError: llama.cpp cannot parse it.
        """
        sampler = lib.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if not sampler:
            raise ValueError("llama.cpp cannot parse the grammar")
        return Constraint(sampler, self._candidates)

    def state_key(self, tokens: Sequence[int]) -> str:
        """Names the state after these tokens: other models, builds and texts have other names."""
        facts = self._path.stat()
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            digest.update(file.read(_HEADER))
        digest.update(f"{facts.st_size} {facts.st_mtime_ns} {self.context_tokens}".encode())
        digest.update(version("llama-cpp-python").encode())
        digest.update(np.asarray(tokens, dtype=np.int32).tobytes())
        return digest.hexdigest()[:32]

    def save_state(self, folder: Path) -> None:
        """Write the state of the evaluated tokens, so that the next start need not repeat them."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self.state_key(self._evaluated)}.state"
        part = target.with_suffix(f".{os.getpid()}.part")
        buffer = (lib.llama_token * len(self._evaluated))(*self._evaluated)
        written = lib.llama_state_seq_save_file(
            self._context, os.fsencode(part), 0, buffer, len(self._evaluated)
        )
        if not written:
            part.unlink(missing_ok=True)
            _log.warning("the prompt's state could not be written to %s", folder)
            return
        part.replace(target)
        states = sorted(folder.glob("*.state"), key=lambda path: path.stat().st_mtime)
        for old in states[:-_KEPT_STATES]:
            old.unlink(missing_ok=True)

    def load_state(self, folder: Path, tokens: Sequence[int]) -> bool:
        """Take up the state after ``tokens`` from an earlier run; False where there is none."""
        path = folder / f"{self.state_key(tokens)}.state"
        if not path.is_file():
            return False
        lib.llama_memory_clear(self._memory, True)
        self._evaluated.clear()
        buffer = (lib.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        read = lib.llama_state_seq_load_file(
            self._context, os.fsencode(path), 0, buffer, len(tokens), ctypes.byref(count)
        )
        if not read or list(buffer[: count.value]) != list(tokens):
            lib.llama_memory_clear(self._memory, True)
            path.unlink(missing_ok=True)
            return False
        path.touch()
        self._evaluated = list(tokens)
        return True


class Constraint:
    """A parsed grammar; each ``start`` decodes one answer with it."""

    def __init__(self, sampler: Any, candidates: NDArray[Any]) -> None:
        self._pristine = sampler
        self._current: Any = None
        self._candidates = candidates

    def start(self) -> None:
        """Begin a new answer."""
        self._stop()
        self._current = lib.llama_sampler_clone(self._pristine)

    def choose(self, logits: NDArray[np.float32]) -> Chosen:
        """The most probable token that the grammar allows, and move on to after it.

        Filtering a whole vocabulary is slow, so the best token is tried first, then the best
        few, and the whole vocabulary only where those leave the model little choice.
        """
        top = float(logits.max())
        total = float(np.exp(logits - top).sum())
        best = int(logits.argmax())
        chosen: Chosen | None = None
        if 1 / total >= _SURE and self._allowed(np.array([best]), logits).size:
            chosen = Chosen(best, 1 / total, 1.0)
        else:
            few = np.argpartition(logits, -_TOP)[-_TOP:]
            for tried in (few, np.arange(logits.size)):
                allowed = self._allowed(tried, logits)
                weights = np.exp(logits[allowed] - top)
                mass = float(weights.sum()) / total
                if allowed.size and (mass >= _ENOUGH or tried is not few):
                    at = int(weights.argmax()) if mass else int(logits[allowed].argmax())
                    share = float(weights[at]) / float(weights.sum()) if mass else 1.0
                    chosen = Chosen(int(allowed[at]), share, mass)
                    break
        if chosen is None:
            raise ValueError("the grammar allows no token here")
        lib.llama_sampler_accept(self._current, chosen.token)
        return chosen

    def _allowed(self, ids: NDArray[Any], logits: NDArray[np.float32]) -> NDArray[Any]:
        table = self._candidates[: ids.size]
        table["id"] = ids
        table["logit"] = logits[ids]
        array = lib.llama_token_data_array(
            table.ctypes.data_as(lib.llama_token_data_p), ids.size, -1, False
        )
        lib.llama_sampler_apply(self._current, ctypes.byref(array))
        return np.asarray(table["id"][np.isfinite(table["logit"])], dtype=np.int64)

    def _stop(self) -> None:
        if self._current is not None:
            lib.llama_sampler_free(self._current)
            self._current = None

    def close(self) -> None:
        """Free the grammar."""
        self._stop()
        if self._pristine is not None:
            lib.llama_sampler_free(self._pristine)
            self._pristine = None


def _shared_length(first: Sequence[int], second: Sequence[int]) -> int:
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def _start_backend() -> None:
    lib.llama_log_set(_LOG_CALLBACK, ctypes.c_void_p(0))
    lib.llama_backend_init()


def _to_log(level: int, text: bytes, _: object) -> None:
    # llama.cpp writes pages at load; they belong to a debug log, not to the terminal.
    _log.debug("llama.cpp: %s", text.decode("utf-8", "replace").rstrip())


# llama.cpp keeps a bare pointer to it, so it must live as long as the process.
_LOG_CALLBACK = lib.llama_log_callback(_to_log) if AVAILABLE else None
