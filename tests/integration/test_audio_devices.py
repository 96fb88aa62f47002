"""Real streams of PortAudio: what the loudspeaker plays the microphone hears, by a sound server.

A PulseAudio of our own has one sink that nobody hears; its monitor is the microphone. The
figures are of sound, not of the wall clock, so that a busy machine does not matter.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cockpit.audio.devices import Loudspeaker, Microphone
from cockpit.audio.portaudio import SoundSystem
from cockpit.audio.streams import SoundFrame
from cockpit.cli.doctor import CHECKS, State
from cockpit.settings import Settings
from cockpit.speech.audio import RATE, Audio
from cockpit.speech.errors import SpeechError

PITCH = 440.0
LOUD = 0.05
PATIENCE = 60.0

ALSA = Path("/usr/share/alsa/alsa.conf")
NAMES = """
pcm.cabin_microphone { type pulse device cabin.monitor hint { show on description "Microphone" } }
pcm.cabin_speaker { type pulse device cabin hint { show on description "Loudspeaker" } }
"""
MODULES = """
load-module module-native-protocol-unix auth-anonymous=1 socket={folder}/native
load-module module-null-sink sink_name=cabin rate=48000 channels=2
"""


class SoundServer:
    """A PulseAudio that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "modules").write_text(MODULES.format(folder=folder))
        (folder / "asound.conf").write_text(NAMES)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What its clients need in their environment."""
        return {
            "ALSA_CONFIG_PATH": f"{ALSA}:{self._folder}/asound.conf",
            "PULSE_SERVER": f"unix:{self._folder}/native",
            "PULSE_COOKIE": f"{self._folder}/cookie",
        }

    def start(self) -> None:
        command = ["pulseaudio", "--daemonize=no", "-n", f"--file={self._folder}/modules"]
        command += ["--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no"]
        home = str(self._folder)
        self._process = subprocess.Popen(
            [*command, "--high-priority=no"],
            env={"HOME": home, "XDG_RUNTIME_DIR": home, "PATH": "/usr/bin:/bin"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """It hangs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    @property
    def ready(self) -> bool:
        return (self._folder / "native").exists()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    if shutil.which("pulseaudio") is None:
        pytest.skip("pulseaudio is not installed (apt install pulseaudio)")
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("PortAudio cannot reach pulseaudio (apt install libasound2-plugins)")
    with tempfile.TemporaryDirectory(prefix="sound-") as folder:  # a socket's path must be short
        server = SoundServer(Path(folder))
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        server.start()
        try:
            yield server
        finally:
            server.end()


@pytest.fixture
async def system(server: SoundServer) -> SoundSystem:
    """PortAudio that has seen the server's devices."""
    system = SoundSystem()
    async with asyncio.timeout(PATIENCE):
        while not server.ready:  # noqa: ASYNC110  (it tells nobody)
            await asyncio.sleep(0.05)
    try:
        await system.look_again()
    except SpeechError as error:
        pytest.skip(error.spoken)
    return system


class Recording:
    """What a microphone heard."""

    def __init__(self) -> None:
        self.frames: list[SoundFrame] = []

    @property
    def samples(self) -> np.ndarray:
        return np.concatenate([frame.samples for frame in self.frames], axis=1)

    @property
    def loud(self) -> int:
        """Frames with sound."""
        return sum(float(np.abs(frame.samples).max()) > LOUD for frame in self.frames)

    def tone(self, channel: int = 0) -> tuple[float, float]:
        """Pitch in hertz and amplitude of the loud part."""
        loud = [f.samples[channel] for f in self.frames if np.abs(f.samples).max() > LOUD]
        heard = np.concatenate(loud[2:-2])
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        return float(spectrum.argmax() * RATE / len(heard)), float(np.percentile(np.abs(heard), 99))


@asynccontextmanager
async def recording(microphone: Microphone) -> AsyncIterator[Recording]:
    heard = Recording()
    running = asyncio.Event()

    async def listen() -> None:
        async for frame in microphone.frames():
            heard.frames.append(frame)
            running.set()

    task = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait(
                [task, asyncio.create_task(running.wait())], return_when=asyncio.FIRST_COMPLETED
            )
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  (sound has no event)
            await asyncio.sleep(0.02)


def tone(seconds: float, rate: int = 22_050) -> Audio:
    at = np.arange(round(seconds * rate)) / rate
    return Audio((0.3 * np.sin(2 * np.pi * PITCH * at)).astype(np.float32), rate)


@pytest.mark.parametrize("rates", [(16_000,), (44_100,)])
async def test_devices_hear_the_tone_that_is_played(
    system: SoundSystem, rates: tuple[int, ...]
) -> None:
    microphone = Microphone("microphone", channels=2, system=system, rates=rates)
    async with (
        Loudspeaker("speaker", system=system) as sink,
        recording(microphone) as heard,
    ):
        assert (sink.name, microphone.name) == ("cabin_speaker", "cabin_microphone")
        async with asyncio.timeout(PATIENCE):
            await sink.play(tone(1.5))
            await sink.drain()
        assert sink.played == pytest.approx(1.5, abs=1e-2)
        await until(lambda: heard.loud >= 40)
    for channel in range(2):
        pitch, amplitude = heard.tone(channel)
        assert pitch == pytest.approx(PITCH, abs=4)
        assert amplitude == pytest.approx(0.3, abs=0.03)


async def test_devices_fall_silent_when_stopped(system: SoundSystem) -> None:
    microphone = Microphone("microphone", system=system)
    async with (
        Loudspeaker("speaker", system=system) as sink,
        recording(microphone) as heard,
    ):
        await sink.play(tone(20.0))
        await until(lambda: heard.loud >= 15)
        sink.stop()
        played = sink.played
        before = len(heard.frames)
        await until(lambda: len(heard.frames) >= before + 60)
        after = heard.frames[-10:]
        assert max(float(np.abs(frame.samples).max()) for frame in after) < LOUD
        assert sink.played < played + 0.5


@pytest.mark.parametrize("how", ["killed", "hangs"])
async def test_devices_are_lost_with_the_sound_server_and_found_again(
    system: SoundSystem, server: SoundServer, how: str
) -> None:
    told: dict[str, list[str]] = {"microphone": [], "loudspeaker": []}

    def listener(device: str) -> Callable[[str, Mapping[str, Any]], None]:
        return lambda state, detail: told[device].append(state)

    microphone = Microphone("microphone", system=system, on_state=listener("microphone"))
    async with (
        Loudspeaker("speaker", system=system, on_state=listener("loudspeaker")) as sink,
        recording(microphone) as heard,
    ):
        await sink.play(tone(1.0))
        await sink.drain()
        await until(lambda: heard.loud >= 20)
        server.end(signal.SIGKILL) if how == "killed" else server.pause()
        await until(lambda: all(states == ["lost"] for states in told.values()))
        before, played = len(heard.frames), sink.played
        await sink.play(tone(0.5))
        await sink.drain()  # nobody hears it, and nobody waits for ever
        assert sink.played == played
        await until(lambda: len(heard.frames) > before + 20)
        assert not heard.frames[-1].samples.any()
        if how == "hangs":
            server.end(signal.SIGKILL)
        server.start()
        await until(lambda: all(states == ["lost", "found"] for states in told.values()))
        heard.frames.clear()
        await sink.play(tone(1.5))
        await sink.drain()
        await until(lambda: heard.loud >= 40)
        assert heard.tone()[0] == pytest.approx(PITCH, abs=4)


async def test_doctor_tries_both_devices(system: SoundSystem) -> None:
    settings = Settings.model_validate({"audio": {"input": "microphone", "output": "speaker"}})
    loudspeaker = await CHECKS["loudspeaker"](settings)
    assert loudspeaker.state is State.OK
    assert "cabin_speaker" in loudspeaker.found
    microphone = await CHECKS["microphone"](settings)
    # Nothing plays, so that its monitor is as silent as a muted microphone.
    assert microphone.state is State.OPTIONAL
    assert "cabin_microphone hears -120 dB" in microphone.found
    assert "driver" in microphone.advice
