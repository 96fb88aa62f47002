"""The live conversation measured: a room in memory, real models, the pace of real sound.

The end of speech is taken from the audio itself (``Room.say``: the last frame less than 40 dB
below the loudest), not from the endpointer that is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from cockpit.audio.streams import FRAME_SECONDS
from cockpit.evaluation.bench import bench_session, sentences_of
from cockpit.evaluation.room import Echo, Room, audible
from cockpit.events import Event, Listening, ListeningChanged, ReplyEnded, ReplyStarted, TurnTimed
from cockpit.live.conversation import LiveConversation
from cockpit.live.opening import open_live
from cockpit.session import Session
from cockpit.settings import PlannerChoice, Settings
from cockpit.speech.audio import Audio
from cockpit.speech.piper import PiperVoice
from cockpit.voice import SpeechEngines
from sim.vehicle import SimulatedVehicle
from vehicle_bus.feed import Feed
from vehicle_bus.records import Message
from vehicle_bus.topics import TopicKind, Topics

PITCHES: Final = (1.0, 1.06, 0.95, 1.12)
"""Speakers: the voice at other pitches and speeds."""
COMMAND: Final = "first command acknowledged"
AUDIO: Final = "first audio"
PATIENCE: Final = 15.0
"""Seconds for a turn, after which it counts as lost."""
GAP: Final = 0.4
"""Seconds of quiet between two utterances."""
LONG_REPLY: Final = "What can you do?"
"""A request with a long answer, to be interrupted."""


@dataclass(frozen=True, slots=True)
class LiveTurn:
    """One utterance and when its stages were reached, in milliseconds after the last word.

    Attributes:
        said: what was said.
        stages: as in ``TurnTimed``, with the first command's acknowledgement.
    """

    said: str
    stages: Mapping[str, float]


class Cabin:
    """A live conversation in a room, and what is needed to measure it.

    Attributes:
        room: says and hears.
        live: the conversation.
        session: its session.
        car: the simulated vehicle.
        voice: speaks for the people, too.
    """

    def __init__(
        self,
        room: Room,
        live: LiveConversation,
        session: Session,
        car: SimulatedVehicle,
        voice: PiperVoice,
        events: asyncio.Queue[Event],
    ) -> None:
        self.room = room
        self.live = live
        self.session = session
        self.car = car
        self.voice = voice
        self._events = events
        self._loud: list[float] = []  # when a frame of the car's voice went out
        room.monitor(self._heard)

    def _heard(self, sound: Audio) -> None:
        if audible(sound):
            self._loud.append(time.monotonic())

    async def fresh(self) -> None:
        """The vehicle and the conversation as at the start."""
        await self.until(Listening.ASLEEP, Listening.FOLLOW_UP)
        await self.car.reset()
        await self.session.restart()
        await self.car.shown_on(self.session.bus)

    async def until(self, *states: Listening) -> None:
        """Wait until the conversation is in one of these states."""
        while self.live.state not in states:
            await self._next(ListeningChanged)

    async def turn(self, said: str, sound: Audio) -> LiveTurn | None:
        """Say something and wait for the first sound of the answer, which is then cut short.

        Returns:
            None where nothing was understood in time.
        """
        await self.fresh()
        self._drain()
        self._loud.clear()
        self.live.push_to_talk()
        async with self.session.bus.traffic() as traffic:
            _, end = self.room.say(sound, after=GAP)
            last_word = self.room.wall(end)
            try:
                async with asyncio.timeout(sound.seconds + PATIENCE):
                    timed = await self._next(TurnTimed)
            except TimeoutError:
                return None
            moved = (timed.last_word - last_word) * 1000
            stages = {name: at + moved for name, at in timed.stages.items()}
            if AUDIO in stages:
                await self._until_loud()
                stages[AUDIO] = (self._loud[0] - last_word) * 1000
            acknowledged = await self._acknowledged(traffic, last_word)
        if acknowledged is not None:
            stages[COMMAND] = (acknowledged - last_word) * 1000
        self.live.fall_silent()
        return LiveTurn(said, stages)

    async def barge_in(self, question: Audio, interruption: Audio) -> float | None:
        """Interrupt an answer; milliseconds from the first sound to the car's silence."""
        await self.fresh()
        self._drain()
        self.live.push_to_talk()
        self.room.say(question, after=GAP)
        try:
            async with asyncio.timeout(question.seconds + PATIENCE):
                await self._next(ReplyStarted)
                begin, _ = self.room.say(interruption, after=1.5)
                ended = await self._next(ReplyEnded)
        except TimeoutError:
            return None
        if ended.whole:
            return None
        await self.room.until(begin + 1.0)
        # The first audible frame began a frame before its end.
        return (self._loud[-1] - self.room.wall(begin - FRAME_SECONDS)) * 1000

    async def _until_loud(self) -> None:
        while not self._loud:  # noqa: ASYNC110  (the loudspeaker has no event)
            await asyncio.sleep(0.005)

    async def _acknowledged(self, traffic: Feed[Message], since: float) -> float | None:
        """When the first command was acknowledged; ducking's own come before the last word."""
        topics = Topics(self.session.bus.settings.vin)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                async for message in traffic:
                    if message.received < since:
                        continue
                    if topics.parse(message.topic).kind is TopicKind.ACK:
                        return message.received
        return None

    async def _next[E](self, kind: type[E]) -> E:
        while True:
            event = await self._events.get()
            if isinstance(event, kind):
                return event

    def _drain(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()


@asynccontextmanager
async def open_cabin(
    settings: Settings, room: Room, planner: PlannerChoice = PlannerChoice.AUTO
) -> AsyncIterator[Cabin]:
    """Everything loaded, and listening in a room.

    Raises:
        CockpitError: an engine or a model is missing.
    """
    async with (
        SpeechEngines.loading(settings) as engines,
        bench_session(settings, planner) as (car, session),
    ):
        await session.ready()  # the language model's loading must not disturb
        async with (
            open_live(session, engines, source=room, sink=room) as live,
            session.events.watch() as events,
        ):
            running = asyncio.create_task(live.run(), name="live conversation")
            pipeline = await engines.pipeline(session.agent)
            try:
                yield Cabin(room, live, session, car, pipeline.voice, events)
            finally:
                room.end()
                await running


async def measure_turns(cabin: Cabin, rounds: int, say: Callable[[str], None]) -> list[LiveTurn]:
    """Each sentence of the benchmark in the voices of several people.

    Args:
        rounds: how many voices.
    """
    found = []
    for round_ in range(rounds):
        for sentence in sentences_of("speech"):
            sound = await spoken(cabin.voice, sentence, PITCHES[round_ % len(PITCHES)])
            turn = await cabin.turn(sentence, sound)
            if turn is None or COMMAND not in turn.stages:
                say(f"  no command came of: {sentence}")
            if turn is not None:
                found.append(turn)
    return found


async def spoken(voice: PiperVoice, sentence: str, pitch: float = 1.0) -> Audio:
    """A sentence said by somebody who talks higher (and quicker) by a factor."""
    sound = await voice.synthesize(sentence)
    return Audio(sound.samples, round(sound.rate * pitch)).resampled(sound.rate)


def stage_values(turns: Sequence[LiveTurn], stage: str) -> list[float]:
    """A stage's times, of the turns that reached it."""
    return [turn.stages[stage] for turn in turns if stage in turn.stages]


async def main() -> None:
    """A quick look."""
    from cockpit.settings import load_settings

    async with open_cabin(load_settings(), Room(echo=Echo())) as cabin:
        turns = await measure_turns(cabin, 1, print)
        print(json.dumps([dict(turn.stages) for turn in turns]))


if __name__ == "__main__":
    asyncio.run(main())
