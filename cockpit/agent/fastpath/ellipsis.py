"""Words that a clause leaves out, because the clause before it said them.

"Close the windows and the sunroof", "heat my seat and the passenger's", "the roof is open, close
it", "have the doors locked": the missing words are filled in, and what comes out must be a direct
command from its first word to its last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cockpit.agent.fastpath.asking import plain_questions
from cockpit.agent.fastpath.clauses import CLAUSE_COST, Clause, Role
from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.grammar import Grammar, Template
from cockpit.agent.fastpath.match import Charts, Match, Piece, moved
from cockpit.agent.fastpath.normalise import Token, plain
from cockpit.agent.fastpath.values import named_values
from cockpit.agent.fastpath.wishes import wished

LONGEST = 12
"""Words that may lean on the clause before them."""

_CARRIED = 0.5
_VALUES = 7  # words
_PRONOUN = 0.1
_DEVICES = frozenset(("ac", "aircon", "con", "conditioning", "conditioner"))  # never "seat ac"
_OWNED = {"mine": "my", "hers": "her", "theirs": "their", "ours": "our"}
_THINGS = 8  # words of what else goes on a list
_NO_THING = frozenset(
    (
        *("i", "we", "you", "he", "she", "they", "it", "them", "that", "this", "me", "us", "there"),
        *("then", "now", "again", "please", "so", "no", "yes", "thanks", "thank", "off", "on"),
    )
)
# "Can I have the massage".
_ASKED = 0.4
_ASKING = (
    *(
        (may, who, verb)
        for may in ("can", "could", "may")
        for who in ("i", "we")
        for verb in ("have", "get")
    ),
    ("let", "us", "have"),
    ("let", "me", "have"),
    ("i", "will", "have"),
    ("i", "will", "take"),
)
# "Tell me what the range is": the question in it, and its verb.
_EMBEDDED = 0.3
_EMBEDDING = frozenset(("what", "where", "when", "how", "which", "who", "whether", "if"))
_INVERTED = frozenset(("is", "are", "was", "were", "can", "has", "have", "do", "does", "will"))
_NOT_BEFORE_EMBEDDED = frozenset((",", ".", "and", "do", "then"))
_OPENINGS = frozenset(
    ("hey", "hi", "hello", "so", "um", "uh", "okay", "and", "please", "sorry", "car")
)
_BEING = frozenset(("is", "are", "was", "were", "feels", "looks", "seems", "gets", "smells"))
_PARTICLES = frozenset(("on", "off", "up", "down"))
# "Have the windows closed", "the windows must be closed".
_CAUSATIVE = frozenset(("get", "have", "want", "need", "like", "see", "prefer"))
_AUXILIARY = frozenset(("to", "be", "should", "must", "need", "needs", "has", "have", "get"))
_IRREGULAR = {"shut": "shut", "open": "open"}
_NEGATIVE = frozenset(("not", "never"))
_UNWANTED = {"on": ("turn", "off"), "running": ("turn", "off"), "open": ("close",)}
_NOT_CAUSED = frozenset(
    ("is", "are", "was", "were", "did", "do", "does", "has", "not", "if", "when", "why", "what")
)
BEYOND_US = frozenset(
    (
        *("text", "message", "email", "order", "book", "remind", "ask", "send", "wake", "ring"),
        *("phone", "buy", "tell", "call", "pay", "reserve", "pick", "write", "let", "invite"),
    )
)
"""Verbs of what no skill does; behind "and" they begin a wish of their own."""


class Filler:
    """Fills in what a clause leaves out.

    Args:
        charts: of token sequences.
        conversation: word classes.
        grammar: the templates.
        verbs: canonical words that begin a command.
        questions: functions that only read and answer.
    """

    def __init__(
        self,
        charts: Charts,
        conversation: Conversation,
        grammar: Grammar,
        verbs: Collection[str],
        questions: Collection[str],
    ) -> None:
        self._questions = frozenset(questions)
        self._grammar = grammar
        self._feeds = grammar.feeds
        # Functions that take free text.
        self._loose = {
            name
            for name, feeds in grammar.feeds.items()
            for networks in feeds.values()
            if any(grammar.networks[index].kind == "wildcard" for index in networks)
        }
        self._charts = charts
        self._talk = conversation
        self._vocabulary = grammar.vocabulary
        self._verbs = frozenset(verbs)

    def filled(self, span: Sequence[Token], named: tuple[Clause, ...]) -> list[Clause]:
        """Readings of words that lean on the clauses before them."""
        if not span or not named or self._only_filler(span):
            return []
        if self.pronouns(span):
            found = self._by_pronoun(span, named)
            if found:
                return found[:1]
        if span[0].key in self._talk.questions:
            return []
        return (
            self._by_carrying(span, named)[:1]
            or self._by_noun(span, named)
            or self._by_verb(span, named)
            or self._by_values(span, named)
        )

    def _by_values(self, span: Sequence[Token], named: tuple[Clause, ...]) -> list[Clause]:
        """ "And the passenger's sixty": several values of the clause before are others here."""
        earlier = next((clause for clause in reversed(named) if clause.acts), None)
        if earlier is None or earlier.match.free or len(span) > _VALUES:
            return []
        call = earlier.call
        values = named_values(self._grammar, self._charts.of(span), 0, call)
        if (
            values is None
            or len(values) < 2
            or not values.keys() <= call.arguments.keys() | {"where"}
        ):
            return []
        template = Template(call.function, {**call.arguments, **values}, {}, "(values)")
        match = Match(template, 0, len(span), 0.0, ())
        cost = CLAUSE_COST[Role.COMMAND] + _CARRIED + 0.2
        return [Clause(Role.COMMAND, tuple(span), match, cost, "carried")]

    def _by_verb(self, span: Sequence[Token], named: tuple[Clause, ...]) -> list[Clause]:
        """ "Unlock" after "lock the doors": what it is done to was said before."""
        earlier = next((clause for clause in reversed(named) if clause.acts), None)
        if earlier is None or len(span) > 2 or span[0].key not in self._talk.verbs | self._verbs:
            return []
        for phrase in self.noun_phrases(earlier.tokens):
            clause = self.command((*span, *phrase), _CARRIED, "carried")
            if clause is not None and clause.skill == earlier.skill:
                return [self._same_place(earlier, clause)]
        return []

    def _by_noun(self, span: Sequence[Token], named: tuple[Clause, ...]) -> list[Clause]:
        """ "The rear ones closed", "and mine up one level": the noun was said before."""
        earlier = next((clause for clause in reversed(named) if clause.acts), None)
        if earlier is None:
            return []
        place = next(
            (
                at
                for at, token in enumerate(span)
                if token.text in ("one", "ones") or token.text in _OWNED
            ),
            None,
        )
        if place is None:
            return []
        for phrase in self.noun_phrases(earlier.tokens):
            for size in range(1, min(3, len(phrase)) + 1):
                noun = phrase[-size:]
                own = _OWNED.get(span[place].text)
                owner = (Token(own, own),) if own else ()
                words = (*span[:place], *owner, *noun, *span[place + 1 :])
                verb = earlier.tokens[:1]
                for tokens in (words, (*verb, *words)):
                    clause = self.command(tokens, _CARRIED, "carried")
                    if clause is not None and clause.skill == earlier.skill:
                        return [clause]
        return []

    def _only_filler(self, span: Sequence[Token]) -> bool:
        """True for "now", "so", "thanks": nothing that a clause could be built around."""
        chart = self._charts.of(span)
        return any(end == len(span) for end, _ in (*chart.leads(0), *chart.tails(0)))

    def pronouns(self, tokens: Sequence[Token]) -> list[int]:
        """Where a pronoun stands that is no article ("close that" but not "that window")."""
        places: list[int] = []
        for place, token in enumerate(tokens):
            if token.key not in self._talk.pronouns:
                continue
            behind = tokens[place + 1].key if place + 1 < len(tokens) else ""
            if behind in _BEING:
                continue  # "it is too warm" names nothing
            article = token.key in self._talk.determiners
            if not article or not behind or behind in self._talk.noun_ends:
                places.append(place)
        return places

    def _by_pronoun(self, span: Sequence[Token], named: tuple[Clause, ...]) -> list[Clause]:
        for place in self.pronouns(span):
            for earlier in reversed(named[-3:]):
                handed = self._handed_on(span, place, earlier)
                if handed is not None:
                    return [handed]
                for phrase in self.noun_phrases(earlier.tokens):
                    tokens = (*span[:place], *phrase, *span[place + 1 :])
                    clause = self.command(tokens, _PRONOUN, "pronoun")
                    if clause is not None:
                        return [self._same_place(earlier, clause)]
        return []

    def _handed_on(self, span: Sequence[Token], place: int, earlier: Clause) -> Clause | None:
        """ "Take it off again" after "add milk to my list": what was free text is so again."""
        aside = earlier.role is Role.ASIDE
        for piece in earlier.match.free:
            thing = earlier.tokens[piece.start : piece.end]
            tokens = (*span[:place], *thing, *span[place + 1 :])
            chart = self._charts.of(tokens)
            for match in chart.whole(0, len(tokens)):
                if (
                    "role" not in match.template.metadata
                    and not match.template.metadata.get("indirect")
                    and (match.template.intent.partition(".")[0] == earlier.skill or aside)
                    and [piece.value for piece in match.free] == [plain(thing)]
                ):
                    cost = CLAUSE_COST[Role.COMMAND] + match.cost + _PRONOUN
                    words = tokens[match.start : match.end]
                    return Clause(Role.COMMAND, words, moved(match, -match.start), cost, "pronoun")
        return None

    def further(
        self, span: Sequence[Token], named: tuple[Clause, ...], listed: Mapping[str, str]
    ) -> Clause | None:
        """ "And eggs" after "add milk to my list": one more thing of a list.

        Args:
            listed: functions with the argument that takes several things.
        """
        earlier = next((clause for clause in reversed(named) if clause.acts), None)
        if earlier is None or not span or len(span) > _THINGS:
            return None
        argument = listed.get(earlier.match.template.intent)
        if argument is None or span[0].key in self._verbs | BEYOND_US | self._talk.verbs:
            return None
        if any(token.key in _NO_THING or token.key in self._talk.questions for token in span):
            return None
        for piece in earlier.match.free:
            if piece.slot != argument:
                continue
            before, behind = earlier.tokens[: piece.start], earlier.tokens[piece.end :]
            tokens = (*before, *span, *behind)
            end = piece.start + len(span)
            now = Piece(piece.network, argument, plain(span), piece.start, end)
            match = Match(earlier.match.template, 0, len(tokens), 0.0, (now,))
            cost = CLAUSE_COST[Role.COMMAND] + _CARRIED
            return Clause(Role.COMMAND, tokens, match, cost, "carried")
        return None

    def _same_place(self, earlier: Clause, clause: Clause) -> Clause:
        """What "it" is stays what it was: the passenger's reading light, not one's own."""
        before = earlier.call.arguments
        if not earlier.acts:
            return clause
        if earlier.match.template.intent == clause.match.template.intent:
            return clause.given_too(before, how="pronoun")
        if "where" in before and "where" in self._feeds.get(clause.match.template.intent, ()):
            return clause.given_too({"where": before["where"]}, how="pronoun")
        return clause

    def noun_phrases(self, tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
        """What a clause may have named, the likeliest first."""
        starts = [
            place for place, token in enumerate(tokens) if token.key in self._talk.determiners
        ] or [place for place in (1, 2, 0) if place < len(tokens)]
        found: list[tuple[Token, ...]] = []
        for start in starts:
            end = start
            while end < len(tokens) and (
                tokens[end].key not in self._talk.noun_ends
                and not tokens[end].mark
                and tokens[end].number is None
            ):
                end += 1
            for stop in range(min(end, start + 5), start, -1):
                phrase = tuple(tokens[start:stop])
                if phrase[-1].key not in self._talk.determiners and phrase not in found:
                    found.append(phrase)
        return found[:8]

    def alone(
        self, span: Sequence[Token], *, asked: bool = False, listed: bool = False
    ) -> list[Clause]:
        """Readings of words in an order that templates do not spell out.

        Args:
            asked: a question mark follows.
            listed: a command stands before; what is named then goes with it.
        """
        return (
            self._by_embedded_question(span)
            or ((not listed or asked) and self._by_plain_question(span, asked))
            or self._by_unwanted(span)
            or self._by_participle(span)
            or self._by_wish(span)
            or self._by_asking(span)
        )

    def _by_plain_question(self, span: Sequence[Token], asked: bool) -> list[Clause]:
        """ "The ac, is it on", "any windows open": see ``asking``."""
        begin = 0
        while begin < len(span) and (span[begin].mark or span[begin].key in _OPENINGS):
            begin += 1
        for words in plain_questions(span[begin:], asked=asked):
            found = self.command(words, _EMBEDDED, "asked about")
            if found is not None and found.match.template.intent in self._questions:
                return [found]
        return []

    def _by_asking(self, span: Sequence[Token]) -> list[Clause]:
        """ "Hazard lights please", "can I have the massage": what is named is switched on."""
        keys = [token.key for token in span]
        begin = 0
        while begin < len(keys) and keys[begin] in ("please", "uh", "um", "so", "and"):
            begin += 1
        for opening in _ASKING:
            if tuple(keys[begin : begin + len(opening)]) == opening:
                begin += len(opening)
                break
        else:
            if keys[-1] != "please":
                return []
        thing = [token for token in span[begin:] if token.key != "please"]
        if not thing or thing[0].key in self._talk.questions:
            return []
        if any(token.key in _NEGATIVE for token in thing):
            return []
        if thing[0].key == "no":  # "no lights inside please"
            without = (Token("turn", "turn"), Token("off", "off"), *thing[1:])
            clause = self.command(without, _ASKED, "asked")
            return [] if clause is None else [clause]
        turn, on, set_to = Token("turn", "turn"), Token("on", "on"), Token("set", "set")
        for words in ((turn, on, *thing), (turn, *thing), (set_to, *thing)):
            clause = self.command(words, _ASKED, "asked")
            if clause is not None:
                return [clause]
        return []

    def _by_embedded_question(self, span: Sequence[Token]) -> list[Clause]:
        """ "Tell me what the range is" asks "what is the range", and so with if and whether."""
        keys = [token.key for token in span]
        begin = next((place for place, key in enumerate(keys[:6]) if key in _EMBEDDING), None)
        if begin is None or begin == 0 or keys[begin - 1] in _NOT_BEFORE_EMBEDDED:
            return []
        asked = span[begin + 1 :]
        opening = () if keys[begin] in ("if", "whether") else (span[begin],)
        for verb, token in enumerate(asked):
            if token.key not in _INVERTED or verb == 0:
                continue
            # "what | is | the range", "how much battery | is | left": where the verb goes
            # depends on how many words belong to the question word.
            for size in range(min(verb, 3) if opening else 1):
                rest = (*asked[size:verb], *asked[verb + 1 :])
                found = self.command((*opening, *asked[:size], token, *rest), _EMBEDDED, "embedded")
                if found is not None and found.match.template.intent in self._questions:
                    return [found]
        return []

    def _by_unwanted(self, span: Sequence[Token]) -> list[Clause]:
        """ "I do not want the radio on" switches it off."""
        keys = tuple(token.key for token in span)
        if keys[:1] not in (("i",), ("we",)) or keys[1:3] != ("do", "not") or len(keys) < 6:
            return []
        verb = _UNWANTED.get(keys[-1])
        if verb is None or keys[3] not in ("want", "need", "like"):
            return []
        words = (*(Token(word, word) for word in verb), *span[4:-1])
        clause = self.command(words, _CARRIED, "unwanted")
        return [] if clause is None else [clause]

    def _by_participle(self, span: Sequence[Token]) -> list[Clause]:
        """ "I would like the windows closed", "the doors need to be locked"."""
        if any(token.key in _NEGATIVE for token in span):
            return []
        last = span[-1].key
        verb = _IRREGULAR.get(last) or self._base(last)
        if verb is None or len(span) < 3 or span[0].key in _NOT_CAUSED:
            return []
        begin = max(
            (place + 1 for place, token in enumerate(span[:-2]) if token.key in _CAUSATIVE),
            default=None,
        )
        end = len(span) - 1
        while end > 1 and span[end - 1].key in _AUXILIARY:
            end -= 1
        if begin is None:
            if end == len(span) - 1:
                return []
            begin = 0
        noun = span[begin:end]
        if not noun or any(token.key in self._talk.questions for token in noun):
            return []
        clause = self.command((Token(verb, verb), *noun), _CARRIED, "participle")
        return [] if clause is None else [clause]

    def _by_wish(self, span: Sequence[Token]) -> list[Clause]:
        """ "Make sure the roof is closed", "the fan should be on three": see ``wishes``."""
        for begin, _ in self._charts.of(span).leads(0):
            for words in wished(span[begin:], lambda key: _IRREGULAR.get(key) or self._base(key)):
                found = self.command(words, _CARRIED, "wished")
                if found is not None and found.match.template.intent not in self._questions:
                    return [found]
        return []

    def _base(self, participle: str) -> str | None:
        """The known verb of a regular participle: "closed" is "close", "locked" is "lock"."""
        if participle.endswith("ing") and len(participle) > 5:
            stems = (participle[:-3] + "e", participle[:-3], participle[:-4])
        elif participle.endswith("ed") and len(participle) > 4:
            stems = (participle[:-1], participle[:-2], participle[:-3])
        else:
            return None
        return next((stem for stem in stems if stem in self._vocabulary), None)

    def _by_carrying(self, span: Sequence[Token], named: tuple[Clause, ...]) -> list[Clause]:
        """ "Close the windows and the sunroof", "heat my seat and the passenger's"."""
        earlier = next((clause for clause in reversed(named) if clause.acts), None)
        if earlier is None or span[0].key in self._verbs or span[0].key in BEYOND_US:
            return []
        intent = earlier.match.template.intent
        first: list[Clause] = []
        ordered = span[0].key in self._talk.verbs  # "remove it again" is no place to stop at
        for tokens, free in self._carried(earlier, span):
            clause = self.command(tokens, _CARRIED, "carried", free=None if ordered else free)
            if clause is not None:
                if clause.match.template.intent == intent:
                    return [clause]
                first.append(clause)
        return first

    def _carried(
        self, earlier: Clause, span: Sequence[Token]
    ) -> Iterable[tuple[tuple[Token, ...], str | None]]:
        """What a span may stand for, and the function that may take free text there."""
        words = earlier.tokens
        whole = span[0].key in self._talk.determiners or span[-1].key in _DEVICES
        for length in range(len(words) - 1, 0, -1):
            # "The seat heating and the ac": a thing of its own does not complete "the seat".
            if whole and self._within_noun(words, length):
                continue
            yield (*words[:length], *span), earlier.match.template.intent
        for piece in _spots(earlier.match):
            yield (*words[: piece.start], *span, *words[piece.end :]), None
        if words[-1].key in self._talk.states:
            # "the lights on | plus the fog lights"
            yield (*span, words[-1]), None
            # "turn the radio off and the lights"
            for length in range(1, min(3, len(words) - 1)):
                yield (*words[:length], *span, words[-1]), None

    def _within_noun(self, words: Sequence[Token], place: int) -> bool:
        """True between the words of a thing: "the seat | heating"."""
        before, behind = words[place - 1], words[place]
        edges = self._talk.noun_ends | self._talk.determiners
        return place > 1 and not any(
            token.mark or token.number is not None or token.key in edges
            for token in (before, behind)
        )

    def command(
        self, tokens: Sequence[Token], cost: float, how: str, free: str | None = None
    ) -> Clause | None:
        """The direct command that is exactly these tokens, or None.

        Args:
            free: the function that may take free text here.
        """
        for order in (tokens, *self._particle_moved(tokens)):
            chart = self._charts.of(order, free=free in self._loose)
            match = min(
                (
                    match
                    for match in chart.whole(0, len(order))
                    if "role" not in match.template.metadata
                    and not match.template.metadata.get("indirect")
                    and not match.template.metadata.get("elliptic")
                    and (not match.free or match.template.intent == free)
                ),
                key=lambda match: match.cost + float(match.template.metadata.get("cost", 0.0)),
                default=None,
            )
            if match is not None:
                tokens = order
                break
        else:
            return None
        total = CLAUSE_COST[Role.COMMAND] + match.cost + cost
        return Clause(
            Role.COMMAND,
            tuple(tokens[match.start : match.end]),
            moved(match, -match.start),
            total,
            how,
        )

    @staticmethod
    def _particle_moved(tokens: Sequence[Token]) -> Iterable[tuple[Token, ...]]:
        """ "Turn the light on" as "turn on the light", and the other way round."""
        if len(tokens) < 3:
            return
        if tokens[-1].key in _PARTICLES:
            yield (tokens[0], tokens[-1], *tokens[1:-1])
        elif tokens[1].key in _PARTICLES:
            yield (tokens[0], *tokens[2:], tokens[1])

    def share(self, spans: Sequence[tuple[Token, ...]]) -> list[Clause]:
        """Clauses that share their beginning and end: "the driver | and the passenger seat"."""
        first, last = spans[0], spans[-1]
        if any(span[0].key in self._talk.questions for span in spans[1:]):
            return []
        for length in range(1, min(len(last), 7)):
            tail = last[-length:]
            opening = self.command((*first, *tail), _CARRIED, "shared")
            if opening is None:
                continue
            clauses = [opening]
            for number, span in enumerate(spans[1:], start=2):
                ending = () if number == len(spans) else tail
                for head in range(len(first) - 1, -1, -1):
                    clause = self.command((*first[:head], *span, *ending), _CARRIED, "shared")
                    if clause is not None and (
                        clause.skill == opening.skill or tail[0].key in self._talk.states
                    ):
                        clauses.append(clause)
                        break
                else:
                    break
            if len(clauses) == len(spans):
                return clauses
        return []


def _spots(match: Match) -> list[Piece]:
    """Lists and rules of a match that other words may stand for, the last first."""
    return sorted(
        (piece for piece in match.pieces if piece.end - piece.start < match.end - match.start),
        key=lambda piece: (-piece.start, piece.start - piece.end),
    )
