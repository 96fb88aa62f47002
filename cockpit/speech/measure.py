"""Measuring recognition: share of slot words heard, at several noise levels, and speed.

``python -m cockpit.speech.measure LABELS.json CLIPS --noise NOISE.wav`` prints a line for
each model, form of encoding and noise level.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cockpit.assets.store import AssetStore
from cockpit.settings import AssetSettings, RecognizerChoice, SpeechSettings
from cockpit.speech.audio import RATE, Audio, read_audio, rms
from cockpit.speech.errors import AudioInvalid, AudioMissing
from cockpit.speech.recognizer import Recognizer, Transcript, open_recognizer
from cockpit.speech.segments import Segment, SegmentRules, VoiceActivity

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
    """Outcome over all clips.

    Attributes:
        heard: slot words that the transcripts hold.
        total: slot words that were said.
        audio_seconds: duration of all clips.
        processing_seconds: time that recognition took for all of them.
    """

    heard: int
    total: int
    audio_seconds: float
    processing_seconds: float
    results: tuple[ClipResult, ...]

    @property
    def share(self) -> float:
        """Share of slot words that were recognised, 0 to 1."""
        return self.heard / self.total if self.total else 0.0

    @property
    def real_time_factor(self) -> float:
        """Processing time per second of audio, over all clips."""
        return self.processing_seconds / self.audio_seconds if self.audio_seconds else 0.0

    @property
    def fallbacks(self) -> int:
        """Utterances that had to be decoded again in the padded form."""
        return sum(result.transcript.fallbacks for result in self.results)


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
) -> Recall:
    """Recognise every clip, with noise when asked for, and count the slot words heard.

    Args:
        recognizer: under test; its own processing time is what is counted.
        clips: recordings with their words.
        noise: mixed in at ``snr`` dB; every clip gets another piece of it.

    Raises:
        SpeechError: a clip cannot be read.
    """
    activity = VoiceActivity()
    results = []
    for index, clip in enumerate(clips):
        audio = read_audio(clip.path)
        if noise is not None and snr is not None:
            spoken = activity.segments(audio, SegmentRules(pause=0.3, padding=0.0))
            audio = mix(audio, _piece(noise, index), snr, spoken)
        transcript = await recognizer.transcribe(audio)
        results.append(ClipResult(clip, transcript, missed_words(clip.words, transcript.text)))
    total = sum(len(result.clip.words) for result in results)
    return Recall(
        heard=total - sum(len(result.missed) for result in results),
        total=total,
        audio_seconds=sum(result.transcript.audio_seconds for result in results),
        processing_seconds=sum(result.transcript.processing_seconds for result in results),
        results=tuple(results),
    )


def _piece(noise: Audio, index: int) -> Audio:
    samples = noise.resampled(RATE).samples
    return Audio(np.roll(samples, -index * 7 * RATE), RATE)


def table(rows: Mapping[str, Recall]) -> str:
    """Lines of text: one a row, with share, counts, real-time factor and fall-backs."""
    width = max((len(name) for name in rows), default=0)
    return "\n".join(
        f"{name:{width}}  {recall.share:6.1%}  {recall.heard}/{recall.total} slot words  "
        f"RTF {recall.real_time_factor:.3f}  fall-backs {recall.fallbacks}"
        for name, recall in rows.items()
    )


async def _main(arguments: argparse.Namespace) -> None:
    clips = load_clips(arguments.labels, arguments.clips)
    noise = read_audio(arguments.noise) if arguments.noise else None
    store = AssetStore.from_settings(AssetSettings())
    for model in arguments.model:
        for variable in (True, False):
            settings = SpeechSettings(
                recognizer=RecognizerChoice.WHISPER,
                whisper_model=model,
                whisper_variable_length=variable,
            )
            recognizer = await open_recognizer(settings, store)
            for snr in (None, *(arguments.snr if noise else ())):
                recall = await slot_word_recall(recognizer, clips, noise=noise, snr=snr)
                form = "variable" if variable else "padded"
                level = "clean" if snr is None else f"{snr:g} dB"
                sys.stdout.write(table({f"{model} {form:8} {level:5}": recall}) + "\n")
                sys.stdout.flush()
            await recognizer.close()


def main() -> None:
    """Print the table; arguments are the program's."""
    parser = argparse.ArgumentParser(description="Share of slot words recognised, and speed.")
    parser.add_argument("labels", type=Path, help="JSON of clips and their slots")
    parser.add_argument("clips", type=Path, help="folder of the clips")
    parser.add_argument("--noise", type=Path, help="WAV of noise to mix in")
    parser.add_argument("--snr", type=float, nargs="+", default=[12.0, 6.0], help="in dB")
    parser.add_argument("--model", nargs="+", default=["whisper-tiny.en"], help="asset or folder")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
