"""Short answers to what was just done: "and for the passenger", "no, 23", "make it 19"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cockpit.agent.fastpath.clauses import Clause
from cockpit.agent.fastpath.conversation import Conversation
from cockpit.agent.fastpath.grammar import Grammar
from cockpit.agent.fastpath.match import Chart, Phrases
from cockpit.agent.fastpath.normalise import Token
from cockpit.agent.fastpath.own import own_calls
from cockpit.agent.fastpath.segment import Segmenter
from cockpit.agent.fastpath.values import named_values
from cockpit.agent.plan import Call
from skills.api import OutOfRange, SkillError, SkillSet
from vehicle_bus.seats import Seat

_MARKS = frozenset(",.;:?!")
_LONGEST = 9  # words
_MEMORY = 64
# "No, 50" after "louder": the function that takes the value itself has the same name but for this.
_CHANGE, _SET = "change_", "set_"
# A number beside one of these is a further change, and no value.
_STEP_WORDS = frozenset(
    (
        *("by", "more", "less", "further", "steps", "step", "notch", "notches", "points", "up"),
        *("down", "times", "another", "higher", "lower", "extra"),
    )
)
_UP = frozenset(("more", "higher", "further", "stronger", "louder", "brighter", "faster", "up"))
_DOWN = frozenset(("less", "lower", "weaker", "softer", "quieter", "dimmer", "slower", "down"))
_WARMER = frozenset(("warmer", "hotter"))
_COOLER = frozenset(("cooler", "colder"))
COMPARATIVES = _UP | _DOWN | _WARMER | _COOLER
"""One word that tells which way to go on from what was just set."""
_NO_AMOUNT = frozenset(
    (
        *(
            "that",
            "it",
            "is",
            "was",
            "still",
            "not",
            "enough",
            "much",
            "too",
            "so",
            "please",
            "the",
        ),
        *("can", "you", "go", "make", "turn", "quite", "even", "still", "more", "less", "again"),
        *("way", "keep", "going", "further", "far", "on", "once", "some", "now", "one", "another"),
    )
)
_LEVELS = frozenset(
    ("level", "levels", "step", "steps", "notch", "notches", "stage", "by", "stages")
)
_VAGUE = frozenset(("a", "bit", "little", "touch", "tad", "smidge", "notch", "lot"))
# Arguments whose value is a change; repeating such a call goes further.
_RELATIVE = frozenset(("by", "steps", "action"))


class FollowUps:
    """Reads a short utterance as a change of the calls of the last turn."""

    def __init__(
        self,
        grammar: Grammar,
        segmenter: Segmenter,
        conversation: Conversation,
        functions: SkillSet,
    ) -> None:
        self._grammar = grammar
        self._segmenter = segmenter
        self._talk = conversation
        self._functions = functions

    def read(
        self,
        tokens: Sequence[Token],
        last: Sequence[Call],
        measured: Collection[str] = (),
        before: Sequence[Clause] = (),
    ) -> tuple[Call, ...] | None:
        """The changed or repeated calls, or None.

        Args:
            measured: functions of the last turn whose change was given as a number; another
                number is another change then, and otherwise a value.
            before: the clauses of the last turn.
        """
        tokens = tuple(token for token in tokens if token.key not in _MARKS)
        if not last or not tokens or len(tokens) > _LONGEST + 4:
            return None
        chart = self._segmenter.chart(tokens)
        if self._is(self._talk.repeat, chart):
            return self._again(last) or self._further(chart.tokens, before, up=True)
        if self._is(self._talk.less, chart):
            return self._less(last) or self._further(chart.tokens, before, up=False)
        start = self._past_lead(chart)
        if start >= len(tokens) or len(tokens) - start > _LONGEST:
            return None
        for call in reversed(last):
            if call.function not in measured:
                value = self._value(chart, start, call)
                if value is not None:
                    return (value,)
            named = self._named(chart, start, call)
            if named is None:
                continue
            changed = Call(call.function, {**call.arguments, **_signed(named, call, chart)})
            if self._valid(changed):
                return (changed,)
        return self._on_from(chart, start, before)

    def own(self, tokens: Sequence[Token], last: Sequence[Call], seat: Seat) -> tuple[Call, ...]:
        """ "Same here", "me too": the last calls for the speaker's own seat; none otherwise."""
        chart = self._segmenter.chart(tuple(token for token in tokens if not token.mark))
        if not chart.keys or not self._is(self._talk.own, chart):
            return ()
        return own_calls(last, self._functions, seat)

    def goes_on(self, tokens: Sequence[Token]) -> bool:
        """True where the words only ask for more, or less, of what was just done."""
        chart = self._segmenter.chart(tuple(token for token in tokens if not token.mark))
        return bool(chart.keys) and (
            self._is(self._talk.repeat, chart) or self._is(self._talk.less, chart)
        )

    def _on_from(
        self, chart: Chart, start: int, before: Sequence[Clause]
    ) -> tuple[Call, ...] | None:
        """ "One level lower" after "heat my seat to level 3"."""
        words = chart.tokens[start:]
        for place, token in enumerate(words):
            heat = before[-1].call.function.rpartition("_")[2] if before else ""
            warmer = (token.key in _WARMER) - (token.key in _COOLER)
            if warmer and heat in ("heating", "cooling"):
                rest = (*words[:place], *words[place + 1 :])
                return self._further(rest, before, up=(warmer > 0) == (heat == "heating"))
            if token.key in _UP or token.key in _DOWN:
                rest = (*words[:place], *words[place + 1 :])
                return self._further(rest, before, up=token.key in _UP)
        return None

    def _further(
        self, rest: Sequence[Token], before: Sequence[Clause], *, up: bool
    ) -> tuple[Call, ...] | None:
        """A change of what the last turn set, by as much as the words say, else by one step."""
        amounts: list[tuple[Token, ...]] = [
            tuple(token for token in rest if token.key not in _NO_AMOUNT),
        ]
        if all(token.key in _NO_AMOUNT or token.key in _VAGUE for token in rest):
            amounts += [(), (Token("a", "a"), Token("bit", "bit"))]
        filler = self._segmenter.filler
        for clause in reversed(before):
            kept = clause.call.arguments
            for thing in filler.noun_phrases(clause.tokens):
                for amount in amounts:
                    for verb in ("increase", "open") if up else ("decrease", "close"):
                        words = (Token(verb, verb), *thing, *amount)
                        found = filler.command(words, 0.0, "follow-up")
                        if found is None or found.skill != clause.skill:
                            continue
                        call = found.call
                        if "by" not in call.arguments:
                            continue
                        if "where" in kept and "where" in self._grammar.feeds[call.function]:
                            call = Call(call.function, {**call.arguments, "where": kept["where"]})
                        return (call,)
            level = self._level(clause.call, amounts[0], up=up)
            if level is not None:
                return (level,)
        return None

    def _level(self, call: Call, amount: Sequence[Token], *, up: bool) -> Call | None:
        """The same by name: ``change_heating`` for ``set_heating``, in levels."""
        skill, _, own = call.function.partition(".")
        function = self._functions.get(f"{skill}.{_CHANGE}{own.removeprefix(_SET)}")
        known = function.arguments.model_fields if function is not None else {}
        said = [token for token in amount if token.key not in _LEVELS]
        set_by = self._functions.get(call.function)
        if set_by is None or "level" not in set_by.arguments.model_fields or "by" not in known:
            return None
        if any(token.number is None and token.key not in _VAGUE for token in said):
            return None
        steps = next((int(token.number) for token in said if token.number is not None), 1)
        kept = {name: call.arguments[name] for name in call.arguments if name in known}
        changed = Call(
            f"{skill}.{_CHANGE}{own.removeprefix(_SET)}", kept | {"by": steps if up else -steps}
        )
        return changed if self._valid(changed) else None

    def _is(self, phrases: Phrases, chart: Chart) -> bool:
        """True where the whole is one of the phrases, politeness left aside."""
        starts = {0} | {end for end, _ in chart.leads(0)}
        return any(
            stop == len(chart.keys)
            for start in starts
            if start < len(chart.keys)
            for end, _ in phrases.at(chart.keys, start)
            for stop, _ in chart.tails(end)
        )

    def _again(self, last: Sequence[Call]) -> tuple[Call, ...] | None:
        """ "Again" repeats what can go further, not what is already so."""
        again = tuple(
            call
            for call in last
            if _RELATIVE & call.arguments.keys()
            and call.function in self._functions
            and not self._functions[call.function].question
        )
        return again or None

    def _less(self, last: Sequence[Call]) -> tuple[Call, ...] | None:
        """ "Too much" goes one step back."""
        back: list[Call] = []
        for call in last:
            by = call.arguments.get("by")
            if isinstance(by, int | float) and by and call.function in self._functions:
                step = -by if abs(by) <= 1 else -by / 2
                step = int(step) if float(step).is_integer() else step
                changed = Call(call.function, {**call.arguments, "by": step})
                if not self._valid(changed):  # whole steps only
                    changed = Call(call.function, {**call.arguments, "by": -1 if by > 0 else 1})
                back.append(changed)
        return tuple(back) or None

    def _past_lead(self, chart: Chart) -> int:
        """Behind "and", "no", "same for", "make it", ... of which several may stand."""
        position = 0
        moved = True
        while moved and position < len(chart.keys):
            moved = False
            ends = [end for end, _ in self._talk.follow.at(chart.keys, position)]
            if ends and max(ends) < len(chart.keys):
                position, moved = max(ends), True
        return position

    def _value(self, chart: Chart, start: int, call: Call) -> Call | None:
        """ "No, 50" after "louder": the value itself, by the function that sets it."""
        skill, _, own = call.function.partition(".")
        setting = self._functions.get(f"{skill}.{_SET}{own.removeprefix(_CHANGE)}")
        if not own.startswith(_CHANGE) or setting is None:
            return None
        said = chart.tokens[start:]
        if all(token.number is None for token in said) or _STEP_WORDS & {t.key for t in said}:
            return None
        known = setting.arguments.model_fields
        kept = {name: call.arguments[name] for name in call.arguments if name in known}
        named = self._named(chart, start, Call(setting.name, kept))
        if named is None:
            return None
        found = Call(setting.name, {**kept, **named})
        try:
            setting.validate(found.arguments)
        except SkillError:
            return None
        return found

    def _named(self, chart: Chart, start: int, call: Call) -> dict[str, Any] | None:
        """The arguments of the call's function that the words from here on name."""
        return named_values(self._grammar, chart, start, call)

    def _valid(self, call: Call) -> bool:
        """The arguments fit; a value beyond the limits is for the executor to say."""
        function = self._functions.get(call.function)
        if function is None:
            return False
        try:
            function.validate(call.arguments)
        except OutOfRange:
            return True
        except SkillError:
            return False
        return True


def _signed(named: dict[str, Any], call: Call, chart: Chart) -> dict[str, Any]:
    """ "No, 5" after "down by 10" is down, too."""
    by, before = named.get("by"), call.arguments.get("by")
    if not isinstance(by, int | float) or not isinstance(before, int | float):
        return named
    if before < 0 < by and not {"up", "more", "higher", "louder", "warmer"} & set(chart.keys):
        return {**named, "by": -by}
    return named
