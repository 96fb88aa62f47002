"""Opening the car behind the dashboard, with speech and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from cockpit.assets.store import AssetStore
from cockpit.audio.streams import FRAME_SECONDS, SoundFrame
from cockpit.cli.vehicle import open_cockpit_vehicle
from cockpit.settings import AssetSettings, Settings
from cockpit.speech.audio import RATE, Audio, write_wav
from cockpit.speech.piper import PiperVoice
from cockpit.speech.segments import FRAME
from cockpit.ui.app import CockpitApp
from cockpit.ui.muting import Mutable, Silence
from cockpit.ui.state import StepState
from tests.tui.dashboards import SMALL, quiet_settings, until


class Tone:
    """A microphone that hears three frames of a loud tone."""

    name = "tone"
    channels = 1

    async def frames(self) -> AsyncIterator[SoundFrame]:
        for number in range(1, 4):
            samples = np.full((1, FRAME), 0.5, np.float32)
            yield SoundFrame(samples, number * FRAME_SECONDS, lost=number)


async def test_mutable_hands_out_silence_while_it_is_off_and_time_goes_on() -> None:
    microphone = Mutable(Tone())  # type: ignore[arg-type]
    loud, times, lost = [], [], []
    async for frame in microphone.frames():
        loud.append(bool(frame.samples.any()))
        times.append(frame.at)
        lost.append(frame.lost)
        microphone.muted = len(loud) == 1
    assert loud == [True, False, True]
    assert times == pytest.approx([FRAME_SECONDS * number for number in (1, 2, 3)])
    assert lost == [1, 2, 3]


async def test_silence_never_has_sound_nor_ends() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            async for _ in Silence(2).frames():
                raise AssertionError("it made a sound")


async def test_boot_without_a_voice_takes_typed_requests_and_says_why(tmp_path: Path) -> None:
    app = CockpitApp(quiet_settings(tmp_path), open_cockpit_vehicle)
    try:
        async with app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: app.state.typed_because)
            assert "cockpit models pull" in app.state.typed_because
            assert app.state.steps["speech"].state is StepState.FAILED
            assert app.cockpit is not None and app.cockpit.live is None
            app.ask("never mind")
            await until(pilot, lambda: app.state.last_turn and app.state.last_turn.turn)
    finally:
        await app.boot.close()


async def test_boot_names_what_loads_and_how_long_it_took(tmp_path: Path) -> None:
    app = CockpitApp(quiet_settings(tmp_path), open_cockpit_vehicle, listen=False, speak=False)
    try:
        async with app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: app.state.ready)
            assert "sentences" in app.state.steps
            assert {step.state for step in app.state.steps.values()} == {StepState.DONE}
    finally:
        await app.boot.close()


@pytest.mark.models
@pytest.mark.slow
async def test_boot_hears_the_wake_word_and_the_request_and_answers(tmp_path: Path) -> None:
    """The real engines on a recording: caption, turn and spoken reply come on the screen."""
    store = AssetStore.from_settings(AssetSettings())
    for asset in ("piper-en-us-joe", "whisper-tiny.en"):
        if not store.has(asset):
            pytest.skip(f"{asset} is not in the asset store (cockpit models pull {asset})")
    wav = tmp_path / "said.wav"
    async with PiperVoice(store.path("piper-en-us-joe")) as voice:
        write_wav(wav, await _recording(voice))
    quiet = quiet_settings(tmp_path).model_dump()
    settings = Settings.model_validate(
        {
            **quiet,
            "assets": {},
            "audio": {"input": str(wav), "output": str(tmp_path / "reply.wav")},
            # The end of speech is waited for in sound, which a busy machine hands over late.
            "listen": {"begin_within": 20},
        }
    )
    app = CockpitApp(settings, open_cockpit_vehicle)
    try:
        async with app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: app.state.listening is not None)
            await until(pilot, lambda: app.state.woken)
            await until(pilot, lambda: app.state.last_turn and app.state.last_turn.turn)
            turn = app.state.last_turn
            assert turn is not None and "window" in turn.utterance.text.lower()
            assert 0 < turn.utterance.confidence < 1
            await until(pilot, lambda: turn.reply is not None and turn.reply.ended)
            assert turn.reply is not None and turn.reply.heard == turn.reply_text
            assert turn.stages["first audio"] > 0
            assert app.state.engines["voice"].restarts == 0
            await until(pilot, lambda: app.state.typed_because)
            assert app.state.typed_because.startswith("The microphone's sound has ended.")
            app.ask("never mind")
            number = app.state.turns
            await until(pilot, lambda: app.state.turns > number)
    finally:
        await app.boot.close()


async def _recording(voice: PiperVoice) -> Audio:
    """Somebody calls the car and asks for something."""
    pieces = [np.zeros(2 * RATE, np.float32)]
    for text, pause in (("okay nabu", 0.8), ("open my window halfway", 6.0)):
        said = Audio.join([chunk async for chunk in voice.stream(text)]).resampled(RATE)
        pieces += [said.samples, np.zeros(round(pause * RATE), np.float32)]
    return Audio(np.concatenate(pieces), RATE)
