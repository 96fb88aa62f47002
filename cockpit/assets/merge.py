"""A language model of our own: an adapter merged into its base, in a GGUF file of 8-bit weights.

Beside the base at run time the adapter costs a third of the speed, and it would have to be loaded
with it; merged, the file is an ordinary model. It is made on the machine that uses it, from a base
that is checked by hash, so that only the adapter has to be shipped.

Weights become ``W + alpha / rank * B @ A``, in float32, and then Q8_0, which costs less than the
base's own quantization did. Norms, biases, and embeddings that are only looked up stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cockpit.assets.errors import AdapterUnfit, MergerMissing
from cockpit.assets.progress import Reporter

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

RECIPE = 1
"""Raised when the same two files would give another model."""
NOTATION_KEY = "cockpit.notation"
"""Metadata of a merged model: the version of the plan notation that it was trained to write."""
NOTATION = 1

_WEIGHTS = 4 << 20  # weights that are held in float32 at a time
_OWN = ("general.architecture", "general.name", "general.file_type", NOTATION_KEY)
_MOSTLY_Q8_0 = 7  # llama.cpp's LLAMA_FTYPE_MOSTLY_Q8_0


@dataclass(frozen=True)
class _Pair:
    """The two factors of a tensor's change.

    Attributes:
        a: (rank, in).
        b: (out, rank), scaled.
    """

    a: NDArray[np.float32]
    b: NDArray[np.float32]


def merge(base: Path, adapter: Path, target: Path, name: str, progress: Reporter) -> None:
    """Write the merged model to ``target``.

    Args:
        name: what the model is called in its metadata.

    Raises:
        MergerMissing: the ``gguf`` package is not installed.
        AdapterUnfit: the adapter is none, or is for another model.
    """
    try:
        from gguf import GGUFReader, GGUFWriter
    except ImportError as error:
        raise MergerMissing(name) from error
    progress.begin(name, 0, base.stat().st_size, doing="making")
    try:
        source = GGUFReader(base)
        pairs = _pairs(GGUFReader(adapter), source, adapter)
        writer = GGUFWriter(target, str(_fact(source, "general.architecture")))
        try:
            _describe(source, writer, name)
            weights = sum(int(tensor.n_bytes) for tensor in source.tensors)
            progress.advance(base.stat().st_size - weights)
            _write(source, pairs, writer, progress)
        finally:
            writer.close()
    finally:
        progress.end()


def _fact(reader: GGUFReader, name: str) -> Any:
    field = reader.get_field(name)
    return field.contents() if field is not None else None


def _pairs(reader: GGUFReader, base: GGUFReader, path: Path) -> Mapping[str, _Pair]:
    """Factors by the name of the tensor that they change."""
    if _fact(reader, "adapter.type") != "lora":
        raise AdapterUnfit(path, "it is no LoRA adapter")
    own, other = (_fact(one, "general.architecture") for one in (reader, base))
    if own != other:
        raise AdapterUnfit(path, f"it is for {own} models, and the base is a {other} model")
    alpha = float(_fact(reader, "adapter.lora.alpha"))
    shapes = {tensor.name: _shape(tensor) for tensor in base.tensors}
    parts = {tensor.name: tensor.data.astype(np.float32) for tensor in reader.tensors}
    pairs: dict[str, _Pair] = {}
    for name in {key.rpartition(".lora_")[0] for key in parts}:
        a, b = parts.get(f"{name}.lora_a"), parts.get(f"{name}.lora_b")
        if a is None or b is None or a.shape[0] != b.shape[1]:
            raise AdapterUnfit(path, f"it is not complete at {name}")
        if shapes.get(name) != (b.shape[0], a.shape[1]):
            raise AdapterUnfit(path, f"the base has no tensor {name} of that shape")
        pairs[name] = _Pair(a, b * (alpha / a.shape[0]))
    return pairs


def _describe(source: GGUFReader, writer: GGUFWriter, name: str) -> None:
    from gguf import GGUFValueType

    for field in source.fields.values():
        if field.name in _OWN or field.name.startswith("GGUF."):
            continue
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], inner)
    writer.add_name(name)
    writer.add_file_type(_MOSTLY_Q8_0)
    writer.add_uint32(NOTATION_KEY, NOTATION)


def _write(
    source: GGUFReader, pairs: Mapping[str, _Pair], writer: GGUFWriter, progress: Reporter
) -> None:
    from gguf import GGMLQuantizationType, quants

    q8 = GGMLQuantizationType.Q8_0
    kept = {tensor.name for tensor in source.tensors if len(tensor.shape) == 1}
    kept |= {tensor.name for tensor in source.tensors if tensor.tensor_type == q8} - pairs.keys()
    if "output.weight" in {tensor.name for tensor in source.tensors}:
        kept.add("token_embd.weight")  # only looked up, so that 8 bits would gain nothing
    for tensor in source.tensors:
        if tensor.name in kept:
            data = tensor.data
            writer.add_tensor_info(
                tensor.name, data.shape, data.dtype, data.nbytes, tensor.tensor_type
            )
        else:
            shape = quants.quant_shape_to_byte_shape(_shape(tensor), q8)
            size = int(np.prod(shape))
            writer.add_tensor_info(tensor.name, shape, np.dtype(np.uint8), size, q8)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in source.tensors:
        if tensor.name in kept:
            writer.write_tensor_data(np.ascontiguousarray(tensor.data))
        else:
            packed = np.empty(quants.quant_shape_to_byte_shape(_shape(tensor), q8), np.uint8)
            for start, rows in _merged(tensor, pairs.get(tensor.name)):
                packed[start : start + len(rows)] = quants.quantize(rows, q8)
            writer.write_tensor_data(packed)
        progress.advance(int(tensor.n_bytes))


def _shape(tensor: Any) -> tuple[int, ...]:
    """(out, in); GGUF counts the other way round."""
    return tuple(reversed(tensor.shape.tolist()))


def _merged(tensor: Any, pair: _Pair | None) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The tensor's rows in float32, with the adapter's change, some at a time."""
    from gguf import quants

    count, width = _shape(tensor)
    step = max(1, _WEIGHTS // width)
    for start in range(0, count, step):
        rows = quants.dequantize(tensor.data[start : start + step], tensor.tensor_type)
        if pair is not None:
            rows = rows + pair.b[start : start + step] @ pair.a
        yield start, rows.astype(np.float32, copy=False)
