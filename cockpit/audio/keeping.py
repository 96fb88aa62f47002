"""A device's stream that is kept open: lost devices are noticed, and opened when they are back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from cockpit.audio.portaudio import Callback, SoundSystem, Stream, Wanted
from cockpit.speech.errors import SpeechError

type StateListener = Callable[[str, Mapping[str, Any]], None]
"""Told ``lost`` (device, reason) and ``found`` (device, seconds) on the event loop."""

CHECK = 0.25
"""Seconds between two looks at a stream."""

SILENT_FOR = 1.0
"""Seconds without a callback after which a device counts as lost."""

STARTING = 3.0
"""Seconds from opening a stream in which pauses are no loss: sound servers take their time."""

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
"""Seconds before the first, second, … and every further try to open a lost device."""

_GLANCE = 0.02  # seconds between two looks for a first callback
_PATIENCE = 2.0  # seconds that closing may take; a sound server that hangs takes for ever


class KeptStream:
    """One stream after another on the wanted device."""

    def __init__(
        self,
        system: SoundSystem,
        wanted: Wanted,
        begin: Callable[[Stream], Callback],
        meanwhile: Callable[[], Coroutine[Any, Any, None]],
        on_state: StateListener | None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            system: PortAudio.
            wanted: the stream.
            begin: told each stream that is about to start; gives its callback.
            meanwhile: runs while the device is lost, and is cancelled when it is found.
            on_state: see ``StateListener``.
        """
        self._system = system
        self._wanted = wanted
        self._begin = begin
        self._meanwhile = meanwhile
        self._on_state = on_state
        self._stream: Stream | None = None
        self.name = wanted.device or f"the default {wanted.direction.thing}"

    async def open(self) -> Stream:
        """Open the device and let callbacks come.

        Raises:
            SpeechError: it is not there, or refuses.
        """
        stream = await self._system.open(self._wanted)
        self._stream = stream
        self.name = stream.device.name
        await self._system.start(stream, self._begin(stream))
        return stream

    async def keep(self) -> None:
        """Watch the opened stream, and open it again whenever it is lost; never returns."""
        assert self._stream is not None
        while True:
            reason = await self._loss(self._stream)
            if not self._stream.interrupted:
                await self._lost(reason)
                continue
            # PortAudio was started again for another device; this one is still there.
            try:
                await self.open()
            except SpeechError as error:
                await self._lost(error.spoken)

    async def close(self) -> None:
        """End the stream; a hanging sound server is not waited for."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._system.close(stream)

    async def _loss(self, stream: Stream) -> str:
        """Why the stream is no more, once it is."""
        loop = asyncio.get_running_loop()
        opened = since = loop.time()
        beats = 0
        while True:
            await asyncio.sleep(CHECK)
            now = loop.time()
            if stream.ended:
                return "the device ended the stream"
            if stream.beats != beats:
                beats, since = stream.beats, now
            elif now - since >= SILENT_FOR and now - opened >= STARTING:
                return f"nothing came from it for {now - since:.1f} s"

    async def _lost(self, reason: str) -> None:
        """Until the device is found."""
        began = asyncio.get_running_loop().time()
        self._tell("lost", reason=reason)
        meanwhile = asyncio.create_task(self._meanwhile(), name=f"while {self.name} is lost")
        try:
            tried = 0
            while True:
                if self._stream is not None:
                    await self._system.close(self._stream)
                await asyncio.sleep(PAUSES[min(tried, len(PAUSES) - 1)])
                tried += 1
                with suppress(SpeechError):
                    await self._system.look_again()
                    if await self._lives(await self.open()):
                        break
        finally:
            meanwhile.cancel()
            with suppress(asyncio.CancelledError):
                await meanwhile
        seconds = asyncio.get_running_loop().time() - began
        self._tell("found", seconds=round(seconds, 1))

    async def _lives(self, stream: Stream) -> bool:
        """Whether a stream that was just opened has callbacks; waits for the first."""
        loop = asyncio.get_running_loop()
        opened = loop.time()
        # A callback comes from another thread and is not worth waking the event loop for.
        while not stream.beats and not stream.ended and loop.time() - opened < STARTING:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE)
        return stream.beats > 0

    def _tell(self, state: str, **detail: Any) -> None:
        if self._on_state is not None:
            self._on_state(state, {"device": self.name, **detail})
