"""Measuring recognition: share of slot words heard, at several noise levels, and speed.

``python -m cockpit.speech.measure LABELS.json CLIPS --noise NOISE.wav`` prints a line for
each model and noise level; ``--help`` tells what else can be varied. What was chosen by the
even clips can be confirmed by the odd ones.

The default settings on 60 commands of many speakers (364 slot words), with the noise of a kitchen:

=====  =====  ====  ====  ==========
noise  all    even  odd   with hints
=====  =====  ====  ====  ==========
clean  95.9%  94.4  97.3  95.9%
12 dB                     93.7%
6 dB   89.3%  85.0  93.5  89.6%
0 dB                      62.1%
=====  =====  ====  ====  ==========
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cockpit.agent.resources import SessionResources
from cockpit.assets.store import AssetStore
from cockpit.session import SystemClock
from cockpit.settings import AssetSettings, MapSettings, RecognizerChoice, SpeechSettings
from cockpit.speech.audio import RATE, Audio, read_audio, rms
from cockpit.speech.errors import AudioInvalid, AudioMissing, RecognizerFailed
from cockpit.speech.hinted import HintedRecognizer, StoreHints
from cockpit.speech.noise import NoiseSuppressor
from cockpit.speech.recognizer import Recognizer, Transcript, open_recognizer, whisper_models
from cockpit.speech.segments import Segment, SegmentRules, VoiceActivity
from skills.api import Environment, SkillSet

# fmt: off
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
_FUNCTION_WORDS = frozenset({"a", "an", "the", "of"})
_SPELLINGS = {"oz": "ounce", "decaffeinated": "decaf", "grey": "gray"}


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and the words that matter in it."""

    path: Path
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One clip as it was recognised."""

    clip: Clip
    transcript: Transcript
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """Outcome over some clips."""

    results: tuple[ClipResult, ...]

    @property
    def total(self) -> int:
        """Slot words that were said."""
        return sum(len(result.clip.words) for result in self.results)

    @property
    def heard(self) -> int:
        """Slot words that the transcripts hold."""
        return self.total - sum(len(result.missed) for result in self.results)

    @property
    def share(self) -> float:
        """Share of slot words that were recognised, 0 to 1."""
        return self.heard / self.total if self.total else 0.0

    @property
    def audio_seconds(self) -> float:
        """Duration of all clips."""
        return sum(result.transcript.audio_seconds for result in self.results)

    @property
    def processing_seconds(self) -> float:
        """Time that recognition took for all of them."""
        return sum(result.transcript.processing_seconds for result in self.results)

    @property
    def real_time_factor(self) -> float:
        """Processing time per second of audio, over all clips."""
        return self.processing_seconds / self.audio_seconds if self.audio_seconds else 0.0

    @property
    def fallbacks(self) -> int:
        """Utterances that had to be decoded again."""
        return sum(result.transcript.fallbacks for result in self.results)

    def half(self, odd: bool) -> Recall:
        """Every other clip: the first, third … or, ``odd``, the second, fourth …."""
        return Recall(self.results[odd::2])

    def percentile(self, percent: float) -> float:
        """Of the processing time of a clip, in seconds."""
        times = [result.transcript.processing_seconds for result in self.results]
        return float(np.percentile(times, percent)) if times else 0.0


def load_clips(labels: Path, folder: Path) -> list[Clip]:
    """Clips of a label file ``{file name: {"slots": {slot: words}}}``.

    Raises:
        AudioMissing: the label file cannot be read.
        AudioInvalid: it does not have that form.
    """
    try:
        document = json.loads(labels.read_text(encoding="utf-8"))
        return [
            Clip(
                folder / name,
                tuple(w for value in entry["slots"].values() for w in content_words(value)),
            )
            for name, entry in sorted(document.items())
        ]
    except OSError as error:
        raise AudioMissing(f"I cannot read the label file {labels}; check the name.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AudioInvalid(f"{labels.name} is not a label file of clips and slots.") from error


def number_words(number: int) -> list[str]:
    """English words of 0 to 999, without "and"."""
    if number >= 100:
        rest = number_words(number % 100) if number % 100 else []
        return [_UNITS[number // 100], "hundred", *rest]
    if number < 20:
        return [_UNITS[number]]
    tens, units = divmod(number, 10)
    return [_TENS[tens - 2], *([_UNITS[units]] if units else [])]


def content_words(text: str) -> list[str]:
    """Words in a form that can be compared: digits in words, singular, no articles."""
    words: list[str] = []
    for token in re.findall(r"[a-z']+|\d+", text.lower().replace("’", "'")):
        if token.isdigit() and int(token) < 1000:
            words += number_words(int(token))
        elif token.strip("'"):
            words.append(_singular(token.removesuffix("'s").strip("'")))
    return [word for word in words if word not in _FUNCTION_WORDS]


def _singular(word: str) -> str:
    word = _SPELLINGS.get(word, word)
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def missed_words(reference: Sequence[str], text: str) -> tuple[str, ...]:
    """Reference words (each as often as it was said) that the text does not hold."""
    return tuple((Counter(reference) - Counter(content_words(text))).elements())


def mix(speech: Audio, noise: Audio, snr: float, segments: Sequence[Segment]) -> Audio:
    """Speech with noise at a signal-to-noise ratio in dB.

    The ratio is of root mean squares: of the speech over its spoken parts only (``segments``;
    all of it where there are none), of the noise over the piece that is used. The noise is
    repeated to the speech's length. Result is scaled down when it would clip.
    """
    wanted = np.resize(noise.resampled(speech.rate).samples, len(speech.samples))
    spoken = [speech.slice(part.start, part.end).samples for part in segments]
    level = rms(np.concatenate(spoken) if spoken else speech.samples)
    loudness = rms(wanted)
    gain = level / (10 ** (snr / 20)) / loudness if loudness else 0.0
    mixed = speech.samples + wanted * np.float32(gain)
    return Audio((mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32), speech.rate)


async def slot_word_recall(
    recognizer: Recognizer,
    clips: Sequence[Clip],
    *,
    noise: Audio | None = None,
    snr: float | None = None,
    suppression: int = 0,
) -> Recall:
    """Recognise every clip, with noise when asked for, and count the slot words heard.

    Args:
        recognizer: under test; its own processing time is what is counted.
        clips: recordings with their words.
        noise: mixed in at ``snr`` dB; every clip gets another piece of it.
        suppression: level of WebRTC's noise suppression before recognition; 0 is none.

    Raises:
        SpeechError: a clip cannot be read.
    """
    activity = VoiceActivity()
    results = []
    for index, clip in enumerate(clips):
        audio = read_audio(clip.path)
        if noise is not None and snr is not None:
            audio = noisy(audio, noise, snr, index, activity)
        if suppression:
            audio = Audio(NoiseSuppressor(suppression).feed(audio.samples))
        transcript = await patiently(recognizer, audio)
        results.append(ClipResult(clip, transcript, missed_words(clip.words, transcript.text)))
    return Recall(tuple(results))


async def patiently(recognizer: Recognizer, audio: Audio, tries: int = 6) -> Transcript:
    """The transcript, where a machine that is busy with other things needs another try.

    Raises:
        RecognizerFailed: it failed each time.
    """
    for _ in range(tries - 1):
        try:
            return await recognizer.transcribe(audio)
        except RecognizerFailed:
            continue
    return await recognizer.transcribe(audio)


def noisy(speech: Audio, noise: Audio, snr: float, index: int, activity: VoiceActivity) -> Audio:
    """Speech with a piece of the noise; another piece for another index."""
    spoken = activity.segments(speech, SegmentRules(pause=0.3, padding=0.0))
    return mix(speech, _piece(noise, index), snr, spoken)


def _piece(noise: Audio, index: int) -> Audio:
    samples = noise.resampled(RATE).samples
    return Audio(np.roll(samples, -index * 7 * RATE), RATE)


def table(rows: Mapping[str, Recall]) -> str:
    """Lines of text: one a row, with shares of all clips and of each half, counts and times."""
    width = max((len(name) for name in rows), default=0)
    return "\n".join(
        f"{name:{width}}  {recall.share:6.1%} (even {recall.half(False).share:6.1%}, "
        f"odd {recall.half(True).share:6.1%})  {recall.heard}/{recall.total} slot words  "
        f"RTF {recall.real_time_factor:.3f}  p50 {recall.percentile(50) * 1000:.0f} ms  "
        f"p95 {recall.percentile(95) * 1000:.0f} ms  second opinions {recall.fallbacks}"
        for name, recall in rows.items()
    )


def speech_settings(models: str, arguments: argparse.Namespace) -> SpeechSettings:
    """Settings of a row.

    Args:
        models: an asset or folder, or two with "+" between them: the second is asked where
            the first is unsure.
        arguments: ``beam``, ``window`` and ``padded``.
    """
    first, _, second = models.partition("+")
    return SpeechSettings(
        recognizer=RecognizerChoice.WHISPER,
        whisper_model=first,
        second_whisper_model=second,
        whisper_beam=arguments.beam,
        whisper_window=arguments.window,
        whisper_variable_length=not arguments.padded,
    )


@asynccontextmanager
async def opened(
    settings: SpeechSettings, *, hints: bool, people: Sequence[str] = ()
) -> AsyncIterator[Recognizer]:
    """The recogniser of a row, with the names of the user's map and of the skills if wanted.

    Raises:
        CockpitError: a model is missing or broken.
    """
    store = AssetStore.from_settings(AssetSettings())
    async with AsyncExitStack() as stack:
        recognizer = await open_recognizer(settings, store)
        stack.push_async_callback(recognizer.close)
        if hints:
            maps = MapSettings()
            folder = maps.root / maps.name
            data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            environment = Environment(data, folder if folder.is_dir() else None, SystemClock())
            resources = await stack.enter_async_context(SessionResources.open(environment))
            wanted = StoreHints(resources, SkillSet.installed().skills, people=people)
            recognizer = HintedRecognizer(recognizer, wanted, whisper_models(settings, store)[0])
        yield recognizer


async def _main(arguments: argparse.Namespace) -> None:
    clips = load_clips(arguments.labels, arguments.clips)
    noise = read_audio(arguments.noise) if arguments.noise else None
    for models in arguments.model:
        settings = speech_settings(models, arguments)
        async with opened(settings, hints=arguments.hints) as recognizer:
            for level, snr in levels(arguments):
                recall = await slot_word_recall(
                    recognizer, clips, noise=noise, snr=snr, suppression=arguments.suppress
                )
                sys.stdout.write(table({f"{models} {level:5}": recall}) + "\n")
                sys.stdout.flush()


def levels(arguments: argparse.Namespace) -> Iterator[tuple[str, float | None]]:
    """Names and ratios of the noise levels that the arguments ask for, without noise first."""
    yield "clean", None
    for snr in arguments.snr if arguments.noise else ():
        yield f"{snr:g} dB", snr


def options(description: str) -> argparse.ArgumentParser:
    """What can be varied."""
    parser = argparse.ArgumentParser(description=description)
    shipped = SpeechSettings()
    models = f"{shipped.whisper_model}+{shipped.second_whisper_model}"
    parser.add_argument("--noise", type=Path, help="WAV of noise to mix in")
    parser.add_argument("--snr", type=float, nargs="+", default=[12.0, 6.0, 0.0], help="in dB")
    parser.add_argument(
        "--model", nargs="+", default=[models], help="asset or folder, or two: first+second"
    )
    parser.add_argument("--beam", type=int, default=shipped.whisper_beam)
    parser.add_argument("--window", type=float, default=shipped.whisper_window, help="seconds")
    parser.add_argument("--padded", action="store_true", help="always encode 30 s")
    parser.add_argument("--suppress", type=int, default=0, help="noise suppression, 1 to 4")
    parser.add_argument("--hints", action="store_true", help="names of the map and of the skills")
    return parser


def main() -> None:
    """Print the table; arguments are the program's."""
    parser = options("Share of slot words recognised, and speed.")
    parser.add_argument("labels", type=Path, help="JSON of clips and their slots")
    parser.add_argument("clips", type=Path, help="folder of the clips")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
