"""How late the dashboard is under load: ``python -m cockpit.ui.lag``.

It shows the whole dashboard, on no terminal, while another process publishes 500 values a second
and captions change ten times a second, and measures how late its event loop wakes up: that is how
long a key press would have waited. What of that was the dashboard's own computing, and not the
machine's being busy with something else, is measured apart, as processor time of the thread.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cockpit.events import CaptionChanged, LevelMeasured
from cockpit.settings import Settings
from cockpit.ui.app import CockpitApp
from cockpit.ui.cockpit import OpenVehicle
from cockpit.ui.panels import KINDS
from cockpit.ui.state import Section
from vehicle_bus.config import BusSettings
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Signal, Value

MESSAGES: Final = 500
"""Bus messages a second."""
CAPTIONS: Final = 10.0
"""Captions and levels a second."""
SECONDS: Final = 30.0
TICK: Final = 0.005
"""Seconds between two looks at the clock."""
LATE: Final = 0.1
"""Seconds that can be felt."""
WARM_UP: Final = 2.0
"""Seconds of load before it is measured."""
PATIENCE: Final = 60.0
"""Seconds in which the dashboard must be ready."""
_SENTENCE: Final = "set the temperature to twenty two degrees and open the rear windows"


@dataclass(slots=True)
class Lateness:
    """Measurements of a run.

    Attributes:
        lags: seconds that the event loop woke up late, one a tick.
        own: seconds of processor time that its thread used in between, one a tick.
        frames: seconds that drawing a frame took, on the wall.
        messages: how many arrived.
        lost: how many did not, because the dashboard was too slow.
        seconds: how long it was measured.
    """

    lags: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    messages: int = 0
    lost: int = 0
    seconds: float = 0.0

    @property
    def late(self) -> int:
        """How often it was so late that one feels it."""
        return sum(lag > LATE for lag in self.lags)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds: half were below ``p50``, 95 percent below ``p95``."""

    p50: float
    p95: float
    worst: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Figures:
        """Of measurements in seconds; zeros where there are none."""
        if not seconds:
            return cls(0.0, 0.0, 0.0)
        ordered = sorted(seconds)
        picked = (ordered[min(len(ordered) - 1, int(len(ordered) * p))] for p in (0.5, 0.95, 1.0))
        return cls(*(round(value * 1000, 1) for value in picked))


async def measure(
    app: CockpitApp, seconds: float, captions: float = CAPTIONS, warm_up: float = WARM_UP
) -> Lateness:
    """Measure a dashboard that is ready and under load.

    Args:
        app: runs on this event loop.
        seconds: how long.
        captions: captions a second that are told by the session's events.
        warm_up: seconds before it is measured.
    """
    assert app.cockpit is not None
    events = app.cockpit.session.events
    found = Lateness()
    draw = app.feed._draw

    def timed(changes: frozenset[Section]) -> None:
        began = time.perf_counter()
        draw(changes)
        found.frames.append(time.perf_counter() - began)

    async def speak() -> None:
        for count in itertools.count():
            heard = _SENTENCE[: count % len(_SENTENCE) + 1]
            events.publish(CaptionChanged(heard, Seat.DRIVER))
            level = -40.0 + count % 30
            events.publish(LevelMeasured({Seat.DRIVER: level, Seat.PASSENGER: level - 12}))
            await asyncio.sleep(1 / captions)

    speaking = asyncio.create_task(speak(), name="captions")
    try:
        await asyncio.sleep(warm_up)
        app.feed._draw = timed
        before, lost = app.state.messages_total, _lost(app)
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            wanted, own = time.perf_counter() + TICK, time.thread_time()
            await asyncio.sleep(TICK)
            found.lags.append(max(0.0, time.perf_counter() - wanted))
            found.own.append(time.thread_time() - own)
        found.seconds = time.perf_counter() - began
        found.messages = app.state.messages_total - before
        found.lost = _lost(app) - lost
    finally:
        app.feed._draw = draw
        speaking.cancel()
    return found


def _lost(app: CockpitApp) -> int:
    traffic = app.feed._traffic
    return traffic.dropped if traffic is not None else 0


@asynccontextmanager
async def under_load(bus: BusSettings, rate: int) -> AsyncIterator[None]:
    """Another process publishes so many values a second, in place of all ECUs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cockpit.ui.lag", "--publish", bus.model_dump_json(), str(rate)
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def publish(bus: BusSettings, rate: int) -> None:
    """Publish values of all signals in turn, each a little different from the last; for ever."""
    import aiomqtt

    from vehicle_bus.catalogue import Catalogue
    from vehicle_bus.payloads import EcuState, StatePayload
    from vehicle_bus.topics import Topics

    catalogue, topics = Catalogue.load(bus), Topics(bus.vin)
    assert bus.host is not None
    async with aiomqtt.Client(bus.host, bus.port) as client:
        state = StatePayload(state=EcuState.ONLINE, owns=("Vehicle",))
        await client.publish(topics.state("load"), state.encode(), qos=1, retain=True)
        began = time.monotonic()
        signals = itertools.cycle(catalogue.values())
        for count in itertools.count():
            signal = next(signals)
            payload = {"value": value_of(signal, count), "ts": "2026-06-01T08:30:00.000Z"}
            await client.publish(topics.value(signal.path), json.dumps(payload).encode(), qos=0)
            ahead = began + count / rate - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)


def value_of(signal: Signal, count: int) -> Value:
    """A value that fits a signal, another one each time."""
    if signal.datatype.endswith("[]"):
        return []
    if signal.datatype == "boolean":
        return count % 2 == 0
    if signal.datatype == "string":
        if signal.allowed:
            return signal.allowed[count % len(signal.allowed)]
        return "#%06X" % (count % 0xFFFFFF) if signal.pattern else f"text {count}"
    low = 0.0 if signal.minimum is None else signal.minimum
    high = min(100.0, low + 100) if signal.maximum is None else signal.maximum
    share = count % 89 / 89
    number = low + (high - low) * share
    return number if signal.datatype in ("float", "double") else int(number)


@asynccontextmanager
async def open_bus(settings: Settings) -> AsyncIterator[OpenVehicle]:
    """A configured broker; or one of its own on this event loop, as in ``cockpit run``."""
    if settings.bus.host is not None:
        yield OpenVehicle(settings.bus)
        return
    from vehicle_bus.broker import EmbeddedBroker

    async with EmbeddedBroker(settings.bus) as broker:
        yield OpenVehicle(broker.settings)


async def run(
    settings: Settings, size: tuple[int, int], panel: str, seconds: float, rate: int
) -> Lateness:
    """Open a dashboard of this size with a panel in focus, and measure it under load."""
    app = CockpitApp(settings, open_bus, listen=False, speak=False)
    shown = asyncio.create_task(app.run_async(headless=True, size=size), name="dashboard")
    try:
        await _until(lambda: app.cockpit is not None)
        assert app.cockpit is not None
        app.call_later(app.action_show_panel, panel)
        async with under_load(app.cockpit.session.bus.settings, rate):
            before = app.state.messages_total
            await _until(lambda: app.state.messages_total >= before + rate // 2)
            return await measure(app, seconds)
    finally:
        app.exit()
        await shown
        await app.boot.close()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.05)


def report(found: Lateness) -> dict[str, object]:
    """The figures as JSON carries them; milliseconds."""
    return {
        "event_loop_lag_ms": asdict(Figures.of(found.lags)),
        "own_computing_ms": asdict(Figures.of(found.own)),
        "drawing_ms": asdict(Figures.of(found.frames)),
        "frames_a_second": round(len(found.frames) / found.seconds, 1),
        "messages_a_second": round(found.messages / found.seconds, 1),
        "messages_lost": found.lost,
        "ticks": len(found.lags),
        "ticks_over_100_ms": found.late,
    }


def _table(found: Lateness) -> str:
    lines = [f"{'ms':<28}{'p50':>8}{'p95':>8}{'max':>8}"]
    for title, values in (
        ("event loop lag", found.lags),
        ("of it own computing", found.own),
        ("drawing a frame", found.frames),
    ):
        figures = Figures.of(values)
        lines.append(f"{title:<28}{figures.p50:>8}{figures.p95:>8}{figures.worst:>8}")
    per_second = found.messages / found.seconds
    lines.append(
        f"{per_second:.0f} messages/s, {len(found.frames) / found.seconds:.1f} frames/s, "
        f"{found.late} of {len(found.lags)} ticks over 100 ms, {found.lost} messages lost"
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where a tick was over 100 ms."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.ui.lag", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rate", type=int, default=MESSAGES, help="bus messages a second")
    parser.add_argument("--size", default="220x60", help="columns x lines of the terminal")
    parser.add_argument("--panel", default="bus", choices=[kind.name for kind in KINDS])
    parser.add_argument("--host", help="a broker in place of the embedded one")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--publish", nargs=2, metavar=("BUS", "RATE"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.publish:
        bus = BusSettings.model_validate_json(given.publish[0])
        asyncio.run(publish(bus, int(given.publish[1])))
        return 0
    columns, _, lines = given.size.partition("x")
    with tempfile.TemporaryDirectory(prefix="cockpit-lag-") as folder:
        settings = Settings.model_validate(
            {
                "data_dir": Path(folder),
                "agent": {"planner": "template"},
                "bus": {"host": given.host, "port": given.port} if given.host else {},
            }
        )
        size = (int(columns), int(lines))
        found = asyncio.run(run(settings, size, given.panel, given.seconds, given.rate))
    text = json.dumps(report(found), indent=2) if given.json else _table(found)
    sys.stdout.write(f"{text}\n")
    return int(found.late > 0)


if __name__ == "__main__":
    sys.exit(main())
