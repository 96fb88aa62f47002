"""The settings' strings become sources and sinks, and what is wrong says what to do."""

from __future__ import annotations

import io
import os
import sys
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cockpit.audio.devices import Loudspeaker, Microphone
from cockpit.audio.errors import DeviceMissing, DeviceRefused
from cockpit.audio.files import NullSink, WavSink, WavSource
from cockpit.audio.open import open_sink, open_source
from cockpit.audio.pipes import PipeSource
from cockpit.settings import AudioSettings
from cockpit.speech.audio import RATE
from cockpit.speech.errors import AudioInvalid, AudioMissing
from tests.fakes.portaudio import FakePortAudio
from tests.unit.audio.tones import sound, tone
from vehicle_bus.seats import Seat

LIBRARY = (("USB Microphone", 4, 0, 48_000), ("Door Speakers", 0, 2, 48_000))
FRONT = (Seat.DRIVER, Seat.PASSENGER)


class Standard(io.BytesIO):
    """Standard input that is, or is not, a terminal."""

    def __init__(self, data: bytes = b"", *, terminal: bool = False) -> None:
        super().__init__(data)
        self.buffer = self
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


async def test_open_source_takes_a_device_by_part_of_its_name() -> None:
    system = FakePortAudio(*LIBRARY).system()
    for name in ("", "usb"):
        async with open_source(AudioSettings(input=name, zones=FRONT), system=system) as source:
            assert isinstance(source, Microphone)
            assert source.name == "USB Microphone"
            assert source.channels == 2


async def test_open_source_of_an_unknown_device_lists_devices() -> None:
    system = FakePortAudio(*LIBRARY).system()
    with pytest.raises(DeviceMissing, match=r"audio\.input.*USB Microphone"):
        async with open_source(AudioSettings(input="Jabra"), system=system):
            pass


async def test_open_source_takes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cabin.flac"
    soundfile.write(file, np.stack([tone(0.1), tone(0.1)], axis=1), RATE)
    for zones in (FRONT, (Seat.DRIVER,)):
        async with open_source(AudioSettings(input=str(file), zones=zones)) as source:
            assert isinstance(source, WavSource)
            assert source.channels == len(zones)


async def test_open_source_takes_a_file_without_a_known_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "recording", tone(0.1), RATE, format="WAV")
    monkeypatch.chdir(tmp_path)
    async with open_source(AudioSettings(input="recording")) as source:
        assert isinstance(source, WavSource)


@pytest.mark.parametrize("name", ["cabin.wav", "./cabin", "/nowhere/cabin", "~/no-such-cabin"])
async def test_open_source_of_a_missing_file_says_so(name: str) -> None:
    with pytest.raises(AudioMissing, match="no audio file"):
        async with open_source(AudioSettings(input=name)):
            pass


async def test_open_source_of_a_file_with_too_few_channels_says_so(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", tone(0.1), RATE)
    with pytest.raises(AudioInvalid, match=r"one channel, and 2 are wanted"):
        async with open_source(AudioSettings(input=str(tmp_path / "mono.wav"), zones=FRONT)):
            pass


async def test_open_source_takes_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Standard(bytes(4 * 2048)))
    async with open_source(AudioSettings(input="-", zones=FRONT)) as source:
        assert isinstance(source, PipeSource)
        async with aclosing(source.frames()) as frames:
            assert [frame.samples.shape async for frame in frames] == [(2, 512)] * 4


async def test_open_source_does_not_listen_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Standard(terminal=True))
    with pytest.raises(DeviceRefused, match=r"arecord .* -c 2"):
        async with open_source(AudioSettings(input="-", zones=FRONT)):
            pass


async def test_open_source_takes_a_named_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "microphone")
    async with open_source(AudioSettings(input=str(tmp_path / "microphone"))) as source:
        assert isinstance(source, PipeSource)


async def test_open_sink_takes_a_device_by_part_of_its_name() -> None:
    library = FakePortAudio(*LIBRARY)
    for name in ("", "door"):
        async with open_sink(AudioSettings(output=name), system=library.system()) as sink:
            assert isinstance(sink, Loudspeaker)
            assert sink.name == "Door Speakers"
            assert library.stream.started
        assert library.stream.closed


async def test_open_sink_of_an_unknown_device_lists_devices() -> None:
    system = FakePortAudio(*LIBRARY).system()
    with pytest.raises(DeviceMissing, match=r"audio\.output.*Door Speakers"):
        async with open_sink(AudioSettings(output="Jabra"), system=system):
            pass


@pytest.mark.parametrize("name", ["none", "None", " none "])
async def test_open_sink_takes_none(name: str) -> None:
    async with open_sink(AudioSettings(output=name)) as sink:
        assert isinstance(sink, NullSink)


async def test_open_sink_writes_a_file(tmp_path: Path) -> None:
    async with open_sink(AudioSettings(output=str(tmp_path / "heard.WAV"))) as sink:
        assert isinstance(sink, WavSink)
        await sink.play(sound(0.05))
        await sink.drain()
    assert soundfile.info(tmp_path / "heard.WAV").duration >= 0.05


async def test_open_sink_writes_wav_files_only(tmp_path: Path) -> None:
    with pytest.raises(AudioInvalid, match=r"ends in \.wav"):
        async with open_sink(AudioSettings(output=str(tmp_path / "heard.mp3"))):
            pass
