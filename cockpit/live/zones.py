"""Which seat's microphone hears its own speaker, and when it hears a neighbour's instead."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cockpit.audio.streams import Source
from cockpit.live.levels import RollingLevels, frames_of
from cockpit.speech.audio import decibels
from cockpit.speech.errors import SpeechError
from vehicle_bus.seats import Seat

SMOOTHING = 0.2
"""Seconds over which loudness is averaged, so that one syllable does not decide."""

MARGIN = 5.0
"""Decibels by which another zone has to be louder to have the speech: less than the 6 dB by
which a voice is weaker at the neighbour's microphone, more than two people differ by chance."""

_SPEECH = 0.5  # probability
_PAUSE = 0.3  # seconds without speech anywhere after which any zone may begin
_SURE = 0.1  # seconds of another's lead; crosstalk that comes late leads for a frame
_WINDOW = 3.0  # seconds of which the quietest frames are the background
_FLOOR_SHARE = 0.1


class ZonesInvalid(SpeechError):
    """More seats than channels."""


def zones_of(source: Source, wanted: Sequence[Seat]) -> tuple[Seat, ...]:
    """The seat that each channel of a source hears.

    Raises:
        ZonesInvalid: it has fewer channels than seats are wanted for.
    """
    if source.channels < len(wanted):
        raise ZonesInvalid(
            f"{source.name} has {source.channels} channels, and audio.zones names {len(wanted)} "
            "seats; set audio.zones to as many."
        )
    return tuple(wanted)


class _Zone:
    """One channel: how loud the speech in it was over the last 200 ms."""

    def __init__(self) -> None:
        self._background = RollingLevels(frames_of(_WINDOW))
        self._loudness: deque[float] = deque(maxlen=frames_of(SMOOTHING))
        self._likely: deque[float] = deque(maxlen=frames_of(SMOOTHING))

    def add(self, level: float, probability: float) -> None:
        self._background.add(level)
        floor = self._background.quantile(_FLOOR_SHARE)
        above = _power(level) - (0.0 if floor is None else _power(floor))
        # Noise is loud, too: only as much counts as is likely to be speech.
        self._loudness.append(probability * max(0.0, above))
        self._likely.append(probability)

    @property
    def speaks(self) -> bool:
        return max(self._likely) >= _SPEECH

    @property
    def level(self) -> float:
        """In dBFS; -120 without speech."""
        return decibels((sum(self._loudness) / len(self._loudness)) ** 0.5) if self.speaks else -120


class ZoneChooser:
    """Chooses the zone with the loudest speech, frame by frame, and stays with it.

    A voice reaches its neighbours' microphones, too: 6 to 15 dB weaker and a few milliseconds
    later, which is less than a frame, so loudness decides and time does not. Where two people
    speak at once, whoever began keeps the choice.

    Args:
        zones: how many channels there are.
    """

    def __init__(self, zones: int) -> None:
        self._zones = [_Zone() for _ in range(zones)]
        self._chosen = 0
        self._held = False
        self._spoken = 0  # frames of speech since the last pause
        self._quiet = 0
        self._behind = 0  # frames for which another zone was clearly louder
        self._probability = 0.0

    @property
    def probability(self) -> float:
        """That the chosen zone's own speaker speaks.

        The zone's own probability, but 0 while the speech it hears is a neighbour's. What the
        endpointer should be fed with: else another's talk would keep an utterance open.
        """
        return self._probability

    def hold(self, zone: int) -> None:
        """Stay with this zone, whoever else speaks, until ``release``: it has the turn.

        Raises:
            ValueError: there is no such zone.
        """
        if not 0 <= zone < len(self._zones):
            raise ValueError(f"there is no zone {zone}")
        self._chosen = zone
        self._held = True

    def release(self) -> None:
        """Choose freely again, from the next pause on or where another is clearly louder."""
        self._held = False

    def feed(self, levels: Sequence[float], probabilities: Sequence[float]) -> int:
        """Take the next frame.

        Args:
            levels: dBFS, one a zone.
            probabilities: of voice activity, one a zone.

        Returns:
            The zone that speaks, or spoke last.
        """
        for zone, level, probability in zip(self._zones, levels, probabilities, strict=True):
            zone.add(level, probability)
        loudness = [zone.level for zone in self._zones]
        speaking = [number for number, zone in enumerate(self._zones) if zone.speaks]
        if speaking:
            self._quiet = 0
            self._spoken += 1
        else:
            self._quiet += 1
            if self._quiet >= frames_of(_PAUSE):
                self._spoken = 0
        loudest = max(speaking, key=lambda zone: loudness[zone], default=self._chosen)
        lead = loudness[loudest] - loudness[self._chosen]
        settled = self._spoken > frames_of(SMOOTHING)
        self._behind = self._behind + 1 if lead > MARGIN else 0
        another = self._behind >= frames_of(_SURE)
        if not self._held and (another or (lead > 0 and not settled)):
            self._chosen = loudest
            another = False
        self._probability = 0.0 if another else probabilities[self._chosen]
        return self._chosen


def _power(level: float) -> float:
    return float(10 ** (level / 10))
