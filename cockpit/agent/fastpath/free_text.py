"""Free text of a template: whether it names a thing, or holds what is rather a command."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.agent.fastpath.clauses import Role
from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.cuts import DEPENDING, Cuts
from cockpit.agent.fastpath.ellipsis import BEYOND_US, Filler
from cockpit.agent.fastpath.match import Chart, Match, Piece

TELLING = frozenset(("i", "we", "he", "she", "they"))
"""Begin "we just got | off the motorway", "I've got | my hands full"."""
# What free text does not begin with behind them.
_NO_THINGS = frozenset(
    (
        *("off", "up", "in", "into", "out", "on", "down", "away", "back", "my", "our", "to"),
        *("here", "there", "from", "at", "it", "used", "stuck", "lost", "very", "too", "so"),
        *("really", "a", "this", "that", "him", "her", "them", "you", "us", "married", "ready"),
        *("home", "no"),
    )
)
_ORDERS = frozenset(("turn", "switch", "set", "open", "close", "shut", "lock", "unlock", "put"))
# Rule of skills/common.yaml, and the words that a bare "but" needs before it.
_EXCEPT = "except"
_WHOLE = frozenset(("all", "every", "each", "everyone", "everybody", "everything", "everywhere"))
_BY_WAY = (("via",), ("by", "way", "of"), ("stopping", "at"), ("with", "a", "stop"))
_TRAILING = frozenset(("again", "too", "also", "away", "there", "one", "ones", "all", "list"))


class FreeText:
    """Judges it.

    Args:
        conversation: word classes.
        imperatives: words that begin a command.
        filler: knows what pronouns may stand for.
        cuts: where clauses end.
    """

    def __init__(
        self,
        conversation: Conversation,
        imperatives: Collection[str],
        filler: Filler,
        cuts: Cuts,
    ) -> None:
        self._talk = conversation
        self._imperatives = frozenset(imperatives)
        self._filler = filler
        self._cuts = cuts

    def misread(self, chart: Chart, match: Match) -> bool:
        """True where a template takes for a name what is none."""
        return (
            self._is_told(chart, match)
            or any(self._is_pronoun(chart, one) or _goes_by(chart, one) for one in match.free)
            or self._asks_for_more(chart, match)
            or self._is_contrast(chart, match)
        )

    def swallows(self, chart: Chart, match: Match, role: Role) -> bool:
        """True where free text holds a command that would be understood by itself.

        What is beyond us may hold words of ours ("a poem about opening the window").
        """
        for piece in match.free:
            for position in range(piece.start, piece.end):
                if position > piece.start and self._goes_on(chart, position, role):
                    return True
                # "A story then close the roof": the cut before it may have been passed over.
                passed = (
                    position == piece.start and self._cuts.past(chart, position - 1) >= position
                )
                after_cut = passed or self._cuts.past(chart, position) > position
                if position == piece.start and not after_cut:
                    continue
                begin = max(position, self._cuts.past(chart, position))
                if begin >= piece.end or (role is Role.UNKNOWN and not after_cut):
                    continue
                if self._commands_at(chart, begin, piece.end, after_cut=after_cut):
                    return True
        return False

    def _goes_on(self, chart: Chart, position: int, role: Role) -> bool:
        """True where free text goes on with what else is to be done, or when.

        "Home | and text my wife", "the hotel | if there is no traffic".
        """
        key = chart.keys[position]
        if role not in (Role.COMMAND, Role.INDIRECT):
            return role is Role.ASIDE and key in ("if", "unless", "whenever")
        if key in DEPENDING:
            return True
        ordered = key in self._imperatives or key in BEYOND_US
        return ordered and self._cuts.past(chart, position - 1) >= position

    def _asks_for_more(self, chart: Chart, match: Match) -> bool:
        """ "Remind me what is | on my list" names no thing: free text that begins a wish."""
        begin = next((piece.start for piece in match.free if piece.start == match.start), None)
        return (
            begin is not None
            and "role" not in match.template.metadata
            and (
                chart.keys[begin] in BEYOND_US
                or chart.keys[begin] in self._talk.questions
                or self.about_it(chart, begin)
            )
        )

    def _is_pronoun(self, chart: Chart, piece: Piece) -> bool:
        """ "Take | it off" names no thing."""
        keys = chart.keys[piece.start : piece.end]
        return keys[0] in self._talk.pronouns and all(
            key in self._talk.pronouns or key in self._talk.noun_ends or key in _TRAILING
            for key in keys[1:]
        )

    @staticmethod
    def _is_contrast(chart: Chart, match: Match) -> bool:
        """ "The seat heating but the driver's ..." goes on; only "all but" leaves somebody out."""
        return any(
            piece.network.name == _EXCEPT
            and chart.keys[piece.start] == "but"
            and not _WHOLE & set(chart.keys[match.start : piece.start])
            for piece in match.pieces
        )

    @staticmethod
    def _is_told(chart: Chart, match: Match) -> bool:
        """ "We just got | off the motorway" puts nothing on a list."""
        return (
            chart.keys[match.start] in TELLING
            and any(chart.keys[piece.start] in _NO_THINGS for piece in match.free)
            and "role" not in match.template.metadata
        )

    def _commands_at(self, chart: Chart, begin: int, end: int, *, after_cut: bool) -> bool:
        least = 2 if after_cut else 3
        for found in self.bare(chart, begin):
            if found.end - found.start < least:
                continue
            orders = after_cut or (found.start < end - 3 and chart.keys[found.start] in _ORDERS)
            if found.end == end or (orders and self._cuts.at(chart, found.end)):
                return True
        return False

    def bare(self, chart: Chart, begin: int) -> list[Match]:
        """Direct commands and questions at a position, without free text."""
        return [
            match
            for match in chart.matches(begin)
            if not match.free
            and "role" not in match.template.metadata
            and not match.template.metadata.get("indirect")
            and not match.template.metadata.get("elliptic")
        ]

    def about_it(self, chart: Chart, place: int) -> bool:
        """ "... left the roof open | close it": a verb and what was named before."""
        keys = chart.keys[place : place + 2]
        return (
            len(keys) > 1
            and keys[0] in self._imperatives
            and keys[1] in self._talk.pronouns
            and self._filler.pronouns(chart.tokens[place : place + 3])[:1] == [1]
        )


def _goes_by(chart: Chart, piece: Piece) -> bool:
    """ "The airport via the bakery" is no name of one place."""
    keys = chart.keys[piece.start + 1 : piece.end - 1]
    return any(keys[at : at + len(by)] == by for by in _BY_WAY for at in range(len(keys)))
