"""Measuring names: streets, places, people and dishes that a voice says, with and without hints.

``python -m cockpit.speech.measure_names --noise NOISE.wav --snr 6`` has Piper say sixty
sentences with names of the user's map and of the recipes, and counts the names that the texts
hold; an English voice that reads Finnish is the worst case.

Of the sixty, with the default models:

=====  ==========  ==========
noise  as heard    with hints
=====  ==========  ==========
clean  11 (18 %)   49 (82 %)
6 dB   8 (13 %)    31 (52 %)
=====  ==========  ==========
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.assets.store import AssetStore
from cockpit.settings import AssetSettings, MapSettings, SpeechSettings
from cockpit.speech.audio import RATE, Audio, read_audio
from cockpit.speech.measure import levels, noisy, opened, options, patiently, speech_settings
from cockpit.speech.noise import NoiseSuppressor
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import Recognizer
from cockpit.speech.segments import VoiceActivity
from skills.navigation.matching import fold
from skills.navigation.places import Places
from skills.shopping.recipes import Cookbook

PEOPLE = (
    "Matti Virtanen",
    "Aino Korhonen",
    "Siobhan Kelly",
    "Joaquin Herrera",
    "Xavier Laurent",
    "Anneli Nieminen",
    "Rasheed Malik",
    "Ingrid Johansson",
    "Tadeusz Kowalski",
    "Mei Ling Zhao",
    "Oluwaseun Adeyemi",
    "Caitlin McAllister",
)
"""Names as they stand in a list of contacts."""

_FORMS = {
    "street": (
        "Take me to {}.",
        "Navigate to {} please.",
        "Is there parking near {}?",
        "Drive to {} twelve.",
        "How far is {}?",
        "Find a pharmacy on {}.",
    ),
    "place": ("Take me to {}.", "Navigate to {}.", "What time does {} close?", "Let's go to {}."),
    "person": (
        "Call {}.",
        "Send a message to {}.",
        "Text {} that I am late.",
        "Ring {} on the mobile.",
    ),
    "dish": (
        "How do I make {}?",
        "Add the ingredients for {} to my list.",
        "I want to cook {} tonight.",
    ),
}
_SHARES = {"street": 24, "place": 16, "person": 10, "dish": 10}
_LONGEST = 25
_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence with a name in it."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """How it was recognised."""

    saying: Saying
    text: str

    @property
    def right(self) -> bool:
        """Whether the text holds the name; case, accents and blanks make no difference."""
        return _letters(self.saying.name) in _letters(self.text)


def sayings(places: Sequence[str], streets: Sequence[str], seed: int = 4) -> list[Saying]:
    """Sixty sentences, the same for the same map and seed."""
    chance = random.Random(seed)
    names = {
        "street": streets,
        "place": [name for name in places if len(name) <= _LONGEST],
        "person": PEOPLE,
        "dish": Cookbook.default().names(),
    }
    found = []
    for kind, forms in _FORMS.items():
        chosen = chance.sample(sorted(names[kind]), min(_SHARES[kind], len(names[kind])))
        for index, name in enumerate(chosen):
            found.append(Saying(kind, name, forms[index % len(forms)].format(name)))
    return found


def _letters(text: str) -> str:
    return re.sub(r"\W", "", fold(text))


async def spoken(said: Sequence[Saying]) -> list[Audio]:
    """The sentences by the default voice, with a pause on both sides."""
    store = AssetStore.from_settings(AssetSettings())
    pause = Audio.silence(_PAUSE)
    async with PiperVoice(store.path(SpeechSettings().voice)) as voice:
        return [
            Audio.join([pause, (await voice.synthesize(one.text)).resampled(RATE), pause])
            for one in said
        ]


async def recognised(
    recognizer: Recognizer, said: Sequence[Saying], audios: Sequence[Audio]
) -> list[Heard]:
    """What a recogniser makes of them."""
    return [
        Heard(one, (await patiently(recognizer, audio)).text)
        for one, audio in zip(said, audios, strict=True)
    ]


def row(heard: Sequence[Heard]) -> str:
    """A line: share of names, of each half, and counts by kind."""
    kinds = {one.saying.kind: 0 for one in heard}
    counts = [
        f"{kind} {sum(one.right for one in heard if one.saying.kind == kind)}"
        f"/{sum(one.saying.kind == kind for one in heard)}"
        for kind in kinds
    ]
    shares = [
        sum(one.right for one in part) / max(1, len(part))
        for part in (heard, heard[::2], heard[1::2])
    ]
    whole, even, odd = (f"{share:6.1%}" for share in shares)
    return f"{whole} (even {even}, odd {odd})  {', '.join(counts)}"


async def _main(arguments: argparse.Namespace) -> None:
    maps = MapSettings()
    places = Places(maps.root / maps.name)
    streets = await places.streets()
    said = sayings(sorted({*await places.names()} - {*streets}), streets, arguments.seed)
    places.close()
    audios = await spoken(said)
    noise = read_audio(arguments.noise) if arguments.noise else None
    activity = VoiceActivity()
    for models in arguments.model:
        for hints in (False, True):
            settings = speech_settings(models, arguments)
            async with opened(settings, hints=hints, people=PEOPLE) as recognizer:
                for level, snr in levels(arguments):
                    sounds = list(audios)
                    if noise is not None and snr is not None:
                        sounds = [
                            noisy(audio, noise, snr, index, activity)
                            for index, audio in enumerate(audios)
                        ]
                    if arguments.suppress:
                        sounds = [
                            Audio(NoiseSuppressor(arguments.suppress).feed(sound.samples))
                            for sound in sounds
                        ]
                    heard = await recognised(recognizer, said, sounds)
                    how = "with hints" if hints else "as heard "
                    sys.stdout.write(f"{models} {level:5} {how}  {row(heard)}\n")
                    sys.stdout.flush()
                    if arguments.texts:
                        for one in heard:
                            mark = " " if one.right else "-"
                            sys.stdout.write(f"  {mark} {one.saying.name}: {one.text}\n")


def main() -> None:
    """Print the table; arguments are the program's."""
    parser = options("Share of names recognised, with and without hints.")
    parser.add_argument("--seed", type=int, default=4, help="other sentences")
    parser.add_argument("--texts", action="store_true", help="print each text")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
