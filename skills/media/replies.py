"""How the media skill's results are said."""

from __future__ import annotations

from dataclasses import replace

from skills.api import Result, Status
from skills.api.skill import Render
from skills.media.functions import ACTION, Muted, NowPlaying, Playback, Played, VolumeState
from skills.phrasing import percent, say, source
from skills.zones import Acted

_DONE = {
    Playback.PLAY: "Playing.",
    Playback.PAUSE: "Paused.",
    Playback.NEXT: "Next track.",
    Playback.PREVIOUS: "Previous track.",
    Playback.FORWARD: "Winding forward.",
    Playback.REWIND: "Rewinding.",
}
_ALREADY = {
    Playback.PLAY: "It's already playing.",
    Playback.PAUSE: "Nothing is playing.",
}


def acted(result: Acted) -> str:
    """Volume and source; that the chosen source plays goes without saying."""
    told = tuple(
        change for change in result.changes if change.path != ACTION or not change.status.ok
    )
    return say(replace(result, changes=told))


def muted(result: Muted) -> str:
    """Mute and unmute."""
    match result.status:
        case Status.ALREADY if result.muted:
            return "The sound is already off."
        case Status.ALREADY:
            return f"The sound is already on, at {percent(result.volume)}."
        case status if status.ok and result.muted:
            return "The sound is off."
        case status if status.ok:
            return f"The sound is on again, at {percent(result.volume)}."
        case _:
            return say(result)


def played(result: Played) -> str:
    """What the player was told."""
    if result.status is Status.ALREADY:
        return _ALREADY.get(result.action, _DONE[result.action])
    if result.status.ok:
        return _DONE[result.action]
    reason = next((change.reason for change in result.changes if change.reason), None)
    return reason or "The media player didn't react."


def now_playing(result: NowPlaying) -> str:
    """Track and artist as far as known."""
    if not result.playing:
        return "Nothing is playing."
    if result.track and result.artist:
        return f"This is {result.track} by {result.artist}."
    if result.track:
        return f"This is {result.track}."
    if result.source and result.source != "UNKNOWN":
        return f"{source(result.source)} is playing, but it doesn't say what."
    return "Something is playing, but the player doesn't say what."


def volume_state(result: VolumeState) -> str:
    """The volume."""
    return f"The volume is at {percent(result.volume)}."


REPLIES: dict[type[Result], Render] = {
    Acted: acted,
    Muted: muted,
    Played: played,
    NowPlaying: now_playing,
    VolumeState: volume_state,
}
