"""The conversation: the open question, corrections, undo, and what was said last."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cockpit.agent.choices import chosen
from cockpit.agent.correction import corrects
from cockpit.agent.executor import Execution, Pending
from cockpit.agent.fastpath.answers import Answer as YesOrNo
from cockpit.agent.fastpath.answers import answers
from cockpit.agent.fastpath.going import GOES, goes_there
from cockpit.agent.gate import CallJournal
from cockpit.agent.plan import Call, Plan
from skills.api import Clock, SkillSet, Value
from vehicle_bus.seats import Seat

UNDO_DEPTH: Final = 20
"""How many turns can be taken back."""
FRESH: Final = timedelta(seconds=60)
"""For so long the language model may take a short sentence as leaning on the last turn."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan too doubtful to run unasked: a yes runs it."""

    plan: Plan
    question: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a call that asked: the answer is known now.

    Attributes:
        pending: the call and its plan, with the chosen arguments put in.
        confirmed: keys of its questions that are answered with yes.
        rest: what else was said.
    """

    pending: Pending
    confirmed: frozenset[str]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The proposed plan is to be run; ``rest`` is what else was said."""

    plan: Plan
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """The answer was no: nothing is done; ``rest`` is what else was said."""

    rest: str = ""


type Answer = Resume | Accepted | Declined


@dataclass(frozen=True, slots=True)
class _Question:
    about: Pending | Proposal
    seat: Seat
    until: datetime

    @property
    def text(self) -> str:
        return (
            self.about.question
            if isinstance(self.about, Proposal)
            else self.about.question.question
        )


@dataclass(frozen=True, slots=True)
class PastTurn:
    """What a turn did.

    Attributes:
        seat: who spoke.
        calls: what was called.
        journals: how to take each call back.
        at: when it ended.
    """

    seat: Seat
    calls: tuple[Call, ...]
    journals: tuple[tuple[Call, CallJournal], ...]
    at: datetime


class Conversation:
    """State of one session's conversation; implements ``skills.api.Dialogue``.

    Args:
        skills: for titles.
        clock: tells when a question lapses.
        answer_timeout: seconds that a question stays open.
    """

    def __init__(self, skills: SkillSet, clock: Clock, answer_timeout: float) -> None:
        self._skills = skills
        self._clock = clock
        self._timeout = timedelta(seconds=answer_timeout)
        self._questions: deque[_Question] = deque()
        self._undoable: deque[PastTurn] = deque(maxlen=UNDO_DEPTH)
        self._hooks: list[Callable[[], None]] = []
        self._last_reply: str | None = None
        self._last: PastTurn | None = None
        self._own: dict[Seat, PastTurn] = {}

    # The part that skills see.

    @property
    def last_reply(self) -> str | None:
        """What was said last, or None."""
        return self._last_reply

    def drop_question(self) -> bool:
        """Forget the open question, and those that would have followed."""
        was_open = self.question is not None
        self._questions.clear()
        return was_open

    async def undo(self) -> str | None:
        """Take back the last turn that changed something; said again, the one before it.

        Raises:
            CockpitError: the vehicle did not take it back.
        """
        while self._undoable:
            turn = self._undoable[-1]
            if names := await self._revert(turn.journals):
                self._forget(turn)
                return names
            self._forget(turn)
        return None

    def interrupt(self) -> None:
        """Stop speaking and whatever can be stopped."""
        for hook in self._hooks:
            hook()

    def abilities(self) -> tuple[str, ...]:
        """Titles of the skills that are there, as they stand inside a sentence."""
        return tuple(_inside(skill.title) for skill in self._skills.skills)

    # The part that the agent uses.

    def on_interrupt(self, hook: Callable[[], None]) -> None:
        """Have ``hook`` called when somebody says "stop"."""
        self._hooks.append(hook)

    @property
    def question(self) -> str | None:
        """The question that waits for an answer."""
        self._drop_lapsed()
        return self._questions[0].text if self._questions else None

    @property
    def last(self) -> PastTurn | None:
        """The last turn that called something."""
        return self._last

    def own(self, seat: Seat) -> PastTurn | None:
        """What a correction from a seat is about: its own last turn, as long as that is the last
        one or fresh in mind."""
        own = self._own.get(seat)
        if own is None or (own is not self._last and self._clock.now() - own.at > FRESH):
            return None
        return own

    def leaned_on(self, text: str, seat: Seat) -> tuple[Call, ...]:
        """Calls that a sentence may lean on: the last ones, whoever spoke ("mine too"); of a
        correction ("no, 23") those of the same seat."""
        turn = self.own(seat) if corrects(text) else self._last
        return turn.calls if turn is not None else ()

    def recent(self, seat: Seat) -> tuple[Call, ...]:
        """Calls of the last turn, where it was this seat's and is fresh in mind."""
        last = self._last
        if last is None or last.seat is not seat or self._clock.now() - last.at > FRESH:
            return ()
        return last.calls

    def asked(self, seat: Seat) -> str | None:
        """The function that this seat's open question is about; None where none is open."""
        self._drop_lapsed()
        if not self._questions or self._questions[0].seat is not seat:
            return None
        about = self._questions[0].about
        if isinstance(about, Proposal):
            return about.plan.calls[0].function if about.plan.calls else None
        return about.calls[about.index].function

    def ask(self, about: Sequence[Pending | Proposal], seat: Seat) -> None:
        """Queue questions; the first is open, the others follow its answer."""
        until = self._clock.now() + self._timeout
        self._questions.extend(_Question(item, seat, until) for item in about)

    def answer(self, text: str, seat: Seat) -> Answer | None:
        """What a sentence answers to the open question; None where it is no answer.

        The question is closed by an answer. It stays open for its own speaker when somebody
        in another seat talks.
        """
        answer = self._answer(text, seat)
        if answer is not None:
            self._questions.popleft()
            until = self._clock.now() + self._timeout
            self._questions = deque(replace(item, until=until) for item in self._questions)
        return answer

    def is_answer(self, text: str, seat: Seat) -> bool:
        """Whether a sentence answers the open question, which stays open."""
        return self._answer(text, seat) is not None

    def _answer(self, text: str, seat: Seat) -> Answer | None:
        self._drop_lapsed()
        if not self._questions or self._questions[0].seat is not seat:
            return None
        about = self._questions[0].about
        return _proposal(text, about) if isinstance(about, Proposal) else _call(text, about)

    def heard_something_else(self, seat: Seat) -> None:
        """The asked person gave a new command in place of an answer: forget the questions."""
        if self._questions and self._questions[0].seat is seat:
            self._questions.clear()

    def forget_everything(self) -> None:
        """Start again as if nothing had been said."""
        self._questions.clear()
        self._undoable.clear()
        self._last_reply = self._last = None
        self._own.clear()

    def said(self, reply: str) -> None:
        """Remember a reply, for "say that again"."""
        if reply:
            self._last_reply = reply

    def heard(self, part: str) -> None:
        """Only this beginning of the last reply was heard: the rest was not said.

        A question of which less than half was heard was not asked.
        """
        reply, self._last_reply = self._last_reply or "", part or None
        question = self.question
        if question is None or question not in reply:
            return
        if len(part) - reply.index(question) < len(question) / 2:
            self._questions.clear()

    def remember(self, seat: Seat, calls: Sequence[Call], execution: Execution) -> None:
        """Remember what a turn called and how to take it back.

        Calls about the conversation itself (repeat, help, undo) are no part of it.
        """
        calls = [call for call in calls if not about_the_conversation(call)]
        if not calls:
            return
        journals = tuple(entry for entry in execution.journals if entry[1])
        self._last = PastTurn(seat, tuple(calls), journals, self._clock.now())
        self._own[seat] = self._last
        if journals:
            self._undoable.append(self._last)

    def before(self, seat: Seat) -> dict[str, Value] | None:
        """What the signals were that the last turn changed, where that was for some seats.

        None where it was not, or where it was another's turn and is not fresh in mind.
        """
        turn = self._last
        if turn is None or (turn.seat is not seat and self._clock.now() - turn.at > FRESH):
            return None
        if not any(self._has_area(call) for call in turn.calls):
            return None
        journals = [journal for call, journal in turn.journals if self._has_area(call)]
        return {path: value for one in journals for path, value in one.before.items()}

    def _has_area(self, call: Call) -> bool:
        function = self._skills.get(call.function)
        return function is not None and "where" in function.arguments.model_fields

    async def take_back(self, functions: frozenset[str], seat: Seat) -> bool:
        """Take back the calls of some functions in a seat's last turn, as a correction does.

        Returns:
            True where something was taken back.

        Raises:
            CockpitError: the vehicle did not take it back.
        """
        turn = self.own(seat)
        if turn is None:
            return False
        chosen = tuple(entry for entry in turn.journals if entry[0].function in functions)
        done = await self._revert(chosen)
        if not any(journal for _, journal in turn.journals):
            self._forget(turn)
        return done is not None

    async def _revert(self, journals: Sequence[tuple[Call, CallJournal]]) -> str | None:
        names: dict[str, None] = {}
        for call, journal in reversed(journals):
            if journal:
                await journal.revert()
                names[call.function] = None
        return ", ".join(reversed(names)) or None

    def _forget(self, turn: PastTurn) -> None:
        if turn in self._undoable:
            self._undoable.remove(turn)

    def _drop_lapsed(self) -> None:
        if self._questions and self._clock.now() > self._questions[0].until:
            self._questions.clear()


def _inside(title: str) -> str:
    """ "Doors and trunk" in small letters; "AC" as it is."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def about_the_conversation(call: Call) -> bool:
    """True for the skill that talks about the conversation itself."""
    return call.function.startswith("assistant.")


def _proposal(text: str, about: Proposal) -> Answer | None:
    answer = answers(text)
    if answer.yes is None:
        return None
    return Accepted(about.plan, answer.rest) if answer.yes else Declined(answer.rest)


def _call(text: str, about: Pending) -> Answer | None:
    choices = about.question.choices
    place: int | None
    if about.calls[about.index].function in GOES and goes_there(text):
        place, answer = 0, YesOrNo(True, "")  # "take me there": to what was named first
    else:
        place = chosen(text, [choice.label for choice in choices]) if choices else None
        answer = answers(text)
    if place is None and answer.yes is False:
        return Declined(answer.rest)
    if place is None and answer.yes is None:
        return None
    if not choices:
        return Resume(about, about.confirmed | {about.question.key}, answer.rest)
    call = about.calls[about.index]
    arguments = {**call.arguments, **choices[place or 0].args}
    calls = list(about.calls)
    calls[about.index] = replace(call, arguments=arguments)
    rest = answer.rest if place is None else ""
    return Resume(replace(about, calls=tuple(calls)), about.confirmed, rest)
