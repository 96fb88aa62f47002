"""The dashboard's own themes, one dark and one light; textual's can be chosen, too."""

from __future__ import annotations

from typing import Final

from textual.color import Color
from textual.theme import Theme

DARK: Final = Theme(
    name="cockpit-dark",
    primary="#5cc8ff",
    secondary="#8b9dff",
    accent="#ffb454",
    foreground="#d7dee8",
    background="#0b0f14",
    surface="#111820",
    panel="#18222d",
    success="#5fd38d",
    warning="#ffcc5c",
    error="#ff6b6b",
    dark=True,
    variables={
        "border": "#2a3a4a",
        "border-blurred": "#22303d",
        "footer-key-foreground": "#5cc8ff",
        "footer-background": "#0b0f14",
        "footer-description-foreground": "#8494a6",
        "input-selection-background": "#5cc8ff 35%",
        "block-cursor-text-style": "none",
        "block-cursor-background": "#24506a",
        "block-cursor-foreground": "#ffffff",
        "scrollbar": "#2a3a4a",
        "scrollbar-background": "#111820",
    },
)

LIGHT: Final = Theme(
    name="cockpit-light",
    primary="#00659c",
    secondary="#4c50b8",
    accent="#a84f00",
    foreground="#1c2530",
    background="#f3f5f7",
    surface="#fbfcfd",
    panel="#e6eaee",
    success="#1a7a3c",
    warning="#8a5a00",
    error="#b3261e",
    dark=False,
    variables={
        "border": "#b9c4cf",
        "border-blurred": "#d3dae1",
        "footer-key-foreground": "#00659c",
        "footer-background": "#f3f5f7",
        "footer-description-foreground": "#55626f",
        "input-selection-background": "#00659c 25%",
        "block-cursor-text-style": "none",
        "block-cursor-background": "#bfdcec",
        "block-cursor-foreground": "#10202c",
        "scrollbar": "#b9c4cf",
        "scrollbar-background": "#e6eaee",
    },
)

THEMES: Final = (DARK, LIGHT)


def concrete(variables: dict[str, str]) -> dict[str, str]:
    """A theme's variables with muted text in a colour of its own.

    Textual's is "60 % of whatever stands out from the background", which it knows in CSS only;
    in the middle of a text it comes out brighter than the rest.
    """
    foreground = Color.parse(variables["foreground"])
    background = Color.parse(variables["surface"])
    return variables | {
        "text-muted": foreground.blend(background, 0.38).hex6,
        "text-disabled": foreground.blend(background, 0.6).hex6,
    }


def other(name: str) -> str:
    """The light one for the dark one and for any other, and the other way round."""
    return LIGHT.name if name != LIGHT.name else DARK.name
