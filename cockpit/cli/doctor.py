"""``cockpit doctor``: looks at every part, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cockpit.agent.llm.remote import RemotePlanner
from cockpit.assets.store import AssetStore
from cockpit.audio.devices import Loudspeaker, Microphone
from cockpit.audio.meter import Level, LevelMeter
from cockpit.audio.open import named_file, open_sink, open_source
from cockpit.cli.exits import Exit, check_writable, run_async
from cockpit.session import find_model
from cockpit.settings import PlannerChoice, Settings
from cockpit.speech.audio import Audio
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import open_recognizer
from skills.navigation.router import Router
from skills.navigation.schema import read_info
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.client import VehicleBus
from vehicle_bus.errors import CockpitError

NEEDED = (3, 12)

LISTENED = 0.3
"""Seconds of sound that microphone and loudspeaker are tried with."""

PATIENCE = 5.0
"""Seconds after which a sound device counts as broken."""

_DEAD = -96.0  # dB of full scale: less than the smallest step of 16 bits


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    OPTIONAL = "optional"  # something is missing that not everybody needs
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    state: State
    found: str
    advice: str = ""


type Check = Callable[[Settings], Awaitable[Finding]]


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Check interpreter, models, broker, audio, map and engines; say what to do.

    Ends with 1 where something is broken; what is merely optional does not count.
    """
    findings = run_async(_all(context.obj, quiet=as_json))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.state is State.BROKEN for finding in findings):
        raise typer.Exit(Exit.FAILED)


async def _all(settings: Settings, *, quiet: bool) -> list[Finding]:
    console = Console(stderr=True, quiet=quiet)
    findings = []
    for name, check in CHECKS.items():
        with console.status(f"Checking {name} …"):
            try:
                findings.append(await check(settings))
            except CockpitError as error:
                findings.append(Finding(name, State.BROKEN, error.spoken))
    return findings


def _show(findings: list[Finding]) -> None:
    marks = {State.OK: "[green]ok[/]", State.OPTIONAL: "[yellow]--[/]", State.BROKEN: "[red]no[/]"}
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        advice = f"\n[bold]→ {escape(finding.advice)}[/]" if finding.advice else ""
        table.add_row(marks[finding.state], finding.part, escape(finding.found) + advice)
    Console(highlight=False).print(table)


async def _interpreter(_: Settings) -> Finding:
    found = f"Python {platform.python_version()} on {platform.machine()}"
    if sys.version_info < NEEDED:
        return Finding("interpreter", State.BROKEN, found, "Install Python 3.12 or newer.")
    return Finding("interpreter", State.OK, found)


async def _assets(settings: Settings) -> Finding:
    store = AssetStore.from_settings(settings.assets)
    wanted = store.catalog.default_set
    faults = []
    for name in wanted:
        damaged = await asyncio.to_thread(store.verify, name)
        if {fault.problem for fault in damaged} == {"missing"}:
            faults.append(f"{name} is missing")
        else:
            faults += [f"{fault.file} of {name}: {fault.problem}" for fault in damaged]
    if faults:
        text = f"{'; '.join(faults)} (looked in {settings.assets.root})"
        advice = "Run `cockpit models pull`"
        if settings.assets.offline:
            advice += " with the network on; assets.offline forbids it now"
        return Finding("assets", State.BROKEN, text, f"{advice}.")
    found = f"{', '.join(wanted)}: all files are there with the right hash"
    return Finding("assets", State.OK, found)


async def _folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = "Set data_dir to a folder that you may write to."
        found = f"{folder} cannot be written to: {error.strerror}"
        return Finding("data folder", State.BROKEN, found, advice)
    return Finding("data folder", State.OK, str(folder))


async def _broker(settings: Settings) -> Finding:
    if settings.bus.host is None:
        began = time.monotonic()
        async with EmbeddedBroker(settings.bus) as broker, VehicleBus(broker.settings) as bus:
            await bus.ready()
        took = (time.monotonic() - began) * 1000
        return Finding("broker", State.OK, f"the embedded one starts and answers in {took:.0f} ms")
    address = f"{settings.bus.host}:{settings.bus.port}"
    try:
        async with VehicleBus(settings.bus) as bus:
            await bus.ready()
            owners = sorted(name for name, owner in bus.owners.items() if owner.online)
    except CockpitError as error:
        advice = f"Start a broker at {address}, or leave bus.host empty for the embedded one."
        return Finding("broker", State.BROKEN, error.spoken, advice)
    if not owners:
        advice = "Connect ECUs, or run `cockpit sim run`."
        return Finding("broker", State.OPTIONAL, f"{address} answers, but no ECU is online", advice)
    return Finding("broker", State.OK, f"{address} answers; ECUs online: {', '.join(owners)}")


async def _microphone(settings: Settings) -> Finding:
    audio = settings.audio
    missing = _missing("microphone", "audio.input", audio.input)
    try:
        async with open_source(audio) as source:
            if not isinstance(source, Microphone):
                return Finding("microphone", State.OK, f"{source.name} takes its place")
            levels = await _listen(source)
    except CockpitError as error:
        return missing(error.spoken)
    except TimeoutError:
        return missing(f"{source.name} opens, and nothing comes from it")
    dead = [seat for seat, level in zip(audio.zones, levels, strict=True) if level.peak <= _DEAD]
    heard = ", ".join(f"{level.rms:.0f}" for level in levels)
    found = f"{source.name} hears {heard} dB of full scale"
    if dead:
        whose = ", ".join(seat.value for seat in dead)
        advice = f"Nothing at all comes for {whose}: turn the microphone on, or up."
        return Finding("microphone", State.OPTIONAL, found, advice)
    return Finding("microphone", State.OK, found)


async def _listen(microphone: Microphone) -> tuple[Level, ...]:
    """What each channel hears in a moment.

    Raises:
        SpeechError: it cannot be opened.
        TimeoutError: nothing comes.
    """
    meter = LevelMeter(microphone.channels)
    async with asyncio.timeout(PATIENCE), aclosing(microphone.frames()) as frames:
        async for frame in frames:
            meter.feed(frame)
            if frame.at >= LISTENED:
                break
    return meter.levels


async def _loudspeaker(settings: Settings) -> Finding:
    named = settings.audio.output
    missing = _missing("loudspeaker", "audio.output", named)
    try:
        if (file := named_file(named)) is not None:
            check_writable(file)
            return Finding("loudspeaker", State.OK, f"{file} is written in its place")
        async with asyncio.timeout(PATIENCE), open_sink(settings.audio) as sink:
            await sink.play(Audio.silence(LISTENED))
            await sink.drain()
    except CockpitError as error:
        return missing(error.spoken)
    except TimeoutError:
        return missing("the device opens, and takes no sound")
    buffered = f", {sink.latency * 1000:.0f} ms buffered" if isinstance(sink, Loudspeaker) else ""
    return Finding("loudspeaker", State.OK, f"{sink.name}{buffered}")


def _missing(part: str, setting: str, named: str) -> Callable[[str], Finding]:
    """What a device that cannot be used means: little, unless somebody named it."""
    if named:
        advice = f"Set {setting} to another one, or leave it empty for the system's default."
        return lambda found: Finding(part, State.BROKEN, found, advice)
    advice = f"Connect a {part}; without one, audio files and typed requests work."
    return lambda found: Finding(part, State.OPTIONAL, found, advice)


async def _map(settings: Settings) -> Finding:
    folder = settings.maps.root / settings.maps.name
    try:
        info = await asyncio.to_thread(read_info, folder)
        await asyncio.to_thread(Router, folder)
    except CockpitError as error:
        advice = "Run `make setup` for the default map, or `cockpit maps import FILE.osm.pbf`."
        return Finding("map", State.BROKEN, error.spoken, advice)
    counts = ", ".join(f"{number} {what}" for what, number in info.counts.items())
    return Finding("map", State.OK, f"{info.name}: {counts}; {info.attribution}")


async def _language_model(settings: Settings) -> Finding:
    if settings.agent.planner is PlannerChoice.TEMPLATE:
        return Finding("language model", State.OPTIONAL, "not used (agent.planner is template)")
    try:
        model = find_model(settings)
        async with RemotePlanner([model], settings.agent) as planner:
            startup = await planner.start()
    except CockpitError as error:
        return Finding("language model", State.BROKEN, error.spoken, _other("agent.model"))
    how = "are kept from before" if startup.from_cache else "were read, which is done once"
    found = (
        f"{model.name} loads in {startup.load_ms / 1000:.1f} s; its instructions "
        f"({startup.prefix_tokens} tokens, {startup.prefix_ms / 1000:.1f} s) {how}"
    )
    if model.notice:
        return Finding("language model", State.OPTIONAL, found, model.notice)
    return Finding("language model", State.OK, found)


def _other(setting: str) -> str:
    return f"Pull that model, or set {setting} to another one of `cockpit models list`."


async def _recognizer(settings: Settings) -> Finding:
    began = time.monotonic()
    store = AssetStore.from_settings(settings.assets)
    try:
        recognizer = await open_recognizer(settings.speech, store)
    except CockpitError as error:
        return Finding("recogniser", State.BROKEN, error.spoken, _other("speech.whisper_model"))
    took = time.monotonic() - began
    await recognizer.close()
    return Finding("recogniser", State.OK, f"{recognizer.name}, loaded in {took:.1f} s")


async def _voice(settings: Settings) -> Finding:
    store = AssetStore.from_settings(settings.assets)
    try:
        async with PiperVoice(store.path(settings.speech.voice)) as voice:
            began = time.monotonic()
            audio = await voice.synthesize("All is well.")
            took = time.monotonic() - began
    except CockpitError as error:
        return Finding("voice", State.BROKEN, error.spoken, _other("speech.voice"))
    return Finding("voice", State.OK, f"{audio.seconds:.1f} s of speech made in {took:.2f} s")


CHECKS: dict[str, Check] = {
    "interpreter": _interpreter,
    "assets": _assets,
    "data folder": _folder,
    "broker": _broker,
    "microphone": _microphone,
    "loudspeaker": _loudspeaker,
    "map": _map,
    "language model": _language_model,
    "recogniser": _recognizer,
    "voice": _voice,
}
