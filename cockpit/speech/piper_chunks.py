"""A voice that gives the first sound of a sentence before it has made the last.

A Piper voice (VITS) has an encoder that decides what sounds when, in frames of 12 ms, and a
decoder that makes samples of the frames. The decoder takes most of the time, and a frame's
samples depend on few frames around it. So the two are run apart (``onnx_split``), and the decoder
piece by piece, each with its neighbours' frames around it: the samples are the same ones.
The first sound of en_US-joe-medium costs 63 ms of one core for 36 letters, not 140; 111 for 100
letters, not 363; 179 for 166 letters, not 608 (least of 8).

This module imports neither Piper nor the runtime; it is used in Piper's process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cockpit.speech.onnx_split import GraphNotSplit, Halves, split

type Samples = NDArray[np.float32]
type Feeds = Mapping[str, NDArray[Any]]

DECODER = "/dec/conv_pre/Conv"
"""The node that the decoder begins with, in every voice that Piper's trainer exports."""

CONTEXT = 12
"""Frames on either side that go into a frame's samples; 11 in voices of medium quality."""

PIECES = (32, 48, 96, 172)
"""Frames of the first pieces of a sentence; all others are as the last.

The first is 0.37 s of sound, and each takes less time to make than the one before it to play.
"""

LEVEL = -18.0
"""Loudness of speech, dB of full scale (root mean square of what is not silence)."""

_REST = 16  # frames; fewer are not worth a piece of their own
_CEILING = 0.8  # of full scale; louder peaks are rounded off
_AUDIBLE = 0.02
_TOLERANCE = 1e-3


class Session(Protocol):
    """What is used of ``onnxruntime.InferenceSession``."""

    def run(self, names: Sequence[str] | None, feeds: Feeds) -> Sequence[NDArray[Any]]:
        """One inference: every output."""


class WholeModel:
    """A voice that cannot be split.

    Args:
        session: of the model as it is.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def chunks(self, feeds: Feeds) -> Iterator[Samples]:
        """Samples of one sentence, in one piece."""
        yield np.asarray(self._session.run(None, feeds)[0], np.float32).reshape(-1)


class ChunkedModel:
    """Encoder and decoder of a voice.

    Args:
        encoder, decoder: sessions of the two halves.
        halves: what they were made of.
    """

    def __init__(self, encoder: Session, decoder: Session, halves: Halves) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._joint = halves.joint
        self._also = halves.also

    def chunks(self, feeds: Feeds, pieces: Sequence[int] = PIECES) -> Iterator[Samples]:
        """Samples of one sentence, a piece at a time."""
        frames = self._encoder.run(None, feeds)[0]
        begin, end = 0, frames.shape[2]
        for size in chain(pieces, repeat(pieces[-1])):
            if begin >= end:
                return
            stop = end if end - begin < size + _REST else begin + size
            first = max(0, begin - CONTEXT)
            around = frames[:, :, first : min(end, stop + CONTEXT)]
            made = self._decode(feeds, around)
            hop = len(made) // around.shape[2]
            yield made[(begin - first) * hop : (stop - first) * hop]
            begin = stop

    def tried(self, feeds: Feeds) -> Samples | None:
        """The samples of a sentence; None where pieces are not what the whole would be."""
        frames = self._encoder.run(None, feeds)[0]
        whole = self._decode(feeds, frames)
        again = ChunkedModel(
            _Fixed(frames), self._decoder, Halves(b"", b"", self._joint, self._also)
        )
        joined = np.concatenate(list(again.chunks(feeds, (64,))))
        same = joined.shape == whole.shape and np.abs(joined - whole).max() < _TOLERANCE
        return joined if same else None

    def _decode(self, feeds: Feeds, frames: NDArray[Any]) -> Samples:
        also = {name: feeds[name] for name in self._also}
        made = self._decoder.run(None, {self._joint: frames, **also})[0]
        return np.asarray(made, np.float32).reshape(-1)


class _Fixed:
    """An encoder that always gives the same."""

    def __init__(self, frames: NDArray[Any]) -> None:
        self._frames = frames

    def run(self, names: Sequence[str] | None, feeds: Feeds) -> Sequence[NDArray[Any]]:
        return [self._frames]


def open_model(
    path: Path, session: Callable[[str | bytes], Session], trial: Feeds
) -> tuple[ChunkedModel | WholeModel, Samples]:
    """The voice in two halves where that gives the same sound, else as a whole.

    Args:
        path: the ``.onnx`` file.
        session: opens a model by its path or content.
        trial: inputs of some sentence, on which the two are compared.

    Returns:
        The voice, and the samples of that sentence.
    """
    with suppress(GraphNotSplit):
        halves = split(path.read_bytes(), DECODER)
        model = ChunkedModel(session(halves.first), session(halves.second), halves)
        if (samples := model.tried(trial)) is not None:
            return model, samples
    whole = WholeModel(session(str(path)))
    return whole, np.concatenate(list(whole.chunks(trial)))


def gain_for(samples: Samples) -> float:
    """Factor that brings a voice to ``LEVEL``, by a sample of its speech.

    One factor for everything it says: the loudest sample of a sentence, which Piper would go by,
    is not known before its end, and says little about how loud the sentence is.
    """
    heard = samples[np.abs(samples) > _AUDIBLE * np.abs(samples).max(initial=0.0)]
    if not len(heard):
        return 1.0
    return float(10 ** (LEVEL / 20) / np.sqrt(np.mean(np.square(heard))))


def limited(samples: Samples) -> Samples:
    """The samples with peaks beyond 80 % of full scale rounded off below 100 %."""
    over = np.abs(samples) - _CEILING
    room = 1 - _CEILING
    rounded = np.sign(samples) * (_CEILING + room * np.tanh(np.maximum(over, 0) / room))
    return np.where(over > 0, rounded, samples).astype(np.float32)
