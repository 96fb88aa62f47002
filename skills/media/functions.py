"""What the media skill can do: volume, playback and source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from skills.api import Context, Environment, Result, VehicleResult, function
from skills.zones import Acted, act, clamp, stepped

_MEDIA = "Vehicle.Cabin.Infotainment.Media"
VOLUME = f"{_MEDIA}.Volume"
ACTION = f"{_MEDIA}.Action"
SOURCE = f"{_MEDIA}.Played.Source"
USUAL_VOLUME = 30
"""Percent that "unmute" goes to where nothing is known of the volume before."""


class Playback(StrEnum):
    """What a player can be told."""

    PLAY = "play"
    PAUSE = "pause"
    NEXT = "next"
    PREVIOUS = "previous"
    FORWARD = "forward"
    REWIND = "rewind"

    @property
    def value_on_bus(self) -> str:
        """The VSS action."""
        return {
            "play": "PLAY",
            "pause": "STOP",
            "next": "SKIP_FORWARD",
            "previous": "SKIP_BACKWARD",
            "forward": "FAST_FORWARD",
            "rewind": "FAST_BACKWARD",
        }[self.value]


class Source(StrEnum):
    """Where the sound comes from."""

    FM = "fm"
    AM = "am"
    DAB = "dab"
    BLUETOOTH = "bluetooth"
    USB = "usb"
    AUX = "aux"
    CD = "cd"
    INTERNET = "internet"


class VolumeMemory:
    """The volume before "mute", for the length of a session."""

    def __init__(self) -> None:
        self.before_mute: int | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """A memory that knows nothing yet."""
        yield cls()


@dataclass(frozen=True)
class Muted(VehicleResult):
    """The sound was switched off, or on again to ``volume`` percent."""

    muted: bool
    volume: int


@dataclass(frozen=True)
class Played(VehicleResult):
    """The player was told something."""

    action: Playback


@dataclass(frozen=True)
class NowPlaying(Result):
    """What plays; empty texts where the player does not say."""

    playing: bool
    track: str
    artist: str
    album: str
    source: str


@dataclass(frozen=True)
class VolumeState(Result):
    """The volume in percent."""

    volume: float


@function()
async def set_volume(
    ctx: Context,
    percent: Annotated[int, Field(description="Volume in percent.", ge=0, le=100)],
) -> Acted:
    """Set the volume of music and radio."""
    return await act(ctx, {VOLUME: percent})


@function()
async def change_volume(
    ctx: Context,
    by: Annotated[int, Field(description="Percent; negative for quieter.", ge=-100, le=100)],
) -> Acted:
    """Make the sound louder or quieter."""
    return await act(ctx, stepped(ctx, [VOLUME], lambda now: int(clamp(now + by, 0, 100))))


@function()
async def mute(ctx: Context) -> Muted:
    """Switch the sound off until it is switched on again."""
    before = int(ctx.vehicle.number(VOLUME))
    if before:
        (await ctx.resources.get(VolumeMemory)).before_mute = before
    return Muted(await ctx.vehicle.apply({VOLUME: 0}), muted=True, volume=before)


@function()
async def unmute(ctx: Context) -> Muted:
    """Switch the sound on again, as loud as before."""
    memory = await ctx.resources.get(VolumeMemory)
    now = int(ctx.vehicle.number(VOLUME))
    volume = now or memory.before_mute or USUAL_VOLUME
    return Muted(await ctx.vehicle.apply({VOLUME: volume}), muted=False, volume=volume)


@function()
async def playback(
    ctx: Context,
    action: Annotated[Playback, Field(description="What the player shall do.")],
) -> Played:
    """Play, pause, skip to the next or previous track, wind forward or back."""
    return Played(await ctx.vehicle.apply({ACTION: action.value_on_bus}), action=action)


@function()
async def set_source(
    ctx: Context,
    source: Annotated[Source, Field(description="Radio band or connection.")],
) -> Acted:
    """Choose where the music comes from, and play it."""
    return await act(ctx, {SOURCE: source.value.upper(), ACTION: Playback.PLAY.value_on_bus})


@function(question=True)
async def now_playing(ctx: Context) -> NowPlaying:
    """Tell what is playing."""

    def text(leaf: str) -> str:
        path = f"{_MEDIA}.Played.{leaf}"
        return str(ctx.vehicle.read(path)) if ctx.vehicle.has(path) else ""

    action = ctx.vehicle.read(ACTION)
    return NowPlaying(
        playing=action not in ("STOP", "UNKNOWN"),
        track=text("Track"),
        artist=text("Artist"),
        album=text("Album"),
        source=text("Source"),
    )


@function(question=True)
async def volume_state(ctx: Context) -> VolumeState:
    """Tell the volume."""
    return VolumeState(ctx.vehicle.number(VOLUME))


FUNCTIONS = (
    set_volume,
    change_volume,
    mute,
    unmute,
    playback,
    set_source,
    now_playing,
    volume_state,
)
