"""The live conversation: from the microphone's frames to the spoken answer.

Frames come in at the pace of sound. What they mean is decided frame by frame on the event loop;
recognition, planning, turns and speaking are tasks beside it. Recognition starts at the first
short pause, while the end of the utterance is still waited for; if somebody goes on speaking,
it is dropped. Nothing is done before the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from cockpit.agent.dialogue import Conversation
from cockpit.agent.plan import Utterance
from cockpit.audio.streams import Sink, SoundFrame, Source
from cockpit.events import (
    CaptionChanged,
    EventStream,
    Listening,
    ListeningChanged,
    ReplyEnded,
    ReplyStarted,
    TurnTimed,
    UtteranceIgnored,
    WakeWordHeard,
)
from cockpit.live.addressee import objection
from cockpit.live.ahead import Thinker, Thought
from cockpit.live.captions import Captions
from cockpit.live.completeness import hold
from cockpit.live.ducking import DUCKED, Ducking
from cockpit.live.ears import Ears, Heard
from cockpit.live.endpointing import (
    Ended,
    Endpointer,
    EndpointEvent,
    EndpointRules,
    Paused,
    Resumed,
    SpeechBegan,
    TooLong,
)
from cockpit.live.gauge import Gauge
from cockpit.live.listener import Listener
from cockpit.live.recent import Recent
from cockpit.live.speaking import Speaker
from cockpit.live.wakecheck import SPAN, WakeCheck
from cockpit.live.zones import ZoneChooser, zones_of
from cockpit.memory import give_back
from cockpit.session import Session
from cockpit.settings import Activation, AudioSettings, ListenSettings, WakeWord
from cockpit.speech.audio import Audio
from cockpit.speech.recognizer import Recognizer, StreamingRecognizer, Transcript
from cockpit.speech.wakeword import REFRACTORY
from vehicle_bus.seats import Seat

log = logging.getLogger(__name__)

ASLEEP_AT_ONCE: Final = 3
"""Frames that the ears get at once while only a wake word is looked for.

Most of what such a frame costs is waking up the thread: at once they take half the time.
"""
WAITING_TURNS: Final = 3
"""Utterances that wait while a turn runs; a further one pushes the oldest out."""
SPARE: Final = 5.0  # seconds kept beyond the longest utterance
HOLD: Final = 0.2
"""Seconds that the loudspeaker stays silent after what seemed to be a voice; "be quiet" has as
long a gap."""
WORD_GAP: Final = 0.35
"""Seconds before a wake word's detection in which the gap behind it is looked for."""


@dataclass(slots=True)
class _Hearing:
    """Somebody who speaks to the car, or may.

    Attributes:
        zone: index of the channel.
        asked: called by wake word or button, or asked a question: taken seriously without more.
        since: seconds of the source from which sound belongs to it.
        ahead: what it seems to be.
        marks: when stages were reached, on the clock of the event loop.
    """

    zone: int
    asked: bool
    since: float
    ahead: asyncio.Task[Thought] | None = None
    marks: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Floor:
    """Who may speak to the car now.

    Attributes:
        asked: whoever speaks next was called, or asked a question.
        since: seconds of the source before which nothing belongs to what is said next.
        until: seconds of the source at which the car stops waiting; None for never.
    """

    asked: bool = False
    since: float = 0.0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """A whole utterance that waits for its turn.

    Attributes:
        thought: gives what was understood.
        last_word: when it ended, on the clock of the event loop.
        marks: when other stages were reached, on the same clock.
    """

    seat: Seat
    asked: bool
    thought: asyncio.Task[Thought]
    last_word: float
    marks: dict[str, float]


class LiveConversation:
    """Listens and answers until its source ends.

    Args:
        session: vehicle and agent.
        source: the microphone; its channels are ``settings.audio.zones``.
        sink: the loudspeaker.
        recognizer: makes the text.
        speaker: says replies to the sink.
        ears: made anew with the same arguments when they break.
        captioner: makes live captions; without one the first text is shown at the first pause.

    Attributes:
        state: what it does now.
    """

    def __init__(
        self,
        session: Session,
        source: Source,
        sink: Sink,
        recognizer: Recognizer,
        speaker: Speaker,
        ears: Callable[[int, AudioSettings, ListenSettings], Ears] = Ears,
        captioner: StreamingRecognizer | None = None,
    ) -> None:
        self.state = Listening.ASLEEP
        self._agent = session.agent
        self._dialogue: Conversation = session.agent.conversation
        self._events: EventStream = session.events
        self._settings = session.settings.listen
        self._answer_timeout = session.settings.agent.answer_timeout
        self._zones = zones_of(source, session.settings.audio.zones)
        self._gauge = Gauge(self._zones, session.events)
        self._source = source
        self._speaker = speaker
        self._thinker = Thinker(recognizer, session.agent)
        self._check = WakeCheck(recognizer) if session.settings.listen.wake_check else None
        self._doubt: asyncio.Task[None] | None = None
        self._held_until = 0.0  # seconds of the source
        self._called_until = 0.0  # seconds of the source; a model may get sure late
        self._captions = Captions(captioner, self._caption) if captioner is not None else None
        self._listener = Listener(
            partial(ears, len(self._zones), session.settings.audio, self._settings), self._events
        )
        self._recent = Recent(self._settings.longest + SPARE)
        self._endpointer = Endpointer(EndpointRules.from_settings(self._settings))
        self._chooser = ZoneChooser(len(self._zones))
        self._hearing: _Hearing | None = None
        self._floor = _Floor()
        self._now = 0.0  # seconds of the source
        self._offset = float("inf")  # of the loop's clock to the source's
        self._said: asyncio.Queue[_Said] = asyncio.Queue(WAITING_TURNS)
        self._ended = False
        self._thinking = False  # a turn runs
        self._breath = False  # a reply has begun and nothing of it is to be heard yet
        self._saying: asyncio.Task[None] | None = None
        self._cut: tuple[str, str] | None = None  # the reply cut off last, and its unheard part
        self._ducking = Ducking(
            session.agent.gate, self._settings.ducking, session.environment.data_dir / DUCKED
        )
        self._loud = asyncio.Event()
        self._quiet = asyncio.Event()
        sink.monitor(self._listener.far)
        self._dialogue.on_interrupt(self.fall_silent)

    async def run(self) -> None:
        """Until the source ends and everything that was said has been answered.

        Raises:
            SpeechError: the source failed for good, or a library is missing.
        """
        await self._listener.open()
        give_back()  # loading took more than what stays
        self._rest()
        self._speaker.rest(self.state is Listening.ASLEEP)
        await self._ducking.recover()
        ducker = asyncio.create_task(self._duck(), name="ducking")
        turns = asyncio.create_task(self._take_turns(), name="turns")
        try:
            async with contextlib.aclosing(self._source.frames()) as frames:
                waiting: list[SoundFrame] = []
                async for frame in frames:
                    if self._ended:
                        break
                    self._gauge.feed(frame)
                    waiting.append(frame)
                    if len(waiting) >= self._at_once:
                        await self._take(waiting)
                        waiting = []
                await self._take(waiting)
            self._speaker.hold(False)
            self._finish_speech()
            await self._said.join()
            if self._saying is not None:
                await asyncio.wait([self._saying])
        finally:
            for task in (turns, ducker, self._saying, self._doubt):
                if task is not None:
                    task.cancel()
                    await asyncio.wait([task])
            self._drop_ahead()
            self._stop_hearing()
            await self._ducking.close()
            self._listener.close()

    @property
    def busy(self) -> bool:
        """Whether an engine is at work, so that nothing more is known until it is done.

        Where sound comes quicker than in life, it has to wait for that.
        """
        ahead = self._hearing.ahead if self._hearing is not None else None
        return (
            (ahead is not None and not ahead.done())
            or self._thinking
            or not self._said.empty()
            or self._breath
            or self._doubts
        )

    def end(self) -> None:
        """Listen no more; ``run`` ends when what was said is answered."""
        self._ended = True

    def push_to_talk(self, seat: Seat | None = None) -> None:
        """Somebody pressed the button: listen, as after a wake word.

        Args:
            seat: who; the first zone by default.
        """
        zone = self._zones.index(seat) if seat in self._zones else 0
        self._wake(zone, self._now)

    def typed(self, text: str, seat: Seat) -> None:
        """A request in writing; its answer is spoken, too."""
        thought = asyncio.create_task(self._read(text, seat), name="typed request")
        now = _clock()
        self.fall_silent()
        self._enqueue(_Said(seat, True, thought, now, {"endpoint": now}))

    # Ears.

    @property
    def _attentive(self) -> bool:
        return self.state is not Listening.ASLEEP or self._listens_always or self._doubts

    @property
    def _doubts(self) -> bool:
        """Whether somebody may have called, and that is not clear yet."""
        return self._doubt is not None and not self._doubt.done()

    @property
    def _at_once(self) -> int:
        return 1 if self._attentive else ASLEEP_AT_ONCE

    async def _take(self, frames: Sequence[SoundFrame]) -> None:
        for heard in await self._listener.hear(frames, attentive=self._attentive):
            self._on_frame(heard)

    # Frame by frame.

    def _on_frame(self, heard: Heard) -> None:
        self._now = heard.at
        self._offset = min(self._offset, _clock() - heard.at)
        self._recent.add(heard)
        for zone, call in enumerate(heard.wake):
            if call is None or self._is_others_turn(zone) or self._now < self._called_until:
                continue
            if call.sure:
                self._woken(zone, call.word, self._now)
                return
            self._suspect(zone, call.word)
        # Also while nobody is listened to: the levels tell what the background is like.
        zone = self._chooser.feed(heard.levels, heard.probabilities)
        if self._hearing is not None:
            self._hearing.zone = zone
            if self._captions is not None:
                self._captions.add(Audio(heard.samples[zone]))
        level = heard.levels[zone]
        self._on_event(zone, self._endpointer.feed(self._chooser.probability, level, at=heard.at))
        if self._settings.barge_in:
            self._hold(suspected=self._endpointer.suspected or heard.double_talk[zone])

    def _hold(self, *, suspected: bool) -> None:
        """Pause the loudspeaker while somebody seems to speak, and a moment longer."""
        if suspected:
            self._held_until = self._now + HOLD
        self._speaker.hold(self._hearing is None and self._now < self._held_until)

    def _on_event(self, zone: int, event: EndpointEvent | None) -> None:
        if self.state is Listening.ASLEEP and not self._listens_always:
            return  # a voice is followed while it is not clear yet whether it called
        match event:
            case SpeechBegan(start=start):
                self._on_speech(zone, start)
            case Paused(speech=(_, until)):
                if self._settings.think_ahead:
                    self._think(until)
            case Resumed():
                self._drop_ahead()
            case Ended(speech=(_, until), last_word=last_word):
                self._on_end(until, last_word)
            case TooLong(speech=(_, cut)):
                self._on_end(cut, cut)
                self._on_speech(zone, cut)
            case None:
                self._on_silence()

    @property
    def _listens_always(self) -> bool:
        return self._settings.activation is Activation.ALWAYS

    def _is_others_turn(self, zone: int) -> bool:
        """Whoever called the car keeps the turn while speaking."""
        return self._hearing is not None and self._hearing.asked and self._hearing.zone != zone

    def _woken(self, zone: int, word: WakeWord, until: float) -> None:
        """Somebody called; ``until`` is when the word was over."""
        self._drop_doubt()
        self._called_until = until + REFRACTORY
        self._events.publish(WakeWordHeard(word.value, self._zones[zone]))
        # The first word of the request may follow at once; it is cut where it is quietest.
        self._wake(zone, self._recent.quietest(zone, until - WORD_GAP, until))

    def _suspect(self, zone: int, word: WakeWord) -> None:
        """Somebody may have called: ask the recogniser, unless the car is speaking or at work."""
        at_rest = self.state in (Listening.ASLEEP, Listening.FOLLOW_UP)
        unasked = self._hearing is not None and not self._hearing.asked
        if self._check is None or self._doubts or not (at_rest or unasked):
            return
        sound = self._recent.cut(zone, self._now - SPAN, self._now)
        self._doubt = asyncio.create_task(
            self._settle(self._check, zone, word, sound), name="wake check"
        )

    async def _settle(self, check: WakeCheck, zone: int, word: WakeWord, sound: Audio) -> None:
        at = self._now
        if await check.confirms(word, sound) and not self._is_others_turn(zone):
            self._woken(zone, word, at)
        elif self.state is Listening.ASLEEP:
            self._endpointer.reset()

    def _drop_doubt(self) -> None:
        if self._doubt is not None and self._doubt is not asyncio.current_task():
            self._doubt.cancel()

    def _wake(self, zone: int, since: float) -> None:
        self.fall_silent()
        self._drop_ahead()
        self._stop_hearing()
        self._chooser.hold(zone)
        self._floor = _Floor(True, since, self._now + self._settings.begin_within)
        self._set(Listening.AWAKE, self._zones[zone])
        for event in self._endpointer.reset(since):
            self._on_event(zone, event)

    def _on_speech(self, zone: int, start: float) -> None:
        if self._settings.barge_in:
            self.fall_silent()
        since = max(start, self._floor.since)
        self._hearing = _Hearing(zone, self._floor.asked, since)
        if self._captions is not None:
            self._captions.begin(self._recent.cut(zone, since, self._now))
        self._set(Listening.HEARING, self._zones[zone])

    def _on_silence(self) -> None:
        until = self._floor.until
        if self._hearing is None and until is not None and self._now >= until:
            self._rest()

    def _think(self, until: float) -> None:
        hearing = self._hearing
        if hearing is None:
            return
        self._drop_ahead()
        hearing.marks["pause"] = _clock()
        sound = self._recent.cut(hearing.zone, hearing.since, until)
        seat = self._zones[hearing.zone]
        task = asyncio.create_task(
            self._thinker.think(sound, seat, self._caption),
            name="thinking ahead",
        )
        task.add_done_callback(lambda done: self._thought(hearing, done))
        hearing.ahead = task

    def _thought(self, hearing: _Hearing, task: asyncio.Task[Thought]) -> None:
        """The text is known: it says how long a silence ends it."""
        if task.cancelled() or self._hearing is not hearing:
            return
        if task.exception() is None:
            thought = task.result()
            planned = thought.is_command
            self._endpointer.wait(hold(thought.text, planned=planned, settings=self._settings))

    def _drop_ahead(self) -> None:
        if self._hearing is not None and self._hearing.ahead is not None:
            self._hearing.ahead.cancel()
            self._hearing.ahead = None

    def _on_end(self, until: float, last_word: float) -> None:
        hearing = self._hearing
        if hearing is None:
            return
        if hearing.ahead is None:
            self._think(until)
        assert hearing.ahead is not None
        self._stop_hearing()
        hearing.marks["endpoint"] = _clock()
        self._chooser.release()
        self._floor = _Floor(since=self._now, until=self._floor.until)
        seat = self._zones[hearing.zone]
        self._set(Listening.THINKING, seat)
        self._enqueue(
            _Said(seat, hearing.asked, hearing.ahead, last_word + self._offset, hearing.marks)
        )

    def _finish_speech(self) -> None:
        """The source ended while somebody spoke: that was all."""
        if self._hearing is not None:
            self._on_end(self._now, self._now)

    def _stop_hearing(self) -> None:
        self._hearing = None
        if self._captions is not None:
            self._captions.end()

    def _caption(self, text: str) -> None:
        if self._hearing is not None:
            self._events.publish(CaptionChanged(text, self._zones[self._hearing.zone]))

    # Turns.

    def _enqueue(self, said: _Said) -> None:
        if self._said.full():
            self._said.get_nowait().thought.cancel()
            self._said.task_done()
        self._said.put_nowait(said)

    async def _read(self, text: str, seat: Seat) -> Thought:
        now = _clock()
        prepared = await self._agent.prepare(Utterance(text, seat))
        transcript = Transcript(text, 1.0, 0.0, 0.0, "typed")
        return Thought(transcript, prepared, None, now, _clock())

    async def _take_turns(self) -> None:
        while True:
            said = await self._said.get()
            self._thinking = True
            try:
                await self._take_turn(said)
            except Exception:  # whatever breaks, the next turn works
                log.exception("the turn failed")
            finally:
                self._thinking = False
                self._said.task_done()
            self._rest()

    async def _take_turn(self, said: _Said) -> None:
        await asyncio.wait([said.thought])
        if said.thought.cancelled():
            return
        thought = said.thought.result()
        if thought.fault is not None:
            self._say(thought.fault, said)
            return
        if not thought.text:
            self._go_on()
            return
        assert thought.transcript is not None
        utterance = Utterance(thought.text, said.seat, thought.transcript.confidence)
        if not said.asked and (why := self._objection(thought)) is not None:
            # Words were said, so the reply that they cut off stays cut off: "stop" always does.
            self._events.publish(UtteranceIgnored(utterance, why))
            return
        turn = await self._agent.turn(utterance, thought.prepared)
        said.marks.update({"text": thought.text_at, "plan": thought.plan_at})
        said.marks["reply"] = _clock()
        self._cut = None
        if turn.reply:
            self._say(turn.reply, said)
        else:
            self._time(said)

    def _objection(self, thought: Thought) -> str | None:
        last = self._dialogue.last
        calls = last.calls if last is not None else ()
        assert thought.transcript is not None
        return objection(thought.transcript, thought.prepared, calls, self._settings)

    def _time(self, said: _Said) -> None:
        stages = {name: (at - said.last_word) * 1000 for name, at in said.marks.items()}
        self._events.publish(TurnTimed(said.last_word, stages))

    # Speaking.

    def _say(self, text: str, said: _Said | None = None) -> None:
        """Speak in the background, after what is being said."""
        before = self._saying
        self._saying = asyncio.create_task(self._speak(text, said, before), name="speaking")

    async def _speak(
        self, text: str, said: _Said | None, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])

        def on_first() -> None:
            self._breath = False
            self._events.publish(ReplyStarted(text))
            if said is not None:
                said.marks["first audio"] = _clock()
                self._time(said)

        if self._hearing is None:
            self._set(Listening.SPEAKING)
        self._breath = True
        try:
            spoken = await self._speaker.say(text, on_first)
        finally:
            self._breath = False
        self._events.publish(ReplyEnded(text, spoken.heard, spoken.fault))
        if not spoken.whole and spoken.fault is None:
            # What nobody heard was not said.
            self._dialogue.heard(spoken.heard)
            self._cut = (text, text.removeprefix(spoken.heard).strip())
        self._rest(spoken=True)

    def fall_silent(self) -> None:
        """Stop speaking now; what is still being thought about goes on."""
        if self._saying is not None and not self._saying.done():
            self._speaker.interrupt()

    def _go_on(self) -> None:
        """It was only a noise that made the car fall silent: say the rest."""
        if self._cut is not None:
            reply, rest = self._cut
            self._cut = None
            self._dialogue.said(reply)
            self._say(rest)

    # State.

    def _rest(self, *, spoken: bool = False) -> None:
        """Nothing is going on any more, or something still is."""
        if self._hearing is not None or self._thinking or not self._said.empty():
            return
        current = asyncio.current_task()
        if self._saying not in (None, current) and not self._saying.done():
            return
        asks = self._dialogue.question is not None
        wait = self._answer_timeout if asks else self._settings.follow_up
        if spoken:
            self._floor = _Floor(asks, self._now, self._now + wait)
        until = self._floor.until
        if until is not None and self._now < until:
            self._set(Listening.FOLLOW_UP)
        else:
            self._floor = _Floor(since=self._now)
            self._chooser.release()
            self._set(Listening.ASLEEP)

    def _set(self, state: Listening, seat: Seat | None = None) -> None:
        if state is self.state:
            return
        self.state = state
        asleep = state is Listening.ASLEEP
        self._speaker.rest(asleep)
        if asleep:
            asyncio.get_running_loop().run_in_executor(None, give_back)
        quiet = state not in (Listening.ASLEEP, Listening.FOLLOW_UP)
        for event, wanted in ((self._quiet, quiet), (self._loud, not quiet)):
            event.set() if wanted else event.clear()
        self._events.publish(ListeningChanged(state, seat))

    async def _duck(self) -> None:
        """Keep the media's volume down while somebody speaks to the car or it answers."""
        while True:
            await self._quiet.wait()
            async with self._ducking:
                await self._loud.wait()


def _clock() -> float:
    return asyncio.get_running_loop().time()
