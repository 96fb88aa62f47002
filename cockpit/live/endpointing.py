"""When somebody begins to speak, pauses and has finished; frame by frame, without a clock.

Silero answers within a frame where the room is quiet. In noise its memory keeps it talking: at
6 dB its probability is still above one half 0.4 s (median) after the last word. So speech that
has begun must stay likelier the less it stands out from the background, a blip in a pause does
not prolong it, and what is far below the speaker's own level is somebody or something else.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Self

from cockpit.audio.streams import FRAME_SECONDS
from cockpit.live.levels import RollingLevels, frames_of
from cockpit.settings import ListenSettings
from cockpit.speech.segments import best_cut

_BRIDGE = 2  # frames that a stop consonant is silent before it bursts
_SUSPICIOUS = 2  # frames of likely speech
_SMOOTH = 3  # frames of which the loudest counts: syllables, not their dips
_FLOOR_SHARE = 0.1  # of the frames are quieter than what counts as background
_OWN_SHARE = 0.75  # of the utterance's frames are quieter than what counts as its level
_DOUBT = 1.0  # seconds of likely speech, never sure, that a beginning may lie back
_MEMORY = 128  # frames that can be gone back to: 4 s


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """When speech begins and ends; durations in seconds, levels in dB.

    Attributes:
        begin: probability at which speech may have begun.
        sure: it has, once a frame is as likely as this and it lasted ``shortest``.
        hold: probability that keeps speech going where it is faint, at most ``faint`` above
            the background.
        hold_clear: the same where it is clear, at least ``clear`` above the background;
            between the two it is interpolated.
        faint: see ``hold``.
        clear: see ``hold_clear``.
        shortest: less is a click or a cough.
        resume: speech after a pause counts from this length on.
        preroll: kept before speech, for soft beginnings; not what was before ``reset``.
        padding: kept behind speech, for soft endings.
        pause: silence that makes a ``Paused``.
        end: silence that makes an ``Ended`` where nobody asked for another (``wait``).
        longest: an utterance is cut at this length, what is kept around it included.
        prominence: nothing is speech that stands out less from the background.
        drop: nothing continues speech that is so far below the utterance's own level.
        window: the background is what the quietest frames of this time are like.
    """

    begin: float = 0.5
    sure: float = 0.8
    hold: float = 0.9
    hold_clear: float = 0.7
    faint: float = 3.0
    clear: float = 12.0
    shortest: float = 0.16
    resume: float = 0.096
    preroll: float = 0.5
    padding: float = 0.3
    pause: float = 0.2
    end: float = 0.8
    longest: float = 20.0
    prominence: float = 2.5
    drop: float = 20.0
    window: float = 3.0

    @classmethod
    def from_settings(cls, settings: ListenSettings) -> Self:
        """The rules with what people can set."""
        return cls(pause=settings.pause, end=settings.end, longest=settings.longest)


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Somebody speaks.

    Attributes:
        at: seconds of sound so far, as in all events.
        start: where the utterance is to be cut out from, pre-roll included.
    """

    at: float
    start: float


@dataclass(frozen=True, slots=True)
class Paused:
    """The first short silence: what was said so far can be recognised now.

    Attributes:
        at: seconds.
        speech: start and end of what was said so far, with what is kept around it.
        last_word: where its last word ended, as far as can be told.
    """

    at: float
    speech: tuple[float, float]
    last_word: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """Speech goes on: what was made of the words before the pause is to be dropped.

    Attributes:
        at: seconds.
    """

    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The utterance is over.

    Attributes:
        at: seconds.
        speech: start and end of the utterance, with what is kept around it.
        last_word: where its last word ended, as far as can be told.
    """

    at: float
    speech: tuple[float, float]
    last_word: float


@dataclass(frozen=True, slots=True)
class TooLong:
    """The utterance was cut; what follows the cut is an utterance without a ``SpeechBegan``.

    Attributes:
        at: seconds.
        speech: start of the utterance and the cut.
    """

    at: float
    speech: tuple[float, float]


type EndpointEvent = SpeechBegan | Paused | Resumed | Ended | TooLong


@dataclass(frozen=True, slots=True)
class _Frame:
    index: int
    probability: float
    level: float | None
    loud: float  # of the last few frames
    floor: float


class Endpointer:
    """Follows one channel. Its clock is the sound's own: frames fed, and frames known lost."""

    def __init__(self, rules: EndpointRules) -> None:
        self._rules = rules
        self._frames = 0
        self._earliest = 0  # frames before it belong to nobody any more
        self._background = RollingLevels(frames_of(rules.window))
        self._levels: deque[float] = deque(maxlen=_SMOOTH)
        self._memory: deque[_Frame] = deque(maxlen=_MEMORY)
        self._clear()

    def _clear(self) -> None:
        self._first: int | None = None
        self._last = 0  # behind the last frame of speech
        self._voiced = 0
        self._again = 0  # frames of speech after a gap, not yet enough to count
        self._again_at = 0
        self._speaking = False
        self._paused = False
        self._wanted = self._rules.end
        self._likely: list[float] = []  # probabilities from the first frame on
        self._own = RollingLevels(frames_of(self._rules.longest))

    @property
    def now(self) -> float:
        """Seconds of sound so far."""
        return self._frames * FRAME_SECONDS

    @property
    def speaking(self) -> bool:
        """Whether an utterance has begun and not ended, pauses included."""
        return self._speaking

    @property
    def suspected(self) -> bool:
        """Whether somebody seems to speak, also before that is sure.

        For what has to react sooner than ``SpeechBegan`` and may be wrong.
        """
        return self._speaking or (
            self._voiced >= _SUSPICIOUS and max(self._likely) >= self._rules.sure
        )

    def wait(self, seconds: float) -> None:
        """Set the silence that ends this utterance; holds until speech goes on."""
        self._wanted = seconds

    def reset(self, since: float | None = None) -> list[EndpointEvent]:
        """Give up the utterance and take what follows as a new one, as after a wake word.

        Args:
            since: seconds; what was before belongs to no utterance. Now where none is given,
                and at most four seconds back.

        Returns:
            What happened since then, judged anew.
        """
        first = self._frames if since is None else max(0, round(since / FRAME_SECONDS))
        again = [frame for frame in self._memory if frame.index >= first]
        self._clear()
        self._earliest = min(first, self._frames)
        return [event for frame in again if (event := self._step(frame))]

    def feed(
        self, probability: float, level: float | None = None, at: float | None = None
    ) -> EndpointEvent | None:
        """Take the next 32 ms.

        Args:
            probability: of the voice activity model.
            level: of the frame in dBFS; without it, only the probability decides.
            at: seconds at the end of the frame, where frames were lost or not fed (they
                count as silence); one frame on from the last where none is given.

        Returns:
            What happened, if anything did.
        """
        if level is not None:
            self._background.add(level)
            self._levels.append(level)
        index = self._frames if at is None else max(self._frames, round(at / FRAME_SECONDS) - 1)
        frame = _Frame(
            index,
            probability,
            level,
            max(self._levels, default=0.0),
            self._background.quantile(_FLOOR_SHARE) or 0.0,
        )
        self._memory.append(frame)
        return self._step(frame)

    def _step(self, frame: _Frame) -> EndpointEvent | None:
        lost = frame.index - self._frames
        self._frames = frame.index + 1
        if self._first is not None:
            self._likely += [0.0] * lost + [frame.probability]
        if self._speaking and lost > 0 and lost >= frames_of(self._wanted):
            return self._end()
        return self._follow(frame) if self._speaking else self._expect(frame)

    def _expect(self, frame: _Frame) -> EndpointEvent | None:
        rules = self._rules
        if self._first is not None and frame.index - self._last > _BRIDGE:
            self._clear()
        if frame.probability < rules.begin or not self._stands_out(frame):
            return None
        if self._first is None:
            self._first = frame.index
            self._likely = [frame.probability]
        self._heard(frame)
        if self._voiced >= frames_of(rules.shortest) and max(self._likely) >= rules.sure:
            self._speaking = True
            return SpeechBegan(self.now, self._start)
        if len(self._likely) > frames_of(_DOUBT):
            self._first += 1
            del self._likely[0]
        return None

    def _follow(self, frame: _Frame) -> EndpointEvent | None:
        rules = self._rules
        if self._continues(frame):
            if frame.index - self._last <= _BRIDGE:
                self._heard(frame)
            else:
                self._again += 1
                self._again_at = frame.index
            if self._again >= frames_of(rules.resume):
                self._again = 0
                self._heard(frame)
                if self._paused:
                    self._paused = False
                    self._wanted = rules.end
                    return Resumed(self.now)
        elif frame.index - self._again_at > _BRIDGE:
            self._again = 0
        silence = 0 if self._again else self._frames - self._last
        if not self._paused and silence >= frames_of(rules.pause):
            self._paused = True
            return Paused(self.now, self._speech, self._last * FRAME_SECONDS)
        if self._paused and silence >= frames_of(self._wanted):
            return self._end()
        if len(self._likely) >= frames_of(rules.longest - rules.preroll - rules.padding):
            return self._cut()
        return None

    def _end(self) -> Ended:
        event = Ended(self.now, self._speech, self._last * FRAME_SECONDS)
        self._earliest = self._last
        self._clear()
        return event

    def _continues(self, frame: _Frame) -> bool:
        rules = self._rules
        if frame.level is None:
            return frame.probability >= rules.hold_clear
        clear = (frame.level - frame.floor - rules.faint) / (rules.clear - rules.faint)
        hold = rules.hold + (rules.hold_clear - rules.hold) * min(1.0, max(0.0, clear))
        own = self._own.quantile(_OWN_SHARE)
        return (
            frame.probability >= hold
            and self._stands_out(frame)
            and (own is None or frame.loud >= own - rules.drop)
        )

    def _stands_out(self, frame: _Frame) -> bool:
        return frame.level is None or frame.loud >= frame.floor + self._rules.prominence

    def _heard(self, frame: _Frame) -> None:
        self._last = frame.index + 1
        self._voiced += 1
        if frame.level is not None:
            self._own.add(frame.level)

    def _cut(self) -> TooLong:
        assert self._first is not None
        start, offset = self._start, best_cut(self._likely, 0, len(self._likely))
        cut = self._first + offset
        self._earliest = cut
        if self._last <= cut:
            self._clear()
        else:
            self._first = cut
            self._likely = self._likely[offset:]
            self._paused = False
            self._wanted = self._rules.end
        return TooLong(self.now, (start, cut * FRAME_SECONDS))

    @property
    def _start(self) -> float:
        assert self._first is not None
        begin = self._first * FRAME_SECONDS - self._rules.preroll
        return max(self._earliest * FRAME_SECONDS, begin)

    @property
    def _speech(self) -> tuple[float, float]:
        end = self._last * FRAME_SECONDS + self._rules.padding
        return self._start, min(self.now, end)
