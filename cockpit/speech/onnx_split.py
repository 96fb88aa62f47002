"""Cutting an ONNX graph in two at a tensor, with nothing but the file's bytes.

A model file is protobuf: records with a number, nested. A half is made by keeping the records of
the nodes and weights that it needs; none is decoded further than to its names. So neither the
onnx package nor protobuf is needed (30 MB and more).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


class GraphNotSplit(Exception):
    """The graph cannot be cut at that place; the model has to be run as a whole."""


class _Model:  # numbers of fields, as in onnx.proto3
    GRAPH = 7


class _Graph:
    NODE = 1
    NAME = 2
    WEIGHT = 5
    INPUT = 11
    OUTPUT = 12


class _Node:
    INPUT = 1
    OUTPUT = 2
    NAME = 3
    ATTRIBUTE = 5


_NAME_OF_INPUT = 1
_NAME_OF_WEIGHT = 8
_BRANCHES = (6, 11)  # graphs in an attribute, of If and Loop
_FLOAT_TENSOR = b"\x0a\x02\x08\x01"  # TypeProto: a tensor, of floats


@dataclass(frozen=True, slots=True)
class Halves:
    """Two models made of one.

    Attributes:
        first: from the model's inputs to the tensor ``joint``.
        second: from ``joint``, and those of the inputs in ``also``, to the model's outputs.
        joint: name of the tensor between them.
        also: inputs of the whole model that the second half takes, too.
    """

    first: bytes
    second: bytes
    joint: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    record: memoryview


def split(model: bytes | memoryview, node: str) -> Halves:
    """Cut a model before a node, which must be the only way from inputs to outputs.

    Args:
        model: content of an ``.onnx`` file.
        node: name of the node; its first input becomes the joint, which must be of floats.

    Raises:
        GraphNotSplit: there is no such node, it is not the only way, or this is no ONNX model.
    """
    model = memoryview(model)
    try:
        graph = next(value for number, _, value in _fields(model) if number == _Model.GRAPH)
        steps = [_step(value) for number, _, value in _fields(graph) if number == _Graph.NODE]
        joint = next(step for step in steps if step.name == node).inputs[0]
        inputs = _names(graph, _Graph.INPUT)
        outputs = _names(graph, _Graph.OUTPUT)
    except (StopIteration, IndexError, ValueError) as error:
        raise GraphNotSplit(f"no node {node}") from error
    before, seen_before = _needed(steps, [joint], beyond=())
    after, seen_after = _needed(steps, outputs, beyond=(joint,))
    if not before or not after or before & after:
        raise GraphNotSplit(f"{node} is not the only way through the graph")
    also = tuple(name for name in inputs if name in seen_after)
    end = _field(_Graph.OUTPUT, _float_tensor(joint))
    begin = _field(_Graph.INPUT, _float_tensor(joint))
    return Halves(
        first=_half(model, graph, steps, before, seen_before, end, outputs=False),
        second=_half(model, graph, steps, after, seen_after, begin, outputs=True),
        joint=joint,
        also=also,
    )


def _needed(
    steps: Sequence[_Step], wanted: Iterable[str], beyond: Iterable[str]
) -> tuple[frozenset[int], frozenset[str]]:
    """Positions of the steps that ``wanted`` is made by, and all tensors on the way.

    What lies beyond the tensors in ``beyond`` is not followed.
    """
    maker = {output: at for at, step in enumerate(steps) for output in step.outputs}
    seen, todo, chosen = set(beyond), list(wanted), set[int]()
    while todo:
        tensor = todo.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        if tensor in maker:
            chosen.add(maker[tensor])
            todo += steps[maker[tensor]].inputs
    return frozenset(chosen), frozenset(seen)


def _half(
    model: memoryview,
    graph: memoryview,
    steps: Sequence[_Step],
    chosen: frozenset[int],
    seen: frozenset[str],
    joint: bytes,
    *,
    outputs: bool,
) -> bytes:
    """The model with the chosen steps, their inputs and weights, and one input or output more."""
    parts: list[bytes | memoryview] = [steps[at].record for at in sorted(chosen)]
    for number, record, value in _fields(graph):
        match number:
            case _Graph.NAME:
                parts.append(record)
            case _Graph.WEIGHT if _text(value, _NAME_OF_WEIGHT) in seen:
                parts.append(record)
            case _Graph.INPUT if _text(value, _NAME_OF_INPUT) in seen:
                parts.append(record)
            case _Graph.OUTPUT if outputs:
                parts.append(record)
    others = [record for number, record, _ in _fields(model) if number != _Model.GRAPH]
    return b"".join([*others, _field(_Model.GRAPH, b"".join([*parts, joint]))])


def _step(node: memoryview) -> _Step:
    name, inputs, outputs = "", list[str](), list[str]()
    for number, _, value in _fields(node):
        match number:
            case _Node.INPUT:
                inputs.append(str(value, "utf-8"))
            case _Node.OUTPUT:
                outputs.append(str(value, "utf-8"))
            case _Node.NAME:
                name = str(value, "utf-8")
            case _Node.ATTRIBUTE:
                inputs += _captured(value)
    return _Step(name, tuple(inputs), tuple(outputs), memoryview(_field(_Graph.NODE, node)))


def _captured(attribute: memoryview) -> Iterator[str]:
    """What the branches of an attribute may take from around them; their own names do no harm."""
    for number, _, graph in _fields(attribute):
        if number in _BRANCHES:
            for inner, _, value in _fields(graph):
                if inner == _Graph.NODE:
                    yield from _step(value).inputs
            yield from _names(graph, _Graph.OUTPUT)


def _names(graph: memoryview, number: int) -> list[str]:
    return [_text(value, _NAME_OF_INPUT) for found, _, value in _fields(graph) if found == number]


def _text(record: memoryview, number: int) -> str:
    return next((str(value, "utf-8") for found, _, value in _fields(record) if found == number), "")


def _float_tensor(name: str) -> bytes:
    return _field(1, name.encode()) + _field(2, _FLOAT_TENSOR)


# Protobuf's wire format.


def _field(number: int, value: bytes | memoryview) -> bytes:
    return b"".join([_varint(number << 3 | 2), _varint(len(value)), value])


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _fields(record: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Of every field its number, its whole record and its content (empty for a number).

    Raises:
        ValueError: these are no records.
    """
    at = 0
    while at < len(record):
        begin = at
        tag, at = _read_varint(record, at)
        match tag & 7:
            case 0:
                _, end = _read_varint(record, at)
                start = end
            case 1:
                start = end = at + 8
            case 2:
                length, start = _read_varint(record, at)
                end = start + length
            case 5:
                start = end = at + 4
            case kind:
                raise ValueError(f"a field of kind {kind}")
        if end > len(record):
            raise ValueError("a field that goes on after the end")
        yield tag >> 3, record[begin:end], record[start:end]
        at = end


def _read_varint(record: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(record) and shift < 64:
        byte = record[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number that does not end")
