"""Shows a conversation as it happens: transcript, plan, bus traffic, reply; and the summary."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cockpit.demo.conversation import Recording
from cockpit.events import CallFinished, Event, EventStream, PlanMade, TurnFinished, UtteranceHeard
from cockpit.speech.measure import number_words
from cockpit.voice import SpokenTurn
from vehicle_bus.client import Message, VehicleBus
from vehicle_bus.topics import TopicKind, Topics

COLOURS = {True: "green", False: "yellow"}


@dataclass
class Screen:
    """Prints to a console; one line a thing that happened.

    Attributes:
        console: where to print.
        commands: targets seen on the bus.
    """

    console: Console
    commands: int = 0
    _watchers: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def watching(self, bus: VehicleBus, events: EventStream) -> AsyncIterator[None]:
        """Print events and bus traffic while the block runs."""
        async with bus.traffic() as traffic, events.watch() as queue:
            tasks = [
                asyncio.create_task(
                    self._print_traffic(traffic, Topics(bus.settings.vin)), name="demo-traffic"
                ),
                asyncio.create_task(self._print_events(queue), name="demo-events"),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, number: int, recording: Recording) -> None:
        """The heading of a turn."""
        self.console.rule(f"[bold]Turn {number}[/] · {recording.seat.spoken}", align="left")
        if recording.note:
            self.console.print(f"[dim]{escape(recording.note)}[/]")

    def skip(self, reason: str) -> None:
        """The turn cannot be played."""
        self._line("audio", f"[yellow]{escape(reason)}[/]")

    def end(self, spoken: SpokenTurn, file: Path | None) -> None:
        """What was heard if nothing came of it, and where the answer is."""
        if spoken.turn is None:
            self._line("heard", "[yellow](nobody speaks)[/]")
        elif file and spoken.reply:
            self._line("voice", f"[dim]{spoken.reply.seconds:.1f} s in {escape(str(file))}[/]")
        if spoken.fault:
            self._line("voice", f"[yellow]{escape(spoken.fault)}[/]")

    async def _print_events(self, queue: asyncio.Queue[Event]) -> None:
        while True:
            self._event(await queue.get())

    def _event(self, event: Event) -> None:
        match event:
            case UtteranceHeard(utterance):
                text = f"“{escape(utterance.text)}” [dim]confidence {utterance.confidence:.2f}[/]"
                self._line("heard", text)
            case PlanMade(plan, milliseconds):
                took = f"[dim]{plan.planner}, {milliseconds:.0f} ms[/]"
                if not plan.calls:
                    self._line("plan", f"{plan.verdict} {took}")
                for call in plan.calls:
                    arguments = ", ".join(f"{key}={value}" for key, value in call.arguments.items())
                    self._line("plan", f"[cyan]{escape(f'{call.function}({arguments})')}[/] {took}")
            case CallFinished(outcome, milliseconds):
                colour = COLOURS[outcome.status.ok]
                reason = f" {escape(outcome.reason)}" if outcome.reason else ""
                status = f"[{colour}]{outcome.status}[/]{reason} [dim]{milliseconds:.0f} ms[/]"
                self._line("call", f"{escape(outcome.call.function)} {status}")
            case TurnFinished(turn):
                self._line("reply", f"[bold]{escape(turn.reply)}[/]")

    async def _print_traffic(self, traffic: AsyncIterator[Message], topics: Topics) -> None:
        async for message in traffic:
            topic = topics.parse(message.topic)
            if topic.kind not in (TopicKind.TARGET, TopicKind.ACK):
                continue
            payload = json.loads(message.payload)
            name = topic.name.removeprefix("Vehicle.")
            if topic.kind is TopicKind.TARGET:
                self.commands += 1
                self._line("bus", f"[dim]{escape(name)} ←[/] {payload['value']}")
            else:
                reason = f" {payload.get('reason') or ''}".rstrip()
                self._line("bus", f"[dim]{escape(name)} {payload['status']}{escape(reason)}[/]")

    def _line(self, label: str, markup: str) -> None:
        line = Table.grid(padding=(0, 1))
        line.add_column(width=8)
        line.add_column(overflow="fold")
        line.add_row(f"  [dim]{label}[/]", markup)
        self.console.print(line, highlight=False)


def summary(turns: Iterable[tuple[Recording, SpokenTurn]], commands: int) -> Table:
    """A row a turn: how well it was heard, who planned, what came of it, how long it took.

    Times are in milliseconds: recognition, planning, acting, and from the reply's text to its
    first sound.
    """
    table = Table(title="Summary", title_justify="left", box=None, pad_edge=False)
    for heading, right in (
        ("turn", True), ("seat", False), ("heard", True), ("planner", False), ("outcome", False),
        ("hear ms", True), ("plan ms", True), ("act ms", True), ("audio ms", True),
    ):  # fmt: skip
        # The outcome may be a list, and only that may wrap.
        table.add_column(
            heading, justify="right" if right else "left", no_wrap=heading != "outcome"
        )
    for number, (recording, spoken) in enumerate(turns, 1):
        turn = spoken.turn
        times = {**spoken.timings_ms, **(turn.timings_ms if turn else {})}
        table.add_row(
            str(number),
            recording.seat.spoken,
            words_heard(recording.text, spoken.transcript.text),
            turn.planner if turn else "",
            _outcome(spoken),
            *(
                f"{times[name]:.0f}" if name in times else ""
                for name in ("recognize", "plan", "execute", "first_audio")
            ),
        )
    table.caption = f"heard: share of the words that were said. {commands} commands on the bus."
    table.caption_justify = "left"
    return table


def _outcome(spoken: SpokenTurn) -> str:
    if spoken.turn is None:
        return "nothing heard"
    statuses = [outcome.status.value for outcome in spoken.turn.outcomes]
    if not statuses:
        return "asked back" if spoken.turn.asks else "answered"
    return ", ".join(dict.fromkeys(statuses))


def words_heard(said: str | None, heard: str) -> str:
    """Share of the words that were recognised; empty where nobody knows what was said."""
    if said is None:
        return ""
    reference, hypothesis = (_words(text) for text in (said, heard))
    return f"{max(0.0, 1 - Levenshtein.distance(reference, hypothesis) / len(reference)):.0%}"


def _words(text: str) -> list[str]:
    """Lower case, without punctuation, numbers in words: recognisers write either."""
    tokens = "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()
    return [
        word
        for token in tokens
        for word in (number_words(int(token)) if token.isdecimal() else [token])
    ]
