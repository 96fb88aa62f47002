"""Saying a reply aloud, and knowing what of it was heard."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

import numpy as np

from cockpit.audio.streams import Sink
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError, SynthesisFailed
from cockpit.speech.speakable import spans, speakable

log = logging.getLogger(__name__)

SILENCE: Final = 0.004
"""Amplitude below which a voice is silent."""
LEAD: Final = 0.01
"""Seconds of silence that are left before the first sound of a reply."""
LETTERS_A_SECOND: Final = 15.0
"""How fast a voice speaks, where a sentence is cut before its length is known."""
LONG: Final = 80
"""Letters of a first sentence that is begun before all of it was looked at."""
SHORT: Final = 20
"""Letters that either part of it has at least."""
NEARLY: Final = 0.02
"""Seconds at the end of a sentence that may be missing of what was heard."""
AHEAD: Final = 4
"""Chunks of speech that are made before they are played."""

_CLAUSE = re.compile(r"(?<=[,;:])\s+")
# How many letters are spoken for one that is written: "8" is "eight", "°" is "degrees".
_DIGIT = 4
_SIGN = 6


class Voice(Protocol):
    """What a speaker speaks with, e.g. ``cockpit.speech.piper.PiperVoice``."""

    def stream(self, text: str) -> AsyncGenerator[Audio]:
        """Chunks of the text's sound as they are made; to be closed.

        Raises:
            SynthesisFailed: it could not be said; the voice goes on.
            SpeechError: the voice is gone.
        """
        ...


class Answers(Protocol):
    """Sentences whose sound is known already, e.g. ``cockpit.live.answers.AnswerCache``."""

    def get(self, sentence: str) -> Audio | None:
        """The sound of a sentence."""
        ...

    def put(self, sentence: str, audio: Audio) -> None:
        """Remember the sound of a sentence, if that is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """What became of a reply.

    Attributes:
        heard: the part of it that was heard: all of it, or its beginning up to the last whole
            word.
        whole: nothing is missing.
        fault: why something is missing, where it was not cut off on purpose; a sentence.
    """

    heard: str
    whole: bool
    fault: str | None = None


@dataclass(slots=True)
class _Piece:
    """A sentence on its way.

    Attributes:
        start, end: where it is in the reply.
        spoken: as the voice reads it.
        seconds: of its sound, as far as it was made.
        silent: seconds of silence at the end of that.
        lead: seconds of silence at its beginning.
        complete: all of its sound was made.
        lost: it could not be said.
    """

    start: int
    end: int
    spoken: str
    seconds: float = 0.0
    silent: float = 0.0
    lead: float = 0.0
    complete: bool = False
    lost: bool = False

    def add(self, audio: Audio) -> None:
        """A chunk of its sound was made."""
        before, after = _silence_around(audio)
        if not self.seconds:
            self.lead = before
        self.seconds += audio.seconds
        self.silent = after

    def heard(self, text: str, seconds: float) -> int:
        """Where in the reply the last whole word ends that was heard in so many seconds."""
        loud = self.seconds - self.silent
        if self.complete and seconds >= loud - NEARLY:
            return self.end
        if not self.complete:
            loud = max(loud, self.lead + len(self.spoken) / LETTERS_A_SECOND)
        share = (min(seconds, self.seconds) - self.lead) / max(loud - self.lead, 1e-6)
        return self.start + heard_of(text[self.start : self.end], share)


@dataclass(slots=True)
class _Reply:
    """A reply that is being said."""

    text: str
    pieces: Sequence[_Piece]
    since: float
    task: asyncio.Task[None] | None = None
    faults: list[str] = field(default_factory=list)

    def outcome(self, seconds: float) -> Spoken:
        """What was heard of it when so many seconds were played."""
        parts: list[tuple[int, int]] = []
        for piece in self.pieces:
            end = piece.heard(self.text, seconds) if piece.seconds else piece.start
            if end > piece.start:
                joined = bool(parts) and not self.text[parts[-1][1] : piece.start].strip()
                begin = parts.pop()[0] if joined else piece.start
                parts.append((begin, end))
            seconds -= piece.seconds
            if end < piece.end and not piece.lost:
                heard = " ".join(self.text[begin:end] for begin, end in parts)
                return Spoken(heard, whole=False, fault=self.fault)
        if self.faults:
            heard = " ".join(self.text[begin:end] for begin, end in parts)
            return Spoken(heard, whole=False, fault=self.fault)
        return Spoken(self.text, whole=True)

    @property
    def fault(self) -> str | None:
        """What went wrong, in a sentence or two."""
        return " ".join(dict.fromkeys(self.faults)) or None


class Ahead(Protocol):
    """Makes answers ahead while nobody needs the voice, e.g. ``cockpit.live.answers.Rehearsal``."""

    def resume(self) -> None:
        """Nobody needs the voice now."""
        ...

    def pause(self) -> None:
        """Somebody does."""
        ...


class Speaker:
    """Says replies, one at a time, sentence by sentence.

    The first sound goes out as soon as the voice gives it; the next sentence is made while one
    is played. An async context manager; leaving it ends whatever is being said.

    Args:
        voice: makes the sound.
        sink: plays it.
        answers: sound of common sentences.
        ahead: makes them while the voice rests; to be closed by whoever made it.

    Attributes:
        last: what became of the last reply, also where ``say`` was cancelled.
    """

    def __init__(
        self,
        voice: Voice,
        sink: Sink,
        answers: Answers | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        self.last = Spoken("", True)
        self._ahead = ahead
        self._voice = voice
        self._sink = sink
        self._answers = answers
        self._turn = asyncio.Lock()
        self._reply: _Reply | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.rest(False)
        self.interrupt()
        async with self._turn:
            pass

    @property
    def speaking(self) -> bool:
        """Whether a reply is being said."""
        return self._reply is not None

    def rest(self, resting: bool) -> None:
        """Whether nothing is going on for now, so that common answers may be made ahead."""
        if self._ahead is not None:
            self._ahead.resume() if resting else self._ahead.pause()

    def interrupt(self) -> None:
        """Silence now. ``say`` returns what was heard."""
        if self._reply is not None and self._reply.task is not None:
            self._sink.stop()
            self._reply.task.cancel()

    def hold(self, held: bool) -> None:
        """Pause the reply, if there is one, or go on with it: somebody may have begun to speak."""
        if self._reply is not None:
            self._sink.hold(held)

    async def say(self, text: str, on_first: Callable[[], None] | None = None) -> Spoken:
        """Say a reply, after the one that is being said. Cancelling it is silence at once.

        A voice or a sink that fails is no error: the text can still be read, and the result
        says what was heard.

        Args:
            text: may hold markup, units and the like; it is read as people say it.
            on_first: called when the first sound goes out.
        """
        self.rest(False)
        async with self._turn:
            reply = _Reply(text, _pieces(text), self._sink.played)
            reply.task = asyncio.create_task(self._play(reply, on_first), name="reply")
            self._reply = reply
            try:
                await asyncio.wait([reply.task])
            finally:
                if not reply.task.done():
                    self._sink.stop()
                    reply.task.cancel()
                    await asyncio.wait([reply.task])
                self._reply = None
                self.last = reply.outcome(self._sink.played - reply.since)
            if not reply.task.cancelled():
                reply.task.result()
            return self.last

    async def _play(self, reply: _Reply, on_first: Callable[[], None] | None) -> None:
        chunks: asyncio.Queue[Audio | None] = asyncio.Queue(AHEAD)
        maker = asyncio.create_task(self._make(reply, chunks), name="reply: voice")
        try:
            while (audio := await chunks.get()) is not None:
                await self._sink.play(audio)
                if on_first is not None:
                    on_first()
                    on_first = None
            await self._sink.drain()
            await maker
        except SpeechError as error:
            log.warning("the reply was not played to its end: %s", error)
            reply.faults.append(error.spoken)
            self._sink.stop()
        finally:
            maker.cancel()
            await asyncio.wait([maker])

    async def _make(self, reply: _Reply, chunks: asyncio.Queue[Audio | None]) -> None:
        """The sound of all pieces, in order; what cannot be said is left out."""
        first = True
        try:
            for piece in reply.pieces:
                try:
                    async with aclosing(self._sound(piece)) as sound:
                        async for audio in sound:
                            audio = _without_lead(audio) if first else audio
                            first = False
                            piece.add(audio)
                            await chunks.put(audio)
                    piece.complete = True
                except SynthesisFailed as error:
                    piece.lost = True
                    reply.faults.append(error.spoken)
        except SpeechError as error:
            log.warning("the voice is gone: %s", error)
            reply.faults.append(error.spoken)
        finally:
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                await chunks.put(None)

    async def _sound(self, piece: _Piece) -> AsyncGenerator[Audio]:
        known = self._answers.get(piece.spoken) if self._answers is not None else None
        if known is not None:
            yield known
            return
        made: list[Audio] = []
        async with aclosing(self._voice.stream(piece.spoken)) as stream:
            async for audio in stream:
                made.append(audio)
                yield audio
        if made and self._answers is not None:
            self._answers.put(piece.spoken, Audio.join(made))


def heard_of(sentence: str, share: float) -> int:
    """Length of the whole words that were heard when a share (0 to 1) of it was spoken.

    In proportion of the letters that are spoken, and rounded down: a word counts when it was
    heard to its end. Beside the times that Whisper finds for the words of 26 sentences, cut at
    nine places each, this is 0.6 words off on average: one too many in 2 % of the cuts, never
    two, and more than one too few in 4 %.
    """
    words = list(_words(sentence))
    heard = share * sum(_length(sentence[start:end]) for start, end in words)
    reached = 0
    for start, end in words:
        heard -= _length(sentence[start:end])
        if heard < 0:
            break
        reached = end
    return reached


def _words(sentence: str) -> list[tuple[int, int]]:
    found, at = list[tuple[int, int]](), 0
    for word in sentence.split():
        start = sentence.index(word, at)
        at = start + len(word)
        found.append((start, at))
    return found


def _length(word: str) -> int:
    letters = sum(letter.isalpha() for letter in word)
    digits = sum(letter.isdigit() for letter in word)
    signs = sum(letter in "°%€$£½¼¾&+" for letter in word)
    return 1 + letters + _DIGIT * digits + _SIGN * signs


def _pieces(text: str) -> tuple[_Piece, ...]:
    """The sentences; a long first one in two, so that its first sound comes sooner.

    Measured on 17 such sentences: Whisper hears 24 % of the words of either form wrong (Finnish
    names), and the pause at the cut lasts 0.25 s, where the voice's own longest is 0.32 s. The
    first sound of 100 letters costs 60 ms of one core and not 110.
    """
    places = spans(text)
    if places and places[0][1] - places[0][0] > LONG:
        start, end = places[0]
        cut = _CLAUSE.search(text, start + SHORT, end - SHORT)
        if cut is not None:
            places[:1] = [(start, cut.start()), (cut.end(), end)]
    found = (_Piece(start, end, speakable(text[start:end])) for start, end in places)
    return tuple(piece for piece in found if piece.spoken)


def _silence_around(audio: Audio) -> tuple[float, float]:
    """Seconds of silence at the beginning and at the end; all of it where there is no sound."""
    loud = np.flatnonzero(np.abs(audio.samples) > SILENCE)
    if not len(loud):
        return audio.seconds, audio.seconds
    return float(loud[0]) / audio.rate, audio.seconds - float(loud[-1] + 1) / audio.rate


def _without_lead(audio: Audio) -> Audio:
    before, _ = _silence_around(audio)
    return audio.slice(max(0.0, before - LEAD), audio.seconds)
