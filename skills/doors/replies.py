"""How the doors skill's results are said."""

from __future__ import annotations

from skills.api import Result
from skills.api.skill import Render
from skills.doors.functions import DoorState, DoorTopic, LidState
from skills.phrasing import of_seats, say, sentence
from skills.zones import Acted
from vehicle_bus.seats import Seat

# topic: (what is said of those that are, of those that are not)
_WORDS = {
    DoorTopic.OPEN: ("open", "closed"),
    DoorTopic.LOCKED: ("locked", "unlocked"),
}


def _doors(seats: list[Seat], speaker: Seat) -> str:
    verb = "are" if len(seats) > 1 else "is"
    return f"{of_seats('door', seats, speaker, 'doors')} {verb}"


def door_state(state: DoorState) -> str:
    """Whether doors are open, locked or child-locked; the exceptions first."""
    yes = [seat for seat, value in state.doors.items() if value]
    no = [seat for seat, value in state.doors.items() if not value]
    if state.topic is DoorTopic.CHILD_LOCK:
        if not yes:
            return "The child lock is off."
        return sentence(f"the child lock is on at {of_seats('door', yes, None, 'doors')}")
    positive, negative = _WORDS[state.topic]
    if not no:
        return sentence(f"{_doors(yes, state.speaker)} {positive}")
    if not yes:
        return sentence(f"{_doors(no, state.speaker)} {negative}")
    # What stands out is the open door, and the one that is not locked.
    odd, word, rest = (
        (yes, positive, negative) if state.topic is DoorTopic.OPEN else (no, negative, positive)
    )
    others = "the other one is" if len(state.doors) - len(odd) == 1 else "the others are"
    return sentence(f"{_doors(odd, state.speaker)} {word}, {others} {rest}")


def lid_state(state: LidState) -> str:
    """Whether the trunk is open."""
    name = state.lid.value.replace("_", " ")
    return f"The {name} is {'open' if state.is_open else 'closed'}."


REPLIES: dict[type[Result], Render] = {
    Acted: say,
    DoorState: door_state,
    LidState: lid_state,
}
