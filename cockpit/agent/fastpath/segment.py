"""Cutting a sentence into clauses.

A beam search from left to right over every place where a clause may end. A reading counts only
where its clauses explain every word; the cheapest wins: few clauses, templates' own words before
free text, little that had to be filled in or thrown away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cockpit.agent.fastpath.clauses import CLAUSE_COST, Clause, Reading, Role
from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.cuts import Cuts
from cockpit.agent.fastpath.ellipsis import LONGEST, Filler
from cockpit.agent.fastpath.free_text import TELLING, FreeText
from cockpit.agent.fastpath.grammar import Grammar
from cockpit.agent.fastpath.match import Chart, Charts, Match, moved
from cockpit.agent.fastpath.normalise import Token
from cockpit.agent.fastpath.permissions import endings, openings
from cockpit.agent.fastpath.statements import RUNNING_ON, STATEMENT, is_statement
from cockpit.agent.plan import Call

_BEAM = 6  # readings kept per position
_PER_END = 4  # templates kept per start and end
_PLAIN_PRONOUN = 0.3  # "it" taken as the template means it though something was named before
_ELLIPTIC = 0.15
_NAMED = 0.8  # a thing that is only named, behind a verb
_NAME = 5  # words of it
_BEYOND = 0.7  # a value that its function does not take
_LEANING = 1.5
_OTHER_FUNCTION = 0.5  # a short form of another function than the one just named
_ASKING_FOR = frozenset(("want", "need", "would", "will", "have", "must", "should", "am", "could"))
# "... outside | high beams on": words that end a statement.
_CLOSERS = frozenset(
    ("outside", "here", "today", "inside", "there", "tonight", "already", "again", "out", "now")
)
_PUT_OFF = frozenset(("tomorrow", "tonight", "later", "next"))
_POLITE = frozenset(("can", "could", "would", "will", "please", "so", "let", "go"))
_PERMISSION = 1.35
_AMENDED = 0.4
_AMENDMENT = 5  # words
_STATEMENT = 0.6  # on top of an aside that a template knows
_STATEMENT_WORD = 0.08
_COMPLETE = 1.4
_INCOMPLETE = 0.6  # the function will have to ask
_NEGATIVE = frozenset(("not", "never", "nobody", "without"))
_ONE_VALUE = 0.55  # what sharing costs less, where a value would be lost otherwise


class Segmenter:
    """Finds the readings of token sequences.

    Args:
        grammar: of all skills and of conversation.yaml.
        conversation: phrases and word classes.
        questions: functions that only read and answer.
        verbs: canonical words that begin a command.
        required: arguments that a function cannot do without.
        limits: of numbers, by function and argument.

    Attributes:
        cuts: where clauses may end.
    """

    def __init__(
        self,
        grammar: Grammar,
        conversation: Conversation,
        questions: Collection[str],
        verbs: Collection[str],
        required: Mapping[str, frozenset[str]],
        limits: Mapping[str, Mapping[str, tuple[float, float]]],
    ) -> None:
        self._required = required
        self._limits = limits
        self._grammar = grammar
        self._talk = conversation
        self._questions = frozenset(questions)
        self._imperatives = frozenset(verbs) | conversation.verbs
        self._charts = Charts(grammar, conversation.skips)
        self._filler = Filler(self._charts, conversation, grammar, verbs, questions)
        self.cuts = Cuts(conversation)
        self._free = FreeText(conversation, self._imperatives, self._filler, self.cuts)

    @property
    def filler(self) -> Filler:
        """What fills in the words that a clause leaves out."""
        return self._filler

    def begins_command(self, token: Token) -> bool:
        """True for a word that a command may begin with."""
        return token.key in self._imperatives or token.key in _POLITE

    def chart(self, tokens: Sequence[Token]) -> Chart:
        """The chart of a token sequence."""
        return self._charts.of(tokens)

    def read(
        self, tokens: Sequence[Token], before: tuple[Clause, ...] = (), skill: str | None = None
    ) -> Reading | None:
        """The best reading that explains all tokens, or None.

        Args:
            before: clauses of the turn before, for what is left out here.
            skill: of the last call, for elliptic templates.
        """
        found = self._search(tokens, before, skill, filling=False)
        if found is not None and not self._wants_filling(found, before):
            return found
        filled = self._search(tokens, before, skill, filling=True)
        if filled is None or (found is not None and found.cost <= filled.cost):
            return found
        return filled

    def furthest(self, tokens: Sequence[Token]) -> Reading:
        """The reading that explains most from the start, for the inspector."""
        return max(self._all(tokens, (), None, filling=False), key=lambda r: (r.position, -r.cost))

    def _wants_filling(self, reading: Reading, before: tuple[Clause, ...]) -> bool:
        """True where something may lean on what was named before."""
        named = bool(before)
        for place, clause in enumerate(reading.clauses):
            if (
                place
                and clause.acts
                and (
                    self._beyond(clause.call)
                    or self._only_names(Reading(reading.clauses[:place]), clause)
                )
            ):
                return True
            if place and self._may_share(reading.clauses[place - 1], clause):
                return True
            if clause.role is Role.UNKNOWN and clause.match.free:
                return True  # it may be a question of ours in other words
            if named and clause.acts and self._filler.pronouns(clause.tokens):
                return True
            if clause.cost > _LEANING and clause.match.template.metadata.get("elliptic"):
                return True
            if named and clause.role is Role.ASIDE and clause.tokens[0].key == "as":
                return True  # "... as well | as the mirrors"
            named = True
        return False

    def _search(
        self,
        tokens: Sequence[Token],
        before: tuple[Clause, ...],
        skill: str | None,
        *,
        filling: bool,
    ) -> Reading | None:
        size = len(tokens)
        whole = [
            reading
            for reading in self._all(tokens, before, skill, filling=filling)
            if reading.position == size and self._sound(reading)
        ]
        return min(whole, key=lambda reading: reading.cost, default=None)

    @staticmethod
    def _sound(reading: Reading) -> bool:
        """An aside explains only beside something that is to be done."""
        roles = {clause.role for clause in reading.clauses}
        if Role.ASIDE in roles:
            return bool(roles & {Role.COMMAND, Role.INDIRECT})
        return bool(roles)

    def _all(
        self,
        tokens: Sequence[Token],
        before: tuple[Clause, ...],
        skill: str | None,
        *,
        filling: bool,
    ) -> list[Reading]:
        chart = self.chart(tokens)
        size = len(tokens)
        beams: list[list[Reading]] = [[] for _ in range(size + 1)]
        beams[0].append(Reading())
        done: list[Reading] = []
        for position in range(size + 1):
            beam = sorted(beams[position], key=lambda reading: reading.cost)[:_BEAM]
            if not beam:
                continue
            start = self.cuts.past(chart, position)
            if start >= size:
                done.extend(
                    Reading(reading.clauses, reading.cost, size, reading.gaps) for reading in beam
                )
                continue
            done.extend(beam)
            for reading in beam:
                cut = position == 0 or start > position
                for further in self._expand(
                    chart, reading, start, cut=cut, before=before, skill=skill, filling=filling
                ):
                    beams[further.position].append(further)
        return done

    # -- one step -------------------------------------------------------------------------

    def _expand(
        self,
        chart: Chart,
        reading: Reading,
        start: int,
        *,
        cut: bool,
        before: tuple[Clause, ...],
        skill: str | None,
        filling: bool,
    ) -> Iterable[Reading]:
        named = before + reading.clauses
        by_end: dict[int, list[Clause]] = {}
        said: set[int] = set()  # cuts up to which nothing needs to be filled in
        for match in chart.matches(start):
            clause = self._clause(chart, match, start, named, skill, cut=cut)
            if clause is not None and (cut or self._may_follow(reading, clause)):
                if self._only_names(reading, clause):
                    clause = clause.costing(clause.cost + _NAMED)
                by_end.setdefault(match.end, []).append(clause)
        for end, clauses in by_end.items():
            clauses.sort(key=lambda clause: clause.cost)
            for stop, more in chart.tails(end):
                at_cut = self.cuts.at(chart, stop)
                for clause in clauses[:_PER_END]:
                    if not at_cut and stop == end and not self._may_run_on(clause):
                        continue
                    if chart.keys[stop : stop + 1] == ("?",) and not self._may_be_asked(
                        chart, clause, start
                    ):
                        continue
                    costly = clause.costing(clause.cost + more)
                    if at_cut and self._complete(costly):
                        said.add(stop)
                    yield reading.and_then(costly, end=stop, gap=not at_cut)
        yield from self._negations(chart, reading, start)
        if cut:
            yield from self._permissions(chart, reading, start)
        if filling and (cut or self._may_explain(chart, reading, start)):
            yield from self._statements(chart, reading, start)
        aside = bool(reading.clauses) and reading.clauses[-1].role is Role.ASIDE
        if not filling or not (cut or (aside and self._free.about_it(chart, start))):
            return
        for stop in self.cuts.stops(chart, start, 3):
            if stop - start > LONGEST:
                break
            if stop in said:
                continue
            for end in self.cuts.ends(chart, start, stop):
                span = chart.tokens[start:end]
                asked = chart.keys[stop : stop + 1] == ("?",)
                listed = any(clause.role is Role.COMMAND for clause in reading.clauses)
                found = self._filler.alone(span, asked=asked, listed=listed) or self._filler.filled(
                    span, named
                )
                if found:
                    yield reading.and_then(*found[:1], end=stop)
                    break
        yield from self._shared(chart, reading, start)
        yield from self._amended(chart, reading, start)

    def _amended(self, chart: Chart, reading: Reading, start: int) -> Iterable[Reading]:
        """ "Heat my seat, level one": what follows completes the clause before it."""
        last = reading.clauses[-1] if reading.clauses else None
        if last is None or last.role is not Role.COMMAND or last.how != "said":
            return
        if chart.keys[start] in self._imperatives or chart.keys[start] in self._talk.questions:
            return
        for stop in self.cuts.stops(chart, start, 1):
            for end in self.cuts.ends(chart, start, stop):
                if end - start > _AMENDMENT:
                    continue
                words = (*last.tokens, *chart.tokens[start:end])
                found = self._filler.command(words, _AMENDED, "amended")
                if found is None or found.match.template.intent != last.match.template.intent:
                    continue
                if found.call == last.call:
                    continue
                cost = reading.cost - last.cost + found.cost
                yield Reading((*reading.clauses[:-1], found), cost, stop, reading.gaps)
                break

    def _clause(
        self,
        chart: Chart,
        match: Match,
        start: int,
        named: tuple[Clause, ...],
        skill: str | None,
        *,
        cut: bool,
    ) -> Clause | None:
        metadata = match.template.metadata
        role = Role(
            metadata.get("role", Role.INDIRECT if metadata.get("indirect") else Role.COMMAND)
        )
        own = match.template.intent.partition(".")[0]
        more = 0.0
        if metadata.get("elliptic"):
            last = next((clause for clause in reversed(named) if clause.acts), None)
            known = last.skill if last is not None else skill
            if known != own or not cut:
                return None
            same = last is not None and last.match.template.intent == match.template.intent
            more = _ELLIPTIC - (0.05 if same else 0.0)
            if last is not None and not same:
                more += _OTHER_FUNCTION
        if self._free.misread(chart, match):
            return None
        words = chart.keys[match.start : match.end]
        if role is Role.ASIDE and words[0] == "before" and _PUT_OFF & set(words):
            return None
        if metadata.get("first") and any(clause.acts for clause in named):
            return None
        told = role is Role.COMMAND and match.free and chart.keys[match.start] in TELLING
        if told and chart.keys[match.start + 1] not in _ASKING_FOR:
            role = Role.INDIRECT  # "we just picked up grandma" is rather no shopping
        if match.free and not metadata.get("whole") and self._free.swallows(chart, match, role):
            return None
        cost = CLAUSE_COST[role] + match.cost + float(metadata.get("cost", 0.0)) + more
        if self._required.get(match.template.intent, frozenset()) - match.arguments.keys():
            cost += _INCOMPLETE
        tokens = chart.tokens[match.start : match.end]
        found = Clause(role, tokens, moved(match, -match.start), cost)
        if role is Role.COMMAND and self._beyond(found.call):
            cost += _BEYOND
        if (
            role is Role.COMMAND
            and named
            and self._filler.pronouns(tokens)
            and named[-1].skill != own
        ):
            cost += _PLAIN_PRONOUN
        return found.costing(cost)

    def _beyond(self, call: Call) -> bool:
        """True where a number is beyond what its function takes: rather something else is meant."""
        limits = self._limits.get(call.function)
        return limits is not None and any(
            isinstance(value, int | float) and not low <= value <= high
            for name, value in call.arguments.items()
            if name in limits
            for low, high in (limits[name],)
        )

    def _only_names(self, reading: Reading, clause: Clause) -> bool:
        """Whether a verb said before may go on: "turn off the ac and | the rear defroster"."""
        last = reading.clauses[-1] if reading.clauses else None
        if last is None or last.role is not Role.COMMAND or clause.role is not Role.COMMAND:
            return False
        if last.tokens[0].key not in self._imperatives:
            return False
        keys = {token.key for token in clause.tokens}
        return (
            clause.tokens[0].key not in self._imperatives
            and not keys & (self._talk.states | self._talk.questions)
            and all(piece.slot in (None, "where", "which") for piece in clause.match.pieces)
            and all(token.number is None for token in clause.tokens)
            and isinstance(clause.match.template.slots.get("on", True), bool)
            and len(clause.tokens) <= _NAME
        )

    def _may_follow(self, reading: Reading, clause: Clause) -> bool:
        """Whether a clause may begin where nothing separates it from the one before.

        Behind a statement only what begins as a command does: "it is dark turn on the light",
        but not "he always leaves | the window open".
        """
        last = reading.clauses[-1].role
        if last is Role.UNKNOWN:
            return False  # "remind me to | close the roof" is one wish
        first = clause.tokens[0].key
        if clause.acts and len(clause.tokens) == 1:
            return False  # "turn on the ac next | time"
        begins = first in self._imperatives or first in self._talk.questions or first in _POLITE
        if clause.acts and clause.match.free and not begins:
            return False  # "cool down | the drinks in the trunk"
        if reading.clauses[-1].match.template.intent in self._questions:
            # "What is the status | of the order I placed" is another question, and so is
            # "how long will it | take me to pay this off".
            return (
                clause.role is Role.COMMAND
                and not clause.match.free
                and (first in self._imperatives or first in self._talk.questions)
            )
        if last not in (Role.ASIDE, Role.INDIRECT, Role.NEGATED):
            return True
        if any(token.key in _NEGATIVE for token in reading.clauses[-1].tokens[-3:]):
            return False  # "i do not | want the window open"
        if last is Role.ASIDE and reading.clauses[-1].tokens[-1].key in _CLOSERS:
            return True
        return clause.role is not Role.COMMAND or clause.tokens[0].key in self._imperatives

    def _complete(self, clause: Clause) -> bool:
        return (
            clause.role not in (Role.ASIDE, Role.NEGATED)
            and clause.cost < _COMPLETE
            and not self._filler.pronouns(clause.tokens)
        )

    def _may_run_on(self, clause: Clause) -> bool:
        """Whether the next clause may follow without "and" or punctuation (recognised speech)."""
        if clause.role is Role.UNKNOWN:
            return False
        return not clause.match.template.metadata.get("elliptic") and (
            len(clause.tokens) > 1 or clause.role is Role.TALK
        )

    def _may_be_asked(self, chart: Chart, clause: Clause, start: int) -> bool:
        """ "The window open?" is a question; "open the window?" and "can you ..." are not."""
        if clause.role is not Role.COMMAND or clause.match.template.intent in self._questions:
            return True
        keys = [token.key for token in clause.tokens]
        polite = any(key in self._talk.questions for key in chart.keys[start:][:2])
        return keys[0] in self._imperatives or polite or keys[-1] not in self._talk.states

    # -- refusals -------------------------------------------------------------------------

    def _negations(self, chart: Chart, reading: Reading, start: int) -> Iterable[Reading]:
        """ "Do not open the window": explained, and not done."""
        size = len(chart.keys)
        seen: set[int] = set()
        for place, cost in chart.leads(start):
            if place >= size:
                continue
            for begin, _ in self._talk.negation.at(chart.keys, place):
                if begin >= size or begin in seen:
                    continue
                seen.add(begin)
                for match in chart.matches(begin):
                    if "role" in match.template.metadata or match.free:
                        continue
                    clause = Clause(
                        Role.NEGATED,
                        chart.tokens[match.start : match.end],
                        moved(match, -match.start),
                        CLAUSE_COST[Role.NEGATED] + match.cost + cost,
                    )
                    for stop, more in chart.tails(match.end):
                        at_cut = self.cuts.at(chart, stop)
                        costly = clause.costing(clause.cost + more)
                        yield reading.and_then(costly, end=stop, gap=not at_cut)

    # -- what asks for nothing ------------------------------------------------------------

    def _permissions(self, chart: Chart, reading: Reading, start: int) -> Iterable[Reading]:
        """ "If you have to close the windows for that", "open the shade first if necessary"."""
        begins = [(begin, True) for begin in openings(chart.keys, start)]
        if "if" not in chart.keys[start:] and not begins:
            return
        for begin, opened in [*begins, (start, False)]:
            if begin >= len(chart.keys):
                continue
            for match in self._free.bare(chart, begin):
                for reached, _ in chart.tails(match.end):
                    for end in endings(chart.keys, reached, opened=opened):
                        clause = Clause(
                            Role.ASIDE,
                            chart.tokens[match.start : match.end],
                            moved(match, -match.start),
                            _PERMISSION + match.cost,
                        )
                        at_cut = self.cuts.at(chart, end)
                        yield reading.and_then(clause, end=end, gap=not at_cut)

    def _may_explain(self, chart: Chart, reading: Reading, start: int) -> bool:
        """Whether a statement may follow a command at once: "... I can hardly see the road"."""
        return (
            bool(reading.clauses)
            and reading.clauses[-1].acts
            and reading.clauses[-1].match.template.intent not in self._questions
            and start < len(chart.keys)
            and chart.keys[start] in RUNNING_ON
        )

    def _statements(self, chart: Chart, reading: Reading, start: int) -> Iterable[Reading]:
        """ "We just left the motorway": see ``statements``."""
        behind = any(clause.acts for clause in reading.clauses)
        for begin in dict.fromkeys((start, *(place for place, _ in chart.leads(start)))):
            ends = self._statement_ends(chart, begin)
            for end in ends:
                words = tuple(token for token in chart.tokens[begin:end] if not token.mark)
                if not is_statement(words, behind=behind) or self._orders(chart, begin, end):
                    continue
                match = Match(STATEMENT, 0, len(words), 0.0, ())
                cost = CLAUSE_COST[Role.ASIDE] + _STATEMENT + _STATEMENT_WORD * len(words)
                clause = Clause(Role.ASIDE, words, match, cost)
                yield reading.and_then(clause, end=end, gap=not self.cuts.at(chart, end))

    def _statement_ends(self, chart: Chart, begin: int) -> list[int]:
        """Cuts up to the end of the sentence, and places where a command begins."""
        ends: list[int] = []
        for end in range(begin + 3, min(len(chart.keys), begin + 24) + 1):
            if self.cuts.at(chart, end):
                if chart.keys[end : end + 1] != ("?",):
                    ends.append(end)
                if end < len(chart.keys) and chart.keys[end] in ".;?!":
                    break
            elif (
                (chart.keys[end] in self._imperatives or chart.keys[end] in _POLITE)
                and self._orders(chart, end - 1, None)
            ) or (
                chart.keys[end - 1] in _CLOSERS
                and any(
                    found.end - found.start > 1 and self.cuts.at(chart, found.end)
                    for found in self._free.bare(chart, end)
                )
            ):
                ends.append(end)
        return ends

    def _orders(self, chart: Chart, begin: int, end: int | None) -> bool:
        """True where a command stands behind the first of these words, or right there."""
        last = len(chart.keys) if end is None else end
        places = range(begin + 1, begin + 2 if end is None else last - 1)
        if end is None and self._free.about_it(chart, begin + 1):
            return True
        return any(
            (
                chart.keys[place] in self._imperatives
                or (end is None and chart.keys[place] in _POLITE)
            )
            and any(
                found.end - found.start > 1 and found.end <= last
                for found in self._free.bare(chart, place)
            )
            for place in places
        )

    def _may_share(self, before: Clause, clause: Clause) -> bool:
        """The same is done to another thing, and only here it is said how far."""
        return (
            before.acts
            and before.match.template.intent == clause.match.template.intent
            and _said(before) < _said(clause)
            and clause.tokens[0].key not in self._imperatives
        )

    def _one_value(self, spans: Sequence[tuple[Token, ...]], clauses: Sequence[Clause]) -> bool:
        """ "Heat my seat and the passenger's seat to level two": the value is for both."""
        if len({clause.match.template.intent for clause in clauses}) > 1:
            return False
        if any(span[0].key in self._imperatives for span in spans[1:]):
            return False
        alone = self._filler.command(spans[0], 0.0, "shared")
        if alone is None or alone.match.template.intent != clauses[0].match.template.intent:
            return False
        return _said(alone) < _said(clauses[0])

    # -- what is left out -----------------------------------------------------------------

    def _shared(self, chart: Chart, reading: Reading, start: int) -> Iterable[Reading]:
        """ "Set the driver and the passenger temperature to 22": parts share both ends."""
        stops = self.cuts.stops(chart, start, 4)
        spans: list[tuple[Token, ...]] = []
        begin = start
        for stop in stops:
            spans.append(tuple(t for t in chart.tokens[begin:stop] if t.key != "both"))
            begin = self.cuts.past(chart, stop)
            if len(spans) < 2:
                continue
            if len(spans[-1]) > LONGEST + 3 or not all(spans):
                return
            clauses = self._filler.share(spans)
            if clauses and self._one_value(spans, clauses):
                clauses = [clause.costing(clause.cost - _ONE_VALUE) for clause in clauses]
            if clauses:
                yield reading.and_then(*clauses, end=stop)


def _said(clause: Clause) -> set[str]:
    """The arguments that the words name."""
    return {piece.slot for piece in clause.match.pieces if piece.slot}
