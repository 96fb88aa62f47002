"""The sound of common answers, kept so that they are said at once.

What is kept where:

* In memory: every short sentence that was said (``SHORT`` letters), until others push it out.
* On disk, for the next time: the sentences of ``answers.yaml``, which are the car's own and the
  same for everybody, and those that differ from one of them in their numbers only ("… set to 22
  degrees.") once they were said ``RECURRED`` times. Nothing else, so that no message, name,
  place or thing to buy ever gets there. The sentences themselves are not written down: a file is
  named by a hash of voice and sentence.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import re
import shutil
import zlib
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Self

import yaml
from platformdirs import user_cache_path

from cockpit.live.speaking import Voice
from cockpit.settings import APP
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError, SynthesisFailed
from cockpit.speech.speakable import speakable

log = logging.getLogger(__name__)

SHORT: Final = 80
"""Letters; the sound of a longer sentence is not kept, unless it is in the list."""
RECURRED: Final = 3
"""Times that a sentence is said until it is kept on disk."""
ENTRIES: Final = 400
BYTES: Final = 24 << 20
"""Most that is kept: sentences, and bytes of their sound (a sentence is about 90 KB)."""
VOICES: Final = 2
"""Voices whose answers stay on disk; the one used longest ago goes."""
SETTLED: Final = 5.0
"""Seconds of rest before answers are made ahead."""
BETWEEN: Final = 4.0
"""Seconds between two of them, so that the machine stays idle for all purposes."""

_MAGIC = b"spoken answer 1\n"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_VOICE = re.compile(r"[0-9a-f]{32}")
_OPEN = re.compile(r"\{([^{}]+)\}")
_NUMBERS = re.compile(r"([\d.]+)\.\.([\d.]+)(?:/([\d.]+))?")


def common_answers() -> tuple[str, ...]:
    """The sentences of ``answers.yaml``, as they are spoken, the most frequent first."""
    text = Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8")
    return tuple(
        dict.fromkeys(speakable(one) for line in yaml.safe_load(text) for one in _each(line))
    )


def _each(line: str) -> Iterator[str]:
    """A sentence with everything that stands for its open places."""
    fixed = _OPEN.split(line)[::2]
    chosen = [_choices(place) for place in _OPEN.findall(line)]
    for words in product(*chosen):
        yield "".join(part for pair in zip(fixed, (*words, ""), strict=True) for part in pair)


def _choices(place: str) -> tuple[str, ...]:
    numbers = _NUMBERS.fullmatch(place)
    if numbers is None:
        return tuple(place.split("|"))
    first, last, step = (float(number or 1) for number in numbers.groups())
    return tuple(f"{first + step * at:g}" for at in range(round((last - first) / step) + 1))


@dataclass(slots=True)
class _Entry:
    """16-bit sound of a sentence; ``kept`` is on disk, too."""

    pcm: bytes
    rate: int
    kept: bool


class AnswerCache:
    """Sound of sentences by their text as it is spoken; see the module for what is kept.

    Args:
        folder: of this voice; made when it is needed. None keeps nothing on disk.
        voice: tells this voice from others.
        common: what is kept on disk from the first time.
        entries, size: most sentences, and bytes of sound, in memory and on disk.
    """

    def __init__(
        self,
        folder: Path | None,
        voice: str,
        common: Iterable[str] = (),
        *,
        entries: int = ENTRIES,
        size: int = BYTES,
    ) -> None:
        self._folder = folder
        self._voice = voice
        self._common = tuple(common)
        self._listed = frozenset(self._common)
        self._forms = frozenset(map(_form, self._common))
        self._limits = (entries, size)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the least recently used first
        self._bytes = 0
        self._said: Counter[str] = Counter()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="answers")

    @classmethod
    @asynccontextmanager
    async def open(
        cls, voice: Path, folder: Path | None = None, common: Iterable[str] | None = None
    ) -> AsyncIterator[Self]:
        """The answers that are kept for a voice.

        Args:
            voice: its file; another content is another voice.
            folder: of all voices' answers; below the user's cache by default.
            common: in place of ``answers.yaml``.
        """
        root = user_cache_path(APP) / "answers" if folder is None else folder
        chosen = common_answers() if common is None else tuple(common)
        digest = await asyncio.to_thread(_digest, voice)
        cache = cls(root / digest[:32], digest, chosen)
        await asyncio.to_thread(cache._load)
        try:
            yield cache
        finally:
            await asyncio.to_thread(cache.close)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes of sound."""
        return self._bytes

    def get(self, sentence: str) -> Audio | None:
        """The sound of a sentence, where it is known."""
        key = self._key(sentence)
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        self._count(sentence, key, entry)
        return Audio.from_pcm16(entry.pcm, entry.rate)

    def put(self, sentence: str, audio: Audio) -> None:
        """Remember the sound of a sentence, unless it is too long, or none."""
        if len(sentence) > SHORT and sentence not in self._listed:
            return
        key = self._key(sentence)
        entry = _Entry(audio.pcm16(), audio.rate, kept=False)
        if not entry.pcm or len(entry.pcm) > self._limits[1]:
            return
        self._drop(key)
        self._add(key, entry)
        self._count(sentence, key, entry)
        self._shrink()

    def missing(self) -> tuple[str, ...]:
        """The common answers whose sound is not known yet, the most frequent first."""
        return tuple(text for text in self._common if self._key(text) not in self._entries)

    def close(self) -> None:
        """Wait until everything is on disk; what was used last is dropped last."""
        for key, entry in self._entries.items():
            if entry.kept:
                self._disk.submit(self._touch, key)
        self._disk.shutdown()

    def _key(self, sentence: str) -> str:
        return hashlib.sha256(f"{self._voice}\n{sentence}".encode()).hexdigest()[:40]

    def _count(self, sentence: str, key: str, entry: _Entry) -> None:
        if entry.kept:
            return
        self._said[key] += 1
        recurred = self._said[key] >= RECURRED and _form(sentence) in self._forms
        if sentence in self._listed or recurred:
            entry.kept = True
            if self._folder is not None:
                self._disk.submit(self._write, key, entry)

    def _add(self, key: str, entry: _Entry) -> None:
        self._entries[key] = entry
        self._bytes += len(entry.pcm)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.pcm)
            if entry.kept:
                self._disk.submit(self._delete, key)

    def _shrink(self) -> None:
        entries, size = self._limits
        while len(self._entries) > entries or self._bytes > size:
            passing = (key for key, entry in self._entries.items() if not entry.kept)
            oldest = next(passing, None) or next(iter(self._entries))
            self._drop(oldest)
        while len(self._said) > 10 * entries:
            del self._said[next(iter(self._said))]

    # On disk; in the other thread, but for loading.

    def _file(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.pcm"

    def _load(self) -> None:
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            os.utime(self._folder)
            _forget_voices(self._folder.parent)
            found = sorted(self._folder.glob("*.pcm"), key=lambda path: path.stat().st_mtime)
        except OSError as error:
            log.warning("answers are not kept: %s", error)
            return
        for path in found:
            entry = _read(path)
            if entry is None:
                log.warning("a kept answer was damaged and is dropped: %s", path.name)
                path.unlink(missing_ok=True)
            else:
                self._add(path.stem, entry)
        for path in self._folder.glob("*.part"):
            path.unlink(missing_ok=True)
        self._shrink()

    def _write(self, key: str, entry: _Entry) -> None:
        header = {"rate": entry.rate, "bytes": len(entry.pcm), "crc": zlib.crc32(entry.pcm)}
        path = self._file(key)
        half = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(_MAGIC + json.dumps(header).encode() + b"\n" + entry.pcm)
            half.replace(path)
        except OSError as error:
            log.warning("an answer is not kept: %s", error)

    def _delete(self, key: str) -> None:
        if self._folder is not None:
            self._file(key).unlink(missing_ok=True)

    def _touch(self, key: str) -> None:
        if self._folder is not None and self._file(key).exists():
            os.utime(self._file(key))


class Rehearsal:
    """Makes the common answers ahead while nobody needs the voice.

    Args:
        answers: which, and where they go.
        voice: makes them.
        settled: seconds of rest before the first.
        between: seconds between two.
    """

    def __init__(
        self,
        answers: AnswerCache,
        voice: Voice,
        *,
        settled: float = SETTLED,
        between: float = BETWEEN,
    ) -> None:
        self._answers = answers
        self._voice = voice
        self._settled = settled
        self._between = between
        self._task: asyncio.Task[None] | None = None

    def resume(self) -> None:
        """Nobody needs the voice now."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="rehearsal")

    def pause(self) -> None:
        """Somebody does; the sentence that is being made is given up."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Pause for good."""
        self.pause()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        await asyncio.sleep(self._settled)
        for sentence in self._answers.missing():
            try:
                async with aclosing(self._voice.stream(sentence)) as stream:
                    sound = [chunk async for chunk in stream]
            except SynthesisFailed:
                continue
            except SpeechError as error:
                log.warning("no answers are made ahead: %s", error)
                return
            if sound:
                self._answers.put(sentence, Audio.join(sound))
            await asyncio.sleep(self._between)


def _form(sentence: str) -> str:
    """A sentence with its numbers left open."""
    return _NUMBER.sub("#", sentence)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _forget_voices(root: Path) -> None:
    voices = [path for path in root.iterdir() if _VOICE.fullmatch(path.name)]
    for path in sorted(voices, key=lambda path: path.stat().st_mtime)[:-VOICES]:
        shutil.rmtree(path, ignore_errors=True)


def _read(path: Path) -> _Entry | None:
    """A kept answer; None where it is damaged."""
    try:
        data = path.read_bytes()
        header, _, pcm = data.removeprefix(_MAGIC).partition(b"\n")
        facts = json.loads(header)
        whole = len(pcm) == facts["bytes"] and zlib.crc32(pcm) == facts["crc"]
        if not (data.startswith(_MAGIC) and whole and pcm and not len(pcm) % 2):
            return None
        return _Entry(pcm, int(facts["rate"]), kept=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None
