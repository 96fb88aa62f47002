"""Music is quieter while somebody speaks to the car or it answers.

Nobody notices but by ear: who asks for the volume is told what it really is, and who changes it
changes that (``Gate.holder``). It is brought back unless somebody changed it meanwhile. What
stands in the way (no such signal, an ECU that is silent, a bus that is away) is no trouble for
the speaker: the volume stays as it is, or is brought back as soon as that is possible. A note
on disk says what to bring back after a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cockpit.agent.gate import Gate
from vehicle_bus.catalogue import Value
from vehicle_bus.errors import BusError, CommandFailed, CommandRejected, SignalAbsent
from vehicle_bus.feed import Feed
from vehicle_bus.records import Update

log = logging.getLogger(__name__)

_MEDIA = "Vehicle.Cabin.Infotainment.Media"
VOLUME: Final = f"{_MEDIA}.Volume"
ACTION: Final = f"{_MEDIA}.Action"
SILENT: Final = frozenset(("STOP", "UNKNOWN"))
"""Values of ``ACTION`` at which nothing plays."""

DUCKED: Final = "ducked.json"
"""Name of the note, below the user's data."""
TTL: Final = 1.0
"""Seconds that the media player has to answer."""
AGAIN: Final = 1.0
"""Seconds between two tries to bring the volume back."""
PATIENCE: Final = 1.5
"""Seconds that leaving waits until the volume is back; it is brought back later, too."""


@dataclass(slots=True)
class _Lowered:
    """What was done to the volume, in percent.

    Attributes:
        real: what it was.
        to: what it was lowered to.
        arrived: it was seen there; before, values on the way are no news.
    """

    real: int
    to: int
    arrived: bool = False

    def on_its_way(self, volume: Value) -> bool:
        """Whether a reported volume is still of our making."""
        if volume == self.to:
            return True
        on_way = isinstance(volume, int | float) and self.to < volume <= self.real
        return on_way and not self.arrived


class Ducking:
    """Lowers the media's volume while it is entered.

    An async context manager that may be entered again while it is entered. Entering does not
    wait for the vehicle, leaving only for a moment.

    Args:
        gate: the way to the vehicle; it is told what the volume would be otherwise.
        share: of its volume that the media keep; 1 changes nothing.
        note: file that says what to bring back, should this process die.
    """

    def __init__(self, gate: Gate, share: float, note: Path | None = None) -> None:
        self._gate = gate
        self._bus = gate.bus
        self._share = share
        self._note = note
        self._depth = 0
        self._lowered: _Lowered | None = None
        self._left_alone = False  # somebody set the volume while it was lowered
        self._lock = asyncio.Lock()  # whoever has it may write the volume
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._noted = False
        gate.holder = self

    @property
    def lowered(self) -> bool:
        """Whether the volume is kept down now."""
        return self._lowered is not None

    async def __aenter__(self) -> Self:
        self._depth += 1
        if self._depth == 1:
            self._left_alone = False
        self._stir()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._depth -= 1
        self._stir()
        if not self._depth and self._keeper is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._settled.wait()

    async def recover(self) -> None:
        """Bring back what an earlier process left lowered when it died.

        Not where the volume is another one by now, or the vehicle another vehicle.
        """
        left = await asyncio.to_thread(self._read_note)
        if left is None or self._lowered is not None:
            return
        with contextlib.suppress(BusError):
            if not left.on_its_way(self._bus.get(VOLUME)):
                await asyncio.to_thread(self._write_note, None)
                return
        self._lowered, self._noted = left, True
        self._stir()

    async def close(self) -> None:
        """Give up on what cannot be brought back now; the note stays."""
        keeper = self._keeper
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])

    # For the gate.

    def real(self, path: str, reported: Value) -> Value:
        """See ``cockpit.agent.gate.Holder``."""
        lowered = self._lowered
        if path != VOLUME or lowered is None or not lowered.on_its_way(reported):
            return reported
        return lowered.real

    @contextlib.asynccontextmanager
    async def writing(self, path: str) -> AsyncIterator[None]:
        """See ``cockpit.agent.gate.Holder``."""
        if path != VOLUME:
            yield
            return
        async with self._lock:
            yield
            self._hands_off()
        self._stir()

    # The volume.

    def _stir(self) -> None:
        """Something changed: somebody shall look after the volume."""
        if self._share >= 1 or VOLUME not in self._bus.catalogue:
            return
        self._settled.clear()
        self._news.set()
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep(), name="ducking")

    async def _keep(self) -> None:
        """Look after the volume until it is nobody's business any more."""
        paths = [path for path in (VOLUME, ACTION) if path in self._bus.catalogue]
        try:
            async with self._bus.watch(*paths) as feed:
                reader = asyncio.create_task(self._read(feed), name="ducking: volume")
                try:
                    while self._busy:
                        await self._look()
                finally:
                    reader.cancel()
                    await asyncio.wait([reader])
        finally:
            self._settled.set()
            self._keeper = None
        if self._busy:  # again, since just now
            self._stir()

    @property
    def _busy(self) -> bool:
        return self._depth > 0 or self._lowered is not None

    async def _look(self) -> None:
        """Adjust the volume, and wait until there is a reason to do so again."""
        self._news.clear()
        try:
            async with self._lock:
                await self._adjust()
        except BusError as error:
            log.debug("the volume stays as it is: %s", error)
        if self._busy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._depth else AGAIN):
                    await self._news.wait()

    async def _read(self, feed: Feed[Update]) -> None:
        async for update in feed:
            lowered = self._lowered
            if update.path == ACTION:
                self._news.set()
            elif lowered is not None and update.value is not None:
                if update.value == lowered.to:
                    lowered.arrived = True
                elif not lowered.on_its_way(update.value) and not self._lock.locked():
                    self._hands_off()

    def _hands_off(self) -> None:
        """Somebody set the volume: it is theirs."""
        self._lowered = None
        self._left_alone = self._depth > 0

    async def _adjust(self) -> None:
        if self._depth:
            if self._lowered is None and not self._left_alone and self._plays():
                await self._lower()
        elif self._lowered is not None:
            await self._bring_back(self._lowered)
        if self._lowered is None and self._noted:
            await asyncio.to_thread(self._write_note, None)
            self._noted = False

    def _plays(self) -> bool:
        """Whether there is something to hear; a player that does not say may play."""
        if ACTION not in self._bus.catalogue:
            return True
        try:
            return self._bus.get(ACTION) not in SILENT
        except BusError:
            return True

    async def _lower(self) -> None:
        volume = self._bus.get(VOLUME)
        assert isinstance(volume, int | float)
        real = int(volume)
        to = max(round(real * self._share), 1 if self._share else 0)
        if to >= real:
            return
        lowered = _Lowered(real, to)
        self._noted = True
        await asyncio.to_thread(self._write_note, lowered)
        self._lowered = lowered
        try:
            await self._bus.set(VOLUME, to, ttl=TTL)
        except (CommandRejected, CommandFailed):
            self._lowered = None
            self._left_alone = True  # it will not be asked again and again
            raise
        lowered.arrived = True

    async def _bring_back(self, lowered: _Lowered) -> None:
        """Set the volume to what it was, unless it is not what we made it any more.

        Raises:
            BusError: not now; it is worth another try.
        """
        try:
            now = self._bus.get(VOLUME)
            if now != lowered.real and lowered.on_its_way(now):
                await self._bus.set(VOLUME, lowered.real, ttl=TTL)
        except (SignalAbsent, CommandRejected, CommandFailed) as error:
            log.warning("the volume stays at %d: %s", lowered.to, error)
        if self._lowered is lowered:
            self._lowered = None

    # The note.

    def _write_note(self, lowered: _Lowered | None) -> None:
        if self._note is None:
            return
        try:
            if lowered is None:
                self._note.unlink(missing_ok=True)
                return
            data = {"vin": self._bus.settings.vin, "real": lowered.real, "to": lowered.to}
            self._note.parent.mkdir(parents=True, exist_ok=True)
            half = self._note.with_suffix(".part")
            half.write_text(json.dumps(data), encoding="utf-8")
            half.replace(self._note)
        except OSError as error:
            log.warning("the volume is not brought back after a crash: %s", error)

    def _read_note(self) -> _Lowered | None:
        try:
            data = json.loads(self._note.read_text(encoding="utf-8")) if self._note else {}
            if data["vin"] == self._bus.settings.vin:
                return _Lowered(int(data["real"]), int(data["to"]), arrived=True)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # there is none, or it says nothing
        return None
