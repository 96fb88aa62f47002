"""Recordings of people and of noise that somebody has: labels.json, speech/, *noise*.wav."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cockpit.speech.audio import Audio, read_audio
from cockpit.speech.errors import AudioMissing
from cockpit.speech.measure import Clip, load_clips


@dataclass(frozen=True, slots=True)
class Recordings:
    """What a folder of recordings holds.

    Attributes:
        clips: people's requests with the words that matter in them; none of them calls the car.
        noise: one recording of noise.
        noise_name: its file's name, without the ending.
    """

    clips: tuple[Clip, ...]
    noise: Audio
    noise_name: str

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a folder with ``labels.json``, ``speech/`` and a ``*noise*.wav``.

        Raises:
            AudioMissing: one of them is missing.
            SpeechError: one of them cannot be read.
        """
        clips = tuple(load_clips(folder / "labels.json", folder / "speech"))
        noises = sorted(folder.glob("*noise*.wav"))
        if not clips or not noises:
            what = "no clips in labels.json" if not clips else "no *noise*.wav"
            raise AudioMissing(f"There is {what} in {folder}; name a folder of recordings.")
        return cls(clips, read_audio(noises[0]), noises[0].stem)

    def speech(self) -> list[Audio]:
        """The clips' sound.

        Raises:
            SpeechError: a clip cannot be read.
        """
        return [read_audio(clip.path) for clip in self.clips]
