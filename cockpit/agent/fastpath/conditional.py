""" "If it's raining, close the windows, otherwise open the sunroof": conditions around commands.

A sentence is cut at its conditions and at "otherwise"; what stands between must be commands of
their own. A condition is matched word by word like a command (conditions.yaml). What is no
condition that we know is left in its place, where nothing explains it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cockpit.agent.conditions import (
    Settled,
    condition_sentences,
    condition_slots,
    negate,
    parse_condition,
)
from cockpit.agent.fastpath.conversation import Conversation, spelled_out
from cockpit.agent.fastpath.grammar import Grammar
from cockpit.agent.fastpath.match import Chart, Match, Phrases, Skips
from cockpit.agent.fastpath.normalise import MARKS, Normaliser, Token, trimmed
from cockpit.agent.plan import Call, Condition, Plan, Verdict

_SLOT: Final = re.compile(r"\{(\w+)\}")
_CONFIDENCE: Final = 0.95

type _Read = Callable[[Sequence[Token]], Plan | None]


def _phrases(*entries: str) -> Phrases:
    return Phrases({phrase: 0.0 for entry in entries for phrase in spelled_out(entry)})


_IF = _phrases(
    "[but|and] [only|just] if [and only if]",
    "(in case|provided|provided that|assuming|assuming that|supposing|in the event that)",
)
_UNLESS = _phrases("unless", "except if", "[but] not if")
_ELSE = _phrases(
    "(otherwise|or else|else|failing that)",
    "if (not|it is not|it does not|they are not|that is not the case|that is not so|it is not so)",
)
_IF_SO = _phrases(
    "if (so|it is|it does|they are|yes|(that|it) is (so|true|the case)|true|"
    "you (find|see) (it so|it is so|that it is|it is|so))"
)
_IF_SO_FIRST: Final = frozenset(("if", "and", "then"))
_CHECK = _phrases(
    "[go and|please] (check|see|look|find out|(have|take) a look|tell me|test|verify) (if|whether)"
)
_ASKING = _phrases(
    "(check|see|look|find out|have a look|tell me|test|verify|say|know|can you see|let me know)",
    "(do you know|i wonder|i was wondering|i am wondering|i want to know|i would like to know)",
    "(can|could) you (tell me|say|see|check|find out)",
)
# "What if", "even if", "as if": no condition follows.
_NO_MARKER: Final = frozenset(("what", "even", "as", "ask", "asked", "wonder", "if", "unless"))
_CONJUNCTIONS: Final = frozenset(("and", "or", "but"))
_BEFORE_CONDITION: Final = {
    0.05: ["it turns out [that]", "you (see|notice|find|think|detect) [that]", "that"],
}
_WITHIN: Final = {
    0.02: ["the", "please", "uh", "um", "er", "erm", "uhm"],
    0.05: [
        *("just", "actually", "really", "currently", "right now", "now", "still", "you know"),
        *("already", "at the moment", "like", "again", "well", "perhaps", "maybe"),
    ],
}
# Words that stand between a condition and what depends on it, or between two commands.
_JOINTS: Final = frozenset(("then", "and", "so", "please", "but", "also", "well", "just"))
_ENDS: Final = frozenset(".;!")
_PRONOUNS: Final = frozenset(("it", "them", "that"))
_SUBJECTS: Final = frozenset(("it", "they", "that", "those"))
_NO_CHANGE = _phrases(
    "[just|please] (do nothing|do not do anything|do not|leave (it|them|that|everything) "
    "[(as|like|how|the way) (it is|they are|that|is)|alone|be]|leave it at that|forget it|"
    "never mind|nothing|do not bother|keep (it|them) (as|like|the way) (it is|they are|that))",
)

# "Open it anyway" and "do it all the same" set a condition aside.
_ANYWAY = _phrases(
    "[no|but|yes|then|well|okay|please|just] (do it|do that|do so|do them|go ahead|please do) "
    "[please] (anyway|anyhow|regardless|all the same|still|nevertheless|nonetheless|in any case)",
    "[i do not care] (do it|do that) anyway",
    "(anyway|regardless) [please]",
)
_SET_ASIDE: Final = frozenset(("anyway", "anyhow", "regardless", "nevertheless", "nonetheless"))
# Begin what goes with the turn before, condition and all.
_ALONG: Final = frozenset(
    ("and", "also", "same", "no", "nope", "not", "what", "how", "sorry", "plus", "i", "likewise")
)

# What a condition is about, to stand for "it" in what depends on it.
_THINGS: Final[Mapping[str, str]] = {
    "window": "window",
    "sunroof": "the sunroof",
    "sunshade": "the sunshade",
    "fan": "the fan",
    "volume": "the volume",
    "muted": "the sound",
    "air_conditioning": "the air conditioning",
    "recirculation": "recirculation",
    "trunk_open": "the trunk",
    "door_open": "door",
    "locked": "door",
    "low_beam": "the low beam",
    "high_beam": "the high beam",
    "fog_lights": "the fog lights",
    "hazards": "the hazard lights",
    "seat_heating": "seat heating",
    "wheel_heating": "the steering wheel heating",
    "temperature": "the temperature",
    "navigating": "the navigation",
    "charging": "charging",
}
_SEATED: Final = frozenset(("window", "door", "seat heating"))
# The same the other way round: "close the sunroof if it is open".
_BY_FUNCTION: Final[Mapping[str, str]] = {
    r"windows\.\w+_window": "window",
    r"windows\.\w+_sunroof": "the sunroof",
    r"windows\.\w+_sunshade": "the sunshade",
    r"climate\.\w*fan\w*": "the fan",
    r"climate\.set_air_conditioning": "the air conditioning",
    r"climate\.set_recirculation": "the recirculation",
    r"climate\.\w+_temperature": "the temperature",
    r"doors\.\w+_trunk": "the trunk",
    r"doors\.\w+": "door",
    r"lights\.set_headlights": "the headlights",
    r"lights\.set_fog_lights": "the fog lights",
    r"lights\.set_hazards": "the hazard lights",
    r"media\.\w+": "the sound",
    r"seats\.\w+_wheel_heating": "the steering wheel heating",
    r"seats\.\w+_heating": "seat heating",
    r"navigation\.cancel": "the navigation",
    r"charging\.(start|stop)": "the car",
}
_OWNERS: Final[Mapping[str, str]] = {
    "mine": "my",
    "driver": "the driver's",
    "passenger": "the passenger's",
    "rear_left": "the rear left",
    "rear_right": "the rear right",
}
_GROUPS: Final[Mapping[str, str]] = {
    "front": "the front",
    "rear": "the rear",
    "left": "the left",
    "right": "the right",
    "all": "the",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A condition in a sentence: tokens ``start`` to ``end``, "if" among them."""

    start: int
    end: int
    condition: Condition
    cost: float


@dataclass(frozen=True, slots=True)
class _Part:
    """Words that a condition holds for, or that none does."""

    when: Condition | None
    tokens: tuple[Token, ...]
    otherwise: bool = False


class Conditionals:
    """Reads sentences with conditions.

    Args:
        normalise: text to tokens, for the words that pronouns are replaced by.
        conversation: cuts and politeness.
    """

    def __init__(self, normalise: Normaliser, conversation: Conversation) -> None:
        self._normalise = normalise
        self._talk = conversation
        self._whens: list[str] = []
        self._grammar = Grammar([self._source()], None)
        within = _costs(_WITHIN)
        self._skips = Skips(
            anywhere=Phrases(within),
            lead=Phrases(_costs(_BEFORE_CONDITION) | within),
            tail=Phrases(within),
        )

    def read(self, tokens: Sequence[Token], read: _Read) -> Plan | None:
        """The plan of a sentence with conditions; None where it has none that we know.

        Args:
            read: reads the commands between the conditions.
        """
        for words in (tuple(tokens), *self._asked_first(tuple(tokens))):
            for parts in self._cuts(words):
                plan = self._plan(parts, read)
                if plan is not None:
                    return plan
        return None

    def _asked_first(self, tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
        """ "Is it raining? If so, ..." as "if it is raining, ..."."""
        if not tokens or tokens[0].key not in ("is", "are"):
            return
        for place in range(2, len(tokens)):
            start = _past(tokens[place:], _IF_SO)
            if start is None or not (tokens[place].mark or tokens[place].key in _IF_SO_FIRST):
                continue
            asked = _bare(tokens[:place])
            for verb in range(2, len(asked)):
                said = (*asked[1:verb], asked[0], *asked[verb:])
                if any(end == len(said) for end, _, _ in self.conditions(said, 0)):
                    yield (Token("if", "if"), *said, Token(",", ","), *tokens[place + start :])
            return

    def depends(self, tokens: Sequence[Token]) -> bool:
        """True where something in a sentence hangs on a condition that we know.

        "Tell me if it is raining" asks for it only.
        """
        tokens = tuple(tokens)
        keys = tuple(token.key for token in tokens)
        return any(
            not self.only_lead(_bare(tokens[:place]), _ASKING)
            or not self._only_tail(_bare(tokens[end:]))
            for place in range(len(keys))
            for begin, _ in self.markers(keys, place)
            for end, _, _ in self._known(tokens, place, begin)[:1]
        )

    # -- conditions -----------------------------------------------------------------------

    def _source(self) -> Mapping[str, Any]:
        intents: dict[str, Any] = {}
        for sentence in condition_sentences():
            if sentence.when not in self._whens:
                self._whens.append(sentence.when)
            name = str(self._whens.index(sentence.when))
            data = intents.setdefault(name, {"data": [{"sentences": []}]})
            data["data"][0]["sentences"].append(sentence.say)
        return {"intents": intents, "lists": dict(_lists())}

    def conditions(self, tokens: Sequence[Token], start: int) -> list[tuple[int, Condition, float]]:
        """The conditions that begin at a token: where they end, and how far-fetched they are."""
        chart = Chart(self._grammar, self._skips, tokens)
        found: dict[tuple[int, Condition], float] = {}
        for match in chart.matches(start):
            condition = self._condition(match)
            if condition is None:
                continue
            for end, cost in chart.tails(match.end):
                key = (end, condition)
                found[key] = min(match.cost + cost, found.get(key, 9.0))
        ordered = sorted(found.items(), key=lambda item: (-item[0][0], item[1]))
        return [(end, condition, cost) for (end, condition), cost in ordered]

    def _condition(self, match: Match) -> Condition | None:
        values = match.arguments
        text = _SLOT.sub(
            lambda slot: _written(values[slot[1]]), self._whens[int(match.template.intent)]
        )
        try:
            return parse_condition(text)
        except ValueError:  # a number that nothing is compared with
            return None

    # -- cutting --------------------------------------------------------------------------

    def _cuts(self, tokens: tuple[Token, ...]) -> Iterator[list[_Part]]:
        """The sentence cut at its conditions, the longest wording of each first."""
        keys = tuple(token.key for token in tokens)
        for place in range(len(keys)):
            for begin, negated in self.markers(keys, place):
                for end, condition, cost in self._known(tokens, place, begin):
                    one = _unless(condition) if negated else condition
                    found = _Found(place, end, one, cost)
                    parts = self._around(tokens, keys, found)
                    if parts is not None:
                        yield parts

    def _known(
        self, tokens: tuple[Token, ...], place: int, begin: int
    ) -> list[tuple[int, Condition, float]]:
        return self.conditions(tokens, begin) if begin < len(tokens) else []

    @staticmethod
    def markers(keys: Sequence[str], place: int) -> Iterator[tuple[int, bool]]:
        """Where a condition begins behind "if" or "unless", and whether it is negated."""
        if place and keys[place - 1] in _NO_MARKER:
            return
        for end, _ in _UNLESS.at(keys, place):
            yield end, True
        for end, _ in _IF.at(keys, place):
            yield end, False
        for end, _ in _CHECK.at(keys, place):
            yield end, False

    def _around(
        self, tokens: tuple[Token, ...], keys: tuple[str, ...], found: _Found
    ) -> list[_Part] | None:
        """What stands before and behind the first condition of a sentence."""
        checked = any(True for _ in _CHECK.at(keys, found.start))
        before = _bare(tokens[: found.start])
        after = tokens[found.end :]
        if checked:
            start = _past(after, _IF_SO)
            if start is None or not self.only_lead(before):
                return None
            before, after = (), after[start:]
        parts: list[_Part] = []
        follower = next((token.key for token in after if not token.mark), "")
        if follower in _CONJUNCTIONS and not (before or checked or _begins(after, _ELSE)):
            return None  # a further condition
        if not self.only_lead(before):
            joined = found.start > 0 and (
                tokens[found.start - 1].mark or self._cut_before(keys, found.start)
            )
            behind = _bare(after)
            if joined and follower in _CONJUNCTIONS and not _begins(after, _ELSE):
                return None
            if joined and behind and not _begins(after, _ELSE) and not self._begins_if(behind):
                parts.append(_Part(None, before))
            else:
                return self._suffix(before, after, found)
        return [*parts, *rest] if (rest := self._governed(after, found.condition)) else None

    def _suffix(
        self, before: tuple[Token, ...], after: tuple[Token, ...], found: _Found
    ) -> list[_Part] | None:
        """ "Close the windows if it is raining[, otherwise ...]"."""
        earlier, last = _last_sentence(before)
        parts = [_Part(None, earlier)] if earlier else []
        parts.append(_Part(found.condition, last))
        behind = _bare(after)
        if not behind or self._only_tail(behind):
            return parts
        start = _past(after, _ELSE)
        if start is not None:
            return [*parts, _Part(negate(found.condition), _bare(after[start:]), otherwise=True)]
        if after and after[0].mark:
            return [*parts, *self._open(behind)]
        follow = self._open(behind)
        if after[0].key in _JOINTS and follow[0].when is not None:
            return [*parts, *follow]  # "... and open it if it is not raining"
        return None  # what does the condition hold for?

    def _open(self, tokens: tuple[Token, ...]) -> list[_Part]:
        """What follows, which may have a condition of its own."""
        return next(iter(self._cuts(tokens)), [_Part(None, tokens)])

    def _governed(self, after: tuple[Token, ...], condition: Condition) -> list[_Part] | None:
        """ "..., close the windows[, otherwise ...][. Turn on the radio]"."""
        if not _bare(after):
            return None
        keys = tuple(token.key for token in after)
        for place in range(1, len(keys)):
            ends = [end for end, _ in _ELSE.at(keys, place)]
            if ends and max(ends) < len(keys):
                rest, last = _first_sentence(after[max(ends) :])
                parts = [
                    _Part(condition, _bare(after[:place])),
                    _Part(negate(condition), _bare(rest), otherwise=True),
                ]
                return [*parts, *self._open(last)] if last else parts
            if self._begins_if(after[place:]) and self._open_if(after[place:]):
                head = _bare(after[:place])
                return [_Part(condition, head), *self._open(after[place:])] if head else None
        first, last = _first_sentence(after)
        parts = [_Part(condition, _bare(first))]
        return [*parts, *self._open(last)] if last else parts

    def _open_if(self, tokens: tuple[Token, ...]) -> bool:
        return next(iter(self._cuts(tokens)), None) is not None

    @staticmethod
    def _begins_if(tokens: Sequence[Token]) -> bool:
        keys = tuple(token.key for token in tokens)
        return any(True for phrases in (_IF, _UNLESS) for _ in phrases.at(keys, 0))

    def _cut_before(self, keys: tuple[str, ...], place: int) -> bool:
        return any(
            end == place
            for start in range(max(0, place - 4), place)
            for end, _ in self._talk.cut.at(keys, start)
        )

    def only_lead(self, tokens: tuple[Token, ...], *more: Phrases) -> bool:
        """True for "hey car", "could you please", nothing."""
        if not tokens:
            return True
        keys = tuple(token.key for token in tokens)
        return _skipped(keys, (self._talk.skips.lead, self._talk.skips.anywhere, *more))

    def _only_tail(self, tokens: tuple[Token, ...]) -> bool:
        keys = tuple(token.key for token in tokens)
        return _skipped(keys, (self._talk.skips.tail, self._talk.skips.anywhere))

    # -- planning -------------------------------------------------------------------------

    def _plan(self, parts: Sequence[_Part], read: _Read) -> Plan | None:
        calls: list[Call] = []
        confidence = _CONFIDENCE
        details: list[Mapping[str, Any]] = []
        for part in parts:
            if part.otherwise and _is(part.tokens, _NO_CHANGE):
                continue
            plan = self._commands(part, calls, read)
            if plan is not None and plan.verdict is Verdict.NOTHING and len(parts) == 1:
                return plan  # "don't open the window if it's raining"
            if plan is None or plan.verdict is not Verdict.ACT or not plan.calls or plan.reply:
                return None
            confidence = min(confidence, plan.confidence)
            details.append({"when": str(part.when) if part.when else None, **plan.detail})
            calls += [replace(call, when=part.when) for call in plan.calls]
        if not any(call.when for call in calls):
            return None
        calls.sort(key=lambda call: call.when is not None)  # as plans are written
        return Plan(tuple(calls), "template", Verdict.ACT, confidence, None, {"parts": details})

    def _commands(self, part: _Part, calls: Sequence[Call], read: _Read) -> Plan | None:
        """A part's commands; "it" is what the condition, or the part before, is about."""
        things = [_thing(part.when)] if part.when is not None else []
        if calls:
            things.insert(0 if part.otherwise else 1, _thing_of(calls[-1]))
        for thing in things:
            words = self._normalise(thing) if thing else ()
            if not words:
                continue
            for place, token in enumerate(part.tokens):
                if token.key in _PRONOUNS and place:
                    named = (*part.tokens[:place], *words, *part.tokens[place + 1 :])
                    plan = read(named)
                    if plan is not None and plan.verdict is Verdict.ACT:
                        return plan
        return read(part.tokens)

    def about(self, tokens: tuple[Token, ...], read: _Read) -> tuple[Token, ...] | None:
        """ "Close the sunroof if it is open", with the thing in place of the second "it"."""
        keys = tuple(token.key for token in tokens)
        for place in range(1, len(keys)):
            for begin, _ in self.markers(keys, place):
                if begin >= len(keys) or keys[begin] not in _SUBJECTS:
                    continue
                plan = read(_bare(tokens[:place]))
                if plan is None or len(plan.calls) != 1:
                    continue
                thing = _thing_of(plan.calls[0])
                if thing:
                    words = self._normalise(thing)
                    return (*tokens[:begin], *words, *tokens[begin + 1 :])
        return None


def common_condition(calls: Sequence[Call]) -> Condition | None:
    """The one condition that all calls of a turn hung on."""
    found = {call.when.open if isinstance(call.when, Settled) else call.when for call in calls}
    return found.pop() if len(found) == 1 else None


def is_anyway(tokens: Sequence[Token]) -> bool:
    """ "Do it anyway": the calls of the turn before, condition or not."""
    return _is(tokens, _ANYWAY)


def goes_along(tokens: Sequence[Token]) -> bool:
    """ "And the passenger's": under the condition of the turn before."""
    keys = [token.key for token in tokens if not token.mark]
    return bool(keys) and keys[0] in _ALONG and not _SET_ASIDE & set(keys)


def under(calls: Sequence[Call], condition: Condition) -> tuple[Call, ...]:
    """The calls under a condition."""
    return tuple(replace(call, when=condition) for call in calls)


def _unless(condition: Condition) -> Condition:
    """What holds where a condition does not; what is not open is simply at 0."""
    other = negate(condition)
    if (other.operator, other.value) == ("<=", 0) and condition.quantity in _THINGS:
        return replace(other, operator="=")
    return other


def _costs(table: Mapping[float, Iterable[str]]) -> dict[str, float]:
    return {
        phrase: cost
        for cost, entries in table.items()
        for entry in entries
        for phrase in spelled_out(entry)
    }


def _lists() -> Iterator[tuple[str, Any]]:
    for name, values in condition_slots().items():
        if "numbers" in values:
            low, high, _ = values["numbers"]
            yield name, {"range": {"from": int(low), "to": int(high)}}
        else:
            yield (
                name,
                {
                    "values": [
                        {"in": said, "out": value}
                        for value, forms in values.items()
                        for said in forms
                    ]
                },
            )


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _thing(condition: Condition) -> str:
    thing = _THINGS.get(condition.quantity, "")
    return _owned(thing, condition.area.value if condition.area else None)


def _thing_of(call: Call) -> str:
    thing = next(
        (name for pattern, name in _BY_FUNCTION.items() if re.fullmatch(pattern, call.function)), ""
    )
    where = call.arguments.get("where")
    return _owned(thing, str(where) if where is not None else None)


def _owned(thing: str, area: str | None) -> str:
    """ "My window", "the rear windows"; empty where an area has no short name."""
    if thing not in _SEATED:
        return thing
    if area is None:
        return f"the {thing}s" if thing == "door" else f"the {thing}"
    if area in _OWNERS:
        return f"{_OWNERS[area]} {thing}"
    if area in _GROUPS and thing != "seat heating":
        return f"{_GROUPS[area]} {thing}s"
    return ""


def _bare(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Without marks and joints at both ends."""
    return trimmed(tokens, _JOINTS)


def _past(tokens: Sequence[Token], phrases: Phrases) -> int | None:
    """The position behind a phrase that stands at the start, joints and marks aside."""
    keys = tuple(token.key for token in tokens)
    start = 0
    while start < len(keys):
        ends = [end for end, _ in phrases.at(keys, start)]
        if ends:
            return max(ends)
        if not (tokens[start].mark or keys[start] in _JOINTS):
            return None
        start += 1
    return None


def _begins(tokens: Sequence[Token], phrases: Phrases) -> bool:
    return _past(tokens, phrases) is not None


def _is(tokens: Sequence[Token], phrases: Phrases) -> bool:
    words = _bare(tokens)
    keys = tuple(token.key for token in words)
    return any(end == len(keys) for end, _ in phrases.at(keys, 0))


def _skipped(keys: tuple[str, ...], tables: Sequence[Phrases]) -> bool:
    """Whether phrases of the tables and marks explain all words."""
    reached = {0}
    for place in range(len(keys)):
        if place not in reached:
            continue
        if keys[place] in MARKS:
            reached.add(place + 1)
        for table in tables:
            reached.update(end for end, _ in table.at(keys, place))
    return len(keys) in reached


def _first_sentence(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The words up to a full stop, and those behind it."""
    for place, token in enumerate(tokens):
        if token.key in _ENDS and place:
            return tuple(tokens[:place]), _bare(tokens[place + 1 :])
    return tuple(tokens), ()


def _last_sentence(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The words before the last full stop, and those behind it."""
    for place in range(len(tokens) - 1, 0, -1):
        if tokens[place].key in _ENDS:
            return _bare(tokens[:place]), tokens[place + 1 :]
    return (), tokens
