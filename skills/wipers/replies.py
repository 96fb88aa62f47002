"""How the wipers skill's results are said."""

from __future__ import annotations

from skills.api import Result
from skills.api.skill import Render
from skills.phrasing import WIPING, join, say, sentence
from skills.wipers.functions import Glass, Honked, MirrorState, WiperState
from skills.zones import Acted


def honked(result: Honked) -> str:
    """The horn itself was answer enough; its failure is not."""
    if result.status.ok:
        return "Beep!"
    reason = next((change.reason for change in result.changes if change.reason), None)
    return reason or "I couldn't sound the horn."


def wiper_state(state: WiperState) -> str:
    """What the wipers do."""
    name = "wipers are" if state.glass is Glass.FRONT else "rear wiper is"
    return f"The {name} {'off' if state.mode == 'OFF' else f'set to {WIPING[state.mode]}'}."


def mirror_state(state: MirrorState) -> str:
    """Folded or not, and the heating where it is on."""
    parts = []
    for word, sides in (
        ("folded", [side for side, folded in state.folded.items() if folded]),
        ("unfolded", [side for side, folded in state.folded.items() if not folded]),
    ):
        if len(sides) == 2:
            parts.append(f"both mirrors are {word}")
        elif sides:
            parts.append(f"the {sides[0]} mirror is {word}")
    heated = [side for side, on in state.heated.items() if on]
    if len(heated) == 2:
        parts.append("their heating is on")
    elif heated:
        parts.append(f"the {heated[0]} one is heated")
    return sentence(join(parts))


REPLIES: dict[type[Result], Render] = {
    Acted: say,
    Honked: honked,
    WiperState: wiper_state,
    MirrorState: mirror_state,
}
