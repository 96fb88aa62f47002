"""Stands in for the ``sounddevice`` module: devices on paper, callbacks when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from cockpit.audio.portaudio import SoundSystem

QUIET = SimpleNamespace(input_overflow=False, output_underflow=False)
OVERFLOWN = SimpleNamespace(input_overflow=True, output_underflow=False)
UNDERFLOWN = SimpleNamespace(input_overflow=False, output_underflow=True)


class FakeStream:
    """An open stream; the test is its device."""

    def __init__(
        self,
        *,
        device: int,
        samplerate: int,
        channels: int,
        dtype: str,
        blocksize: int,
        latency: float,
        callback: Callable[..., None],
        finished_callback: Callable[[], None],
    ) -> None:
        assert dtype == "float32"
        self.device = device
        self.rate = samplerate
        self.channels = channels
        self.block = blocksize
        self.latency = latency
        self.started = False
        self.closed = False
        self._callback = callback
        self._finished = finished_callback

    def start(self) -> None:
        self.started = True

    def abort(self, ignore_errors: bool = True) -> None:
        self.end()

    def close(self, ignore_errors: bool = True) -> None:
        self.closed = True

    def end(self) -> None:
        """The device is pulled out, as PortAudio tells it."""
        if self.started:
            self.started = False
            self._finished()

    def hear(self, block: np.ndarray, status: Any = QUIET) -> None:
        """The microphone delivers a block of shape (samples, channels)."""
        buffer = np.array(block, np.float32, order="C")
        self._callback(memoryview(buffer).cast("B"), len(buffer), None, status)
        buffer.fill(np.nan)  # PortAudio writes the next block over it

    def fetch(self, status: Any = QUIET) -> np.ndarray:
        """The loudspeaker takes a block."""
        buffer = np.full((self.block, self.channels), np.nan, np.float32)
        self._callback(memoryview(buffer).cast("B"), len(buffer), None, status)
        return buffer


class FakePortAudio:
    """What our code uses of ``sounddevice``.

    Attributes:
        plugged: the devices that are connected: name, inputs, outputs, usual rate.
        rates: that devices can do.
        fewest: the fewest channels that a device opens with.
        streams: all that were ever opened, in order.
        starts: how often the library was started.
    """

    class PortAudioError(Exception):
        """Message and number."""

    def __init__(self, *plugged: tuple[str, int, int, int]) -> None:
        self.plugged = list(plugged)
        self.rates = {16_000, 44_100, 48_000}
        self.fewest = 1
        self.streams: list[FakeStream] = []
        self.starts = 1
        self._listed = list(plugged)

    @property
    def stream(self) -> FakeStream:
        """The one that was opened last."""
        return self.streams[-1]

    def system(self) -> SoundSystem:
        """PortAudio for our classes, without a thread and without another process."""

        async def at_once(work: Callable[[], Any]) -> Any:
            await asyncio.sleep(0)
            return work()

        async def probe() -> list[str]:
            await asyncio.sleep(0)
            return [name for name, *_ in self.plugged]

        return SoundSystem(lambda: self, at_once, probe)

    def query_devices(self, kind: str | None = None) -> Any:
        listed = [
            {
                "index": index,
                "name": name,
                "max_input_channels": inputs,
                "max_output_channels": outputs,
                "default_samplerate": float(rate),
            }
            for index, (name, inputs, outputs, rate) in enumerate(self._listed)
        ]
        if kind is None:
            return listed
        for device in listed:
            if device[f"max_{kind}_channels"]:
                return device
        raise ValueError("no default")

    def RawInputStream(self, **options: Any) -> FakeStream:
        return self._open(options, most=self._listed[options["device"]][1])

    def RawOutputStream(self, **options: Any) -> FakeStream:
        return self._open(options, most=self._listed[options["device"]][2])

    def _open(self, options: dict[str, Any], most: int) -> FakeStream:
        name = self._listed[options["device"]][0]
        if name not in [plugged for plugged, *_ in self.plugged]:
            raise self.PortAudioError("Error opening RawInputStream: Device unavailable", -9985)
        if options["samplerate"] not in self.rates:
            raise self.PortAudioError("Error opening RawInputStream: Invalid sample rate", -9997)
        if not self.fewest <= options["channels"] <= most:
            raise self.PortAudioError("Error opening RawInputStream: Invalid channels", -9998)
        self.streams.append(FakeStream(**options))
        return self.stream

    def _terminate(self) -> None:
        assert all(stream.closed for stream in self.streams), "would crash whoever uses them"

    def _initialize(self) -> None:
        self.starts += 1
        self._listed = list(self.plugged)
