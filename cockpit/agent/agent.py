"""One turn: understand, check, act, and say what really happened (DESIGN §6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from cockpit.agent.arbitration import Arbiter
from cockpit.agent.correction import Correction, correction
from cockpit.agent.dialogue import (
    Accepted,
    Conversation,
    Declined,
    Proposal,
    Resume,
    about_the_conversation,
)
from cockpit.agent.executor import Execution, Executor
from cockpit.agent.gate import Gate
from cockpit.agent.plan import (
    Call,
    DialogueContext,
    Outcome,
    Plan,
    Planner,
    Prepared,
    Turn,
    Utterance,
    Verdict,
)
from cockpit.agent.sparing import part, spared
from cockpit.agent.wording import afterthought, is_question, proposal, render
from cockpit.events import (
    CommandFailedLater,
    EventStream,
    PlanMade,
    TurnFinished,
    UtteranceHeard,
)
from cockpit.settings import AgentSettings
from skills.api import SkillError, Status
from skills.phrasing import say_changes
from vehicle_bus.errors import CockpitError
from vehicle_bus.records import Failure
from vehicle_bus.seats import Seat

log = logging.getLogger(__name__)

HEARD_BADLY: Final = 0.3
"""Recognitions below this confidence are asked back before anything is done."""

NOT_UNDERSTOOD = "Sorry, I didn't understand that."
NOT_OFFLINE = "Sorry, I can't answer that offline."
NOT_ABLE = "Sorry, I can't do that offline."
DECLINED = "Okay, I won't."
LEFT_AS_IT_WAS = "That was left as it was."
BROKEN = "Sorry, something went wrong there."


class Agent:
    """Turns utterances into turns, one at a time.

    Args:
        planners: templates first; at most one of each name.
        executor: runs plans.
        gate: the way to the vehicle, for what a turn changed.
        conversation: the dialogue so far.
        events: told of everything that happens.
        settings: thresholds and the choice of planners.
    """

    name = "auto"
    """As a planner, it is all of its planners together."""

    def __init__(
        self,
        planners: Sequence[Planner],
        executor: Executor,
        gate: Gate,
        conversation: Conversation,
        events: EventStream,
        settings: AgentSettings,
    ) -> None:
        self._planners = {planner.name: planner for planner in planners}
        self._executor = executor
        self._arbiter = Arbiter(self._planners, executor, settings)
        self._gate = gate
        self.conversation = conversation
        self._events = events
        self._settings = settings
        self._turns = 0
        self._one_at_a_time = asyncio.Lock()
        gate.on_failure(self._failed_later)

    @property
    def gate(self) -> Gate:
        """The way to the vehicle."""
        return self._gate

    @property
    def planners(self) -> tuple[Planner, ...]:
        """Who plans, templates first."""
        return tuple(self._planners.values())

    def _failed_later(self, failure: Failure) -> None:
        self._events.publish(CommandFailedLater(failure))

    async def turn(self, utterance: Utterance, prepared: Prepared | None = None) -> Turn:
        """Everything from what was said to the reply.

        Never raises for anything a speaker, a skill or the vehicle can cause. When it is
        cancelled, commands that were sent still finish and can be taken back.

        Args:
            prepared: saves planning, where it was made of the same words after the same turn.
        """
        async with self._one_at_a_time:
            if prepared is not None and not self._holds(prepared, utterance):
                prepared = None
            self._turns += 1
            return await _Turn(self, utterance, prepared).run()

    async def prepare(self, utterance: Utterance) -> Prepared:
        """Think ahead what a turn would follow; nothing is done, and it may be cancelled.

        Raises:
            CockpitError: the only planner has failed.
        """
        began, turns = time.perf_counter(), self._turns
        answers = self.conversation.is_answer(utterance.text, utterance.seat)
        plan = None if answers else await self._understand(utterance)
        return Prepared(utterance, plan, answers, (time.perf_counter() - began) * 1000, turns)

    def _holds(self, prepared: Prepared, utterance: Utterance) -> bool:
        before = prepared.utterance
        return (
            prepared.turns == self._turns
            and (before.text, before.seat) == (utterance.text, utterance.seat)
            and not prepared.answers
        )

    async def _understand(self, utterance: Utterance) -> Plan | None:
        """What the planners make of it, as the arbiter settles it."""
        conversation, seat = self.conversation, utterance.seat
        context = DialogueContext(conversation.leaned_on(utterance.text, seat))
        fresh = DialogueContext(conversation.recent(seat), conversation.asked(seat))
        return await self.plan(utterance, context, fresh)

    async def plan(
        self, utterance: Utterance, context: DialogueContext, fresh: DialogueContext | None = None
    ) -> Plan | None:
        """The plan that a turn would follow, as the planners settle it; nothing is done.

        Args:
            context: the conversation, for the templates.
            fresh: what of it the language model is told; the same by default.
        """
        return await self._arbiter.plan(utterance, context, fresh or context)

    async def by_heart(self, text: str, seat: Seat = Seat.DRIVER) -> Plan | None:
        """What the templates alone make of a text; None where it is strange to them.

        Nothing is done.
        """
        template = self._planners.get("template")
        last = self.conversation.last
        context = DialogueContext(last.calls if last is not None else ())
        return await template.plan(Utterance(text, seat), context) if template is not None else None

    async def restart(self) -> None:
        """Forget the conversation; a turn under way ends first."""
        async with self._one_at_a_time:
            self.conversation.forget_everything()
            self._gate.forget()


class _Turn:
    """One turn under way."""

    def __init__(self, agent: Agent, utterance: Utterance, prepared: Prepared | None) -> None:
        self._agent = agent
        self._utterance = utterance
        self._prepared = prepared
        self._conversation = agent.conversation
        self._plan: Plan | None = None
        self._answered = False
        self._outcomes: tuple[Outcome, ...] = ()
        self._plan_ms = 0.0
        self._execute_ms = 0.0

    async def run(self) -> Turn:
        """Run it."""
        began = time.perf_counter()
        now = asyncio.get_running_loop().time()
        self._agent._events.publish(UtteranceHeard(self._utterance, now))
        self._agent._gate.changed.clear()
        try:
            reply = await self._reply()
        except CockpitError as error:
            reply = error.spoken
        except Exception:  # whatever breaks, the next turn works
            log.exception("the turn failed")
            reply = BROKEN
        question = self._conversation.question
        asks = question is not None and question in reply
        if reply and not asks:
            reply = f"{reply} {self._late_news()}".strip()
        self._conversation.said(reply)
        turn = Turn(
            utterance=self._utterance,
            reply=reply,
            asks=asks,
            planner=self._planner,
            outcomes=self._outcomes,
            signals=dict(self._agent._gate.changed),
            timings_ms={
                "plan": self._plan_ms,
                "execute": self._execute_ms,
                "total": (time.perf_counter() - began) * 1000,
            },
            plan=self._plan,
        )
        self._agent._events.publish(TurnFinished(turn))
        return turn

    def _late_news(self) -> str:
        """What did not come true of earlier replies, said once."""
        gate = self._agent._gate
        news = [
            afterthought(one, gate.reported(one.path), just_said=one.path in gate.changed)
            for one in gate.untold()
        ]
        gate.told()
        return " ".join(news)

    @property
    def _planner(self) -> str:
        """Who understood the utterance: a planner, the dialogue (an answer), or none."""
        if self._answered:
            return "dialogue"
        return self._plan.planner if self._plan else "none"

    async def _reply(self) -> str:
        text, seat = self._utterance.text, self._utterance.seat
        if not text.strip():
            return ""
        answer = self._conversation.answer(text, seat)
        self._answered = answer is not None
        match answer:
            case Declined(rest=rest):
                return await self._declined(rest)
            case Accepted(plan=proposed, rest=rest):
                self._plan = proposed
                reply = await self._act(proposed.calls)
                return await self._and_more(reply, proposed.calls, rest)
            case Resume(pending=pending, rest=rest):
                reply = await self._resume(answer)
                return await self._and_more(reply, [pending.calls[pending.index]], rest)
        if (put_back := await self._put_back()) is not None:
            self._answered = True
            return put_back
        began = time.perf_counter()
        fixed = await self._corrected()
        plan = fixed.plan if fixed else await self._understand()
        self._plan = plan
        self._plan_ms = (time.perf_counter() - began) * 1000
        if plan is not None:
            self._agent._events.publish(PlanMade(plan, self._plan_ms))
        if fixed is not None:
            await self._conversation.take_back(fixed.replaces, self._utterance.seat)
        return await self._follow(plan)

    async def _declined(self, rest: str) -> str:
        """ "No" and what is wanted instead, where that is understood."""
        plan = await self._rest(rest)
        if plan is not None:
            self._conversation.heard_something_else(self._utterance.seat)
            self._plan = plan
            return await self._act(plan.calls)
        following = self._conversation.question
        return f"{DECLINED} {following}" if following else DECLINED

    async def _and_more(self, reply: str, answered: Sequence[Call], rest: str) -> str:
        """What was said after "yes", unless it only says again what was asked."""
        plan = await self._rest(rest)
        again = {call.function for call in answered}
        if plan is None or again & {call.function for call in plan.calls}:
            return reply
        outcomes = self._outcomes
        more = await self._act(plan.calls)
        self._outcomes = (*outcomes, *self._outcomes)
        return f"{reply} {more}".strip()

    async def _rest(self, rest: str) -> Plan | None:
        plan = await self._agent.by_heart(rest, self._utterance.seat) if rest else None
        return plan if plan and plan.verdict is Verdict.ACT and plan.calls else None

    # Understanding.

    async def _put_back(self) -> str | None:
        """What "not mine" put back of the last turn, in words; None where it is said of nothing."""
        text, seat = self._utterance.text, self._utterance.seat
        taken_out = spared(text)
        if taken_out is None or self._conversation.asked(seat) is not None:
            return None
        before = self._conversation.before(seat)
        if before is None:
            return None
        area, thing = taken_out
        values = part(before, area.seats(seat), thing)
        if not values:
            return LEFT_AS_IT_WAS
        gate = self._agent._gate
        await gate.regain()
        return say_changes(await gate.restore(values), seat)

    async def _corrected(self) -> Correction | None:
        """What a correction of the last turn ("no, 23") asks for; None where it is none."""
        template = self._agent._planners.get("template")
        last = self._conversation.own(self._utterance.seat)
        if template is None or last is None:
            return None
        return await correction(self._utterance, last.calls, template)

    async def _understand(self) -> Plan | None:
        if self._prepared is not None:
            return self._prepared.plan
        return await self._agent._understand(self._utterance)

    def _acts(self, plan: Plan) -> bool:
        return any(not self._agent._executor.is_question(call) for call in plan.calls)

    # Acting.

    async def _follow(self, plan: Plan | None) -> str:
        verdict = plan.verdict if plan else Verdict.UNKNOWN
        if plan is not None and self._utterance.confidence < HEARD_BADLY and self._acts(plan):
            verdict = Verdict.UNSURE
        if plan is not None and verdict is Verdict.ACT and plan.calls:
            # "Repeat that" and "stop" are about the open question; any other command ends it.
            if not all(about_the_conversation(call) for call in plan.calls):
                self._conversation.heard_something_else(self._utterance.seat)
            done = await self._act(plan.calls)
            # A part of the sentence may be beyond all skills, which is said, too.
            return f"{done} {plan.reply or ''}".strip()
        if plan is not None and verdict is Verdict.NOTHING and not self._unanswered(plan):
            return plan.reply or ""
        if plan is not None and verdict is Verdict.UNSURE and self._worth_asking(plan):
            question = proposal(plan.calls, self._agent._executor.skills)
            self._conversation.heard_something_else(self._utterance.seat)
            self._conversation.ask([Proposal(plan, question)], self._utterance.seat)
            return question
        if plan is not None and plan.reply:
            return plan.reply
        if is_question(self._utterance.text):
            return NOT_OFFLINE
        return NOT_ABLE if plan is not None and verdict is Verdict.UNKNOWN else NOT_UNDERSTOOD

    def _unanswered(self, plan: Plan) -> bool:
        """A question must not be met with silence, whatever a planner makes of it."""
        return not plan.reply and is_question(self._utterance.text)

    def _worth_asking(self, plan: Plan) -> bool:
        """A guess that could be right and could be carried out."""
        if not plan.calls or plan.confidence < self._agent._settings.confidence_to_ask:
            return False
        try:
            self._agent._executor.check(plan.calls)
        except SkillError:
            return False
        return True

    async def _act(self, calls: Sequence[Call]) -> str:
        execution = Execution()
        began = time.perf_counter()
        if not all(about_the_conversation(call) for call in calls):
            await self._agent._gate.regain()
        try:
            await self._agent._executor.run(calls, self._utterance.seat, execution=execution)
        finally:
            self._conversation.remember(self._utterance.seat, calls, execution)
        self._execute_ms = (time.perf_counter() - began) * 1000
        return self._tell(execution)

    async def _resume(self, answer: Resume) -> str:
        pending = answer.pending
        # The asking call runs again, and with it what was waiting for its result.
        again = {pending.index} | {
            index
            for index, outcome in pending.outcomes.items()
            if index > pending.index and outcome.status is Status.SKIPPED
        }
        given = {i: outcome for i, outcome in pending.outcomes.items() if i not in again}
        execution = Execution()
        began = time.perf_counter()
        await self._agent._gate.regain()
        try:
            await self._agent._executor.run(
                pending.calls,
                self._utterance.seat,
                execution=execution,
                confirmed={pending.index: answer.confirmed},
                given=given,
            )
        finally:
            self._conversation.remember(self._utterance.seat, pending.calls, execution)
        self._execute_ms = (time.perf_counter() - began) * 1000
        return self._tell(execution)

    def _tell(self, execution: Execution) -> str:
        self._outcomes = execution.outcomes
        self._conversation.ask(execution.pending, self._utterance.seat)
        # An answer brings up the next open question; a remark beside it does not.
        asks = bool(execution.pending) or self._answered
        question = self._conversation.question if asks else None
        return render(execution.outcomes, question, self._agent._executor.skills)
