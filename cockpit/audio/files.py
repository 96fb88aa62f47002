"""Files and silence as microphone and loudspeaker, at the pace of real sound."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from cockpit.audio.framing import Block, Framer
from cockpit.audio.outbox import BufferedSink
from cockpit.audio.pacing import Pace
from cockpit.audio.streams import FRAME_SECONDS, Channels, SoundFrame
from cockpit.speech.audio import Samples
from cockpit.speech.errors import AudioEmpty, AudioInvalid, AudioMissing
from cockpit.speech.segments import FRAME

if TYPE_CHECKING:
    import soundfile

VOICE_RATE = 22_050
"""Rate of what a sink writes: that of the usual Piper voices, in hertz."""

BLOCK = 0.02
"""Seconds of sound that leave a sink at once."""

_READ = 0.25  # seconds of a file that are read at once


class WavSource:
    """A WAV, FLAC or Ogg file of any rate; read as it is heard, so it may be hours long."""

    def __init__(
        self,
        path: Path | str,
        *,
        channels: int | None = None,
        pace: float = 1.0,
        silence_after: float = 0.0,
    ) -> None:
        """Look at the file's header.

        Args:
            path: the file.
            channels: how many are wanted; None for as many as there are. One of a file
                with more is their average.
            pace: 1 is real time, 2 twice as fast; 0 as fast as frames are taken.
            silence_after: seconds of silence at the end; may be ``math.inf``.

        Raises:
            AudioMissing: there is no such file, or it may not be read.
            AudioInvalid: it is not audio, or does not have so many channels.
            AudioEmpty: it holds no samples.
        """
        self._path = Path(path)
        with self._opened() as file:
            there = file.channels
            if not file.frames:
                raise AudioEmpty(f"{self.name} holds no sound at all; record it again.")
        self.channels = channels or there
        if self.channels not in (1, there):
            raise AudioInvalid(
                f"{self.name} has {_count(there)}, and {self.channels} are wanted; name as many "
                "seats in audio.zones as it has channels."
            )
        self._pace = pace
        self._silence_after = silence_after

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    async def frames(self) -> AsyncGenerator[SoundFrame]:
        """All of the file, the last frame filled up with silence.

        Who takes them late gets what is due at once: nothing of a file is lost.

        Raises:
            SpeechError: the file is gone or damaged.
        """
        pace = Pace(self._pace)
        number = 0
        with self._opened() as file:
            for samples in self._samples(file):
                number += 1
                await pace.until(number * FRAME_SECONDS)
                yield SoundFrame(samples, number * FRAME_SECONDS)
        end = number + self._silence_after / FRAME_SECONDS
        silence = np.zeros((self.channels, FRAME), np.float32)
        while number < end:
            number += 1
            await pace.until(number * FRAME_SECONDS)
            yield SoundFrame(silence, number * FRAME_SECONDS)

    def _samples(self, file: soundfile.SoundFile) -> Iterator[Channels]:
        framer = Framer(self.channels, file.samplerate)
        count = math.ceil(_READ * file.samplerate)
        while len(block := file.read(count, dtype="float32", always_2d=True)):
            yield from framer.feed(self._reduced(block))
        yield from framer.flush()

    def _reduced(self, block: Block) -> Block:
        if block.shape[1] == self.channels:
            return block
        return block.mean(axis=1, keepdims=True, dtype=np.float32)

    @contextmanager
    def _opened(self) -> Iterator[soundfile.SoundFile]:
        import soundfile

        if not self._path.is_file():
            raise AudioMissing(f"There is no audio file {self._path}; check the name.")
        try:
            with self._path.open("rb") as stream:
                try:
                    file = soundfile.SoundFile(stream)
                except (soundfile.LibsndfileError, TypeError, ValueError):
                    raise AudioInvalid(
                        f"{self.name} is not an audio file that I can read; use WAV, FLAC or Ogg."
                    ) from None
                with file:
                    try:
                        yield file
                    except soundfile.LibsndfileError:
                        raise AudioInvalid(
                            f"{self.name} is damaged and cannot be read to its end; "
                            "record it again."
                        ) from None
        except OSError as error:
            reason = error.strerror or "unreadable"
            raise AudioMissing(f"I cannot read {self._path}: {reason}.") from error


class PacedSink(BufferedSink):
    """Sound that nobody's device takes goes out by the event loop's clock.

    An async context manager: time begins when it is entered.
    """

    def __init__(self, name: str, *, rate: int = VOICE_RATE, pace: float = 1.0) -> None:
        """Nothing goes out yet.

        Args:
            name: for people.
            rate: of what goes out, in hertz.
            pace: 1 is real time, 2 twice as fast; 0 takes at once what is handed over, and
                no silence between.
        """
        super().__init__(name, rate)
        self._pace = pace
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        """Let time pass."""
        if self._pace:
            self._pump = asyncio.create_task(self._run(), name=f"sound to {self.name}")
        return self

    async def __aexit__(self, *exception: object) -> None:
        """What was not heard until now is dropped."""
        self._closed = True
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError, AudioMissing):
                await self._pump
        self._close()

    def _is_open(self) -> bool:
        if self._pump is not None and self._pump.done() and not self._pump.cancelled():
            self._pump.result()
        return not self._closed and (self._pump is not None or not self._pace)

    def _arrived(self) -> None:
        while not self._pace and self._left:
            self._out(math.ceil(self._left * self._outbox.rate))

    def _duration(self, seconds: float) -> float:
        return seconds / self._pace if self._pace else 0.0

    async def _run(self) -> None:
        pace = Pace(self._pace)
        step = round(BLOCK * self._outbox.rate)
        number = 0
        try:
            while True:
                await pace.until(number * step / self._outbox.rate)
                self._out(step)
                number += 1
        finally:
            self.stop()  # nobody shall wait for what will not be heard

    def _out(self, count: int) -> None:
        self._write(self._next(count))

    def _write(self, block: Samples) -> None:
        """What becomes of a block."""

    def _close(self) -> None:
        """Nothing follows."""


class NullSink(PacedSink):
    """Nobody hears it, and it takes as long as if somebody did."""

    def __init__(self, *, rate: int = VOICE_RATE, pace: float = 1.0) -> None:
        """See ``PacedSink``."""
        super().__init__("none", rate=rate, pace=pace)


class WavSink(PacedSink):
    """Writes what was heard, silence between included, to listen to it afterwards."""

    def __init__(self, path: Path | str, *, rate: int = VOICE_RATE, pace: float = 1.0) -> None:
        """Begin the file, 16-bit mono.

        Raises:
            AudioMissing: it cannot be written.
        """
        import soundfile

        self._path = Path(path)
        super().__init__(self._path.name, rate=rate, pace=pace)
        self._failure = soundfile.LibsndfileError
        try:
            # Opened by us for the reason, which libsndfile does not tell.
            self._stream = self._path.open("wb")
            self._file = soundfile.SoundFile(
                self._stream, "w", rate, channels=1, format="WAV", subtype="PCM_16"
            )
        except OSError as error:
            raise self._refused(error.strerror) from error

    def _write(self, block: Samples) -> None:
        try:
            self._file.write(np.clip(block, -1, 1))
        except (OSError, self._failure) as error:
            raise self._refused(getattr(error, "strerror", None)) from error

    def _close(self) -> None:
        try:
            self._file.close()
            self._stream.close()
        except (OSError, self._failure) as error:
            raise self._refused(getattr(error, "strerror", None)) from error

    def _refused(self, reason: str | None) -> AudioMissing:
        return AudioMissing(f"I cannot write {self._path}: {reason or 'not writable'}.")


def _count(channels: int) -> str:
    return "one channel" if channels == 1 else f"{channels} channels"
