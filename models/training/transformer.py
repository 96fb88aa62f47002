"""A GGUF model in PyTorch: dequantized weights, tokenizer, low-rank adapters, greedy decoding.

Stand-alone: needs torch, gguf, tokenizers and numpy, and nothing of this project. Knows the
``llama`` and ``qwen2`` architectures of llama.cpp, of which the catalogue's models are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn
from torch.nn import functional

PROJECTIONS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
"""The seven linear layers of a block, by their names in a GGUF file."""

# How llama.cpp cuts text before merging bytes, by `tokenizer.ggml.pre` (llama-vocab.cpp).
_QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


_TOGETHER = 64  # prompts that are answered in one batch


@dataclass(frozen=True)
class Shape:
    """Sizes of a model, from the file's metadata."""

    architecture: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_size: int
    rope_base: float
    epsilon: float
    end: int  # token that ends an answer


class Vocabulary:
    """The byte-pair tokenizer in a GGUF file.

    Args:
        facts: the file's metadata.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        tokens: list[str] = facts["tokenizer.ggml.tokens"]
        merges = [tuple(line.split(" ", 1)) for line in facts["tokenizer.ggml.merges"]]
        self.ids = {token: number for number, token in enumerate(tokens)}
        self._bpe = Tokenizer(models.BPE(vocab=self.ids, merges=merges))
        match facts["tokenizer.ggml.pre"]:
            case "smollm":
                steps = [
                    pre_tokenizers.Digits(individual_digits=True),
                    pre_tokenizers.ByteLevel(add_prefix_space=False),
                ]
            case "qwen2":
                steps = [
                    pre_tokenizers.Split(Regex(_QWEN2_WORDS), "isolated"),
                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
                ]
            case other:
                raise ValueError(f"the tokenizer {other!r} is not known here")
        self._bpe.pre_tokenizer = pre_tokenizers.Sequence(steps)
        self._bpe.decoder = decoders.ByteLevel()

    def encode(self, text: str) -> list[int]:
        """Tokens of plain text; control tokens in it stay letters."""
        return list(self._bpe.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of tokens."""
        return str(self._bpe.decode(list(ids), skip_special_tokens=False))

    def prompt(self, text: str) -> list[int]:
        """``<|im_start|>text<|im_end|>``, after which the model writes its plan."""
        return [self.ids["<|im_start|>"], *self.encode(text), self.ids["<|im_end|>"]]


class Linear(nn.Module):
    """A frozen or trained weight (out, in), with an optional low-rank adapter beside it."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)
        self.a: nn.Parameter | None = None
        self.b: nn.Parameter | None = None
        self.scale = 0.0

    def adapt(self, rank: int, alpha: float, generator: torch.Generator) -> None:
        """Add an adapter that does nothing yet: A random (rank, in), B zero (out, rank)."""
        outputs, inputs = self.weight.shape
        device = self.weight.device
        a = torch.randn(rank, inputs, generator=generator) / inputs**0.5
        self.a = nn.Parameter(a.to(device))
        self.b = nn.Parameter(torch.zeros(outputs, rank, device=device))
        self.scale = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out)."""
        bias = None if self.bias is None else self.bias.to(x.dtype)
        out = functional.linear(x, self.weight.to(x.dtype), bias)
        if self.a is None or self.b is None:
            return out
        low = functional.linear(x, self.a.to(x.dtype))
        return out + functional.linear(low, (self.b * self.scale).to(x.dtype))


class Norm(nn.Module):
    """Root mean square norm."""

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        return functional.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.epsilon)


class Block(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape, parts: dict[str, nn.Module]) -> None:
        super().__init__()
        self.shape = shape
        self.parts = nn.ModuleDict(parts)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], cache: list[Tensor] | None = None
    ) -> Tensor:
        """(rows, tokens, width) to the same; ``cache`` holds keys and values of what was before."""
        parts, shape = self.parts, self.shape
        h = parts["attn_norm"](x)
        rows, length, _ = h.shape

        def heads(name: str, count: int) -> Tensor:
            out: Tensor = parts[name](h)
            return out.view(rows, length, count, shape.head_size).transpose(1, 2)

        query = _rotated(heads("attn_q", shape.heads), turn)
        key = _rotated(heads("attn_k", shape.kv_heads), turn)
        value = heads("attn_v", shape.kv_heads)
        if cache is not None:
            if cache:
                key = torch.cat((cache[0], key), 2)
                value = torch.cat((cache[1], value), 2)
            cache[:] = [key, value]
        mixed = _attention(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(rows, length, shape.heads * shape.head_size)
        x = x + parts["attn_output"](mixed)
        h = parts["ffn_norm"](x)
        inner = functional.silu(parts["ffn_gate"](h)) * parts["ffn_up"](h)
        return x + parts["ffn_down"](inner)


class Model(nn.Module):
    """The whole transformer."""

    def __init__(
        self, shape: Shape, embedding: Tensor, blocks: list[Block], norm: Norm, head: Tensor
    ) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(embedding, requires_grad=False)
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm
        self.head = nn.Parameter(head, requires_grad=False)
        self.compute = torch.float32

    def adapt(self, rank: int, alpha: float, seed: int) -> None:
        """Add adapters to all seven linear layers of all blocks."""
        generator = torch.Generator().manual_seed(seed)
        for _, linear in self.linears():
            linear.adapt(rank, alpha, generator)

    def linears(self) -> Iterator[tuple[str, Linear]]:
        """Linear layers with their names in the GGUF file, without ``.weight``."""
        for index, block in enumerate(self.blocks):
            for name in PROJECTIONS:
                part = block.parts[name]
                assert isinstance(part, Linear)
                yield f"blk.{index}.{name}", part

    def hidden(
        self, tokens: Tensor, start: int = 0, caches: list[list[Tensor]] | None = None
    ) -> Tensor:
        """(rows, tokens) ids to (rows, tokens, width), ready for the output layer."""
        x = functional.embedding(tokens, self.embedding).to(self.compute)
        turn = self._turn(start, tokens.shape[1], x)
        for index, block in enumerate(self.blocks):
            x = block(x, turn, caches[index] if caches is not None else None)
        out: Tensor = self.norm(x)
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        """(…, width) to (…, vocabulary), in float32."""
        return functional.linear(hidden, self.head.to(hidden.dtype)).float()

    def _turn(self, start: int, length: int, like: Tensor) -> tuple[Tensor, Tensor]:
        half = self.shape.head_size // 2
        steps = torch.arange(half, device=like.device, dtype=torch.float32) / half
        speed = self.shape.rope_base**-steps
        at = torch.arange(start, start + length, device=like.device, dtype=torch.float32)
        angle = torch.outer(at, speed)
        return angle.cos().to(like.dtype), angle.sin().to(like.dtype)

    @torch.inference_mode()
    def generate(
        self, prompts: list[list[int]], longest: int, temperature: float = 0.0
    ) -> list[list[int]]:
        """Answers to prompts of any lengths, without their end token, in their order.

        Args:
            longest: most tokens of an answer.
            temperature: 0 takes the best token; above, draws from the best 95 percent.
        """
        answers: list[list[int]] = [[] for _ in prompts]
        for length in sorted({len(prompt) for prompt in prompts}):
            places = [at for at, prompt in enumerate(prompts) if len(prompt) == length]
            for start in range(0, len(places), _TOGETHER):
                some = places[start : start + _TOGETHER]
                found = self._generate([prompts[at] for at in some], longest, temperature)
                for at, answer in zip(some, found, strict=True):
                    answers[at] = answer
        return answers

    def _generate(
        self, prompts: list[list[int]], longest: int, temperature: float
    ) -> list[list[int]]:
        """The same for prompts of one length, which need no padding."""
        device = self.embedding.device
        tokens = torch.tensor(prompts, device=device)
        caches: list[list[Tensor]] = [[] for _ in self.blocks]
        answers: list[list[int]] = [[] for _ in prompts]
        going = torch.ones(len(prompts), dtype=torch.bool, device=device)
        start = 0
        for _ in range(longest):
            logits = self.logits(self.hidden(tokens, start, caches)[:, -1])
            start += tokens.shape[1]
            chosen = logits.argmax(-1) if temperature == 0 else _drawn(logits, temperature)
            going &= chosen != self.shape.end
            if not going.any():
                break
            for row, token in enumerate(chosen.tolist()):
                if going[row]:
                    answers[row].append(token)
            tokens = chosen[:, None]
        return answers


def load(path: Path, device: str = "cpu") -> tuple[Model, Vocabulary]:
    """A GGUF file as a model in float32 and its vocabulary.

    Raises:
        ValueError: its architecture or tokenizer is not known here.
    """
    reader = GGUFReader(path)
    facts = {name: field.contents() for name, field in reader.fields.items()}
    kind = str(facts["general.architecture"])
    if kind not in ("llama", "qwen2"):
        raise ValueError(f"{path.name}: the architecture {kind!r} is not known here")
    heads = int(facts[f"{kind}.attention.head_count"])
    width = int(facts[f"{kind}.embedding_length"])
    shape = Shape(
        architecture=kind,
        layers=int(facts[f"{kind}.block_count"]),
        width=width,
        heads=heads,
        kv_heads=int(facts[f"{kind}.attention.head_count_kv"]),
        head_size=width // heads,
        rope_base=float(facts[f"{kind}.rope.freq_base"]),
        epsilon=float(facts[f"{kind}.attention.layer_norm_rms_epsilon"]),
        end=int(facts["tokenizer.ggml.eos_token_id"]),
    )
    tensors = {
        tensor.name: torch.from_numpy(np.array(dequantize(tensor.data, tensor.tensor_type)))
        for tensor in reader.tensors
    }
    blocks = []
    for index in range(shape.layers):
        parts: dict[str, nn.Module] = {}
        for name in PROJECTIONS:
            weight = tensors[f"blk.{index}.{name}.weight"]
            if kind == "llama" and name in ("attn_q", "attn_k"):
                weight = unpermuted(weight, shape.head_size)
            parts[name] = Linear(weight, tensors.get(f"blk.{index}.{name}.bias"))
        for name in ("attn_norm", "ffn_norm"):
            parts[name] = Norm(tensors[f"blk.{index}.{name}.weight"], shape.epsilon)
        blocks.append(Block(shape, parts))
    embedding = tensors["token_embd.weight"]
    head = tensors.get("output.weight", embedding)
    norm = Norm(tensors["output_norm.weight"], shape.epsilon)
    return Model(shape, embedding, blocks, norm, head).to(device), Vocabulary(facts)


def unpermuted(weight: Tensor, head_size: int) -> Tensor:
    """Rows of q or k as PyTorch models order them; llama.cpp interleaves the halves of a head."""
    return _swapped(weight, head_size // 2, 2)


def permuted(weight: Tensor, head_size: int) -> Tensor:
    """Rows of q or k as llama.cpp orders them."""
    return _swapped(weight, 2, head_size // 2)


def _swapped(weight: Tensor, first: int, second: int) -> Tensor:
    return weight.reshape(-1, first, second, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def _attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Causal attention, written out: PyTorch's fused kernel is slower backward on a CPU.

    (rows, heads, tokens, head) and (rows, fewer heads, all tokens, head) to the first's shape.
    """
    rows, heads, length, size = query.shape
    groups, seen = key.shape[1], key.shape[2]
    # Heads that share keys become rows of one matrix, so that keys need not be repeated.
    query = query.reshape(rows, groups, heads // groups * length, size)
    scores = (query @ key.transpose(-1, -2)).float() * size**-0.5
    if length > 1:
        ahead = torch.ones(length, seen, dtype=torch.bool, device=query.device)
        ahead = ahead.triu(seen - length + 1).repeat(heads // groups, 1)
        scores = scores.masked_fill(ahead, float("-inf"))
    mixed = scores.softmax(-1).to(value.dtype) @ value
    return mixed.reshape(rows, heads, length, size)


def _rotated(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary position embedding over halves of each head."""
    cos, sin = turn
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


def _drawn(logits: Tensor, temperature: float) -> Tensor:
    chances, ids = (logits / temperature).softmax(-1).sort(-1, descending=True)
    chances[chances.cumsum(-1) - chances > 0.95] = 0
    picked = torch.multinomial(chances, 1)
    return ids.gather(-1, picked)[:, 0]
