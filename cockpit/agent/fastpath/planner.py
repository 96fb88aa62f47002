"""The template planner: sentences to plans without a model."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from typing import Any, get_args, get_origin

from cockpit.agent.fastpath.clauses import Clause, Reading, Role
from cockpit.agent.fastpath.compound import ONE_AT_A_TIME, Compounds
from cockpit.agent.fastpath.conditional import (
    Conditionals,
    common_condition,
    goes_along,
    is_anyway,
    under,
)
from cockpit.agent.fastpath.conversation import Conversation, read_yaml
from cockpit.agent.fastpath.corrections import Corrector
from cockpit.agent.fastpath.followups import COMPARATIVES, FollowUps
from cockpit.agent.fastpath.going import WHICH_PLACE, going_there, points, says_go
from cockpit.agent.fastpath.grammar import Grammar, SentencesInvalid
from cockpit.agent.fastpath.normalise import Normaliser, Token, plain
from cockpit.agent.fastpath.own import seen_from
from cockpit.agent.fastpath.repair import repaired, unhesitating
from cockpit.agent.fastpath.segment import Segmenter
from cockpit.agent.fastpath.times import without_time
from cockpit.agent.plan import Call, DialogueContext, Plan, Utterance, Verdict
from skills.api import SkillSet
from vehicle_bus.seats import Seat

NAME = "template"
_LEFT_ALONE = "Okay, I'll leave it."
_NEVER_MIND = "Okay, never mind."
_BEYOND = "I can't do that offline."
_ONLY_NOW = "Sorry, I can't do that later or by a rule, only right now."
_CLAUSES_KEPT = 128
_STOPPING = ("assistant.stop", "assistant.cancel")
_UNDO = "assistant.undo"
_TAKING_BACK = 10  # words
_REPAIRED = 0.85  # confidence where a word was taken for another
# Words without which no condition stands.
_CONDITIONAL = frozenset(("if", "unless", "case", "provided", "assuming", "supposing", "whether"))
_MAY_YOU = frozenset(("can", "could", "would", "will"))
_MORE = frozenset(("and", "also", "plus", "oh"))
_WHILE = frozenset(("while", "whilst"))
_DEPENDENT = _WHILE | {"if", "unless"}
_SUBJECTS = frozenset(("i", "we", "you", "he", "she", "it", "they", "the", "my", "our", "there"))
_NAMED = 4  # words of a thing that is only named
# Rules of skills/common.yaml whose first words begin a command.
_VERB_RULES = ("set", "turn_on", "turn_off", "switch", "open", "close", "increase", "decrease")
_NO_VERBS = frozenset(("i", "no", "up", "more", "we", "could", "would"))


class TemplatePlanner:
    """Plans from the sentences of the skills and of conversation.yaml.

    Args:
        skills: whose ``sentences.yaml`` are compiled.
        common: lists and rules that they share; skills/common.yaml where not given.
        conversation: phrases around commands; conversation.yaml where not given.

    Raises:
        SentencesInvalid: a sentences file is broken or names a function that does not exist.
    """

    def __init__(
        self,
        skills: SkillSet,
        *,
        common: Mapping[str, Any] | None = None,
        conversation: Conversation | None = None,
    ) -> None:
        self._skills = skills
        self._talk = conversation or Conversation.default()
        shared = common if common is not None else _common()
        self.grammar = Grammar(_sources(skills), shared, self._talk.source)
        self._normalise = Normaliser(self.grammar.vocabulary)
        questions = [name for name, entry in skills.items() if entry.question]
        required = {
            name: frozenset(
                argument
                for argument, info in entry.arguments.model_fields.items()
                if info.is_required()
            )
            for name, entry in skills.items()
        }
        self._segmenter = Segmenter(
            self.grammar, self._talk, questions, self._verbs(), required, _limits(skills)
        )
        self._listed = {
            name: argument
            for name, entry in skills.items()
            for argument, info in entry.arguments.model_fields.items()
            if list in (get_origin(kind) for kind in (info.annotation, *get_args(info.annotation)))
        }
        self._corrector = Corrector(self._segmenter, self._talk)
        self._followups = FollowUps(self.grammar, self._segmenter, self._talk, skills)
        self._conditionals = Conditionals(self._normalise, self._talk)
        self._compounds = Compounds(self._conditionals, self._does, self._segmenter.begins_command)
        # The words that led to a call, so that a later turn can lean on them.
        self._said: OrderedDict[str, Clause] = OrderedDict()

    @property
    def name(self) -> str:
        """``template``."""
        return NAME

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """A plan where templates explain every word, or None."""
        return self.read(utterance.text, context, utterance.seat)

    def read(
        self, text: str, context: DialogueContext | None = None, seat: Seat = Seat.DRIVER
    ) -> Plan | None:
        """The same without a loop; pure but for its caches."""
        plan = self._understood(text, context, seat)
        if plan is None or not plan.calls:
            return plan
        calls: list[Call] = []
        for call in plan.calls:
            clause = self._said.get(_key(call))
            calls.append(seen_from(seat, call, clause) if clause is not None else call)
            if clause is not None and calls[-1] is not call:
                self._remember(calls[-1], clause)
        return replace(plan, calls=tuple(calls))

    def _understood(self, text: str, context: DialogueContext | None, seat: Seat) -> Plan | None:
        tokens = unhesitating(self._normalise(text))
        if not any(not token.mark for token in tokens):
            return None
        last = context.last_calls if context is not None else ()
        if last and (own := self._followups.own(tokens, last, seat)):
            return self._follow(own, tokens)
        if says_go(tokens):
            there = going_there(last, self._skills)
            if there is not None:
                return self._follow((there,), tokens)
            return self._unable(WHICH_PLACE, tokens) if points(tokens) else None
        plan = self._conditional(tokens)
        if plan is not None:
            return plan
        if _CONDITIONAL & {token.key for token in tokens} and self._compounds.found(tokens):
            return self._unable(ONE_AT_A_TIME, tokens)
        if (hung := common_condition(last)) is not None:
            if is_anyway(tokens):
                calls = tuple(replace(call, when=None) for call in last)
                return self._follow(calls, tokens)
            if goes_along(tokens):
                plan, alone = self._read(tokens, last), self._read(tokens, ())
                if plan is not None and (alone is None or alone.calls != plan.calls):
                    return replace(plan, calls=under(plan.calls, hung))
        if _CONDITIONAL & {token.key for token in tokens} and self._conditionals.depends(tokens):
            return None  # what holds on which condition is for a language model to say
        plan = self._read(tokens, last)
        if plan is not None and not (plan.calls and self._hangs(tokens)):
            return plan
        if self._put_off(tokens):
            return self._unable(_ONLY_NOW, tokens)
        for words in self._otherwise(tokens):
            plan = self._read(words, last)
            if plan is not None and plan.verdict is Verdict.ACT and not self._hangs(words):
                return replace(plan, confidence=min(plan.confidence, _REPAIRED))
        return None

    def _conditional(self, tokens: Sequence[Token]) -> Plan | None:
        """The plan of a sentence with a condition that we know."""
        if not _CONDITIONAL & {token.key for token in tokens}:
            return None

        def read(words: Sequence[Token]) -> Plan | None:
            return self._read(words, ())

        plan = self._conditionals.read(tokens, read)
        if plan is None:
            named = self._conditionals.about(tuple(tokens), read)
            plan = self._conditionals.read(named, read) if named is not None else None
        return plan

    def _put_off(self, tokens: Sequence[Token]) -> bool:
        """True for a command that is not for now: "in ten minutes", "whenever it rains"."""
        keys = [token.key for token in tokens if not token.mark]
        polite = keys[0] in _MAY_YOU and keys[1:2] == ["you"]
        event = keys[0] == "when" and keys[1:2] and keys[1] not in self._talk.questions
        asked = keys[0] in self._talk.questions and not polite and not event
        if asked or "or" in keys:
            return False
        return any(
            self._does(words)
            for words in without_time(tokens, self._segmenter.begins_command, self._polite(tokens))
        )

    def _does(self, tokens: Sequence[Token]) -> bool:
        """True for words that are a command and nothing else."""
        plan = self._read(tokens, ()) if tokens else None
        return (
            plan is not None
            and plan.verdict is Verdict.ACT
            and not plan.detail.get("dropped")
            and not any(self._skills[call.function].question for call in plan.calls)
        )

    def _otherwise(self, tokens: Sequence[Token]) -> Iterable[Sequence[Token]]:
        """What may have been meant by words that make no sense as they came."""
        chart = self._segmenter.chart(tokens)
        cuts = [place for place in range(1, len(tokens)) if self._segmenter.cuts.at(chart, place)]
        yield from repaired(tokens, self.grammar.vocabulary, cuts)
        # "Hazards", "seat heating": what is only named is wanted.
        named = [token for token in tokens if not token.mark or token.key == "?"]
        keys = {token.key for token in named}
        if self._segmenter.begins_command(named[0]):
            return
        if len(named) <= _NAMED and not keys & (self._talk.questions | self._talk.pronouns | {"?"}):
            yield (Token("turn", "turn"), Token("on", "on"), *named)

    def _read(self, tokens: Sequence[Token], last: Sequence[Call]) -> Plan | None:
        before = tuple(
            clause for call in last if (clause := self._said.get(_key(call))) is not None
        )
        skill = last[-1].function.partition(".")[0] if last else None
        if self._corrector.retracted(tokens):
            return self._nothing(_NEVER_MIND, tokens)
        if before and (taken_back := self._taken_back(tokens)) is not None:
            return self._plan(taken_back, tokens)
        depends = any(True for _ in self._dependent(tokens))
        reading = None if depends else self._corrector.read(tokens, before, skill)
        if reading is not None:
            return self._plan(reading, tokens)
        reading = self._segmenter.read(tokens, before, skill)
        if last and reading is not None and self._followups.goes_on(tokens):
            calls = self._followups.read(tokens, last, self._measured(last), before)
            if calls is not None:
                return self._follow(calls, tokens)
        if last and (reading is None or self._leans(reading)):
            calls = self._followups.read(tokens, last, self._measured(last), before)
            if calls is not None and not self._same_function(reading, calls):
                return self._follow(calls, tokens)
        if reading is None and before:
            reading = self._leaning(tokens, before)
        return self._plan(reading, tokens) if reading is not None else None

    def _taken_back(self, tokens: Sequence[Token]) -> Reading | None:
        """ "Cancel that" is about the last command, whatever "that" was in it."""
        if len(tokens) > _TAKING_BACK:
            return None
        reading = self._segmenter.read(tokens)
        if reading is None or [c.match.template.intent for c in reading.clauses] != [_UNDO]:
            return None
        return reading

    def explain(self, text: str) -> dict[str, Any]:
        """What templates make of a text that they do not explain wholly, for the inspector."""
        tokens = self._normalise(text)
        reading = self._segmenter.furthest(tokens)
        return {
            "tokens": plain(tokens),
            "clauses": [clause.describe() for clause in reading.clauses],
            "unexplained": plain(tokens[reading.position :]),
        }

    def _dependent(self, tokens: Sequence[Token]) -> Iterator[int]:
        """Where "if", "unless" or "while" stands for more than politeness."""
        polite = self._polite(tokens)
        yield from (
            place
            for place, token in enumerate(tokens)
            if token.key in _DEPENDENT and place not in polite
        )

    def _polite(self, tokens: Sequence[Token]) -> frozenset[int]:
        """Words that are skipped around commands: "if you can", "while i remember"."""
        keys = tuple(token.key for token in tokens)
        skips = (self._talk.skips.lead, self._talk.skips.tail, self._talk.skips.anywhere)
        return frozenset(
            place
            for start in range(len(keys))
            for table in skips
            for end, _ in table.at(keys, start)
            for place in range(start, end)
        )

    def _hangs(self, tokens: Sequence[Token]) -> bool:
        """True where a command is done only "while we are parked"."""
        return any(
            tokens[place].key in _WHILE and tokens[place + 1].key in _SUBJECTS
            for place in self._dependent(tokens)
            if place + 1 < len(tokens)
        )

    # -- parts ----------------------------------------------------------------------------

    def _verbs(self) -> frozenset[str]:
        words: set[str] = set()
        for network in self.grammar.networks:
            if network.kind == "rule" and network.name in _VERB_RULES and network.firsts:
                words |= network.firsts
        return frozenset(words - _NO_VERBS)

    def _leans(self, reading: Reading) -> bool:
        """True where a short form may rather mean the last call ("make it 3", "20")."""
        if len(reading.clauses) != 1:
            return False
        clause = reading.clauses[0]
        bare = len(clause.tokens) == 1 and clause.how == "said"
        return clause.acts and (
            (bare and clause.tokens[0].key in COMPARATIVES)
            or bool(clause.match.template.metadata.get("elliptic"))
            or clause.how != "said"
            or any(token.key in self._talk.pronouns for token in clause.tokens)
        )

    def _measured(self, last: Sequence[Call]) -> frozenset[str]:
        """Functions for which the speaker said by how much, as a number ("down by 15")."""
        return frozenset(
            call.function
            for call in last
            if (clause := self._said.get(_key(call))) is not None
            and any(token.number is not None for token in clause.tokens)
        )

    @staticmethod
    def _same_function(reading: Reading | None, calls: Sequence[Call]) -> bool:
        """The sentence names the same function and at least as much; then it speaks for itself."""
        if reading is None or not reading.commands:
            return False
        own = reading.commands[-1].call
        return own.function == calls[-1].function and (
            own.arguments.keys() >= calls[-1].arguments.keys()
        )

    def _leaning(self, tokens: Sequence[Token], before: tuple[Clause, ...]) -> Reading | None:
        """ "And the sunroof" after "open the windows" in the turn before."""
        chart = self._segmenter.chart(tokens)
        keys = tuple(token.key for token in tokens)
        starts = {end for end, _ in self._talk.follow.at(keys, 0)} | {0}
        for start in sorted(starts, reverse=True):
            begin = self._segmenter.cuts.past(chart, start)
            span = tuple(token for token in tokens[begin:] if not token.mark)
            if not span or len(span) > 8:
                continue
            for end, _ in self._trimmed_tails(span):
                found = self._segmenter.filler.filled(span[:end], before)
                more = self._segmenter.filler.further(span[:end], before, self._listed)
                if not found and more is not None and keys[0] in _MORE:
                    found = [more]
                if found:
                    return Reading((found[0],), found[0].cost, len(tokens))
        return None

    def _trimmed_tails(self, span: Sequence[Token]) -> Iterable[tuple[int, float]]:
        """Ends of a span with trailing politeness left out, the whole first."""
        chart = self._segmenter.chart(span)
        for end in range(len(span), 0, -1):
            for stop, cost in chart.tails(end):
                if stop == len(span):
                    yield end, cost
                    break

    def _plan(self, reading: Reading, tokens: Sequence[Token]) -> Plan | None:
        commands = reading.commands
        if any(self._refuses(first, second) for first, second in pairwise(reading.clauses)):
            return None
        if len(commands) > 1:  # "that's enough, turn them off"
            commands = tuple(c for c in commands if c.match.template.intent not in _STOPPING)
        detail = self._detail(reading, tokens)
        if commands:
            calls: list[Call] = []
            for clause in commands:
                call = self._call(clause)
                if call not in calls:
                    calls.append(call)
                if not self._whole(call):
                    return None
                self._remember(call, clause)
            dropped = sum(clause.role is Role.ASIDE for clause in reading.clauses)
            reply = next(
                (_BEYOND for clause in reading.clauses if clause.role is Role.UNKNOWN), None
            )
            confidence = max(0.6, 1.0 - 0.15 * dropped)
            return Plan(tuple(calls), NAME, Verdict.ACT, confidence, reply, detail)
        roles = {clause.role for clause in reading.clauses}
        if Role.NEGATED in roles:
            return Plan((), NAME, Verdict.NOTHING, 1.0, _LEFT_ALONE, detail)
        if Role.UNKNOWN in roles:
            return Plan((), NAME, Verdict.UNKNOWN, 1.0, None, detail)
        talk = [clause for clause in reading.clauses if clause.role is Role.TALK]
        if talk:
            reply = str(talk[-1].match.template.metadata.get("reply", "Okay."))
            return Plan((), NAME, Verdict.NOTHING, 1.0, reply, detail)
        return None

    def _refuses(self, first: Clause, second: Clause) -> bool:
        """True where a command follows what says not to: "i know there is no need to"."""
        if first.role is not Role.ASIDE or second.role is not Role.COMMAND:
            return False
        keys = tuple(token.key for token in first.tokens)
        return any(
            end == len(keys)
            for start in range(len(keys))
            for end, _ in self._talk.negation.at(keys, start)
        )

    def _call(self, clause: Clause) -> Call:
        """The call of a clause, without what its function does not know ("the ac for me")."""
        call = clause.call
        known = self._skills[call.function].arguments.model_fields
        return Call(
            call.function, {name: call.arguments[name] for name in call.arguments if name in known}
        )

    def _whole(self, call: Call) -> bool:
        """False where an integer would be a fraction: "turn the radio to 98.5" is a station."""
        known = self._skills[call.function].arguments.model_fields
        return not any(
            isinstance(value, float) and not value.is_integer() and known[name].annotation is int
            for name, value in call.arguments.items()
        )

    def _unable(self, reply: str, tokens: Sequence[Token]) -> Plan:
        return Plan((), NAME, Verdict.UNKNOWN, 1.0, reply, {"text": plain(tokens)})

    def _nothing(self, reply: str, tokens: Sequence[Token]) -> Plan:
        return Plan((), NAME, Verdict.NOTHING, 1.0, reply, {"text": plain(tokens)})

    def _follow(self, calls: tuple[Call, ...], tokens: Sequence[Token]) -> Plan:
        detail = {"text": plain(tokens), "how": "follow-up"}
        return Plan(calls, NAME, Verdict.ACT, 0.95, None, detail)

    def _detail(self, reading: Reading, tokens: Sequence[Token]) -> dict[str, Any]:
        return {
            "text": plain(tokens),
            "clauses": [clause.describe() for clause in reading.clauses],
            "dropped": [
                plain(clause.tokens) for clause in reading.clauses if clause.role is Role.ASIDE
            ],
            "cost": round(reading.cost, 2),
        }

    def _remember(self, call: Call, clause: Clause) -> None:
        key = _key(call)
        self._said[key] = clause
        self._said.move_to_end(key)
        if len(self._said) > _CLAUSES_KEPT:
            self._said.popitem(last=False)


def _limits(skills: SkillSet) -> dict[str, dict[str, tuple[float, float]]]:
    """The bounds that arguments are declared with, by function and argument."""
    limits: dict[str, dict[str, tuple[float, float]]] = {}
    for name, entry in skills.items():
        for argument, info in entry.arguments.model_fields.items():
            low = next((m.ge for m in info.metadata if hasattr(m, "ge")), None)
            high = next((m.le for m in info.metadata if hasattr(m, "le")), None)
            if low is not None or high is not None:
                bounds = (-math.inf if low is None else low, math.inf if high is None else high)
                limits.setdefault(name, {})[argument] = bounds
    return limits


def _key(call: Call) -> str:
    return call.function + json.dumps(dict(call.arguments), sort_keys=True, default=str)


def _common() -> Mapping[str, Any]:
    text = files("skills").joinpath("common.yaml").read_text(encoding="utf-8")
    return read_yaml(text)


def _sources(skills: SkillSet) -> Iterable[Mapping[str, Any]]:
    for skill in skills.skills:
        source = read_yaml(skill.sentences.read_text(encoding="utf-8"))
        unknown = sorted(set(source.get("intents") or {}) - set(skill.functions))
        if unknown:
            raise SentencesInvalid(
                f"{skill.sentences} has sentences for {', '.join(unknown)}, which does not exist."
            )
        yield source
