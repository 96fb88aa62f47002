"""Media: sentences, functions and replies."""

from __future__ import annotations

import pytest

from skills.api import Status
from skills.media import SKILL
from skills.media import functions as media
from skills.media.functions import ACTION, VOLUME, Playback, Source
from tests.fakes.sentences import readings
from tests.fakes.vehicle import FakeVehicle, make_context


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("set the volume to 45 percent", "set_volume", {"percent": 45}),
        ("volume 20", "set_volume", {"percent": 20}),
        ("crank the music all the way up", "set_volume", {"percent": 100}),
        ("put the sound at half", "set_volume", {"percent": 50}),
        ("make it louder", "change_volume", {"by": 10}),
        ("turn the radio up a bit", "change_volume", {"by": 5}),
        ("decrease the volume by 20 percent", "change_volume", {"by": -20}),
        ("much quieter", "change_volume", {"by": -25}),
        ("pump up the tunes", "change_volume", {"by": 10}),
        ("the music is way too loud", "change_volume", {"by": -10}),
        ("i can barely hear the podcast", "change_volume", {"by": 10}),
        ("mute the radio", "mute", {}),
        ("sound off", "mute", {}),
        ("unmute it", "unmute", {}),
        ("turn the sound back on", "unmute", {}),
        ("play some music", "playback", {"action": Playback.PLAY}),
        ("stop the music", "playback", {"action": Playback.PAUSE}),
        ("skip this song", "playback", {"action": Playback.NEXT}),
        ("i do not like this song", "playback", {"action": Playback.NEXT}),
        ("go back to the last track", "playback", {"action": Playback.PREVIOUS}),
        ("fast forward", "playback", {"action": Playback.FORWARD}),
        ("switch to bluetooth", "set_source", {"source": Source.BLUETOOTH}),
        ("listen to dab radio", "set_source", {"source": Source.DAB}),
        ("what is this song called", "now_playing", {}),
        ("who sings this", "now_playing", {}),
        ("how loud is the music", "volume_state", {}),
    ],
)
def test_media_sentence_means_one_call(text: str, name: str, arguments: dict[str, object]) -> None:
    assert readings(SKILL, text) == [(f"media.{name}", arguments)]


async def test_media_volume_changes_relative_and_stops_at_the_top() -> None:
    vehicle = FakeVehicle()
    vehicle.state[VOLUME] = 95
    result = await media.change_volume(make_context(vehicle), 10)
    assert SKILL.replies[type(result)](result) == "The volume is now at 100 percent."


async def test_media_unmute_restores_the_volume() -> None:
    vehicle = FakeVehicle()
    vehicle.state[VOLUME] = 55
    context = make_context(vehicle)
    muted = await media.mute(context)
    assert vehicle.state[VOLUME] == 0
    assert SKILL.replies[type(muted)](muted) == "The sound is off."
    loud = await media.unmute(context)
    assert vehicle.state[VOLUME] == 55
    assert SKILL.replies[type(loud)](loud) == "The sound is on again, at 55 percent."


async def test_media_unmute_with_sound_on_is_already() -> None:
    result = await media.unmute(make_context())
    assert SKILL.replies[type(result)](result) == "The sound is already on, at 30 percent."


async def test_media_unmute_without_memory_takes_the_usual_volume() -> None:
    vehicle = FakeVehicle()
    vehicle.state[VOLUME] = 0
    await media.unmute(make_context(vehicle))
    assert vehicle.state[VOLUME] == media.USUAL_VOLUME


@pytest.mark.parametrize(
    ("action", "sent", "reply"),
    [
        (Playback.PLAY, "PLAY", "Playing."),
        (Playback.NEXT, "SKIP_FORWARD", "Next track."),
        (Playback.PREVIOUS, "SKIP_BACKWARD", "Previous track."),
    ],
)
async def test_media_playback_tells_the_player(action: Playback, sent: str, reply: str) -> None:
    vehicle = FakeVehicle()
    result = await media.playback(make_context(vehicle), action)
    assert vehicle.sent == [(ACTION, sent)]
    assert SKILL.replies[type(result)](result) == reply


async def test_media_player_that_does_not_answer_is_told() -> None:
    vehicle = FakeVehicle()
    vehicle.outcomes[ACTION] = (Status.FAILED, None)
    result = await media.playback(make_context(vehicle), Playback.PLAY)
    assert SKILL.replies[type(result)](result) == "The media player didn't react."


async def test_media_source_starts_to_play() -> None:
    vehicle = FakeVehicle()
    result = await media.set_source(make_context(vehicle), Source.BLUETOOTH)
    assert vehicle.state[ACTION] == "PLAY"
    assert SKILL.replies[type(result)](result) == "The media source is now set to Bluetooth."


async def test_media_now_playing_names_track_and_artist() -> None:
    vehicle = FakeVehicle()
    silent = await media.now_playing(make_context(vehicle))
    assert SKILL.replies[type(silent)](silent) == "Nothing is playing."
    vehicle.state[ACTION] = "PLAY"
    song = await media.now_playing(make_context(vehicle))
    assert SKILL.replies[type(song)](song) == "This is Yellow Submarine by The Beatles."
    vehicle.without("Played.Track")
    radio = await media.now_playing(make_context(vehicle))
    assert SKILL.replies[type(radio)](radio) == "FM radio is playing, but it doesn't say what."


async def test_media_volume_answer() -> None:
    state = await media.volume_state(make_context())
    assert SKILL.replies[type(state)](state) == "The volume is at 30 percent."
