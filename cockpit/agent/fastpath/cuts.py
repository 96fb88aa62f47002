"""Where a sentence may be cut into clauses: punctuation, "and", "then", "please"."""

from __future__ import annotations

from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.match import Chart

DEPENDING = frozenset(("if", "unless", "whenever", "when", "until", "while", "whilst"))
"""Begin what is no part of a name, and depends on something."""
_MARKED = frozenset(",.;?!")


class Cuts:
    """Finds them.

    Args:
        conversation: the phrases that cut, and those that only lead on.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._talk = conversation

    def past(self, chart: Chart, position: int) -> int:
        """The position behind punctuation and "and", "then", ..."""
        size = len(chart.keys)
        while position < size:
            if chart.keys[position] in _MARKED:
                position += 1
                continue
            end = max((end for end, _ in self._talk.cut.at(chart.keys, position)), default=None)
            if end is None or self._leads_on(chart, position, end):
                break
            position = end
        return position

    def _leads_on(self, chart: Chart, position: int, end: int) -> bool:
        """True for the "while" of "while i remember", which cuts nothing."""
        return chart.keys[position] in DEPENDING and any(
            stop > end for stop, _ in self._talk.skips.lead.at(chart.keys, position)
        )

    def at(self, chart: Chart, position: int) -> bool:
        """True where a clause may end: before a mark or "and", and at the end."""
        return position >= len(chart.keys) or self.past(chart, position) > position

    def stops(self, chart: Chart, start: int, most: int) -> list[int]:
        """The next places where a cut stands, the end of the sentence among them."""
        stops: list[int] = []
        position = start
        while position < len(chart.keys) and len(stops) < most:
            position += 1
            pleased = chart.keys[position - 1] == "please" and position > start + 1
            if pleased and not self.at(chart, position):
                stops.append(position)
            elif self.at(chart, position) and position > start:
                stops.append(position)
                position = max(position, self.past(chart, position) - 1)
        return stops

    @staticmethod
    def ends(chart: Chart, start: int, stop: int) -> list[int]:
        """Ends of a clause that leave trailing politeness out, the whole first."""
        return [
            end
            for end in range(stop, start, -1)
            if any(reached == stop for reached, _ in chart.tails(end))
        ]
