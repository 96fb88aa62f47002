"""The speech part of the benchmark: how fast it answers, wakes and falls silent, and how well it
hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cockpit.evaluation.live import (
    AUDIO,
    COMMAND,
    PITCHES,
    Cabin,
    Heard,
    interrupt_all,
    open_cabin,
    parked,
    say_all,
)
from cockpit.evaluation.measurement import Measurement, Say, Tell, single, summarize
from cockpit.evaluation.recordings import Recordings
from cockpit.evaluation.sounds import at_level, car_noise, kitchen, music
from cockpit.evaluation.stand import recording, sentences_of
from cockpit.evaluation.wake import NORMAL, Listener, at_levels, calls_of
from cockpit.evaluation.waterfall import ENDPOINT, PAUSE, PLAN, STAGES, TEXT
from cockpit.settings import Settings
from cockpit.speech.audio import Audio
from cockpit.speech.measure import slot_word_recall
from cockpit.speech.recognizer import Recognizer

RATIOS: Final = (12.0, 6.0, 0.0)
"""Signal to noise, in dB."""
SLOTS: Final[Mapping[float | None, float]] = {None: 92.0, 6.0: 72.0}
"""Share of slot words in percent, at least, without noise and at a ratio."""
NOISE_SECONDS: Final = 120.0
"""Of each noise that is made here."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured; each sentence is said once in every voice (pitch).

    Attributes:
        turns: voices of the requests.
        waiting: voices of the requests when nothing is thought ahead.
        interruptions: voices of those who interrupt.
        others: whether wake words and recognition are measured, too.
    """

    turns: Sequence[float]
    waiting: Sequence[float]
    interruptions: Sequence[float]
    others: bool


WHOLE: Final = Extent(PITCHES, PITCHES[:1], PITCHES, others=True)
"""About twelve minutes."""
BRIEF: Final = Extent(PITCHES[:1], (), PITCHES[:1], others=False)
"""Three minutes, as a part of the whole benchmark."""


@dataclass(frozen=True, slots=True)
class SpeechFigures:
    """What was found.

    Attributes:
        measurements: lines of the table.
        turn: the stages of the middle turn, in milliseconds; empty where none reached them all.
        turns: how many turns that is made of.
    """

    measurements: list[Measurement]
    turn: dict[str, float] = field(default_factory=dict)
    turns: int = 0


async def measure_speech(
    settings: Settings, extent: Extent, audio: Path | None, say: Say, tell: Tell
) -> SpeechFigures:
    """Measure.

    Args:
        settings: which engines and models.
        extent: how much.
        audio: folder of recordings, see ``Recordings``.
        say: told what is measured now, and what went wrong.
        tell: told how far a step has come.

    Raises:
        CockpitError: an engine or a model is missing, or a recording cannot be read.
    """
    recordings = await asyncio.to_thread(Recordings.load, audio) if audio is not None else None
    sentences = [*sentences_of("speech"), *sentences_of("questions")]
    say(f"  {len(extent.turns) * len(sentences)} requests …")
    async with open_cabin(settings, parked()) as cabin:
        heard = await say_all(cabin, sentences, extent.turns, say, tell)
        interrupting = sentences_of("interruptions")
        say(f"  {len(extent.interruptions) * len(interrupting)} interruptions …")
        interruptions = await interrupt_all(cabin, interrupting, extent.interruptions, tell)
        slots: list[Measurement] = []
        if extent.others and recordings is not None:
            say(f"  {(1 + len(RATIOS)) * len(recordings.clips)} recordings, clean and in noise …")
            slots = await _slots(cabin.recognizer, recordings, tell)
        lost = cabin.room.lost
        woken: list[Measurement] = []
        if extent.others:
            say("  Wake words …")
            woken = await _wake_words(settings, cabin, recordings, tell)
    found = [
        *_latencies(heard),
        single("frames of sound lost, the machine being too slow", "", lost),
    ]
    if extent.waiting:
        say(f"  {len(extent.waiting) * len(sentences)} requests without thinking ahead …")
        patient = settings.listen.model_copy(update={"think_ahead": False})
        async with open_cabin(settings.model_copy(update={"listen": patient}), parked()) as cabin:
            waited = await say_all(cabin, sentences, extent.waiting, say, tell)
        found += _savings(heard, waited)
    if silences := [one.milliseconds for one in interruptions if one.milliseconds is not None]:
        found.append(summarize("interruption → silence", "ms", silences, None, 200))
    missed = sum(one.milliseconds is None and not one.itself for one in interruptions)
    found.append(_share("interruptions not noticed", missed, len(interruptions)))
    itself = sum(one.itself for one in interruptions)
    found.append(_share("answers cut off by the car's own voice", itself, len(interruptions)))
    found += [*woken, *slots]
    complete = [turn for turn in heard.turns if set(STAGES) <= set(turn.stages)]
    return SpeechFigures(found, heard.medians(STAGES), len(complete))


def _latencies(heard: Heard) -> list[Measurement]:
    found = []
    for name, stage, budget, budget_p95 in (
        ("last word → pause noticed", PAUSE, None, None),
        ("last word → final text", TEXT, None, None),
        ("last word → plan", PLAN, None, None),
        ("last word → endpoint", ENDPOINT, None, None),
        ("last word → first command acknowledged", COMMAND, 700, 1200),
        ("last word → first reply audio", AUDIO, 900, None),
    ):
        if values := heard.stage(stage):
            found.append(summarize(name, "ms", values, budget, budget_p95))
    if values := list(heard.first(AUDIO).values()):
        name = "last word → first reply audio, answers never said before"
        found.append(summarize(name, "ms", values, 900))
    wrong = heard.said - heard.right
    return [*found, _share("requests lost or taken for something else", wrong, heard.said)]


def _savings(ahead: Heard, waited: Heard) -> list[Measurement]:
    """The same requests with and without thinking ahead; each against its like."""
    found = []
    for name, stage in (
        ("first command acknowledged", COMMAND),
        ("first reply audio", AUDIO),
    ):
        without, beside = waited.first(stage), ahead.first(stage)
        both = without.keys() & beside.keys()
        if not both:
            continue
        values = list(without.values())
        found.append(summarize(f"without thinking ahead: last word → {name}", "ms", values))
        saved = [without[said] - beside[said] for said in both]
        found.append(summarize(f"saved by thinking ahead: {name}", "ms", saved))
    return found


async def _wake_words(
    settings: Settings, cabin: Cabin, recordings: Recordings | None, tell: Tell
) -> list[Measurement]:
    calls = await calls_of(cabin.voice, settings.listen.wake_words)
    talk = [
        at_level(await recording(cabin.voice, sentence), NORMAL)
        for group in ("template", "lm", "speech", "questions", "interruptions")
        for sentence in sentences_of(group)
    ]
    listener = Listener(settings, cabin.recognizer)
    levels = at_levels(calls)
    noise = recordings.noise if recordings is not None else car_noise(NOISE_SECONDS)
    name = recordings.noise_name if recordings is not None else "car noise"
    others: list[tuple[str, Sequence[Audio]]] = [
        (name, [at_level(noise, NORMAL)]),
        (
            "made noise and music",
            [at_level(make(NOISE_SECONDS), NORMAL) for make in (car_noise, music, kitchen)],
        ),
        ("the voice's sentences", talk),
    ]
    if recordings is not None:
        others.insert(0, ("people's requests", recordings.speech()))
    steps = 1 + len(RATIOS) + len(others)
    found = [_share("wake word missed, clean", await listener.missed(levels), len(levels))]
    tell(1, steps)
    for ratio in RATIOS:
        missed = await listener.missed(calls, noise, ratio)
        found.append(_share(f"wake word missed, {name} {ratio:g} dB", missed, len(calls)))
        tell(len(found), steps)
    for what, sounds in others:
        hours = sum(sound.seconds for sound in sounds) / 3600
        alarms = await listener.false_alarms(sounds)
        title = f"false wake-ups an hour, {what} ({hours * 60:.1f} min, {alarms})"
        found.append(single(title, "/h", alarms / hours, len(sounds)))
        tell(len(found), steps)
    return found


async def _slots(recognizer: Recognizer, recordings: Recordings, tell: Tell) -> list[Measurement]:
    clips, noise = recordings.clips, recordings.noise
    found: list[Measurement] = []
    factors: list[float] = []
    for ratio in (None, *RATIOS):
        recall = await slot_word_recall(
            recognizer, clips, noise=noise if ratio is not None else None, snr=ratio
        )
        where = "clean" if ratio is None else f"{recordings.noise_name} {ratio:g} dB"
        found.append(
            single(
                f"slot words recognised, {where}", "%", 100 * recall.share, recall.total,
                SLOTS.get(ratio), at_least=True,
            )
        )  # fmt: skip
        factors += [result.transcript.real_time_factor for result in recall.results]
        tell(len(found), 1 + len(RATIOS))
    return [*found, summarize("recognition, real-time factor", "", factors)]


def _share(name: str, count: int, of: int) -> Measurement:
    return single(name, "%", 100 * count / of, of)
