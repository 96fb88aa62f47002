"""How the windows skill's results are said."""

from __future__ import annotations

from skills.api import Result
from skills.api.skill import Render
from skills.phrasing import join, of_seats, openness, say, sentence
from skills.windows.functions import RoofState, WindowState
from skills.zones import Acted
from vehicle_bus.seats import Seat


def window_state(state: WindowState) -> str:
    """Which windows are open and how far."""
    by_position: dict[float, list[Seat]] = {}
    for seat, position in state.positions.items():
        by_position.setdefault(position, []).append(seat)
    closed = by_position.pop(0, [])
    parts = [
        f"{of_seats('window', seats, state.speaker, 'windows')} "
        f"{'are' if len(seats) > 1 else 'is'} {openness(position)}"
        for position, seats in sorted(by_position.items(), reverse=True)
    ]
    if closed and not parts:
        plural = "are" if len(closed) > 1 else "is"
        return sentence(f"{of_seats('window', closed, state.speaker, 'windows')} {plural} closed")
    if closed:
        rest = "the other one is" if len(closed) == 1 else "the others are"
        parts.append(f"{rest} closed")
    return sentence(join(parts))


def roof_state(state: RoofState) -> str:
    """How far sunroof and sunshade are open."""
    return sentence(
        join([f"the {part.value} is {openness(value)}" for part, value in state.positions.items()])
    )


REPLIES: dict[type[Result], Render] = {
    Acted: say,
    WindowState: window_state,
    RoofState: roof_state,
}
