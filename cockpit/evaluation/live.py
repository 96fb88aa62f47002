"""The live conversation in a room in memory: real models, the pace of real sound.

The end of speech is taken from the audio itself (``Room.say``: the last frame less than 40 dB
below the loudest), not from the endpointer that is measured.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from cockpit.agent.plan import Utterance
from cockpit.audio.streams import FRAME_SECONDS
from cockpit.evaluation.measurement import Say, Tell
from cockpit.evaluation.room import Echo, Room, audible
from cockpit.evaluation.sounds import at_level, car_noise
from cockpit.evaluation.stand import bench_session, recording
from cockpit.events import (
    Event,
    Listening,
    ListeningChanged,
    ReplyEnded,
    ReplyStarted,
    TurnTimed,
    UtteranceHeard,
)
from cockpit.live.answers import AnswerCache
from cockpit.live.conversation import LiveConversation
from cockpit.live.opening import open_live
from cockpit.session import Session
from cockpit.settings import PlannerChoice, Settings
from cockpit.speech.audio import Audio
from cockpit.voice import SpeechEngines, VoicePipeline, hints_of
from sim.vehicle import SimulatedVehicle
from vehicle_bus.catalogue import Value
from vehicle_bus.errors import CockpitError
from vehicle_bus.feed import Feed
from vehicle_bus.payloads import AckPayload, TargetPayload
from vehicle_bus.records import Message
from vehicle_bus.seats import Seat
from vehicle_bus.topics import TopicKind, Topics

PITCHES: Final = (1.0, 1.06, 0.95, 1.12)
"""Speakers: the voice at other pitches and speeds."""
COMMAND: Final = "first command acknowledged"
AUDIO: Final = "first audio"
PATIENCE: Final = 15.0
"""Seconds for a turn, after which it counts as lost."""
STUCK: Final = 60.0
"""Seconds after which a conversation that does not come to rest hangs."""
GAP: Final = 0.25
"""Seconds of quiet before an utterance."""
FLOOR: Final = -65.0
"""Level of a parked car's noise, in dB of full scale."""
SETTLING: Final = 0.05
"""Seconds in which what passed the broker during a turn has reached us."""
LONG_REPLY: Final = "What can you do?"
"""A request with a long answer, to be interrupted."""
BEFORE: Final = (0.8, 1.2, 1.6, 2.0)
"""Seconds that the car has spoken when it is interrupted."""

type Command = tuple[str, Value]
"""VSS path and what it is to become."""


class ConversationStuck(CockpitError):
    """The live conversation does not come to rest any more."""


@dataclass(frozen=True, slots=True)
class LiveTurn:
    """One utterance and when its stages were reached, in milliseconds after the last word.

    Attributes:
        said: what was said.
        heard: what was recognised.
        stages: as in ``TurnTimed``, with the first command's acknowledgement, and the first
            frame of the answer that went out.
        commands: what was sent to the vehicle.
    """

    said: str
    heard: str
    stages: Mapping[str, float]
    commands: frozenset[Command]


@dataclass(frozen=True, slots=True)
class Interruption:
    """What became of an answer that was interrupted.

    Attributes:
        milliseconds: from the first sound of the interruption to silence; None where it was
            not noticed.
        itself: the car had fallen silent before anybody spoke.
    """

    milliseconds: float | None
    itself: bool = False


class Cabin:
    """A live conversation in a room, and what is needed to measure it.

    Attributes:
        room: says and hears.
        live: the conversation.
        session: its session.
        car: the simulated vehicle.
        voice: speaks for the people, too.
        recognizer: hears, with the names that the stores hold.
    """

    def __init__(
        self,
        room: Room,
        live: LiveConversation,
        session: Session,
        car: SimulatedVehicle,
        pipeline: VoicePipeline,
        events: asyncio.Queue[Event],
    ) -> None:
        self.room = room
        self.live = live
        self.session = session
        self.car = car
        self.voice = pipeline.voice
        self.recognizer = pipeline.recognizer
        self._events = events
        self._text = ""
        self._loud: tuple[float, float] | None = None  # when the car's voice began, and was last
        room.monitor(self._heard)

    def _heard(self, sound: Audio) -> None:
        if audible(sound):
            now = time.monotonic()
            self._loud = (self._loud[0] if self._loud is not None else now, now)

    async def fresh(self) -> None:
        """The vehicle and the conversation as at the start.

        Raises:
            ConversationStuck: it never came to rest.
        """
        await self.until(Listening.ASLEEP, Listening.FOLLOW_UP)
        await self.car.reset()
        await self.session.restart()
        await self.car.shown_on(self.session.bus)
        while not self._events.empty():
            self._events.get_nowait()
        self._loud = None
        self._text = ""

    async def until(self, *states: Listening) -> None:
        """Wait until the conversation is in one of these states.

        Raises:
            ConversationStuck: that never happened.
        """
        try:
            async with asyncio.timeout(STUCK):
                while self.live.state not in states:
                    await self._next(ListeningChanged)
        except TimeoutError:
            raise ConversationStuck(
                f"The conversation is {self.live.state.value} for ever; measure it again."
            ) from None

    async def answered(self) -> None:
        """Wait until an answer was spoken, or cut off.

        Raises:
            ConversationStuck: that never happened.
        """
        try:
            async with asyncio.timeout(STUCK):
                await self._next(ReplyEnded)
        except TimeoutError:
            raise ConversationStuck("The car never answered; measure it again.") from None

    async def typed(self, said: str) -> frozenset[Command]:
        """The commands that a request leads to when it is typed."""
        await self.fresh()
        async with self.session.bus.traffic() as traffic:
            await self.session.agent.turn(Utterance(said))
            commands, _ = await self._passed(traffic, 0.0)
        return commands

    async def turn(self, said: str, sound: Audio) -> LiveTurn | None:
        """Say something and wait for the first sound of the answer, which is then cut short.

        Returns:
            None where nothing was made of it in time.

        Raises:
            ConversationStuck: it never came to rest.
        """
        await self.fresh()
        self.live.push_to_talk()
        async with self.session.bus.traffic() as traffic:
            _, end = self.room.say(sound, after=GAP)
            last_word = self.room.wall(end)
            try:
                async with asyncio.timeout(sound.seconds + PATIENCE):
                    timed = await self._next(TurnTimed)
                    moved = (timed.last_word - last_word) * 1000
                    stages = {name: at + moved for name, at in timed.stages.items()}
                    if AUDIO in stages:
                        stages[AUDIO] = (await self._voice_began() - last_word) * 1000
            except TimeoutError:
                return None
            commands, acknowledged = await self._passed(traffic, last_word)
        if acknowledged is not None:
            stages[COMMAND] = (acknowledged - last_word) * 1000
        self.live.fall_silent()
        return LiveTurn(said, self._text, stages, commands)

    async def interrupt(self, interruption: Audio, after: float) -> Interruption:
        """Interrupt an answer that the car has been giving for so many seconds.

        Raises:
            ConversationStuck: it never came to rest.
        """
        await self.fresh()
        self.live.typed(LONG_REPLY, Seat.DRIVER)
        try:
            async with asyncio.timeout(after + interruption.seconds + PATIENCE):
                await self._next(ReplyStarted)
                begin, _ = self.room.say(interruption, after=after)
                ended = await self._next(ReplyEnded)
        except TimeoutError:
            return Interruption(None)
        heard_from = self.room.wall(begin - FRAME_SECONDS)
        if self.room.now < begin:
            return Interruption(None, itself=True)
        if ended.whole or self._loud is None:
            return Interruption(None)
        return Interruption((self._loud[1] - heard_from) * 1000)

    async def _voice_began(self) -> float:
        while self._loud is None:  # noqa: ASYNC110  (the loudspeaker has no event)
            await asyncio.sleep(0.005)
        return self._loud[0]

    async def _passed(
        self, traffic: Feed[Message], since: float
    ) -> tuple[frozenset[Command], float | None]:
        """Commands sent since then, and when the first one was acknowledged."""
        topics = Topics(self.session.bus.settings.vin)
        sent: dict[str, Command] = {}
        acknowledged: float | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLING):
                async for message in traffic:
                    topic = topics.parse(message.topic)
                    if topic.kind is TopicKind.TARGET and message.received >= since:
                        target = TargetPayload.decode(message.payload)
                        sent[target.id] = (topic.name, target.value)
                    elif (
                        topic.kind is TopicKind.ACK
                        and acknowledged is None
                        and AckPayload.decode(message.payload).id in sent
                    ):
                        acknowledged = message.received
        return frozenset(sent.values()), acknowledged

    async def _next[E](self, kind: type[E]) -> E:
        while True:
            event = await self._events.get()
            if isinstance(event, UtteranceHeard):
                self._text = event.utterance.text
            if isinstance(event, kind):
                return event


@asynccontextmanager
async def open_cabin(
    settings: Settings,
    room: Room,
    planner: PlannerChoice = PlannerChoice.AUTO,
    *,
    time_scale: float = 1.0,
) -> AsyncIterator[Cabin]:
    """Everything loaded, and listening in a room.

    No answer's sound is known from earlier, and none is made ahead.

    Args:
        time_scale: the simulated car's seconds in one second.

    Raises:
        CockpitError: an engine or a model is missing.
    """
    async with (
        SpeechEngines.loading(settings) as engines,
        bench_session(settings, planner, time_scale=time_scale) as (car, session),
    ):
        await session.ready()  # the language model's loading must not disturb
        pipeline = await engines.pipeline(session.agent, hints_of(session))
        voice = pipeline.voice
        folder = session.environment.data_dir / "answers"
        async with (
            AnswerCache.open(voice.model, folder, common=()) as answers,
            open_live(session, engines, source=room, sink=room, answers=answers) as live,
            session.events.watch() as events,
        ):
            running = asyncio.create_task(live.run(), name="live conversation")
            try:
                yield Cabin(room, live, session, car, pipeline, events)
            finally:
                room.end()
                await running


def parked(pace: float = 1.0) -> Room:
    """A parked car: a little noise, and the car's own voice at -10 dB after 150 ms."""
    return Room(echo=Echo(), noise=at_level(car_noise(20.0), FLOOR), pace=pace)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of many utterances.

    Attributes:
        turns: those that were answered.
        said: how many there were.
        right: how many led to the commands that the same text leads to when it is typed.
    """

    turns: Sequence[LiveTurn]
    said: int
    right: int

    def stage(self, name: str) -> list[float]:
        """Milliseconds after the last word, of the turns that reached this stage."""
        return [turn.stages[name] for turn in self.turns if name in turn.stages]

    def first(self, name: str) -> dict[str, float]:
        """The same by sentence, of the first time that each was said."""
        found: dict[str, float] = {}
        said: set[str] = set()
        for turn in self.turns:
            if turn.said not in said and name in turn.stages:
                found[turn.said] = turn.stages[name]
            said.add(turn.said)
        return found

    def medians(self, names: Sequence[str]) -> dict[str, float]:
        """The middle of each stage over the turns that reached them all; empty where none did."""
        whole = [turn.stages for turn in self.turns if set(names) <= set(turn.stages)]
        if not whole:
            return {}
        return {name: statistics.median(stages[name] for stages in whole) for name in names}


async def say_all(
    cabin: Cabin, sentences: Sequence[str], pitches: Sequence[float], say: Say, tell: Tell
) -> Heard:
    """Each sentence in the voices of several people.

    Raises:
        CockpitError: the voice failed, or the conversation hangs.
    """
    turns: list[LiveTurn] = []
    right = done = 0
    meant = {sentence: await cabin.typed(sentence) for sentence in sentences}
    for pitch in pitches:
        for sentence in sentences:
            sound = await recording(cabin.voice, sentence, pitch)
            turn = await cabin.turn(sentence, sound)
            if turn is None:
                say(f"  nothing came of: {sentence}")
            else:
                turns.append(turn)
                if turn.commands == meant[sentence]:
                    right += 1
                else:
                    say(f"  taken for something else: {sentence} (heard: {turn.heard})")
            done += 1
            tell(done, len(pitches) * len(sentences))
    return Heard(turns, done, right)


async def interrupt_all(
    cabin: Cabin, sentences: Sequence[str], pitches: Sequence[float], tell: Tell
) -> list[Interruption]:
    """Each interruption in the voices of several people, at several moments of an answer.

    Raises:
        CockpitError: the voice failed, or the conversation hangs.
    """
    found = []
    for index, pitch in enumerate(pitches):
        for sentence in sentences:
            sound = await recording(cabin.voice, sentence, pitch)
            found.append(await cabin.interrupt(sound, BEFORE[index % len(BEFORE)]))
            tell(len(found), len(pitches) * len(sentences))
    return found
