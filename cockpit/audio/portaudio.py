"""PortAudio: which devices there are, streams on them, and looking again for new ones.

The library is not thread-safe, lists devices only when it is started, closes every stream when
it is ended, and may hang with the sound server. So one thread makes all calls, for all streams.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import functools
import json
import logging
import queue
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cockpit.audio.errors import DeviceMissing, DeviceRefused, SoundUnavailable

logger = logging.getLogger(__name__)

PROBE_TIMEOUT = 10.0
"""Seconds that another process may take to list the devices."""

_RATE_REFUSED = -9997
_CHANNELS_REFUSED = -9998

type Callback = Callable[[NDArray[np.float32], Any], None]
"""Takes (fills) a block of shape (samples, channels); and PortAudio's status flags."""


class Direction(StrEnum):
    """Of a device or a stream."""

    INPUT = "input"
    OUTPUT = "output"

    @property
    def thing(self) -> str:
        """What people call it."""
        return "microphone" if self is Direction.INPUT else "loudspeaker"


@dataclass(frozen=True, slots=True)
class Device:
    """A device as PortAudio lists it.

    Attributes:
        index: its number until PortAudio is started again.
        name: for people.
        channels: how many it has in the direction that was asked for.
        rate: its usual one, in hertz.
    """

    index: int
    name: str
    channels: int
    rate: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stream that somebody wants.

    Attributes:
        direction: input or output.
        device: part of a device's name; empty for the system's default.
        channels: how many; a device that cannot do so few gives more.
        rates: tried in this order, then the device's own.
        block: seconds a callback.
        latency: seconds that the device shall buffer.
    """

    direction: Direction
    device: str
    channels: int
    rates: tuple[int, ...]
    block: float
    latency: float


class Stream:
    """An open stream. ``callback`` is called from PortAudio's thread once it is started.

    Attributes:
        device: what it is on.
        rate: in hertz.
        channels: of its blocks.
        latency: seconds between a callback and the sound, as PortAudio believes.
        beats: callbacks so far.
        ended: the device ended it, or it was closed.
        interrupted: closed by us, since PortAudio had to be started again.
    """

    def __init__(self, device: Device, rate: int, channels: int) -> None:
        self.device = device
        self.rate = rate
        self.channels = channels
        self.latency = 0.0
        self.beats = 0
        self.ended = False
        self.interrupted = False
        self.callback: Callback | None = None
        self.native: Any = None

    def beat(self, data: Any, count: int, time: Any, status: Any) -> None:
        """PortAudio's callback; ``data`` is the memory of a block."""
        self.beats += 1
        if self.callback is not None:
            block = np.frombuffer(data, np.float32).reshape(count, self.channels)
            self.callback(block, status)

    def finished(self) -> None:
        """PortAudio's word that no callback follows."""
        self.ended = True


class Runner(Protocol):
    """Something that runs blocking work elsewhere, one after another."""

    def __call__[T](self, work: Callable[[], T]) -> Awaitable[T]: ...


class SoundThread:
    """A daemon thread: a program can end though a call hangs in it."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.busy = False

    async def __call__[T](self, work: Callable[[], T]) -> T:
        """Run work after all that was asked for before; it is run even if this is cancelled."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]

        def job() -> None:
            result, error = None, None
            try:
                result = work()
            except Exception as failure:
                error = failure
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, result, error)

        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="portaudio", daemon=True)
            self._thread.start()
        self._jobs.put(job)
        return await done

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            self.busy = True
            job()
            self.busy = False


class SoundSystem:
    """All use of PortAudio in this process."""

    def __init__(
        self,
        load: Callable[[], Any] | None = None,
        run: Runner | None = None,
        probe: Callable[[], Awaitable[list[str] | None]] | None = None,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            load: gives the ``sounddevice`` module, or what stands in for it.
            run: runs its calls.
            probe: names of the devices that PortAudio would list were it started now; None
                where that cannot be told.
        """
        self._thread = SoundThread()
        self._load = load or functools.partial(_load, self._thread)
        self._run: Runner = run or self._thread
        self._probe = probe or _probe
        self._library: Any = None
        self._streams: set[Stream] = set()
        self._closing: asyncio.Future[None] | None = None  # kept so that it is not forgotten

    async def find(self, direction: Direction, name: str) -> Device:
        """The device with this in its name.

        Raises:
            SoundUnavailable: PortAudio is missing.
            DeviceMissing: none has it, or several do; the sentence lists what there is.
        """
        return await self._run(lambda: self._find(direction, name))

    async def open(self, wanted: Wanted) -> Stream:
        """Open a stream, not started yet.

        Raises:
            SoundUnavailable: PortAudio is missing.
            DeviceMissing: see ``find``.
            DeviceRefused: it cannot do what is wanted.
        """
        opened: list[Stream] = []

        def work() -> Stream:
            stream = self._open(wanted)
            opened.append(stream)
            return stream

        try:
            return await self._run(work)
        except asyncio.CancelledError:
            # It may open all the same; this waits its turn behind that.
            self._closing = asyncio.ensure_future(self._run(lambda: self._close(*opened)))
            raise

    async def start(self, stream: Stream, callback: Callback) -> None:
        """Let callbacks come.

        Raises:
            DeviceRefused: the device does not start.
        """

        def work() -> None:
            stream.callback = callback
            try:
                stream.native.start()
            except self._library.PortAudioError as error:
                raise DeviceRefused(
                    f"{stream.device.name} does not start: {_reason(error)}."
                ) from error

        await self._run(work)

    async def close(self, stream: Stream) -> None:
        """End a stream; sound that the device still has is dropped."""
        await self._run(lambda: self._close(stream))

    async def look_again(self) -> None:
        """Find devices that were connected since PortAudio was started.

        Streams that work are not interrupted unless there is something new: another process
        looks first.
        """
        if any(not stream.ended for stream in self._streams):
            there = await self._probe()
            known = await self._run(lambda: _names(self._loaded()))
            if there is None or sorted(there) == known:
                return
        await self._run(self._restart)

    def _loaded(self) -> Any:
        if self._library is None:
            self._library = self._load()
        return self._library

    def _find(self, direction: Direction, name: str) -> Device:
        library = self._loaded()
        key = f"max_{direction}_channels"
        try:
            every = [device for device in library.query_devices() if device[key] > 0]
        except library.PortAudioError as error:
            raise _not_started(error) from error
        if not every:
            raise DeviceMissing(
                f"No {direction.thing} was found; connect one, or set audio.{direction} to a file."
            )
        if name:
            fitting = _fitting([device["name"] for device in every], name, direction)
            chosen = next(device for device in every if device["name"] == fitting)
        else:
            try:
                chosen = library.query_devices(kind=str(direction))
            except (library.PortAudioError, ValueError):
                raise DeviceMissing(
                    f"There is no default {direction.thing}; set audio.{direction} to one of: "
                    f"{_listed(device['name'] for device in every)}."
                ) from None
        return Device(
            chosen["index"], chosen["name"], chosen[key], round(chosen["default_samplerate"])
        )

    def _open(self, wanted: Wanted) -> Stream:
        device = self._find(wanted.direction, wanted.device)
        if wanted.direction is Direction.INPUT and device.channels < wanted.channels:
            raise DeviceRefused(
                f"{device.name} has {device.channels} channels, and audio.zones names "
                f"{wanted.channels} seats; name as many seats as it has channels."
            )
        rates = list(dict.fromkeys([*wanted.rates, device.rate]))
        counts = list(dict.fromkeys([wanted.channels, min(2, device.channels), device.channels]))
        counts = [count for count in counts if count >= wanted.channels]
        rate, count = rates.pop(0), counts.pop(0)
        while True:
            try:
                return self._native(wanted, device, rate, count)
            except self._library.PortAudioError as error:
                number = error.args[1] if len(error.args) > 1 else None
                if number == _RATE_REFUSED and rates:
                    rate = rates.pop(0)
                elif number == _CHANNELS_REFUSED and counts:
                    count = counts.pop(0)
                else:
                    raise DeviceRefused(
                        f"{device.name} cannot be opened: {_reason(error)}; is another program "
                        "using it?"
                    ) from error

    def _native(self, wanted: Wanted, device: Device, rate: int, count: int) -> Stream:
        kinds = {
            Direction.INPUT: self._library.RawInputStream,
            Direction.OUTPUT: self._library.RawOutputStream,
        }
        stream = Stream(device, rate, count)
        stream.native = kinds[wanted.direction](
            device=device.index,
            samplerate=rate,
            channels=count,
            dtype="float32",
            blocksize=round(wanted.block * rate),
            latency=wanted.latency,
            callback=stream.beat,
            finished_callback=stream.finished,
        )
        stream.latency = float(stream.native.latency)
        self._streams.add(stream)
        return stream

    def _close(self, *streams: Stream) -> None:
        for stream in self._streams.intersection(streams):
            self._streams.discard(stream)
            stream.ended = True
            stream.native.abort(ignore_errors=True)
            stream.native.close(ignore_errors=True)

    def _restart(self) -> None:
        library = self._loaded()
        for stream in list(self._streams):
            stream.interrupted = not stream.ended
            self._close(stream)
        with suppress(library.PortAudioError):
            library._terminate()
        try:
            library._initialize()
        except library.PortAudioError as error:
            raise _not_started(error) from error


@functools.cache
def sound_system() -> SoundSystem:
    """The one of this process."""
    return SoundSystem()


def _load(thread: SoundThread) -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise SoundUnavailable(
            "Microphone and loudspeaker need the audio extra: pip install 'offline-cockpit[audio]'."
        ) from error
    except OSError as error:
        raise SoundUnavailable(
            "Microphone and loudspeaker need PortAudio; install libportaudio2."
        ) from error
    except Exception as error:  # PortAudioError, which cannot be named yet
        raise _not_started(error) from error
    _hush_alsa()
    # Where a call hangs in the thread at the end of the program, its own handler would wait for
    # ever, and the library be unloaded below that thread.
    ctypes.CDLL(sounddevice._libname)
    atexit.unregister(sounddevice._exit_handler)
    atexit.register(lambda: None if thread.busy else sounddevice._exit_handler())
    return sounddevice


def _alsa_said(file: bytes, line: int, function: bytes, error: int, text: bytes) -> None:
    logger.debug("ALSA, %s: %s", function.decode(), text.decode(errors="replace"))


# Kept here, since ALSA's library does not.
_ALSA_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)(_alsa_said)


def _hush_alsa() -> None:
    """ALSA's library writes to the terminal what it also returns; it goes to the log instead."""
    with suppress(OSError, AttributeError):  # elsewhere there is none
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ALSA_HANDLER)


def _not_started(error: Exception) -> SoundUnavailable:
    return SoundUnavailable(
        f"The sound system does not start: {_reason(error)}; check that its server runs."
    )


def _fitting(names: list[str], part: str, direction: Direction) -> str:
    """The one name that is meant.

    Raises:
        DeviceMissing: none is, or several are.
    """
    wanted = part.strip().lower()
    found = list(dict.fromkeys(name for name in names if wanted in name.lower()))
    exact = [name for name in found if name.lower() == wanted]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if found:
        raise DeviceMissing(
            f'Several {direction.thing}s have "{part}" in their name; set audio.{direction} to '
            f"more of it: {_listed(found)}."
        )
    raise DeviceMissing(
        f'No {direction.thing} has "{part}" in its name; set audio.{direction} to part of one of: '
        f"{_listed(names)}."
    )


def _listed(names: Any) -> str:
    return "; ".join(dict.fromkeys(names))


def _names(library: Any) -> list[str]:
    return sorted(device["name"] for device in library.query_devices())


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return re.sub(r"^Error \w+ \w+: ", "", text)


async def _probe() -> list[str] | None:
    """Names of the devices as a new process sees them; None where it cannot tell."""
    program = (
        "import json, sounddevice; "
        "print(json.dumps([d['name'] for d in sounddevice.query_devices()]))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            output, _ = await process.communicate()
        names: list[str] = json.loads(output)
        return names
    except (TimeoutError, ValueError):
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
