"""The live conversation with real engines in a room in memory: it answers, and never itself."""

from __future__ import annotations

import pytest

from cockpit.assets.store import AssetStore
from cockpit.evaluation.live import AUDIO, COMMAND, open_cabin, parked
from cockpit.evaluation.loopback import loop_back
from cockpit.evaluation.scenes import Kind, Scene
from cockpit.evaluation.soak import Soak, quick_cabin
from cockpit.evaluation.sounds import at_level, kitchen
from cockpit.evaluation.stand import recording, sentences_of
from cockpit.settings import PlannerChoice, Settings, load_settings
from cockpit.speech.audio import Audio

pytestmark = pytest.mark.models

SAID = "Turn on the hazard lights."
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"


@pytest.fixture(scope="module")
def settings() -> Settings:
    """The usual ones, without the language model; skips where a model is missing."""
    found = load_settings(environment={})
    store = AssetStore.from_settings(found.assets)
    for name in (found.speech.whisper_model, found.speech.voice):
        if not store.has(name):
            pytest.skip(f"{name} is not in the asset store (cockpit models pull {name})")
    pytest.importorskip("livekit", reason="the audio extra is not installed")
    pytest.importorskip("pymicro_wakeword", reason="the audio extra is not installed")
    agent = found.agent.model_copy(update={"planner": PlannerChoice.TEMPLATE})
    return found.model_copy(update={"agent": agent})


@pytest.mark.slow
async def test_car_that_answers_hears_nobody_in_its_own_voice(settings: Settings) -> None:
    # The answers that are read from the shopping list hold the wake words themselves.
    requests = [
        "What can you do?",
        "Add okay nabu to my shopping list.",
        "Put hey jarvis on my shopping list.",
        "What is on my shopping list?",
        "Open the trunk.",
        "No.",
    ]
    assert set(requests) <= set(sentences_of("answers", "soak.yaml"))
    async with quick_cabin(settings) as cabin:
        found = await loop_back(cabin, requests, len(requests), lambda done, of: None)
    assert found.answers == len(requests)
    assert found.seconds > 10
    assert found.total == 0, found.examples


async def test_car_without_echo_cancellation_interrupts_itself(settings: Settings) -> None:
    audio = settings.audio.model_copy(update={"echo_cancellation": False})
    deaf = settings.model_copy(update={"audio": audio})
    async with quick_cabin(deaf) as cabin:
        found = await loop_back(cabin, ["What can you do?"], 1, lambda done, of: None)
    assert found.heard and found.cut  # so the test above can fail


async def test_car_acts_when_called_and_not_when_others_talk(settings: Settings) -> None:
    async with quick_cabin(settings) as cabin:
        call = await recording(cabin.voice, "Okay Nabu.")
        request = await recording(cabin.voice, SAID, 1.06)
        talk = await recording(cabin.voice, "I told him that the window was open all night.")
        scenes = [
            Scene(Kind.TALK, Audio.join([talk, Audio.silence(1.0), request])),
            Scene(Kind.KITCHEN, at_level(kitchen(10.0), -25)),
            Scene(Kind.CALL, Audio.join([call, Audio.silence(0.2), request]), SAID),
        ]
        soak = Soak(cabin)
        await soak.run(iter(scenes), 1.0, lambda tally: None)
        on = cabin.car.snapshot()[HAZARD]
    tally = soak.tally
    assert on
    assert tally.scenes == {Kind.TALK: 1, Kind.KITCHEN: 1, Kind.CALL: 1}
    assert (tally.woken, tally.answered) == ({Kind.CALL: 1}, {Kind.CALL: 1})
    assert not tally.false_wakes and not tally.acted and not tally.spoken, tally.examples


async def test_car_answers_and_falls_silent_at_the_pace_of_real_sound(settings: Settings) -> None:
    async with open_cabin(settings, parked(), PlannerChoice.TEMPLATE) as cabin:
        meant = await cabin.typed(SAID)
        turn = await cabin.turn(SAID, await recording(cabin.voice, SAID))
        stop = await cabin.interrupt(await recording(cabin.voice, "Be quiet, please."), 1.0)
    assert turn is not None
    assert turn.commands == meant == {(HAZARD, True)}
    order = [turn.stages[name] for name in ("pause", "text", "plan", COMMAND)]
    assert order == sorted(order)
    assert 0 < turn.stages["pause"] < turn.stages["endpoint"] <= turn.stages[COMMAND]
    assert turn.stages[COMMAND] < turn.stages[AUDIO]
    assert not stop.itself
    assert stop.milliseconds is not None and stop.milliseconds > 0
