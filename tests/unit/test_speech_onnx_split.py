"""A model cut in two: the halves, run one after the other, are the whole."""

from __future__ import annotations

import numpy as np
import pytest

from cockpit.speech.onnx_split import GraphNotSplit, split

onnxruntime = pytest.importorskip("onnxruntime")


def field(number: int, content: bytes | str | int) -> bytes:
    """One protobuf field of a number or of bytes, each shorter than 128."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    data = content.encode() if isinstance(content, str) else content
    return bytes([number << 3 | 2]) + length(len(data)) + data


def length(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])


def node(kind: str, name: str, inputs: str, output: str) -> bytes:
    parts = [field(1, one) for one in inputs.split()]
    return field(1, b"".join([*parts, field(2, output), field(3, name), field(4, kind)]))


def weight(name: str, value: float) -> bytes:
    data = np.array([value], np.float32).tobytes()
    return field(5, field(1, 1) + field(2, 1) + field(8, name) + field(9, data))


def tensor(name: str) -> bytes:
    dimension = field(1, field(2, "n"))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dimension)))


def model(*nodes: bytes, inputs: tuple[str, ...] = ("x", "speaker")) -> bytes:
    """y = (x + 3) * 5 + speaker, unless the nodes are others."""
    graph = b"".join(nodes) or (
        node("Add", "encode", "x three", "code")
        + node("Mul", "decode", "code five", "loud")
        + node("Add", "colour", "loud speaker", "y")
    )
    graph += field(2, "graph") + weight("three", 3) + weight("five", 5)
    graph += b"".join(field(11, tensor(name)) for name in inputs) + field(12, tensor("y"))
    return field(1, 8) + field(8, field(2, 15)) + field(7, graph)


def run(half: bytes, **feeds: float) -> float:
    session = onnxruntime.InferenceSession(half)
    (found,) = session.run(None, {k: np.array([v], np.float32) for k, v in feeds.items()})
    return float(found[0])


def test_split_halves_together_are_the_model() -> None:
    halves = split(model(), "decode")
    assert (halves.joint, halves.also) == ("code", ("speaker",))
    assert run(model(), x=1, speaker=7) == 27
    assert run(halves.first, x=1) == 4
    assert run(halves.second, code=4, speaker=7) == 27


def test_split_leaves_the_weights_of_the_other_half_out() -> None:
    halves = split(model(), "decode")
    assert (b"three" in halves.first, b"five" in halves.first) == (True, False)
    assert (b"three" in halves.second, b"five" in halves.second) == (False, True)


def test_split_needs_its_node() -> None:
    with pytest.raises(GraphNotSplit, match="no node vocode"):
        split(model(), "vocode")


def test_split_refuses_a_way_round_the_node() -> None:
    around = model(
        node("Add", "encode", "x three", "code"),
        node("Mul", "decode", "code five", "loud"),
        node("Mul", "short cut", "x three", "quiet"),
        node("Add", "shared", "quiet code", "both"),
        node("Add", "end", "loud both", "y"),
    )
    halves = split(around, "decode")
    assert halves.also == ("x",)  # the way round begins at an input, which both halves may take
    crossed = model(
        node("Add", "before", "x three", "mid"),
        node("Add", "encode", "mid three", "code"),
        node("Mul", "decode", "code five", "loud"),
        node("Add", "end", "loud mid", "y"),
    )
    with pytest.raises(GraphNotSplit, match="not the only way"):
        split(crossed, "decode")


@pytest.mark.parametrize("data", [b"", b"hello, I am no model", b"\xff" * 40, model()[:60]])
def test_split_refuses_what_is_no_model(data: bytes) -> None:
    with pytest.raises(GraphNotSplit):
        split(data, "decode")
