"""Mono audio in memory, and reading and writing it as files.

Every part of the speech chain works on one form: float32, one channel, full scale 1.0.
Recognisers want 16 kHz (``RATE``); a voice speaks at its own rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cockpit.speech.errors import AudioEmpty, AudioInvalid, AudioMissing

if TYPE_CHECKING:
    import soundfile

type Samples = NDArray[np.float32]

RATE = 16_000
"""Sample rate that the recognisers work at, in hertz."""

LONGEST_FILE = 3600.0
"""Seconds; a longer file is refused rather than filling the memory (an hour is 230 MB)."""

_BLOCK_FRAMES = 1 << 16
_CLIP_LEVEL = 0.98
_CLIP_SHARE = 0.005
_SILENCE_DBFS = -120.0


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """One channel of samples.

    Attributes:
        samples: float32, full scale is 1.0; not to be written to.
        rate: samples a second, in hertz.
    """

    samples: Samples
    rate: int = RATE

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError("Audio takes a one-dimensional float32 array")
        if self.rate <= 0:
            raise ValueError("Audio takes a positive sample rate")

    @classmethod
    def silence(cls, seconds: float, rate: int = RATE) -> Audio:
        """Digital silence."""
        return cls(np.zeros(round(seconds * rate), np.float32), rate)

    @classmethod
    def from_pcm16(cls, data: bytes, rate: int = RATE) -> Audio:
        """From signed 16-bit little-endian PCM, one channel."""
        return cls((np.frombuffer(data, "<i2") / np.float32(32768)).astype(np.float32), rate)

    @classmethod
    def join(cls, parts: Iterable[Audio], rate: int = RATE) -> Audio:
        """The parts one after another; ``rate`` holds only when there are none.

        Raises:
            ValueError: parts of different rates.
        """
        chunks = list(parts)
        if not chunks:
            return cls(np.zeros(0, np.float32), rate)
        if len({chunk.rate for chunk in chunks}) > 1:
            raise ValueError("only parts of one sample rate can be joined")
        return cls(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].rate)

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.rate

    @property
    def peak(self) -> float:
        """Largest absolute sample, 1.0 being full scale."""
        return float(np.abs(self.samples).max()) if len(self.samples) else 0.0

    @property
    def level(self) -> float:
        """Root mean square in dB of full scale; -120 for silence."""
        return decibels(rms(self.samples))

    @property
    def clipped(self) -> float:
        """Share of samples at or beyond 98 % of full scale, 0 to 1."""
        if not len(self.samples):
            return 0.0
        return float(np.count_nonzero(np.abs(self.samples) >= _CLIP_LEVEL)) / len(self.samples)

    @property
    def is_clipped(self) -> bool:
        """Whether so much is clipped (0.5 %) that recognition suffers."""
        return self.clipped > _CLIP_SHARE

    def slice(self, start: float, end: float) -> Audio:
        """The part between two times in seconds, cut to what there is."""
        first, last = (max(0, round(at * self.rate)) for at in (start, end))
        return Audio(self.samples[first:last], self.rate)

    def resampled(self, rate: int) -> Audio:
        """The same sound at another rate (soxr, high quality)."""
        if rate == self.rate:
            return self
        import soxr

        return Audio(np.asarray(soxr.resample(self.samples, self.rate, rate), np.float32), rate)

    def pcm16(self) -> bytes:
        """Signed 16-bit little-endian PCM; what exceeds full scale is clipped."""
        return (np.clip(self.samples, -1, 1) * 32767).round().astype("<i2").tobytes()


def rms(samples: Samples) -> float:
    """Root mean square; 0 where there are no samples."""
    if not len(samples):
        return 0.0
    wide = samples.astype(np.float64)
    return math.sqrt(float(wide @ wide) / len(wide))


def decibels(amplitude: float) -> float:
    """Amplitude as dB of full scale, not below -120."""
    return max(_SILENCE_DBFS, 20 * math.log10(amplitude)) if amplitude > 0 else _SILENCE_DBFS


def read_audio(path: Path | str, rate: int = RATE) -> Audio:
    """Read a WAV, FLAC or Ogg file of any rate, channel count and sample width.

    Channels are averaged. The file is read and resampled in blocks, so the memory in use is
    that of the result. Samples that are not numbers (broken float files) become silence.

    Raises:
        AudioMissing: there is no such file, or it may not be read.
        AudioInvalid: it is not audio, its header is damaged, or it is longer than an hour.
        AudioEmpty: it holds no samples.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise AudioMissing(f"There is no audio file {path}; check the name.")
    try:
        with path.open("rb") as stream:
            try:
                source = soundfile.SoundFile(stream)
            except (soundfile.LibsndfileError, TypeError, ValueError):
                raise AudioInvalid(
                    f"{path.name} is not an audio file that I can read; use WAV, FLAC or Ogg."
                ) from None
            with source:
                if source.frames > LONGEST_FILE * source.samplerate:
                    raise AudioInvalid(f"{path.name} is longer than an hour; cut it first.")
                try:
                    parts = list(_resample(_mono(source), source.samplerate, rate))
                except soundfile.LibsndfileError:
                    raise AudioInvalid(
                        f"{path.name} is damaged and cannot be read to its end; record it again."
                    ) from None
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise AudioMissing(f"I cannot read {path}: {reason}.") from error
    if not sum(len(part) for part in parts):
        raise AudioEmpty(f"{path.name} holds no sound at all; record it again.")
    return Audio(np.concatenate(parts), rate)


def _mono(source: soundfile.SoundFile) -> Iterator[Samples]:
    while len(block := source.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=0.0, neginf=0.0)


def _resample(blocks: Iterable[Samples], source: int, target: int) -> Iterator[Samples]:
    if source == target:
        yield from blocks
        return
    import soxr

    stream: Any = soxr.ResampleStream(source, target, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def write_wav(path: Path | str, audio: Audio) -> None:
    """Write a 16-bit WAV file.

    Raises:
        AudioMissing: the file cannot be written.
    """
    import soundfile

    path = Path(path)
    try:
        with path.open("wb") as stream:
            soundfile.write(
                stream, np.clip(audio.samples, -1, 1), audio.rate, format="WAV", subtype="PCM_16"
            )
    except OSError as error:
        reason = error.strerror or "not writable"
        raise AudioMissing(f"I cannot write {path}: {reason}.") from error
