"""A sentence in pieces, without a voice: what is heard does not depend on where it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cockpit.speech.audio import decibels, rms
from cockpit.speech.onnx_split import Halves
from cockpit.speech.piper_chunks import (
    CONTEXT,
    LEVEL,
    PIECES,
    ChunkedModel,
    Feeds,
    WholeModel,
    gain_for,
    limited,
    open_model,
)

HOP = 4
HALVES = Halves(b"", b"", "frames", ("speaker",))


class Encoder:
    """Makes as many frames of noise as the input says."""

    def run(self, names: Sequence[str] | None, feeds: Feeds) -> Sequence[NDArray[Any]]:
        count = int(feeds["input"][0])
        return [np.random.default_rng(count).normal(size=(1, 2, count))]


class Decoder:
    """Every sample is a mean of the frames up to ``reach`` away, times the speaker."""

    def __init__(self, reach: int = CONTEXT) -> None:
        self.reach = reach
        self.lengths: list[int] = []

    def run(self, names: Sequence[str] | None, feeds: Feeds) -> Sequence[NDArray[Any]]:
        frames = feeds["frames"][0].sum(axis=0)
        self.lengths.append(len(frames))
        window = np.ones(2 * self.reach + 1)
        mixed = np.convolve(frames, window)[self.reach : self.reach + len(frames)]
        return [(np.repeat(mixed, HOP) * feeds["speaker"])[np.newaxis, np.newaxis]]


def feeds(count: int) -> Feeds:
    return {"input": np.array([count]), "speaker": np.array(0.5)}


@pytest.mark.parametrize("count", [1, PIECES[0], PIECES[0] + 1, 2 * PIECES[0], 200, 1000])
def test_chunked_model_says_the_same_as_the_whole(count: int) -> None:
    decoder = Decoder()
    model = ChunkedModel(Encoder(), decoder, HALVES)
    whole = Decoder().run(None, {**feeds(count), "frames": Encoder().run(None, feeds(count))[0]})
    pieces = list(model.chunks(feeds(count)))
    np.testing.assert_allclose(np.concatenate(pieces), whole[0].reshape(-1), atol=1e-5)
    assert max(decoder.lengths) <= PIECES[-1] + 16 + 2 * CONTEXT


def test_chunked_model_first_piece_is_short_and_none_is_tiny() -> None:
    pieces = list(ChunkedModel(Encoder(), Decoder(), HALVES).chunks(feeds(1000)))
    assert [len(piece) // HOP for piece in pieces[:4]] == list(PIECES)
    assert all(len(piece) // HOP >= 16 for piece in pieces)


def test_chunked_model_of_a_voice_that_looks_further_is_found_out() -> None:
    samples = ChunkedModel(Encoder(), Decoder(), HALVES).tried(feeds(100))
    assert samples is not None
    assert len(samples)
    assert ChunkedModel(Encoder(), Decoder(CONTEXT + 3), HALVES).tried(feeds(100)) is None


def test_open_model_takes_what_cannot_be_split_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "voice.onnx"
    path.write_bytes(b"not of the usual build")

    class Single:
        def run(self, names: Sequence[str] | None, feeds: Feeds) -> Sequence[NDArray[Any]]:
            return [np.arange(6.0).reshape(1, 1, 1, 6)]

    opened: list[str | bytes] = []

    def session(model: str | bytes) -> Single:
        opened.append(model)
        return Single()

    model, samples = open_model(path, session, feeds(1))
    assert isinstance(model, WholeModel)
    assert samples.tolist() == [0, 1, 2, 3, 4, 5]
    assert opened == [str(path)]
    assert [piece.tolist() for piece in model.chunks(feeds(1))] == [[0, 1, 2, 3, 4, 5]]


def test_gain_brings_a_quiet_and_a_loud_voice_to_the_same_level() -> None:
    tone = np.sin(np.arange(8000) / 9).astype(np.float32)
    pause = np.zeros(8000, np.float32)
    for volume in (0.01, 0.9):
        samples = np.concatenate([pause, volume * tone])
        loud = (samples * gain_for(samples))[8000:]
        assert decibels(rms(loud)) == pytest.approx(LEVEL, abs=0.5)
    assert gain_for(pause) == 1


def test_limited_keeps_speech_and_rounds_off_peaks() -> None:
    samples = np.array([0, 0.5, -0.8, 0.9, -1.0, 5.0], np.float32)
    found = limited(samples)
    assert found[:3].tolist() == samples[:3].tolist()
    assert 0.8 < found[3] < 0.9
    assert abs(found).max() <= 1
    assert np.all(np.sign(found) == np.sign(samples))
