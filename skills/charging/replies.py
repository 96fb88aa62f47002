"""How the charging skill's results are said."""

from __future__ import annotations

from skills.api import Result
from skills.api.skill import Render
from skills.charging.functions import ChargingState
from skills.phrasing import duration, number, percent, say, sentence
from skills.zones import Acted


def charging_state(state: ChargingState) -> str:
    """How charging stands."""
    limit = "" if state.limit is None else f", the limit is {percent(state.limit)}"
    if not state.charging:
        cable = {True: "The cable is connected, but it isn't charging.", False: ""}.get(
            bool(state.cable), ""
        )
        return f"{cable or 'It is not charging.'} The battery is at {percent(state.level)}{limit}."
    power = f" with {number(state.kilowatts)} kilowatts" if state.kilowatts else ""
    said = f"it's charging{power}: the battery is at {percent(state.level)}{limit}"
    if state.seconds_left:
        said += f", {duration(state.seconds_left)} to go"
    return sentence(said)


REPLIES: dict[type[Result], Render] = {Acted: say, ChargingState: charging_state}
