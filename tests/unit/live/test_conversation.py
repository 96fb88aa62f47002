"""The live conversation in virtual time: who is listened to, when it acts, when it is silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.agent.plan import Plan, Verdict
from cockpit.evaluation.room import Room
from cockpit.events import (
    EngineChanged,
    Event,
    Listening,
    ListeningChanged,
    ReplyEnded,
    TurnFinished,
    TurnTimed,
    UtteranceIgnored,
    WakeWordHeard,
)
from cockpit.live.conversation import HOLD, LiveConversation
from cockpit.live.speaking import Speaker
from cockpit.live.zones import ZonesInvalid, zones_of
from cockpit.settings import Activation, AudioSettings, ListenSettings, Settings
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from tests.fakes.agent import TRUNK, VOLUME, Car, write
from tests.fakes.clock import virtual_time
from tests.fakes.ears import MAYBE, WAKE, FakeEars, FakeRecognizer, hum
from tests.fakes.voice import FakeVoice
from vehicle_bus.seats import Seat

LOUDER, QUIETER, CHATTER, AND_ON, STOP, YES, TRUNK_OPEN = 0.10, 0.12, 0.14, 0.16, 0.18, 0.20, 0.22
CLICK = 0.3
SENTENCES = {
    LOUDER: "volume 40",
    QUIETER: "volume 20",
    CHATTER: "so I told him",
    AND_ON: "and volume 20",
    STOP: "stop",
    YES: "yes",
    TRUNK_OPEN: "open the trunk",
}


@dataclass
class Cabin:
    """A live conversation with fake engines.

    Attributes:
        events: everything that was published so far.
    """

    room: Room
    live: LiveConversation
    car: Car
    recognizer: FakeRecognizer
    ears: list[FakeEars]
    queue: asyncio.Queue[Event]
    events: list[Event] = field(default_factory=list)

    async def after(self, seconds: float) -> None:
        """Let time pass."""
        await self.room.until(self.room.now + seconds)
        while not self.queue.empty():
            self.events.append(self.queue.get_nowait())

    async def call(self) -> None:
        """Somebody says the wake word."""
        self.room.say(hum(WAKE, 0.6))
        await self.after(0.7)

    async def hear(self, amplitude: float, seconds: float = 1.0, channel: int = 0) -> None:
        """Somebody says a sentence, and is silent until it was answered."""
        self.room.say(hum(amplitude, seconds), channel)
        await self.after(seconds + 2.0)

    def all(self, kind: type[Any]) -> list[Any]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def states(self) -> list[Listening]:
        return [event.state for event in self.all(ListeningChanged)]

    @property
    def replies(self) -> list[str]:
        return [event.turn.reply for event in self.all(TurnFinished)]


@asynccontextmanager
async def cabin(
    tmp_path: Path, *, channels: int = 1, broken: set[int] | None = None, **listen: Any
) -> AsyncIterator[Cabin]:
    car = Car()
    car.knows("volume 40", write(VOLUME, 40))
    car.knows("volume 20", write(VOLUME, 20))
    car.knows("volume 40 and volume 20", write(VOLUME, 40), write(VOLUME, 20))
    car.knows("open the trunk", write(TRUNK, True))
    car.template.plans["so I told him"] = Plan((), "template", Verdict.NOTHING)
    seats = (Seat.DRIVER, Seat.PASSENGER)[:channels]
    settings = Settings(
        data_dir=tmp_path,
        audio=AudioSettings(zones=seats),
        listen=ListenSettings(**{"ducking": 1.0, **listen}),
    )
    session = SimpleNamespace(
        agent=car.agent,
        gate=car.gate,
        events=car.events,
        settings=settings,
        environment=SimpleNamespace(data_dir=tmp_path),
        bus=car.bus,
    )
    room = Room(channels)
    recognizer = FakeRecognizer(SENTENCES)
    grown: list[FakeEars] = []

    def ears(count: int, audio: AudioSettings, listen: ListenSettings) -> Any:
        grown.append(FakeEars(count, audio, listen, broken or set()))
        return grown[-1]

    async with Speaker(FakeVoice(), room) as speaker, car.events.watch() as events:
        live = LiveConversation(session, room, room, recognizer, speaker, ears)  # type: ignore[arg-type]
        running = asyncio.create_task(live.run())
        await room.until(0.3)
        made = Cabin(room, live, car, recognizer, grown, events)
        try:
            yield made
        finally:
            room.end()
            await running
            await made.after(0)


@virtual_time
async def test_conversation_acts_on_what_follows_the_wake_word(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.call()
        await heard.hear(LOUDER)
        assert heard.car.bus.sent == [(VOLUME, 40)]
        await heard.after(8)
    assert heard.states[:4] == [
        Listening.AWAKE,
        Listening.HEARING,
        Listening.THINKING,
        Listening.SPEAKING,
    ]
    assert heard.replies == ["The volume is now at 40 percent."]
    [ended] = heard.all(ReplyEnded)
    assert ended.whole


@virtual_time
async def test_conversation_asks_the_recogniser_where_a_wake_word_is_doubtful(
    tmp_path: Path,
) -> None:
    async with cabin(tmp_path) as heard:
        heard.recognizer.sentences = {**SENTENCES, MAYBE: "Okay, now."}
        # The request follows in the same breath, before it is known that the car was called.
        heard.room.say(Audio.join([hum(MAYBE, 0.6), Audio.silence(0.05), hum(LOUDER)]))
        await heard.after(4)
        assert heard.car.bus.sent == [(VOLUME, 40)]
    [woken] = heard.all(WakeWordHeard)
    assert woken.word == "okay_nabu"
    assert heard.replies == ["The volume is now at 40 percent."]


@virtual_time
async def test_conversation_what_only_resembles_a_wake_word_is_left_alone(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        heard.room.say(Audio.join([hum(MAYBE, 0.6), hum(LOUDER)]))
        await heard.after(4)
        assert not heard.live.busy
        await heard.hear(LOUDER)
        assert heard.car.bus.sent == []
        assert len(heard.recognizer.heard) == 1
        assert heard.ears[0].attentive[-1] is False
    assert heard.states == []


@virtual_time
async def test_conversation_a_doubtful_wake_word_counts_for_nothing_where_that_is_off(
    tmp_path: Path,
) -> None:
    async with cabin(tmp_path, wake_check=False) as heard:
        heard.recognizer.sentences = {**SENTENCES, MAYBE: "Okay, now."}
        heard.room.say(Audio.join([hum(MAYBE, 0.6), Audio.silence(0.2), hum(LOUDER)]))
        await heard.after(4)
        assert heard.recognizer.heard == []


@virtual_time
async def test_conversation_a_doubt_that_gets_sure_is_one_call(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        heard.recognizer.sentences = {**SENTENCES, MAYBE: "Okay, now."}
        heard.recognizer.seconds = 0.03
        heard.room.say(Audio.join([hum(MAYBE, 0.4), Audio.silence(0.1), hum(WAKE, 0.1)]))
        await heard.after(2)
    assert len(heard.all(WakeWordHeard)) == 1


@virtual_time
async def test_conversation_leaves_alone_what_nobody_called_it_for(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.hear(LOUDER)
        assert heard.recognizer.heard == []
        assert not any(heard.ears[0].attentive)
    assert heard.states == []


@virtual_time
async def test_conversation_falls_asleep_where_nobody_speaks_after_the_wake_word(
    tmp_path: Path,
) -> None:
    async with cabin(tmp_path, begin_within=2.0) as heard:
        await heard.call()
        await heard.after(3)
    assert heard.states == [Listening.AWAKE, Listening.ASLEEP]


@virtual_time
async def test_conversation_thinks_at_the_pause_and_acts_at_the_end(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(1.0 + 0.36)
        assert heard.car.template.heard == ["volume 40"]  # planned
        assert heard.car.bus.sent == []  # and not done
        await heard.after(2)
        assert heard.car.bus.sent == [(VOLUME, 40)]
        assert heard.car.template.heard == ["volume 40"]
    [timed] = heard.all(TurnTimed)
    stages = [name for name, _ in sorted(timed.stages.items(), key=lambda stage: stage[1])]
    assert stages[0] == "pause"
    assert stages.index("plan") < stages.index("endpoint") < stages.index("reply")
    assert 420 < timed.stages["endpoint"] < 520


@virtual_time
async def test_conversation_that_does_not_think_ahead_waits_for_the_end(tmp_path: Path) -> None:
    async with cabin(tmp_path, think_ahead=False) as heard:
        await heard.call()
        await heard.hear(LOUDER)
        await heard.after(1)
    [timed] = heard.all(TurnTimed)
    assert timed.stages["endpoint"] < timed.stages["text"] <= timed.stages["plan"]


@virtual_time
async def test_conversation_drops_what_it_thought_where_speech_goes_on(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        heard.recognizer.seconds = 0.3
        await heard.call()
        heard.room.say(hum(LOUDER))
        heard.room.say(hum(AND_ON), after=1.25)
        await heard.after(5)
    assert heard.recognizer.cancelled == 1
    [turn] = [event.turn for event in heard.all(TurnFinished)]
    assert turn.utterance.text == "volume 40 and volume 20"


@virtual_time
async def test_conversation_acts_on_a_sure_request_after_an_answer(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.call()
        await heard.hear(LOUDER)
        await heard.after(4)
        assert heard.live.state is Listening.FOLLOW_UP
        await heard.hear(QUIETER)
        assert heard.car.bus.sent == [(VOLUME, 40), (VOLUME, 20)]
        await heard.after(15)
        assert heard.live.state is Listening.ASLEEP


@virtual_time
async def test_conversation_leaves_talk_after_an_answer_alone(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.call()
        await heard.hear(LOUDER)
        await heard.after(4)
        await heard.hear(CHATTER)
        heard.recognizer.confidence = 0.4
        await heard.hear(QUIETER)
    assert heard.car.bus.sent == [(VOLUME, 40)]
    assert [event.why for event in heard.all(UtteranceIgnored)] == [
        "it is no request",
        "it is not clear enough",
    ]


@virtual_time
@pytest.mark.parametrize(("certainty", "volumes"), [(0.8, [40]), (0.9, [40, 20])])
async def test_conversation_acts_on_sure_plans_only_where_nobody_called(
    tmp_path: Path, certainty: float, volumes: list[int]
) -> None:
    async with cabin(tmp_path) as heard:
        heard.car.knows("volume 20", write(VOLUME, 20), confidence=certainty)
        await heard.call()
        await heard.hear(LOUDER)
        await heard.after(4)
        await heard.hear(QUIETER)
    assert heard.car.bus.sent == [(VOLUME, volume) for volume in volumes]


@virtual_time
async def test_conversation_takes_an_answer_to_its_question_without_a_wake_word(
    tmp_path: Path,
) -> None:
    async with cabin(tmp_path) as heard:
        heard.recognizer.confidence = 0.5
        await heard.call()
        await heard.hear(TRUNK_OPEN)
        await heard.after(3)
        assert heard.replies == ["Should I open the trunk?"]
        await heard.hear(YES)
    assert (TRUNK, True) in heard.car.bus.sent


@virtual_time
async def test_conversation_falls_silent_where_somebody_speaks(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        loud: list[float] = []
        heard.room.monitor(lambda sound: loud.append(heard.room.now) if sound.peak > 0.05 else None)
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(3.0)
        assert heard.live.state is Listening.SPEAKING
        begin, _ = heard.room.say(hum(QUIETER))
        await heard.after(0.5)
        assert loud[-1] - begin < 0.1
        [ended] = heard.all(ReplyEnded)
        assert not ended.whole
        assert ended.text.startswith(ended.heard)
        assert heard.car.conversation.last_reply == (ended.heard or None)
        await heard.after(5)
        assert heard.car.bus.sent == [(VOLUME, 40), (VOLUME, 20)]


@virtual_time
async def test_conversation_pauses_at_what_seems_to_be_a_voice_and_through_its_gaps(
    tmp_path: Path,
) -> None:
    async with cabin(tmp_path) as heard:
        played: list[tuple[float, bool]] = []
        heard.room.monitor(lambda sound: played.append((heard.room.now, sound.peak > 0.05)))
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(3.0)
        assert heard.live.state is Listening.SPEAKING
        begin, end = heard.room.say(hum(CLICK, 0.1))
        await heard.after(1.0)
        paused = [at for at, loud in played if begin + 0.1 < at < end + HOLD - 0.05]
        assert len(paused) >= 4
        assert not any(loud for at, loud in played if at in paused)
        assert any(loud for at, loud in played if at > end + HOLD + 0.1)
        assert heard.live.state is Listening.SPEAKING


@virtual_time
async def test_conversation_goes_on_speaking_after_a_mere_noise(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(3.0)
        heard.room.say(hum(CLICK, 0.3))
        await heard.after(8)
    cut, rest = heard.all(ReplyEnded)
    assert f"{cut.heard} {rest.heard}".split() == cut.text.split()
    assert heard.car.conversation.last_reply == cut.text


@virtual_time
async def test_conversation_only_pauses_for_a_cough(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        loud: list[float] = []
        heard.room.monitor(lambda sound: loud.append(heard.room.now) if sound.peak > 0.05 else None)
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(3.0)
        begin, _ = heard.room.say(hum(CLICK, 0.09))
        await heard.after(8)
        assert not [at for at in loud if begin + 0.1 < at < begin + 0.15]
        assert loud[-1] > begin + 0.5
    [ended] = heard.all(ReplyEnded)
    assert ended.whole


@virtual_time
async def test_conversation_without_barge_in_speaks_on_but_obeys(tmp_path: Path) -> None:
    async with cabin(tmp_path, barge_in=False) as heard:
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(3.0)
        heard.room.say(hum(QUIETER))
        await heard.after(10)
    assert heard.car.bus.sent == [(VOLUME, 40), (VOLUME, 20)]
    assert [event.whole for event in heard.all(ReplyEnded)] == [True, True]


@virtual_time
async def test_conversation_listens_at_the_push_of_a_button(tmp_path: Path) -> None:
    async with cabin(tmp_path, activation=Activation.PUSH_TO_TALK) as heard:
        heard.live.push_to_talk(Seat.DRIVER)
        await heard.hear(LOUDER)
        await heard.after(2)
    assert heard.car.bus.sent == [(VOLUME, 40)]


@virtual_time
async def test_conversation_answers_what_is_typed(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        heard.live.typed("volume 40", Seat.DRIVER)
        await heard.after(5)
    [ended] = heard.all(ReplyEnded)
    assert (heard.car.bus.sent, ended.heard) == ([(VOLUME, 40)], ended.text)


@virtual_time
async def test_conversation_knows_which_seat_spoke(tmp_path: Path) -> None:
    async with cabin(tmp_path, channels=2, activation=Activation.ALWAYS) as heard:
        await heard.hear(LOUDER, channel=1)
        await heard.after(4)
    [turn] = [event.turn for event in heard.all(TurnFinished)]
    assert turn.utterance.seat is Seat.PASSENGER


@virtual_time
async def test_conversation_leaves_the_turn_to_whoever_called(tmp_path: Path) -> None:
    async with cabin(tmp_path, channels=2) as heard:
        await heard.call()
        heard.room.say(hum(QUIETER), channel=1)
        await heard.hear(LOUDER)
        await heard.after(3)
    turns = [event.turn.utterance for event in heard.all(TurnFinished)]
    assert [(turn.text, turn.seat) for turn in turns] == [("volume 40", Seat.DRIVER)]


@virtual_time
async def test_conversation_grows_new_ears_where_they_break(tmp_path: Path) -> None:
    async with cabin(tmp_path, broken={5}) as heard:
        await heard.after(0.5)
        await heard.call()
        await heard.hear(LOUDER)
    assert heard.car.bus.sent == [(VOLUME, 40)]
    states = [event.state for event in heard.all(EngineChanged)]
    assert (states, len(heard.ears)) == (["crashed", "started"], 2)


@virtual_time
async def test_conversation_says_that_the_recogniser_failed_and_goes_on(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        heard.recognizer.error = SpeechError("My hearing stopped.")
        await heard.call()
        await heard.hear(LOUDER)
        await heard.after(3)
        heard.recognizer.error = None
        await heard.call()
        await heard.hear(QUIETER)
    assert heard.all(ReplyEnded)[0].text == "My hearing stopped."
    assert heard.car.bus.sent == [(VOLUME, 20)]


@virtual_time
async def test_conversation_finishes_what_was_said_when_the_source_ends(tmp_path: Path) -> None:
    async with cabin(tmp_path) as heard:
        await heard.call()
        heard.room.say(hum(LOUDER))
        await heard.after(0.9)
    assert heard.car.bus.sent == [(VOLUME, 40)]


def test_conversation_needs_a_channel_for_every_zone() -> None:
    audio = AudioSettings(zones=(Seat.DRIVER, Seat.PASSENGER))
    with pytest.raises(ZonesInvalid, match="2 seats"):
        zones_of(Room(1), audio.zones)


def test_hum_is_what_the_recogniser_knows() -> None:
    assert Audio.join([hum(LOUDER, 0.1)]).peak == pytest.approx(LOUDER)
