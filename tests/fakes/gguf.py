"""GGUF files of a toy model and of an adapter for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quants
from numpy.typing import NDArray

WIDTH, ROWS, RANK = 64, 96, 4


def write_base(path: Path, seed: int = 0) -> None:
    """A model with a quantized layer, an 8-bit embedding and a norm."""
    random = np.random.default_rng(seed)
    writer = GGUFWriter(path, "llama")
    writer.add_name("toy")
    writer.add_block_count(1)
    writer.add_token_list(["a", "b"])
    writer.add_chat_template("{{ messages }}")
    layer = random.normal(0, 1, (ROWS, WIDTH)).astype(np.float32)
    for name, kind in (
        ("token_embd.weight", GGMLQuantizationType.Q8_0),
        ("blk.0.attn_q.weight", GGMLQuantizationType.Q4_1),
        ("blk.0.attn_k.weight", GGMLQuantizationType.Q4_1),
    ):
        writer.add_tensor(name, quants.quantize(layer, kind), raw_dtype=kind)
    writer.add_tensor("blk.0.attn_norm.weight", random.normal(1, 0.1, WIDTH).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_adapter(
    path: Path,
    *,
    alpha: float = 8,
    name: str = "blk.0.attn_q.weight",
    rows: int = ROWS,
    width: int = WIDTH,
    architecture: str = "llama",
    kind: str = "lora",
    halves: tuple[str, ...] = ("a", "b"),
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """An adapter of one tensor; its factors come back."""
    random = np.random.default_rng(1)
    a = random.normal(0, 1, (RANK, width)).astype(np.float32)
    b = random.normal(0, 1, (rows, RANK)).astype(np.float32)
    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", alpha)
    for half in halves:
        writer.add_tensor(f"{name}.lora_{half}", {"a": a, "b": b}[half])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return a, b
