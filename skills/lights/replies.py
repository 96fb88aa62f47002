"""How the lights skill's results are said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from skills.api import Change, Result
from skills.api.skill import Render
from skills.lights.functions import Light, LightState
from skills.phrasing import color, join, say, say_names, sentence
from skills.zones import Acted

_ONE = {
    Light.LOW_BEAM: "the low beam is",
    Light.HIGH_BEAM: "the high beam is",
    Light.FOG: "the fog lights are",
    Light.HAZARDS: "the hazard lights are",
    Light.PARKING: "the parking lights are",
    Light.DOME: "the dome light is",
    Light.READING: "the reading lights are",
    Light.AMBIENT: "the ambient light is",
}


def acted(result: Acted) -> str:
    """Changes, without saying that a light is on whose colour or brightness was set."""
    return say(replace(result, changes=tuple(_telling(result.changes))))


def _telling(changes: tuple[Change, ...]) -> Iterable[Change]:
    fine = {change.path for change in changes if change.status.ok}
    for change in changes:
        lamp, _, leaf = change.path.rpartition(".")
        told = {f"{lamp}.Color", f"{lamp}.Intensity"} & fine
        if not (leaf == "IsLightOn" and told and change.status.ok):
            yield change


def light_state(state: LightState) -> str:
    """Which of the lights in question are on."""
    burning = [path for path, on in state.on.items() if on]
    if not burning:
        return sentence(f"{_ONE.get(state.light, 'all lights are')} off")
    if state.light in (Light.ALL, Light.FOG, Light.READING):
        noun = say_names(burning, state.speaker)
        plural = len(burning) > 1 or noun.endswith("lights")
        return sentence(f"{noun} {'are' if plural else 'is'} on")
    shades = f", in {join([color(code) for code in state.colors])}" if state.colors else ""
    return sentence(f"{_ONE[state.light]} on{shades if state.light is Light.AMBIENT else ''}")


REPLIES: dict[type[Result], Render] = {
    Acted: acted,
    LightState: light_state,
}
